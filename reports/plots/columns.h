/* What the plots of a run write into columns of their data: names, words and estimates. */
#ifndef REPORTS_PLOTS_COLUMNS_H
#define REPORTS_PLOTS_COLUMNS_H

#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/result.h"
#include "reports/groups/groups.h"

enum {
	NAME_MAX_CHARS = 42,
	KEY_MAX_CHARS = 32,
	WORDS_MAX_CHARS = 72,
	LINE_MAX_CHARS = 118,
	BAND_TITLE_MAX_CHARS = 104,
	HOVER_MAX_CHARS = 240 /* nothing else stands where it is shown */
};

struct plots {
	const struct result *result;
	struct arena *arena;
	struct groups groups;
	const struct cell_result **cells; /* all but floors, in the order of the plot at hand */
	size_t n;
	const char **names; /* of the cells, as the plot at hand shows them */
};

/* One column, shortened to `max` characters (drawing_words). */
void put_words(struct plots *p, FILE *data, const char *text, size_t max);

/* Once the cells have the order of the plot: its names, none of them cut into another. */
void name_cells(struct plots *p, size_t max);

/* Median, lo, hi and n, with a tab before and after. */
void put_estimate(FILE *data, const struct estimate *e);

/* "812.4 ±8.1", with at least so many decimals, or none where they say nothing. */
const char *figure(struct plots *p, const struct estimate *e, int decimals);

/*
 * What pointing at a point of bands.gp says: "statx/j2, 1,000 entries: 812.4 ns per entry (804.3 to
 * 820.5), 0.532 of the baseline's time (0.521 to 0.544)"; ratio NULL: it is the baseline.
 */
const char *band_words(struct arena *arena, const char *head, const struct estimate *ns,
		       const struct estimate *ratio);

/* Title of the last row of bands.gp: "flat on ext4 (2 more rows not drawn)". */
const char *bands_title(struct arena *arena, const char *title, size_t left_out);

/* "skipped: io_uring_setup: Operation not permitted" of a cell without a figure. */
const char *why_not(struct plots *p, const struct cell_result *cell);

#endif
