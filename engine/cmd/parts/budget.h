/*
 * A run made to fit its budget: what cannot be measured whole in time is measured in part, and the
 * tree's facts say in which.
 */
#ifndef ENGINE_CMD_PARTS_BUDGET_H
#define ENGINE_CMD_PARTS_BUDGET_H

#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/subject.h"
#include "engine/measure/run.h"
#include "engine/order.h"

struct budget {
	size_t n_subjects; /* each gets the same share of the time */
	struct arms *arms;
	struct arena *arena;
	const struct run_request *request; /* without targets; until_ns 0: there is no budget */
	enum order order;
	uint64_t seed, sample_seed; /* of the order; of the part that is measured */
};

/*
 * Puts the subject into order, and what is measured of it in place of the whole; aims outside
 * programs at it. Fills target->load, which may change; the rest of target is there already.
 */
int budget_fit(const struct budget *budget, struct subject *subject, struct target *target,
	       struct err *err);

#endif
