/* Fills the columns of the plots' data: names, words and estimates. */
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
	HOVER_MAX_CHARS = 240 /* nothing else is shown there */
};

struct plots {
	const struct result *result;
	struct arena *arena;
	struct groups groups;
	const struct cell_result **cells; /* all except floors, in the order of the present plot */
	size_t n;
	const char **names; /* of the cells, as shown in the present plot */
};

/* Call after sorting the cells: shortens their names so that they stay distinct. */
void name_cells(struct plots *p, size_t max);

/* Median, lo, hi and n, with a tab before and after. */
void put_estimate(FILE *data, const struct estimate *e);

/* "812.4 ±8.1", with at least that many decimals, or without any if they are not significant. */
const char *figure(struct plots *p, const struct estimate *e, int decimals);

/*
 * The text shown when the pointer is on a point of bands.gp: "statx/j2, 1,000 entries: 812.4 ns per
 * entry (804.3 to 820.5), 0.532 of the baseline's time (0.521 to 0.544)"; ratio NULL: the point
 * belongs to the baseline.
 */
const char *band_words(struct arena *arena, const char *head, const struct estimate *ns,
		       const struct estimate *ratio);

/* Title of the last row of bands.gp: "flat on ext4 (2 more rows not drawn)". */
const char *bands_title(struct arena *arena, const char *title, size_t left_out);

/* "skipped: io_uring_setup: Operation not permitted" of a cell without a figure. */
const char *why_not(struct plots *p, const struct cell_result *cell);

#endif
