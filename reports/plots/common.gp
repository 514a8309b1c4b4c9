# What all plots share: reading the facts, colours, the head of the page, and both terminals.
#
# Nothing that was measured over (names, labels, mount options) ever becomes part of a command: it
# is read from columns of TSV files and drawn as it is, which is why 'noenhanced' is everywhere.

set encoding utf8
set datafile separator tab

# about.tsv: a number and words in each line; the order is that of write_about() in plots.c.
ABOUT_FLOOR = 1; ABOUT_BASELINE = 2; ABOUT_CONFIDENCE = 3; ABOUT_LINES = 4
ABOUT_HOST = 6 # its number: how many CPUs it has; 0: not known
ABOUT_COST_WHISKERS = 8; ABOUT_RATIO_WHISKERS = 9; ABOUT = 9
array number[ABOUT]
array words[ABOUT]
set table $ignored
plot 'about.tsv' skip 1 \
	using (number[int($0) + 1] = $2, words[int($0) + 1] = strcol(3), 0):(0) with points
unset table

# Okabe and Ito's palette, told apart by nearly everyone; on a dark ground blue and red are lighter.
# `gnuplot -e DARK=1 NAME.gp` draws for a dark ground. An SVG needs no such thing: drawn for a light
# one it follows its page (picture.c).
if (!exists("DARK")) { DARK = 0 }
BLUE = DARK ? 0x3A9BD9 : 0x0072B2; RED = DARK ? 0xF07D2B : 0xD55E00
ORANGE = 0xE69F00; GREEN = 0x009E73; PURPLE = 0xCC79A7; SKY = 0x56B4E9
BLACK = DARK ? 0xFFFFFF : 0x000000; INK = DARK ? 0xE2E2E2 : 0x333333
SOFT = DARK ? 0xB0B0B0 : 0x666666; GREY = DARK ? 0x8C8C8C : 0x999999
PALE = DARK ? 0x3A3F44 : 0xDDDDDD; FAINT = DARK ? 0x2B2F33 : 0xEEEEEE
BAND = DARK ? 0x26323D : 0xDCE6F0; GROUND = DARK ? '#181A1C' : '#FFFFFF'

W = 1000 # pixels; each plot sets H to what its rows need
HEAD = 128
LINE = 26

as_svg = 'set terminal svg noenhanced font "sans-serif,10.5" fontscale 1.333 \
	size W, H'
as_png = 'set terminal pngcairo noenhanced font "sans-serif,10.5" fontscale 2 \
	size 2 * W, 2 * H linewidth 2 pointscale 2 background rgb GROUND'

# Title, then the facts: which tree, where and how, on which machine, how many passes.
begin_page = "set tmargin at screen 1 - 1.0 * HEAD / H; \
	set label 1 title at screen 0.02, screen 1 - 24.0 / H \
		left font ',17' tc rgb INK noenhanced; \
	do for [i = 0:3] { \
		set label 2 + i words[ABOUT_LINES + i] \
			at screen 0.02, screen 1 - (47.0 + 16 * i) / H \
			left font ',10' tc rgb SOFT noenhanced \
	}"

set border 0
set tics nomirror scale 0 textcolor rgb INK
set format '%h'
set grid xtics lt 1 lw 1 lc rgb PALE
set style fill solid noborder
unset key

# A number as the tables have it: 12,500.
grouped(x) = x < 1000 ? sprintf('%.10g', x) \
	: grouped(floor(x / 1000 + 1e-9)) . sprintf(',%03d', int(x + 0.5) % 1000)

# Marks of a linear axis: 1, 2 or 5 of a decade apart, and all with as many decimals as the distance
# has: 0.95, 1.00, 1.05.
nice(s) = s <= decade_of(s) ? decade_of(s) : s <= 2 * decade_of(s) ? 2 * decade_of(s) \
	: s <= 5 * decade_of(s) ? 5 * decade_of(s) : 10 * decade_of(s)
decimals_of(step) = step < 0.999 ? sprintf('%%.%df', int(-floor(log10(step) + 1e-9))) : '%.0f'

# 1, 2 and 5 of every decade; gnuplot alone would give the tens only. Over many decades only these
# have room for their numbers.
log_tics = "set xtics (1 1); do for [e = -3:7] { \
		set xtics add (10.0 ** e, 2 * 10.0 ** e, 5 * 10.0 ** e) \
	}"
decade_tics = "set xtics (1 1); do for [e = -3:7] { \
		set xtics add (10.0 ** e, '' 2 * 10.0 ** e, '' 5 * 10.0 ** e) \
	}"

# Where words stand at a value: from it to the right, around it, or to the left, so that they stay
# inside. share: how far right in the plot that is, 0 to 1.
justify(share) = share < 1.0 / 3 ? 'left' : share > 2.0 / 3 ? 'right' : 'center'
aside_of(share) = share < 1.0 / 3 ? 0.3 : share > 2.0 / 3 ? -0.3 : 0
share_of(value, low, high, logarithmic) = logarithmic ? \
	log(value / low) / log(high / low) : 1.0 * (value - low) / (high - low)

# Points that show words when the pointer is on them: a part of a plot command, after its `using`.
# The program makes titles of them (drawing.c).
# gnuplot 5.4 dies where none of the labels of a line has a figure, and a point has none where an
# expression reads a NaN, even if it does not use it. has() does not read the figure.
has(column) = strcol(column) ne 'NaN'
hover = "with labels hypertext point pt 7 ps 1.2 lc rgb 0xFF000000"

# The last line of a legend: MORE is how many lines there was no room for.
more = "for [i = 1:(MORE > 0 ? 1 : 0)] NaN with lines lc rgb 0xFF000000 \
	title sprintf('%d more not drawn', MORE)"

# Seconds between marks of an axis that is so many pixels wide and reaches to `most`. Marks are at
# least 60 pixels apart, and each is a whole number of the unit in which it is written.
wanted(most, wide) = 60.0 * most / wide
decade_of(s) = 10.0 ** floor(log10(s))
is_split(s, most) = (int(floor(log10(s))) % 3 + 3) % 3 == 2 && most >= 10 * decade_of(s)
step_of(s, most) = s > 5 * decade_of(s) ? 10 * decade_of(s) : s <= decade_of(s) ? decade_of(s) \
	: is_split(s, most) ? 10 * decade_of(s) : s > 2 * decade_of(s) ? 5 * decade_of(s) \
	: 2 * decade_of(s)
time_step(most, wide) = most > 0 ? step_of(wanted(most, wide), most) : 1

# About 8.4 pixels a character are what the fonts need.
margin_for(characters) = (8.4 * characters + 30) / W

# Panels, one below another and two side by side where there are several; the legend stands right of
# them. The data have a block for each line of each panel, panel by panel, and in four columns from
# `place` on the numbers of panel and line and the names of both. A plot sets `data`, `place`, LEFT
# and APART (pixels left of the first and of the second panel) and TALL (of one that is alone); then
# it evaluates panel_sizes, and for each panel k panel_at. SPLIT, 1: small panels over the whole
# width, without a legend.
SPLIT = 0
panel_sizes = "stats data using place name 'where' nooutput; \
	stats data using place + 1 name 'which' nooutput; \
	PANELS = int(where_max); LINES = int(which_max); \
	array group[PANELS]; \
	array line[LINES]; \
	set table $ignored; \
	plot data using (group[int(column(place))] = strcol(place + 3), \
		line[int(column(place + 1))] = strcol(place + 2), 0):(0) with points; \
	unset table; \
	SEVERAL = SPLIT || PANELS > 1; \
	ACROSS = SPLIT ? (PANELS > 6 ? 4 : PANELS < 3 ? PANELS : PANELS == 4 ? 2 : 3) \
		: SEVERAL ? 2 : 1; \
	FIELD = SPLIT ? W - 20.0 : 0.66 * W; \
	DOWN = (PANELS + ACROSS - 1) / ACROSS; \
	PANEL = SPLIT ? (PANELS < 3 ? 340.0 : 230.0) \
		: !SEVERAL ? 1.0 * TALL : DOWN > 1 ? 236.0 : 340.0; \
	WIDE = (FIELD - LEFT - (ACROSS - 1) * APART) / ACROSS; \
	H = HEAD + PANEL * DOWN + (SEVERAL ? 44 : 62)"

panel_at = "set lmargin at screen (LEFT + (k - 1) % ACROSS * (WIDE + APART)) / W; \
	set rmargin at screen (LEFT + (k - 1) % ACROSS * (WIDE + APART) + WIDE) / W; \
	set tmargin at screen 1 - (HEAD + (k - 1) / ACROSS * PANEL + (SEVERAL ? 18 : 0)) / H; \
	set bmargin at screen \
		1 - (HEAD + (k - 1) / ACROSS * PANEL + PANEL - (SEVERAL ? 28 : 0)) / H; \
	if (k == 2) { unset label; unset key }; \
	if (SEVERAL) { \
		set label 20 group[k] at graph 0, graph 1 left offset 0, 0.7 font ',10' \
			tc rgb INK noenhanced \
	}"

# Words of both axes, once for all panels.
panel_words = "set label 21 along at screen (LEFT + FIELD) / 2 / W, screen 20.0 / H center \
		tc rgb INK noenhanced; \
	set label 22 upwards at screen 24.0 / W, screen 1 - (HEAD + PANEL * DOWN / 2) / H center \
		rotate by 90 tc rgb INK noenhanced; \
	set key at screen 0.675, screen 1 - 1.0 * HEAD / H left top Left reverse noenhanced \
		tc rgb INK samplen 1.6 spacing 1.25 width -4"
