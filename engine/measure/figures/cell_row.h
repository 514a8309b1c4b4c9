/*
 * Fills a cell's row in the result: the metadata it returns, its system calls, its failures and its
 * digest.
 */
#ifndef ENGINE_MEASURE_FIGURES_CELL_ROW_H
#define ENGINE_MEASURE_FIGURES_CELL_ROW_H

#include "engine/base/arena.h"
#include "engine/base/digest.h"
#include "engine/measure/choose/select.h"
#include "engine/measure/pass/meter.h"
#include "engine/result.h"

/*
 * Sets what identifies the cell: names, strategy, parameters, jobs and CPUs. Its cache state must
 * be set before; it is part of the names unless it is warm, the default. The target is part of the
 * names if there are several. -ENOMEM.
 */
int cell_row_spec(struct cell_result *cell, const struct cell_spec *spec, const char *target,
		  const int *cpus, struct arena *arena);

/* Allocates the arrays that cell_row_pass fills; false: out of memory. */
bool cell_row_alloc(struct cell_result *cell, struct arena *arena);

/* Called after the cell is set up. baseline: the answer of the baseline; NULL: it cannot run. */
void cell_row_answer(struct cell_result *cell, const struct answer *answer,
		     const struct answer *baseline, struct arena *arena);

/*
 * The absolute path of `path`, which is relative to the root, for documents. Of a path much longer
 * than a call accepts only the end, after "...". NULL: out of memory.
 */
const char *cell_row_path(const char *root, const char *path, struct arena *arena);

/* The system calls of the meter's last pass, counted by the strategy or the kernel. */
void cell_row_syscalls(struct cell_result *cell, const struct meter *meter);

/* Called after a verified pass: stores failures, system calls, decisions, the digest. */
void cell_row_pass(struct cell_result *cell, const struct meter *meter, const struct digest *digest,
		   struct arena *arena);

/* Called after a verified pass of a round: stores the additional figures of the strategy. */
void cell_row_extras(struct cell_result *cell, const struct meter *meter, struct arena *arena);

#endif
