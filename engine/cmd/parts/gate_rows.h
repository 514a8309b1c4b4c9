/*
 * What a contest found, as rows and notes of a judgement.
 */
#ifndef ENGINE_CMD_PARTS_GATE_ROWS_H
#define ENGINE_CMD_PARTS_GATE_ROWS_H

#include "engine/gate/contest.h"
#include "reports/verdict/judgement.h"

/* Fills the judgement from a contest that has run, and finishes it. -ENOMEM. */
int gate_rows(struct judgement *judgement, const struct contest *contest);

/*
 * Adds a row for every count that differs between the sides of one strategy: entries, errors and
 * system calls, which are exact, so that one more is a regression. -ENOMEM.
 */
int gate_rows_counts(struct judgement *judgement, const struct gate_cell *cell);

#endif
