/* Directory batches: what is a name, what comes back, and who may ask. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/flist.h"
#include "tests/child.h"
#include "tests/flist/with_meta.h"
#include "tests/test.h"

static struct flist_dir *dir_open(const char *path)
{
	struct flist_dir *dir;
	assert_int_equal(flist_dir_open(&dir, path), 0);
	assert_non_null(dir);
	return dir;
}

static void dir_open_fails(const char *path, int error)
{
	struct flist_dir *dir = (struct flist_dir *)&error;
	assert_int_equal(flist_dir_open(&dir, path), error);
	assert_null(dir);
	flist_dir_close(dir);
}

static const char *below(const struct scratch *s, const char *name, char *path)
{
	snprintf(path, PATH_MAX + 300, "%s/%s", s->path, name);
	return path;
}

static void only_a_directory_opens(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 300];
	dir_open_fails("", -ENOENT);
	dir_open_fails(below(s, "missing", path), -ENOENT);
	dir_open_fails(below(s, "file", path), -ENOTDIR);
	dir_open_fails(below(s, "file/x", path), -ENOTDIR);
	dir_open_fails(below(s, "link", path), -ENOTDIR);
	dir_open_fails(below(s, "dangling", path), -ENOENT);
	dir_open_fails(below(s, "fifo", path), -ENOTDIR);
	assert_int_equal(symlinkat("sub", s->fd, "way"), 0);
	flist_dir_close(dir_open(below(s, "way", path)));
	flist_dir_close(dir_open(below(s, "sub///", path)));
	flist_dir_close(dir_open("/"));
}

/* The longest name, and one of any bytes, made in the directory. */
static const char strange[] = "\xff\xfe\n *\x01";

static void make_strange(const struct scratch *s, char *longest)
{
	memset(longest, 'n', 255);
	longest[255] = '\0';
	assert_true(scratch_file(s->fd, longest, 1));
	assert_true(scratch_file(s->fd, strange, 2));
	assert_true(scratch_file(s->fd, ".x", 3));
	assert_true(scratch_file(s->fd, "...", 4));
	assert_true(scratch_file(s->fd, "..x", 5));
}

static void each_name_has_an_answer_of_its_own(void **state)
{
	const struct scratch *s = *state;
	char longest[256], longer[257], path[300];
	const struct {
		const char *name;
		int status;
	} rows[] = {
		{"file", 0},        {"", -ENOENT},        {".", -EINVAL}, {"link", 0},
		{"..", -EINVAL},    {"sub/", -EINVAL},    {"/", -EINVAL}, {"/etc", -EINVAL},
		{"sub/x", -EINVAL}, {"../x", -EINVAL},    {longest, 0},   {longer, -ENAMETOOLONG},
		{path, -EINVAL},    {"missing", -ENOENT}, {strange, 0},   {".x", 0},
		{"...", 0},         {"..x", 0},           {"fifo", 0},    {"dangling", 0},
		{"sub", 0},
	};
	enum { N = sizeof(rows) / sizeof(*rows) };
	const char *names[N];
	struct flist_meta metas[N];
	int statuses[N];
	ptrdiff_t good = 0;
	make_strange(s, longest);
	memset(longer, 'n', 256);
	longer[256] = '\0';
	snprintf(path, sizeof(path), "%s/x", longest);
	memset(metas, 0xff, sizeof(metas));
	for (int i = 0; i < N; i++)
		names[i] = rows[i].name;
	struct flist_dir *dir = dir_open(s->path);
	ptrdiff_t got = flist_dir_stat_many(dir, names, N, 0, 0, metas, statuses);
	for (int i = 0; i < N; i++) {
		struct flist_meta meta;
		struct stat st;
		assert_int_equal(statuses[i], rows[i].status);
		assert_int_equal(flist_dir_stat(dir, names[i], 0, 0, &meta), statuses[i]);
		good += !statuses[i];
		if (statuses[i]) {
			meta_is_empty(&metas[i]);
			continue;
		}
		assert_int_equal(fstatat(s->fd, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		meta_is(&metas[i], &st, FLIST_BASIC);
		assert_memory_equal(&meta, &metas[i], sizeof(meta));
	}
	assert_int_equal(got, good);
	flist_dir_close(dir);
}

/* A filesystem may have longer names than others: what is asked is the kernel. */
static void the_kernel_limits_the_length_of_names(void **state)
{
	(void)state;
	char name[5000];
	struct flist_meta meta;
	struct stat st;
	struct flist_dir *dir;
	if (stat("/proc/self", &st) || flist_dir_open(&dir, "/proc/self"))
		skip_because("there is no /proc");
	struct flist_cache *cache;
	assert_int_equal(flist_cache_new(&cache, NULL), 0);
	for (size_t len = 250; len < sizeof(name); len += 250) {
		struct flist_where where = {.dir = dir, .name = name};
		int status;
		memset(name, 'n', len);
		name[len] = '\0';
		int fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int error = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
		close(fd);
		assert_int_equal(error, len < 4096 ? -ENOENT : -ENAMETOOLONG);
		assert_int_equal(flist_dir_stat(dir, name, 0, 0, &meta), error);
		for (int cached = 0; cached < 2; cached++) {
			const struct flist_many_options o = {.cache = cached ? cache : NULL};
			assert_int_equal(flist_stat_many(&where, 1, &o, &meta, &status), 0);
			assert_int_equal(status, error);
		}
	}
	flist_cache_free(cache);
	flist_dir_close(dir);
}

static void flags_and_fields_hold_for_all(void **state)
{
	const struct scratch *s = *state;
	struct flist_dir *dir = dir_open(s->path);
	struct flist_meta metas[5];
	struct stat st;
	int statuses[5] = {1, 1, 1, 1, 1};
	assert_int_equal(flist_dir_stat_many(dir, meta_names, 5, FLIST_FOLLOW,
					     FLIST_TYPE | FLIST_SIZE, metas, statuses),
			 4);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(statuses[i], fstatat(s->fd, meta_names[i], &st, 0) ? -errno : 0);
		if (!statuses[i])
			meta_is(&metas[i], &st, FLIST_TYPE | FLIST_SIZE);
	}
	assert_int_equal(flist_dir_stat_many(dir, meta_names, 0, 0, 0, NULL, NULL), 0);
	flist_dir_close(dir);
}

static void after_a_cancel_no_further_name_is_fetched(void **state)
{
	const struct scratch *s = *state;
	struct flist_dir *dir = dir_open(s->path);
	struct flist_meta metas[5];
	volatile int cancel = 0;
	int statuses[5];
	assert_int_equal(flist_dir_stat_until(dir, meta_names, 5, 0, 0, &cancel, metas, statuses),
			 flist_dir_stat_many(dir, meta_names, 5, 0, 0, metas, statuses));
	cancel = 1;
	memset(metas, 0xff, sizeof(metas));
	assert_int_equal(flist_dir_stat_until(dir, meta_names, 5, 0, 0, &cancel, metas, statuses),
			 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(statuses[i], -ECANCELED);
		meta_is_empty(&metas[i]);
	}
	flist_dir_close(dir);
}

static void nothing_is_asked_with_unknown_flags(void **state)
{
	const struct scratch *s = *state;
	struct flist_dir *dir = dir_open(s->path);
	struct flist_meta meta;
	int status = 1;
	for (int i = 0; i < 2; i++) {
		unsigned flags = i ? 0 : FLIST_ONE_FILESYSTEM;
		uint32_t fields = i ? 1U << 20 : 0;
		assert_int_equal(
			flist_dir_stat_many(dir, meta_names, 1, flags, fields, &meta, &status),
			-EINVAL);
		assert_int_equal(flist_dir_stat(dir, "file", flags, fields, &meta), -EINVAL);
	}
	assert_int_equal(status, 1);
	flist_dir_close(dir);
}

/* It is the directory that was opened, wherever it moves, until it is gone. */
static void names_are_those_of_the_open_directory(void **state)
{
	const struct scratch *s = *state;
	char path[PATH_MAX + 300];
	struct flist_meta meta;
	struct flist_dir *dir = dir_open(below(s, "sub", path));
	assert_int_equal(renameat(s->fd, "sub", s->fd, "moved"), 0);
	assert_int_equal(mkdirat(s->fd, "sub", 0755), 0);
	assert_true(scratch_file(s->fd, "sub/a", 1) && scratch_file(s->fd, "moved/a", 22));
	assert_int_equal(flist_dir_stat(dir, "a", 0, 0, &meta), 0);
	assert_int_equal(meta.size, 22);
	assert_int_equal(unlinkat(s->fd, "moved/a", 0), 0);
	assert_int_equal(unlinkat(s->fd, "moved", AT_REMOVEDIR), 0);
	assert_int_equal(flist_dir_stat(dir, "a", 0, 0, &meta), -ENOENT);
	flist_dir_close(dir);
}

static void a_descriptor_is_a_directory_too(void **state)
{
	const struct scratch *s = *state;
	struct flist_dir *dir;
	struct flist_meta meta;
	int fd = openat(s->fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = openat(s->fd, "file", O_RDONLY | O_CLOEXEC);
	assert_true(scratch_file(s->fd, "sub/a", 3));
	assert_int_equal(flist_dir_fdopen(&dir, fd), 0);
	assert_int_equal(flist_dir_stat(dir, "a", 0, 0, &meta), 0);
	assert_int_equal(meta.size, 3);
	assert_int_equal(flist_dir_stat(dir, "sub", 0, 0, &meta), -ENOENT);
	flist_dir_close(dir);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(flist_dir_fdopen(&dir, file), 0);
	assert_int_equal(flist_dir_stat(dir, "a", 0, 0, &meta), -ENOTDIR);
	flist_dir_close(dir);
}

/* Of an open(2) that failed, say: not that of the working directory. */
static void a_descriptor_of_nothing_has_no_names(void **state)
{
	const struct scratch *s = *state;
	const int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct flist_dir *dir;
	struct flist_meta meta;
	int status;
	assert_true(here >= 0);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(flist_dir_fdopen(&dir, -1), 0);
	const struct flist_where where = {.dir = dir, .name = "file"};
	assert_int_equal(flist_dir_stat(dir, "file", 0, 0, &meta), -EBADF);
	assert_int_equal(flist_stat_many(&where, 1, NULL, &meta, &status), 0);
	assert_int_equal(status, -EBADF);
	flist_dir_close(dir);
	assert_int_equal(flist_dir_fdopen(&dir, AT_FDCWD), 0);
	assert_int_equal(flist_dir_stat(dir, "file", 0, 0, &meta), 0);
	flist_dir_close(dir);
	assert_int_equal(fchdir(here), 0);
	close(here);
}

/* With no right but to search, or not even that: as for a path through the directory. */
static int ask_as_nobody(const void *arg)
{
	static const mode_t modes[] = {0700, 0100, 0500, 0600, 0400, 0};
	const struct scratch *s = arg;
	char path[PATH_MAX + 300], file[PATH_MAX + 300];
	below(s, "sub", path);
	below(s, "sub/a", file);
	if (!become_nobody())
		return 77;
	for (int i = 0; i < (int)(sizeof(modes) / sizeof(*modes)); i++) {
		struct flist_meta meta;
		struct flist_dir *dir;
		struct stat st;
		if (chmod(path, modes[i]) || flist_dir_open(&dir, path))
			return 10 + i;
		int error = lstat(file, &st) ? -errno : 0;
		int ret = flist_dir_stat(dir, "a", 0, 0, &meta);
		flist_dir_close(dir);
		if (ret != error || (!ret && meta.size != 7))
			return 20 + i;
	}
	return chmod(path, 0700);
}

static void the_right_to_search_is_enough(void **state)
{
	const struct scratch *s = *state;
	assert_true(scratch_file(s->fd, "sub/a", 7));
	if (geteuid() == 0)
		assert_int_equal(fchownat(s->fd, "sub", 65534, 65534, 0), 0);
	int code = in_child(ask_as_nobody, s);
	if (code == 77)
		skip_because("root cannot become nobody here");
	assert_int_equal(code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_things(only_a_directory_opens),
		with_things(each_name_has_an_answer_of_its_own),
		cmocka_unit_test(the_kernel_limits_the_length_of_names),
		with_things(flags_and_fields_hold_for_all),
		with_things(after_a_cancel_no_further_name_is_fetched),
		with_things(nothing_is_asked_with_unknown_flags),
		with_things(names_are_those_of_the_open_directory),
		with_things(a_descriptor_is_a_directory_too),
		with_things(a_descriptor_of_nothing_has_no_names),
		with_things(the_right_to_search_is_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
