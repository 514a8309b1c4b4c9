/*
 * A directory that is opened once: the kernel then looks up one name instead of a whole path. No
 * right to read it is needed, only to search it, as for a path through it. Where a system can only
 * open what may be read, a directory that may not is asked through its path: slower, the same
 * answers. The path is also what a cache knows its names by.
 */
#include "strategies/flist/ask/dir.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"

#if defined(O_PATH) && !defined(FLIST_PORTABLE)
#define OPEN_HOW O_PATH
#elif defined(O_SEARCH) && !defined(FLIST_PORTABLE)
#define OPEN_HOW O_SEARCH
#else
#define OPEN_HOW O_RDONLY
#endif

struct flist_dir {
	int fd;       /* -1: only the path is there to ask by */
	bool by_path; /* false: opened from a descriptor */
	size_t len;   /* of path */
	char path[];  /* without slashes at its end */
};

static int open_dir(const char *path, int *fd)
{
	struct stat st;
	*fd = open(path, OPEN_HOW | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	if (errno != EACCES)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int flist_dir_open(struct flist_dir **dir, const char *path)
{
	size_t len = strlen(path);
	struct flist_dir *d = malloc(sizeof(*d) + len);
	int ret;
	*dir = NULL;
	if (!d)
		return -ENOMEM;
	ret = open_dir(path, &d->fd);
	if (ret) {
		free(d);
		return ret;
	}
	while (len > 0 && path[len - 1] == '/')
		len--;
	memcpy(d->path, path, len);
	d->len = len;
	d->by_path = true;
	*dir = d;
	return 0;
}

int flist_dir_fdopen(struct flist_dir **dir, int fd)
{
	*dir = malloc(sizeof(**dir));
	if (!*dir)
		return -ENOMEM;
	**dir = (struct flist_dir){.fd = fd};
	return 0;
}

void flist_dir_close(struct flist_dir *dir)
{
	if (!dir)
		return;
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir);
}

int flist_dir_check(const char *name)
{
	if (!name[0])
		return -ENOENT;
	if (strchr(name, '/'))
		return -EINVAL;
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])) ? -EINVAL : 0;
}

size_t flist_dir_prefix(const struct flist_dir *dir, char *buf)
{
	if (!dir->by_path)
		return 0;
	memcpy(buf, dir->path, dir->len);
	buf[dir->len] = '/';
	return dir->len + 1;
}

static int ask_by_path(const struct flist_dir *dir, const char *name, unsigned flags,
		       uint32_t fields, struct flist_meta *meta)
{
	char path[FLIST_PATH_MAX + 1 + FLIST_PATH_MAX];
	const size_t size = strlen(name) + 1;
	if (size > FLIST_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(path + flist_dir_prefix(dir, path), name, size);
	return flist_ask(AT_FDCWD, path, flags, fields, meta);
}

int flist_dir_ask(const struct flist_dir *dir, const char *name, unsigned flags, uint32_t fields,
		  struct flist_meta *meta)
{
	int ret = flist_dir_check(name);
	if (ret)
		return ret;
	if (dir->fd < 0)
		return ask_by_path(dir, name, flags, fields, meta);
	return flist_ask(dir->fd, name, flags, fields, meta);
}

int flist_dir_stat(struct flist_dir *dir, const char *name, unsigned flags, uint32_t fields,
		   struct flist_meta *meta)
{
	int ret = flist_ask_check(flags, fields);
	return ret ? ret : flist_dir_ask(dir, name, flags, flist_fields(fields), meta);
}

ptrdiff_t flist_dir_stat_many(struct flist_dir *dir, const char *const *names, size_t n,
			      unsigned flags, uint32_t fields, struct flist_meta *metas,
			      int *statuses)
{
	ptrdiff_t succeeded = 0;
	int ret = flist_ask_check(flags, fields);
	if (ret)
		return ret;
	fields = flist_fields(fields);
	for (size_t i = 0; i < n; i++) {
		statuses[i] = flist_dir_ask(dir, names[i], flags, fields, &metas[i]);
		if (statuses[i])
			metas[i] = (struct flist_meta){0};
		succeeded += !statuses[i];
	}
	return succeeded;
}
