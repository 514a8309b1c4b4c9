/*
 * Opens and reads directories. openat2 with RESOLVE_NO_SYMLINKS opens a path in one call without
 * following links. If it is not available (a kernel before 5.6, a seccomp filter, a build without
 * it), the path is opened component by component with O_NOFOLLOW. If links are to be followed,
 * openat opens the path; one with more links than the kernel follows in one call (40) is opened
 * component by component, too. A path that is too long for one call is opened in pieces in any
 * case.
 */
#include "strategies/flist/names/reader.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#ifndef FLIST_PORTABLE
#include <sys/syscall.h>
#endif

#if !defined(FLIST_PORTABLE) && defined(SYS_openat2) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#define HAVE_OPENAT2 1
#endif

#if !defined(FLIST_PORTABLE) && defined(SYS_getdents64)
#define HAVE_GETDENTS64 1
#endif

/* ---- Opening --------------------------------------------------------------------------------- */

static int open_whole(int at, const char *path, int how)
{
#ifdef HAVE_OPENAT2
	struct open_how open_how = {.flags = (unsigned)how, .resolve = RESOLVE_NO_SYMLINKS};
	return (int)syscall(SYS_openat2, at, path, &open_how, sizeof(open_how));
#else
	(void)at;
	(void)path;
	(void)how;
	errno = ENOSYS;
	return -1;
#endif
}

/*
 * Tests it with a size of 0, which the kernel rejects before it opens anything: to open a file may
 * be a round trip to a server.
 */
static bool has_openat2(void)
{
#ifdef HAVE_OPENAT2
	struct open_how open_how = {.flags = O_RDONLY};
	return syscall(SYS_openat2, AT_FDCWD, "", &open_how, 0) < 0 && errno == EINVAL;
#else
	return false;
#endif
}

int flist_opener_init(struct flist_opener *opener, const char *root, bool follow)
{
	*opener = (struct flist_opener){.follow = follow, .whole = has_openat2()};
	opener->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return opener->root < 0 ? -errno : 0;
}

void flist_opener_release(struct flist_opener *opener)
{
	if (opener->root >= 0)
		close(opener->root);
	opener->root = -1;
}

static int open_piece(const struct flist_opener *o, int at, const char *piece, bool to_read)
{
	const int how = (to_read ? O_RDONLY : FLIST_OPEN_PASSING) | O_DIRECTORY | O_CLOEXEC;
	int fd;
	if (o->follow)
		fd = openat(at, piece, how);
	else if (o->whole)
		fd = open_whole(at, piece, how);
	else
		fd = openat(at, piece, how | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/*
 * Returns the length of the longest part of the path that one call can open, bytes. single: of one
 * component.
 */
static size_t measure_piece(const char *path, size_t len, bool single)
{
	const char *slash;
	if (single) {
		slash = memchr(path, '/', len);
		return slash ? (size_t)(slash - path) : len;
	}
	if (len <= FLIST_PIECE_MAX)
		return len;
	for (slash = path + FLIST_PIECE_MAX; *slash != '/'; slash--)
		continue;
	return (size_t)(slash - path);
}

/*
 * Duplicates the descriptor of the root, since to open it again may be a round trip to a server.
 * All duplicates share one file position, so it is set to 0 before a read. Only one thread reads
 * the root at a time; the others use the descriptor only as the base of calls.
 */
static int copy_root(const struct flist_opener *opener, bool to_read)
{
	const int fd = fcntl(opener->root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0 || !to_read || lseek(fd, 0, SEEK_SET) == 0)
		return fd < 0 ? -errno : fd;
	const int ret = -errno;
	close(fd);
	return ret;
}

int flist_opener_open_at(const struct flist_opener *opener, int from, char *path, size_t len,
			 bool to_read)
{
	bool single = !opener->whole && !opener->follow;
	int at = from;
	if (len == 0)
		return from == opener->root ? copy_root(opener, to_read)
					    : open_piece(opener, at, ".", to_read);
	for (char *end = path + len;;) {
		const size_t size = measure_piece(path, (size_t)(end - path), single);
		const char kept = path[size];
		path[size] = '\0';
		int fd = open_piece(opener, at, path, to_read && path + size == end);
		path[size] = kept;
		if (fd == -ELOOP && opener->follow && memchr(path, '/', size)) {
			single = true; /* the kernel counts the links of each call anew */
			continue;
		}
		if (at != from)
			close(at);
		if (fd < 0 || path + size == end)
			return fd;
		at = fd;
		path += size + 1;
	}
}

/* ---- Reading --------------------------------------------------------------------------------- */

int flist_reader_init(struct flist_reader *reader, int fd)
{
	*reader = (struct flist_reader){.fd = fd};
#ifndef HAVE_GETDENTS64
	const int own = dup(fd);
	reader->stream = own < 0 ? NULL : fdopendir(own);
	if (!reader->stream) {
		const int ret = -errno;
		if (own >= 0)
			close(own);
		return ret;
	}
#endif
	return 0;
}

void flist_reader_release(struct flist_reader *reader)
{
	if (reader->stream)
		closedir(reader->stream);
}

#ifdef HAVE_GETDENTS64
/* Returns the number of bytes read, 0 at the end of the directory, or -errno. */
static long read_some(struct flist_reader *reader, char *buffer, size_t room)
{
	long got = syscall(SYS_getdents64, reader->fd, buffer, room);
	return got < 0 ? -errno : got;
}
#else
#ifdef _DIRENT_HAVE_D_TYPE
#define TYPE_OF(d) ((d)->d_type)
#else
#define TYPE_OF(d) 0
#endif

static long read_some(struct flist_reader *reader, char *buffer, size_t room)
{
	struct flist_dirent *record = (struct flist_dirent *)(void *)buffer;
	const struct dirent *d;
	size_t len;
	(void)room; /* FLIST_READ_MIN is enough for a name */
	errno = 0;
	d = readdir(reader->stream);
	if (!d)
		return -errno;
	len = strlen(d->d_name);
	record->ino = d->d_ino;
	record->off = 0;
	record->type = TYPE_OF(d);
	record->size = (uint16_t)((offsetof(struct flist_dirent, name) + len + 8) & ~(size_t)7);
	memcpy(record->name, d->d_name, len + 1);
	return record->size;
}
#endif

int flist_reader_read(struct flist_reader *reader, char *buffer, size_t size, size_t *used)
{
	const long got = read_some(reader, buffer + *used, size - *used);
	reader->ended = got <= 0;
	if (got < 0)
		return (int)got;
	*used += (size_t)got;
	return 0;
}
