# How long single entries took: for each time, the share of the entries that took at least as long.
# Run it where it lies: gnuplot latency.gp
#
# latency.tsv: a block for each cell, its name at the head of column 2: ns, share, and the share
# again where it rests on fewer than ten samples
load 'common.gp'
data = 'latency.tsv'
title = 'Latency of single entries'

stats data using 1 name 'all' nooutput
stats data using 3 name 'luck' nooutput
H = HEAD + 480
eval begin_page

set lmargin at screen 100.0 / W
set rmargin at screen 0.66
set bmargin at screen 62.0 / H
set grid xtics ytics lt 1 lw 1 lc rgb PALE
set key at screen 0.675, graph 1 left top Left reverse noenhanced tc rgb INK \
	samplen 1.6 spacing 1.25 width -4
set xlabel 'microseconds; pale: fewer than ten samples took as long' tc rgb INK noenhanced
set ylabel 'entries that took at least as long' offset -0.5, 0 tc rgb INK noenhanced
set logscale xy
if (all_max > 3000 * all_min) { eval decade_tics } else { eval log_tics }
set ytics ('100%%' 1, '10%%' 0.1, '1%%' 0.01, '0.1%%' 0.001, '0.01%%' 1e-4, '0.001%%' 1e-5, \
	'0.0001%%' 1e-6, '' 1e-7)
set xrange [all_min / 1150 : all_max / 870]
set yrange [luck_min / 1.2 : 1.2]

array colours[8] = [BLACK, BLUE, RED, GREEN, ORANGE, PURPLE, SKY, GREY]

eval as_svg
set output '../latency.svg'
plot for [i = 0:all_blocks - 1] data index i skip 1 using ($1 / 1000):3 \
		with fsteps lw 1 lc rgb PALE notitle, \
	for [i = 0:all_blocks - 1] data index i using ($1 / 1000):2 \
		with fsteps lw 1.8 lc rgb colours[i % 8 + 1] title columnheader(2)

eval as_png
set output '../latency.png'
replot
set output
