/*
 * Fits a run into its time: a tree that cannot be measured completely in time is measured in part,
 * and the tree's facts name the part.
 */
#ifndef ENGINE_CMD_PARTS_BUDGET_H
#define ENGINE_CMD_PARTS_BUDGET_H

#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/subject.h"
#include "engine/measure/run.h"
#include "engine/order.h"

struct budget {
	const struct subject *before; /* already measured: the same tree gets the same part again */
	size_t n_before;
	size_t n_subjects; /* each gets the same share of the time */
	struct arms *arms;
	struct arena *arena;
	const struct run_request *request; /* without targets; until_ns 0: there is no limit */
	uint64_t *weights; /* duration of a round in each cache state, to be added to */
	enum order order;
	uint64_t seed, sample_seed; /* for the order; for the part to be measured */
};

/*
 * Sorts the subjects' entries, replaces each whole tree by the part to be measured, and sets {root}
 * of outside programs. Sets load of the targets; their other members must be set before.
 */
int budget_fit(const struct budget *budget, struct subject *subjects, struct target *targets,
	       struct err *err);

#endif
