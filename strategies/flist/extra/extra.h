/*
 * Fetches the fields of a struct flist_extra, each by its own system call, into buffers that are
 * reused for the next entry. flist_extra_ask and the option `extra` of flist_collect use this.
 */
#ifndef FLIST_EXTRA_EXTRA_H
#define FLIST_EXTRA_EXTRA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/flist.h"
#include "strategies/flist/list/arena.h"

enum {
	FLIST_EXTRA_KINDS = 9,   /* bits of enum flist_extra_field */
	FLIST_HANDLE_MOST = 128, /* bytes */
	FLIST_LINK_FIRST = 4096, /* first size of the buffer for the target of a link */
};

/* How extended attributes are fetched, the best first. FLIST_XATTR_METHODS: the best available. */
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

struct flist_asker {
	struct flist_extra extra; /* first; the public functions see only this */
	char *names;              /* buffer of FLIST_XATTR_MOST bytes, as the kernel wrote it */
	size_t names_len;
	struct flist_xattr *xattrs;
	size_t xattrs_room;
	char *values; /* one after the other */
	size_t values_room, values_len;
	char *link;
	size_t link_room;
	unsigned char handle[FLIST_HANDLE_MOST];
	/* Which calls were used for the attributes of the last entry, and how many. */
	enum flist_xattr_method method;
	uint32_t lists, gets;
};

struct flist_question {
	int dirfd;
	const char *name;
	unsigned flags;  /* FLIST_FOLLOW, FLIST_ITSELF */
	uint32_t wanted; /* enum flist_extra_field */
	uint32_t type;   /* S_IFMT bits; 0: not known; if it is, calls are saved */
	enum flist_xattr_method
		method; /* for attributes; FLIST_XATTR_METHODS: the best that is available */
};

int flist_asker_new(struct flist_asker **asker); /* -ENOMEM */
void flist_asker_free(struct flist_asker *asker);

void flist_asker_begin(struct flist_asker *asker); /* clears the result */

/*
 * Fetches metadata (fields) and the fields of question->wanted that are in FLIST_WIDE. Errors:
 * those of the metadata.
 */
int flist_asker_stat(struct flist_asker *asker, const struct flist_question *question,
		     uint32_t fields, struct flist_meta *meta);

/*
 * Fetches all fields of question->wanted that are not in FLIST_WIDE. 0 or -ENOMEM; other errors are
 * in the statuses of the fields.
 */
int flist_asker_rest(struct flist_asker *asker, const struct flist_question *question);

/*
 * Sets the result to names of attributes that do not come from the kernel: asker->names holds len
 * bytes, in the format of listxattr(2). 0, -EIO (invalid format) or -ENOMEM; after an error the
 * result is empty.
 */
int flist_asker_take_names(struct flist_asker *asker, size_t len);

/*
 * Returns the error of the first field that failed; 0: none. -ENODATA and -EOPNOTSUPP are no
 * failures.
 */
int flist_extra_error(const struct flist_extra *extra);

/* Extended attributes of one entry, from the kernel (xattr.c). */

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

/* The file handle and the inode flags of a file. */

/*
 * Fetches the file handle by name_to_handle_at(2): up to FLIST_HANDLE_MOST bytes, their number and
 * their type. flags: FLIST_FOLLOW, FLIST_ITSELF. -EOPNOTSUPP: the filesystem has no handles, or the
 * call is refused; -ENOSYS: there is no such call; errors of path resolution.
 */
int flist_inode_handle(int dirfd, const char *name, unsigned flags, unsigned char *bytes,
		       uint32_t *len, int32_t *type);

struct flist_inode_flags {
	uint32_t xflags;  /* FS_XFLAG_ of linux/fs.h */
	uint32_t project; /* if has_project */
	bool has_project;
};

/*
 * Fetches inode flags by file_getattr(2), Linux 6.17. If that is not available, regular files and
 * directories are opened for an ioctl: FS_IOC_FSGETXATTR, or FS_IOC_GETFLAGS, whose flags are
 * translated. With FLIST_ITSELF only the ioctls are used, on dirfd. type: S_IFMT bits, or 0 if not
 * known. -EOPNOTSUPP: not available for this file; -ENOSYS: not in this build; errors of stat(2)
 * and open(2).
 */
int flist_inode_flags(int dirfd, const char *name, unsigned flags, uint32_t type,
		      struct flist_inode_flags *answer);

/*
 * Copies results to the memory of a list. Most entries of a tree have the same extra fields: no
 * attributes, or the same ones. So the names of attributes are stored once for entries that agree
 * in them, and so is a whole result that is equal to one of the last few: an entry that is like its
 * neighbours takes one pointer.
 */

enum { FLIST_KEPT = 8 /* number of results, and of sets of names, that are compared */ };

/* The names of attributes, shared by entries: as the kernel wrote them, and sorted. */
struct flist_name_set {
	char *names;
	size_t len;
	struct flist_xattr *xattrs;
};

/* The results stored last. All zero: none. They point to memory of the arena. */
struct flist_recent_extras {
	const struct flist_extra *extras[FLIST_KEPT];
	struct flist_name_set sets[FLIST_KEPT];
	unsigned n_extras, n_sets; /* total numbers; the oldest element is overwritten next */
};

/*
 * Returns a copy of the asker's result in the arena, shared by entries with equal results. NULL:
 * out of memory.
 */
const struct flist_extra *flist_keep(struct flist_recent_extras *recent, struct flist_arena *arena,
				     const struct flist_asker *asker);

#endif
