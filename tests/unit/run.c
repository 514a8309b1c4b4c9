/*
 * Budgets hold: rounds over strategies whose passes take as long as the test says, by a clock that
 * only they move.
 */
#include "engine/measure/run.h"

#include <errno.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/measure/scout.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { CELLS = 3, ENTRIES = 5 };
#define SECOND NS_PER_SECOND

static const struct fs_facts on_tmpfs = {.type = "tmpfs"};

/* What passes take, and the clock that they move. A strategy's hooks have no argument of ours. */
static _Atomic uint64_t now_ns;  /* read by the crew while workers move it */
static _Atomic uint64_t tick_ns; /* and that one look at the clock moves it by */
static uint64_t pass_ns, last_began_ns;
static unsigned passes;

/* When a pass outlasts the clock; how many did, and whether one had to end by itself. */
static uint64_t outlast_ns;
static unsigned outlasted;
static bool gave_up;

static uint64_t driven_clock(void *arg)
{
	(void)arg;
	return atomic_fetch_add(&now_ns, tick_ns) + tick_ns;
}

/* Once for each pass, whatever the number of workers. */
static int take_time(struct cell *cell)
{
	(void)cell;
	last_began_ns = now_ns;
	now_ns += pass_ns;
	passes++;
	return 0;
}

static int do_nothing(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span))
		;
	return 0;
}

/*
 * The first pass at that time has work for as long as its worker is given any; within bounds, so
 * that a worker which nobody stops is a test that fails, not one that hangs.
 */
static int outlast(struct worker *w)
{
	enum { TRIES = 30000 }; /* of a millisecond */
	struct workload_span span;
	if (now_ns < outlast_ns || outlasted)
		return do_nothing(w);
	outlasted++;
	for (unsigned tries = 0; worker_take(w, &span); tries++) {
		if (tries == TRIES) {
			gave_up = true;
			return 0;
		}
		atomic_store(&w->cell->cursor->next, 0);
		usleep(1000);
	}
	return 0;
}

static const struct strategy lasting = {
	.name = "lasting",
	.flags = STRATEGY_FLOOR,
	.answer = {.addressing = ADDRESS_NONE},
	.prepare = take_time,
	.run = outlast,
};

/* Leaves its entries without an answer. Only then the verifier's looks take time. */
static int answer_nothing(struct worker *w)
{
	tick_ns = outlast_ns;
	return do_nothing(w);
}

static const struct strategy silent = {
	.name = "silent",
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.prepare = take_time,
	.run = answer_nothing,
};

static const struct strategy scripted = {
	.name = "scripted",
	.flags = STRATEGY_FLOOR,
	.answer = {.addressing = ADDRESS_NONE},
	.prepare = take_time,
	.run = do_nothing,
};

struct fixture {
	struct scratch scratch;
	struct workload *load;
	struct topology *topology;
	struct cell_spec cells[CELLS];
	struct selection selection;
	struct cache_control control;
	struct target target;
	struct run_request request;
	struct result *result;
};

static int set_up(void **state)
{
	static const char *const ids[CELLS] = {"a/j1", "b/j1", "c/j1"};
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	assert_true(scratch_make(&f->scratch));
	for (int i = 0; i < ENTRIES; i++) {
		char name[16];
		snprintf(name, sizeof(name), "f%d", i);
		assert_true(scratch_file(f->scratch.fd, name, i));
	}
	assert_int_equal(workload_load(&f->load, f->scratch.path, NULL, NULL, NULL), 0);
	assert_int_equal(topology_open(&f->topology, NULL, NULL), 0);
	for (int i = 0; i < CELLS; i++)
		f->cells[i] = (struct cell_spec){.strategy = &scripted,
						 .jobs = 1,
						 .is_baseline = i == 0,
						 .label = ids[i],
						 .id = ids[i]};
	f->selection = (struct selection){f->cells, CELLS, 1};
	f->result = result_new();
	assert_non_null(f->result);
	f->target = (struct target){
		.load = f->load,
		.where = &on_tmpfs,
		.tree = "tree0",
		.fs = "fs0",
		.control = &f->control,
	};
	f->request = (struct run_request){
		.targets = &f->target,
		.n_targets = 1,
		.topology = f->topology,
		.selection = &f->selection,
		.pin = pin_of(PIN_NONE),
		.states = 1U << CACHE_WARM,
		.rounds = 1000,
		.seed = 1,
		.clock = driven_clock,
	};
	now_ns = SECOND;
	tick_ns = 0;
	passes = outlasted = 0;
	gave_up = false;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	result_free(f->result);
	topology_close(f->topology);
	workload_free(f->load);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static void measure(struct fixture *f, uint64_t one_pass_ns, uint64_t budget_ns)
{
	result_free(f->result);
	f->result = result_new();
	assert_non_null(f->result);
	pass_ns = one_pass_ns;
	f->request.until_ns = now_ns + budget_ns;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_true(last_began_ns < f->request.until_ns);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
}

static void no_pass_begins_when_the_time_is_up(void **state)
{
	struct fixture *f = *state;
	for (uint64_t seconds = 10; seconds < 60; seconds += 7)
		measure(f, SECOND, seconds * SECOND);
}

/* The round that the time ends in is not lost: its passes count as far as they came. */
static void a_round_stops_in_the_middle(void **state)
{
	struct fixture *f = *state;
	measure(f, SECOND, 10 * SECOND);
	assert_true(now_ns >= f->request.until_ns);
	size_t kept = 0;
	for (size_t i = 0; i < f->result->n_cells; i++)
		kept += f->result->cells[i].n_passes;
	assert_true(kept > 0);
	assert_true(f->result->run.rounds_done < 3);
}

static void use(struct fixture *f, const struct strategy *strategy)
{
	for (int i = 0; i < CELLS; i++)
		f->cells[i].strategy = strategy;
}

static size_t kept_passes(const struct fixture *f)
{
	size_t kept = 0;
	for (size_t i = 0; i < f->result->n_cells; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		assert_int_equal(cell->status, STATUS_OK);
		kept += cell->n_passes;
		for (size_t p = 0; p < cell->n_passes; p++)
			assert_true(cell->passes[p].verified);
	}
	return kept;
}

/* Two rounds of four passes, without priming; the ninth outlasts the time. */
static void a_pass_under_way_at_the_end_is_cut(void **state)
{
	struct fixture *f = *state;
	use(f, &lasting);
	f->request.states = 1U << CACHE_AS_IS;
	outlast_ns = now_ns + 60 * SECOND;
	measure(f, 7 * SECOND, 60 * SECOND);
	assert_int_equal(outlasted, 1);
	assert_false(gave_up);
	assert_int_equal(f->result->run.rounds_done, 2);
	assert_int_equal(kept_passes(f), 8);
}

/* A second cache state has half of the time for itself, and its passes are whole again. */
static void after_a_pass_that_was_cut_others_go_on(void **state)
{
	struct fixture *f = *state;
	use(f, &lasting);
	f->request.states |= 1U << CACHE_AS_IS;
	outlast_ns = now_ns + 120 * SECOND;
	pass_ns = 10 * SECOND;
	f->request.until_ns = now_ns + 240 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(outlasted, 1);
	assert_false(gave_up);
	assert_int_equal(f->result->n_cells, 2 * CELLS);
	for (size_t i = CELLS; i < f->result->n_cells; i++)
		assert_true(f->result->cells[i].n_passes > 0);
}

static size_t passes_of_state(const struct fixture *f, enum cache_state cache)
{
	size_t n = 0;
	for (size_t i = 0; i < f->result->n_cells; i++)
		n += f->result->cells[i].cache == cache ? f->result->cells[i].n_passes : 0;
	return n;
}

/* A state whose rounds take long gets more of the time, and so about as many of them. */
static void states_share_the_time_by_what_their_rounds_take(void **state)
{
	struct fixture *f = *state;
	static const uint64_t weights[CACHE_STATES] = {[CACHE_AS_IS] = 9, [CACHE_WARM] = 3};
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	measure(f, SECOND, 400 * SECOND);
	const size_t even = passes_of_state(f, CACHE_AS_IS);
	assert_in_range(even, 190, 200);
	f->request.weights = weights;
	measure(f, SECOND, 400 * SECOND);
	assert_in_range(passes_of_state(f, CACHE_AS_IS), 285, 300);
	/* Priming goes on while passes differ, which really take time: up to a quarter of it. */
	assert_in_range(passes_of_state(f, CACHE_WARM), 74, 100);
}

/* The priming of the second state is no part of a unit that the first left incomplete. */
static void each_state_begins_a_unit_of_steal(void **state)
{
	struct fixture *f = *state;
	const struct run_facts *run = &f->result->run;
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	f->request.rounds = 3;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	if (!run->n_units)
		skip_because("/proc/stat does not tell what is stolen");
	uint32_t first_rounds[2] = {0};
	size_t firsts = 0;
	for (size_t i = 0; i < run->n_units; i++) {
		const uint32_t first = run->units[i].first_round;
		assert_true(first + run->units[i].rounds <= (first < 3 ? 3 : 6));
		if (first % 3 == 0 && firsts < ARRAY_LEN(first_rounds))
			first_rounds[firsts++] = first;
	}
	assert_int_equal(firsts, 2);
	assert_int_equal(first_rounds[1], 3);
}

static void no_state_is_left_without_time(void **state)
{
	struct fixture *f = *state;
	static const uint64_t weights[CACHE_STATES] = {[CACHE_AS_IS] = 0, [CACHE_WARM] = 5};
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	f->request.weights = weights;
	measure(f, SECOND, 400 * SECOND);
	assert_in_range(passes_of_state(f, CACHE_AS_IS), 40, 50);
}

/* Two looks at five entries, by a clock that moves whenever it is looked at. */
static void a_reference_that_takes_too_long_is_said(void **state)
{
	struct fixture *f = *state;
	use(f, &silent);
	tick_ns = SECOND;
	f->request.until_ns = now_ns + 6 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(passes, 0);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
	for (size_t i = 0; i < CELLS; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		assert_int_equal(cell->status, STATUS_INVALID);
		assert_non_null(strstr(cell->reason, "the time was up"));
	}
}

static void wrong_answers_are_looked_into(void **state)
{
	struct fixture *f = *state;
	use(f, &silent);
	outlast_ns = 0;
	f->request.until_ns = now_ns + 100 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(f->result->cells[i].status, STATUS_FAILED);
}

/* Then nobody knows whether the strategy or the tree is to blame. */
static void but_not_beyond_the_time(void **state)
{
	struct fixture *f = *state;
	use(f, &silent);
	pass_ns = SECOND;
	outlast_ns = 40 * SECOND;
	f->request.until_ns = now_ns + 100 * SECOND;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(passes, 1);
	assert_int_equal(kept_passes(f), 0);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
}

static void a_scout_whose_look_takes_too_long_tells_the_least(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	use(f, &silent);
	tick_ns = SECOND;
	f->request.until_ns = now_ns + 6 * SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(passes, 0);
	assert_true(scout.look_ns > 0);
	assert_int_equal(scout.round_ns, scout.look_ns);
}

/* At most two passes of each cell, one of those that come after the first half. */
static void priming_leaves_time_for_rounds(void **state)
{
	struct fixture *f = *state;
	measure(f, 10 * SECOND, 120 * SECOND);
	size_t kept = 0;
	for (size_t i = 0; i < f->result->n_cells; i++)
		kept += f->result->cells[i].n_passes;
	assert_true(passes - kept <= 2 * CELLS + 1);
	assert_true(kept >= CELLS);
}

static void latency_passes_are_the_first_to_go(void **state)
{
	struct fixture *f = *state;
	f->request.sample = 1;
	measure(f, 4 * SECOND, 60 * SECOND);
	for (size_t i = 0; i < f->result->n_cells; i++)
		assert_int_equal(f->result->cells[i].latency.n_passes, 0);
}

static void rounds_without_a_budget_are_all_made(void **state)
{
	struct fixture *f = *state;
	pass_ns = 1000 * SECOND;
	f->request.rounds = 12;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->run.rounds_done, 12);
	assert_int_equal(f->result->run.stopped, STOP_NONE);
}

/* A rule of the caller's own: asked after each round, when that is in the result. */
struct asking {
	struct result *result;
	uint32_t asked, rounds_most;
	int error;
};

static int ask_enough(void *arg, bool *enough)
{
	struct asking *a = arg;
	a->asked++;
	assert_int_equal(a->result->run.rounds_done, a->asked);
	assert_true(a->result->cells[1].n_passes >= a->asked);
	*enough = a->asked == a->rounds_most;
	return *enough ? a->error : 0;
}

static void a_caller_says_when_rounds_are_enough(void **state)
{
	struct fixture *f = *state;
	struct asking asking = {.result = f->result, .rounds_most = 5};
	f->request.enough = ask_enough;
	f->request.arg = &asking;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->run.rounds_done, 5);
	result_free(f->result);
	f->result = result_new();
	assert_non_null(f->result);
	asking = (struct asking){.result = f->result, .rounds_most = 3, .error = -ENOMEM};
	assert_int_equal(run_cells(&f->request, f->result, NULL), -ENOMEM);
	assert_int_equal(asking.asked, 3);
}

/* The command would take longer than all tests; it is no cell's fault that it was ended. */
static void a_command_ends_with_the_time(void **state)
{
	struct fixture *f = *state;
	f->control.prepare_command = "sleep 1000";
	f->request.until_ns = now_ns + SECOND / 5;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
	assert_int_equal(kept_passes(f), 0);
}

/* That it had no time left is not the reason then. */
static void a_command_that_ends_with_the_time_and_leaves_no_tree_fails(void **state)
{
	struct fixture *f = *state;
	char aside[PATH_MAX + 8], command[2 * PATH_MAX + 64];
	snprintf(aside, sizeof(aside), "%s.aside", f->scratch.path);
	snprintf(command, sizeof(command), "mv '%s' '%s'; sleep 1000", f->scratch.path, aside);
	f->control.prepare_command = command;
	f->request.until_ns = now_ns + SECOND;
	int error = run_cells(&f->request, f->result, NULL);
	assert_int_equal(rename(aside, f->scratch.path), 0);
	assert_int_equal(error, 0);
	for (size_t i = 0; i < f->result->n_cells; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		assert_int_equal(cell->status, STATUS_FAILED);
		if (strncmp(cell->reason, "opening ", 8) != 0)
			fail_msg("'%s'", cell->reason);
	}
}

/* A tree of its own, with a file less, for the second half of the targets. */
static void with_second(struct fixture *f, struct target targets[2], struct scratch *other,
			struct workload **load)
{
	targets[0] = targets[1] = f->target;
	targets[0].label = "one";
	targets[1].label = "two";
	targets[1].tree = "tree1";
	assert_true(scratch_make(other));
	for (int i = 1; i < ENTRIES; i++) {
		char name[16];
		snprintf(name, sizeof(name), "g%d", i);
		assert_true(scratch_file(other->fd, name, i));
	}
	assert_int_equal(workload_load(load, other->path, NULL, NULL, NULL), 0);
	targets[1].load = *load;
	f->request.targets = targets;
	f->request.n_targets = 2;
}

static void targets_are_interleaved_round_by_round(void **state)
{
	struct fixture *f = *state;
	struct target targets[2];
	struct scratch other;
	struct workload *load;
	unsigned firsts[2] = {0, 0};
	with_second(f, targets, &other, &load);
	f->request.rounds = 20;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->n_cells, 2 * CELLS);
	for (size_t i = 0; i < 2 * CELLS; i++) {
		const struct cell_result *cell = &f->result->cells[i];
		const bool second = i >= CELLS;
		assert_int_equal(cell->status, STATUS_OK);
		assert_int_equal(cell->entries, second ? ENTRIES - 1 : ENTRIES);
		assert_string_equal(cell->tree, second ? "tree1" : "tree0");
		assert_non_null(strstr(cell->id, second ? "@two" : "@one"));
		assert_ptr_equal(result_baseline_of(f->result, cell),
				 &f->result->cells[second ? CELLS : 0]);
		for (size_t p = 0; p < cell->n_passes; p++)
			firsts[second] += cell->passes[p].position == 0;
	}
	/* Neither is always the first, and their rounds are the same ones. */
	assert_int_equal(firsts[0] + firsts[1], 20);
	assert_true(firsts[0] > 0 && firsts[1] > 0);
	assert_int_equal(f->result->cells[1].n_passes, 20);
	assert_int_equal(f->result->cells[CELLS + 1].n_passes, 20);
	workload_free(load);
	scratch_remove(&other);
}

/* One with no entries, and one that could not be made. */
static void a_target_that_cannot_be_measured_leaves_the_others(void **state)
{
	struct fixture *f = *state;
	const struct workload empty = *f->load;
	struct target targets[3] = {f->target, f->target, f->target};
	struct workload none = empty;
	none.n_entries = none.n_dirs = 0;
	targets[0].load = &none;
	targets[0].label = "empty";
	targets[2].load = NULL;
	targets[2].lacking = STATUS_SKIPPED;
	targets[2].why = "mkfs.xfs is missing";
	targets[2].label = "xfs";
	f->request.targets = targets;
	f->request.n_targets = 3;
	f->request.rounds = 9;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(f->result->n_cells, 3 * CELLS);
	for (size_t i = 0; i < CELLS; i++) {
		const struct cell_result *cells = f->result->cells;
		assert_int_equal(cells[i].status, STATUS_INVALID);
		assert_int_equal(cells[CELLS + i].status, STATUS_OK);
		assert_int_equal(cells[CELLS + i].n_passes, i ? 9 : 18);
		assert_int_equal(cells[2 * CELLS + i].status, STATUS_SKIPPED);
		assert_string_equal(cells[2 * CELLS + i].reason, "mkfs.xfs is missing");
		assert_string_equal(cells[2 * CELLS + i].id, i == 0   ? "a/j1/j1@xfs"
							     : i == 1 ? "b/j1/j1@xfs"
								      : "c/j1/j1@xfs");
	}
}

/* Three cells and the baseline once more. */
static void a_scout_tells_what_a_round_takes(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	pass_ns = SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(scout.entries, ENTRIES);
	assert_int_equal(scout.round_ns, 4 * SECOND);
	assert_int_equal(passes, 2 * CELLS);
}

/* What was not tried is taken to be as slow as what was; what was cut, to last as long as it did.
 */
static void a_scout_stops_in_time(void **state)
{
	struct fixture *f = *state;
	struct scout scout;
	pass_ns = SECOND;
	f->request.until_ns = now_ns + 2 * SECOND;
	assert_int_equal(scout_try(&f->request, &scout, NULL), 0);
	assert_int_equal(passes, 2);
	assert_int_equal(scout.round_ns, 4 * SECOND);
}

static uint64_t fit(const struct scout *small, const struct scout *large, uint64_t left_ns,
		    uint32_t rounds)
{
	const struct scout_cost cost = scout_cost(small, large, rounds);
	return scout_fit(&cost, left_ns);
}

/* Ten rounds, what goes with them, and a look: 17 rounds' time and the look's. */
static void as_much_is_measured_as_there_is_time_for(void **state)
{
	(void)state;
	const struct scout none = {0}, one = {1000, 3000, 1000};
	assert_int_equal(fit(&none, &one, 20000, 1000), 1000);
	assert_int_equal(fit(&none, &one, 200000, 1000), 10000);
	assert_int_equal(fit(&none, &one, 10, 1000), 1);
}

static void fewer_rounds_leave_time_for_more_entries(void **state)
{
	(void)state;
	const struct scout none = {0}, one = {1000, 0, 1000};
	assert_int_equal(fit(&none, &one, 17000, 10), 1000);
	assert_int_equal(fit(&none, &one, 14000, 7), 1076);
}

static void what_a_pass_costs_by_itself_is_no_cost_of_entries(void **state)
{
	(void)state;
	/* 5,000 ns for each round, 1 ns for each entry. */
	const struct scout small = {1000, 0, 6000}, large = {5000, 0, 10000};
	assert_int_equal(fit(&small, &large, UINT64_C(17) * 105000, 1000), 100000);
}

static void entries_get_a_share_where_passes_cost_by_themselves(void **state)
{
	(void)state;
	const struct scout small = {1000, 0, 1001000}, large = {5000, 0, 1005000};
	assert_int_equal(fit(&small, &large, 17 * 1000000, 1000), 250000);
}

/* Which part it is shall not hang on how fast this run happened to be. */
static void sizes_go_in_steps(void **state)
{
	(void)state;
	const uint64_t cases[][3] = {
		{0, 1000, 0},
		{1, 1000, 1},
		{4, 1000, 2},
		{9, 1000, 5},
		{99, 1000, 50},
		{10000, 100000, 10000},
		{19999, 100000, 10000},
		{20001, 100000, 20000},
		{49999, 100000, 20000},
		{UINT32_MAX, 5, 5},
		{UINT32_MAX, UINT64_C(1) << 40, 2000000000},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(scout_size(cases[i][0], cases[i][1]), cases[i][2]);
}

static void from_four_fifths_of_a_tree_on_all_of_it_is_measured(void **state)
{
	(void)state;
	assert_int_equal(scout_size(799, 1000), 500);
	assert_int_equal(scout_size(800, 1000), 1000);
	assert_int_equal(scout_size(800, 1001), 500);
	assert_int_equal(scout_size(1, 1), 1);
}

static void noise_never_makes_entries_free(void **state)
{
	(void)state;
	const struct scout small = {1000, 0, 9000}, large = {5000, 0, 5000};
	assert_int_equal(fit(&small, &large, 17 * 5000, 1000), 5000);
}

#define DRIVEN(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVEN(no_pass_begins_when_the_time_is_up),
		DRIVEN(a_round_stops_in_the_middle),
		DRIVEN(a_pass_under_way_at_the_end_is_cut),
		DRIVEN(after_a_pass_that_was_cut_others_go_on),
		DRIVEN(a_reference_that_takes_too_long_is_said),
		DRIVEN(wrong_answers_are_looked_into),
		DRIVEN(but_not_beyond_the_time),
		DRIVEN(priming_leaves_time_for_rounds),
		DRIVEN(latency_passes_are_the_first_to_go),
		DRIVEN(rounds_without_a_budget_are_all_made),
		DRIVEN(a_caller_says_when_rounds_are_enough),
		DRIVEN(states_share_the_time_by_what_their_rounds_take),
		DRIVEN(each_state_begins_a_unit_of_steal),
		DRIVEN(no_state_is_left_without_time),
		DRIVEN(a_command_ends_with_the_time),
		DRIVEN(a_command_that_ends_with_the_time_and_leaves_no_tree_fails),
		DRIVEN(targets_are_interleaved_round_by_round),
		DRIVEN(a_target_that_cannot_be_measured_leaves_the_others),
		DRIVEN(a_scout_tells_what_a_round_takes),
		DRIVEN(a_scout_stops_in_time),
		DRIVEN(a_scout_whose_look_takes_too_long_tells_the_least),
		cmocka_unit_test(as_much_is_measured_as_there_is_time_for),
		cmocka_unit_test(fewer_rounds_leave_time_for_more_entries),
		cmocka_unit_test(what_a_pass_costs_by_itself_is_no_cost_of_entries),
		cmocka_unit_test(entries_get_a_share_where_passes_cost_by_themselves),
		cmocka_unit_test(sizes_go_in_steps),
		cmocka_unit_test(from_four_fifths_of_a_tree_on_all_of_it_is_measured),
		cmocka_unit_test(noise_never_makes_entries_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
