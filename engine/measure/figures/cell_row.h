/*
 * Fills a cell's row in the result: what it answers, its system calls, its failures and its digest.
 */
#ifndef ENGINE_MEASURE_FIGURES_CELL_ROW_H
#define ENGINE_MEASURE_FIGURES_CELL_ROW_H

#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/measure/choose/select.h"
#include "engine/measure/pass/meter.h"
#include "engine/result.h"

/*
 * What makes the cell the one it is: names, strategy, parameters, jobs and CPUs. Its cache state is
 * there already, and is part of the names unless it is warm, which is what people mean when they
 * say nothing of caches; so is the target, where there are several. -ENOMEM.
 */
int cell_row_spec(struct cell_result *cell, const struct cell_spec *spec, const char *target,
		  const int *cpus, struct arena *arena);

/* Arrays that cell_row_pass fills; false: out of memory. */
bool cell_row_room(struct cell_result *cell, struct arena *arena);

/* Once the cell is set up. baseline: what the baseline answers; NULL: it cannot run. */
void cell_row_answer(struct cell_result *cell, const struct answer *answer,
		     const struct answer *baseline, struct arena *arena);

/*
 * The absolute path of what lies at `path` below the root, as documents have it: of one that is far
 * longer than any call takes only the end, behind "...". NULL: out of memory.
 */
const char *cell_row_path(const char *root, const char *path, struct arena *arena);

/* The system calls of the meter's last pass, counted by the strategy or the kernel. */
void cell_row_syscalls(struct cell_result *cell, const struct meter *meter);

/* After a verified pass: failures, system calls, figures of the strategy's own, the digest. */
void cell_row_pass(struct cell_result *cell, const struct meter *meter, const struct digest *digest,
		   struct arena *arena);

#endif
