# How long single entries took: for each time, the share of the entries that took at least as long;
# a panel for each group.
# Run it where it lies: gnuplot latency.gp
#
# latency.tsv: a block for each line of each panel: ns, share, the share again where it rests on
# fewer than ten samples, panel, line, name of the line, name of the panel
load 'common.gp'
data = 'latency.tsv'
title = 'Latency of single entries'
along = 'microseconds; pale: fewer than ten samples took as long'
upwards = 'entries that took at least as long'

place = 4
LEFT = 100; APART = 66
TALL = 418
eval panel_sizes
stats data using 1 name 'all' nooutput
stats data using 3 name 'luck' nooutput

set grid xtics ytics lt 1 lw 1 lc rgb PALE
set logscale xy
if (all_max > (SEVERAL ? 100 : 3000) * all_min) { eval decade_tics } else { eval log_tics }
set ytics ('100%%' 1, '10%%' 0.1, '1%%' 0.01, '0.1%%' 0.001, '0.01%%' 1e-4, '0.001%%' 1e-5, \
	'0.0001%%' 1e-6, '' 1e-7)
set xrange [all_min / 1150 : all_max / 870]
set yrange [luck_min / 1.2 : 1.2]

array colours[8] = [BLACK, BLUE, RED, GREEN, ORANGE, PURPLE, SKY, GREY]

# The legend's lines are drawn apart: a panel may lack one.
panels = "eval begin_page; eval panel_words; set multiplot; do for [k = 1:PANELS] { \
	eval panel_at; \
	plot for [i = 0:LINES - 1] data index (k - 1) * LINES + i using ($1 / 1000):3 \
			with fsteps lw 1 lc rgb PALE notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using ($1 / 1000):2 \
			with fsteps lw 1.8 lc rgb colours[i % 8 + 1] notitle, \
		for [i = 0:LINES - 1] NaN with lines lw 1.8 lc rgb colours[i % 8 + 1] \
			title line[i + 1] \
	}; unset multiplot; unset label"

eval as_svg
set output '../latency.svg'
eval panels

eval as_png
set output '../latency.png'
eval panels
set output
