/*
 * flist_collect on filesystems that list what others do not: entries without a name, names of up to
 * 4,095 bytes, directories that never end or break off. The sources are compiled into this test
 * with a getdents64 of its own, which changes what the kernel's has read.
 */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/flist/with_meta.h"
#include "tests/flist/with_walk.h"
#include "tests/test.h"

#ifdef FLIST_PORTABLE

static void directories_are_read_by_readdir(void **state)
{
	(void)state;
	skip_because("the portable build reads directories by the C library");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(directories_are_read_by_readdir)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

#include <sys/syscall.h>

/* What is wrong with every directory that lists a name "odd". */
static enum oddity { NAMELESS, LONG_NAME, ENDLESS, BROKEN } oddity;
static volatile int cancel;
static _Atomic int reads; /* of endless directories, until somebody wants them to end */

static _Atomic int opens;

enum { READS_MOST = 1000 };

static long odd_getdents(int fd, char *buffer, size_t room);
static long listed(long number, int fd, ...);
#define syscall(number, ...) listed(number, __VA_ARGS__)

#include "strategies/flist/collect/collect.c"
#include "strategies/flist/collect/dirstack.c"
#include "strategies/flist/collect/walk.c"
#include "strategies/flist/collect/walkers.c"
#include "strategies/flist/list/arena.c"
#include "strategies/flist/list/block.c"
#include "strategies/flist/list/list.c"
#include "strategies/flist/names/names.c"
#include "strategies/flist/names/reader.c"

#undef syscall

/* The calls that these sources make: getdents64 and openat2. */
static long listed(long number, int fd, ...)
{
	va_list args;
	va_start(args, fd);
	void *second = va_arg(args, void *);
	long ret;
	if (number == SYS_getdents64) {
		ret = odd_getdents(fd, second, va_arg(args, size_t));
	} else {
		void *third = va_arg(args, void *);
		atomic_fetch_add(&opens, 1);
		ret = syscall(number, fd, second, third, va_arg(args, size_t));
	}
	va_end(args);
	return ret;
}

static struct flist_dirent *find_odd(char *buffer, long got)
{
	for (long at = 0; at < got;) {
		struct flist_dirent *d = (struct flist_dirent *)(void *)(buffer + at);
		if (strcmp(d->name, "odd") == 0)
			return d;
		at += d->size;
	}
	return NULL;
}

static void lengthen(struct flist_dirent *d, char *buffer, long *got)
{
	const long add = ((FLIST_NAME_MOST + 8) & ~7) - 8, end = (char *)d + d->size - buffer;
	memmove(buffer + end + add, buffer + end, (size_t)(*got - end));
	d->size = (uint16_t)(d->size + add);
	memset(d->name, 'n', FLIST_NAME_MOST);
	d->name[FLIST_NAME_MOST] = '\0';
	*got += add;
}

static long odd_getdents(int fd, char *buffer, size_t room)
{
	long got = syscall(SYS_getdents64, fd, buffer, room);
	struct flist_dirent *d = got > 0 ? find_odd(buffer, got) : NULL;
	if (!d)
		return got;
	switch (oddity) {
	case NAMELESS:
		d->name[0] = '\0';
		break;
	case LONG_NAME:
		lengthen(d, buffer, &got);
		break;
	case BROKEN:
		errno = EIO;
		return -1;
	case ENDLESS:
		if (atomic_fetch_add(&reads, 1) == READS_MOST)
			__atomic_store_n(&cancel, 1, __ATOMIC_RELAXED);
		lseek(fd, 0, SEEK_SET);
		break;
	}
	return got;
}

static int make_odd(void **state)
{
	if (meta_scratch(state))
		return -1;
	const struct scratch *s = *state;
	return mkdirat(s->fd, "d", 0755) || mkdirat(s->fd, "d/odd", 0755) ||
			       !scratch_file(s->fd, "d/odd/below", 0) ||
			       !scratch_file(s->fd, "d/file", 0)
		       ? -1
		       : 0;
}

static struct flist_list *collect_odd(const struct scratch *s, int w, unsigned flags)
{
	struct flist_collect_options options = way(w, NULL);
	options.flags = flags;
	struct flist_list *list = collect(s->path, &options);
	if (flags & FLIST_LAZY)
		assert_int_equal(flist_list_fetch(list, NULL), 0);
	return list;
}

static void an_entry_without_a_name_is_a_failure_of_its_directory(void **state)
{
	static const unsigned flags[] = {0, FLIST_LAZY, FLIST_FOLLOW, FLIST_FOLLOW | FLIST_LAZY};
	oddity = NAMELESS;
	for (int i = 0; i < 4; i++) {
		for (int w = 0; w < WAYS; w++) {
			struct flist_list *list = collect_odd(*state, w, flags[i]);
			assert_int_equal(flist_list_length(list), 2); /* d, d/file */
			failures_are(list, "d", EIO, NULL);
			flist_list_free(list);
		}
	}
}

/* The kernel is asked for the whole name, and says what it thinks of it. */
static void names_are_as_long_as_the_filesystem_has_them(void **state)
{
	oddity = LONG_NAME;
	for (int w = 0; w < WAYS; w++) {
		struct flist_list *list = collect_odd(*state, w, 0);
		size_t n;
		const struct flist_failure *f = flist_list_failures(list, &n);
		assert_int_equal(n, 1);
		assert_int_equal(strlen(f->path), strlen("d/") + FLIST_NAME_MOST);
		assert_int_equal(f->error, ENAMETOOLONG);
		assert_int_equal(flist_list_length(list), 2);
		flist_list_free(list);
	}
}

static void names_read_before_an_error_are_kept(void **state)
{
	oddity = BROKEN;
	for (int w = 0; w < WAYS; w++) {
		struct flist_list *list = collect_odd(*state, w, 0);
		failures_are(list, "d", EIO, NULL);
		assert_int_equal(flist_list_length(list), 1);
		flist_list_free(list);
	}
}

static enum flist_choice skip_all(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	(void)worker;
	return item->depth > 1 ? FLIST_SKIP : FLIST_KEEP;
}

/* Also one whose entries are all left out, so that nothing is asked for in between. */
static void an_endless_directory_is_left_when_the_walk_is_cancelled(void **state)
{
	const struct scratch *s = *state;
	oddity = ENDLESS;
	for (int w = 0; w < 4 * WAYS; w++) {
		struct flist_collect_options options = way(w % WAYS, NULL);
		struct flist_list *list = (struct flist_list *)state;
		options.flags = w / WAYS % 2 ? FLIST_LAZY : 0;
		options.filter = w / WAYS / 2 ? skip_all : NULL;
		options.cancel = &cancel;
		cancel = 0;
		atomic_store(&reads, 0);
		assert_int_equal(flist_collect(&list, s->path, &options), -ECANCELED);
		assert_null(list);
		/* Each job may be in one call when the walk is cancelled. */
		assert_true(atomic_load(&reads) <= READS_MOST + 1 + 7);
	}
}

/* Levels with "z/f" beside the next one: what is deferred on the way down is come back to. */
static void make_levels(const struct scratch *s, const char *name, int levels)
{
	assert_int_equal(mkdirat(s->fd, name, 0755), 0);
	int fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < levels; i++) {
		assert_int_equal(mkdirat(fd, "twenty-bytes-of-name", 0755), 0);
		assert_int_equal(mkdirat(fd, "z", 0755), 0);
		assert_true(scratch_file(fd, "z/f", 0));
		int below = openat(fd, "twenty-bytes-of-name", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
}

/* A directory costs one call to open it, and an entry some memory, however deep they lie. */
static void the_cost_of_depth_is_linear(void **state)
{
	enum { LEVELS = 1500 };
	const struct scratch *s = *state;
	char root[PATH_MAX + 8];
	snprintf(root, sizeof(root), "%s/deep", s->path);
	make_levels(s, "deep", LEVELS);
	for (int w = 0; w < WAYS; w++) {
		const struct flist_collect_options options = way(w, NULL);
		atomic_store(&opens, 0);
		struct flist_list *list = collect(root, &options);
		failures_are(list, NULL);
		assert_int_equal(flist_list_length(list), 3 * LEVELS);
		/* Beside that: jobs that take over go the way once. */
		const int most = ((int)options.threads.jobs + 3) * LEVELS;
		assert_true(atomic_load(&opens) <= most);
		assert_true(flist_list_bytes(list) / (3 * LEVELS) < 1200);
		flist_list_free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_without_a_name_is_a_failure_of_its_directory),
		cmocka_unit_test(names_are_as_long_as_the_filesystem_has_them),
		cmocka_unit_test(names_read_before_an_error_are_kept),
		cmocka_unit_test(an_endless_directory_is_left_when_the_walk_is_cancelled),
		cmocka_unit_test_setup_teardown(the_cost_of_depth_is_linear, meta_scratch,
						meta_no_scratch),
	};
	return cmocka_run_group_tests(tests, make_odd, meta_no_scratch);
}

#endif
