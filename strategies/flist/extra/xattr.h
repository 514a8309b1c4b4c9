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
 */
#ifndef FLIST_EXTRA_XATTR_H
#define FLIST_EXTRA_XATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The best first. FLIST_XATTR_METHODS: the best that is available. */
enum flist_xattr_method {
	FLIST_XATTR_AT, /* listxattrat and getxattrat (Linux 6.13): a name relative to a descriptor
			 */
	FLIST_XATTR_PATH, /* llistxattr and lgetxattr: by a path, below FLIST_DESCRIPTORS */
	FLIST_XATTR_FD, /* flistxattr and fgetxattr: opens it; regular files and directories only */
	FLIST_XATTR_METHODS
};

enum {
	FLIST_XATTR_SMALL = 512,  /* bytes; a buffer that is nearly always large enough */
	FLIST_XATTR_MOST = 65536, /* bytes; limit of all names together, and of a value */
	FLIST_XATTR_PATH_ROOM = 4096
};

/* An entry, named as one kind of calls needs it. */
struct flist_subject {
	enum flist_xattr_method method;
	int dirfd;
	const char *name;
	unsigned flags; /* FLIST_FOLLOW, FLIST_ITSELF */
	int fd;         /* of the entry; -1: none */
	bool is_opened; /* fd was opened here and has to be closed */
	/* Number of calls made, including failed ones: for names, and for values. */
	uint32_t lists, gets;
	const char *spelled; /* for FLIST_XATTR_PATH: path, or the name itself */
	char path[FLIST_XATTR_PATH_ROOM];
};

/*
 * Prepares an entry for the best calls available, or for those of one method. name stays the
 * caller's, and has to be valid until the release. -ENOSYS: none of the calls is available, or the
 * one that is does not work for a file of this type; errors of stat(2) and open(2).
 */
int flist_subject_init(struct flist_subject *subject, enum flist_xattr_method method, int dirfd,
		       const char *name, unsigned flags);
void flist_subject_release(struct flist_subject *subject);

/*
 * Write the names, each NUL-terminated, or the value of one attribute to a buffer of
 * FLIST_XATTR_MOST bytes. Return the number of bytes or -errno. -E2BIG: more than that;
 * -EOPNOTSUPP: the filesystem has no attributes; -ENOSYS, as above. If the calls turn out not to be
 * available, the next ones are used, and subject->method changes.
 */
ptrdiff_t flist_subject_names(struct flist_subject *subject, char *buffer);
ptrdiff_t flist_subject_value(struct flist_subject *subject, const char *name, char *buffer);

/*
 * Returns the name of the listing call that is used now, "listxattrat", "llistxattr" or
 * "flistxattr"; NULL: none is available. The string is static.
 */
const char *flist_xattr_way_name(void);

#endif
