# How long single calls took, by size of directory: a panel for each call.
# Run it in its own directory: gnuplot profile-latency.gp
#
# profile-latency.tsv: panel, row, ns of p50, p90, p99 and max (0: not known), call, class, n,
# words to show on hover
load 'common.gp'
data = 'profile-latency.tsv'
title = 'Latency of single calls, by entries of the directory'

stats data skip 1 using ($6 > 0 ? $6 : NaN):2 name 'all' nooutput
# The least of a line is its median; of few calls only the slowest is known.
stats data skip 1 using ($3 > 0 ? $3 : $6 > 0 ? $6 : NaN) name 'least' nooutput
stats data skip 1 using (strlen(strcol(8))):1 name 'words' nooutput
ROWS = int(all_max_y)
PANELS = int(words_max_y)
H = HEAD + 1.3 * LINE * (ROWS + 0.6) + 112
array calls[PANELS]
set table $ignored
plot data skip 1 using (calls[int($1)] = strcol(7), 0):(0) with points
unset table

set logscale x
set format x '%.0s %cs'
left = least_min / 1e9 / 1.5; right = all_max_x / 1e9 * 1.5
set xrange [left : right]
set xtics (1 1); do for [e = -9:3] { set xtics add (10.0 ** e) }
set yrange [ROWS + 0.6 : 0.4]
unset ytics
LABELS = 8.4 * words_max_x + 30
APART = 26.0
WIDE = (W - LABELS - 24 - (PANELS - 1) * APART) / PANELS

panel_at = "set lmargin at screen (LABELS + (k - 1) * (WIDE + APART)) / W; \
	set rmargin at screen (LABELS + (k - 1) * (WIDE + APART) + WIDE) / W; \
	set tmargin at screen 1 - (HEAD + 40.0) / H; \
	set bmargin at screen 60.0 / H; \
	if (k == 2) { unset label; unset key }; \
	set label 20 calls[k] at graph 0, screen 1 - (HEAD + 24.0) / H left font ':Bold' \
		tc rgb INK noenhanced"

words_below = "set label 21 'n of the class stands above its line; a mark is missing where fewer \
than ten calls lie beyond it' at screen 0.5, screen 18.0 / H center font ',10' \
	tc rgb INK noenhanced"
legend = "set key at screen 0.98, screen 1 - (HEAD - 4.0) / H right top vertical maxrows 1 \
	Left reverse noenhanced tc rgb INK samplen 1.0 spacing 1.1 width 1"

AWAY = 1e30 # of marks that are not there
seconds(column) = column > 0 ? column / 1e9 : NaN
panels = "eval begin_page; eval words_below; set multiplot; do for [k = 1:PANELS] { \
	eval panel_at; \
	if (k == 1) { eval legend }; \
	plot data skip 1 using ($1 == k && $3 > 0 ? $3 / 1e9 : NaN):2: \
			(($6 - $3) / 1e9):(0) with vectors nohead lw 1 lc rgb GREY notitle, \
		data skip 1 using ($1 == k && $3 > 0 && $5 > 0 ? $3 / 1e9 : NaN):2: \
			(($5 - $3) / 1e9):(0) with vectors nohead lw 4 lc rgb SKY notitle, \
		data skip 1 using ($1 == k ? seconds($3) : NaN):2 with points pt 7 ps 0.9 \
			lc rgb BLUE title 'p50', \
		data skip 1 using ($1 == k ? seconds($4) : NaN):2 with points pt 7 ps 0.6 \
			lc rgb GREEN title 'p90', \
		data skip 1 using ($1 == k ? seconds($5) : NaN):2 with points pt 7 ps 0.6 \
			lc rgb ORANGE title 'p99', \
		data skip 1 using ($1 == k ? seconds($6) : NaN):2 with points pt 2 ps 0.6 lw 1.5 \
			lc rgb RED title 'max', \
		data skip 1 using (left):2:($1 == k && k == 1 ? strcol(8) : '') \
			with labels right offset -0.8, 0 tc rgb INK noenhanced notitle, \
		data skip 1 using (right):2:($1 == k ? strcol(9) : '') \
			with labels right offset 0, 0.8 font ',9' tc rgb GREY noenhanced notitle, \
		for [i = 3:6] data skip 1 using \
			($1 == k && column(i) > 0 ? column(i) / 1e9 : AWAY):2:10 @hover notitle \
	}; unset multiplot; unset label"

eval as_svg
set output '../profile-latency.svg'
eval panels

eval as_png
set output '../profile-latency.png'
eval panels
set output
