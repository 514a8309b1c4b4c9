# Ratios to the baseline from run to run: a panel for each series, with levels, changes and noise.
# Run it in its own directory: gnuplot history.gp
#
# history.tsv: panel, point, ratio, lo, hi, level, band lo, band hi, change (1 slower, -1 faster
# from this point on), words of the change, name of the series, day, commit, words to show on hover
load 'common.gp'
data = 'history.tsv'
title = 'Time against the baseline, run by run'

stats data skip 1 using 1:2 name 'all' nooutput
PANELS = int(all_max_x)
array names[PANELS]
set table $ignored
plot data skip 1 using (names[int($1)] = strcol(11), 0):(0) with points
unset table

# The range of each panel; stats cannot be used once panels are drawn.
array low[PANELS]
array high[PANELS]
do for [k = 1:PANELS] {
	stats data skip 1 using ($1 == k ? ($4 < $7 ? $4 : $7) : NaN):($5 > $8 ? $5 : $8) \
		name 'one' nooutput
	low[k] = one_min_x
	stats data skip 1 using ($1 == k ? ($5 > $8 ? $5 : $8) : NaN):4 name 'one' nooutput
	high[k] = one_max_x > low[k] ? one_max_x : low[k] + 0.01
}

PANEL = 224
FOOT = 36
H = HEAD + PANEL * PANELS + FOOT
eval begin_page

set lmargin at screen 80.0 / W
set rmargin at screen 1 - 50.0 / W
set xrange [0.4 : all_max_y + 0.6]
unset grid
set grid ytics lt 1 lw 1 lc rgb PALE
unset xtics

colour(change) = change > 0 ? RED : BLUE

# Words of a change stand on the side where there is room. Those that are not wanted are empty: of
# labels that are all NaN gnuplot 5.4 dies.
is_right(point) = point > 0.6 * all_max_y
words_of(k, right) = column(1) == k && column(9) != 0 && is_right(column(2)) == right ? \
	strcol(10) : ''

# Below every panel the days and commits of its runs, of many only some.
STEP = int((all_max_y + 8) / 9)
is_marked(point) = (int(point) - 1) % STEP == 0

# Boxes of one point's width make a band that may jump.
panels = "set multiplot; do for [k = 1:PANELS] { \
	set tmargin at screen 1 - (HEAD + PANEL * (k - 1) + 26.0) / H; \
	set bmargin at screen 1 - (HEAD + PANEL * k - 44.0) / H; \
	if (k > 1) { unset label }; \
	set yrange [1.1 * low[k] - 0.1 * high[k] : 1.25 * high[k] - 0.25 * low[k]]; \
	step = nice(0.25 * (high[k] - low[k])); \
	set ytics step; \
	set format y decimals_of(step); \
	set label 20 names[k] at graph 0, graph 1 left offset 0, 0.7 font ',10' \
		tc rgb INK noenhanced; \
	floor = 1.1 * low[k] - 0.1 * high[k]; \
	plot \
		data skip 1 using ($1 == k ? $2 : NaN):6:($2 - 0.5):($2 + 0.5):7:8 \
			with boxxyerror fs solid 1.0 noborder lc rgb BAND, \
		data skip 1 using ($1 == k ? $2 - 0.5 : NaN):6:(1):(0) \
			with vectors nohead lw 1.5 lc rgb GREY, \
		data skip 1 using ($1 == k ? $2 : NaN):4:(0):($5 - $4) \
			with vectors nohead lw 1 lc rgb GREY, \
		data skip 1 using ($1 == k ? $2 : NaN):3 with points pt 7 ps 0.5 lc rgb INK, \
		data skip 1 using ($1 == k && $9 != 0 ? $2 : NaN):3:(colour($9)) \
			with points pt 6 ps 1.6 lw 2 lc rgb variable, \
		data skip 1 using 2:8:(words_of(k, 0)):(colour($9)) \
			with labels left offset 0.5, 0.8 tc rgb variable font ',10' noenhanced, \
		data skip 1 using 2:8:(words_of(k, 1)):(colour($9)) \
			with labels right offset -0.5, 0.8 tc rgb variable font ',10' noenhanced, \
		data skip 1 using 2:(floor):($1 == k && is_marked($2) ? strcol(12) : '') \
			with labels center offset 0, -0.8 tc rgb SOFT font ',9' noenhanced, \
		data skip 1 using 2:(floor):($1 == k && is_marked($2) ? strcol(13) : '') \
			with labels center offset 0, -1.8 tc rgb SOFT font ',9' noenhanced, \
		data skip 1 using ($1 == k ? $2 : -1):3:14 @hover \
	}; unset multiplot; unset label"

eval as_svg
set output '../history.svg'
eval panels

eval begin_page
eval as_png
set output '../history.png'
eval panels
set output
