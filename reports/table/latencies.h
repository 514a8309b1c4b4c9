/*
 * The small table below the table: how long single entries took, for the cells in which that was
 * sampled. A line of it is about a tail, which no median per pass can show.
 */
#ifndef REPORTS_TABLE_LATENCIES_H
#define REPORTS_TABLE_LATENCIES_H

#include "reports/table/table.h"

/* Prints nothing when nothing was sampled. Strings it needs go to the arena. */
void latencies_print(FILE *to, const struct result *result, const struct table_style *style,
		     struct arena *arena);

#endif
