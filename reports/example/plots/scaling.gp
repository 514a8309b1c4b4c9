# Throughput over the number of jobs, as a multiple of one job's, with the ideal line.
# Run it where it lies: gnuplot scaling.gp
#
# scaling.tsv: a block for each cell, its name at the head of column 2: jobs, speed-up, lo, hi, n
load 'common.gp'
data = 'scaling.tsv'
title = 'Scaling with the number of jobs'

stats data using 1:4 name 'all' nooutput
KEY = 20 * (all_blocks + 1) # what the names of all lines need
H = HEAD + 62 + (KEY > 418 ? KEY : 418)
eval begin_page

set lmargin at screen 74.0 / W
set rmargin at screen 0.66
set bmargin at screen 62.0 / H
set grid ytics lt 1 lw 1 lc rgb PALE
set key at screen 0.675, graph 1 left top Left reverse noenhanced tc rgb INK \
	samplen 1.6 spacing 1.25 width -4
set xlabel sprintf('jobs; paired by round with one job; whiskers: %d%% interval', \
	number[ABOUT_CONFIDENCE]) tc rgb INK noenhanced
set ylabel 'entries per second, as a multiple of one job' tc rgb INK noenhanced
set xtics 1
limit = all_max_x > all_max_y ? all_max_x : all_max_y
set xrange [0.8 : all_max_x + 0.2]
set yrange [0 : limit * 1.05]
if (limit < 16) { set ytics 1 }
many = all_max_x > 16
if (many) {
	set logscale xy 2
	set xtics 2
	set ytics 2
	set xrange [0.9 : all_max_x * 1.1]
	set yrange [0.8 : limit * 1.1]
}
set samples 1000

# With few numbers of jobs the lines are close; whiskers then stand side by side, 9 pixels apart.
step = all_max_x > 4 ? 0 : 9.0 / (0.58 * W) * (all_max_x - 0.6)
step = all_blocks > 12 ? step * 12 / all_blocks : step
aside(i) = step * (i - 0.5 * (all_blocks - 1))

array colours[7] = [BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK]
array shapes[5] = [7, 5, 9, 11, 13]

eval as_svg
set output '../scaling.svg'
plot (x < 1 ? NaN : x) with lines lw 1.5 dt (6, 4) lc rgb GREY title 'ideal', \
	for [i = 0:all_blocks - 1] data index i skip 1 using 1:2 \
		with lines lw 1.8 lc rgb colours[i % 7 + 1] notitle, \
	for [i = 0:all_blocks - 1] data index i using ($1 + aside(i)):2:3:4 \
		with yerrorbars lw 1.8 ps 0.9 \
		pt shapes[i % 5 + 1] lc rgb colours[i % 7 + 1] title columnheader(2)

eval as_png
set output '../scaling.png'
replot
set output
