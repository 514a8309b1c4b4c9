/*
 * What a row is called. The cache state that all cells share is said once above a table, so it is
 * left out of their names; a name that is too long for its column is cut so that it stays different
 * from every other name there. Documents have ids and labels whole.
 */
#ifndef REPORTS_WORDS_LABELS_H
#define REPORTS_WORDS_LABELS_H

#include <stdbool.h>

#include "engine/base/arena.h"
#include "engine/result.h"

/* Whether all cells have one cache state, or one tree. */
bool labels_one_cache(const struct result *result);
bool labels_one_tree(const struct result *result);

/* All names are visible text (text.h) and never NULL. */

/* "fts" of the label "fts/as-is": for a table that says the state elsewhere. */
const char *label_plain(struct arena *arena, const struct cell_result *cell);

/* The same where all cells have one state, else the label. */
const char *label_in(struct arena *arena, const struct result *result,
		     const struct cell_result *cell);

/* "fts/j1" of the id "fts/as-is/j1" in that state, in any text; without it as it is. */
const char *label_without(struct arena *arena, const char *id, enum cache_state cache);

/* "statx" for a "statx[mask=size]" that is wider than room, where no other name is that already. */
void labels_drop_params(struct arena *arena, const char **names, size_t n, size_t room);

/* "statx[dirfd]" for a "statx[addressing=dirfd]" that is wider than room, likewise. */
void labels_keep_values(struct arena *arena, const char **names, size_t n, size_t room);

/*
 * Cuts the names that are wider than room to that width. Names that differ still differ then: one
 * that cannot be cut so is left whole. Equal names stay equal.
 */
void labels_fit(struct arena *arena, const char **names, size_t n, size_t room);

#endif
