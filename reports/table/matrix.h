/*
 * Of a run over several trees: the ratios of all cells side by side, a row for each tree and cache
 * state, a column for each way of asking.
 */
#ifndef REPORTS_TABLE_MATRIX_H
#define REPORTS_TABLE_MATRIX_H

#include "engine/base/arena.h"
#include "reports/table/table.h"

/* Prints nothing about a run with one tree. */
void matrix_print(FILE *to, const struct result *result, const struct table_style *style,
		  struct arena *arena);

#endif
