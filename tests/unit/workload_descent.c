/* Trees of one directory per level cost what they have levels, not the square of it. */
#include "engine/workload_descent.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "engine/base/util.h"
#include "engine/measure/verify/still.h"
#include "engine/measure/verify/verify.h"
#include "engine/order.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum {
	LEVELS = 3000,
	BYTES_PER_LEVEL = 16, /* of paths given to the kernel, each time a directory is opened */
};

static uint64_t path_bytes;

/* In place of the C library's: each byte of a path is a step for the kernel. */
int openat(int fd, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	const unsigned mode = flags & O_CREAT ? va_arg(args, unsigned) : 0;
	va_end(args);
	path_bytes += strlen(path);
	return (int)syscall(SYS_openat, fd, path, flags, mode);
}

static int set_up(void **state)
{
	struct scratch *s = malloc(sizeof(*s));
	*state = s;
	return s && scratch_make(s) ? 0 : -1;
}

static int open_below(int fd, const char *name)
{
	return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Makes NAME/d/d/..., so many levels in all; returns a descriptor of the lowest. */
static int make_chain(const struct scratch *s, const char *name, unsigned levels)
{
	int fd = s->fd;
	for (unsigned i = 0; i < levels; i++) {
		const char *at = i ? "d" : name;
		assert_int_equal(mkdirat(fd, at, 0755), 0);
		int below = open_below(fd, at);
		assert_true(below >= 0);
		if (fd != s->fd)
			close(fd);
		fd = below;
	}
	return fd;
}

/* From the lowest upwards: who descends with a descriptor for each level may have too few. */
static void remove_chain(const struct scratch *s, const char *name, unsigned levels)
{
	int fd = open_below(s->fd, name);
	for (unsigned i = 1; i < levels; i++) {
		int below = open_below(fd, "d");
		close(fd);
		fd = below;
	}
	for (; levels > 1; levels--) {
		int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		assert_int_equal(unlinkat(up, "d", AT_REMOVEDIR), 0);
		fd = up;
	}
	close(fd);
	assert_int_equal(unlinkat(s->fd, name, AT_REMOVEDIR), 0);
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static struct workload *loaded(const struct scratch *s)
{
	struct workload *load = NULL;
	assert_int_equal(workload_load(&load, s->path, NULL, NULL, NULL), 0);
	return load;
}

/* What near paths take does not grow with the depth. */
static uint64_t most_bytes(unsigned opens)
{
	return (uint64_t)opens * LEVELS * BYTES_PER_LEVEL + DESCENT_NEAR * DESCENT_NEAR * 2;
}

static void loading_a_chain_is_linear_in_its_depth(void **state)
{
	const struct scratch *s = *state;
	close(make_chain(s, "top", LEVELS));
	path_bytes = 0;
	struct workload *load = loaded(s);
	assert_in_range(path_bytes, LEVELS, most_bytes(1));
	assert_int_equal(load->n_entries, LEVELS);
	assert_int_equal(load->n_dirs, LEVELS + 1);
	assert_int_equal(load->unreadable, 0);
	assert_int_equal(load->dirs[LEVELS].depth, LEVELS);
	workload_free(load);
	remove_chain(s, "top", LEVELS);
}

static void verifying_a_chain_is_linear_in_its_depth(void **state)
{
	static const struct answer answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR};
	const struct scratch *s = *state;
	close(make_chain(s, "top", LEVELS));
	struct workload *load = loaded(s);
	for (enum stage stage = STAGE_FETCH; stage <= STAGE_WALK; stage++) {
		struct reference ref = {.load = load, .stage = stage};
		assert_int_equal(reference_want(&ref, &answer), 0);
		path_bytes = 0;
		assert_int_equal(reference_take(&ref), 0);
		assert_in_range(path_bytes, LEVELS, most_bytes(3));
		assert_int_equal(ref.rights[0].entries.count, LEVELS);
		assert_true(still_is_all(&ref.still));
		reference_release(&ref);
	}
	path_bytes = 0;
	assert_int_equal(order_apply(load, ORDER_INODE, 0, NULL), 0);
	assert_in_range(path_bytes, LEVELS, most_bytes(1));
	workload_free(load);
	remove_chain(s, "top", LEVELS);
}

/* More of them side by side than descriptors are kept. */
static void many_deep_branches_are_read_whole(void **state)
{
	enum { BRANCHES = DESCENT_KEPT + 8, DEPTH = DESCENT_NEAR + 8 };
	const struct scratch *s = *state;
	char name[32];
	for (unsigned i = 0; i < BRANCHES; i++) {
		snprintf(name, sizeof(name), "branch%u", i);
		int lowest = make_chain(s, name, DEPTH);
		assert_true(scratch_file(lowest, name, 1));
		close(lowest);
	}
	struct workload *load = loaded(s);
	assert_int_equal(load->n_entries, BRANCHES * (DEPTH + 1));
	assert_int_equal(load->unreadable, 0);
	for (uint32_t i = 0; i < load->n_entries; i++) {
		if (load->entries[i].type != S_IFREG)
			continue;
		const char *dir = workload_dir_path(load, load->entries[i].dir);
		const char *file = workload_name(load, i);
		assert_int_equal(strncmp(dir, file, strlen(file)), 0);
		assert_int_equal(dir[strlen(file)], '/');
	}
	workload_free(load);
}

/* By whoever asks in the order of loading; where calls take the path they get it whole. */
static void strategies_open_deep_entries_relative_to_a_parent(void **state)
{
	const struct scratch *s = *state;
	close(make_chain(s, "top", LEVELS));
	struct workload *load = loaded(s);
	struct worker w = {.load = load, .dir_fd = -1};
	uint32_t n_far = 0;
	for (uint32_t dir = 0; dir < load->n_dirs; dir++) {
		if (workload_is_far(load, dir) && n_far++ == 1)
			path_bytes = 0;
		assert_true(dir_enter(&w, dir) >= 0);
		assert_int_equal(faccessat(w.dir_fd, "d", F_OK, 0),
				 dir == 0 || dir == LEVELS ? -1 : 0);
	}
	assert_in_range(n_far, LEVELS - PATH_MAX / 2 - 1, LEVELS - PATH_MAX / 2 + 1);
	assert_in_range(path_bytes, n_far - 1, 2 * n_far);
	dir_leave(&w);
	assert_int_equal(w.syscalls[SYSCALL_openat], w.syscalls[SYSCALL_close]);
	workload_free(load);
	remove_chain(s, "top", LEVELS);
}

static uint32_t open_and_close(struct descent *descent, uint32_t dir)
{
	int fd = descent_open(descent, dir, O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
	return (uint32_t)fd;
}

static void kept_descriptors_are_given_up_when_there_are_no_others(void **state)
{
	const struct scratch *s = *state;
	close(make_chain(s, "top", 3 * DESCENT_NEAR));
	struct workload *load = loaded(s);
	struct descent descent;
	struct rlimit limit, low;
	uint32_t next = 0, first = (uint32_t)dup(s->fd);
	close((int)first);
	descent_begin(&descent, load);
	for (uint32_t dir = 1; dir < 2 * DESCENT_NEAR; dir++)
		next = open_and_close(&descent, dir);
	assert_true(next > first);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	for (uint32_t dir = 2 * DESCENT_NEAR; dir < load->n_dirs; dir++)
		open_and_close(&descent, dir);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	descent_end(&descent);
	int fd = dup(s->fd);
	assert_int_equal(fd, first);
	close(fd);
	workload_free(load);
}

static void links_are_not_followed_far_below(void **state)
{
	const struct scratch *s = *state;
	int lowest = make_chain(s, "top", DESCENT_NEAR + 5);
	assert_int_equal(mkdirat(lowest, "last", 0755), 0);
	struct workload *load = loaded(s);
	struct descent descent;
	assert_int_equal(unlinkat(lowest, "last", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat(s->path, lowest, "last"), 0);
	close(lowest);
	descent_begin(&descent, load);
	assert_int_equal(descent_open(&descent, load->n_dirs - 1, O_RDONLY), -ENOTDIR);
	open_and_close(&descent, load->n_dirs - 2);
	descent_end(&descent);
	workload_free(load);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loading_a_chain_is_linear_in_its_depth),
		TEST(verifying_a_chain_is_linear_in_its_depth),
		TEST(many_deep_branches_are_read_whole),
		TEST(strategies_open_deep_entries_relative_to_a_parent),
		TEST(kept_descriptors_are_given_up_when_there_are_no_others),
		TEST(links_are_not_followed_far_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
