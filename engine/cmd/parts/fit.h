/*
 * A run made to fit its budget: what cannot be measured whole in time is measured in part, and the
 * tree's facts say in which.
 */
#ifndef ENGINE_CMD_PARTS_FIT_H
#define ENGINE_CMD_PARTS_FIT_H

#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/subject.h"
#include "engine/measure/run.h"
#include "engine/order.h"

struct fit {
	struct subject *subject;
	struct arms *arms;
	struct arena *arena;
	const struct run_request *request; /* its load and tree are still to come */
	enum order order;
	uint64_t seed, sample_seed; /* of the order; of the part that is measured */
};

/*
 * Puts the subject into order, and what is measured of it in place of the whole; aims outside
 * programs at it. Without a budget that is the whole.
 */
int fit_budget(const struct fit *fit, struct err *err);

#endif
