# Each pass in time order, as a multiple of its cell's median; a panel for each cell. Rings are
# passes that were disturbed; they count only in cells that have too few others.
# Run it in its own directory: gnuplot passes.gp
#
# passes.tsv: a block for each panel: round, from 0, time over the median of the cell's passes,
# state (1: undisturbed, 0: disturbed or wrong, does not count, 2: disturbed, counts), panel, 1,
# which cells these are, name of the cell, words to show on hover
load 'common.gp'
data = 'passes.tsv'
title = 'Passes in time order'
upwards = "time of a pass / median of the cell's passes"

place = 4
SPLIT = 1
LEFT = 78; APART = 48 # what a number of four characters needs
eval panel_sizes
stats data using 1:2 name 'all' nooutput
stats data using 3 name 'state' nooutput
along = (state_max > 1 ? 'round; rings were disturbed and count where too few others are left' \
	: 'round; dots count, rings were disturbed and do not') \
	. (strlen(line[1]) < 2 ? '' : '; ' . line[1])

set grid ytics lt 1 lw 1 lc rgb PALE
set xrange [all_min_x - 0.5 - 0.01 * (all_max_x - all_min_x) : \
	all_max_x + 0.5 + 0.01 * (all_max_x - all_min_x)]
set xtics autofreq font ',9'
low = all_min_y < 0.95 ? all_min_y : 0.95
high = all_max_y > 1.05 ? all_max_y : 1.05
if (high / low > 4) {
	set logscale y 2
	set yrange [low / 1.08 : high * 1.08]
	wide = high / low > 256 ? 2 : 1
	set ytics ('1' 1)
	do for [e = 1:20] { set ytics add (sprintf('1/%d', 2 ** (wide * e)) 2.0 ** -(wide * e), \
		sprintf('%d', 2 ** (wide * e)) 2.0 ** (wide * e)) }
} else {
	set yrange [low - 0.05 * (high - low) : high + 0.05 * (high - low)]
	step = nice((high - low) / 6.0)
	set ytics step
	set format y decimals_of(step)
}
if (all_max_x < 12) { set xtics 1 }

SIZE = PANELS > 6 ? 0.32 : 0.45
panels = "eval begin_page; eval panel_words; set multiplot; do for [k = 1:PANELS] { \
	eval panel_at; unset key; \
	plot 1 with lines lw 1.2 lc rgb GREY, \
		data index k - 1 using ($3 == 1 ? $1 : NaN):2 \
			with points pt 7 ps SIZE lc rgb BLUE, \
		data index k - 1 using ($3 != 1 ? $1 : NaN):2 \
			with points pt 6 ps 0.7 lw 1.6 lc rgb RED, \
		data index k - 1 using (strlen(strcol(8)) < 2 ? all_min_x - 1e6 : $1):2:8 @hover \
	}; unset multiplot; unset label"

eval as_svg
set output '../passes.svg'
eval panels

eval as_png
set output '../passes.png'
eval panels
set output
