#include "datasets/tree/dirstack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/dents.h"
#include "engine/base/util.h"

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, FDINFO_MOST = 1 << 16 };

struct dirstack_level {
	int fd;        /* -1: closed */
	DIR *stream;   /* of fd, once it has been read */
	bool was_read; /* before it was closed; then: */
	long position;
	struct stat st; /* while closed: identifies it */
};

/*
 * Finds the number of the mount that a descriptor is on. false: it is not shown, because statx does
 * so from Linux 5.8 on, and /proc has to be mounted.
 */
static bool find_mount(int fd, uint64_t *mount)
{
	static const char key[] = "\nmnt_id:";
	struct statx st;
	char path[64], *text, *end;
	size_t size;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 && st.stx_mask & STATX_MNT_ID) {
		*mount = st.stx_mnt_id;
		return true;
	}
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", fd);
	if (read_file(path, FDINFO_MOST, &text, &size))
		return false;
	const char *at = strstr(text, key);
	*mount = at ? strtoull(at + strlen(key), &end, 10) : 0;
	const bool found = at && end > at + strlen(key);
	free(text);
	return found;
}

/*
 * Whether nothing is mounted between two directories; needed with kernels before 5.6 and in some
 * sandboxes. A directory of the same filesystem may be mounted, so device numbers are not enough.
 */
static int check_mount(int above, int fd)
{
	struct stat a, b;
	uint64_t mount_a, mount_b;
	if (fstat(above, &a) || fstat(fd, &b))
		return -errno;
	if (a.st_dev != b.st_dev)
		return -EXDEV;
	if (!find_mount(above, &mount_a) || !find_mount(fd, &mount_b))
		return -ENOSYS;
	return mount_a == mount_b ? 0 : -EXDEV;
}

static int open_with(int fd, const char *name, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, /* refuses bind mounts, too */
	};
	int below = (int)syscall(SYS_openat2, fd, name, &how, sizeof(how));
	if (below >= 0)
		return below;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	below = openat(fd, name, flags);
	if (below < 0)
		return -errno;
	int error = check_mount(fd, below);
	if (error)
		close(below);
	return error ? error : below;
}

int open_below(int fd, const char *name)
{
	return open_with(fd, name, DIR_FLAGS);
}

int chmod_below(int fd, const char *name, mode_t mode)
{
	int below = open_with(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0)
		return below;
	close(below);
	return fchmodat(fd, name, mode, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
}

const char *mount_words(int error)
{
	if (error == -EXDEV)
		return "something is mounted here; unmount it first";
	if (error == -ENOSYS)
		return "whether something is mounted here is not known, because this kernel lacks "
		       "openat2, and neither statx nor /proc shows the mount";
	return NULL;
}

static int push(struct dirstack *dirs, int fd)
{
	int error = array_grow(&dirs->levels, &dirs->room, dirs->depth + 1, sizeof(*dirs->levels));
	if (error)
		close(fd);
	else
		dirs->levels[dirs->depth] = (struct dirstack_level){.fd = fd};
	return error;
}

int dirstack_begin(struct dirstack *dirs, int fd, size_t window)
{
	*dirs = (struct dirstack){.window = window, .open = open_below};
	return push(dirs, fd);
}

static void shut(struct dirstack_level *level)
{
	if (level->stream)
		closedir(level->stream);
	else if (level->fd >= 0)
		close(level->fd);
	level->stream = NULL;
	level->fd = -1;
}

void dirstack_end(struct dirstack *dirs)
{
	for (size_t i = 0; dirs->levels && i <= dirs->depth; i++)
		shut(&dirs->levels[i]);
	free(dirs->levels);
	*dirs = (struct dirstack){0};
}

int dirstack_fd(const struct dirstack *dirs)
{
	return dirs->levels[dirs->depth].fd;
}

/* Closes an ancestor and stores its identity and its read position. */
static int set_aside(struct dirstack_level *level)
{
	if (level->fd < 0)
		return 0; /* it is closed already */
	if (fstat(level->fd, &level->st))
		return -errno;
	level->was_read = level->stream != NULL;
	level->position = level->stream ? telldir(level->stream) : 0;
	shut(level);
	return 0;
}

int dirstack_down(struct dirstack *dirs, const char *name)
{
	int fd = dirs->open(dirstack_fd(dirs), name);
	if (fd < 0)
		return fd;
	dirs->depth++;
	int error = push(dirs, fd);
	if (!error && dirs->depth >= dirs->window) {
		error = set_aside(&dirs->levels[dirs->depth - dirs->window]);
		if (error)
			shut(&dirs->levels[dirs->depth]);
	}
	dirs->depth -= error != 0;
	return error;
}

static int take_up(struct dirstack_level *level, int below)
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

int dirstack_up(struct dirstack *dirs)
{
	struct dirstack_level *level = &dirs->levels[dirs->depth];
	int error = level[-1].fd < 0 ? take_up(&level[-1], level->fd) : 0;
	if (error)
		return error;
	shut(level);
	dirs->depth--;
	return 0;
}

static int open_stream(struct dirstack_level *level)
{
	level->stream = fdopendir(level->fd);
	if (!level->stream)
		return -errno;
	if (level->was_read)
		seekdir(level->stream, level->position);
	level->was_read = false;
	return 0;
}

int dirstack_next(struct dirstack *dirs, const struct dirent **entry)
{
	struct dirstack_level *level = &dirs->levels[dirs->depth];
	int error = level->stream ? 0 : open_stream(level);
	if (error)
		return error;
	do {
		errno = 0;
		*entry = readdir(level->stream);
	} while (*entry && is_dot((*entry)->d_name));
	return *entry ? 1 : -errno;
}
