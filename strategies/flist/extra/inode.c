/* Fetches the file handle and the inode flags of a file. */
#include "strategies/flist/extra/extra.h"

#include <errno.h>

#ifndef FLIST_PORTABLE

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- Handles --------------------------------------------------------------------------------- */

/*
 * A struct of the kernel's interface, like those below. C libraries define them only since
 * recently, or not at all.
 */
struct handle {
	uint32_t len;
	int32_t type;
	unsigned char bytes[FLIST_HANDLE_MOST];
};

enum { FOLLOW_LINK = 0x400 /* AT_SYMLINK_FOLLOW */ };

int flist_inode_handle(int dirfd, const char *name, unsigned flags, unsigned char *bytes,
		       uint32_t *len, int32_t *type)
{
	struct handle handle = {.len = sizeof(handle.bytes)};
	int mount; /* not used; statx returns a better mount id */
	if (syscall(SYS_name_to_handle_at, dirfd, name, &handle, &mount,
		    (flags & FLIST_FOLLOW ? FOLLOW_LINK : 0) |
			    (flags & FLIST_ITSELF ? AT_EMPTY_PATH : 0)) < 0) {
		/*
		 * The kernel never returns EPERM, but seccomp filters do. EOVERFLOW: there is no
		 * handle.
		 */
		return errno == EPERM || errno == EOVERFLOW ? -EOPNOTSUPP : -errno;
	}
	memcpy(bytes, handle.bytes, handle.len);
	*len = handle.len;
	*type = handle.type;
	return 0;
}

/* ---- Flags ----------------------------------------------------------------------------------- */

struct file_attr {
	uint64_t xflags;
	uint32_t extent_size, extents, project, cow_extent_size;
};

#ifdef __alpha__
enum { CALL_FILE_GETATTR = 578 };
#else
enum { CALL_FILE_GETATTR = 468 };
#endif

/* file_getattr is not available. Once set, it stays set. */
static _Atomic bool missing;

static int get_attr(int dirfd, const char *name, unsigned flags, struct file_attr *attr)
{
	const int how = flags & FLIST_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
	memset(attr, 0, sizeof(*attr));
	return syscall(CALL_FILE_GETATTR, dirfd, name, attr, sizeof(*attr), how) < 0 ? -errno : 0;
}

static bool looks_missing(int ret)
{
	return ret == -ENOSYS || ret == -EPERM;
}

/*
 * As in ask/ask.c: with the descriptor -1, only a call that is not available returns these errors.
 */
static bool is_missing(void)
{
	struct file_attr attr;
	if (looks_missing(get_attr(-1, ".", 0, &attr)))
		atomic_store_explicit(&missing, true, memory_order_relaxed);
	return atomic_load_explicit(&missing, memory_order_relaxed);
}

/* The result of FS_IOC_FSGETXATTR. */
struct xattr_of_fs {
	uint32_t xflags, extent_size, extents, project, cow_extent_size;
	unsigned char pad[8];
};

#define GET_XFLAGS _IOR('X', 31, struct xattr_of_fs)
#define GET_FLAGS  _IOR('f', 1, long)

/* Flags that both ioctls have, as the kernel translates them. */
static const struct {
	uint32_t flag, xflag;
} names[] = {
	{0x00000008, 0x00000020}, /* synchronous */
	{0x00000010, 0x00000008}, /* immutable */
	{0x00000020, 0x00000010}, /* append only */
	{0x00000040, 0x00000080}, /* not dumped */
	{0x00000080, 0x00000040}, /* no access times */
	{0x02000000, 0x00008000}, /* direct access */
	{0x20000000, 0x00000200}, /* project is inherited */
};

static uint32_t translate(uint32_t flags)
{
	uint32_t xflags = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		xflags |= flags & names[i].flag ? names[i].xflag : 0;
	return xflags;
}

/* The type of requests: unsigned long in the kernel and glibc, int in POSIX and musl. */
#ifdef __GLIBC__
typedef unsigned long request;
#else
typedef int request;
#endif

static int ask_open(int fd, struct flist_inode_flags *answer)
{
	struct xattr_of_fs attr;
	uint32_t flags[2] = {0, 0}; /* it writes an int, not a long */
	if (ioctl(fd, (request)GET_XFLAGS, &attr) == 0) {
		*answer = (struct flist_inode_flags){attr.xflags, attr.project, true};
		return 0;
	}
	if (ioctl(fd, (request)GET_FLAGS, flags) == 0) {
		*answer = (struct flist_inode_flags){translate(flags[0]), 0, false};
		return 0;
	}
	return errno == ENOTTY || errno == EINVAL || errno == ENOSYS || errno == EPERM ? -EOPNOTSUPP
										       : -errno;
}

/*
 * Opens a regular file or a directory: opening others, such as devices, may have effects. It opens
 * with O_PATH first, checks the type by fstat, and then opens that file through /proc, so it cannot
 * be replaced by another in between.
 */
static int open_harmless(int dirfd, const char *name, unsigned flags)
{
	const int named =
		openat(dirfd, name, O_PATH | O_CLOEXEC | (flags & FLIST_FOLLOW ? 0 : O_NOFOLLOW));
	char path[64];
	struct stat st;
	int fd = -EOPNOTSUPP;
	if (named < 0)
		return -errno;
	if (fstat(named, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		snprintf(path, sizeof(path), FLIST_DESCRIPTORS "/%d", named);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0) /* ENOENT: /proc is not mounted */
			fd = errno == ENOENT || errno == ENOTDIR ? -EOPNOTSUPP : -errno;
	}
	close(named);
	return fd;
}

static int ask_by_opening(int dirfd, const char *name, unsigned flags, uint32_t type,
			  struct flist_inode_flags *answer)
{
	int fd, ret;
	if (type && !S_ISREG(type) && !S_ISDIR(type))
		return -EOPNOTSUPP;
	fd = open_harmless(dirfd, name, flags);
	if (fd < 0)
		return fd;
	ret = ask_open(fd, answer);
	close(fd);
	return ret;
}

int flist_inode_flags(int dirfd, const char *name, unsigned flags, uint32_t type,
		      struct flist_inode_flags *answer)
{
	struct file_attr attr;
	int ret;
	if (flags & FLIST_ITSELF)
		return ask_open(dirfd, answer);
	if (atomic_load_explicit(&missing, memory_order_relaxed))
		return ask_by_opening(dirfd, name, flags, type, answer);
	ret = get_attr(dirfd, name, flags, &attr);
	if (looks_missing(ret) && is_missing())
		return ask_by_opening(dirfd, name, flags, type, answer);
	if (!ret)
		*answer = (struct flist_inode_flags){(uint32_t)attr.xflags, attr.project, true};
	return ret;
}

#else /* other systems have other calls for this */

int flist_inode_handle(int dirfd, const char *name, unsigned flags, unsigned char *bytes,
		       uint32_t *len, int32_t *type)
{
	(void)dirfd;
	(void)name;
	(void)flags;
	(void)bytes;
	(void)len;
	(void)type;
	return -ENOSYS;
}

int flist_inode_flags(int dirfd, const char *name, unsigned flags, uint32_t type,
		      struct flist_inode_flags *answer)
{
	(void)dirfd;
	(void)name;
	(void)flags;
	(void)type;
	(void)answer;
	return -ENOSYS;
}

#endif
