/* The numbers of a tree: the same on paper and on disk, and in cells that lose nothing. */
#include "datasets/tree/census.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "tests/child.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 1000 };

static void spreads_agree(const struct spread *paper, const struct spread *disk)
{
	assert_int_equal(paper->n, disk->n);
	assert_true(paper->sum == disk->sum);
	assert_true(paper->min == disk->min && paper->max == disk->max);
	assert_memory_equal(paper->cells, disk->cells, sizeof(paper->cells));
}

static void test_paper_and_disk_agree(void **state)
{
	(void)state;
	for (size_t i = 0; shape_preset(i); i++) {
		const struct shape shape = shape_of(shape_preset(i), ENTRIES);
		struct census paper, disk;
		struct err err = {0};
		create_works("t", &shape);
		census_of_shape(&paper, &shape);
		assert_int_equal(census_take(&disk, "t/tree", false, NULL, &err), 0);
		assert_int_equal(paper.entries, ENTRIES);
		assert_int_equal(disk.entries, ENTRIES);
		assert_memory_equal(paper.types, disk.types, sizeof(paper.types));
		spreads_agree(&paper.depth, &disk.depth);
		spreads_agree(&paper.fan_out, &disk.fan_out);
		spreads_agree(&paper.name_length, &disk.name_length);
		spreads_agree(&paper.size, &disk.size);
		assert_int_equal(disk.hard_linked, paper.hard_linked);
		assert_int_equal(disk.unreadable, 0);
		remove_works("t");
	}
}

static void test_rows_are_without_gaps(void **state)
{
	const struct shape shape = shape_of("edge-cases", ENTRIES);
	struct census census;
	struct spread_row rows[SPREAD_CELLS];
	(void)state;
	census_of_shape(&census, &shape);
	const struct spread *spreads[] = {&census.depth, &census.fan_out, &census.name_length,
					  &census.size};
	for (size_t s = 0; s < ARRAY_LEN(spreads); s++) {
		for (size_t most = 1; most <= SPREAD_CELLS; most++) {
			size_t n = spread_rows(spreads[s], rows, most);
			uint64_t sum = 0;
			assert_in_range(n, 1, most);
			assert_true(rows[0].lo <= spreads[s]->min);
			assert_true(rows[n - 1].hi >= spreads[s]->max);
			for (size_t i = 0; i < n; i++) {
				assert_true(rows[i].lo <= rows[i].hi);
				assert_true(i == 0 || rows[i].lo == rows[i - 1].hi + 1);
				sum += rows[i].count;
			}
			assert_true(sum == spreads[s]->n);
		}
	}
}

static void test_empty_and_odd(void **state)
{
	struct census census;
	struct spread_row rows[4];
	struct err err = {0};
	(void)state;
	mkdir("d", 0755);
	assert_int_equal(census_take(&census, "d", false, NULL, &err), 0);
	assert_int_equal(census.entries, 0);
	assert_int_equal(census.fan_out.n, 1);
	assert_int_equal(spread_rows(&census.size, rows, 4), 0);
	assert_int_equal(spread_mean(&census.size), 0);
	int fd = open("d/huge", O_WRONLY | O_CREAT, 0644);
	assert_int_equal(ftruncate(fd, INT64_C(1) << 40), 0);
	close(fd);
	link("d/huge", "d/again");
	symlink("/", "d/link");
	assert_int_equal(census_take(&census, "d", false, NULL, &err), 0);
	assert_int_equal(census.entries, 3);
	assert_int_equal(census.hard_linked, 1);
	assert_true(census.size.n == 1 && census.size.sum == UINT64_C(1) << 40);
	assert_int_equal(census.types[CENSUS_SYMLINKS], 1);
	assert_int_equal(spread_rows(&census.size, rows, 4), 1);
	assert_true(rows[0].lo == UINT64_C(1) << 40);
	assert_int_equal(census_take(&census, "nowhere", false, NULL, &err), -ENOENT);
	assert_string_equal(err.text, "cannot open nowhere: No such file or directory");
}

/* Also of what can be listed and not searched; nobody is ordinary where root is not. */
static int count_closed(const void *arg)
{
	struct census *census = calloc(1, sizeof(*census));
	(void)arg;
	if (!census || !become_nobody() || census_take(census, "d", false, NULL, NULL))
		return 1;
	if (census->unreadable != 1 || strcmp(census->first_unreadable, "closed") != 0)
		return 2;
	if (census->unasked != 2 || strncmp(census->first_unasked, "list/", 5) != 0)
		return 3;
	if (census->unreadable_error != EACCES || census->unasked_error != EACCES)
		return 4;
	return census->entries == 4 ? 0 : 5;
}

static void test_unreadable_directories_are_counted_and_named(void **state)
{
	(void)state;
	umask(0);
	chmod(".", 0755);
	mkdir("d", 0755);
	mkdir("d/closed", 0);
	mkdir("d/list", 0755);
	mkdir("d/open", 0755);
	close(open("d/list/a", O_WRONLY | O_CREAT, 0644));
	close(open("d/list/b", O_WRONLY | O_CREAT, 0644));
	close(open("d/open/c", O_WRONLY | O_CREAT, 0644));
	chmod("d/list", 0744);
	assert_int_equal(in_child(count_closed, NULL), 0);
}

/* In a mount namespace of its own. */
static int count_mounted(const void *arg)
{
	struct census *census = calloc(1, sizeof(*census));
	(void)arg;
	if (!census || unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("t", "d/on", "tmpfs", 0, NULL) || mkdir("d/on/m", 0755) ||
	    mount("t", "d/on/m", "tmpfs", 0, NULL) || mkdir("d/on/m/deep", 0755))
		return 77;
	if (census_take(census, "d", false, NULL, NULL) || census->mounts != 1 ||
	    census->entries != 1 || census->unreadable)
		return 1;
	if (census_take(census, "d", true, NULL, NULL) || census->mounts != 2 ||
	    census->entries != 3)
		return 2;
	return 0;
}

static void test_mount_points_are_counted_and_entered_on_request(void **state)
{
	(void)state;
	mkdir("d", 0755);
	mkdir("d/on", 0755);
	int code = in_child(count_mounted, NULL);
	if (code == 77)
		skip_because("needs root, to mount");
	assert_int_equal(code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_paper_and_disk_agree),
		SCRATCH_TEST(test_rows_are_without_gaps),
		SCRATCH_TEST(test_empty_and_odd),
		SCRATCH_TEST(test_unreadable_directories_are_counted_and_named),
		SCRATCH_TEST(test_mount_points_are_counted_and_entered_on_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
