# How many times as fast as walk-lstat each walk is on this tree, with intervals.
# Run it in its own directory: gnuplot profile-walks.gp
#
# profile-walks.tsv: row, kind (0 warm, 1 cold), times as fast, lo, hi, walk, words, words to show
# on hover
load 'common.gp'
data = 'profile-walks.tsv'
title = 'How fast the walks are here'

# As in ratio.gp: faster, slower, or no difference measured.
colour(lo, hi) = lo > 1 ? BLUE : hi < 1 ? RED : GREY

stats data skip 1 using 4:5 name 'figures' nooutput
stats data skip 1 using (strlen(strcol(6))):(strlen(strcol(7))) name 'words' nooutput
H = HEAD + LINE * (words_records + 0.6) + 82
eval begin_page

set lmargin at screen margin_for(words_max_x)
set rmargin at screen 1 - margin_for(words_max_y)
set tmargin at screen 1 - (HEAD + 20.0) / H
set bmargin at screen 52.0 / H
set yrange [words_records + 0.6 : 0.4]
right = figures_max_y > 1 ? 1.06 * figures_max_y : 1.1
set xrange [0 : right]
unset ytics
set xlabel 'times as fast as walk-lstat with the same caches; more is better; intervals of 99 %' \
	tc rgb INK noenhanced
set label 10 'walk-lstat' at first 1, graph 1 center offset 0, 0.7 font ',10' tc rgb INK noenhanced

eval as_svg
set output '../profile-walks.svg'
plot \
	data skip 1 using (0):1:(right):(0) with vectors nohead lw 1 lc rgb FAINT, \
	data skip 1 every ::0::0 using (1):(0.4):(0):(words_records + 0.2) \
		with vectors nohead lw 1.5 lc rgb INK, \
	data skip 1 using 3:1:4:5:(colour($4, $5)) \
		with xerrorbars pt 7 ps 0.8 lw 2 lc rgb variable, \
	data skip 1 using (0):1:(strcol(6)) \
		with labels right offset -0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using (right):1:(strcol(7)) \
		with labels left offset 1.5, 0 tc rgb INK noenhanced, \
	data skip 1 using 3:1:8 @hover

eval as_png
set output '../profile-walks.png'
replot
set output
