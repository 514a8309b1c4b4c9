/*
 * Fits a run into its time: a tree that cannot be measured whole in time is measured in part, and
 * the tree's facts name the part.
 */
#ifndef ENGINE_CMD_PARTS_BUDGET_H
#define ENGINE_CMD_PARTS_BUDGET_H

#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/subject.h"
#include "engine/measure/run.h"
#include "engine/order.h"

struct budget {
	const struct subject *before; /* measured already: a tree gets the same part again */
	size_t n_before;
	size_t n_subjects; /* each gets the same share of the time */
	struct arms *arms;
	struct arena *arena;
	const struct run_request *request; /* without targets; until_ns 0: there is no budget */
	uint64_t *weights; /* of cache states: what a round in each takes, added up here */
	enum order order;
	uint64_t seed, sample_seed; /* of the order; of the part that is measured */
};

/*
 * Puts the subjects into order, and what is measured of each in place of the whole; aims outside
 * programs at them. Fills load of the targets; the rest of them is there already.
 */
int budget_fit(const struct budget *budget, struct subject *subjects, struct target *targets,
	       struct err *err);

#endif
