/* Steal, from files like /proc/stat. */
#include "engine/measure/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "tests/scratch.h"
#include "tests/test.h"

struct stat_file {
	struct scratch scratch;
	char path[PATH_MAX + 16];
};

static void write_stat(struct stat_file *f, unsigned steal0, unsigned steal1)
{
	FILE *file = fopen(f->path, "w");
	assert_non_null(file);
	fprintf(file, "cpu  9 9 9 9 9 9 9 %u 0 0\n", steal0 + steal1);
	fprintf(file, "cpu0 1 2 3 4 5 6 7 %u 0 0\ncpu1 1 2 3 4 5 6 7 %u 0 0\n", steal0, steal1);
	fprintf(file, "intr 1 2 3\n");
	assert_int_equal(fclose(file), 0);
}

static void open_stat(struct stat_file *f)
{
	assert_true(scratch_make(&f->scratch));
	snprintf(f->path, sizeof(f->path), "%s/stat", f->scratch.path);
	write_stat(f, 100, 200);
}

static struct result *four_passes(void)
{
	struct result *result = result_new();
	assert_non_null(result);
	result->cells = arena_alloc(result->arena, sizeof(*result->cells));
	result->n_cells = 1;
	struct cell_result *cell = result->cells;
	cell->passes = calloc(4, sizeof(*cell->passes));
	assert_non_null(cell->passes);
	cell->n_passes = cell->room_passes = 4;
	for (uint32_t i = 0; i < 4; i++)
		cell->passes[i] = (struct pass){.round = i, .verified = true, .clean = true};
	return result;
}

/* Two rounds make a second: of the first two nothing is stolen, of the others a tenth. */
static void a_unit_that_lost_too_much_is_disturbed(void **state)
{
	struct stat_file f;
	struct steal *steal;
	struct result *result = four_passes();
	const struct pass *passes = result->cells[0].passes;
	const int cpus[] = {1, 1};
	(void)state;
	open_stat(&f);
	assert_int_equal(steal_open(&steal, f.path, cpus, 2), 0);
	write_stat(&f, 999, 204); /* 40 ms of CPU 1; what CPU 0 loses is not ours */
	for (uint32_t round = 0; round < 2; round++)
		assert_int_equal(steal_round(steal, result, round, NS_PER_SECOND / 2), 0);
	write_stat(&f, 999, 214);
	for (uint32_t round = 2; round < 4; round++)
		assert_int_equal(steal_round(steal, result, round, NS_PER_SECOND / 2), 0);
	assert_int_equal(result->run.n_units, 2);
	assert_int_equal(result->run.units[0].steal_ns, 40000000);
	assert_int_equal(result->run.units[1].steal_ns, 100000000);
	assert_int_equal(result->run.units[1].first_round, 2);
	assert_int_equal(result->run.units[1].rounds, 2);
	assert_true(passes[0].clean && passes[1].clean);
	assert_false(passes[2].clean || passes[3].clean);
	assert_true(passes[2].verified);
	assert_int_equal(passes[3].why, CAUSE_STOLEN);
	steal_close(steal);
	result_free(result);
	scratch_remove(&f.scratch);
}

/* As long as a unit, and more than a twentieth of it. */
static void steal_before_the_rounds_does_not_count(void **state)
{
	struct stat_file f;
	struct steal *steal;
	struct result *result = four_passes();
	const struct pass *passes = result->cells[0].passes;
	const int cpus[] = {0};
	(void)state;
	open_stat(&f);
	assert_int_equal(steal_open(&steal, f.path, cpus, 1), 0);
	write_stat(&f, 150, 200);
	steal_begin(steal);
	write_stat(&f, 151, 200);
	assert_int_equal(steal_round(steal, result, 0, NS_PER_SECOND), 0);
	assert_int_equal(result->run.units[0].steal_ns, 10000000);
	assert_true(passes[0].clean);
	/* Half a unit, then another state with its own priming: two units, one of them judged. */
	assert_int_equal(steal_round(steal, result, 1, NS_PER_SECOND / 2), 0);
	write_stat(&f, 250, 200);
	steal_begin(steal);
	write_stat(&f, 260, 200);
	assert_int_equal(steal_round(steal, result, 2, NS_PER_SECOND / 2), 0);
	assert_int_equal(steal_round(steal, result, 3, NS_PER_SECOND / 2), 0);
	assert_int_equal(result->run.n_units, 3);
	assert_int_equal(result->run.units[1].steal_ns, 0);
	assert_int_equal(result->run.units[2].steal_ns, 100000000);
	assert_int_equal(result->run.units[2].first_round, 2);
	assert_true(passes[1].clean);
	assert_false(passes[2].clean || passes[3].clean);
	steal_close(steal);
	result_free(result);
	scratch_remove(&f.scratch);
}

/* A tick in a short time says nothing, and a hypervisor may take back what it said. */
static void short_units_are_not_judged(void **state)
{
	struct stat_file f;
	struct steal *steal;
	struct result *result = four_passes();
	const int cpus[] = {0};
	(void)state;
	open_stat(&f);
	assert_int_equal(steal_open(&steal, f.path, cpus, 1), 0);
	write_stat(&f, 190, 200);
	assert_int_equal(steal_round(steal, result, 0, NS_PER_SECOND / 2), 0);
	assert_true(result->cells[0].passes[0].clean);
	write_stat(&f, 90, 200);
	assert_int_equal(steal_round(steal, result, 1, NS_PER_SECOND / 2), 0);
	assert_int_equal(result->run.units[0].steal_ns, 0);
	assert_true(result->cells[0].passes[1].clean);
	steal_close(steal);
	result_free(result);
	scratch_remove(&f.scratch);
}

static void without_a_stat_file(void **state)
{
	struct steal *steal = NULL;
	const int cpus[] = {0};
	(void)state;
	assert_int_equal(steal_open(&steal, "/nonexistent/stat", cpus, 1), -ENOENT);
	assert_null(steal);
	/* Nor from one that is masked. */
	assert_int_equal(steal_open(&steal, "/dev/null", cpus, 1), -ENODATA);
	assert_null(steal);
	steal_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_that_lost_too_much_is_disturbed),
		cmocka_unit_test(steal_before_the_rounds_does_not_count),
		cmocka_unit_test(short_units_are_not_judged),
		cmocka_unit_test(without_a_stat_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
