/*
 * Fetches extended attributes of one entry from the kernel: selects the system calls that are
 * available, and names the entry as they need it.
 *
 * Each call takes a buffer and fails with ERANGE if it is too small. To fetch the size first would
 * take one more call per entry, and the size may change before the next call. So the first call has
 * a small buffer, which is nearly always enough, and the second one has the largest size that the
 * kernel ever fills: a third call is never necessary, even if an attribute grows meanwhile. (The
 * large buffer at once would be slow: the kernel allocates one of the same size, and clears it for
 * a value.)
 *
 * As in ask/ask.c, nothing is tested beforehand. If an error looks as if the call itself was
 * refused, a second call shows whether it was; if so, the process does not use that call any more.
 */
#include "strategies/flist/extra/extra.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef FLIST_PORTABLE
#include <sys/syscall.h>
#include <sys/xattr.h>

/*
 * Numbers of the system calls, the same on all architectures except alpha. They are defined here
 * because C libraries may be older than the calls.
 */
#ifdef __alpha__
enum { CALL_GETXATTRAT = 574, CALL_LISTXATTRAT = 575 };
#else
enum { CALL_GETXATTRAT = 464, CALL_LISTXATTRAT = 465 };
#endif

/* The argument of getxattrat; the kernel derives its version from its size. */
struct xattr_args {
	uint64_t value; /* the address */
	uint32_t size, flags;
};

static const char *const method_names[FLIST_XATTR_METHODS] = {"listxattrat", "llistxattr",
							      "flistxattr"};

/* Bits of the process, which stay set once they are set: methods that are not available, */
static _Atomic unsigned missing;
enum { NO_PROC = 1 << FLIST_XATTR_METHODS, HAS_PROC = NO_PROC << 1 }; /* /proc is not, is mounted */

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
	if (s->method == FLIST_XATTR_AT)
		return list_at(s->dirfd, s->name, follow ? 0 : AT_SYMLINK_NOFOLLOW, buffer, size);
	if (s->method == FLIST_XATTR_FD)
		return flistxattr(s->fd, buffer, size);
	return follow ? listxattr(s->spelled, buffer, size) : llistxattr(s->spelled, buffer, size);
}

static ptrdiff_t get_once(const struct flist_subject *s, const char *attribute, char *buffer,
			  size_t size)
{
	const bool follow = s->flags & FLIST_FOLLOW;
	if (s->method == FLIST_XATTR_AT)
		return get_at(s->dirfd, s->name, follow ? 0 : AT_SYMLINK_NOFOLLOW, attribute,
			      buffer, size);
	if (s->method == FLIST_XATTR_FD)
		return fgetxattr(s->fd, attribute, buffer, size);
	return follow ? getxattr(s->spelled, attribute, buffer, size)
		      : lgetxattr(s->spelled, attribute, buffer, size);
}

/* ---- Which calls are available --------------------------------------------------------------- */

/* Seccomp filters return either error. */
static bool looks_missing(ptrdiff_t ret)
{
	return ret < 0 && (errno == ENOSYS || errno == EPERM);
}

/* Tests with arguments for which a call that is available fails with EBADF or ENOENT. */
static bool is_refused(enum flist_xattr_method method)
{
	if (method == FLIST_XATTR_AT)
		return looks_missing(list_at(-1, ".", 0, NULL, 0)) ||
		       looks_missing(get_at(-1, ".", 0, "user.", NULL, 0));
	if (method == FLIST_XATTR_PATH)
		return looks_missing(llistxattr("", NULL, 0)) ||
		       looks_missing(lgetxattr("", "user.", NULL, 0));
	return looks_missing(flistxattr(-1, NULL, 0)) ||
	       looks_missing(fgetxattr(-1, "user.", NULL, 0));
}

/* Whether the call itself is refused, and not this entry. errno is preserved. */
static bool is_missing(enum flist_xattr_method method)
{
	const int error = errno;
	bool is = atomic_load_explicit(&missing, memory_order_relaxed) & 1U << method;
	if (!is && is_refused(method)) {
		atomic_fetch_or_explicit(&missing, 1U << method, memory_order_relaxed);
		is = true;
	}
	errno = error;
	return is;
}

static enum flist_xattr_method choose(enum flist_xattr_method from)
{
	const unsigned not = atomic_load_explicit(&missing, memory_order_relaxed);
	while (from < FLIST_XATTR_METHODS && not &1U << from)
		from++;
	return from;
}

const char *flist_xattr_way_name(void)
{
	for (;;) {
		const enum flist_xattr_method method = choose(FLIST_XATTR_AT);
		if (method == FLIST_XATTR_METHODS)
			return NULL;
		if (!is_missing(method))
			return method_names[method];
	}
}

/* ---- How an entry is named ------------------------------------------------------------------- */

/*
 * Opens a regular file or a directory: opening a device may have an effect, and opening a fifo may
 * block. The type is checked first, so another file is opened only if it replaces the entry in
 * between.
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

/*
 * Makes the path of a name in an open directory, if the system shows descriptors as files. false:
 * there is no such path, or it is too long.
 */
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

static int init_by(struct flist_subject *s, enum flist_xattr_method method)
{
	s->method = method;
	if (method == FLIST_XATTR_PATH && !spell_path(s))
		s->method = choose(FLIST_XATTR_FD);
	if (s->method == FLIST_XATTR_METHODS)
		return -ENOSYS;
	return s->method == FLIST_XATTR_FD ? open_subject(s) : 0;
}

int flist_subject_init(struct flist_subject *subject, enum flist_xattr_method method, int dirfd,
		       const char *name, unsigned flags)
{
	subject->dirfd = dirfd;
	subject->name = name;
	subject->flags = flags;
	subject->fd = -1;
	subject->is_opened = false;
	subject->lists = subject->gets = 0;
	if (flags & FLIST_ITSELF)
		method = choose(FLIST_XATTR_FD) == FLIST_XATTR_FD ? FLIST_XATTR_FD
								  : FLIST_XATTR_METHODS;
	else if (method == FLIST_XATTR_METHODS)
		method = choose(FLIST_XATTR_AT);
	return init_by(subject, method);
}

void flist_subject_release(struct flist_subject *subject)
{
	if (subject->is_opened)
		close(subject->fd);
	subject->fd = -1;
	subject->is_opened = false;
}

/*
 * Called after an error: if the call is not available, prepares the next one. false: there is none,
 * or the error has another cause; *ret and errno have the error.
 */
static bool turn_to_next(struct flist_subject *s, ptrdiff_t *ret)
{
	int error;
	if (!looks_missing(*ret) || !is_missing(s->method))
		return false;
	flist_subject_release(s);
	error = init_by(s, choose(s->method));
	if (!error)
		return true;
	errno = -error;
	*ret = -1;
	return false;
}

/* ---- Fetching -------------------------------------------------------------------------------- */

/* Fetches the value of `attribute`, or with NULL the names. */
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

int flist_subject_init(struct flist_subject *subject, enum flist_xattr_method method, int dirfd,
		       const char *name, unsigned flags)
{
	(void)method;
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
