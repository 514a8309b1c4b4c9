/*
 * Extended attributes of one entry, straight from the kernel: which calls there are, and how an
 * entry is named to them.
 *
 * Each call takes a buffer and fails with ERANGE where that is too small. Asking for the size first
 * costs a call for every entry and can be wrong by the next one. So the first call has a small
 * buffer, which is enough nearly always, and the second the largest that the kernel ever fills:
 * an attribute that grows meanwhile cannot make a third one necessary. (The largest at once would
 * be dear: the kernel allocates a buffer of that size for itself, and clears it for a value.)
 */
#ifndef FLIST_EXTRA_XATTR_H
#define FLIST_EXTRA_XATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The best first; FLIST_XATTR_WAYS: the best that there is, as it turns out. */
enum flist_xattr_way {
	FLIST_XATTR_AT,   /* listxattrat and getxattrat (Linux 6.13): a name on a descriptor */
	FLIST_XATTR_PATH, /* llistxattr and lgetxattr; a descriptor's path is in FLIST_DESCRIPTORS
			   */
	FLIST_XATTR_FD,   /* flistxattr and fgetxattr: opens it; files and directories only */
	FLIST_XATTR_WAYS
};

enum {
	FLIST_XATTR_SMALL = 512,  /* bytes of a buffer that is nearly always enough */
	FLIST_XATTR_MOST = 65536, /* of all names together, or of one value */
	FLIST_XATTR_PATH_ROOM = 4096
};

/* An entry as it is named to one kind of calls. Nothing else is kept of it. */
struct flist_subject {
	enum flist_xattr_way way;
	int dirfd;
	const char *name;
	unsigned flags; /* FLIST_FOLLOW, FLIST_ITSELF */
	int fd;         /* to ask by; -1: none */
	bool is_opened; /* by this, and to be closed */
	/* Made, failed ones included: for names, and for values. */
	uint32_t lists, gets;
	const char *spelled; /* its path, by FLIST_XATTR_PATH; in the next, or the name itself */
	char path[FLIST_XATTR_PATH_ROOM];
};

/*
 * Names an entry for the calls that there are, or for those of one way. name stays the caller's.
 * -ENOSYS: none of the calls can be made, or the one that can has no answer for a file of this
 * type; errors of stat(2) and open(2).
 */
int flist_subject_init(struct flist_subject *subject, enum flist_xattr_way way, int dirfd,
		       const char *name, unsigned flags);
void flist_subject_release(struct flist_subject *subject);

/*
 * Names, each with a NUL, or the value of one, into a buffer of FLIST_XATTR_MOST bytes. How many
 * bytes they are, or -errno: -E2BIG, they are more; -EOPNOTSUPP, the filesystem has no attributes.
 * Where the kernel turns out to lack the calls, the subject is named for the next ones; -ENOSYS, as
 * above, where there are none.
 */
ptrdiff_t flist_subject_names(struct flist_subject *subject, char *buffer);
ptrdiff_t flist_subject_value(struct flist_subject *subject, const char *name, char *buffer);

/* Of the way that is taken now: "listxattrat", "llistxattr", "flistxattr"; NULL: none. */
const char *flist_xattr_way_name(void);

#endif
