# The number of threads of a strategy that chooses it, over the time of its last pass, and the
# number of calls completed; a row of two panels for each group.
# Run it in its own directory: gnuplot decisions.gp
#
# decisions.tsv: a block for each line of each row: ns since the pass began, threads from then on,
# calls per second until then, row, line, name of the line, title of the row, words to show on
# hover, calls per second over the whole pass, how many lines are left out
load 'common.gp'
data = 'decisions.tsv'
title = 'Threads and calls per second over the time of a pass'
W = 1060 # the legend stands right of two panels

place = 4
LEFT = 84; APART = 104.0
TALL = 330
eval panel_sizes
stats data using 10 name 'more' nooutput
MORE = int(more_max)
PANEL = PANELS > 1 ? 230.0 : 340.0
WIDE = 276.0
H = HEAD + PANEL * PANELS + 44
KEY_LEFT = (LEFT + 2 * WIDE + APART + 16) / W

# stats cannot be used once panels are drawn.
array most[PANELS]
array until[PANELS]
array rate[PANELS]
array fine[PANELS] # seconds between marks of time
do for [k = 1:PANELS] {
	stats data using ($4 == k ? $1 : NaN):2 name 'one' nooutput
	until[k] = one_max_x > 0 ? one_max_x / 1e9 : 1e-3
	most[k] = one_max_y
	fine[k] = time_step(until[k], WIDE)
	stats data using ($4 == k ? $3 : NaN) name 'one' nooutput
	rate[k] = exists("one_max") && one_max > 0 ? one_max : 1
	stats data using ($4 == k ? $9 : NaN) name 'mean' nooutput
	rate[k] = exists("mean_max") && mean_max > rate[k] ? mean_max : rate[k]
}
has_mean = exists("mean_max")

AWAY = 1e30 # of points without a figure
array colours[6] = [BLUE, RED, GREEN, PURPLE, ORANGE, SKY]
set grid xtics ytics lt 1 lw 1 lc rgb PALE
set format x '%.0s %cs'

row_at = "set tmargin at screen 1 - (HEAD + (k - 1) * PANEL + 22) / H; \
	set bmargin at screen 1 - (HEAD + k * PANEL - 34) / H; \
	set xrange [0 : 1.03 * until[k]]; \
	set xtics fine[k]"
threads_at = "set lmargin at screen 1.0 * LEFT / W; \
	set rmargin at screen (LEFT + WIDE) / W; \
	if (k > 1) { unset label }; \
	set label 20 group[k] left font ',10' tc rgb INK noenhanced \
		at screen 1.0 * LEFT / W, screen 1 - (HEAD + (k - 1) * PANEL + 8) / H; \
	set ylabel 'threads' tc rgb INK noenhanced; \
	unset ytics; set ytics nomirror scale 0 textcolor rgb INK; \
	set format y '%.0f'; \
	if (most[k] > 8) { set logscale y 2; set ytics 2; set yrange [0.9 : 1.15 * most[k]] }; \
	if (most[k] <= 8) { set ytics 1; set yrange [0 : 1.08 * most[k]] }"
rate_at = "set lmargin at screen (LEFT + WIDE + APART) / W; \
	set rmargin at screen (LEFT + 2 * WIDE + APART) / W; \
	unset label; unset logscale y; unset ytics; \
	set ytics nomirror scale 0 textcolor rgb INK autofreq; \
	set format y (rate[k] / 1000 ** floor(log10(rate[k]) / 3) < 5 ? '%.1s%c' : '%.0s%c'); \
	set ylabel 'calls per second' offset -1, 0 tc rgb INK noenhanced; \
	set yrange [0 : 1.08 * rate[k]]"

legend = "set key at screen KEY_LEFT, screen 1 - (HEAD + 18.0) / H left top Left reverse \
	noenhanced tc rgb INK samplen 1.6 spacing 1.25 width -4"
below = 'time since the last pass began' \
	. '; right: mean rate before each decision' . (has_mean ? ', dashed: mean of the pass' : '')
words_below = "set label 21 below \
	at screen (LEFT + WIDE + APART / 2) / W, screen 20.0 / H center tc rgb INK noenhanced"

panels = "eval begin_page; eval words_below; set multiplot; do for [k = 1:PANELS] { \
	eval row_at; eval threads_at; unset key; \
	plot for [i = 0:LINES - 1] data index (k - 1) * LINES + i using ($1 / 1e9):2 \
			with steps lw 1.8 lc rgb colours[i + 1], \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using ($3 > 0 ? $1 / 1e9 : NaN):2 with points pt 7 ps 0.6 \
			lc rgb colours[i + 1], \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using (has(2) ? $1 / 1e9 : AWAY):(has(2) ? $2 : 1):8 @hover; \
	eval rate_at; \
	if (k == 1) { eval legend }; \
	plot for [i = 0:LINES - 1] data index (k - 1) * LINES + i using ($1 / 1e9):9 \
			with lines lw 1.5 dt (6, 4) lc rgb colours[i + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using (from = $0 == 0 ? 0 : to, to = $1, $3 > 0 ? from / 1e9 : NaN):3: \
			((to - from) / 1e9):(0) with vectors nohead lw 1.8 \
			lc rgb colours[i + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using ($3 > 0 ? $1 / 1e9 : NaN):3 with points pt 7 ps 0.6 \
			lc rgb colours[i + 1] notitle, \
		for [i = 0:LINES - 1] data index (k - 1) * LINES + i \
			using (has(3) ? $1 / 1e9 : AWAY):(has(3) ? $3 : 1):8 @hover notitle, \
		for [i = 0:LINES - 1] NaN with linespoints lw 1.8 ps 0.7 pt 7 \
			lc rgb colours[i + 1] title line[i + 1], \
		@more \
	}; unset multiplot; unset label"

eval as_svg
set output '../decisions.svg'
eval panels

eval as_png
set output '../decisions.png'
eval panels
set output
