/*
 * What a reader should know about one cell beside its figures: few rounds, errors, why it is not
 * ranked. They stand below its row in the table, and on the page.
 */
#ifndef REPORTS_TABLE_NOTES_H
#define REPORTS_TABLE_NOTES_H

#include <stddef.h>

#include "engine/result.h"

enum { NOTES_MAX = 12 };

/* The notes of a cell that has a figure; how many. Texts lie in the arena. */
size_t notes_make(const struct result *result, const struct cell_result *cell, struct arena *arena,
		  const char *texts[NOTES_MAX]);

#endif
