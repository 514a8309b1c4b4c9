/*
 * The system calls of a timed walk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/profile/probe.h"

enum { LIST_MAX = 65536 }; /* XATTR_LIST_MAX */

static int real_open(void *arg, int fd, const char *name)
{
	const struct probe_real *real = arg;
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int got = name ? openat(fd, name, flags | O_NOFOLLOW) : open(real->root, flags);
	return got < 0 ? -errno : got;
}

static long real_read(void *arg, int fd, void *buf, size_t size)
{
	(void)arg;
	long got = syscall(SYS_getdents64, fd, buf, size);
	return got < 0 ? -errno : got;
}

static int real_stat(void *arg, int fd, const char *name, struct probe_entry *entry)
{
	struct statx st;
	(void)arg;
	if (syscall(SYS_statx, fd, name,
		    AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH),
		    STATX_BASIC_STATS, &st))
		return -errno;
	*entry = (struct probe_entry){
		.dev = makedev(st.stx_dev_major, st.stx_dev_minor),
		.ino = st.stx_ino,
		.is_directory = S_ISDIR(st.stx_mode),
		.is_symlink = S_ISLNK(st.stx_mode),
	};
	return 0;
}

static int real_readlink(void *arg, int fd, const char *name)
{
	char text[4096];
	(void)arg;
	return readlinkat(fd, name, text, sizeof(text)) < 0 ? -errno : 0;
}

/* listxattr has no variant relative to a directory, so paths that are too long fail. */
static int real_xattrs(void *arg, const char *path)
{
	struct probe_real *real = arg;
	char list[LIST_MAX];
	const size_t root_len = strlen(real->root), len = strlen(path);
	if (array_grow(&real->path, &real->room, root_len + len + 2, 1))
		return -ENOMEM;
	memcpy(real->path, real->root, root_len);
	real->path[root_len] = '/';
	memcpy(real->path + root_len + 1, path, len + 1);
	return llistxattr(real->path, list, sizeof(list)) < 0 ? -errno : 0;
}

static void real_close(void *arg, int fd)
{
	(void)arg;
	close(fd);
}

static uint64_t real_clock(void *arg)
{
	(void)arg;
	return clock_ns();
}

void probe_real_begin(struct probe_real *real, const char *root)
{
	*real = (struct probe_real){
		.root = root,
		.calls = {real, real_open, real_read, real_stat, real_readlink, real_xattrs,
			  real_close, real_clock},
	};
}

void probe_real_end(struct probe_real *real)
{
	free(real->path);
}
