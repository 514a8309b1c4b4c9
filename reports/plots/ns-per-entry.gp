# Time per entry of each cell with its interval, the floor as a line; each group below its name.
# Run it in its own directory: gnuplot ns-per-entry.gp
#
# ns-per-entry.tsv: row, cell, kind (0 baseline, 1 other, 2 no figure, 3 the name of a
# group), median, lo, hi, n, words, words to show on hover
load 'common.gp'
data = 'ns-per-entry.tsv'
title = 'Time per entry'

stats data skip 1 using 1:($3 == 3 ? 1 : strlen(strcol(2))) name 'rows' nooutput
stats data skip 1 using 1:($3 >= 2 ? 1 : strlen(strcol(8))) name 'words' nooutput
stats data skip 1 using 5:6 name 'figures' nooutput
H = HEAD + LINE * (rows_records + 0.6) + 72
eval begin_page

set lmargin at screen margin_for(rows_max_y)
set rmargin at screen 1 - margin_for(words_max_y) # the longest bar's figure stands there
set bmargin at screen 62.0 / H
set yrange [rows_records + 0.6 : 0.4]
unset ytics

# Bars begin at 0. Where that would hide the small ones the axis is logarithmic, which has no 0:
# then there are dots and no bars.
far_apart = figures_max_y / figures_min_x > 40
set xlabel 'ns per entry, less is better; ' . (far_apart ? 'dots' : 'bars')  \
	. ': median, whiskers: ' . words[ABOUT_COST_WHISKERS] tc rgb INK noenhanced
left = far_apart ? figures_min_x / 2 : 0
right = figures_max_y * (far_apart ? 1.2 : 1.04)
if (far_apart) { set logscale x; set format x '%.0s%c' }
if (far_apart) { if (right / left > 2000) { eval decade_tics } else { eval log_tics } }
if (!far_apart) {
	step = nice(60.0 * right / (W * (1 - margin_for(rows_max_y) - margin_for(words_max_y))))
	set xtics (0)
	do for [i = 1:int(right / step)] { set xtics add (grouped(i * step) i * step) }
}
set xrange [left : right]

floor = number[ABOUT_FLOOR]
on_axis = floor > left
if (on_axis) {
	set arrow 1 from first floor, graph 0 to first floor, graph 1 \
		nohead front lw 1.5 dt (6, 4) lc rgb RED
}
share = on_axis ? share_of(floor, left, right, far_apart) : 0
eval 'set label 10 words[ABOUT_FLOOR] at first (on_axis ? floor : left), graph 1 ' \
	. justify(share) . " offset aside_of(share), 0.7 font ',10' tc rgb RED noenhanced"

colour(kind) = kind == 0 ? GREY : SKY
point(kind) = kind == 0 ? SOFT : BLUE

# Words that are not wanted are empty: of labels that are all NaN gnuplot 5.4 dies.
eval as_svg
set output '../ns-per-entry.svg'
plot \
	data skip 1 using 4:1:(left):(far_apart ? left : $4):($1 - 0.34):($1 + 0.34): \
		(colour($3)) \
		with boxxyerror lc rgb variable, \
	data skip 1 using 4:1:5:6:(far_apart ? point($3) : INK) \
		with xerrorbars pt 7 ps (far_apart ? 0.9 : 0.4) lw 1.5 lc rgb variable, \
	data skip 1 using (left):1:($3 == 3 ? '' : strcol(2)) \
		with labels right offset -0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using ($3 >= 2 ? left : $6):1:($3 >= 2 ? '' : strcol(8)) \
		with labels left offset 0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using (left):1:($3 == 2 ? strcol(8) : '') \
		with labels left offset 0.8, 0 tc rgb GREY noenhanced, \
	data skip 1 using (left):1:($3 == 3 ? strcol(2) : '') \
		with labels left offset 0.3, -0.2 font ':Bold' tc rgb INK noenhanced, \
	data skip 1 using ($3 >= 2 ? left / 2 - 1 : $4):1:9 @hover

eval as_png
set output '../ns-per-entry.png'
replot
set output
