/*
 * As with the back ends of asking (ask/ask.c) nothing is probed beforehand: when an answer looks as
 * if the call itself was refused, another question shows whether it was, and the process does
 * without that call from then on.
 */
#include "strategies/flist/extra/xattr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"

#ifndef FLIST_PORTABLE
#include <sys/syscall.h>
#include <sys/xattr.h>

/* One number everywhere but on alpha; spelt out for C libraries that are older than the calls. */
#ifdef __alpha__
enum { CALL_GETXATTRAT = 574, CALL_LISTXATTRAT = 575 };
#else
enum { CALL_GETXATTRAT = 464, CALL_LISTXATTRAT = 465 };
#endif

/* What getxattrat takes: its size is its version. */
struct xattr_args {
	uint64_t value; /* the address */
	uint32_t size, flags;
};

static const char *const way_names[FLIST_XATTR_WAYS] = {"listxattrat", "llistxattr", "flistxattr"};

/* Facts of the process, a bit each, found out once and never taken back: ways it does not have, */
static _Atomic unsigned missing;
enum { NO_PROC = 1 << FLIST_XATTR_WAYS, HAS_PROC = NO_PROC << 1 }; /* and whether /proc is there */

/* ---- The calls ------------------------------------------------------------------------------- */

static ptrdiff_t list_at(int dirfd, const char *name, int how, char *buffer, size_t size)
{
	return syscall(CALL_LISTXATTRAT, dirfd, name, how, buffer, size);
}

static ptrdiff_t get_at(int dirfd, const char *name, int how, const char *attribute, char *buffer,
			size_t size)
{
	struct xattr_args args = {.value = (uintptr_t)buffer, .size = (uint32_t)size};
	return syscall(CALL_GETXATTRAT, dirfd, name, how, attribute, &args, sizeof(args));
}

static ptrdiff_t list_once(const struct flist_subject *s, char *buffer, size_t size)
{
	const bool follow = s->flags & FLIST_FOLLOW;
	if (s->way == FLIST_XATTR_AT)
		return list_at(s->dirfd, s->name, follow ? 0 : AT_SYMLINK_NOFOLLOW, buffer, size);
	if (s->way == FLIST_XATTR_FD)
		return flistxattr(s->fd, buffer, size);
	return follow ? listxattr(s->spelled, buffer, size) : llistxattr(s->spelled, buffer, size);
}

static ptrdiff_t get_once(const struct flist_subject *s, const char *attribute, char *buffer,
			  size_t size)
{
	const bool follow = s->flags & FLIST_FOLLOW;
	if (s->way == FLIST_XATTR_AT)
		return get_at(s->dirfd, s->name, follow ? 0 : AT_SYMLINK_NOFOLLOW, attribute,
			      buffer, size);
	if (s->way == FLIST_XATTR_FD)
		return fgetxattr(s->fd, attribute, buffer, size);
	return follow ? getxattr(s->spelled, attribute, buffer, size)
		      : lgetxattr(s->spelled, attribute, buffer, size);
}

/* ---- Which of them there are ----------------------------------------------------------------- */

/* A filter says no with either. */
static bool looks_missing(ptrdiff_t ret)
{
	return ret < 0 && (errno == ENOSYS || errno == EPERM);
}

/* Questions that only the call itself refuses with these errors: EBADF and ENOENT are expected. */
static bool is_refused(enum flist_xattr_way way)
{
	if (way == FLIST_XATTR_AT)
		return looks_missing(list_at(-1, ".", 0, NULL, 0)) ||
		       looks_missing(get_at(-1, ".", 0, "user.", NULL, 0));
	if (way == FLIST_XATTR_PATH)
		return looks_missing(llistxattr("", NULL, 0)) ||
		       looks_missing(lgetxattr("", "user.", NULL, 0));
	return looks_missing(flistxattr(-1, NULL, 0)) ||
	       looks_missing(fgetxattr(-1, "user.", NULL, 0));
}

/* Whether it is the call that is refused, and not the question. errno stays as it is. */
static bool is_missing(enum flist_xattr_way way)
{
	const int error = errno;
	bool is = atomic_load_explicit(&missing, memory_order_relaxed) & 1U << way;
	if (!is && is_refused(way)) {
		atomic_fetch_or_explicit(&missing, 1U << way, memory_order_relaxed);
		is = true;
	}
	errno = error;
	return is;
}

static enum flist_xattr_way choose(enum flist_xattr_way from)
{
	const unsigned not = atomic_load_explicit(&missing, memory_order_relaxed);
	while (from < FLIST_XATTR_WAYS && not &1U << from)
		from++;
	return from;
}

const char *flist_xattr_way_name(void)
{
	for (;;) {
		const enum flist_xattr_way way = choose(FLIST_XATTR_AT);
		if (way == FLIST_XATTR_WAYS)
			return NULL;
		if (!is_missing(way))
			return way_names[way];
	}
}

/* ---- How an entry is named ------------------------------------------------------------------- */

/*
 * Opens what can be opened without an effect: a device's driver would notice, a fifo may block. The
 * type is looked at first, so nothing else is opened unless it is put there in between.
 */
static int open_subject(struct flist_subject *s)
{
	const int how = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const bool follow = s->flags & FLIST_FOLLOW;
	struct stat st;
	if (s->flags & FLIST_ITSELF) {
		s->fd = s->dirfd;
		return 0;
	}
	if (fstatat(s->dirfd, s->name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOSYS;
	s->fd = openat(s->dirfd, s->name, how | (follow ? 0 : O_NOFOLLOW));
	s->is_opened = s->fd >= 0;
	return s->fd < 0 ? -errno : 0;
}

static bool shows_descriptors(void)
{
	unsigned known = atomic_load_explicit(&missing, memory_order_relaxed);
	if (!(known & (NO_PROC | HAS_PROC))) {
		known = access(FLIST_DESCRIPTORS, X_OK) < 0 ? NO_PROC : HAS_PROC;
		atomic_fetch_or_explicit(&missing, known, memory_order_relaxed);
	}
	return known & HAS_PROC;
}

/* A name on a descriptor has a path, where the system shows descriptors as files. */
static bool spell_path(struct flist_subject *s)
{
	const char *name = s->name;
	int len;
	s->spelled = name;
	if (s->dirfd == AT_FDCWD || *name == '/' || !*name)
		return true;
	len = snprintf(s->path, sizeof(s->path), FLIST_DESCRIPTORS "/%d/%s", s->dirfd, name);
	if (len >= (int)sizeof(s->path) || !shows_descriptors())
		return false;
	s->spelled = s->path;
	return true;
}

static int init_by(struct flist_subject *s, enum flist_xattr_way way)
{
	s->way = way;
	if (way == FLIST_XATTR_PATH && !spell_path(s))
		s->way = choose(FLIST_XATTR_FD);
	if (s->way == FLIST_XATTR_WAYS)
		return -ENOSYS;
	return s->way == FLIST_XATTR_FD ? open_subject(s) : 0;
}

int flist_subject_init(struct flist_subject *subject, enum flist_xattr_way way, int dirfd,
		       const char *name, unsigned flags)
{
	subject->dirfd = dirfd;
	subject->name = name;
	subject->flags = flags;
	subject->fd = -1;
	subject->is_opened = false;
	subject->lists = subject->gets = 0;
	if (flags & FLIST_ITSELF)
		way = choose(FLIST_XATTR_FD) == FLIST_XATTR_FD ? FLIST_XATTR_FD : FLIST_XATTR_WAYS;
	else if (way == FLIST_XATTR_WAYS)
		way = choose(FLIST_XATTR_AT);
	return init_by(subject, way);
}

void flist_subject_release(struct flist_subject *subject)
{
	if (subject->is_opened)
		close(subject->fd);
	subject->fd = -1;
	subject->is_opened = false;
}

/* After a call that was refused: whether there is another to be made. */
static bool turn_to_next(struct flist_subject *s, ptrdiff_t *ret)
{
	int error;
	if (!looks_missing(*ret) || !is_missing(s->way))
		return false;
	flist_subject_release(s);
	error = init_by(s, choose(s->way));
	if (!error)
		return true;
	errno = -error;
	*ret = -1;
	return false;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

/* attribute: whose value, NULL: the names. */
static ptrdiff_t ask(struct flist_subject *s, const char *attribute, char *buffer)
{
	size_t size = FLIST_XATTR_SMALL;
	for (;;) {
		*(attribute ? &s->gets : &s->lists) += 1;
		ptrdiff_t ret = attribute ? get_once(s, attribute, buffer, size)
					  : list_once(s, buffer, size);
		if (ret >= 0)
			return ret;
		if (errno == ERANGE && size == FLIST_XATTR_MOST)
			return -E2BIG;
		if (errno == ERANGE)
			size = FLIST_XATTR_MOST;
		else if (!turn_to_next(s, &ret))
			return -errno;
	}
}

#else /* FLIST_PORTABLE: other systems have other calls for this */

const char *flist_xattr_way_name(void)
{
	return NULL;
}

int flist_subject_init(struct flist_subject *subject, enum flist_xattr_way way, int dirfd,
		       const char *name, unsigned flags)
{
	(void)way;
	(void)dirfd;
	(void)name;
	(void)flags;
	subject->fd = -1;
	subject->lists = subject->gets = 0;
	return -ENOSYS;
}

void flist_subject_release(struct flist_subject *subject)
{
	(void)subject;
}

static ptrdiff_t ask(struct flist_subject *s, const char *attribute, char *buffer)
{
	(void)s;
	(void)attribute;
	(void)buffer;
	return -ENOSYS;
}

#endif

ptrdiff_t flist_subject_names(struct flist_subject *subject, char *buffer)
{
	return ask(subject, NULL, buffer);
}

ptrdiff_t flist_subject_value(struct flist_subject *subject, const char *name, char *buffer)
{
	return ask(subject, name, buffer);
}
