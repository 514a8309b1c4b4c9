# What sizes.gp and crossover.gp share: time per entry and ratio over some x, with bands for their
# intervals, a row of two panels for each series.
#
# NAME.tsv: a block for each line of each row: x, time with lo and hi, ratio with lo and hi, row,
# line, name of the line, title of the row, the x that is marked (0: none), with lo and hi of it (0:
# none), words to show on hover. Before: name, title, below (words of the x axis), mark (of the
# marked x), x_format, MORE (lines that are left out).
data = name . '.tsv'
W = 1040 # the legend stands right of two panels

place = 8
LEFT = 84; APART = 72.0
TALL = 330
eval panel_sizes
array from[PANELS]
array from_lo[PANELS]
array from_hi[PANELS]
set table $ignored
plot data using (from[int($8)] = $12, from_lo[int($8)] = $13, from_hi[int($8)] = $14, 0):(0) \
	with points
unset table
stats data using 1 name 'entries' nooutput
stats data using 3:4 name 'times' nooutput
stats data using 5:7 name 'ratios' nooutput
stats data using 5:6 name 'unders' nooutput

# Each row has its title above both panels; they share the legend and the words below.
PANEL = PANELS > 1 ? 270.0 : 400.0
WIDE = 276.0
H = HEAD + PANEL * PANELS + 44
KEY_LEFT = (LEFT + 2 * WIDE + APART + 16) / W

set logscale x
set format x x_format
set grid xtics ytics lt 1 lw 1 lc rgb PALE
set xrange [entries_min / 1.25 : entries_max * 1.25]
unset xtics
set xtics nomirror scale 0 textcolor rgb INK
if (entries_max / entries_min < 30) { set xtics (1 1); do for [e = -9:9] { \
	set xtics add (10.0 ** e, 2 * 10.0 ** e, 5 * 10.0 ** e) } }

# An interval that is much wider than the medians lie apart is cut by the frame.
if (!exists("ratios_max_x")) { ratios_max_x = 1; ratios_max_y = 1 }
high = ratios_max_y < 1.5 * ratios_max_x ? ratios_max_y : 1.5 * ratios_max_x
high = high < 1.1 ? 1.1 : 1.04 * high

# Where ratios lie far apart the axis is logarithmic, so that those around 1 can be told apart.
if (!exists("unders_min_x")) { unders_min_x = 1; unders_min_y = 1 }
unders_least = unders_min_y > unders_min_x / 1.5 ? unders_min_y : unders_min_x / 1.5
far_apart = unders_min_x > 0 && ratios_max_x / unders_min_x > 5
low = far_apart ? unders_least / 1.1 : 0
ratio_tics = far_apart ? "set logscale y; set ytics (1 1); do for [e = -4:5] { \
	do for [i in '1 2 5'] { set ytics add (grouped(i * 10.0 ** e) i * 10.0 ** e) } }" \
	: "unset logscale y; set ytics autofreq"

array colours[8] = [BLUE, RED, GREEN, PURPLE, ORANGE, SKY, GREY, BLACK]
AWAY = 1e30 # of points without a figure
array shapes[5] = [7, 5, 9, 11, 13]

time_marks = times_max_y / times_min_x < 5 ? '1 1.5 2 3 4 5' : '1 2 5'
row_at = "set tmargin at screen 1 - (HEAD + (k - 1) * PANEL + 22) / H; \
	set bmargin at screen 1 - (HEAD + k * PANEL - 34) / H"
time_at = "set lmargin at screen 1.0 * LEFT / W; \
	set rmargin at screen (LEFT + WIDE) / W; \
	if (k > 1) { unset label }; \
	unset object; \
	set label 20 group[k] left font ',10' tc rgb INK noenhanced \
		at screen 1.0 * LEFT / W, screen 1 - (HEAD + (k - 1) * PANEL + 8) / H; \
	set ylabel 'ns per entry' tc rgb INK noenhanced; \
	set logscale y; unset ytics; set ytics nomirror scale 0 textcolor rgb INK; \
	set ytics (1 1); do for [e = 0:9] { do for [i in time_marks] { \
		set ytics add (grouped(i * 10.0 ** e) i * 10.0 ** e) } }; \
	set yrange [times_min_x / 1.1 : times_max_y * 1.1]"
ratio_at = "set lmargin at screen (LEFT + WIDE + APART) / W; \
	set rmargin at screen (LEFT + 2 * WIDE + APART) / W; \
	unset label; unset arrow; unset object; \
	set ylabel 'time / time of the baseline' tc rgb INK noenhanced; \
	unset ytics; set ytics nomirror scale 0 textcolor rgb INK; \
	eval ratio_tics; \
	set yrange [low : high]; \
	if (from[k] > 0) { \
		set arrow 1 from first from[k], graph 0 to first from[k], graph 1 nohead front \
			lw 1.5 dt (6, 4) lc rgb INK; \
		if (from_hi[k] > 0) { \
			set object 1 rectangle from first from_lo[k], graph 0 \
				to first from_hi[k], graph 1 behind fs transparent solid 0.12 \
				noborder fc rgb INK } \
	}"
MARKED = 0
do for [k = 1:PANELS] { if (from[k] > 0) { MARKED = 1 } }

# The legend's lines are drawn apart: a row may lack one.
legend = "set key at screen KEY_LEFT, screen 1 - (HEAD + 18.0) / H left top Left reverse \
	noenhanced tc rgb INK samplen 1.6 spacing 1.25 width -4"
words_below = "set label 21 below . '; bands: ' . words[ABOUT_RATIO_WHISKERS] \
	at screen (LEFT + WIDE + APART / 2) / W, screen 20.0 / H center tc rgb INK noenhanced"

panels = "eval begin_page; eval words_below; set multiplot; do for [k = 1:PANELS] { \
	eval row_at; eval time_at; unset key; unset arrow; \
	plot for [i = 0:LINES - 1] data index (k - 1) * LINES + i using 1:3:4 \
			with filledcurves fs transparent solid 0.08 noborder \
			lc rgb colours[i + 1], \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using 1:2 \
			with linespoints lw 1.8 ps 0.7 pt shapes[i % 5 + 1] \
			lc rgb colours[i + 1], \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using (has(2) ? $1 : AWAY):(has(2) ? $2 : 1):15 @hover; \
	eval ratio_at; \
	if (k == 1) { eval legend }; \
	plot for [i = 0:LINES - 1] data index (k - 1) * LINES + i using 1:6:7 \
			with filledcurves fs transparent solid 0.08 noborder \
			lc rgb colours[i + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i using 1:5 \
			with linespoints lw 1.8 ps 0.7 pt shapes[i % 5 + 1] \
			lc rgb colours[i + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using (has(5) ? $1 : AWAY):(has(5) ? $5 : 1):15 @hover notitle, \
		for [i = 0:LINES - 1] NaN with linespoints lw 1.8 ps 0.7 pt shapes[i % 5 + 1] \
			lc rgb colours[i + 1] title line[i + 1], \
		for [i = 1:MARKED] NaN with lines lw 1.5 dt (6, 4) lc rgb INK title mark, \
		@more \
	}; unset multiplot; unset label; unset arrow"

eval as_svg
set output '../' . name . '.svg'
eval panels

eval as_png
set output '../' . name . '.png'
eval panels
set output
