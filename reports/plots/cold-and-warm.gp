# Time per entry in each cache state, a row for each strategy with its jobs; the distance between
# the dots is the effect of the cache.
# Run it in its own directory: gnuplot cold-and-warm.gp
#
# cold-and-warm.tsv: a block for each row: row, state (0 warm, 1 slab-cold, 2 cold, 3 as-is),
# median, lo, hi, cell, words, words to show on hover
load 'common.gp'
data = 'cold-and-warm.tsv'
title = 'Cold against warm'

stats data using 1:(strlen(strcol(6))) name 'rows' nooutput
stats data using 1:(strlen(strcol(7))) name 'words' nooutput
stats data using 4:5 name 'figures' nooutput
ROWS = int(rows_max_x)
H = HEAD + 24 + LINE * (ROWS + 0.6) + 72
eval begin_page
set tmargin at screen 1 - (HEAD + 24.0) / H

set lmargin at screen margin_for(rows_max_y)
set rmargin at screen 1 - margin_for(words_max_y)
set bmargin at screen 62.0 / H
set yrange [ROWS + 0.6 : 0.4]
unset ytics
set xlabel 'ns per entry, less is better; whiskers: ' . words[ABOUT_COST_WHISKERS] \
	tc rgb INK noenhanced

# Dots on a logarithmic axis: equal distances are equal factors.
left = figures_min_x / 1.2
right = figures_max_y * 1.2
set logscale x
if (right / left > 2000) { eval decade_tics } else { eval log_tics }
set format x '%.0s%c'
set xrange [left : right]

array colours[4] = [RED, ORANGE, BLUE, GREY]
array names[4] = ['warm', 'slab-cold', 'cold', 'as-is']
array seen[4] = [0, 0, 0, 0]
set table $ignored
plot data using (seen[int($2) + 1] = 1, 0):(0) with points
unset table
set key at screen 0.98, screen 1 - (HEAD + 8.0) / H right horizontal Left reverse noenhanced \
	tc rgb INK samplen 1 width 2 maxrows 1

eval as_svg
set output '../cold-and-warm.svg'
plot for [i = 0:ROWS - 1] data index i using 3:1 with lines lw 4 lc rgb PALE notitle, \
	data using 3:1:4:5:(colours[int($2) + 1]) \
		with xerrorbars pt 7 ps 0.8 lw 2 lc rgb variable notitle, \
	for [i = 1:4] (1 / 0) with points pt 7 ps 0.8 lc rgb colours[i] \
		title (seen[i] == 1 ? names[i] : ''), \
	data every ::0::0 using (left):1:6 \
		with labels right offset -0.8, 0 tc rgb INK noenhanced notitle, \
	data every ::0::0 using (right):1:7 \
		with labels left offset 1, 0 tc rgb INK noenhanced notitle, \
	data using 3:1:8 @hover notitle

eval as_png
set output '../cold-and-warm.png'
replot
set output
