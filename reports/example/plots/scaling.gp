# Throughput over the number of jobs, as a multiple of one job's, with the ideal line; a panel for
# each group.
# Run it where it lies: gnuplot scaling.gp
#
# scaling.tsv: a block for each line of each panel: jobs, speed-up, lo, hi, n, panel, line, name of
# the line, name of the panel
load 'common.gp'
data = 'scaling.tsv'
title = 'Scaling with the number of jobs'
along = sprintf('jobs; paired by round with one job; whiskers: %d%% interval', \
	number[ABOUT_CONFIDENCE])
upwards = 'entries per second, as a multiple of one job'

place = 6
LEFT = 74; APART = 44
stats data using 7 name 'lines' nooutput
KEY = 20 * (lines_max + 1) # what the names of all lines need
TALL = KEY > 418 ? KEY : 418
eval panel_sizes
stats data using 1:4 name 'all' nooutput

set grid ytics lt 1 lw 1 lc rgb PALE
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
step = all_max_x > 4 ? 0 : 9.0 / WIDE * (all_max_x - 0.6)
step = LINES > 12 ? step * 12 / LINES : step
aside(i) = step * (i - 0.5 * (LINES - 1))

array colours[7] = [BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK]
array shapes[5] = [7, 5, 9, 11, 13]
SIZE = SEVERAL ? 0.7 : 0.9

# The legend's lines are drawn apart: a panel may lack one.
panels = "eval begin_page; eval panel_words; set multiplot; do for [k = 1:PANELS] { \
	eval panel_at; \
	plot (x < 1 ? NaN : x) with lines lw 1.5 dt (6, 4) lc rgb GREY title 'ideal', \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using 1:2 \
			with lines lw 1.8 lc rgb colours[i % 7 + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using ($1 + aside(i)):2:3:4 \
			with yerrorbars lw 1.8 ps SIZE \
			pt shapes[i % 5 + 1] lc rgb colours[i % 7 + 1] notitle, \
		for [i = 0:LINES - 1] NaN with linespoints lw 1.8 ps 0.9 \
			pt shapes[i % 5 + 1] lc rgb colours[i % 7 + 1] title line[i + 1] \
	}; unset multiplot; unset label"

eval as_svg
set output '../scaling.svg'
eval panels

eval as_png
set output '../scaling.png'
eval panels
set output
