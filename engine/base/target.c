#include "engine/base/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as in Linux */

/* Splits "a/b/c/" into "a/b/" and "c"; of "/" the name is ".". */
static int split(const char *path, char **parent, char **name)
{
	size_t end = strlen(path);
	while (end > 0 && path[end - 1] == '/')
		end--;
	size_t begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	*parent = begin ? strndup(path, begin) : strdup(end || !*path ? "." : "/");
	*name = end ? strndup(path + begin, end - begin) : strdup(".");
	return *parent && *name ? 0 : -ENOMEM;
}

/* One step: the directory of `path`, and what its last name is now. */
static int look(struct target *t, int from, const char *path)
{
	char *parent = NULL;
	int error = *path ? split(path, &parent, &t->name) : -ENOENT;
	if (!error)
		t->dir = openat(from, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!error && t->dir < 0)
		error = -errno;
	free(parent);
	if (error || fstatat(t->dir, t->name, &t->st, AT_SYMLINK_NOFOLLOW) == 0)
		return error;
	t->st = (struct stat){0};
	return errno == ENOENT ? 0 : -errno;
}

static bool is_of_proc(int fd)
{
	struct statfs fs;
	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static int check_owner(const struct target *t, const char *path, enum target_trust trust,
		       struct err *err)
{
	struct stat dir;
	uid_t owner = t->st.st_uid;
	if (fstat(t->dir, &dir))
		return -errno;
	if (owner == geteuid() || owner == (trust == TARGET_OURS ? 0 : dir.st_uid))
		return 0;
	return err_set(err, -EPERM,
		       "%s is a symbolic link of another user (uid %u), which is not followed; "
		       "name the file that it leads to",
		       path, (unsigned)owner);
}

static int follow(const struct target *t, char to[PATH_MAX])
{
	ssize_t n = readlinkat(t->dir, t->name, to, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	to[n] = '\0';
	return 0;
}

int target_find(struct target *target, int dir, const char *path, enum target_trust trust,
		struct err *err)
{
	char to[PATH_MAX];
	*target = (struct target){.dir = -1};
	int error = look(target, dir, path);
	for (int links = 0; !error && S_ISLNK(target->st.st_mode); links++) {
		struct target next = {.dir = -1};
		if (is_of_proc(target->dir))
			return 0;
		error = links < LINKS_MAX ? check_owner(target, path, trust, err) : -ELOOP;
		error = error ? error : follow(target, to);
		error = error ? error : look(&next, target->dir, to);
		target_release(target);
		*target = next;
	}
	if (error)
		target_release(target);
	return error;
}

void target_release(struct target *target)
{
	if (target->dir >= 0)
		close(target->dir);
	free(target->name);
	*target = (struct target){.dir = -1};
}
