#include "engine/workload_descent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/util.h"

/* At most this part of the process's limit, because the caller opens other descriptors, too. */
static uint32_t count_kept(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 1;
	return (uint32_t)MAX(MIN(limit.rlim_cur / DESCENT_SHARE, DESCENT_KEPT), 1);
}

void descent_begin(struct descent *d, const struct workload *load)
{
	*d = (struct descent){.load = load, .kept = count_kept()};
}

void descent_end(struct descent *d)
{
	for (uint32_t i = 0; i < DESCENT_KEPT; i++) {
		if (d->dirs[i])
			close(d->fds[i]);
		d->dirs[i] = 0;
	}
}

static bool is_near(const struct descent *d, uint32_t dir)
{
	const struct workload_dir *at = &d->load->dirs[dir];
	return at->depth <= DESCENT_NEAR && at->path_len < PATH_MAX;
}

static int open_whole(const struct descent *d, uint32_t dir, int flags)
{
	uint64_t opens = 0, closes = 0;
	return workload_opendir(d->load, dir, flags, &opens, &closes);
}

/* Opens a directory by its name, relative to its parent. */
static int open_below(const struct descent *d, int parent, uint32_t dir, int flags)
{
	const char *name = workload_dir_name(d->load, dir);
	int fd = openat(parent, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_kept(const struct descent *d, uint32_t dir)
{
	return dir && d->dirs[dir % d->kept] == dir;
}

/*
 * Directories on one level have consecutive numbers in the order of loading, so neighbours do not
 * evict each other.
 */
static void cache_fd(struct descent *d, uint32_t dir, int fd)
{
	const uint32_t place = dir % d->kept;
	if (d->dirs[place])
		close(d->fds[place]);
	d->dirs[place] = dir;
	d->fds[place] = fd;
}

/*
 * Returns a kept descriptor of a directory. If neither it nor its parent is kept, it is opened by
 * its path.
 */
static int find(struct descent *d, uint32_t dir)
{
	const uint32_t up = d->load->parents[dir];
	int fd;
	if (is_kept(d, dir))
		return d->fds[dir % d->kept];
	if (is_kept(d, up))
		fd = open_below(d, d->fds[up % d->kept], dir, O_PATH);
	else
		fd = open_whole(d, dir, O_PATH);
	if (fd >= 0)
		cache_fd(d, dir, fd);
	return fd;
}

static int open_once(struct descent *d, uint32_t dir, int flags)
{
	if (!d->load->parents || is_near(d, dir))
		return open_whole(d, dir, flags);
	int parent = find(d, d->load->parents[dir]);
	return parent < 0 ? parent : open_below(d, parent, dir, flags);
}

int descent_open(struct descent *d, uint32_t dir, int flags)
{
	int fd = open_once(d, dir, flags | O_NOFOLLOW);
	if (fd != -EMFILE && fd != -ENFILE)
		return fd;
	descent_end(d);
	return open_once(d, dir, flags | O_NOFOLLOW);
}
