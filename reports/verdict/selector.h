/*
 * Selects cells: by id ("lstat/j1"), by strategy or label ("lstat"), or by fields ("fs=ext4",
 * "strategy=statx,jobs=2", "entries=10k"). Two selectors form pairs of cells that agree in every
 * field that neither selector names: "fs=ext4" against "fs=xfs" pairs the same cell on both
 * filesystems.
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

/*
 * Strings of the selector are in the arena. -EINVAL; the message has the unknown field and the
 * nearest known one.
 */
int selector_parse(struct selector *s, const char *text, struct arena *arena, struct err *err);

bool selector_fits(const struct selector *s, const struct result *result,
		   const struct cell_result *cell);

/*
 * Whether a, selected by one, and b, selected by the other, agree in all fields that neither names.
 */
bool selector_pairs(const struct selector *one, const struct selector *other,
		    const struct result *result, const struct cell_result *a,
		    const struct cell_result *b);

#endif
