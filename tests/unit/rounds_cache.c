/*
 * Passes that were not in the cache state that was asked for, and how the warm state is made: by
 * scripted reads and times.
 */
#include "engine/measure/rounds.h"

#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/scripted_usage.h"

/* Filesystems by their evidence that a pass was cold: what it read, and how long it took. */
static const struct fs_facts reads = {.type = "btrfs"}, time_only = {.type = "fuseblk"};

static unsigned remounts;

/* In place of a remount, so that there can be cold passes without root. */
static int empty_caches(void *arg, struct err *err)
{
	(void)arg, (void)err;
	remounts++;
	return 0;
}

static void be_cold(struct fixture *f, const struct fs_facts *fs)
{
	f->target.where = fs;
	f->control.remount = empty_caches;
	remounts = 0;
}

static const struct cell_result *cell_of(const struct fixture *f, size_t i)
{
	assert_true(i < f->result->n_cells);
	return &f->result->cells[i];
}

static void is_over(const struct cell_result *cell, enum status status, const char *reason)
{
	assert_int_equal(cell->status, status);
	assert_non_null(cell->reason);
	assert_string_equal(cell->reason, reason);
}

static const char no_reads[] = "a pass read nothing from disk, so its caches were not cold";

/* Cell 1 reads nothing. */
static struct step never_cold(unsigned cell, unsigned pass)
{
	(void)pass;
	return (struct step){.takes_ns = 1000, .block_reads = cell == 1 ? 0 : 8};
}

static void a_cold_cell_that_reads_nothing_is_invalid_after_three_passes(void **state)
{
	struct fixture *f = *state;
	be_cold(f, &reads);
	driven_play(f, never_cold, CACHE_COLD, 8);
	const struct cell_result *cell = cell_of(f, 1);
	is_over(cell, STATUS_INVALID, no_reads);
	assert_int_equal(cell->evidence, EVIDENCE_READS);
	assert_int_equal(cell->n_passes, 3);
	for (size_t p = 0; p < 3; p++) {
		assert_int_equal(cell->passes[p].why, CAUSE_NO_READS);
		assert_false(cell->passes[p].clean);
		assert_false(cell->passes[p].verified);
	}
	/* The others read, and each of their passes was preceded by a remount. */
	assert_int_equal(cell_of(f, 0)->n_passes, 16);
	assert_int_equal(cell_of(f, 2)->n_passes, 8);
	assert_int_equal(remounts, 16 + 8 + 3);
	for (size_t p = 0; p < 8; p++)
		assert_true(cell_of(f, 2)->passes[p].clean && cell_of(f, 2)->passes[p].verified);
}

/* The cell reads in so many passes, and then no more. */
static unsigned cold_passes;

static struct step cold_at_first(unsigned cell, unsigned pass)
{
	const bool is_cold = cell != 1 || pass < cold_passes;
	return (struct step){.takes_ns = 1000, .block_reads = is_cold ? 8 : 0};
}

/* Three refuted passes are enough among eleven, but not among twelve. */
static void more_than_a_quarter_of_the_passes_has_to_be_refuted(void **state)
{
	static const struct {
		unsigned cold;
		size_t passes;
	} rows[] = {{7, 10}, {8, 11}, {9, 13}, {12, 17}, {30, 40}};
	struct fixture *f = *state;
	be_cold(f, &reads);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		driven_forget(f);
		cold_passes = rows[i].cold;
		driven_play(f, cold_at_first, CACHE_COLD, 40);
		const struct cell_result *cell = cell_of(f, 1);
		assert_int_equal(cell->n_passes, rows[i].passes);
		if (rows[i].passes < 40)
			is_over(cell, STATUS_INVALID, no_reads);
		else
			assert_int_equal(cell->status, STATUS_OK);
	}
}

/* Two of two are no rule yet; but a cell without any pass that counts has not been measured. */
static void two_refuted_passes_are_not_enough_but_leave_nothing(void **state)
{
	struct fixture *f = *state;
	be_cold(f, &reads);
	driven_play(f, never_cold, CACHE_COLD, 2);
	assert_int_equal(cell_of(f, 1)->n_passes, 2);
	is_over(cell_of(f, 1), STATUS_INVALID,
		"no pass could be verified: a pass read nothing from disk, so its caches were not "
		"cold");
	assert_int_equal(cell_of(f, 2)->status, STATUS_OK);
}

/* The first round is cold; its latency pass is not, nor is any pass after it. */
static struct step warm_while_sampling(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .block_reads = cell == 1 && pass > 0 ? 0 : 8};
}

static void latency_passes_are_judged_as_well(void **state)
{
	struct fixture *f = *state;
	be_cold(f, &reads);
	f->request.sample = 1;
	driven_play(f, warm_while_sampling, CACHE_COLD, 20);
	is_over(cell_of(f, 1), STATUS_INVALID, no_reads);
	assert_int_equal(cell_of(f, 1)->n_passes, 3);
	assert_int_equal(cell_of(f, 1)->latency.n_passes, 1);
	assert_int_equal(cell_of(f, 1)->latency.passes[0].why, CAUSE_NO_READS);
}

static void a_floor_asks_nothing_and_is_never_refuted(void **state)
{
	struct fixture *f = *state;
	be_cold(f, &reads);
	driven_use(f, &floor_strategy);
	f->request.states = 1U << CACHE_COLD;
	f->request.rounds = 10;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
	for (size_t i = 0; i < CELLS; i++) {
		assert_int_equal(cell_of(f, i)->status, STATUS_OK);
		assert_int_equal(cell_of(f, i)->n_passes, i ? 10 : 20);
	}
}

/* The pass was delayed as well, and that is seen first. */
static struct step delayed_and_not_cold(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000,
			     .run_delay_ns = cell == 1 && pass == 1 ? 900 : 0,
			     .block_reads = cell == 1 && pass == 1 ? 0 : 8};
}

static void the_first_cause_is_kept(void **state)
{
	struct fixture *f = *state;
	be_cold(f, &reads);
	driven_play(f, delayed_and_not_cold, CACHE_COLD, 3);
	const struct pass *pass = &cell_of(f, 1)->passes[1];
	assert_int_equal(pass->why, CAUSE_DELAYED);
	assert_false(pass->clean);
	assert_false(pass->verified);
	assert_true(cell_of(f, 1)->passes[2].clean);
}

/* Four passes with full caches: the first one fills them, the longest of the others counts. */
static struct step no_longer(unsigned cell, unsigned pass)
{
	static const uint64_t primed[] = {9000, 1000, 2000, 1500};
	if (pass < 4)
		return (struct step){.takes_ns = primed[pass]};
	/* At most a tenth longer is no longer. */
	return (struct step){.takes_ns = cell == 1 ? 2200 : 2201};
}

static void by_time_a_cold_pass_takes_more_than_a_tenth_longer(void **state)
{
	struct fixture *f = *state;
	be_cold(f, &time_only);
	driven_play(f, no_longer, CACHE_COLD, 8);
	is_over(cell_of(f, 1), STATUS_INVALID,
		"a pass took no longer than with full caches, so its caches were not cold "
		"(--trust-cold accepts it without proof)");
	assert_int_equal(cell_of(f, 1)->evidence, EVIDENCE_TIME);
	assert_int_equal(cell_of(f, 1)->n_passes, 3);
	assert_int_equal(cell_of(f, 1)->passes[0].why, CAUSE_NO_LONGER);
	assert_int_equal(cell_of(f, 2)->status, STATUS_OK);
	assert_int_equal(cell_of(f, 2)->n_passes, 8);
	assert_int_equal(driven.passes_of[2], 4 + 8);
	/* Caches are full in the passes to compare with. */
	assert_int_equal(remounts, 16 + 3 + 8);
}

/* Every second pass of cell 1 reads; each of cell 0, while it is measured. */
static struct step read_though_warm(unsigned cell, unsigned pass)
{
	const bool reads_now = (cell == 1 && pass % 2) || (cell == 0 && pass >= 2);
	return (struct step){.takes_ns = 1000,
			     .run_delay_ns = cell == 1 && pass == 5 ? 900 : 0,
			     .block_reads = pass >= 2 && reads_now ? 8 : 0};
}

/* However often, because other processes may be the cause. */
static void warm_passes_that_read_are_disturbed_and_not_refuted(void **state)
{
	struct fixture *f = *state;
	driven_play(f, read_though_warm, CACHE_WARM, 10);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(cell_of(f, i)->status, STATUS_OK);
	assert_int_equal(cell_of(f, 0)->n_passes, 20);
	for (size_t p = 0; p < 20; p++) {
		const struct pass *pass = &cell_of(f, 0)->passes[p];
		assert_int_equal(pass->why, CAUSE_NOT_WARM);
		assert_false(pass->clean);
		assert_true(pass->verified);
	}
	/* After two passes of priming the first round is pass 2. */
	for (size_t p = 0; p < 10; p++) {
		const struct pass *pass = &cell_of(f, 1)->passes[p];
		assert_int_equal(pass->clean, p % 2 == 0);
		assert_int_equal(pass->why, p % 2 == 0 ? CAUSE_NONE
					    : p == 3   ? CAUSE_DELAYED
						       : CAUSE_NOT_WARM);
	}
}

static struct step read_as_it_is(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .block_reads = (cell + pass) % 2 ? 8 : 0};
}

static void as_it_is_a_cell_may_read_or_not(void **state)
{
	struct fixture *f = *state;
	driven_play(f, read_as_it_is, CACHE_AS_IS, 6);
	for (size_t i = 0; i < CELLS; i++) {
		for (size_t p = 0; p < cell_of(f, i)->n_passes; p++)
			assert_true(cell_of(f, i)->passes[p].clean);
	}
}

enum { PRIMING_MAX = 8 };

/* Times and reads of passes; those of the last one stay. */
struct course {
	uint64_t times[4], reads[4];
	unsigned n;
};

static const struct course *course;

static struct step prime(unsigned cell, unsigned pass)
{
	const unsigned at = pass < course->n ? pass : course->n - 1;
	(void)cell;
	return (struct step){.takes_ns = course->times[at], .block_reads = course->reads[at]};
}

static void priming_ends_when_two_times_are_alike_and_nothing_is_read(void **state)
{
	static const struct {
		struct course course;
		unsigned passes;
	} rows[] = {
		{{{1000}, {0}, 1}, 2},
		{{{9000, 1000}, {0}, 2}, 3},
		/* A tenth of the shorter one, in both directions. */
		{{{1000, 1100}, {0}, 2}, 2},
		{{{1100, 1000}, {0}, 2}, 2},
		{{{1000, 1101}, {0}, 2}, 3},
		{{{1101, 1000}, {0}, 2}, 3},
		/* It still reads, though it takes as long. */
		{{{1000, 1000, 1000}, {8, 8, 0}, 3}, 3},
		{{{1000, 1000}, {8, 0}, 2}, 2},
		{{{1000, 1000, 5000, 5000}, {0, 8, 0, 0}, 4}, 4},
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		course = &rows[i].course;
		driven_forget(f);
		driven_play(f, prime, CACHE_WARM, 1);
		const struct cell_result *cell = cell_of(f, 2);
		assert_true(cell->is_steady);
		assert_int_equal(cell->status, STATUS_OK);
		assert_int_equal(cell->n_passes, 1);
		if (driven.passes_of[2] - 1 != rows[i].passes)
			fail_msg("row %zu: %u passes", i, driven.passes_of[2] - 1);
	}
}

static struct step never_steady(unsigned cell, unsigned pass)
{
	(void)cell;
	return (struct step){.takes_ns = pass % 2 ? 1000 : 2000};
}

static void priming_gives_up_after_eight_passes(void **state)
{
	struct fixture *f = *state;
	driven_play(f, never_steady, CACHE_WARM, 3);
	for (size_t i = 0; i < CELLS; i++) {
		const struct cell_result *cell = cell_of(f, i);
		assert_int_equal(driven.passes_of[i] - cell->n_passes, PRIMING_MAX);
		assert_false(cell->is_steady);
		assert_int_equal(cell->status, STATUS_OK);
		assert_int_equal(cell->n_passes, i ? 3 : 6);
	}
}

/* Reads until that pass. */
static unsigned reads_until;

static struct step read_for_long(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000,
			     .block_reads = cell == 1 && pass < reads_until ? 8 : 0};
}

static void a_cell_whose_last_priming_pass_reads_is_invalid(void **state)
{
	struct fixture *f = *state;
	for (reads_until = PRIMING_MAX - 1; reads_until <= PRIMING_MAX; reads_until++) {
		driven_forget(f);
		driven_play(f, read_for_long, CACHE_WARM, 2);
		const struct cell_result *cell = cell_of(f, 1);
		if (reads_until == PRIMING_MAX) {
			is_over(cell, STATUS_INVALID,
				"the last of its priming passes still read from disk");
			assert_int_equal(cell->n_passes, 0);
		} else {
			assert_int_equal(cell->status, STATUS_OK);
			assert_int_equal(cell->n_passes, 2);
		}
		assert_int_equal(driven.passes_of[1] - cell->n_passes, PRIMING_MAX);
		assert_int_equal(cell_of(f, 2)->n_passes, 2);
	}
}

/* Two passes are alike but read, so that there is a third one. */
static struct step fail_in_priming(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000,
			     .block_reads = pass < 2 ? 8 : 0,
			     .is_wrong = cell == 1 && pass == 2,
			     .error = cell == 2 && pass == 2 ? -EIO : 0};
}

static void a_cell_that_fails_while_it_is_primed_has_no_rounds(void **state)
{
	struct fixture *f = *state;
	driven_play(f, fail_in_priming, CACHE_WARM, 4);
	for (size_t i = 1; i < CELLS; i++) {
		assert_int_equal(cell_of(f, i)->status, STATUS_FAILED);
		assert_int_equal(cell_of(f, i)->n_passes, 0);
		assert_false(cell_of(f, i)->is_steady);
		assert_int_equal(driven.passes_of[i], 3);
	}
	assert_memory_equal(cell_of(f, 1)->reason, "wrong answer: ", 14);
	assert_int_equal(cell_of(f, 0)->n_passes, 8);
}

static struct step stop_in_priming(unsigned cell, unsigned pass)
{
	return (struct step){.takes_ns = 1000, .stops_run = cell == 1 && pass == 0};
}

static void no_priming_pass_begins_after_the_user_stopped_the_run(void **state)
{
	struct fixture *f = *state;
	driven_use(f, &scripted_strategy);
	driven.script = stop_in_priming;
	assert_int_equal(run_cells(&f->request, f->result, NULL), -EINTR);
	assert_int_equal(f->result->run.stopped, STOP_INTERRUPTED);
	assert_int_equal(driven.passes_of[0], 2);
	assert_int_equal(driven.passes_of[1], 1);
	assert_int_equal(driven.passes_of[2], 0);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(cell_of(f, i)->status, STATUS_OK);
}

/* Passes begin at 0, 10, 22 and 32 s, those of the next cell at 44 and 54, and one at 66. */
static struct step slow_and_unsteady(unsigned cell, unsigned pass)
{
	const uint64_t seconds = pass % 2 ? 12 : 10;
	return (struct step){.takes_ns = (cell == 2 ? 2 : 1) * seconds * SECOND};
}

static void priming_keeps_to_its_share_of_the_time(void **state)
{
	static const unsigned expected[CELLS] = {4, 2, 1};
	struct fixture *f = *state;
	f->request.until_ns = driven.now_ns + 160 * SECOND;
	driven_play(f, slow_and_unsteady, CACHE_WARM, 1);
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(driven.passes_of[i] - cell_of(f, i)->n_passes, expected[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DRIVEN(a_cold_cell_that_reads_nothing_is_invalid_after_three_passes),
		DRIVEN(more_than_a_quarter_of_the_passes_has_to_be_refuted),
		DRIVEN(two_refuted_passes_are_not_enough_but_leave_nothing),
		DRIVEN(latency_passes_are_judged_as_well),
		DRIVEN(a_floor_asks_nothing_and_is_never_refuted),
		DRIVEN(the_first_cause_is_kept),
		DRIVEN(by_time_a_cold_pass_takes_more_than_a_tenth_longer),
		DRIVEN(warm_passes_that_read_are_disturbed_and_not_refuted),
		DRIVEN(as_it_is_a_cell_may_read_or_not),
		DRIVEN(priming_ends_when_two_times_are_alike_and_nothing_is_read),
		DRIVEN(priming_gives_up_after_eight_passes),
		DRIVEN(a_cell_whose_last_priming_pass_reads_is_invalid),
		DRIVEN(a_cell_that_fails_while_it_is_primed_has_no_rounds),
		DRIVEN(no_priming_pass_begins_after_the_user_stopped_the_run),
		DRIVEN(priming_keeps_to_its_share_of_the_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
