# Time over the baseline's time, sorted, with intervals and a line at 1; each group below its name.
# Run it in its own directory: gnuplot ratio.gp
#
# ratio.tsv: row, cell, verdict (-1 faster, 0 undecided, 1 slower, 3 the name of a group), median,
# lo, hi, n, words, words to show on hover
load 'common.gp'
data = 'ratio.tsv'
title = 'Time against the baseline'

stats data skip 1 using 1:($3 == 3 ? 1 : strlen(strcol(2))) name 'rows' nooutput
stats data skip 1 using 1:($3 == 3 ? 1 : strlen(strcol(8))) name 'words' nooutput
stats data skip 1 using 5:6 name 'figures' nooutput
H = HEAD + LINE * (rows_records + 0.6) + 72
eval begin_page

set lmargin at screen margin_for(rows_max_y)
set rmargin at screen 1 - margin_for(words_max_y) # figures stand there
set bmargin at screen 62.0 / H
set yrange [rows_records + 0.6 : 0.4]
unset ytics
set xlabel "time / baseline's, paired by round; less is better; whiskers: " \
	. words[ABOUT_RATIO_WHISKERS] tc rgb INK noenhanced

# Logarithmic where ratios span much: half the time and twice the time are then equally far.
low = figures_min_x < 1 ? figures_min_x : 1.0
high = figures_max_y > 1 ? figures_max_y : 1.0
wide = high / low > 8
if (wide) {
	set logscale x
	if (high / low > 2000) { eval decade_tics } else { eval log_tics }
	left = low / 1.2; right = high * 1.2
} else {
	left = low - 0.06 * (high - low) - 0.01
	right = high + 0.06 * (high - low) + 0.01
}
set xrange [left : right]

share = share_of(1.0, left, right, wide)
eval 'set label 10 words[ABOUT_BASELINE] at first 1, graph 1 ' . justify(share) \
	. " offset aside_of(share), 0.7 font ',10' tc rgb INK noenhanced"

colour(verdict) = verdict < 0 ? BLUE : verdict > 0 ? RED : GREY

eval as_svg
set output '../ratio.svg'
plot \
	data skip 1 using (left):1:($3 == 3 ? 0 : right - left):(0) \
		with vectors nohead lw 1 lc rgb FAINT, \
	data skip 1 every ::0::0 using (1):(0.4):(0):(rows_records + 0.2) \
		with vectors nohead lw 1.5 lc rgb INK, \
	data skip 1 using 4:1:5:6:(colour($3)) \
		with xerrorbars pt 7 ps 0.8 lw 2 lc rgb variable, \
	data skip 1 using (left):1:($3 == 3 ? '' : strcol(2)) \
		with labels right offset -0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using (right):1:($3 == 3 ? '' : strcol(8)) \
		with labels left offset 1.5, 0 tc rgb INK noenhanced, \
	data skip 1 using (left):1:($3 == 3 ? strcol(2) : '') \
		with labels left offset 0.3, -0.2 font ':Bold' tc rgb INK noenhanced, \
	data skip 1 using ($3 == 3 ? left / 2 : $4):1:9 @hover

eval as_png
set output '../ratio.png'
replot
set output
