#include "engine/gate/gate.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/base/stats.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/plan.h"

/* Slices of the tree. */

enum {
	SUBTREES_MAX = 16,
	LARGE = 100000, /* entries; for a larger tree a worker should not have to load the whole
			   tree for a part */
};

static const char *root_of(const struct workload *load)
{
	return load->root_len ? load->root : "/";
}

static int take_whole(struct gate_slices *p, const struct workload *load, struct arena *arena)
{
	p->items = arena_alloc(arena, sizeof(*p->items));
	if (!p->items)
		return -ENOMEM;
	p->items[0] = (struct gate_slice){.root = root_of(load)};
	p->n = 1;
	return 0;
}

static int cut_spans(struct gate_slices *p, const struct workload *load, uint64_t parts,
		     struct arena *arena)
{
	p->n = (size_t)MIN(MAX(parts, 1), load->n_spans);
	p->items = arena_alloc(arena, p->n * sizeof(*p->items));
	if (!p->items)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		p->items[i] = (struct gate_slice){
			.root = root_of(load),
			.first = (uint32_t)((uint64_t)load->n_spans * i / p->n),
			.end = (uint32_t)((uint64_t)load->n_spans * (i + 1) / p->n),
		};
	return 0;
}

/*
 * Counts the entries below each directory. Directories have the order of the entries that name
 * them, parents before children, so sums are added to the parents from the last directory to the
 * first.
 */
static void count_below(const struct workload *load, uint64_t *below, uint32_t *parents)
{
	uint32_t dir = 0;
	for (uint32_t i = 0; i < load->n_entries; i++) {
		if (load->entries[i].type == S_IFDIR && ++dir < load->n_dirs)
			parents[dir] = load->entries[i].dir;
	}
	for (uint32_t d = 0; d < load->n_dirs; d++)
		below[d] = load->dirs[d].count;
	for (uint32_t d = load->n_dirs - 1; d > 0; d--)
		below[parents[d]] += below[d];
}

/* Finds sub-trees of half to twice the size, at most SUBTREES_MAX. */
static int find_subtrees(struct gate_slices *p, const struct workload *load, uint64_t entries,
			 struct arena *arena)
{
	uint64_t *below = calloc(load->n_dirs, sizeof(*below));
	uint32_t *parents = calloc(load->n_dirs, sizeof(*parents));
	p->items = arena_alloc(arena, SUBTREES_MAX * sizeof(*p->items));
	int error = below && parents && p->items ? 0 : -ENOMEM;
	if (!error)
		count_below(load, below, parents);
	for (uint32_t d = 0; !error && d < load->n_dirs && p->n < SUBTREES_MAX; d++) {
		if (below[d] < (entries + 1) / 2 || below[d] > 2 * entries ||
		    (uint64_t)load->root_len + 1 + load->dirs[d].path_len >= PATH_MAX)
			continue; /* a worker cannot open a path beyond PATH_MAX */
		const char *path = load->dirs[d].path_len ? arena_print(arena, "%s/%s", load->root,
									workload_dir_path(load, d))
							  : root_of(load);
		p->items[p->n++] = (struct gate_slice){.root = path};
		error = path ? 0 : -ENOMEM;
	}
	free(below);
	free(parents);
	return error;
}

int gate_slices_cut(struct gate_slices *p, const struct workload *load, enum stage stage,
		    bool divisible, uint64_t wall_ns, struct arena *arena)
{
	*p = (struct gate_slices){0};
	if (!divisible || wall_ns <= GATE_SLICE_NS || !load->n_spans)
		return take_whole(p, load, arena);
	int error = 0;
	/*
	 * A slice has at least one entry, even if that takes longer than a slice should; an empty
	 * tree is refused.
	 */
	if (stage == STAGE_WALK || load->n_entries > LARGE)
		error = find_subtrees(p, load, MAX(load->n_entries * GATE_SLICE_NS / wall_ns, 1),
				      arena);
	if (error || p->n)
		return error;
	return stage == STAGE_FETCH ? cut_spans(p, load, wall_ns / GATE_SLICE_NS, arena)
				    : take_whole(p, load, arena);
}

/*
 * One unit: new processes for base, head and, in some cells, the control. They make passes in turn
 * over the same entries for some rounds, and are then ended.
 *
 * The memory layout of a process is fixed for its whole life, and makes all of its passes faster or
 * slower. So a process is one observation, however many passes it makes, and a unit gives one
 * value: the median over its rounds of ln(head / base). Passes alternate so that both sides have
 * the machine in the same state; their order is shuffled because the second of two has other caches
 * than the first.
 */

struct unit_request {
	struct peer_request peers[SIDES]; /* program NULL: takes no part */
	uint32_t rounds;                  /* at most UNIT_ROUNDS */
	uint64_t seed;                    /* for the order of passes */
};

struct unit {
	bool known[SIDES];      /* SIDE_HEAD, SIDE_CONTROL: there were enough clean rounds */
	double value[SIDES];    /* median of ln(side / base) */
	double ns[SIDES];       /* median time per entry */
	uint32_t rounds, clean; /* clean: rounds in which base and head were both clean */
	uint64_t entries;
	struct worker_ready ready[SIDES];
	char ways[SIDES][WHY_WORDS_MAX]; /* how each worked, if in another way; "": in its own */
};

struct workers {
	struct peer *peers[SIDES];
	size_t sides[SIDES]; /* the sides that take part */
	size_t n;
	struct worker_pass passes[SIDES][UNIT_ROUNDS];
};

/* All workers are started before waiting for the first: they load the tree at the same time. */
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
					"base and %s read different entries: digests %s and %s",
					r->peers[t->sides[i]].name, base->digest, other->digest);
	}
	unit->entries = unit->ready[SIDE_BASE].entries;
	return error;
}

static int run_rounds(struct workers *t, const struct unit_request *r, struct err *err)
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

/* Pairs the rounds in which both passes were undisturbed. Returns how many. */
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

/* The words of a pass are about all passes of its worker so far: the last ones are kept. */
static void keep_way(const struct workers *t, size_t side, uint32_t rounds, char *way, size_t size)
{
	for (uint32_t round = 0; round < rounds; round++) {
		const struct worker_pass *pass = &t->passes[side][round];
		if (pass->clean)
			snprintf(way, size, "%s", pass->why);
	}
}

static double per_entry(const struct workers *t, size_t side, uint32_t rounds, uint64_t entries)
{
	uint64_t wall_ns[UNIT_ROUNDS];
	for (uint32_t round = 0; round < rounds; round++)
		wall_ns[round] = t->passes[side][round].wall_ns;
	return (double)stats_median_u64(wall_ns, rounds) / (double)(entries ? entries : 1);
}

/*
 * 0 also if there were too few clean rounds. -EPROTO: two sides did not find the same entries;
 * otherwise the errors of a peer.
 */
static int unit_run(const struct unit_request *request, struct unit *unit, struct err *err)
{
	struct workers t = {.n = 0};
	*unit = (struct unit){.rounds = request->rounds};
	int error = start_all(&t, request, unit, err);
	if (!error)
		error = run_rounds(&t, request, err);
	for (size_t i = 0; i < t.n && !error; i++) {
		size_t side = t.sides[i];
		unit->ns[side] = per_entry(&t, side, request->rounds, unit->entries);
		keep_way(&t, side, request->rounds, unit->ways[side], sizeof(unit->ways[side]));
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

/* The cells of a gate, unit by unit. */

enum { TRIAL_PASSES = 3 };

struct gate {
	const struct gate_request *request;
	struct gate_facts *facts;
	struct arena *arena;
	struct gate_cell *cells;
	struct gate_slices *slices; /* one per cell */
	size_t n;
	uint64_t began_ns;
};

/* Idle CPUs come first; others are used only if there are too few. */
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
		idle_measure(r->topology, IDLE_WINDOW_NS);
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
	return error ? err_errno(err, error, "cannot choose CPUs") : 0;
}

static struct peer_request peer_of(const struct gate *g, const char *name,
				   const struct gate_arm *arm, const struct gate_slice *slice)
{
	const struct progress *progress = g->request->progress;
	return (struct peer_request){
		.name = name,
		.program = arm->program,
		.order = {.arm = arm->text,
			  .root = slice->root,
			  .cpus = g->facts->cpus,
			  .first = slice->first,
			  .end = slice->end,
			  .timeout_ns = g->request->timeout_ns},
		.stop = progress ? progress->stop : NULL,
	};
}

static bool stopped(const struct gate *g)
{
	return progress_stopped(g->request->progress);
}

/*
 * Stores the error that ended a cell in the cell, and returns 0; errors that concern all cells are
 * returned.
 */
static int record_error(struct gate *g, struct gate_cell *cell, int error, const struct err *why,
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
	/* Only a refusal by the worker: it does not know the arm, or cannot run it here. */
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
 * Makes passes over the whole tree on both sides: how fast base is, and the counts of both. If both
 * sides are identical, only base is tried, to check that it can run.
 */
static int try_out(struct gate *g, struct gate_cell *cell, struct worker_ready readies[2],
		   uint64_t *wall_ns, struct err *err)
{
	const struct gate_slice whole = {.root = g->request->root};
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
		error = err_set(err, -EPROTO,
				"base and head read different entries: digests %s and %s",
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

/*
 * Arms with the same stage, addressing and kind of jobs have similar inner loops, and share a
 * control.
 */
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
	struct worker_ready ready[2]; /* base and head */
	struct err why = {0};
	uint64_t wall_ns;
	int error = try_out(g, cell, ready, &wall_ns, &why);
	if (error)
		return record_error(g, cell, error, &why, err);
	if (cell->identical) {
		cell->done = true;
		return 0;
	}
	classify(g, index, &ready[0]);
	/* An outside program takes only a whole tree, and then so must the other side. */
	const bool divisible =
		ready[0].addressing != ADDRESS_NONE && ready[1].addressing != ADDRESS_NONE;
	error = gate_slices_cut(&g->slices[index], g->request->load,
				MAX(ready[0].stage, ready[1].stage), divisible, wall_ns, g->arena);
	return error ? err_errno(err, error, "cannot measure %s", cell->label) : 0;
}

/* Estimates from the units so far. Copies are sorted, because values must keep their order. */
static void estimate(struct gate *g, struct gate_cell *cell)
{
	double sorted[UNITS_MAX];
	/* Head's time is base's time times the paired ratio, so that the three figures agree. */
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

static int record_ways(struct gate *g, struct gate_cell *cell, const struct unit *unit)
{
	for (size_t side = 0; side < ARRAY_LEN(cell->ways); side++) {
		struct gate_way *way = &cell->ways[side];
		if (!unit->known[SIDE_HEAD] || !unit->ways[side][0])
			continue;
		way->units++;
		if (!same_text(way->words, unit->ways[side]))
			way->words = arena_copy(g->arena, unit->ways[side]);
		if (!way->words)
			return -ENOMEM;
	}
	return 0;
}

static void record_unit(struct gate *g, struct gate_cell *cell, const struct unit *unit)
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
	const struct gate_slices *p = &g->slices[index];
	const struct gate_slice *slice = &p->items[(cell->n + cell->lost) % p->n];
	const struct gate_arm control = {g->request->control, cell->base.text};
	struct unit_request request = {
		.peers = {[SIDE_BASE] = peer_of(g, "base", &cell->base, slice),
			  [SIDE_HEAD] = peer_of(g, "head", &cell->head, slice)},
		.rounds = UNIT_ROUNDS,
		.seed = rng_mix(g->request->seed ^
				rng_mix(index * UNITS_MAX * 4 + g->facts->units)),
	};
	struct unit unit;
	struct err why = {0};
	if (cell->has_control)
		request.peers[SIDE_CONTROL] = peer_of(g, "control", &control, slice);
	int error = unit_run(&request, &unit, &why);
	g->facts->units++;
	if (error)
		return record_error(g, cell, error, &why, err);
	if (record_ways(g, cell, &unit))
		return err_set(err, -ENOMEM, "%s: out of memory", cell->label);
	record_unit(g, cell, &unit);
	if (unit.known[SIDE_HEAD])
		return 0;
	/* Another process probably uses these CPUs now, so others are chosen. */
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

/* Runs one unit of every cell that is not done. */
static int run_unit_of_each(struct gate *g, uint32_t sweep, size_t *order, struct err *err)
{
	int error = 0;
	plan_round(g->request->seed, sweep, order, g->n);
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

/* Each cell gets a unit before any gets another, so that all of them are equally precise when time
 * is up. */
static int run_units(struct gate *g, struct err *err)
{
	size_t *order = calloc(plan_room(g->n), sizeof(*order));
	int error = order ? 0 : err_errno(err, -ENOMEM, "cannot measure");
	for (uint32_t sweep = 0; !error && units_left(g) && !g->facts->out_of_time; sweep++)
		error = run_unit_of_each(g, sweep, order, err);
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
		.slices = calloc(n, sizeof(*g.slices)),
		.n = n,
		.began_ns = clock_ns(),
	};
	*facts = (struct gate_facts){0};
	int error = g.slices ? choose_cpus(&g, err) : err_errno(err, -ENOMEM, "cannot measure");
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
	free(g.slices);
	return error ? err_errno(err, error, "cannot measure") : 0;
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
