# Changes from base to head with their intervals; the band is what is tolerated, the line the limit.
# Run it in its own directory: gnuplot judgement.gp
#
# judgement.tsv: row, kind (-1 improved, 0 neither, 1 regressed, 2 no interval), change, lo, hi,
# tolerance and limit in percent, cell, words, words to show on hover
load 'common.gp'
data = 'judgement.tsv'
title = 'Change of time from base to head'

stats data skip 1 using 1:(strlen(strcol(8))) name 'rows' nooutput
stats data skip 1 using 1:(strlen(strcol(9))) name 'words' nooutput
stats data skip 1 using 4:5 name 'figures' nooutput
stats data skip 1 using 6:7 name 'terms' nooutput
H = HEAD + LINE * (rows_records + 0.6) + 88
eval begin_page

set lmargin at screen margin_for(rows_max_y)
set rmargin at screen 1 - margin_for(words_max_y)
set bmargin at screen 78.0 / H
set yrange [rows_records + 0.6 : 0.4]
unset ytics
set format x '%+g %%'
set xlabel "change of the time, less is better; band: tolerated; dashed: the limit\n" \
	.words[ABOUT_COST_WHISKERS] tc rgb INK noenhanced

TOLERANCE = terms_max_x
LIMIT = terms_max_y
low = figures_min_x < -TOLERANCE ? figures_min_x : -TOLERANCE
high = figures_max_y > LIMIT ? figures_max_y : LIMIT
left = low - 0.06 * (high - low) - 0.1
right = high + 0.06 * (high - low) + 0.1
set xrange [left : right]
set xtics add ('0' 0)

set object 1 rectangle from first -TOLERANCE, graph 0 to first TOLERANCE, graph 1 behind \
	fillstyle solid noborder fillcolor rgb BAND
set arrow 1 from first LIMIT, graph 0 to first LIMIT, graph 1 nohead lw 1.5 dt (6, 4) lc rgb RED
set label 10 sprintf('limit %+g %%', LIMIT) at first LIMIT, graph 1 center offset 0, 0.7 \
	font ',10' tc rgb RED noenhanced
colour(kind) = kind < 0 ? BLUE : kind > 0 ? RED : SOFT

eval as_svg
set output '../judgement.svg'
plot \
	data skip 1 every ::0::0 using (0):(0.4):(0):(rows_records + 0.2) \
		with vectors nohead lw 1.2 lc rgb INK, \
	data skip 1 using 3:1:4:5:(colour($2)) \
		with xerrorbars pt 7 ps 0.8 lw 2 lc rgb variable, \
	data skip 1 using (left):1:8 with labels right offset -0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using (right):1:9 with labels left offset 1, 0 tc rgb INK noenhanced, \
	data skip 1 using ($2 == 2 ? left - 1e6 : $3):1:10 @hover

eval as_png
set output '../judgement.png'
replot
set output
