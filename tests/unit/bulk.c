/*
 * Collecting from the tables of ext4: on real filesystems of every kind that mkfs.ext4 makes, the
 * list has to be that of the walk by calls, whatever lies in the tree, is mounted in it, or changes
 * while it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "tests/test.h"
#include "tests/unit/with_bulk.h"

static void on_ext4(const char *options, void (*test)(const struct place *place))
{
	on("ext4", options, test);
}

/* ---- Every kind of filesystem ---------------------------------------------------------------- */

static void as_made_by_default(void **state)
{
	(void)state;
	on_ext4("", tree_is_the_same);
}

static void with_small_blocks_and_large_inodes(void **state)
{
	(void)state;
	on_ext4("-b 1024 -I 512 -O ^flex_bg -g 2048", tree_is_the_same);
}

static void with_block_maps_and_small_inodes(void **state)
{
	(void)state;
	on_ext4("-b 1024 -I 128 -O ^extents,^64bit,^metadata_csum,^huge_file,^flex_bg",
		tree_is_the_same);
}

static void without_file_types_and_indexes(void **state)
{
	(void)state;
	on_ext4("-O ^filetype,^dir_index,^metadata_csum", tree_is_the_same);
}

static void with_clusters_and_more(void **state)
{
	(void)state;
	on_ext4("-O bigalloc,metadata_csum_seed,large_dir,ea_inode,verity,encrypt",
		tree_is_the_same);
}

static void inline_directories_are_asked(const struct place *p)
{
	hold(make_tree(p->root), "the tree cannot be made");
	sync();
	pause_ms(100);
	flist_list_free(compare(p->root, NULL, false));
}

static void with_inline_data(void **state)
{
	(void)state;
	on_ext4("-I 256 -O inline_data", inline_directories_are_asked);
}

static void with_names_without_case(void **state)
{
	(void)state;
	on_ext4("-O casefold -E encoding=utf8", tree_is_the_same);
}

/* ---- Ways of asking -------------------------------------------------------------------------- */

static void asked_in_other_ways(void **state)
{
	(void)state;
	on_ext4("", filter_and_each_and_lazy);
}

static void what_is_mounted_below(void **state)
{
	(void)state;
	on_ext4("", mounts_are_seen);
}

static void who_is_not_root_is_told(void **state)
{
	(void)state;
	on_ext4("", without_privilege);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static void changes_are_seen(const struct place *p)
{
	struct change c = {.root = p->root};
	const struct flist_collect_options o = {.threads.jobs = 1, .each = change, .arg = &c};
	hold(make_tree(p->root), "the tree cannot be made");
	pause_ms(100);
	const int64_t since = now_ns();
	struct flist_list *a = collect(p->root, &o, FLIST_BULK);
	hold(c.done, "changed");
	struct flist_list *b = collect(p->root, NULL, 0);
	hold_same_since(a, b, since);
	hold(!COMPILED_IN || flist_list_how(a)->by_tables > LARGE / 2, "by tables");
	flist_list_free(a);
	/* What was changed right before the call and is not written yet. */
	a = collect(p->root, NULL, FLIST_BULK);
	hold_same_lists(a, b);
	flist_list_free(a);
	flist_list_free(b);
}

static void changed_meanwhile(void **state)
{
	(void)state;
	on_ext4("", changes_are_seen);
}

static void written_but_not_to_the_device(void **state)
{
	(void)state;
	on_ext4("", unwritten_sizes_are_seen);
}

/* ---- Elsewhere ------------------------------------------------------------------------------- */

static void reasons_elsewhere(void **state)
{
	struct scratch s;
	const char *why = NULL;
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_file(s.fd, "file", 3));
	assert_int_equal(flist_bulk_check(s.path, NULL, &why), -ENOTSUP);
	assert_non_null(why);
	if (!COMPILED_IN)
		assert_string_equal(why, "it is not compiled in");
	assert_int_equal(flist_bulk_check("/nowhere", NULL, &why), -ENOENT);
	const struct flist_collect_options unknown = {.flags = 1 << 30};
	assert_int_equal(flist_bulk_check(s.path, &unknown, NULL), -EINVAL);
	struct flist_list *list;
	const struct flist_collect_options bulk = {.flags = FLIST_BULK};
	assert_int_equal(flist_collect(&list, s.path, &bulk), 0);
	assert_int_equal(flist_list_length(list), 1);
	assert_non_null(flist_list_how(list)->why_not);
	if (!COMPILED_IN)
		assert_string_equal(flist_list_how(list)->why_not, "it is not compiled in");
	flist_list_free(list);
	assert_int_equal(flist_collect(&list, s.path, NULL), 0);
	assert_null(flist_list_how(list)->why_not);
	flist_list_free(list);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_made_by_default),
		cmocka_unit_test(with_small_blocks_and_large_inodes),
		cmocka_unit_test(with_block_maps_and_small_inodes),
		cmocka_unit_test(without_file_types_and_indexes),
		cmocka_unit_test(with_clusters_and_more),
		cmocka_unit_test(with_inline_data),
		cmocka_unit_test(with_names_without_case),
		cmocka_unit_test(asked_in_other_ways),
		cmocka_unit_test(what_is_mounted_below),
		cmocka_unit_test(who_is_not_root_is_told),
		cmocka_unit_test(changed_meanwhile),
		cmocka_unit_test(written_but_not_to_the_device),
		cmocka_unit_test(reasons_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
