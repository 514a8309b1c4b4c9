# Where B begins to win: time per entry of A and of B, and B's time over A's, along an axis, with
# their intervals; a row of two panels for each filesystem in each cache state.
# Run it where it lies: gnuplot crossover.gp
#
# crossover.tsv: as bands.gp says; x: a place on the axis, which about.tsv names (a time in s);
# marked is where the medians cross, with the last place where A surely wins and the first where B
# does
load 'common.gp'
name = 'crossover'
MORE = 0
title = 'Where one begins to win'
below = words[ABOUT_BASELINE]
mark = 'where the medians cross'
x_format = number[ABOUT_BASELINE] == 2 ? '%.0s%cs' : '%.0s%c'
load 'bands.gp'
