# How many times as fast as the sequential walk each walk is: a panel for each size of tree, a row
# for each filesystem, and a band where the claim lies, from 2 to 4.
# draw_speeds runs it, beside NAME.tsv and about.tsv; of bulk_table it sets other words before:
# name, title, unit, low and high.
#
# claim.tsv: panel, place, walk, speed, lo, hi, entries, name of the walk, filesystem, part (1:
# measured on fewer entries, which is a white dot)
set encoding utf8
set datafile separator tab
if (!exists('name')) { name = 'claim' }
if (!exists('title')) { title = 'How many times as fast as a sequential walk' }
if (!exists('unit')) { unit = ' entries' }
if (!exists('low')) { low = 2; high = 4 }
data = name . '.tsv'

INK = 0x333333; GREY = 0x999999; PALE = 0xE4E4E4
array colours[5] = [0xE69F00, 0x0072B2, 0x009E73, 0xCC79A7, 0x999999]
array shapes[5] = [9, 7, 5, 11, 13]

stats data skip 1 using 1:2 name 'all' nooutput
stats data skip 1 using 5:6 name 'ends' nooutput
stats data skip 1 using 3:(strlen(strcol(9))) name 'words' nooutput
PANELS = int(all_max_x); PLACES = int(all_max_y); WALKS = int(words_max_x)
array sizes[PANELS]
array places[PLACES]
array names[WALKS]
array about[2]
set table $ignored
plot data skip 1 using (sizes[int($1)] = strcol(7), places[int($2)] = strcol(9), \
	names[int($3)] = strcol(8), 0):(0) with points
plot 'about.tsv' using (about[int($0) + 1] = strcol(1), 0):(0) with points
unset table

W = 1100
HEAD = 116
ROW = 30
H = HEAD + 40 + ROW * (PLACES + 0.4) + 60
LEFT = 8.4 * words_max_y + 16
APART = 22.0
WIDE = (W - LEFT - 24 - (PANELS - 1) * APART) / PANELS

set border 0
set tics nomirror scale 0 textcolor rgb INK
set grid xtics lt 1 lw 1 lc rgb PALE
set logscale x
left = ends_min_x < 0.5 ? ends_min_x / 1.2 : 0.4
right = ends_max_y > high ? ends_max_y * 1.3 : high * 1.25
set xrange [left : right]
set xtics (1 1)
do for [e = -1:2] { set xtics add (10.0 ** e, 2 * 10.0 ** e) }
if (right / left < 60) { set xtics add (0.5, 4, 5) }
set yrange [PLACES + 0.7 : 0.3]
unset ytics
unset key

begin_page = "set label 1 title \
		at screen 0.02, screen 1 - 24.0 / H left font ',17' tc rgb INK noenhanced; \
	set label 2 about[1] at screen 0.02, screen 1 - 48.0 / H \
		left font ',10' tc rgb 0x666666 noenhanced; \
	set label 3 about[2] at screen 0.02, screen 1 - 64.0 / H \
		left font ',10' tc rgb 0x666666 noenhanced"

panel_at = "set lmargin at screen (LEFT + (k - 1) * (WIDE + APART)) / W; \
	set rmargin at screen (LEFT + (k - 1) * (WIDE + APART) + WIDE) / W; \
	set tmargin at screen 1 - (HEAD + 30.0) / H; \
	set bmargin at screen 46.0 / H; \
	if (k == 2) { unset label; unset key }; \
	if (k == 1) { do for [i = 1:PLACES] { set label 100 + i places[i] at first left, first i \
		right offset -0.8, 0 tc rgb INK noenhanced } }; \
	set label 20 sizes[k] . unit at graph 0, graph 1 left offset 0, 0.8 \
		font ':Bold' tc rgb INK noenhanced; \
	set object 1 rectangle from first low, graph 0 to first high, graph 1 behind \
		fs solid noborder fc rgb 0xE8F3E8"

legend = "set key at screen 0.98, screen 1 - 84.0 / H right top vertical maxrows 1 Left reverse \
	noenhanced tc rgb INK samplen 1.0 width 2"

# The walks of a row lie a little apart, so that none covers another.
level(walk) = 0.62 * (walk - (WALKS + 1) / 2.0) / WALKS
said(place, size, walk, speed, lo, hi) = \
	sprintf('%s, %s%s, %s: %.2f times as fast (%.2f to %.2f)', \
	place, size, unit, walk, speed, lo, hi)
pick(k, i) = $1 == k && $3 == i
panels = "eval begin_page; set multiplot; do for [k = 1:PANELS] { \
	eval panel_at; \
	if (k == 1) { eval legend }; \
	plot data skip 1 using (left):2:(pick(k, 1) ? right - left : 0):(0) \
			with vectors nohead lw 1 lc rgb 0xF0F0F0 notitle, \
		data skip 1 every ::0::0 using (1):(0.3):(0):(PLACES + 0.4) \
			with vectors nohead lw 1.5 lc rgb INK notitle, \
		for [i = 1:WALKS] data skip 1 using (pick(k, i) ? $4 : NaN):($2 + level(i)):5:6 \
			with xerrorbars pt shapes[i] ps 0.7 lw 1.4 lc rgb colours[i] notitle, \
		for [i = 1:WALKS] data skip 1 using \
			(pick(k, i) && $10 > 0 ? $4 : NaN):($2 + level(i)) \
			with points pt 7 ps 0.25 lc rgb 0xFFFFFF notitle, \
		for [i = 1:WALKS] NaN with points pt shapes[i] ps 1 lc rgb colours[i] \
			title names[i], \
		data skip 1 using ($1 == k && strcol(4) ne 'NaN' ? $4 : 1e30): \
			($2 + level($3)):(said(strcol(9), strcol(7), strcol(8), $4, $5, $6)) \
			with labels hypertext point pt 7 ps 1.2 lc rgb 0xFF000000 notitle \
	}; unset multiplot; unset label; unset object"

set terminal svg noenhanced font "sans-serif,10.5" fontscale 1.333 size W, H
set output name . '.svg'
eval panels
set output
