/* One question to the kernel: what comes back, by whichever call, and what happens without it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/flist/with_refusal.h"
#include "tests/test.h"

static const uint32_t masks[] = {
	0,
	FLIST_TYPE,
	FLIST_TYPE | FLIST_SIZE,
	FLIST_MODE | FLIST_MTIME,
	FLIST_INO | FLIST_CTIME | FLIST_NLINK,
	FLIST_BASIC,
	FLIST_BASIC | FLIST_BTIME,
	FLIST_FIELDS,
};
enum { MASKS = sizeof(masks) / sizeof(*masks) };

/* Every thing, followed or not, by name and by path, for every mask. */
static void ask_all(const struct scratch *s)
{
	for (const char *const *name = meta_names; *name; name++) {
		for (unsigned i = 0; i < 2 * MASKS; i++) {
			const uint32_t mask = masks[i / 2];
			const unsigned flags = i & 1 ? FLIST_FOLLOW : 0;
			struct flist_meta meta;
			struct stat st;
			int how = flags ? 0 : AT_SYMLINK_NOFOLLOW;
			int error = fstatat(s->fd, *name, &st, how) ? -errno : 0;
			int ret = flist_stat_at(s->fd, *name, flags, mask, &meta);
			assert_int_equal(ret, error);
			if (!ret)
				meta_is(&meta, &st, (mask ? mask : FLIST_BASIC) & FLIST_BASIC);
		}
	}
}

static void answers_are_what_the_kernel_says(void **state)
{
	ask_all(*state);
}

static void paths_and_the_working_directory_are_asked_too(void **state)
{
	const struct scratch *s = *state;
	struct flist_meta meta, again;
	struct stat st;
	assert_int_equal(fstatat(s->fd, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	char path[PATH_MAX + 8];
	snprintf(path, sizeof(path), "%s/link", s->path);
	assert_int_equal(flist_stat(path, 0, &meta), 0);
	meta_is(&meta, &st, FLIST_BASIC);
	assert_int_equal(meta.valid, FLIST_BASIC);
	assert_int_equal(flist_stat_at(-1, path, 0, 0, &again), 0);
	assert_memory_equal(&meta, &again, sizeof(meta));
	int home = open(".", O_RDONLY | O_CLOEXEC);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(flist_stat_at(AT_FDCWD, "link", 0, 0, &again), 0);
	assert_int_equal(fchdir(home), 0);
	close(home);
	assert_memory_equal(&meta, &again, sizeof(meta));
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_int_equal(flist_stat("/dev/null", FLIST_FOLLOW, &meta), 0);
	meta_is(&meta, &st, FLIST_BASIC);
}

static void errors_are_those_of_the_kernel(void **state)
{
	const struct scratch *s = *state;
	char longer[258];
	struct flist_meta meta;
	memset(longer, 'x', sizeof(longer));
	longer[256] = '\0';
	assert_int_equal(flist_stat_at(s->fd, longer, 0, 0, &meta), -ENAMETOOLONG);
	assert_int_equal(flist_stat_at(s->fd, longer, 0, FLIST_SIZE, &meta), -ENAMETOOLONG);
	assert_int_equal(flist_stat_at(s->fd, "missing", 0, 0, &meta), -ENOENT);
	assert_int_equal(flist_stat_at(s->fd, "", 0, 0, &meta), -ENOENT);
	assert_int_equal(flist_stat_at(s->fd, "file/x", 0, 0, &meta), -ENOTDIR);
	assert_int_equal(flist_stat_at(-1, "file", 0, 0, &meta), -EBADF);
	assert_int_equal(flist_stat_at(-1, "file", 0, FLIST_SIZE, &meta), -EBADF);
	assert_int_equal(flist_stat("", 0, &meta), -ENOENT);
}

static void unknown_flags_and_fields_are_refused(void **state)
{
	struct flist_meta meta;
	(void)state;
	assert_int_equal(flist_stat("/", 1U << 31, &meta), -EINVAL);
	assert_int_equal(flist_stat("/", FLIST_LAZY, &meta), -EINVAL);
	assert_int_equal(flist_stat("", FLIST_ITSELF, &meta), -EINVAL);
	assert_int_equal(flist_stat_at(AT_FDCWD, "/", 2, 0, &meta), -EINVAL);
	assert_int_equal(flist_stat_at(AT_FDCWD, "/", 0, FLIST_FIELDS + 1, &meta), -EINVAL);
	assert_int_equal(flist_stat_at(AT_FDCWD, "/", 0, 1U << 31, &meta), -EINVAL);
}

/* Which fields statx answers, by the call itself. */
static uint32_t beyond_stat(int fd, const char *name)
{
#ifdef FLIST_PORTABLE
	(void)fd;
	(void)name;
	return 0;
#else
	uint32_t answer[64]; /* the first word says what is in it */
	return syscall(SYS_statx, fd, name, 0, FLIST_FIELDS, answer) ? 0 : answer[0];
#endif
}

/* What the kernel answers beyond stat(2) is passed on, and only where it is. */
static void birth_and_mount_are_set_where_known(void **state)
{
	const struct scratch *s = *state;
	const uint32_t beyond = FLIST_BTIME | FLIST_MNT_ID;
	struct flist_meta meta, basic;
	assert_int_equal(flist_stat_at(s->fd, "file", 0, FLIST_FIELDS, &meta), 0);
	assert_int_equal(flist_stat_at(s->fd, "file", 0, 0, &basic), 0);
	assert_int_equal(meta.valid & beyond, beyond_stat(s->fd, "file") & beyond);
	assert_true(!(meta.valid & FLIST_BTIME) || meta.btime_ns <= meta.ctime_ns);
	assert_true(!(meta.valid & FLIST_BTIME) || meta.btime_ns > 0);
	assert_true(!(meta.valid & FLIST_MNT_ID) || meta.mnt_id > 0);
	meta.valid = FLIST_BASIC;
	meta.btime_ns = 0;
	meta.mnt_id = 0;
	assert_memory_equal(&meta, &basic, sizeof(meta));
}

struct refusal {
	const char *calls;
	const struct scratch *scratch;
	const char *backend; /* that remains */
};

/* The question comes first: it is what finds out. */
static int ask_without(const void *arg)
{
	const struct refusal *r = arg;
	const int fd = r->scratch->fd;
	struct flist_meta meta;
	struct stat st;
	if (fstatat(fd, "sub", &st, AT_SYMLINK_NOFOLLOW) || !refuse_calls(r->calls))
		return 77;
	if (flist_stat_at(fd, "sub", 0, FLIST_INO | FLIST_BTIME, &meta) || meta.ino != st.st_ino)
		return 1;
	if (flist_stat_at(fd, "sub", 0, 0, &meta) || meta.ino != st.st_ino)
		return 2;
	if (flist_stat_at(fd, "dangling", FLIST_FOLLOW, 0, &meta) != -ENOENT)
		return 3;
	if (flist_stat(r->scratch->path, FLIST_FOLLOW, &meta) || !S_ISDIR(meta.mode))
		return 4;
	if (flist_stat("/proc/self", 0, &meta) || !S_ISLNK(meta.mode))
		return 5;
	return strcmp(flist_backend(FLIST_BTIME), r->backend) ? 6 : 0;
}

/* What is said is what is asked: all of FLIST_BASIC of one call, other sets of another. */
static int say_backend(const void *arg)
{
	(void)arg;
	const char *basic = flist_backend(0), *btime = flist_backend(FLIST_BTIME);
	if (strcmp(basic, flist_backend(FLIST_BASIC)) != 0 || strcmp(basic, "fstatat") != 0)
		return 1;
	if (!refuse_calls("fstatat"))
		return 77;
	return strcmp(flist_backend(0), btime) != 0 ? 2 : 0;
}

static void the_backend_is_named_for_the_fields(void **state)
{
	(void)state;
#ifdef FLIST_PORTABLE
	skip_because("the portable build has no other call than fstatat");
#endif
	int code = in_child(say_backend, NULL);
	if (code == 77)
		skip_because("no system call can be refused here");
	assert_int_equal(code, 0);
}

static void without(const char *calls, const struct scratch *s, const char *backend)
{
	int code = in_child(ask_without, &(struct refusal){calls, s, backend});
	if (code == 77)
		skip_because("no system call can be refused here");
	assert_int_equal(code, 0);
}

static void without_statx_fstatat_answers(void **state)
{
	without("statx", *state, "fstatat");
}

static void without_fstatat_statx_answers(void **state)
{
#ifdef FLIST_PORTABLE
	skip_because("the portable build has no other call than fstatat");
#endif
	without("fstatat", *state, "statx");
}

static void without_both_lstat_answers(void **state)
{
#if defined(FLIST_PORTABLE) || !defined(__x86_64__)
	skip_because("lstat is no system call of its own in this build");
#endif
	without("statx fstatat", *state, "lstat");
}

/* A filter that says EPERM to what it does not know is as common as one that says ENOSYS. */
static void calls_may_be_refused_with_enosys_or_eperm(void **state)
{
#if defined(__GLIBC__) && !defined(__LP64__)
	skip_because("this C library asks statx for fstatat, and gives up when that is refused");
#endif
	without("statx EPERM", *state, "fstatat");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_things(answers_are_what_the_kernel_says),
		with_things(paths_and_the_working_directory_are_asked_too),
		with_things(errors_are_those_of_the_kernel),
		cmocka_unit_test(unknown_flags_and_fields_are_refused),
		with_things(birth_and_mount_are_set_where_known),
		cmocka_unit_test(the_backend_is_named_for_the_fields),
		with_things(without_statx_fstatat_answers),
		with_things(without_fstatat_statx_answers),
		with_things(without_both_lstat_answers),
		with_things(calls_may_be_refused_with_enosys_or_eperm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
