/*
 * The rounds of a run, with scripted passes: which of them begin, when latency passes are made,
 * when the precision is looked at, what is foreseen, and what becomes of a cell that cannot go on.
 */
#include "engine/measure/rounds.h"

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/scripted_usage.h"

enum { PASSES = 4 }; /* in a round: three cells, and the baseline once more */

static const struct cell_result *cell_of(const struct fixture *f, size_t i)
{
	assert_true(i < f->result->n_cells);
	return &f->result->cells[i];
}

static struct step quiet(unsigned cell, unsigned pass)
{
	(void)pass;
	return (struct step){.takes_ns = 1000 * (cell + 1)};
}

static void latency_passes_follow_the_first_round_and_every_fifth(void **state)
{
	enum { ROUNDS = 11, FIRST = 7 };
	struct fixture *f = *state;
	size_t at = 0;
	f->request.sample = 1;
	f->request.first_round = FIRST;
	driven_play(f, quiet, CACHE_AS_IS, ROUNDS);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		unsigned sampled[CELLS] = {0};
		for (int i = 0; i < PASSES; i++)
			assert_false(driven.played[at++].is_sampled);
		for (; at < driven.n_played && driven.played[at].is_sampled; at++)
			sampled[driven.played[at].cell]++;
		for (int i = 0; i < CELLS; i++)
			assert_int_equal(sampled[i], round == 0 || round == 5 || round == 10);
	}
	assert_int_equal(at, driven.n_played);
	for (size_t i = 0; i < CELLS; i++) {
		const struct latency_facts *latency = &cell_of(f, i)->latency;
		assert_int_equal(latency->n_passes, 3);
		for (uint32_t p = 0; p < 3; p++)
			assert_int_equal(latency->passes[p].round, FIRST + 5 * p);
		assert_int_equal(cell_of(f, i)->passes[0].round, FIRST);
		/* Its passes are no passes of the rounds. */
		assert_int_equal(cell_of(f, i)->n_passes, i ? ROUNDS : 2 * ROUNDS);
	}
}

/* Six latency rounds of three cells are a block (plan.h): each cell is the first in two of them. */
static void latency_passes_are_shuffled(void **state)
{
	struct fixture *f = *state;
	unsigned firsts[CELLS] = {0};
	f->request.sample = 1;
	driven_play(f, quiet, CACHE_AS_IS, 26);
	for (size_t i = 1; i < driven.n_played; i++) {
		if (driven.played[i].is_sampled && !driven.played[i - 1].is_sampled)
			firsts[driven.played[i].cell]++;
	}
	for (int i = 0; i < CELLS; i++)
		assert_int_equal(firsts[i], 2);
}

static void without_samples_there_are_no_latency_passes(void **state)
{
	struct fixture *f = *state;
	driven_play(f, quiet, CACHE_AS_IS, 6);
	for (size_t i = 0; i < driven.n_played; i++)
		assert_false(driven.played[i].is_sampled);
	assert_int_equal(driven.n_played, 6 * PASSES);
}

/* Pass 1 of these cells is the latency pass after the first round. */
static struct step change_while_sampling(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .changes_tree = cell == 1 && pass == 1};
}

/* What the latency pass found has happened between the two passes around it. */
static void a_change_in_a_latency_pass_marks_the_next_pass_of_its_cell(void **state)
{
	struct fixture *f = *state;
	f->request.sample = 1;
	driven_play(f, change_while_sampling, CACHE_AS_IS, 3);
	const struct cell_result *cell = cell_of(f, 1);
	assert_int_equal(cell->status, STATUS_OK);
	assert_int_equal(cell->latency.n_passes, 1);
	assert_int_equal(cell->latency.passes[0].why, CAUSE_TREE_CHANGED);
	assert_false(cell->latency.passes[0].verified);
	assert_int_equal(cell->n_passes, 3);
	for (size_t p = 0; p < 3; p++) {
		const struct pass *pass = &cell->passes[p];
		assert_int_equal(pass->why, p == 1 ? CAUSE_TREE_CHANGED : CAUSE_NONE);
		assert_int_equal(pass->clean, p != 1);
		assert_true(pass->verified);
	}
	for (size_t p = 0; p < 3; p++)
		assert_true(cell_of(f, 2)->passes[p].clean);
}

static struct step change_at_once(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .changes_tree = cell == 1 && pass == 2};
}

static void a_change_in_a_pass_marks_that_pass(void **state)
{
	struct fixture *f = *state;
	driven_play(f, change_at_once, CACHE_AS_IS, 5);
	for (size_t p = 0; p < 5; p++) {
		const struct pass *pass = &cell_of(f, 1)->passes[p];
		assert_int_equal(pass->why, p == 2 ? CAUSE_TREE_CHANGED : CAUSE_NONE);
		assert_int_equal(pass->clean, p != 2);
		assert_int_equal(pass->verified, p != 2);
	}
}

static struct step wrong_while_sampling(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .is_wrong = cell == 1 && pass == 1};
}

static void a_wrong_answer_in_a_latency_pass_ends_the_cell(void **state)
{
	struct fixture *f = *state;
	f->request.sample = 1;
	driven_play(f, wrong_while_sampling, CACHE_AS_IS, 3);
	const struct cell_result *cell = cell_of(f, 1);
	assert_int_equal(cell->status, STATUS_FAILED);
	assert_memory_equal(cell->reason, "wrong answer: ", 14);
	assert_int_equal(cell->n_passes, 1);
	assert_int_equal(cell->latency.n_passes, 0);
	assert_int_equal(cell_of(f, 2)->n_passes, 3);
}

/* Times of the last cell differ from round to round, so its ratio has a wide interval. */
static struct step noisy(unsigned cell, unsigned pass)
{
	const uint64_t noise = cell == 2 ? (uint64_t)pass * 7919 % 1009 : 0;
	return (struct step){.takes_ns = 100000 + 100 * noise};
}

struct looks {
	struct result *result;
	uint32_t at[1000];
	size_t n;
};

enum { UNTOUCHED = 12345 };

/* Called between passes: the figure that we left here is gone once the precision was looked at. */
static void watch_precision(void *arg)
{
	struct looks *looks = arg;
	struct run_facts *run = &looks->result->run;
	if (run->rounds_done && run->precision_reached_ppm != UNTOUCHED)
		looks->at[looks->n++] = run->rounds_done;
	run->precision_reached_ppm = UNTOUCHED;
}

static uint32_t next_look(const struct looks *looks, uint32_t round)
{
	for (size_t i = 0; i < looks->n; i++) {
		if (looks->at[i] > round)
			return looks->at[i];
	}
	return 0;
}

/* From the fewest rounds that an interval needs, each time after a sixteenth more of them. */
static void the_precision_is_looked_at_ever_more_rarely(void **state)
{
	static const uint32_t first[] = {8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20};
	struct fixture *f = *state;
	struct looks looks = {.result = f->result};
	f->request.precision_ppm = 1;
	f->request.saved = watch_precision;
	f->request.arg = &looks;
	driven_play(f, noisy, CACHE_AS_IS, 1000);
	assert_int_equal(f->result->run.rounds_done, 1000);
	assert_int_equal(f->result->run.stopped, STOP_NONE);
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		assert_int_equal(looks.at[i], first[i]);
	assert_int_equal(next_look(&looks, 228), 229);
	assert_int_equal(next_look(&looks, 229), 244);
	assert_int_equal(next_look(&looks, 244), 260);
	assert_int_equal(looks.at[looks.n - 1], 951);
	for (size_t i = 1; i < looks.n; i++)
		assert_true(looks.at[i] - looks.at[i - 1] <= 1 + looks.at[i - 1] / 16);
}

static void rounds_end_once_the_precision_is_reached(void **state)
{
	struct fixture *f = *state;
	f->request.precision_ppm = 1;
	driven_play(f, quiet, CACHE_AS_IS, 1000);
	assert_int_equal(f->result->run.stopped, STOP_PRECISION);
	assert_int_equal(f->result->run.precision_reached_ppm, 0);
	assert_int_equal(f->result->run.rounds_done, STATS_LEAST);
}

/* What eight rounds reach is enough if it was asked for; one millionth less is not. */
static void a_precision_is_reached_to_the_millionth(void **state)
{
	struct fixture *f = *state;
	f->request.precision_ppm = 1;
	driven_play(f, noisy, CACHE_AS_IS, STATS_LEAST);
	const uint64_t reached = f->result->run.precision_reached_ppm;
	assert_in_range(reached, 1000, 1000000);
	for (uint64_t less = 0; less < 2; less++) {
		driven_forget(f);
		f->request.precision_ppm = reached - less;
		driven_play(f, noisy, CACHE_AS_IS, STATS_LEAST);
		assert_int_equal(f->result->run.stopped, less ? STOP_NONE : STOP_PRECISION);
	}
}

enum { LOST_AT = 3 };

static struct step lose_baseline(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000,
			     .error = cell == 0 && pass == 2 * LOST_AT ? -EIO : 0};
}

/* Six rounds of three cells are a block: each cell is at each position equally often (plan.h). */
static void without_its_baseline_the_other_cells_go_on_alone(void **state)
{
	enum { BLOCK = 6, ROUNDS = 3 * BLOCK };
	struct fixture *f = *state;
	driven_play(f, lose_baseline, CACHE_AS_IS, ROUNDS);
	assert_int_equal(cell_of(f, 0)->status, STATUS_FAILED);
	assert_int_equal(cell_of(f, 0)->n_passes, 2 * LOST_AT + 1);
	assert_int_equal(f->result->run.rounds_done, ROUNDS);
	for (size_t i = 1; i < CELLS; i++) {
		const struct cell_result *cell = cell_of(f, i);
		unsigned at[CELLS] = {0};
		assert_int_equal(cell->status, STATUS_OK);
		assert_int_equal(cell->n_passes, ROUNDS);
		for (uint32_t p = 0; p < ROUNDS; p++) {
			const struct pass *pass = &cell->passes[p];
			assert_int_equal(pass->round, p);
			if (p <= LOST_AT)
				assert_in_range(pass->position, 1, 2);
			else
				assert_in_range(pass->position, 0, CELLS - 1);
			if (p >= BLOCK)
				at[pass->position]++;
		}
		for (size_t k = 0; k < CELLS; k++)
			assert_int_equal(at[k], 2 * BLOCK / CELLS);
	}
}

/* The baseline of one tree fails, that of the other does not. */
static struct step lose_one_baseline(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .error = cell == 0 && pass == 0 ? -EIO : 0};
}

static void a_lost_baseline_concerns_its_own_tree_only(void **state)
{
	enum { ROUNDS = 6 };
	struct fixture *f = *state;
	struct target targets[2];
	driven_second(f, targets);
	driven_play(f, lose_one_baseline, CACHE_AS_IS, ROUNDS);
	const size_t lost = cell_of(f, 0)->status == STATUS_FAILED ? 0 : CELLS;
	assert_int_equal(cell_of(f, lost)->status, STATUS_FAILED);
	assert_int_equal(cell_of(f, lost)->n_passes, 1);
	assert_int_equal(cell_of(f, CELLS - lost)->status, STATUS_OK);
	assert_int_equal(cell_of(f, CELLS - lost)->n_passes, 2 * ROUNDS);
	for (size_t i = 0; i < 2 * CELLS; i++) {
		if (i % CELLS)
			assert_int_equal(cell_of(f, i)->n_passes, ROUNDS);
	}
}

static struct step fail_midway(unsigned cell, unsigned pass)
{
	const bool fails = cell == 1 && pass == 3;
	return (struct step){.takes_ns = 1000,
			     .error = fails ? -EIO : 0,
			     .why = fails ? "its server has gone" : NULL};
}

static void a_strategy_that_fails_midway_ends_its_cell_alone(void **state)
{
	struct fixture *f = *state;
	driven_play(f, fail_midway, CACHE_AS_IS, 8);
	const struct cell_result *cell = cell_of(f, 1);
	assert_int_equal(cell->status, STATUS_FAILED);
	assert_string_equal(cell->reason, "scripted: its server has gone");
	assert_int_equal(cell->n_passes, 4);
	for (size_t p = 0; p < 4; p++) {
		const struct pass *pass = &cell->passes[p];
		assert_int_equal(pass->round, p);
		assert_int_equal(pass->verified, p < 3);
		assert_int_equal(pass->clean, p < 3);
		assert_int_equal(pass->why, p < 3 ? CAUSE_NONE : CAUSE_CUT_SHORT);
	}
	assert_int_equal(f->result->run.rounds_done, 8);
	assert_int_equal(f->result->run.stopped, STOP_NONE);
	assert_int_equal(cell_of(f, 0)->n_passes, 16);
	assert_int_equal(cell_of(f, 2)->n_passes, 8);
	assert_int_equal(cell_of(f, 2)->status, STATUS_OK);
}

static struct step fail_without_words(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .error = cell == 1 && pass == 0 ? -ENOSPC : 0};
}

static void a_failure_without_words_is_named_by_its_error(void **state)
{
	struct fixture *f = *state;
	driven_play(f, fail_without_words, CACHE_AS_IS, 2);
	assert_int_equal(cell_of(f, 1)->status, STATUS_FAILED);
	assert_non_null(strstr(cell_of(f, 1)->reason, " failed: "));
	assert_non_null(strstr(cell_of(f, 1)->reason, strerror(ENOSPC)));
}

/* It fails because it was told to stop. */
static struct step stop_within(unsigned cell, unsigned pass)
{
	const bool stops = cell == 1 && pass == 2;
	return (struct step){.takes_ns = 1000, .stops_run = stops, .error = stops ? -ECANCELED : 0};
}

static void a_pass_that_the_user_stopped_is_no_failure(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &scripted_strategy);
	driven.script = stop_within;
	f->request.states = 1U << CACHE_AS_IS;
	assert_int_equal(run_cells(&f->request, f->result, NULL), -EINTR);
	assert_int_equal(f->result->run.stopped, STOP_INTERRUPTED);
	assert_int_equal(f->result->run.rounds_done, 2);
	const struct cell_result *cell = cell_of(f, 1);
	assert_int_equal(cell->status, STATUS_OK);
	assert_int_equal(cell->n_passes, 3);
	assert_int_equal(cell->passes[2].why, CAUSE_CUT_SHORT);
	assert_false(cell->passes[2].verified);
}

static struct step cut(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .error = cell == 1 && pass == 2 ? -ECANCELED : 0};
}

/* Nobody stopped the run, so the time is up. The pass is not kept. */
static void a_pass_that_the_time_cut_is_no_failure(void **state)
{
	struct fixture *f = *state;
	driven_play(f, cut, CACHE_AS_IS, 8);
	assert_int_equal(f->result->run.stopped, STOP_TIME);
	assert_int_equal(f->result->run.rounds_done, 2);
	assert_int_equal(cell_of(f, 1)->status, STATUS_OK);
	assert_int_equal(cell_of(f, 1)->n_passes, 2);
}

static struct step stop_at_first(unsigned cell, unsigned pass)
{
	(void)cell, (void)pass;
	return (struct step){.takes_ns = 1000, .stops_run = true, .error = -ECANCELED};
}

/* Nothing was verified, but that says nothing about the cell. */
static void a_cell_that_the_user_stopped_at_once_is_not_invalid(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &scripted_strategy);
	driven.script = stop_at_first;
	f->request.states = 1U << CACHE_AS_IS;
	assert_int_equal(run_cells(&f->request, f->result, NULL), -EINTR);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(cell_of(f, i)->status, STATUS_OK);
}

static struct step a_second(unsigned cell, unsigned pass)
{
	(void)cell, (void)pass;
	return (struct step){.takes_ns = SECOND, .threads = pass == 1 ? 5 : 2};
}

static void play_for(struct fixture *f, uint64_t seconds, uint32_t rounds)
{
	driven_forget(f);
	f->request.until_ns = driven.now_ns + seconds * SECOND;
	driven_play(f, a_second, CACHE_AS_IS, rounds);
}

/* A round takes four seconds. The first three begin in any case. */
static void a_round_begins_if_it_will_end_in_time(void **state)
{
	static const struct {
		uint64_t seconds;
		uint32_t rounds;
		unsigned passes;
	} rows[] = {{9, 2, 9}, {11, 2, 11}, {15, 3, 12}, {16, 4, 16}, {19, 4, 16}};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		play_for(f, rows[i].seconds, 1000);
		assert_int_equal(f->result->run.stopped, STOP_TIME);
		assert_int_equal(f->result->run.rounds_done, rows[i].rounds);
		assert_int_equal(driven.passes, rows[i].passes);
	}
}

/* As long as three more rounds fit into the time that is left. */
static void latency_passes_leave_time_for_three_rounds(void **state)
{
	struct fixture *f = *state;
	f->request.sample = 1;
	play_for(f, 4 + 12, 1000);
	assert_int_equal(cell_of(f, 1)->latency.n_passes, 0);
	play_for(f, 4 + 12 + 1, 1000);
	assert_int_equal(cell_of(f, 1)->latency.n_passes, 1);
}

static void the_rounds_that_the_time_cut_are_watched_as_well(void **state)
{
	struct fixture *f = *state;
	uint32_t rounds = 0;
	play_for(f, 9, 1000);
	if (!f->result->run.n_units)
		skip_because("/proc/stat does not tell what is stolen");
	for (size_t i = 0; i < f->result->run.n_units; i++)
		rounds += f->result->run.units[i].rounds;
	assert_int_equal(rounds, 3);
}

static void most_threads_of_a_pass_are_kept(void **state)
{
	struct fixture *f = *state;
	driven_play(f, a_second, CACHE_AS_IS, 3);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(cell_of(f, i)->live_threads, 5);
}

struct reports {
	uint64_t done[64], total[64];
	size_t n;
};

static void keep_report(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct reports *r = arg;
	if (strcmp(what, "measuring, passes") != 0)
		return;
	assert_true(r->n < ARRAY_LEN(r->done));
	r->done[r->n] = done;
	r->total[r->n++] = total;
}

/* The total is not known in the first two rounds. */
static void are_foreseen(const struct reports *r, size_t n, uint64_t total)
{
	assert_int_equal(r->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(r->done[i], i);
		assert_int_equal(r->total[i], i < 2 * PASSES ? 0 : total);
	}
}

static void the_number_of_passes_is_foreseen_from_the_third_round_on(void **state)
{
	struct fixture *f = *state;
	struct reports reports = {.n = 0};
	f->progress.report = keep_report;
	f->progress.arg = &reports;
	driven_play(f, a_second, CACHE_AS_IS, 5);
	are_foreseen(&reports, 20, 20);
	/* As many as there is time for, if these are fewer. */
	reports.n = 0;
	play_for(f, 40, 5);
	are_foreseen(&reports, 20, 20);
	reports.n = 0;
	play_for(f, 17, 1000);
	are_foreseen(&reports, 16, 16);
	/* The third round begins in any case, so it is foreseen. */
	reports.n = 0;
	play_for(f, 11, 1000);
	are_foreseen(&reports, 11, 12);
}

static int never_enough(void *arg, bool *enough)
{
	(void)arg;
	*enough = false;
	return 0;
}

static void nothing_is_foreseen_if_figures_decide(void **state)
{
	struct fixture *f = *state;
	struct reports reports = {.n = 0};
	f->progress.report = keep_report;
	f->progress.arg = &reports;
	f->request.precision_ppm = 1;
	driven_play(f, noisy, CACHE_AS_IS, 5);
	are_foreseen(&reports, 20, 0);
	f->request.precision_ppm = 0;
	f->request.enough = never_enough;
	reports.n = 0;
	driven_play(f, noisy, CACHE_AS_IS, 5);
	are_foreseen(&reports, 20, 0);
}

static void passes_are_counted_anew_in_each_state(void **state)
{
	struct fixture *f = *state;
	struct reports reports = {.n = 0};
	f->progress.report = keep_report;
	f->progress.arg = &reports;
	f->request.states = 1U << CACHE_AS_IS | 1U << CACHE_WARM;
	f->request.rounds = 2;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	assert_int_equal(reports.n, 4 * PASSES);
	for (size_t i = 0; i < reports.n; i++)
		assert_int_equal(reports.done[i], i % (2 * PASSES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVEN(latency_passes_follow_the_first_round_and_every_fifth),
		DRIVEN(latency_passes_are_shuffled),
		DRIVEN(without_samples_there_are_no_latency_passes),
		DRIVEN(a_change_in_a_latency_pass_marks_the_next_pass_of_its_cell),
		DRIVEN(a_change_in_a_pass_marks_that_pass),
		DRIVEN(a_wrong_answer_in_a_latency_pass_ends_the_cell),
		DRIVEN(the_precision_is_looked_at_ever_more_rarely),
		DRIVEN(rounds_end_once_the_precision_is_reached),
		DRIVEN(a_precision_is_reached_to_the_millionth),
		DRIVEN(without_its_baseline_the_other_cells_go_on_alone),
		DRIVEN(a_lost_baseline_concerns_its_own_tree_only),
		DRIVEN(a_strategy_that_fails_midway_ends_its_cell_alone),
		DRIVEN(a_failure_without_words_is_named_by_its_error),
		DRIVEN(a_pass_that_the_user_stopped_is_no_failure),
		DRIVEN(a_pass_that_the_time_cut_is_no_failure),
		DRIVEN(a_cell_that_the_user_stopped_at_once_is_not_invalid),
		DRIVEN(a_round_begins_if_it_will_end_in_time),
		DRIVEN(latency_passes_leave_time_for_three_rounds),
		DRIVEN(the_rounds_that_the_time_cut_are_watched_as_well),
		DRIVEN(most_threads_of_a_pass_are_kept),
		DRIVEN(the_number_of_passes_is_foreseen_from_the_third_round_on),
		DRIVEN(nothing_is_foreseen_if_figures_decide),
		DRIVEN(passes_are_counted_anew_in_each_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
