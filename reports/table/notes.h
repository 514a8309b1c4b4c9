/*
 * Makes the notes on one cell: few rounds, errors, why it is not ranked. They are shown below its
 * row in the table, and on the page.
 */
#ifndef REPORTS_TABLE_NOTES_H
#define REPORTS_TABLE_NOTES_H

#include <stddef.h>

#include "engine/result.h"

enum { NOTES_MAX = 12 };

/* Makes the notes of a cell that has a figure, in the arena. Returns how many. */
size_t notes_make(const struct result *result, const struct cell_result *cell, struct arena *arena,
		  const char *texts[NOTES_MAX]);

#endif
