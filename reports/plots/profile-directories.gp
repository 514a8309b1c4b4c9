# The directories that took longest, without what lies further below.
# Run it in its own directory: gnuplot profile-directories.gp
#
# profile-directories.tsv: row, ns, directory, words, words to show on hover
load 'common.gp'
data = 'profile-directories.tsv'
title = 'Directories that took longest (their own entries)'

stats data skip 1 using 2:1 name 'all' nooutput
stats data skip 1 using (strlen(strcol(3))):(strlen(strcol(4))) name 'words' nooutput
H = HEAD + LINE * (all_records + 0.6) + 62
eval begin_page

set lmargin at screen margin_for(words_max_x)
set rmargin at screen 1 - margin_for(words_max_y)
set bmargin at screen 52.0 / H
set xrange [0 : all_max_x / 1e9 * 1.02]
set yrange [all_records + 0.6 : 0.4]
set format x '%.0s %cs'
unset ytics
set xlabel 'time of open, getdents and statx' tc rgb INK noenhanced
set xtics time_step(all_max_x / 1e9, \
	W * (1 - margin_for(words_max_x) - margin_for(words_max_y)))

eval as_svg
set output '../profile-directories.svg'
plot \
	data skip 1 using ($2 / 1e9):1:(0):($2 / 1e9):($1 - 0.34):($1 + 0.34) \
		with boxxyerror lc rgb SKY, \
	data skip 1 using (0):1:(strcol(3)) \
		with labels right offset -0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using ($2 / 1e9):1:(strcol(4)) \
		with labels left offset 0.6, 0 tc rgb INK noenhanced, \
	data skip 1 using ($2 / 2e9):1:5 @hover

eval as_png
set output '../profile-directories.png'
replot
set output
