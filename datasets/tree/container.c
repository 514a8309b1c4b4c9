#include "datasets/tree/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* Splits c->dir into the parent directory and the last component. */
static int split_path(struct container *c, const char *dir, char *parent, struct err *err)
{
	size_t length = strlen(dir);
	while (length > 1 && dir[length - 1] == '/')
		length--; /* because "link/" would be followed */
	if (length == 0 || length >= sizeof(c->dir))
		return err_errno(err, length ? -ENAMETOOLONG : -ENOENT, "cannot open '%s'", dir);
	memcpy(c->dir, dir, length);
	c->dir[length] = '\0';
	const char *slash = strrchr(c->dir, '/');
	if (!slash) {
		memcpy(parent, ".", sizeof("."));
		c->base = c->dir;
		return 0;
	}
	size_t above = MAX((size_t)(slash - c->dir), 1); /* of "/x": "/" */
	memcpy(parent, c->dir, above);
	parent[above] = '\0';
	c->base = slash[1] ? slash + 1 : ".";
	return 0;
}

static int open_existing(struct container *c, struct err *err)
{
	struct stat st;
	c->fd = openat(c->parent, c->base, DIR_FLAGS);
	if (c->fd >= 0 || errno == ENOENT)
		return 0;
	int error = -errno;
	if (fstatat(c->parent, c->base, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISLNK(st.st_mode))
			return err_set(err, -EEXIST,
				       "%s: is a symbolic link; name the directory itself", c->dir);
		if (!S_ISDIR(st.st_mode))
			return err_set(err, -EEXIST, "%s: exists and is not a directory", c->dir);
	}
	return err_errno(err, error, "cannot open %s", c->dir);
}

int container_open(struct container *c, const char *dir, struct err *err)
{
	char parent[PATH_MAX];
	c->parent = c->fd = -1;
	int error = split_path(c, dir, parent, err);
	if (error)
		return error;
	c->parent = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->parent < 0)
		return err_errno(err, -errno, "cannot open %s", parent);
	return open_existing(c, err);
}

void container_close(struct container *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->parent >= 0)
		close(c->parent);
	c->parent = c->fd = -1;
}

int container_make(struct container *c, struct err *err)
{
	if (mkdirat(c->parent, c->base, 0755) && errno != EEXIST)
		return err_errno(err, -errno, "cannot make %s", c->dir);
	int error = open_existing(c, err);
	if (!error && c->fd < 0)
		return err_errno(err, -ENOENT, "cannot open %s", c->dir);
	return error;
}

int container_lock(const struct container *c, struct err *err)
{
	/* On network filesystems that cannot lock directories, the tree is made without a lock. */
	if (flock(c->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		return err_set(err, -EBUSY,
			       "%s: another statmark is working on it; wait until it ends", c->dir);
	return 0;
}

static bool is_listed(const char *name, const char *const *known)
{
	for (; *known; known++) {
		if (strcmp(name, *known) == 0)
			return true;
	}
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int container_other(const struct container *c, const char *const *known, char **other,
		    struct err *err)
{
	int fd = openat(c->fd, ".", DIR_FLAGS);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int found = 0;
	*other = NULL;
	errno = stream ? 0 : errno;
	while (stream && !found && (entry = readdir(stream))) {
		found = !is_listed(entry->d_name, known);
		if (found && !(*other = strdup(entry->d_name)))
			found = err_errno(err, -ENOMEM, "%s", c->dir);
	}
	if (!found && errno)
		found = err_errno(err, -errno, "cannot read %s", c->dir);
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	return found;
}
