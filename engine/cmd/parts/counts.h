/*
 * What the same strategy of two builds asks of the kernel is exact, so one pass tells; two
 * different strategies differ by design.
 */
#ifndef ENGINE_CMD_PARTS_COUNTS_H
#define ENGINE_CMD_PARTS_COUNTS_H

#include "engine/gate/gate.h"
#include "reports/verdict/judgement.h"

/*
 * Adds a row for each count that differs between base and head, or one for all calls together.
 * Calls that only one of the builds could count are not compared. 0 or -ENOMEM.
 */
int counts_judge(struct judgement *judgement, const struct gate_cell *cell);

#endif
