/*
 * Cells by what they are: "lstat/j1" (an id), "lstat" (a strategy or label), or fields that have to
 * match, "fs=ext4", "strategy=statx,jobs=2", "entries=10k". A pair of selectors pairs cells that
 * agree in every field that neither of them names, so "fs=ext4" against "fs=xfs" compares like with
 * like.
 */
#ifndef REPORTS_VERDICT_SELECTOR_H
#define REPORTS_VERDICT_SELECTOR_H

#include <stdbool.h>

#include "engine/base/err.h"
#include "engine/result.h"

enum { SELECTOR_FIELDS = 9 };

struct selector {
	const char *word;                    /* an id, label or strategy; NULL: by fields */
	const char *values[SELECTOR_FIELDS]; /* NULL: not named */
};

/* Strings of the selector lie in the arena. -EINVAL names an unknown field and the nearest. */
int selector_parse(struct selector *s, const char *text, struct arena *arena, struct err *err);

bool selector_fits(const struct selector *s, const struct result *result,
		   const struct cell_result *cell);

/* Whether a, which fits one, and b, which fits the other, agree in what neither names. */
bool selector_pairs(const struct selector *one, const struct selector *other,
		    const struct result *result, const struct cell_result *a,
		    const struct cell_result *b);

#endif
