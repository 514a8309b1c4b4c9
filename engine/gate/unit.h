/*
 * One unit of the gate: fresh processes for base, head and perhaps the control, which take turns
 * pass by pass over the same entries for some rounds, and are then ended.
 *
 * A process has its own layout of memory, and what that costs or saves, it costs or saves for all
 * of its life; so however many passes it makes, it is one observation. That is why a unit gives one
 * value: the median over its rounds of ln(head / base). Turns, because both sides of a round see
 * the machine in the same state, and shuffled ones, because the second of two finds other caches
 * than the first.
 */
#ifndef ENGINE_GATE_UNIT_H
#define ENGINE_GATE_UNIT_H

#include "engine/gate/worker/peer.h"

enum side { SIDE_BASE, SIDE_HEAD, SIDE_CONTROL, SIDES };

enum {
	UNIT_ROUNDS = 24,
	UNIT_ROUNDS_LEAST = 8, /* clean rounds that a value wants */
};

struct unit_request {
	struct peer_request peers[SIDES]; /* with program NULL: takes no part */
	uint32_t rounds;                  /* at most UNIT_ROUNDS */
	uint64_t seed;                    /* of the order of turns */
};

struct unit {
	bool known[SIDES];      /* by SIDE_HEAD, SIDE_CONTROL: enough rounds were clean */
	double value[SIDES];    /* median of ln(side / base) */
	double ns[SIDES];       /* median time per entry */
	uint32_t rounds, clean; /* clean: of base and head both */
	uint64_t entries;
	struct worker_ready ready[SIDES];
};

/*
 * 0 also when too few rounds were clean. -EPROTO: base and head did not see the same tree;
 * otherwise the errors of a peer.
 */
int unit_run(const struct unit_request *request, struct unit *unit, struct err *err);

#endif
