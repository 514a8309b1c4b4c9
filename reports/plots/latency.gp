# How long single entries took: the time over the percentile, on an axis where the rest beyond it
# shrinks tenfold from tic to tic; a panel for each group.
# Run it in its own directory: gnuplot latency.gp
#
# latency.tsv: a block for each line of each panel: ns, share of the entries that took at least as
# long, the share again if it is of fewer than ten samples, words to show on hover, how many
# samples there are, panel, line, name of the line, name of the panel, how many lines are left out
load 'common.gp'
data = 'latency.tsv'
title = 'Latency of single entries'
along = 'percentile of entries; pale: rests on fewer than ten samples'
upwards = 'microseconds; less is better'

place = 6
LEFT = 84; APART = 66
TALL = 418
eval panel_sizes
stats data using 1 name 'all' nooutput
stats data using 3 name 'luck' nooutput
stats data using 10 name 'more' nooutput
MORE = int(more_max)

# The figures are of single entries, not of passes.
set table $ignored
plot data using (strlen(strcol(5)) > 1 ? words[ABOUT_LINES + 3] = strcol(5) : '', 0):(0) \
	with points
unset table

set grid xtics ytics lt 1 lw 1 lc rgb PALE
set logscale xy
set xtics ('0 %%' 1, '' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1e3, '99.99 %%' 1e4, '' 1e5, '' 1e6)
if (!SEVERAL) {
	set xtics add ('50 %%' 2, '99.999 %%' 1e5)
}
set yrange [all_min / 1150 : all_max / 870]
set xrange [1 : 1.2 / luck_min]
set ytics (1 1)
many = all_max > 3000 * all_min
do for [e = -3:7] {
	do for [i in many ? '1' : '1 2 5'] { set ytics add (grouped(i * 10.0 ** e) i * 10.0 ** e) }
}

array colours[8] = [BLACK, BLUE, RED, GREEN, ORANGE, PURPLE, SKY, GREY]

# The legend's lines are drawn apart: a panel may lack one.
panels = "eval begin_page; eval panel_words; set multiplot; do for [k = 1:PANELS] { \
	eval panel_at; \
	plot for [i = 0:LINES - 1] data index (k - 1) * LINES + i using (1 / $3):($1 / 1000) \
			with steps lw 1 lc rgb PALE notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using (1 / $2):($1 / 1000) \
			with steps lw 1.8 lc rgb colours[i % 8 + 1] notitle, \
		data using ($6 == k && strlen(strcol(4)) > 1 ? 1 / $2 : 0.1):($1 / 1000):4 \
			@hover notitle, \
		for [i = 0:LINES - 1] NaN with lines lw 1.8 lc rgb colours[i % 8 + 1] \
			title line[i + 1], \
		@more \
	}; unset multiplot; unset label"

eval as_svg
set output '../latency.svg'
eval panels

eval as_png
set output '../latency.png'
eval panels
set output
