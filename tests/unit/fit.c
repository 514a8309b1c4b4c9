/* Fitted shapes: a tree, the shape fitted to it and the tree made of that are alike. */
#include "datasets/tree/distributions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "datasets/tree/census.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 20000, NEAR = 50 /* thousandths */ };

static struct distributions *new_distributions(void)
{
	struct distributions *distributions = calloc(1, sizeof(*distributions));
	assert_non_null(distributions);
	return distributions;
}

/* A file of a directory by its first name there, and how many names that has. */
struct name {
	uint64_t first;
	uint32_t links;
};

static struct name *find_links(const struct gen_dir *dir)
{
	struct name *names = calloc(gen_entries(dir) + 1, sizeof(*names));
	assert_non_null(names);
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		struct gen_entry entry;
		gen_entry(dir, i, &entry);
		names[i].first = entry.is_hard_link ? gen_find(dir, entry.target) : i;
		names[names[i].first].links++;
	}
	return names;
}

static void draw_below(struct distributions *distributions, const struct gen_dir *dir)
{
	char name[GEN_NAME_SIZE];
	struct name *names = find_links(dir);
	distributions_add_directory(distributions, dir->depth, dir->files, dir->dirs);
	for (uint64_t i = 0; i < gen_entries(dir); i++) {
		struct gen_entry entry;
		struct gen_dir child;
		gen_name(dir, i, name);
		gen_entry(dir, names[i].first, &entry);
		const struct stat st = {.st_mode = entry.mode,
					.st_size = (off_t)entry.size,
					.st_nlink = names[names[i].first].links};
		distributions_add_entry(distributions, name, &st, dir->depth, entry.n_xattrs);
		if (i < dir->files)
			continue;
		gen_child(&child, dir, i - dir->files);
		draw_below(distributions, &child);
	}
	free(names);
}

/* What a walk over the tree of a shape would see. */
static struct distributions *distributions_of(const struct shape *shape)
{
	struct distributions *distributions = new_distributions();
	struct gen_dir root;
	gen_root(&root, shape);
	draw_below(distributions, &root);
	return distributions;
}

static struct shape fitted_to(const struct distributions *distributions, uint64_t entries)
{
	struct shape shape;
	struct err err = {0};
	fit_shape(&shape, distributions);
	strcpy(shape.name, "fitted");
	shape.entries = entries;
	if (shape_check(&shape, "fitted", &err))
		fail_msg("%s", err.text);
	return shape;
}

static void are_near(const char *name, const struct distributions *a, const struct distributions *b)
{
	struct distributions_distance rows[DISTRIBUTIONS_DISTANCES];
	size_t n = distributions_compare(a, b, rows);
	for (size_t i = 0; i < n; i++) {
		print_message("# %s: %s: %.3f\n", name, rows[i].key, rows[i].distance);
		if (rows[i].distance * 1000 >= NEAR)
			fail_msg("%s: %s: %.3f apart", name, rows[i].key, rows[i].distance);
	}
}

/* The tree of a shape, and that of the shape fitted to it. */
static void comes_back(const struct shape *shape)
{
	struct distributions *before = distributions_of(shape);
	const struct shape fitted = fitted_to(before, shape->entries);
	struct distributions *after = distributions_of(&fitted);
	char *text = shape_to_json(&fitted);
	assert_non_null(text);
	assert_in_range(strlen(text), 1, 16384);
	are_near(shape->name, before, after);
	free(text);
	free(before);
	free(after);
}

static void test_presets_come_back(void **state)
{
	static const char *const presets[] = {
		"fit-debian-usr", "fit-git-objects", "fit-linux", "fit-node-modules", "flat",
		"git-objects",    "images",          "maildir",   "node-modules",     "source-tree",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
		const struct shape shape = shape_of(presets[i], ENTRIES);
		comes_back(&shape);
	}
}

static void test_links_types_and_attributes_come_back(void **state)
{
	struct shape shape = shape_of("source-tree", ENTRIES);
	(void)state;
	shape.hard_links = (struct hard_links){.per_mille = 300, .group = 3};
	shape.symlinks.per_mille = 100;
	shape.fifos = 100;
	shape.xattrs = (struct xattrs){
		.per_mille = 400, .count = QUANTITY_RANGE(1, 5), .size = QUANTITY_RANGE(8, 8)};
	comes_back(&shape);
}

/* A fitted shape is asked for other numbers of entries than its tree had. */
static void test_other_sizes_are_alike(void **state)
{
	static const uint64_t sizes[] = {5000, 100000, 400000};
	const struct shape shape = shape_of("fit-linux", ENTRIES);
	struct distributions *before = distributions_of(&shape);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const struct shape fitted = fitted_to(before, sizes[i]);
		struct distributions *after = distributions_of(&fitted);
		assert_true(after->files + after->dirs == sizes[i]);
		are_near("resized", before, after);
		free(after);
	}
	free(before);
}

static void test_odd_trees_give_shapes(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 30, 1000};
	(void)state;
	for (size_t i = 0; shape_preset(i); i++) {
		for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
			struct shape shape = shape_of(shape_preset(i), 20000);
			struct gen_dir root;
			shape.entries = sizes[k];
			if (shape.specials)
				continue;
			struct distributions *distributions = distributions_of(&shape);
			const struct shape fitted = fitted_to(distributions, sizes[k] * 3);
			gen_root(&root, &fitted);
			assert_true(gen_below(&root) == sizes[k] * 3);
			free(distributions);
		}
	}
}

/* Not every filesystem of a scratch directory does. */
static bool keeps_attributes(void)
{
	put_file("probe", "");
	bool keeps = setxattr("probe", "user.probe", "x", 1, 0) == 0;
	unlink("probe");
	return keeps;
}

/* A walk over the made tree sees what was drawn on paper. */
static void test_disk_is_as_paper(void **state)
{
	enum { FEW = 600 };
	struct shape shape = shape_of("fit-linux", FEW);
	struct distributions *disk = new_distributions();
	struct census census;
	struct err err = {0};
	(void)state;
	shape.hard_links = (struct hard_links){.per_mille = 300, .group = 3};
	if (keeps_attributes())
		shape.xattrs = (struct xattrs){.per_mille = 400,
					       .count = QUANTITY_RANGE(1, 5),
					       .size = QUANTITY_RANGE(8, 8)};
	struct distributions *paper = distributions_of(&shape);
	create_works("t", &shape);
	assert_int_equal(
		census_take_distributions(&census, disk, "t/tree", false, NULL, NULL, &err), 0);
	assert_int_equal(census.entries, FEW);
	assert_memory_equal(disk, paper, sizeof(*disk));
	free(disk);
	free(paper);
}

static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

static void test_a_halted_walk_is_reported(void **state)
{
	const struct shape shape = shape_of("source-tree", 300);
	const struct halt halt = {at_once, NULL};
	struct distributions *distributions = new_distributions();
	struct census census;
	struct err err = {0};
	(void)state;
	create_works("t", &shape);
	assert_int_equal(census_take_distributions(&census, distributions, "t/tree", false, NULL,
						   &halt, &err),
			 0);
	assert_true(census.halted);
	assert_int_equal(census.entries, 1);
	fitted_to(distributions, 100);
	free(distributions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presets_come_back),
		cmocka_unit_test(test_links_types_and_attributes_come_back),
		cmocka_unit_test(test_other_sizes_are_alike),
		cmocka_unit_test(test_odd_trees_give_shapes),
		SCRATCH_TEST(test_disk_is_as_paper),
		SCRATCH_TEST(test_a_halted_walk_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
