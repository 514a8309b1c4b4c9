/* What the history stores of a cell. */
#include <string.h>

#include "reports/history/store.h"
#include "tests/test.h"

/* A complete run of a cell with a ratio to the other, which both have that figure besides. */
struct fixture {
	struct result result;
	struct cell_result cells[2];
	struct extra_fact fact;
};

static void fill(struct fixture *f)
{
	*f = (struct fixture){
		.result = {.run = {.id = "run"}, .complete = true, .arena = arena_new()},
		.fact = {.name = "by_tables", .other_way = "a walk by calls", .passes = 4},
	};
	assert_non_null(f->result.arena);
	f->result.cells = f->cells;
	f->result.n_cells = 2;
	for (size_t i = 0; i < 2; i++)
		f->cells[i] = (struct cell_result){
			.id = i ? "bulk/j1" : "bulk/j2",
			.tree = "tree0",
			.baseline = "bulk/j1",
			.is_baseline = i == 1,
			.ratio = {.known = true, .median = 0.5, .lo = 0.4, .hi = 0.6},
			.extras = &f->fact,
			.n_extras = 1,
		};
}

/* Both cells worked in another way in so many of their four passes. */
static struct points points_of(struct fixture *f, uint32_t passes)
{
	struct points points;
	f->fact.passes_short = passes;
	assert_int_equal(points_make(&points, &f->result, NULL, NULL), 0);
	assert_int_equal(points.n, 1);
	return points;
}

static void another_way_has_a_series_of_its_own(void **state)
{
	(void)state;
	for (uint32_t passes = 0; passes < 3; passes++) {
		struct fixture f;
		fill(&f);
		const struct store_series *series = points_of(&f, passes).series;
		assert_string_equal(series->cell,
				    passes < 2 ? "bulk/j2" : "bulk/j2 (a walk by calls)");
		assert_string_equal(series->baseline,
				    passes < 2 ? "bulk/j1" : "bulk/j1 (a walk by calls)");
		arena_free(f.result.arena);
	}
}

/* Of other programs: the database takes one point of a series. */
static void cells_with_the_same_id_are_one_series(void **state)
{
	struct fixture f;
	(void)state;
	fill(&f);
	f.cells[1].is_baseline = false;
	f.cells[1].id = "bulk/j2";
	for (uint32_t passes = 0; passes < 3; passes++)
		points_of(&f, passes);
	arena_free(f.result.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_way_has_a_series_of_its_own),
		cmocka_unit_test(cells_with_the_same_id_are_one_series),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
