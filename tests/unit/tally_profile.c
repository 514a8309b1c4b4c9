/* What calls of a timed walk add up to: by kind, depth and size; rankings, and where they point. */
#include "engine/profile/tally.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

enum { TIMER_NS = 20 };

static struct tally *begin(size_t top)
{
	struct tally *t;
	assert_int_equal(tally_new(&t, top, TIMER_NS), 0);
	return t;
}

/* A directory whose open, and statx of each entry, take so long. */
static void add(struct tally *t, uint64_t depth, const char *path, uint64_t entries, uint64_t ns)
{
	tally_enter(t, depth);
	tally_call(t, TALLY_OPEN, ns + TIMER_NS);
	for (uint64_t i = 0; i < entries; i++) {
		tally_call(t, TALLY_STATX, ns + TIMER_NS);
		tally_entry(t);
	}
	assert_int_equal(tally_leave(t, path), 0);
}

static void classes_have_no_gaps(void **state)
{
	uint64_t least, most, next = 0;
	(void)state;
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		tally_size_bounds(i, &least, &most);
		assert_true(least == next);
		next = most + 1;
	}
	assert_true(most == UINT64_MAX);
	assert_int_equal(least, 10000);
}

/* Of which size a directory is, is known only at its end; the calls before it count there, too. */
static void calls_count_for_the_size_at_the_end(void **state)
{
	static const uint64_t sizes[] = {0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10000, 50000};
	static const size_t classes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct tally *t = begin(1);
		add(t, 2, "d", sizes[i], 100);
		for (size_t k = 0; k < TALLY_SIZES; k++) {
			const struct tally_row *row = tally_size(t, k);
			assert_int_equal(row->directories, k == classes[i]);
			assert_int_equal(row->calls[TALLY_STATX].hist.n,
					 k == classes[i] ? sizes[i] : 0);
			assert_int_equal(row->ns, k == classes[i] ? 100 * (sizes[i] + 1) : 0);
		}
		assert_int_equal(tally_depth(t, 2)->ns, 100 * (sizes[i] + 1));
		assert_int_equal(tally_depth(t, 2)->entries, sizes[i]);
		tally_free(t);
	}
}

static void deep_levels_share_a_row(void **state)
{
	struct tally *t = begin(1);
	(void)state;
	add(t, TALLY_DEPTHS - 1, "a", 1, 5);
	add(t, 5000, "b", 1, 5);
	assert_int_equal(tally_depth(t, TALLY_DEPTHS - 1)->directories, 2);
	assert_int_equal(tally_depth(t, TALLY_DEPTHS - 1)->calls[TALLY_OPEN].hist.n, 2);
	tally_free(t);
}

static void at_most_the_cost_of_the_clock_is_subtracted(void **state)
{
	struct tally *t = begin(1);
	(void)state;
	tally_enter(t, 0);
	tally_call(t, TALLY_OPEN, TIMER_NS - 1);
	tally_call(t, TALLY_STATX, TIMER_NS + 3);
	tally_call(t, TALLY_LISTXATTR, TIMER_NS + 7);
	assert_int_equal(tally_leave(t, ""), 0);
	assert_int_equal(tally_sum(t, TALLY_OPEN)->ns, 0);
	assert_int_equal(tally_sum(t, TALLY_STATX)->ns, 3);
	assert_int_equal(tally_sum(t, TALLY_LISTXATTR)->ns, 7);
	assert_int_equal(tally_ns(t), 3); /* what a list does without is in no directory */
	assert_int_equal(tally_calls(t), 3);
	tally_free(t);
}

static void rankings_keep_the_greatest(void **state)
{
	struct tally *t = begin(3);
	char name[16];
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "d%u", i * 37 % 100);
		add(t, 1, name, i * 37 % 100, 10);
	}
	add(t, 1, "slow", 0, 100000);
	const struct tops *slowest = tally_slowest(t), *largest = tally_largest(t);
	assert_int_equal(slowest->n, 3);
	assert_string_equal(slowest->items[0].path, "slow");
	assert_string_equal(slowest->items[1].path, "d99");
	assert_string_equal(slowest->items[2].path, "d98");
	assert_string_equal(largest->items[0].path, "d99");
	assert_int_equal(largest->items[0].entries, 99);
	assert_int_equal(largest->items[0].ns, 1000);
	assert_string_equal(largest->items[2].path, "d97");
	tally_free(t);
}

static void a_ranking_of_none_is_empty(void **state)
{
	struct tally *t = begin(0);
	(void)state;
	add(t, 0, "", 5, 10);
	assert_int_equal(tally_slowest(t)->n, 0);
	tally_free(t);
}

static void is_below(const struct tally *t, unsigned percent, const char *path, size_t n,
		     uint64_t ns)
{
	size_t of, found_n;
	uint64_t found_ns;
	size_t len = tops_below(tally_slowest(t), percent, &of, &found_ns, &found_n);
	assert_int_equal(len, strlen(path));
	if (len)
		assert_memory_equal(tally_slowest(t)->items[of].path, path, len);
	assert_int_equal(found_n, n);
	assert_int_equal(found_ns, ns);
}

/* The deepest place that holds enough of the time; a name that only begins alike lies elsewhere. */
static void a_place_has_most_of_the_time(void **state)
{
	struct tally *t = begin(12);
	(void)state;
	add(t, 3, "var/lib/x/info", 0, 400);
	add(t, 3, "var/lib/x", 0, 300);
	add(t, 3, "var/lib/y", 0, 200);
	add(t, 3, "var/libexec", 0, 50);
	add(t, 1, "etc", 0, 50);
	is_below(t, 40, "var/lib/x/info", 1, 400);
	is_below(t, 70, "var/lib/x", 2, 700);
	is_below(t, 80, "var/lib", 3, 900);
	is_below(t, 91, "var", 4, 950);
	is_below(t, 99, "", 5, 1000);
	tally_free(t);
}

/* Of two slow directories among many, and of as many that are alike. */
static void slow_directories_stand_out_or_times_are_even(void **state)
{
	(void)state;
	for (int slow = 0; slow < 2; slow++) {
		struct tally *t = begin(2);
		char path[16];
		assert_int_equal(tally_places(t).kind, PLACES_FEW);
		for (int i = 0; i < 20; i++) {
			if (i == 4) /* no more than twice those of the ranking */
				assert_int_equal(tally_places(t).kind, PLACES_FEW);
			snprintf(path, sizeof(path), i < 2 ? "a/b/%d" : "c/%d", i);
			add(t, 1, path, 9, slow && i < 2 ? 1000 : 100);
		}
		const struct places places = tally_places(t);
		assert_int_equal(places.kind, slow ? PLACES_STAND_OUT : PLACES_EVEN);
		assert_int_equal(places.n, 2);
		assert_int_equal(places.percent, slow ? 53 : 10);
		assert_int_equal(places.length, slow ? strlen("a/b") : 0);
		if (slow)
			assert_memory_equal(places.path, "a/b", places.length);
		tally_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_have_no_gaps),
		cmocka_unit_test(calls_count_for_the_size_at_the_end),
		cmocka_unit_test(deep_levels_share_a_row),
		cmocka_unit_test(at_most_the_cost_of_the_clock_is_subtracted),
		cmocka_unit_test(rankings_keep_the_greatest),
		cmocka_unit_test(a_ranking_of_none_is_empty),
		cmocka_unit_test(a_place_has_most_of_the_time),
		cmocka_unit_test(slow_directories_stand_out_or_times_are_even),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
