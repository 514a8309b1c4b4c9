/*
 * Makes the names of rows. A cache state that all cells share is named once above a table, so it is
 * left out of their names. A name that is too long for its column is cut so that it stays different
 * from all others in the column. Documents contain ids and labels in full.
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

/* "fts" of the label "fts/as-is", for a table that names the state elsewhere. */
const char *label_plain(struct arena *arena, const struct cell_result *cell);

/* The same if all cells have one state, else the label. */
const char *label_in(struct arena *arena, const struct result *result,
		     const struct cell_result *cell);

/* "fts/j1" of the id "fts/as-is/j1" in that state, in any text; other texts are unchanged. */
const char *label_without(struct arena *arena, const char *id, enum cache_state cache);

/* Shortens a "statx[mask=size]" that is wider than room to "statx", if no other name is "statx". */
void labels_drop_params(struct arena *arena, const char **names, size_t n, size_t room);

/* Shortens a "statx[addressing=dirfd]" that is wider than room to "statx[dirfd]", likewise. */
void labels_keep_values(struct arena *arena, const char **names, size_t n, size_t room);

/*
 * Cuts names that are wider than room to that width. Different names stay different: a name that
 * cannot be cut without becoming equal to another is left whole. Equal names stay equal.
 */
void labels_fit(struct arena *arena, const char **names, size_t n, size_t room);

#endif
