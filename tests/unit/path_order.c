/* The order of paths that nobody has in one piece is that of the paths. */
#include "engine/path_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

enum { NODES = 400, PATH_SIZE = 4096 };

struct tree {
	struct path_node nodes[NODES];
	char names[NODES][8], paths[NODES][PATH_SIZE];
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of few bytes about '/', so that many begin like others; each path once. */
static bool is_new(const struct tree *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(t->paths[i], t->paths[n]) == 0)
			return false;
	}
	return true;
}

static void add(struct tree *t, uint32_t n, uint32_t up, struct rng *rng)
{
	static const char bytes[] = "-.0a\377";
	do {
		size_t len = 1 + rng_below(rng, 3);
		memset(t->names[n], 0, sizeof(t->names[n]));
		for (size_t i = 0; i < len; i++)
			t->names[n][i] = bytes[rng_below(rng, sizeof(bytes) - 1)];
		const int size = snprintf(t->paths[n], PATH_SIZE, "%s%s%s",
					  up == PATH_ORDER_NONE ? "" : t->paths[up],
					  up == PATH_ORDER_NONE ? "" : "/", t->names[n]);
		assert_true(size < PATH_SIZE);
	} while (!is_new(t, n));
	t->nodes[n] = (struct path_node){t->names[n], (uint32_t)strlen(t->names[n]), up};
}

static void order_is_that_of_whole_paths(void **state)
{
	struct tree *t = malloc(sizeof(*t));
	uint32_t order[NODES];
	const char *sorted[NODES];
	(void)state;
	assert_non_null(t);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct rng rng = {seed};
		for (uint32_t i = 0; i < NODES; i++) {
			const bool is_top = i < 3 || rng_below(&rng, 8) == 0;
			add(t, i, is_top ? PATH_ORDER_NONE : (uint32_t)rng_below(&rng, i), &rng);
			sorted[i] = t->paths[i];
		}
		qsort(sorted, NODES, sizeof(*sorted), compare);
		assert_int_equal(path_order(t->nodes, NODES, order), 0);
		for (uint32_t i = 0; i < NODES; i++)
			assert_string_equal(t->paths[order[i]], sorted[i]);
	}
	free(t);
}

/* Also where parents come after children. */
static void parents_may_come_after_children(void **state)
{
	const struct path_node nodes[] = {
		{"c", 1, 1}, {"b", 1, 2}, {"a", 1, PATH_ORDER_NONE}, {"a/0", 3, PATH_ORDER_NONE}};
	uint32_t order[ARRAY_LEN(nodes)];
	(void)state;
	assert_int_equal(path_order(nodes, ARRAY_LEN(nodes), order), 0);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 1);
	assert_int_equal(order[2], 0);
	assert_int_equal(order[3], 3);
	assert_int_equal(path_order(nodes, 0, order), 0);
}

static void a_chain_may_be_of_any_depth(void **state)
{
	enum { DEPTH = 300000 };
	struct path_node *nodes = calloc(DEPTH, sizeof(*nodes));
	uint32_t *order = calloc(DEPTH, sizeof(*order));
	(void)state;
	assert_true(nodes && order);
	for (uint32_t i = 0; i < DEPTH; i++)
		nodes[i] = (struct path_node){"d", 1, i ? i - 1 : PATH_ORDER_NONE};
	assert_int_equal(path_order(nodes, DEPTH, order), 0);
	for (uint32_t i = 0; i < DEPTH; i++)
		assert_int_equal(order[i], i);
	free(nodes);
	free(order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_is_that_of_whole_paths),
		cmocka_unit_test(parents_may_come_after_children),
		cmocka_unit_test(a_chain_may_be_of_any_depth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
