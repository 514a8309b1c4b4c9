#include "engine/gate/unit.h"

#include <errno.h>
#include <string.h>

#include "engine/base/stats.h"
#include "engine/measure/choose/plan.h"

struct workers {
	struct peer *peers[SIDES];
	size_t sides[SIDES]; /* those that take part */
	size_t n;
	struct worker_pass passes[SIDES][UNIT_ROUNDS];
};

/* All are started before the first is waited for: they load the tree at the same time. */
static int start_all(struct workers *t, const struct unit_request *r, struct unit *unit,
		     struct err *err)
{
	int error = 0;
	for (size_t side = 0; side < SIDES && !error; side++) {
		if (!r->peers[side].program)
			continue;
		t->sides[t->n++] = side;
		error = peer_start(&t->peers[side], &r->peers[side], err);
	}
	for (size_t i = 0; i < t->n && !error; i++)
		error = peer_ready(t->peers[t->sides[i]], &unit->ready[t->sides[i]], err);
	for (size_t i = 1; i < t->n && !error; i++) {
		const struct worker_ready *base = &unit->ready[SIDE_BASE];
		const struct worker_ready *other = &unit->ready[t->sides[i]];
		if (strcmp(base->digest, other->digest) != 0)
			error = err_set(err, -EPROTO,
					"base and %s do not see the same entries: %s, %s",
					r->peers[t->sides[i]].name, base->digest, other->digest);
	}
	unit->entries = unit->ready[SIDE_BASE].entries;
	return error;
}

static int take_turns(struct workers *t, const struct unit_request *r, struct err *err)
{
	for (uint32_t round = 0; round < r->rounds; round++) {
		size_t order[3 * SIDES + 2]; /* plan_room(SIDES) */
		plan_round(r->seed, round, order, t->n);
		for (size_t i = 0; i < t->n; i++) {
			size_t side = t->sides[order[i]];
			int error = peer_pass(t->peers[side], &t->passes[side][round], err);
			if (error)
				return error;
		}
	}
	return 0;
}

/* Both passes of a round must have been left alone. */
static uint32_t pair(const struct workers *t, enum side side, uint32_t rounds, double *value)
{
	uint64_t a[UNIT_ROUNDS], b[UNIT_ROUNDS];
	double logs[UNIT_ROUNDS];
	uint32_t n = 0;
	for (uint32_t round = 0; round < rounds; round++) {
		const struct worker_pass *base = &t->passes[SIDE_BASE][round];
		const struct worker_pass *other = &t->passes[side][round];
		if (!base->clean || !other->clean)
			continue;
		a[n] = other->wall_ns;
		b[n++] = base->wall_ns;
	}
	stats_logs(a, b, n, logs);
	*value = stats_middle(logs, n);
	return n;
}

static double per_entry(const struct workers *t, size_t side, uint32_t rounds, uint64_t entries)
{
	uint64_t wall_ns[UNIT_ROUNDS];
	for (uint32_t round = 0; round < rounds; round++)
		wall_ns[round] = t->passes[side][round].wall_ns;
	return (double)stats_median_u64(wall_ns, rounds) / (double)(entries ? entries : 1);
}

int unit_run(const struct unit_request *request, struct unit *unit, struct err *err)
{
	struct workers t = {.n = 0};
	*unit = (struct unit){.rounds = request->rounds};
	int error = start_all(&t, request, unit, err);
	if (!error)
		error = take_turns(&t, request, err);
	for (size_t i = 0; i < t.n && !error; i++) {
		size_t side = t.sides[i];
		unit->ns[side] = per_entry(&t, side, request->rounds, unit->entries);
		if (side == SIDE_BASE)
			continue;
		uint32_t clean = pair(&t, (enum side)side, request->rounds, &unit->value[side]);
		unit->known[side] = clean >= UNIT_ROUNDS_LEAST;
		if (side == SIDE_HEAD)
			unit->clean = clean;
	}
	for (size_t side = 0; side < SIDES; side++)
		peer_stop(t.peers[side]);
	return error;
}
