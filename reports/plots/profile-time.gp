# What open, getdents and statx took in the walk, by depth and by size of directory.
# Run it in its own directory: gnuplot profile-time.gp
#
# profile-time.tsv: panel (1 by depth, 2 by entries), row, ns of open, getdents and statx, class,
# words, words to show on hover
load 'common.gp'
data = 'profile-time.tsv'
title = 'Where the time of the walk goes'

stats data skip 1 using ($3 + $4 + $5):2 name 'all' nooutput
stats data skip 1 using (strlen(strcol(6))):(strlen(strcol(7))) name 'words' nooutput
ROWS = int(all_max_y)
H = HEAD + LINE * (ROWS + 0.6) + 104

array names[2] = ['by depth of the directory (0: the root)', 'by entries of the directory']
array calls[3] = ['open', 'getdents', 'statx']
array colours[3] = [ORANGE, SKY, GREEN]

set xrange [0 : all_max_x / 1e9 * 1.02]
set yrange [ROWS + 0.6 : 0.4]
set format x '%.0s %cs'
unset ytics
LABELS = 8.4 * words_max_x + 24
FIGURES = 8.0 * words_max_y + 24
WIDE = (W - 2 * (LABELS + FIGURES)) / 2
set xtics time_step(all_max_x / 1e9, WIDE)

panel_at = "set lmargin at screen ((k - 1) * W / 2.0 + LABELS) / W; \
	set rmargin at screen ((k - 1) * W / 2.0 + LABELS + WIDE) / W; \
	set tmargin at screen 1 - (HEAD + 40.0) / H; \
	set bmargin at screen 52.0 / H; \
	if (k == 2) { unset label; unset key }; \
	set label 20 names[k] at screen ((k - 1) * W / 2.0 + 0.02 * W) / W, \
		screen 1 - (HEAD + 24.0) / H left font ':Bold' tc rgb INK noenhanced"

legend = "set key at screen 0.98, screen 1 - (HEAD - 4.0) / H right top vertical maxrows 1 \
	Left reverse noenhanced tc rgb INK samplen 1.2 spacing 1.1 width 1"

AWAY = 1e30 # of rows of the other panel
upto(k, i) = (i >= 1 ? $3 : 0) + (i >= 2 ? $4 : 0) + (i >= 3 ? $5 : 0)
panels = "eval begin_page; set multiplot; do for [k = 1:2] { \
	eval panel_at; \
	if (k == 1) { eval legend }; \
	plot for [i = 1:3] data skip 1 using \
			($1 == k ? upto(k, i) / 1e9 : NaN):2:(upto(k, i - 1) / 1e9): \
			(upto(k, i) / 1e9):($2 - 0.34):($2 + 0.34) \
			with boxxyerror lc rgb colours[i] title calls[i], \
		data skip 1 using (0):2:($1 == k ? strcol(6) : '') \
			with labels right offset -0.8, 0 tc rgb INK noenhanced notitle, \
		data skip 1 using (upto(k, 3) / 1e9):2:($1 == k ? strcol(7) : '') \
			with labels left offset 0.6, 0 font ',10' tc rgb INK noenhanced notitle, \
		data skip 1 using ($1 == k ? upto(k, 3) / 2e9 : AWAY):2:8 @hover notitle \
	}; unset multiplot; unset label"

eval as_svg
set output '../profile-time.svg'
eval panels

eval as_png
set output '../profile-time.png'
eval panels
set output
