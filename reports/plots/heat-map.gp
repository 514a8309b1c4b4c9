# Ratios of a run over several trees or cache states: rows are groups, each with a baseline of its
# own, columns are kinds of cells, colour is the logarithm of the ratio.
# Run it in its own directory: gnuplot heat-map.gp
#
# heat-map.tsv: row, column, kind (0 baseline, 1 ratio, 2 ratio whose interval contains 1 or that
# has none, 3 no figure, 4 a line below the picture, 5 the name of a row, 6 of a column), ratio,
# best of its row, words, words to show on hover
load 'common.gp'
data = 'heat-map.tsv'
title = 'Time against the baseline of each group'

stats data skip 1 using ($3 == 5 ? $1 : 0):($3 == 5 ? strlen(strcol(6)) : 0) name 'rows' nooutput
stats data skip 1 using ($3 == 6 ? $2 : 0):($3 == 6 ? strlen(strcol(6)) : 0) name 'heads' nooutput
stats data skip 1 using ($3 < 3 ? abs(log($4)) : NaN) name 'logs' nooutput
stats data skip 1 using ($3 == 4 ? $1 : 0) name 'notes' nooutput
ROWS = int(rows_max_x)
COLUMNS = int(heads_max_x)
NOTES = int(notes_max)

# Fields are as wide as there is room for, and no narrower than a figure.
LEFT = 7.6 * rows_max_y + 34
field = (W - LEFT - 40) / COLUMNS
lying = 7.8 * heads_max_y + 12 # what the names of columns need
upright = lying > field        # there they stand upright
most_wide = upright ? 84 : lying > 150 ? lying : 150
field = field > most_wide ? most_wide : field < 52 ? 52 : field
ABOVE = upright ? 7.4 * heads_max_y + 16 : 30
ROW = 32
W = LEFT + field * COLUMNS + 40 > W ? int(LEFT + field * COLUMNS + 40) : W
LEGEND = 92
H = HEAD - 12 + ABOVE + ROW * ROWS + LEGEND + 17 * NOTES + 10
eval begin_page

set lmargin at screen LEFT / W
set rmargin at screen (LEFT + field * COLUMNS) / W
set tmargin at screen 1 - 1.0 * (HEAD - 12 + ABOVE) / H
set bmargin at screen 1 - 1.0 * (HEAD - 12 + ABOVE + ROW * ROWS) / H
set xrange [0.5 : COLUMNS + 0.5]
set yrange [ROWS + 0.5 : 0.5]
unset xtics
unset ytics
unset grid

# Blue is faster, orange slower, white the same: told apart by nearly everyone, and twice as fast is
# as strong as half as fast. Differences below a tenth stay pale, beyond eightfold it is all one.
most = logs_max < log(1.1) ? log(1.1) : logs_max > log(8) ? log(8) : logs_max
strength(ratio) = abs(log(ratio)) > most ? 1 : abs(log(ratio)) / most
mix(full, share) = int(255 + (full - 255) * share)
tint(r, g, b, share) = 65536 * mix(r, share) + 256 * mix(g, share) + mix(b, share)
# Not quite BLUE and RED: those become lighter on a dark page, but fields keep their colours.
colour(ratio) = ratio < 1 ? tint(0, 113, 178, strength(ratio)) : tint(213, 93, 0, strength(ratio))
# On a field it stays dark, whatever the reader's scheme is; white where that is easier to read.
ink(kind, ratio) = kind == 3 ? INK : \
	ratio < 1 && strength(ratio) > 0.86 ? 0xFFFFFF : 0x111111

# The legend: a strip from the fastest to the slowest that have a colour of their own.
STRIP = 200.0
STEPS = 40
under = HEAD - 12 + ABOVE + ROW * ROWS
ratio_at(share) = exp(most * (2 * share - 1))
do for [i = 0:STEPS - 1] {
	set object 100 + i rectangle \
		from screen (LEFT + STRIP * i / STEPS) / W, screen 1 - (under + 32.0) / H \
		to screen (LEFT + STRIP * (i + 1) / STEPS) / W, screen 1 - (under + 20.0) / H \
		fillstyle solid noborder fillcolor rgb colour(ratio_at((i + 0.5) / STEPS))
}
do for [i = 0:2] {
	set label 20 + i sprintf('%.2f', ratio_at(i / 2.0)) center font ',9' tc rgb INK noenhanced \
		at screen (LEFT + STRIP * i / 2) / W, screen 1 - (under + 42.0) / H
}
set label 23 'time / time of the baseline, paired by round; less is better' \
	at screen (LEFT + STRIP + 24) / W, screen 1 - (under + 26.0) / H left \
	font ',10' tc rgb INK noenhanced
set label 24 'framed: the fastest that answers as much as the baseline; ' \
	. 'in brackets: no interval that excludes 1; hatched: no figure' \
	at screen 0.02, screen 1 - (under + 66.0) / H left font ',10' tc rgb INK noenhanced

# Lines below it. A point outside the axes would not be drawn, so these are no points.
if (NOTES > 0) {
	array note[NOTES]
	set table $ignored
	plot data skip 1 using ($3 == 4 ? (note[int($1)] = strcol(6), 0) : 0):(0) with points
	unset table
	do for [i = 1:NOTES] {
		set label 30 + i note[i] left font ',9' tc rgb SOFT noenhanced \
			at screen 0.02, screen 1 - (under + LEGEND - 6 + 17.0 * (i - 1)) / H
	}
}

# Words that are not wanted are empty: of labels that are all NaN gnuplot 5.4 dies.
only(kind, x) = column(3) == kind ? x : NaN

eval as_svg
set output '../heat-map.svg'
plot \
	data skip 1 using ($3 < 3 ? $2 : NaN):1:($2 - 0.48):($2 + 0.48):($1 - 0.46):($1 + 0.46): \
		(colour($4)) with boxxyerror fs solid noborder lc rgb variable, \
	data skip 1 using (only(3, $2)):1:($2 - 0.48):($2 + 0.48):($1 - 0.46):($1 + 0.46) \
		with boxxyerror fs pattern 4 noborder lc rgb PALE, \
	data skip 1 using ($5 == 1 ? $2 : NaN):1:($2 - 0.48):($2 + 0.48):($1 - 0.46):($1 + 0.46) \
		with boxxyerror fs empty border lc rgb BLACK lw 2 lc rgb BLACK, \
	data skip 1 using ($3 < 4 ? $2 : 1):($3 < 4 ? $1 : 1):($3 < 4 ? strcol(6) : ''): \
		(ink($3, $4)) with labels center tc rgb variable noenhanced, \
	data skip 1 using (0.5):($3 == 5 ? $1 : 1):($3 == 5 ? strcol(6) : '') \
		with labels right offset -0.8, 0 tc rgb INK noenhanced, \
	data skip 1 using ($3 == 6 ? $2 : 1):(0.5):($3 == 6 && !upright ? strcol(6) : '') \
		with labels center offset 0, 0.7 tc rgb INK noenhanced, \
	data skip 1 using ($3 == 6 ? $2 : 1):(0.5):($3 == 6 && upright ? strcol(6) : '') \
		with labels left rotate by 90 offset 0, 0.4 tc rgb INK noenhanced, \
	data skip 1 using ($3 < 4 ? $2 : -100):($3 < 4 ? $1 : -100):7 \
		with labels hypertext point pt 5 ps 3.8 lc rgb 0xFF000000 notitle

eval as_png
set output '../heat-map.png'
replot
set output
