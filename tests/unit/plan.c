/* The order of passes: a permutation, the same for the same seed, and fair to every cell. */
#include "engine/measure/choose/plan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

enum { MOST = 512 };

static void is_permutation(const size_t *order, size_t n)
{
	bool seen[MOST] = {false};
	for (size_t i = 0; i < n; i++) {
		assert_true(order[i] < n);
		if (seen[order[i]])
			fail_msg("of %zu cells, %zu comes twice", n, order[i]);
		seen[order[i]] = true;
	}
}

static void every_cell_comes_once(void **state)
{
	size_t order[2 * MOST];
	(void)state;
	for (size_t n = 0; n <= MOST; n = n < 20 ? n + 1 : n * 2 - 8) {
		for (uint32_t round = 0; round < 20; round++) {
			memset(order, 0xff, sizeof(order));
			plan_round(round * 12345, round, order, n);
			is_permutation(order, n);
		}
	}
}

static void nothing_is_written_beyond_the_end(void **state)
{
	size_t order[9] = {9, 9, 9, 9, 9, 9, 9, 9, 9}, sequence[64];
	(void)state;
	plan_round(1, 1, order, 4);
	assert_int_equal(order[8], 9);
	plan_round(1, 1, order, 0);
	assert_int_equal(order[8], 9);
	for (size_t n = 0; n < 20; n++) {
		sequence[plan_room(n)] = 9;
		plan_sequence(1, 1, n, 0, sequence);
		assert_int_equal(sequence[plan_room(n)], 9);
	}
}

/* Once true, to stay true: with the stored seed a run can be ordered again the same way. */
static void orders_are_golden(void **state)
{
	static const struct {
		uint64_t seed;
		uint32_t round;
		size_t order[8];
	} golden[] = {
		{0, 0, {2, 6, 5, 3, 0, 7, 4, 1}},
		{0, 1, {7, 1, 3, 4, 6, 0, 2, 5}},
		{1, 0, {2, 4, 3, 0, 7, 6, 1, 5}},
		{(1ULL << 53) - 1, UINT32_MAX, {7, 0, 1, 4, 6, 3, 2, 5}},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
		size_t order[16];
		plan_round(golden[i].seed, golden[i].round, order, 8);
		for (size_t at = 0; at < 8; at++)
			assert_int_equal(order[at], golden[i].order[at]);
	}
}

static void rounds_and_seeds_differ(void **state)
{
	size_t first[128], other[128];
	(void)state;
	plan_round(1, 0, first, 64);
	plan_round(1, 1, other, 64);
	assert_memory_not_equal(first, other, 64 * sizeof(*first));
	plan_round(2, 0, other, 64);
	assert_memory_not_equal(first, other, 64 * sizeof(*first));
	plan_round(1, 0, other, 64);
	assert_memory_equal(first, other, 64 * sizeof(*first));
}

/* In whole blocks each cell stands at each place, and behind each other one, equally often. */
static void every_cell_gets_every_place(void **state)
{
	(void)state;
	for (size_t n = 2; n < 24; n++) {
		const uint32_t rounds = (uint32_t)(n % 2 ? 2 * n : n) * 3;
		unsigned place[24][24] = {{0}}, behind[24][24] = {{0}};
		for (uint32_t round = 0; round < rounds; round++) {
			size_t order[48];
			plan_round(42, round, order, n);
			for (size_t at = 0; at < n; at++) {
				place[order[at]][at]++;
				if (at)
					behind[order[at]][order[at - 1]]++;
			}
		}
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < n; k++) {
				assert_int_equal(place[i][k], rounds / n);
				assert_int_equal(behind[i][k], i == k ? 0 : rounds / n);
			}
		}
	}
}

/* All six orders of three cells are equally likely: a shuffle that favours some shows here. */
static void every_order_is_as_likely(void **state)
{
	enum { ROUNDS = 6000, SLACK = 150 };
	unsigned orders[27] = {0}, kinds = 0;
	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		size_t order[6];
		plan_round(7, round, order, 3);
		orders[order[0] * 9 + order[1] * 3 + order[2]]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (orders[i])
			assert_in_range(orders[i], ROUNDS / 6 - SLACK, ROUNDS / 6 + SLACK);
		kinds += orders[i] > 0;
	}
	assert_int_equal(kinds, 6);
}

/* Every other cell once and next to the anchor, which never stands next to itself. */
static void every_cell_is_next_to_the_anchor(void **state)
{
	size_t sequence[3 * MOST];
	(void)state;
	for (size_t n = 1; n < 40; n++) {
		for (uint32_t round = 0; round < 60; round++) {
			size_t anchor = round % n, seen[40] = {0};
			size_t length = plan_sequence(7, round, n, anchor, sequence);
			assert_int_equal(length, plan_length(n));
			assert_in_range(length, n, plan_room(n));
			for (size_t i = 0; i < length; i++) {
				bool before = i && sequence[i - 1] == anchor;
				bool behind = i + 1 < length && sequence[i + 1] == anchor;
				assert_true(sequence[i] < n);
				seen[sequence[i]]++;
				assert_int_equal(before || behind, sequence[i] != anchor);
			}
			for (size_t i = 0; i < n; i++)
				assert_true(i == anchor ? seen[i] >= 1 : seen[i] == 1);
		}
	}
}

static void without_an_anchor_the_sequence_is_the_round(void **state)
{
	size_t order[16], sequence[32];
	(void)state;
	plan_round(3, 4, order, 8);
	assert_int_equal(plan_sequence(3, 4, 8, SIZE_MAX, sequence), 8);
	assert_memory_equal(order, sequence, 8 * sizeof(*order));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_comes_once),
		cmocka_unit_test(nothing_is_written_beyond_the_end),
		cmocka_unit_test(orders_are_golden),
		cmocka_unit_test(rounds_and_seeds_differ),
		cmocka_unit_test(every_cell_gets_every_place),
		cmocka_unit_test(every_order_is_as_likely),
		cmocka_unit_test(every_cell_is_next_to_the_anchor),
		cmocka_unit_test(without_an_anchor_the_sequence_is_the_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
