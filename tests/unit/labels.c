/*
 * Names of rows, cut to a width. Random sets of names that have most of their text in common: what
 * differed still differs.
 */
#include "reports/words/labels.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/table/table.h"
#include "tests/test.h"
#include "tests/unit/with_result.h"

enum { NAMES = 12, SETS = 300 };

static struct arena *arena;

static int make_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return arena ? 0 : -1;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Few pieces, so that names share their beginnings and ends, and one may be another's cut. */
static const char *random_name(struct rng *rng)
{
	static const char *const pieces[] = {
		"walk-", "lstat", "[mask=size]", "exec:find {root}", " -type f", "a",
		"a",     "b",     "..",          "\303\251"};
	const char *name = "";
	for (uint64_t n = 1 + rng_below(rng, 8); n > 0; n--)
		name = arena_print(arena, "%s%s", name, pieces[rng_below(rng, ARRAY_LEN(pieces))]);
	assert_non_null(name);
	return name;
}

static void assert_distinct(const char *const *whole, const char *const *shown, size_t room)
{
	for (size_t i = 0; i < NAMES; i++) {
		const bool is_cut = strcmp(shown[i], whole[i]) != 0;
		if (is_cut && (text_width(whole[i]) <= room || text_width(shown[i]) > room))
			fail_msg("%zu columns: \"%s\" became \"%s\"", room, whole[i], shown[i]);
		for (size_t k = 0; k < i; k++) {
			if ((strcmp(whole[i], whole[k]) == 0) != (strcmp(shown[i], shown[k]) == 0))
				fail_msg("%zu columns: \"%s\" and \"%s\" became \"%s\" and \"%s\"",
					 room, whole[i], whole[k], shown[i], shown[k]);
		}
	}
}

static void shortened_labels_stay_different(void **state)
{
	struct rng rng = {rng_mix(1)};
	size_t n_cut = 0;
	(void)state;
	for (int set = 0; set < SETS; set++) {
		const char *whole[NAMES], *shown[NAMES];
		for (size_t i = 0; i < NAMES; i++)
			whole[i] = random_name(&rng);
		for (size_t room = 2; room < 60; room++) {
			memcpy(shown, whole, sizeof(whole));
			labels_fit(arena, shown, NAMES, room);
			assert_distinct(whole, shown, room);
			memcpy(shown, whole, sizeof(whole));
			labels_drop_params(arena, shown, NAMES, room);
			labels_keep_values(arena, shown, NAMES, room);
			labels_fit(arena, shown, NAMES, room);
			assert_distinct(whole, shown, room);
			for (size_t i = 0; i < NAMES; i++)
				n_cut += strcmp(whole[i], shown[i]) != 0;
		}
	}
	assert_true(n_cut > SETS * NAMES);
}

static void assert_values(const char *name, size_t room, const char *wanted)
{
	const char *names[] = {name, "other[mask=size]"};
	labels_keep_values(arena, names, ARRAY_LEN(names), room);
	assert_string_equal(names[0], wanted);
	assert_string_equal(names[1], room < 16 ? "other[size]" : "other[mask=size]");
}

static void values_are_kept_where_they_fit(void **state)
{
	(void)state;
	assert_values("statx[addressing=dirfd]", 22, "statx[dirfd]");
	assert_values("statx[addressing=dirfd]", 23, "statx[addressing=dirfd]");
	assert_values("statx[addressing=dirfd]", 11, "statx[addressing=dirfd]");
	assert_values("statx[addressing=dirfd,mask=size,sync=dont]", 30, "statx[dirfd,size,dont]");
	assert_values("statx[on,mask=a=b]", 15, "statx[on,a=b]");
	assert_values("exec[lines=verify]:find {root}", 20, "exec[lines=verify]:find {root}");
	assert_values("another[mask=size]", 15, "another[size]");
	const char *alike[] = {"x[mask=size]", "x[fields=size]", "x[mask=type]"};
	labels_keep_values(arena, alike, ARRAY_LEN(alike), 8);
	assert_string_equal(alike[0], "x[mask=size]");
	assert_string_equal(alike[1], "x[fields=size]");
	assert_string_equal(alike[2], "x[type]");
}

/* --- In a table ------------------------------------------------------------------------------ */

static char *render(const struct result *result, int width)
{
	const struct table_style style = {width, false, false, width % 2};
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(table_print(to, result, &style), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

/* The names that the rows begin with; a whole one stands on a line of its own before its row. */
static size_t names_in(char *text, const char *names[CELLS])
{
	char *line = strstr(text, "\ncell ");
	const char *above = NULL;
	assert_non_null(line);
	line++;
	const size_t at = (size_t)(strstr(line, "jobs") - line);
	size_t n = 0;
	strtok(line, "\n");
	strtok(NULL, "\n"); /* the rule */
	while ((line = strtok(NULL, "\n")) && strncmp(line, "---", 3) != 0) {
		size_t len = MIN(strlen(line), at);
		const bool is_row = strlen(line) > at + 4 && line[at + 3] == '1' && line[at] == ' ';
		while (len > 0 && line[len - 1] == ' ')
			len--;
		if (is_row && n < CELLS)
			names[n++] = len ? arena_print(arena, "%.*s", (int)len, line) : above;
		above = arena_copy(arena, line);
	}
	return n;
}

static void rows_of_a_table_can_be_told_apart(void **state)
{
	struct rng rng = {rng_mix(2)};
	(void)state;
	for (int width = 60; width <= 200; width++) {
		const char *names[CELLS];
		struct result *result = with_result();
		for (size_t i = 0; i < result->n_cells; i++) {
			result->cells[i].jobs = 1;
			result->cells[i].n_error_counts = result->cells[i].n_failure_counts = 0;
			result->cells[i].label =
				arena_print(arena, "%s%c%s/as-is",
					    i % 2 ? "walk-lstat-of-a-long-name" : "exec:find {root",
					    'a' + (char)i, i % 3 ? "-type-f" : "[x=y]");
			result->cells[i].cache = CACHE_AS_IS;
		}
		result->cells[CELL_STATX].ns_per_entry.median *= (double)rng_below(&rng, 1000000);
		char *text = render(result, width);
		assert_int_equal(names_in(text, names), CELLS - 1);
		assert_null(strstr(text, "/as-is"));
		for (size_t i = 0; i < CELLS - 1; i++) {
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(names[i], names[k]);
		}
		free(text);
		result_free(result);
	}
}

static void assert_says(const struct result *result, const char *words, bool wanted)
{
	char *text = render(result, 120);
	if (!strstr(text, words) == wanted)
		fail_msg("%s\"%s\" in:\n%s", wanted ? "no " : "", words, text);
	free(text);
}

static void a_state_is_a_column_where_it_differs(void **state)
{
	struct result *result = with_result();
	(void)state;
	assert_says(result, "cell      ", true);
	assert_says(result, " cache  jobs", false);
	result->cells[CELL_FSTATAT].cache = CACHE_COLD;
	result->cells[CELL_FSTATAT].label = "fstatat/cold";
	assert_says(result, " cache  jobs", true);
	assert_says(result, "\nfstatat  ", true);
	assert_says(result, "\nthreaded                                     warm      2", true);
	/* Sentences have no columns. */
	assert_says(result, "\nfstatat/cold is 1.43x", true);
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].cache = CACHE_COLD;
	assert_says(result, "state    cold cache", true);
	assert_says(result, " cache  jobs", false);
	assert_says(result, "fstatat/cold", false);
	assert_says(result, "\nfstatat is 1.43x", true);
	result_free(result);
}

static void a_tree_is_a_head_where_it_differs(void **state)
{
	struct result *result = with_result();
	struct tree_facts trees[2] = {result->trees[0], result->trees[0]};
	(void)state;
	trees[1].id = "tree1";
	trees[1].name = "flat";
	result->trees = trees;
	result->n_trees = 2;
	assert_says(result, "\nflat  ---", false);
	result->cells[CELL_FSTATAT].tree = "tree1";
	assert_says(result, "\nsource-tree  ---", true);
	assert_says(result, "\nflat  ---", true);
	assert_says(result, "time against the baseline of the row", true);
	result_free(result);
}

static void an_id_loses_its_state(void **state)
{
	(void)state;
	assert_string_equal(label_without(arena, "fts/as-is/j1", CACHE_AS_IS), "fts/j1");
	assert_string_equal(label_without(arena, "a/cold/j1 against b/cold/j12", CACHE_COLD),
			    "a/j1 against b/j12");
	assert_string_equal(label_without(arena, "fts/j1", CACHE_WARM), "fts/j1");
	assert_string_equal(label_without(arena, "fts/as-is/j1", CACHE_COLD), "fts/as-is/j1");
	/* No state, but the end of a program's path. */
	assert_string_equal(label_without(arena, "exec:./warm/j1", CACHE_WARM), "exec:./warm/j1");
	assert_string_equal(label_without(arena, "exec:find x/cold/job/j1", CACHE_COLD),
			    "exec:find x/cold/job/j1");
}

static void a_label_loses_its_state(void **state)
{
	struct cell_result cell = {.label = "fts/cold", .cache = CACHE_COLD};
	(void)state;
	assert_string_equal(label_plain(arena, &cell), "fts");
	cell = (struct cell_result){.label = "exec:./warm", .cache = CACHE_WARM};
	assert_string_equal(label_plain(arena, &cell), "exec:./warm");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
	const struct CMUnitTest tests[] = {
		TEST(shortened_labels_stay_different),   TEST(values_are_kept_where_they_fit),
		TEST(rows_of_a_table_can_be_told_apart), TEST(a_state_is_a_column_where_it_differs),
		TEST(a_tree_is_a_head_where_it_differs), TEST(an_id_loses_its_state),
		TEST(a_label_loses_its_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
