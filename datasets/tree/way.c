#include "datasets/tree/way.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/util.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct way_level {
	int fd;        /* -1 while it is closed */
	DIR *stream;   /* of fd, once it was read from */
	bool was_read; /* when it was closed; then: */
	long position;
	struct stat st; /* while it is closed: what it was */
};

/* Whether fd is on the filesystem of above; kernels before 5.6 and some sandboxes need this. */
static int check_device(int above, int fd)
{
	struct stat a, b;
	if (fstat(above, &a) || fstat(fd, &b))
		return -errno;
	return a.st_dev == b.st_dev ? 0 : -EXDEV;
}

int open_below(int fd, const char *name)
{
	struct open_how how = {
		.flags = (uint64_t)DIR_FLAGS,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, /* bind mounts, too */
	};
	int below = (int)syscall(SYS_openat2, fd, name, &how, sizeof(how));
	if (below >= 0)
		return below;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	below = openat(fd, name, DIR_FLAGS);
	if (below < 0)
		return -errno;
	int error = check_device(fd, below);
	if (error)
		close(below);
	return error ? error : below;
}

static int push(struct way *way, int fd)
{
	int error = array_grow(&way->levels, &way->room, way->depth + 1, sizeof(*way->levels));
	if (error)
		close(fd);
	else
		way->levels[way->depth] = (struct way_level){.fd = fd};
	return error;
}

int way_begin(struct way *way, int fd, size_t window)
{
	*way = (struct way){.window = window, .open = open_below};
	return push(way, fd);
}

static void shut(struct way_level *level)
{
	if (level->stream)
		closedir(level->stream);
	else if (level->fd >= 0)
		close(level->fd);
	level->stream = NULL;
	level->fd = -1;
}

void way_end(struct way *way)
{
	for (size_t i = 0; way->levels && i <= way->depth; i++)
		shut(&way->levels[i]);
	free(way->levels);
	*way = (struct way){0};
}

int way_fd(const struct way *way)
{
	return way->levels[way->depth].fd;
}

/* Closes an ancestor, remembering which directory it is and how far it was read. */
static int set_aside(struct way_level *level)
{
	if (level->fd < 0)
		return 0; /* since an earlier step down */
	if (fstat(level->fd, &level->st))
		return -errno;
	level->was_read = level->stream != NULL;
	level->position = level->stream ? telldir(level->stream) : 0;
	shut(level);
	return 0;
}

int way_down(struct way *way, const char *name)
{
	int fd = way->open(way_fd(way), name);
	if (fd < 0)
		return fd;
	way->depth++;
	int error = push(way, fd);
	if (!error && way->depth >= way->window) {
		error = set_aside(&way->levels[way->depth - way->window]);
		if (error)
			shut(&way->levels[way->depth]);
	}
	way->depth -= error != 0;
	return error;
}

static int take_up(struct way_level *level, int below)
{
	struct stat st;
	int fd = openat(below, "..", DIR_FLAGS);
	if (fd < 0)
		return -errno;
	int error = fstat(fd, &st) ? -errno : 0;
	if (!error && (st.st_dev != level->st.st_dev || st.st_ino != level->st.st_ino))
		error = -ESTALE;
	if (error)
		close(fd);
	else
		level->fd = fd;
	return error;
}

int way_up(struct way *way)
{
	struct way_level *level = &way->levels[way->depth];
	int error = level[-1].fd < 0 ? take_up(&level[-1], level->fd) : 0;
	if (error)
		return error;
	shut(level);
	way->depth--;
	return 0;
}

static int open_stream(struct way_level *level)
{
	level->stream = fdopendir(level->fd);
	if (!level->stream)
		return -errno;
	if (level->was_read)
		seekdir(level->stream, level->position);
	level->was_read = false;
	return 0;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

int way_next(struct way *way, const struct dirent **entry)
{
	struct way_level *level = &way->levels[way->depth];
	int error = level->stream ? 0 : open_stream(level);
	if (error)
		return error;
	do {
		errno = 0;
		*entry = readdir(level->stream);
	} while (*entry && is_dot((*entry)->d_name));
	return *entry ? 1 : -errno;
}
