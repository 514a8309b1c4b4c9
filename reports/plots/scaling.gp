# Throughput over the number of jobs, as a multiple of one job's, with the ideal line; a panel for
# each group. Of one group with many strategies a panel for each of the fastest, and all the others
# pale behind it. The upright line is the number of CPUs.
# Run it in its own directory: gnuplot scaling.gp
#
# scaling.tsv: a block for each line of each panel: jobs, speed-up, lo, hi, n, panel, line, name of
# the line, name of the panel, split (1: a panel for each line), words to show on hover, how many
# lines are left out
load 'common.gp'
data = 'scaling.tsv'
title = 'Scaling with the number of jobs'
upwards = 'entries per second, as a multiple of one job'

place = 6
stats data using 10 name 'split' nooutput
SPLIT = int(split_max)
LEFT = 74; APART = SPLIT ? 30 : 44
stats data using 7 name 'lines' nooutput
stats data using 12 name 'more' nooutput
MORE = int(more_max)
KEY = 20 * (lines_max + 1 + (MORE > 0)) # what the names of all lines need
TALL = KEY > 418 ? KEY : 418
eval panel_sizes
stats data using 1:2 name 'all' nooutput
stats data using 3:4 name 'ends' nooutput

# An interval that is far wider than the others would leave no room for any line: it is cut.
far = 2.0 * (all_max_y > 1 ? all_max_y : 1)
high = ends_max_y < far ? ends_max_y : far
low = ends_min_x > 0.25 * all_min_y ? ends_min_x : 0.25 * all_min_y
is_cut = ends_max_y > high || (all_max_x > 4 && ends_min_x < low)
along = sprintf('jobs%s; paired by round with one job; whiskers: %s%s', \
	SPLIT ? '; ' . line[1] . ', the others in grey' : '', words[ABOUT_RATIO_WHISKERS], \
	is_cut ? ', cut at the edge' : '')

# Halving and doubling are equally far, and the ideal line is straight: both axes are logarithmic
# where there is more to see than 1 and 2. Where all lines stay far below the ideal one it is cut.
most = all_max_x > 2 * high ? 2.0 * high : 1.0 * all_max_x
most = most > high ? most : high
many = all_max_x > 4
set grid ytics lt 1 lw 1 lc rgb PALE
if (many) {
	set logscale xy 2
	set xtics 2
	set ytics 2
	set xrange [0.9 : all_max_x * 1.12]
	set yrange [0.8 * (low < 1 ? low : 1) : most * 1.1]
} else {
	set xtics 1
	set xrange [0.8 : all_max_x + 0.2]
	set yrange [0 : most * 1.1]
	if (most < 16) { set ytics 1 }
}
set samples 1000

# Up to as many jobs as there are CPUs the ideal line can be reached.
CPUS = number[ABOUT_HOST]
mark_cpus = "if (CPUS > 1 && CPUS <= all_max_x) { \
	set arrow 1 from first CPUS, graph 0 to first CPUS, graph 1 nohead lw 1.2 lc rgb GREY; \
	set label 23 sprintf('%d CPUs', int(CPUS)) at first CPUS, graph 0 \
		right offset -0.5, 0.7 font ',9' tc rgb SOFT noenhanced \
	}"

# Lines of one panel are close to each other: points and lines stand side by side, 9 pixels apart.
step = 9.0 / WIDE * (many ? log(all_max_x * 1.25) : all_max_x - 0.6)
by(i) = step * (i - 0.5 * (LINES - 1))
aside(x, i) = many ? x * exp(by(i)) : x + by(i)

array colours[6] = [BLUE, RED, GREEN, PURPLE, ORANGE, SKY]
array shapes[5] = [7, 5, 9, 11, 13]
SIZE = SEVERAL ? 0.7 : 0.9
BEHIND = SPLIT ? PANELS : 0

# The legend's lines are drawn apart: a panel may lack one.
panels = "eval begin_page; eval panel_words; eval mark_cpus; set multiplot; \
	do for [k = 1:PANELS] { \
	eval panel_at; \
	if (SPLIT) { unset key }; \
	plot for [i = 0:BEHIND - 1] data index i using 1:2 with lines lw 1 lc rgb PALE notitle, \
		(x < 1 ? NaN : x) with lines lw 1.5 dt (6, 4) lc rgb GREY title 'ideal', \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using (aside($1, i)):2 \
			with lines lw 1.8 lc rgb colours[i % 6 + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using (aside($1, i)):2:3:4 \
			with yerrorbars lw 1.8 ps SIZE \
			pt shapes[i % 5 + 1] lc rgb colours[i % 6 + 1] notitle, \
		data using ($6 == k ? aside($1, $7 - 1) : 1.0):($6 == k ? $2 : -1.0):11 \
			@hover notitle, \
		for [i = 0:LINES - 1] NaN with linespoints lw 1.8 ps 0.9 \
			pt shapes[i % 5 + 1] lc rgb colours[i % 6 + 1] title line[i + 1], \
		@more \
	}; unset multiplot; unset label; unset arrow"

eval as_svg
set output '../scaling.svg'
eval panels

eval as_png
set output '../scaling.png'
eval panels
set output
