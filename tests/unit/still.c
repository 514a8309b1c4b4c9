/* What holds still between two looks at a tree, and answers compared on that alone. */
#include "engine/measure/verify/still.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/measure/verify/right_answer.h"
#include "engine/measure/verify/verify.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { FILES = 8 };

static const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

struct fixture {
	struct scratch scratch;
	struct workload *load;
	struct still still;
};

static void name_of(int i, char *name)
{
	snprintf(name, 16, "dir/%d", i);
}

static void hold_times(const struct fixture *f)
{
	char name[16];
	for (int i = 0; i < FILES; i++) {
		name_of(i, name);
		utimensat(f->scratch.fd, name, long_ago, 0);
	}
	utimensat(f->scratch.fd, "dir", long_ago, 0);
	utimensat(f->scratch.fd, "other", long_ago, 0);
}

static void load_again(struct fixture *f)
{
	workload_free(f->load);
	f->load = NULL;
	assert_int_equal(workload_load(&f->load, f->scratch.path, NULL, NULL, NULL), 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char name[16];
	*state = f;
	if (!f || !scratch_make(&f->scratch) || mkdirat(f->scratch.fd, "dir", 0755) ||
	    mkdirat(f->scratch.fd, "other", 0755))
		return -1;
	for (int i = 0; i < FILES; i++) {
		name_of(i, name);
		if (!scratch_file(f->scratch.fd, name, 1))
			return -1;
	}
	hold_times(f);
	return workload_load(&f->load, f->scratch.path, NULL, NULL, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	still_release(&f->still);
	workload_free(f->load);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static int look_now(struct fixture *f)
{
	load_again(f);
	return still_read(&f->still, f->load, NULL);
}

static bool counts(const struct fixture *f, const char *dir, const char *name)
{
	uint64_t dir_hash = hash_dir(dir, strlen(dir));
	return still_has_below(&f->still, dir, 0, strlen(dir)) &&
	       still_has(&f->still, hash_name(name, strlen(name), dir_hash), dir_hash);
}

static void a_tree_that_holds_still_is_compared_whole(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(look_now(f), 0);
	assert_int_equal(look_now(f), 0);
	assert_true(still_is_all(&f->still));
	assert_int_equal(f->still.unstable, 0);
	assert_true(counts(f, "dir", "1"));
}

static void an_entry_that_changes_is_left_out_and_named(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(look_now(f), 0);
	assert_int_equal(fchmodat(f->scratch.fd, "dir/3", 0600, 0), 0);
	assert_int_equal(look_now(f), 1);
	assert_false(counts(f, "dir", "3"));
	assert_true(counts(f, "dir", "4"));
	assert_int_equal(f->still.moving.n, 1);
	assert_int_equal(f->still.n_paths, 1);
	assert_string_equal(f->still.paths[0], "dir/3");
	assert_int_equal(fchmodat(f->scratch.fd, "dir/3", 0644, 0), 0);
	assert_int_equal(look_now(f), 0);
}

static void only_the_first_few_are_named(void **state)
{
	struct fixture *f = *state;
	char name[16];
	assert_int_equal(look_now(f), 0);
	for (int i = 0; i < FILES; i++) {
		name_of(i, name);
		assert_int_equal(fchmodat(f->scratch.fd, name, 0600, 0), 0);
	}
	assert_int_equal(look_now(f), 1);
	assert_int_equal(f->still.moving.n, FILES);
	assert_int_equal(f->still.n_paths, STILL_NAMED);
	/* Those that a look meets first, and later ones do not replace them. */
	const struct workload *load = f->load;
	size_t n = 0;
	for (uint32_t i = 0; i < load->n_entries && n < STILL_NAMED; i++) {
		char *path = workload_spell(load, i);
		assert_non_null(path);
		if (strncmp(path, "dir/", 4) == 0)
			assert_string_equal(f->still.paths[n++], path);
		free(path);
	}
	assert_int_equal(n, STILL_NAMED);
	char *first = strdup(f->still.paths[0]);
	assert_int_equal(fchmodat(f->scratch.fd, "other", 0700, 0), 0);
	assert_int_equal(look_now(f), 1);
	assert_int_equal(f->still.moving.n, FILES + 1);
	assert_int_equal(f->still.n_paths, STILL_NAMED);
	assert_string_equal(f->still.paths[0], first);
	free(first);
}

/* A spool: new names again and again are no news, what was there before is still compared. */
static void in_changing_directories_only_known_entries_are_compared(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(look_now(f), 0);
	assert_true(scratch_file(f->scratch.fd, "dir/new1", 1));
	hold_times(f);
	assert_int_equal(look_now(f), 1);
	assert_int_equal(unlinkat(f->scratch.fd, "dir/new1", 0), 0);
	assert_int_equal(mkdirat(f->scratch.fd, "dir/new2", 0755), 0);
	assert_true(scratch_file(f->scratch.fd, "dir/new2/inner", 1));
	assert_false(counts(f, "dir", "new1"));
	assert_false(counts(f, "dir", "new2"));
	assert_false(counts(f, "dir/new2", "inner"));
	assert_true(counts(f, "dir", "5"));
	assert_true(counts(f, "", "other"));
	hold_times(f);
	look_now(f);
	assert_false(counts(f, "dir", "new2"));
	assert_true(counts(f, "dir", "5"));
}

/* Other files with the names, sizes and times of those before. */
static void a_field_that_differs_between_readings_is_left_out(void **state)
{
	struct fixture *f = *state;
	char name[16], buf[64];
	assert_int_equal(look_now(f), 0);
	for (int i = 0; i < FILES; i++) {
		name_of(i, name);
		assert_true(scratch_file(f->scratch.fd, "dir/temp", 1));
		assert_int_equal(renameat(f->scratch.fd, "dir/temp", f->scratch.fd, name), 0);
	}
	hold_times(f);
	assert_int_equal(look_now(f), 1);
	assert_int_equal(f->still.unstable, FIELD_INO);
	assert_string_equal(still_unstable(&f->still, buf, sizeof(buf)), "inode numbers");
	assert_true(still_is_all(&f->still));
}

static void targets_of_links_are_read(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(symlinkat("dir/2", f->scratch.fd, "link"), 0);
	assert_int_equal(look_now(f), 0);
	assert_int_equal(fchmodat(f->scratch.fd, "dir/2", 0600, 0), 0);
	assert_int_equal(look_now(f), 1);
	assert_false(counts(f, "", "link"));
	assert_false(counts(f, "dir", "2"));
}

static bool at_once(void *arg)
{
	(void)arg;
	return true;
}

static void reading_can_be_stopped(void **state)
{
	struct fixture *f = *state;
	const struct halt halt = {.is_due = at_once};
	assert_int_equal(still_read(&f->still, f->load, &halt), -EINTR);
}

/* --- Answers --------------------------------------------------------------------------------- */

static void answer_all(const struct fixture *f, struct cell *cell)
{
	for (uint32_t d = 0; d < f->load->n_dirs; d++) {
		uint64_t opens = 0, closes = 0, dev;
		uint32_t first = f->load->dirs[d].first;
		int fd = workload_opendir(f->load, d, O_PATH, &opens, &closes);
		for (uint32_t i = first; i < first + f->load->dirs[d].count; i++)
			right_answer(f->load, fd, i, &cell->answer, &cell->records[i], &dev);
		close(fd);
	}
}

static uint32_t entry_named(const struct workload *load, const char *name)
{
	uint32_t i = 0;
	while (strcmp(workload_name(load, i), name) != 0)
		assert_true(++i < load->n_entries);
	return i;
}

static void a_changed_entry_does_not_affect_later_passes(void **state)
{
	struct fixture *f = *state;
	struct record records[FILES + 2] __attribute__((aligned(CACHE_LINE)));
	struct cell cell = {.load = f->load,
			    .records = records,
			    .answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR}};
	struct reference reference = {.load = f->load, .stage = STAGE_FETCH};
	struct digest digest;
	char why[200];
	assert_int_equal(reference_want(&reference, &cell.answer), 0);
	assert_int_equal(reference_take(&reference), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fchmodat(f->scratch.fd, "dir/3", 0600 + (mode_t)i, 0), 0);
		answer_all(f, &cell);
		assert_int_equal(verify_pass(&reference, &cell, &digest, why, sizeof(why)),
				 i == 0 ? VERIFIED_CHANGED : VERIFIED_RIGHT);
	}
	assert_int_equal(digest.count, FILES + 1);
	records[entry_named(f->load, "3")].size++;
	assert_int_equal(verify_pass(&reference, &cell, &digest, why, sizeof(why)), VERIFIED_RIGHT);
	records[entry_named(f->load, "4")].size++;
	assert_int_equal(verify_pass(&reference, &cell, &digest, why, sizeof(why)), VERIFIED_WRONG);
	assert_string_equal(why, "dir/4: size 2, should be 1");
	reference_release(&reference);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_tree_that_holds_still_is_compared_whole),
		TEST(an_entry_that_changes_is_left_out_and_named),
		TEST(only_the_first_few_are_named),
		TEST(in_changing_directories_only_known_entries_are_compared),
		TEST(a_field_that_differs_between_readings_is_left_out),
		TEST(targets_of_links_are_read),
		TEST(reading_can_be_stopped),
		TEST(a_changed_entry_does_not_affect_later_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
