/*
 * Which stage a run measures: a run is of one stage, because the cells of two answer different
 * questions. Mostly the strategies that are asked for say which.
 */
#ifndef ENGINE_MEASURE_CHOOSE_STAGE_H
#define ENGINE_MEASURE_CHOOSE_STAGE_H

#include "engine/base/err.h"
#include "engine/strategy.h"

const char *stage_name(enum stage stage);

/*
 * word: what --stage says, NULL: nothing. Then the lists (of names and globs, as select_cells takes
 * them; NULL-terminated, some may be NULL) decide, as far as they name strategies of one stage
 * only; else it is fetch. -EINVAL: no such stage, or names of both; -ENOMEM.
 */
int stage_choose(const struct strategy *const *strategies, const char *word,
		 const char *const lists[2], enum stage *stage, struct err *err);

#endif
