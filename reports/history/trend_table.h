/* The history in words: a row for each series with its changes, and what a watch has found. */
#ifndef REPORTS_HISTORY_TREND_TABLE_H
#define REPORTS_HISTORY_TREND_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "reports/history/trend.h"

/*
 * All series, by what they stand on. path is the database's; columns, and whether it shows UTF-8,
 * are the terminal's. -ENOMEM.
 */
int trend_table(FILE *to, const struct trends *trends, const char *path, int columns, bool utf8);

/* The changes only; *slower: how many of them are to slower. -ENOMEM. */
int trend_report(FILE *to, const struct trends *trends, size_t *slower);

#endif
