/* What a row of the table does not say in its columns: lines below it. */
#ifndef REPORTS_TABLE_NOTES_H
#define REPORTS_TABLE_NOTES_H

#include "engine/base/arena.h"
#include "engine/result.h"

enum { NOTES_MAX = 12 };

/* The notes of a cell that has a figure; how many. Texts lie in the arena. */
size_t notes_make(const struct result *result, const struct cell_result *cell, struct arena *arena,
		  const char *texts[NOTES_MAX]);

#endif
