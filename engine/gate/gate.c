#include "engine/gate/gate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "engine/gate/portion.h"
#include "engine/host/idle.h"
#include "engine/measure/choose/plan.h"

enum { TRIAL_PASSES = 3 };

struct gate {
	const struct gate_request *request;
	struct gate_facts *facts;
	struct arena *arena;
	struct gate_cell *cells;
	struct portions *portions; /* one per cell */
	size_t n;
	uint64_t began_ns;
};

/* Those that are idle come first; the others only if these do not suffice. */
static const char *cpus_text(const struct gate *g, const int *cpus, unsigned all)
{
	const struct gate_request *r = g->request;
	const unsigned n = MIN(r->jobs, all);
	const unsigned idle = MAX(all - topology_busy(r->topology), n);
	int *chosen = calloc(n, sizeof(*chosen));
	for (unsigned i = 0; chosen && i < n; i++)
		chosen[i] = cpus[r->other_cpus ? (i + r->jobs) % idle : i];
	const char *text = chosen ? pin_list_text(chosen, n, g->arena) : NULL;
	free(chosen);
	return text;
}

static int choose_cpus(struct gate *g, struct err *err)
{
	const struct gate_request *r = g->request;
	const unsigned all = topology_allowed(r->topology);
	int *cpus = calloc(all, sizeof(*cpus));
	int error = cpus ? 0 : -ENOMEM;
	if (!error) {
		idle_look(r->topology, IDLE_WINDOW_NS);
		error = topology_place(r->topology, pin_of(PIN_COMPACT), all, cpus, err);
	}
	if (topology_pin(r->topology, pin_of(PIN_COMPACT))->policy == PIN_NONE) {
		g->facts->is_unbound = true;
		g->facts->cpus = pin_policy_name(PIN_NONE);
	} else if (!error) {
		g->facts->cpus = cpus_text(g, cpus, all);
		error = g->facts->cpus ? 0 : -ENOMEM;
	}
	free(cpus);
	return error ? err_errno(err, error, "choosing CPUs") : 0;
}

static struct peer_request peer_of(const struct gate *g, const char *name,
				   const struct gate_arm *arm, const struct portion *portion)
{
	const struct progress *progress = g->request->progress;
	return (struct peer_request){
		.name = name,
		.program = arm->program,
		.order = {.arm = arm->text,
			  .root = portion->root,
			  .cpus = g->facts->cpus,
			  .first = portion->first,
			  .end = portion->end,
			  .timeout_ns = g->request->timeout_ns},
		.stop = progress ? progress->stop : NULL,
	};
}

static bool stopped(const struct gate *g)
{
	return progress_stopped(g->request->progress);
}

/* What became of a cell, by the error that ended it. Errors that concern everything go on. */
static int settle(struct gate *g, struct gate_cell *cell, int error, const struct err *why,
		  struct err *err)
{
	const char *text = arena_copy(g->arena, why->text);
	if (stopped(g))
		return -EINTR;
	if (error == -ENOMEM || !text)
		return err_set(err, -ENOMEM, "%s: out of memory", cell->label);
	cell->done = true;
	if (error == -EMFILE || error == -EAGAIN)
		return err_set(err, error, "%s", why->text);
	/* Only a worker's own refusal: what it does not know, or what cannot run here. */
	if (error == -EINVAL || error == -ENOTSUP) {
		cell->error = error;
		cell->incomparable = g->request->tolerant ? text : NULL;
		if (g->request->tolerant)
			return 0;
		if (error == -ENOTSUP)
			return err_set(err, error, "%s", why->text);
	}
	cell->error = -EBADMSG;
	cell->invalid = text;
	return 0;
}

/*
 * Passes over the whole tree on both sides: how fast base is, and what both count. Of two sides
 * that are the same thing one is tried: that it can run at all.
 */
static int try_out(struct gate *g, struct gate_cell *cell, struct worker_ready readies[2],
		   uint64_t *wall_ns, struct err *err)
{
	const struct portion whole = {.root = g->request->root};
	const struct peer_request requests[] = {peer_of(g, "base", &cell->base, &whole),
						peer_of(g, "head", &cell->head, &whole)};
	struct peer *peers[ARRAY_LEN(requests)] = {NULL};
	const size_t n = cell->identical ? 1 : ARRAY_LEN(peers);
	struct worker_pass pass;
	int error = 0;
	for (size_t i = 0; i < n && !error; i++)
		error = peer_start(&peers[i], &requests[i], err);
	for (size_t i = 0; i < n && !error; i++)
		error = peer_ready(peers[i], &readies[i], err);
	if (!error && n > 1 && strcmp(readies[0].digest, readies[1].digest) != 0)
		error = err_set(err, -EPROTO, "base and head do not see the same entries: %s, %s",
				readies[0].digest, readies[1].digest);
	*wall_ns = UINT64_MAX;
	for (size_t i = 0; i < n && !error; i++) {
		for (int p = 0; p < TRIAL_PASSES && !error; p++) {
			error = peer_pass(peers[i], &pass, err);
			if (!error && i == 0)
				*wall_ns = MIN(*wall_ns, pass.wall_ns);
		}
		if (!error)
			error = peer_counts(peers[i], &cell->counts[i], err);
	}
	for (size_t i = 0; i < ARRAY_LEN(peers); i++)
		peer_stop(peers[i]);
	return error;
}

/* Arms that answer the same way have the same kind of inner loop, and share a control. */
static void classify(struct gate *g, size_t index, const struct worker_ready *ready)
{
	struct gate_cell *cell = &g->cells[index];
	cell->class = ((unsigned)ready->stage * 4 + (unsigned)ready->addressing) * 2;
	cell->class += ready->jobs > 1;
	cell->has_control = g->request->control != NULL;
	for (size_t i = 0; i < index; i++) {
		if (g->cells[i].has_control && g->cells[i].class == cell->class)
			cell->has_control = false;
	}
}

static int prepare_cell(struct gate *g, size_t index, struct err *err)
{
	struct gate_cell *cell = &g->cells[index];
	struct worker_ready ready[2]; /* of base and head */
	struct err why = {0};
	uint64_t wall_ns;
	int error = try_out(g, cell, ready, &wall_ns, &why);
	if (error)
		return settle(g, cell, error, &why, err);
	if (cell->identical) {
		cell->done = true;
		return 0;
	}
	classify(g, index, &ready[0]);
	/* An outside program is given a root, and whoever it is compared with the same. */
	const bool divisible =
		ready[0].addressing != ADDRESS_NONE && ready[1].addressing != ADDRESS_NONE;
	error = portions_cut(&g->portions[index], g->request->load,
			     MAX(ready[0].stage, ready[1].stage), divisible, wall_ns, g->arena);
	return error ? err_errno(err, error, "%s", cell->label) : 0;
}

/* What is known after the units so far; sorts copies, because values stay in their order. */
static void estimate(struct gate *g, struct gate_cell *cell)
{
	double sorted[UNITS_MAX];
	/* Head's time is base's times the paired ratio: what stands side by side then agrees. */
	memcpy(sorted, cell->base_ns, sizeof(sorted));
	cell->ns[SIDE_BASE] = stats_middle(sorted, cell->n);
	memcpy(sorted, cell->values, sizeof(sorted));
	cell->ns[SIDE_HEAD] = cell->ns[SIDE_BASE] * exp(stats_middle(sorted, cell->n));
	stats_ratio_of(sorted, cell->n, g->request->confidence, &cell->ratio);
	memcpy(sorted, cell->controls, sizeof(sorted));
	stats_ratio_of(sorted, cell->n_controls, g->request->confidence, &cell->control);
	cell->ratio.reason = cell->ratio.known ? NULL : "too few units for an interval";
	cell->control.reason = cell->control.known ? NULL : "too few units for an interval";
	cell->narrow = cell->ratio.known && (cell->ratio.hi - cell->ratio.lo) / 2 <= GATE_PRECISION;
}

static void judge_progress(struct gate *g, struct gate_cell *cell)
{
	if (cell->n >= UNITS_LEAST && (cell->n - UNITS_LEAST) % UNITS_STEP == 0) {
		estimate(g, cell);
		cell->done = cell->narrow;
	}
	if (cell->n == UNITS_MAX)
		cell->done = true;
}

static void keep(struct gate *g, struct gate_cell *cell, const struct unit *unit)
{
	cell->rounds += unit->rounds;
	cell->clean += unit->clean;
	cell->entries = unit->entries;
	if (!unit->known[SIDE_HEAD]) {
		cell->lost++;
		cell->done = cell->lost == UNITS_LOST_MAX;
		return;
	}
	cell->base_ns[cell->n] = unit->ns[SIDE_BASE];
	cell->values[cell->n++] = unit->value[SIDE_HEAD];
	if (cell->has_control && unit->known[SIDE_CONTROL])
		cell->controls[cell->n_controls++] = unit->value[SIDE_CONTROL];
	judge_progress(g, cell);
}

static int run_unit(struct gate *g, size_t index, struct err *err)
{
	struct gate_cell *cell = &g->cells[index];
	const struct portions *p = &g->portions[index];
	const struct portion *portion = &p->items[(cell->n + cell->lost) % p->n];
	const struct gate_arm control = {g->request->control, cell->base.text};
	struct unit_request request = {
		.peers = {[SIDE_BASE] = peer_of(g, "base", &cell->base, portion),
			  [SIDE_HEAD] = peer_of(g, "head", &cell->head, portion)},
		.rounds = UNIT_ROUNDS,
		.seed = rng_mix(g->request->seed ^
				rng_mix(index * UNITS_MAX * 4 + g->facts->units)),
	};
	struct unit unit;
	struct err why = {0};
	if (cell->has_control)
		request.peers[SIDE_CONTROL] = peer_of(g, "control", &control, portion);
	int error = unit_run(&request, &unit, &why);
	g->facts->units++;
	if (error)
		return settle(g, cell, error, &why, err);
	keep(g, cell, &unit);
	if (unit.known[SIDE_HEAD])
		return 0;
	/* Somebody has come to these CPUs. */
	g->facts->lost++;
	return choose_cpus(g, err);
}

static bool out_of_time(const struct gate *g)
{
	return g->request->budget_ns && clock_ns() - g->began_ns > g->request->budget_ns;
}

static uint64_t units_left(const struct gate *g)
{
	uint64_t left = 0;
	for (size_t i = 0; i < g->n; i++) {
		const struct gate_cell *cell = &g->cells[i];
		uint32_t next = cell->n < UNITS_LEAST ? UNITS_LEAST : cell->n + UNITS_STEP;
		left += cell->done ? 0 : next - cell->n;
	}
	return left;
}

/* A unit of every cell that is not done. */
static int run_turn(struct gate *g, uint32_t turn, size_t *order, struct err *err)
{
	int error = 0;
	plan_round(g->request->seed, turn, order, g->n);
	for (size_t i = 0; i < g->n && !error; i++) {
		g->facts->out_of_time = out_of_time(g);
		if (g->facts->out_of_time)
			break;
		progress_report(g->request->progress, "measuring, units", g->facts->units,
				g->facts->units + units_left(g));
		if (!g->cells[order[i]].done)
			error = stopped(g) ? -EINTR : run_unit(g, order[i], err);
	}
	return error;
}

/* Each cell in turn, so that all of them are known equally well when the time is up. */
static int run_units(struct gate *g, struct err *err)
{
	size_t *order = calloc(plan_room(g->n), sizeof(*order));
	int error = order ? 0 : err_errno(err, -ENOMEM, "measuring");
	for (uint32_t turn = 0; !error && units_left(g) && !g->facts->out_of_time; turn++)
		error = run_turn(g, turn, order, err);
	free(order);
	return error;
}

int gate_run(const struct gate_request *request, struct gate_cell *cells, size_t n,
	     struct gate_facts *facts, struct arena *arena, struct err *err)
{
	struct gate g = {
		.request = request,
		.facts = facts,
		.arena = arena,
		.cells = cells,
		.portions = calloc(n, sizeof(*g.portions)),
		.n = n,
		.began_ns = clock_ns(),
	};
	*facts = (struct gate_facts){0};
	int error = g.portions ? choose_cpus(&g, err) : err_errno(err, -ENOMEM, "measuring");
	for (size_t i = 0; i < n && !error; i++) {
		progress_report(request->progress, "trying out, cells", i, n);
		cells[i].done = cells[i].skip;
		error = cells[i].skip ? 0 : stopped(&g) ? -EINTR : prepare_cell(&g, i, err);
	}
	if (!error)
		error = run_units(&g, err);
	for (size_t i = 0; i < n; i++) {
		if (!cells[i].skip && !cells[i].identical)
			estimate(&g, &cells[i]);
	}
	facts->spent_ns = clock_ns() - g.began_ns;
	free(g.portions);
	return error ? err_errno(err, error, "measuring") : 0;
}

static const struct gate_cell *control_of(const struct gate_cell *cells, size_t n,
					  const struct gate_cell *cell)
{
	for (size_t i = 0; i < n; i++) {
		if (cells[i].has_control && cells[i].class == cell->class)
			return &cells[i];
	}
	return NULL;
}

const struct estimate *gate_control(const struct gate_cell *cells, size_t n,
				    const struct gate_cell *cell)
{
	const struct gate_cell *other = control_of(cells, n, cell);
	return other ? &other->control : NULL;
}

double gate_control_bound(const struct estimate *control)
{
	return control && control->known ? MAX(control->hi, 1 / control->lo) - 1 : 0;
}
