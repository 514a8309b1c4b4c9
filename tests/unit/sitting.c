/* Which trees are in memory at the same time, with a bound that the test drives. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/cmd/parts/axes.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { TREES_MAX = 8, ENTRIES = 2000 };

#define KIB UINT64_C(1024)

/* --- The sum --------------------------------------------------------------------------------- */

static void trees_that_fit_beside_held_memory_are_taken(void **state)
{
	(void)state;
	struct sitting s = {.bound = 10000 * KIB};
	assert_int_equal(sitting_take(&s, NULL, 3000), SITTING_FITS);
	const uint64_t one = s.used;
	assert_int_equal(sitting_take(&s, NULL, 3000), SITTING_FITS);
	assert_int_equal(s.used, 2 * one);
	assert_int_equal(sitting_take(&s, NULL, 3000), SITTING_LATER);
	assert_int_equal(s.used, 2 * one);
	assert_int_equal(sitting_left(&s), s.bound - 2 * one);
}

/* Caches are given back; images, files in memory and what the run itself holds are not. */
static void for_a_single_tree_only_held_memory_counts(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct lab_spec **specs;
	size_t n;
	struct err err = {0};
	assert_non_null(arena);
	assert_int_equal(lab_parse(&specs, &n, "tmpfs,ext4", arena, &err), 0);
	for (size_t i = 0; i < n; i++) {
		const struct lab_bytes kernel = lab_spec_bytes(specs[i]);
		struct sitting s = {.bound = 1000 * (kernel.held + KIB)};
		assert_true(kernel.held > 0);
		assert_int_equal(sitting_take(&s, specs[i], 2000), SITTING_NEVER);
		assert_int_equal(s.n, 0);
		assert_int_equal(sitting_take(&s, specs[i], 1000), SITTING_FITS);
	}
	struct sitting s = {.bound = 1000 * KIB};
	assert_int_equal(sitting_take(&s, NULL, 3000), SITTING_FITS);
	assert_int_equal(sitting_left(&s), 0);
	assert_int_equal(sitting_room(&s), 0);
	arena_free(arena);
}

static void any_number_of_entries_can_be_counted(void **state)
{
	(void)state;
	struct sitting s = {.bound = UINT64_MAX};
	assert_int_equal(sitting_take(&s, NULL, UINT64_MAX), SITTING_FITS);
	assert_int_equal(sitting_take(&s, NULL, 1), SITTING_LATER);
	struct arena *arena = arena_new();
	assert_true(sitting_bound(0, arena) > 0);
	assert_int_equal(sitting_bound(5, arena), 5);
	arena_free(arena);
}

/* --- What is loaded -------------------------------------------------------------------------- */

struct seen {
	size_t sittings, loaded_max, loaded[TREES_MAX]; /* at once; how often each tree */
	uint32_t entries[TREES_MAX];
	enum status lacking[TREES_MAX];
	const char *why[TREES_MAX];
};

static void count_loaded(const struct axes *axes, struct seen *seen)
{
	size_t loaded = 0;
	for (size_t i = 0; i < axes->n_all; i++) {
		const struct subject *s = &axes->subjects[i];
		loaded += s->load != NULL;
		seen->loaded[i] += s->load != NULL;
		if (s->load)
			seen->entries[i] = s->load->n_entries;
		if (i >= axes->first && i < axes->n)
			assert_int_equal(s->tree.sitting, seen->sittings);
	}
	seen->loaded_max = loaded > seen->loaded_max ? loaded : seen->loaded_max;
	seen->sittings++;
}

static void open_all(struct seen *seen, struct arena *arena, char **words, char *sizes,
		     char *memory)
{
	char *argv[] = {"run", "--dir", "trees", "--memory", memory, sizes, NULL};
	union options options;
	char **operands;
	struct err err = {0};
	struct axes axes;
	const struct cache_control control = {0};
	*seen = (struct seen){0};
	assert_int_equal(options_parse(&options, CMD_RUN, sizes ? 6 : 5, argv, &operands, &err), 0);
	assert_int_equal(axes_parse(&axes, words, &options.run.fs, &options.run.tree,
				    &options.run.output, arena, &err),
			 0);
	const struct axes_request request = {.words = words,
					     .tree = &options.run.tree,
					     .fs = &options.run.fs,
					     .control = &control,
					     .arena = arena};
	do {
		int error = axes_open(&axes, &request, &err);
		if (error)
			print_error("%s\n", err.text);
		assert_int_equal(error, 0);
		count_loaded(&axes, seen);
	} while (axes_are_left(&axes));
	for (size_t i = 0; i < axes.n_all; i++) {
		seen->lacking[i] = axes.subjects[i].lacking;
		seen->why[i] = axes.subjects[i].why;
	}
	axes_close(&axes);
	for (size_t i = 0; i < axes.n_all; i++)
		assert_null(axes.subjects[i].load);
}

/* Two of them take 6 MB; the first has to go before the second is loaded. */
static void trees_that_do_not_fit_together_are_loaded_one_after_the_other(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	char *words[] = {"flat", "deep", NULL}, sizes[] = "--entries=100,2k";
	struct seen seen;
	open_all(&seen, arena, words, sizes, "4M");
	assert_int_equal(seen.sittings, 2);
	assert_int_equal(seen.loaded_max, 3); /* both small ones fit beside the first large one */
	open_all(&seen, arena, words, sizes, "1M");
	assert_int_equal(seen.sittings, 4);
	assert_int_equal(seen.loaded_max, 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(seen.loaded[i], 1);
	open_all(&seen, arena, words, sizes, "1G");
	assert_int_equal(seen.sittings, 1);
	assert_int_equal(seen.loaded_max, 4);
	arena_free(arena);
}

static void make_files(const char *dir, unsigned n)
{
	char path[64];
	assert_return_code(mkdir(dir, 0755), 0);
	for (unsigned i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%u", dir, i);
		put_file(path, "");
	}
}

/* How large a directory is shows only when it is read. */
static void a_directory_that_does_not_fit_beside_others_waits(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	char *words[] = {"flat", "mine", "deep", NULL}, *mine[] = {"mine", "flat", NULL};
	struct seen seen;
	make_files("mine", ENTRIES);
	open_all(&seen, arena, words, NULL, "40M"); /* of 20,000 entries each */
	assert_int_equal(seen.sittings, 2);
	assert_int_equal(seen.entries[1], ENTRIES);
	open_all(&seen, arena, words, NULL, "31M");
	assert_int_equal(seen.sittings, 3);
	assert_int_equal(seen.loaded_max, 1);
	assert_int_equal(seen.entries[1], ENTRIES);
	open_all(&seen, arena, mine, NULL, "400k");
	assert_int_equal(seen.lacking[0], STATUS_SKIPPED);
	assert_non_null(
		strstr(seen.why[0], "more than 1,600 entries, which do not fit into the 400 KiB"));
	assert_int_equal(seen.lacking[1], STATUS_SKIPPED);
	assert_non_null(strstr(seen.why[1], "20,000 entries do not fit"));
	assert_int_equal(seen.loaded_max, 0);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_that_fit_beside_held_memory_are_taken),
		cmocka_unit_test(for_a_single_tree_only_held_memory_counts),
		cmocka_unit_test(any_number_of_entries_can_be_counted),
		SCRATCH_TEST(trees_that_do_not_fit_together_are_loaded_one_after_the_other),
		SCRATCH_TEST(a_directory_that_does_not_fit_beside_others_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
