/*
 * A system that has neither statx nor fstatat: the source is compiled into this test without what
 * their headers say about them.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#undef AT_FDCWD
#undef AT_SYMLINK_NOFOLLOW
#undef SYS_statx

#include "strategies/flist/ask/ask.c"

#include "tests/flist/with_meta.h"
#include "tests/test.h"

static void lstat_answers_everything(void **state)
{
	const struct scratch *s = *state;
	assert_string_equal(flist_backend(0), "lstat");
	for (const char *const *name = meta_names; *name; name++) {
		for (unsigned flags = 0; flags <= FLIST_FOLLOW; flags++) {
			struct flist_meta by_path, by_name;
			char path[PATH_MAX + 16];
			struct stat st;
			snprintf(path, sizeof(path), "%s/%s", s->path, *name);
			int error = (flags ? stat(path, &st) : lstat(path, &st)) ? -errno : 0;
			assert_int_equal(flist_stat(path, flags, &by_path), error);
			assert_int_equal(flist_stat_at(s->fd, *name, flags, FLIST_FIELDS, &by_name),
					 error);
			if (error)
				continue;
			meta_is(&by_path, &st, FLIST_BASIC);
			assert_memory_equal(&by_path, &by_name, sizeof(by_path));
		}
	}
}

static void impossible_names_are_refused(void **state)
{
	const struct scratch *s = *state;
	char longer[5000];
	struct flist_meta meta;
	memset(longer, '/', sizeof(longer) - 1);
	longer[0] = 'x';
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(flist_stat_at(s->fd, longer, 0, 0, &meta), -ENAMETOOLONG);
	assert_int_equal(flist_stat_at(s->fd, "", 0, 0, &meta), -ENOENT);
	assert_int_equal(flist_stat_at(s->fd, "missing", 0, 0, &meta), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_things(lstat_answers_everything),
		with_things(impossible_names_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
