/* Profiles: exact totals at any size, values dealt as often as their weights say. */
#include "datasets/shape/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/generator.h"
#include "engine/base/util.h"
#include "engine/json/json_node.h"
#include "tests/test.h"

static const struct profile three = {3, 0, {{4, 10}, {200, 300}, {3000, 0}}};

static void test_levels_add_up_at_any_size(void **state)
{
	static const struct profile profiles[] = {
		{3, 0, {{4, 10}, {200, 300}, {3000, 0}}},
		{3, 1, {{0, 16}, {0, 300}, {3000, 0}}},
		{4, 0, {{0, 1}, {0, 1}, {0, 1}, {70000, 0}}},
		{2, 0, {{0, 9}, {0, 0}}},
		{1, 0, {{0, 0}}},
		{1, 0, {{5, 0}}},
	};
	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(profiles); p++) {
		for (uint64_t entries = 0; entries < 20000; entries += 1 + entries / 7) {
			uint64_t total = 0, parents = 1;
			for (uint32_t depth = 0; depth < profiles[p].n; depth++) {
				struct profile_level level;
				profile_level(&level, &profiles[p], entries, depth);
				assert_true(level.parents == parents);
				assert_true(level.parents || level.files + level.dirs == 0);
				parents = level.dirs;
				total += level.files + level.dirs;
			}
			assert_true(total == entries);
		}
	}
}

static void test_ten_times_the_entries_are_ten_times_the_directories(void **state)
{
	struct profile fixed = three;
	struct profile_level level;
	(void)state;
	profile_level(&level, &three, 3514, 1);
	assert_true(level.parents == 10 && level.files == 200 && level.dirs == 300);
	profile_level(&level, &three, 35140, 1);
	assert_true(level.parents == 100 && level.files == 2000 && level.dirs == 3000);
	fixed.fixed = 1;
	profile_level(&level, &fixed, 35140, 1);
	assert_true(level.parents == 10 && level.dirs == 3000);
}

/* How often each value below 100 is dealt. */
static void deal(const struct quantity *q, uint64_t n, uint64_t total, uint64_t *counts)
{
	memset(counts, 0, 100 * sizeof(*counts));
	for (uint64_t rank = 0; rank < n; rank++) {
		uint64_t before = profile_dealt(q, n, total, rank);
		uint64_t value = profile_dealt(q, n, total, rank + 1) - before;
		assert_true(value < 100);
		counts[value]++;
	}
	assert_true(profile_dealt(q, n, total, 0) == 0);
	assert_true(profile_dealt(q, n, total, n) == total);
}

static void test_values_are_dealt_by_weight(void **state)
{
	static const struct quantity q = {
		.n = 3, .total = 100, .bins = {{0, 0, 60}, {3, 3, 30}, {10, 19, 10}}};
	uint64_t counts[100];
	(void)state;
	deal(&q, 1000, 900 + 1450, counts);
	assert_int_equal(counts[0], 600);
	assert_int_equal(counts[3], 300);
	for (uint64_t value = 10; value < 20; value++)
		assert_in_range(counts[value], 1, 15);
	/* What is over goes to the largest. */
	deal(&q, 1000, 900 + 1450 + 200, counts);
	assert_int_equal(counts[0], 600);
	assert_int_equal(counts[3], 300);
	deal(&q, 1, 42, counts);
	assert_int_equal(counts[42], 1);
	deal(&q, 10, 0, counts);
	assert_int_equal(counts[0], 10);
}

static void test_shuffles_are_permutations(void **state)
{
	enum { MOST = 300 };
	(void)state;
	for (uint64_t n = 1; n < MOST; n++) {
		bool seen[MOST] = {false};
		for (uint64_t i = 0; i < n; i++) {
			uint64_t to = profile_shuffle(n, n, i);
			assert_in_range(to, 0, n - 1);
			assert_false(seen[to]);
			seen[to] = true;
		}
	}
	assert_true(profile_shuffle(1, 1000, 0) != profile_shuffle(2, 1000, 0));
}

static int read_text(const char *text, struct shape *shape, struct err *err)
{
	*err = (struct err){0};
	return shape_parse(shape, "p.json", text, strlen(text), err);
}

static void is_refused(const char *text, const char *words)
{
	struct shape shape;
	struct err err;
	assert_int_equal(read_text(text, &shape, &err), -EINVAL);
	assert_string_equal(err.text, words);
}

static void test_bad_profiles_are_refused_with_the_place(void **state)
{
	struct shape shape;
	struct err err;
	(void)state;
	is_refused("{\"profile\": 5}", "p.json: $.profile: must be a list of 1 to 64");
	is_refused("{\"profile\": [[1, 2], [3]]}",
		   "p.json: $.profile[1]: must be a list of two: files, directories");
	is_refused("{\"profile\": [[1, 0], [3, 0]]}",
		   "p.json: $.profile[0]: has no directories, but is not the last");
	is_refused("{\"profile\": [[1, 2], [3, 1]]}",
		   "p.json: $.profile[1]: is the last, but has directories");
	is_refused("{\"profile\": [[1, 2], [3, 0]], \"depth\": 2}",
		   "p.json: $.depth: is 2, but the profile has 1");
	assert_int_equal(read_text("{\"profile\": [[1, 2], [3, 0]]}", &shape, &err), 0);
	assert_int_equal(shape.depth, 1);
}

/* Any directory is the same whether its neighbours were asked for before or not, and none twice. */
static void count_below(const struct gen_dir *dir, bool *seen)
{
	for (uint64_t i = dir->dirs; i-- > 0;) {
		struct gen_dir child, again;
		gen_child(&child, dir, i);
		gen_child(&again, dir, i);
		assert_true(child.rank == again.rank && child.files == again.files);
		if (child.depth == 2) {
			assert_false(seen[child.rank]);
			seen[child.rank] = true;
		}
		count_below(&child, seen);
	}
}

static void test_every_rank_is_one_directory(void **state)
{
	bool seen[300] = {false};
	struct shape shape;
	struct err err;
	struct gen_dir root;
	(void)state;
	assert_int_equal(read_text("{\"profile\": [[4, 10], [200, 300], [3000, 0]], \"entries\": "
				   "3514}",
				   &shape, &err),
			 0);
	gen_root(&root, &shape);
	assert_true(gen_below(&root) == 3514);
	count_below(&root, seen);
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_true(seen[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels_add_up_at_any_size),
		cmocka_unit_test(test_ten_times_the_entries_are_ten_times_the_directories),
		cmocka_unit_test(test_values_are_dealt_by_weight),
		cmocka_unit_test(test_shuffles_are_permutations),
		cmocka_unit_test(test_bad_profiles_are_refused_with_the_place),
		cmocka_unit_test(test_every_rank_is_one_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
