/* The generator: the same tree everywhere, exact totals, and nothing beyond what the shape allows.
 */
#include "datasets/shape/generator.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static struct shape preset(const char *name, uint64_t entries)
{
	struct shape shape;
	struct err err = {0};
	assert_int_equal(shape_load(&shape, name, &err), 0);
	shape.entries = entries;
	assert_int_equal(shape_check(&shape, name, &err), 0);
	return shape;
}

static void digest_is(const struct shape *shape, const char *golden)
{
	char text[DIGEST_TEXT_SIZE];
	struct digest digest;
	assert_int_equal(gen_digest(shape, &digest), 0);
	digest_text(&digest, text);
	if (strcmp(text, golden) != 0)
		fail_msg("%s: %s, not %s", shape->name, text, golden);
}

/*
 * Numbers that were true once and have to stay true: a change here is another tree under an old
 * name, and breaks every comparison across versions and machines.
 */
static void test_golden_digests(void **state)
{
	static const char *const golden[][2] = {
		{"source-tree", "20000-8bb3c771792284d7"},
		{"flat", "20000-99785c1a4cf180a1"},
		{"deep", "20000-28c9685dbb76fc88"},
		{"maildir", "20000-9e0f54d743c8e568"},
		{"node-modules", "20000-ba202b512eb516a2"},
		{"images", "20000-9372009d9963ebf4"},
		{"git-objects", "20000-052ee586260f1d02"},
		{"backup-farm", "20000-bdb0d24077144419"},
		{"attributes", "20000-da09086f309e4600"},
		{"edge-cases", "20000-a792324a537ef836"},
		{"fit-debian-usr", "20000-e96c754baa31429a"},
		{"fit-git-objects", "20000-400fa7d8839da3bb"},
		{"fit-linux", "20000-f1442951753e50b4"},
		{"fit-node-modules", "20000-31d0a98f8129b8ca"},
	};
	struct shape shape = preset("source-tree", 20000);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
		const struct shape one = preset(golden[i][0], 20000);
		digest_is(&one, golden[i][1]);
	}
	shape.seed = 2;
	digest_is(&shape, "20000-2144dd4931acfffe");
	shape = preset("deep", 0);
	digest_is(&shape, "0-0000000000000000");
}

static void test_golden_names(void **state)
{
	const struct shape shape = preset("source-tree", 100);
	char names[4 * GEN_NAME_SIZE] = "", name[GEN_NAME_SIZE];
	struct gen_dir root;
	(void)state;
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < 4; i++) {
		size_t length = gen_name(&root, i, name);
		assert_int_equal(length, strlen(name));
		strcat(strcat(names, " "), name);
	}
	assert_string_equal(names, " jamig0.c bifu1.h timitarilojutafetesamos2.h hafebugun3.c");
}

/* Counts a subtree and holds every directory in it against the shape. */
static uint64_t count(const struct gen_dir *dir, uint32_t *deepest)
{
	const struct shape *shape = dir->shape;
	uint64_t total = gen_entries(dir);
	*deepest = MAX(*deepest, dir->depth);
	if (!dir->special && !shape->profile.n) {
		assert_true(dir->depth <= shape->depth);
		assert_true(dir->files <=
			    quantity_max(levels_at(&shape->files_per_dir, dir->depth)));
		assert_true(dir->shared <=
			    quantity_max(levels_at(&shape->dirs_per_dir, dir->depth)));
	}
	for (uint64_t i = 0; i < dir->dirs; i++) {
		struct gen_dir child;
		gen_child(&child, dir, i);
		if (!child.special && !shape->profile.n)
			assert_true(child.budget <= dir->child_max);
		total += count(&child, deepest);
	}
	assert_true(total == gen_below(dir));
	return total;
}

static uint32_t count_is_exact(const struct shape *shape)
{
	struct gen_dir root;
	uint32_t deepest = 0;
	gen_root(&root, shape);
	uint64_t total = count(&root, &deepest);
	if (total != shape->entries)
		fail_msg("%s: %" PRIu64 " entries, not %" PRIu64, shape->name, total,
			 shape->entries);
	return deepest;
}

static void test_presets_are_exact(void **state)
{
	static const uint64_t entries[] = {0, 1, 2, 3, 12, 13, 25, 26, 27, 100, 999, 20000, 300001};
	(void)state;
	for (size_t p = 0; shape_preset(p); p++) {
		for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
			struct shape shape = preset(shape_preset(p), 20000);
			shape.entries = entries[i];
			if (special_total(&shape) <= shape.entries)
				count_is_exact(&shape);
		}
	}
}

/* Every number of entries that small shapes can hold, from none to full, in both ways to fill. */
static void test_every_total_of_small_shapes(void **state)
{
	struct shape shapes[] = {
		{.files_per_dir = LEVELS_RANGE(1, 3),
		 .dirs_per_dir = LEVELS_RANGE(0, 3),
		 .depth = 3},
		{.files_per_dir = LEVELS_RANGE(3, 3),
		 .dirs_per_dir = LEVELS_RANGE(2, 2),
		 .depth = 4},
		{.files_per_dir = LEVELS_RANGE(0, 2),
		 .dirs_per_dir = LEVELS_RANGE(2, 4),
		 .depth = 3},
		{.files_per_dir = LEVELS_RANGE(0, 0),
		 .dirs_per_dir = LEVELS_RANGE(0, 3),
		 .depth = 4},
		{.files_per_dir = LEVELS_RANGE(2, 5),
		 .dirs_per_dir = LEVELS_RANGE(1, 1),
		 .depth = 40},
		{.files_per_dir = LEVELS_RANGE(0, 50),
		 .dirs_per_dir = LEVELS_RANGE(0, 0),
		 .depth = 0},
	};
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(shapes); s++) {
		struct shape shape = shapes[s];
		uint64_t capacity = shape_capacity(&shape, 0, UINT64_MAX);
		strcpy(shape.name, "small");
		shape.name_length = (struct quantity)QUANTITY_RANGE(4, 8);
		for (shape.entries = 0; shape.entries <= capacity; shape.entries++) {
			for (shape.seed = 0; shape.seed < 6; shape.seed++) {
				shape.fill = shape.seed % 2 ? FILL_DEEP : FILL_EVEN;
				assert_int_equal(shape_check(&shape, "small", NULL), 0);
				count_is_exact(&shape);
			}
		}
	}
}

static void test_even_shares_differ_by_one(void **state)
{
	const struct shape shape = preset("source-tree", 20000);
	struct gen_dir root, first, last;
	(void)state;
	gen_root(&root, &shape);
	assert_true(root.dirs > 1);
	gen_child(&first, &root, 0);
	gen_child(&last, &root, root.dirs - 1);
	assert_in_range(first.budget - last.budget, 0, 1);
}

static uint64_t entries_below(const struct gen_dir *dir, uint32_t depth)
{
	uint64_t total = dir->depth >= depth ? gen_entries(dir) : 0;
	for (uint64_t i = 0; i < dir->dirs; i++) {
		struct gen_dir child;
		gen_child(&child, dir, i);
		total += entries_below(&child, depth);
	}
	return total;
}

static void test_deep_is_deep(void **state)
{
	const struct shape shape = preset("deep", 20000);
	struct gen_dir root;
	(void)state;
	gen_root(&root, &shape);
	assert_int_equal(count_is_exact(&shape), shape.depth);
	assert_true(entries_below(&root, 20) > 19000);
}

static void test_deep_fills_one_before_the_next(void **state)
{
	struct shape shape = {.name = "full",
			      .entries = 100,
			      .files_per_dir = LEVELS_RANGE(2, 8),
			      .dirs_per_dir = LEVELS_RANGE(1, 4),
			      .depth = 2,
			      .fill = FILL_DEEP,
			      .name_length = QUANTITY_RANGE(4, 8)};
	struct gen_dir root, child;
	uint64_t full = shape_capacity(&shape, 1, UINT64_MAX);
	(void)state;
	gen_root(&root, &shape);
	assert_int_equal(root.dirs, 3);
	for (uint64_t i = 0; i + 1 < root.dirs; i++) {
		gen_child(&child, &root, i);
		assert_int_equal(child.budget, full);
	}
	gen_child(&child, &root, root.dirs - 1);
	assert_in_range(child.budget, 1, full);
}

static void test_source_tree_looks_like_one(void **state)
{
	const struct shape shape = preset("source-tree", 20000);
	uint32_t deepest = count_is_exact(&shape);
	(void)state;
	assert_in_range(deepest, 7, shape.depth);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_names_are_unique_and_found_again(void **state)
{
	struct shape shape = preset("flat", 5000);
	struct gen_dir root;
	char(*names)[GEN_NAME_SIZE] = calloc(shape.entries, sizeof(*names));
	(void)state;
	assert_non_null(names);
	shape.name_length = (struct quantity)QUANTITY_RANGE(4, 5);
	gen_root(&root, &shape);
	for (uint64_t i = 0; i < shape.entries; i++) {
		assert_in_range(gen_name(&root, i, names[i]), 4, 5);
		assert_int_equal(gen_find(&root, names[i]), i);
	}
	qsort(names, shape.entries, sizeof(*names), by_text);
	for (uint64_t i = 1; i < shape.entries; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
	free(names);
}

static void test_other_names_are_not_found(void **state)
{
	static const char *const strangers[] = {
		"",          "x",        "jamig",    "jamig.c",  "jamig00.c",
		"jamig0x.c", "jamig0.h", "jamig0.",  "Jamig0.c", "jamig99",
		"bifu1",     "0",        "bifu1.h ", "bifu-1.h", "bifu18446744073709551616.h",
	};
	const struct shape shape = preset("source-tree", 100);
	struct gen_dir root;
	(void)state;
	gen_root(&root, &shape);
	assert_int_equal(gen_find(&root, "jamig0.c"), 0);
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
		assert_int_equal(gen_find(&root, strangers[i]), gen_entries(&root));
}

static void test_longest_names(void **state)
{
	struct shape shape = preset("flat", 1000);
	struct gen_dir root;
	char name[GEN_NAME_SIZE];
	(void)state;
	shape.name_length = (struct quantity)QUANTITY_RANGE(255, 255);
	assert_int_equal(shape_check(&shape, "flat", NULL), 0);
	gen_root(&root, &shape);
	assert_int_equal(gen_name(&root, 0, name), 255);
	assert_int_equal(gen_name(&root, 999, name), 255);
	assert_int_equal(name[255], '\0');
}

/* The digest is what anyone gets who adds up gen_hash over all paths, in whatever order. */
static void add_backwards(const struct gen_dir *dir, const char *path, struct digest *digest)
{
	char *below = NULL, name[GEN_NAME_SIZE];
	for (uint64_t i = gen_entries(dir); i-- > 0;) {
		gen_name(dir, i, name);
		assert_true(asprintf(&below, "%s%s%s", path, *path ? "/" : "", name) > 0);
		if (S_ISDIR(gen_type(dir, i))) {
			struct gen_dir child;
			gen_child(&child, dir, i - dir->files);
			add_backwards(&child, below, digest);
		}
		digest_add(digest, gen_hash(below, strlen(below), gen_type(dir, i) | 0644));
		free(below);
	}
}

static void test_digest_is_of_paths_and_types(void **state)
{
	const struct shape shape = preset("deep", 3000);
	struct digest forwards, backwards = {0};
	struct gen_dir root;
	(void)state;
	gen_root(&root, &shape);
	assert_int_equal(gen_digest(&shape, &forwards), 0);
	add_backwards(&root, "", &backwards);
	assert_int_equal(forwards.count, 3000);
	assert_true(digest_same(&forwards, &backwards));
	assert_true(gen_hash("a", 1, S_IFREG) != gen_hash("a", 1, S_IFDIR));
	assert_true(gen_hash("a", 1, S_IFREG) != gen_hash("b", 1, S_IFREG));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_digests),
		cmocka_unit_test(test_golden_names),
		cmocka_unit_test(test_presets_are_exact),
		cmocka_unit_test(test_every_total_of_small_shapes),
		cmocka_unit_test(test_even_shares_differ_by_one),
		cmocka_unit_test(test_deep_is_deep),
		cmocka_unit_test(test_deep_fills_one_before_the_next),
		cmocka_unit_test(test_source_tree_looks_like_one),
		cmocka_unit_test(test_names_are_unique_and_found_again),
		cmocka_unit_test(test_other_names_are_not_found),
		cmocka_unit_test(test_longest_names),
		cmocka_unit_test(test_digest_is_of_paths_and_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
