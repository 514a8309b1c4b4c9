# Where B becomes faster: time per entry of A and of B, and B's time over A's, along an axis, with
# their intervals; a row of two panels for each filesystem in each cache state.
# Run it in its own directory: gnuplot crossover.gp
#
# crossover.tsv: as in bands.gp; x: a place on the axis, which about.tsv names (a time in s);
# marked is where the medians cross, with the last place where A is certainly faster and the first
# where B is
load 'common.gp'
name = 'crossover'
MORE = 0
title = 'Where one begins to win'
below = words[ABOUT_BASELINE]
mark = 'where the medians cross'
x_format = number[ABOUT_BASELINE] == 2 ? '%.0s%cs' : '%.0s%c'
load 'bands.gp'
