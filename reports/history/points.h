/* From a result to what the history keeps of it: its place among the runs, and a point a cell. */
#ifndef REPORTS_HISTORY_POINTS_H
#define REPORTS_HISTORY_POINTS_H

#include "engine/result.h"
#include "reports/history/store.h"

struct points {
	struct store_run run; /* without the document's text */
	struct store_series *series;
	struct store_point *points;
	size_t n;
	size_t left_out; /* cells without a ratio */
};

/*
 * commit: what was measured, NULL for the commit of the statmark that measured. Strings lie in the
 * result or in its arena. -EINVAL when it has no id, or is incomplete: it would be in the way of
 * what it becomes. -ENOMEM.
 */
int points_make(struct points *kept, const struct result *result, const char *commit,
		struct err *err);

#endif
