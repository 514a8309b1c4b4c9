/* What follows from compared walks: on results made by hand. */
#include "engine/profile/walks.h"

#include "tests/test.h"
#include "tests/unit/with_cells.h"

enum { ROUNDS = 24 };

/* A walk whose rounds all took ns per entry; the first one is the baseline of its cache state. */
static struct cell_result *add_walk(struct result *r, const char *strategy, enum cache_state cache,
				    uint32_t jobs, uint64_t ns)
{
	const char *id = arena_print(r->arena, "%s/j%u/%u", strategy, jobs, cache);
	struct cell_result *cell = add_steady(r, id, ROUNDS, ns);
	cell->strategy = strategy;
	cell->stage = STAGE_WALK;
	cell->cache = cache;
	cell->jobs = jobs;
	return cell;
}

static struct walks conclude(struct result *r)
{
	struct walks walks = {0};
	assert_int_equal(walks_conclude(&walks, r), 0);
	return walks;
}

static enum walks_verdict fastest(struct result *r)
{
	const struct walks walks = conclude(r);
	assert_true(walks.is_compared);
	assert_null(walks.not_compared);
	return walks_fastest(r, &walks.warm, CACHE_WARM);
}

static void a_faster_walk_is_faster(void **state)
{
	struct result *r = *state;
	add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	add_walk(r, PROFILE_FUSED, CACHE_WARM, 1, 900);
	add_walk(r, PROFILE_FUSED, CACHE_WARM, 2, 500);
	assert_int_equal(fastest(r), WALKS_FASTER);
}

static void a_slower_walk_is_not(void **state)
{
	struct result *r = *state;
	add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	add_walk(r, PROFILE_FUSED, CACHE_WARM, 1, 1100);
	add_walk(r, PROFILE_FUSED, CACHE_WARM, 2, 1200);
	assert_int_equal(fastest(r), WALKS_NOT_FASTER);
}

/* A walk that stops at deep directories is fast because of that. */
static void walks_that_find_less_are_not_compared(void **state)
{
	struct result *r = *state;
	struct cell_result *plain = add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	add_walk(r, PROFILE_FUSED, CACHE_WARM, 1, 900);
	add_walk(r, PROFILE_FUSED, CACHE_WARM, 2, 500);
	plain->entries++;
	assert_int_equal(fastest(r), WALKS_UNLIKE);
}

static void without_another_walk_nothing_is_known(void **state)
{
	struct result *r = *state;
	add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	assert_int_equal(fastest(r), WALKS_UNKNOWN);
	assert_null(walks_names_alone(r));
}

static void without_the_plain_walk_there_is_no_comparison(void **state)
{
	struct result *r = *state;
	struct cell_result *plain = add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	plain->n_passes = 0;
	assert_false(conclude(r).is_compared);
	assert_string_equal(conclude(r).not_compared, "there was no time for a whole pass");
	plain->reason = "refused";
	assert_string_equal(conclude(r).not_compared, "refused");
}

/* Only what is measurably less is said to be. */
static void names_alone_take_less_or_nothing_is_said(void **state)
{
	struct result *r = *state;
	add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	struct cell_result *listed = add_walk(r, PROFILE_LISTED, CACHE_WARM, 1, 400);
	conclude(r);
	assert_non_null(walks_names_alone(r));
	assert_float_equal(walks_names_alone(r)->median, 0.4, 1e-9);
	for (size_t i = 0; i < listed->n_passes; i += 2)
		listed->passes[i].wall_ns *= 4;
	conclude(r);
	assert_null(walks_names_alone(r));
}

static void cold_caches_are_told_by_the_plain_walk(void **state)
{
	struct result *r = *state;
	add_walk(r, PROFILE_PLAIN, CACHE_WARM, 1, 1000);
	conclude(r);
	assert_float_equal(walks_cold_times(r), 0, 0);
	struct cell_result *cold = add_walk(r, PROFILE_PLAIN, CACHE_COLD, 1, 3000);
	cold->is_baseline = true;
	conclude(r);
	assert_float_equal(walks_cold_times(r), 3, 1e-9);
	cold->status = STATUS_INVALID;
	assert_float_equal(walks_cold_times(r), 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_cells_set_up, with_cells_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_faster_walk_is_faster),
		TEST(a_slower_walk_is_not),
		TEST(walks_that_find_less_are_not_compared),
		TEST(without_another_walk_nothing_is_known),
		TEST(without_the_plain_walk_there_is_no_comparison),
		TEST(names_alone_take_less_or_nothing_is_said),
		TEST(cold_caches_are_told_by_the_plain_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
