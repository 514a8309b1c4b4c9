# Time per entry and ratio over the number of entries, with their intervals; a row of two panels for
# each shape on each filesystem in each cache state.
# Run it in its own directory: gnuplot sizes.gp
#
# sizes.tsv: as bands.gp says; x: entries of the tree; from which on more jobs pay; and in one more
# column how many lines are left out
load 'common.gp'
name = 'sizes'
stats 'sizes.tsv' using 16 name 'more' nooutput
MORE = int(more_max)
title = 'Time over the size of the tree'
below = 'entries that a pass asks for'
mark = 'more jobs pay from here on'
x_format = '%.0s%c'
load 'bands.gp'
