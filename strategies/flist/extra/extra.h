/*
 * The inside of flist_extra_ask: asking for the fields of a struct flist_extra, each by the call
 * that tells it, into buffers that are used again for the next entry.
 */
#ifndef FLIST_EXTRA_EXTRA_H
#define FLIST_EXTRA_EXTRA_H

#include <stdbool.h>
#include <stdint.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/extra/xattr.h"
#include "strategies/flist/flist.h"
#include "strategies/flist/list/arena.h"

enum {
	FLIST_EXTRA_KINDS = 9,   /* bits of enum flist_extra_field */
	FLIST_HANDLE_MOST = 128, /* bytes */
	FLIST_LINK_FIRST = 4096, /* room for a link's target at first */
};

struct flist_asker {
	struct flist_extra extra; /* first: it is what the public functions know of it */
	char *names;              /* FLIST_XATTR_MOST bytes, as the kernel wrote them */
	size_t names_len;
	struct flist_xattr *xattrs;
	size_t xattrs_room;
	char *values; /* one behind the other */
	size_t values_room, values_len;
	char *link;
	size_t link_room;
	unsigned char handle[FLIST_HANDLE_MOST];
	/* Of the last question about attributes: by which calls, and how many of them. */
	enum flist_xattr_way way;
	uint32_t lists, gets;
};

struct flist_question {
	int dirfd;
	const char *name;
	unsigned flags;           /* FLIST_FOLLOW, FLIST_ITSELF */
	uint32_t wanted;          /* enum flist_extra_field */
	uint32_t type;            /* S_IFMT bits, 0: not known; saves calls */
	enum flist_xattr_way way; /* of the attributes; FLIST_XATTR_WAYS: the best */
};

int flist_asker_new(struct flist_asker **asker); /* -ENOMEM */
void flist_asker_free(struct flist_asker *asker);

void flist_asker_begin(struct flist_asker *asker); /* nothing is answered, nothing was asked */

/* Metadata, and what is wanted of FLIST_WIDE along with it. Errors: of the metadata. */
int flist_asker_stat(struct flist_asker *asker, const struct flist_question *question,
		     uint32_t fields, struct flist_meta *meta);

/* All that is wanted but FLIST_WIDE. 0 or -ENOMEM; what failed is in the statuses. */
int flist_asker_rest(struct flist_asker *asker, const struct flist_question *question);

/*
 * Takes the names of attributes from somebody else than the kernel: so many bytes, as listxattr(2)
 * writes them, are in asker->names. 0, -EIO or -ENOMEM; with an error nothing is answered.
 */
int flist_asker_take_names(struct flist_asker *asker, size_t len);

/* The error of the first field that failed; 0: none, what is unknown being no failure. */
int flist_extra_error(const struct flist_extra *extra);

/* What a filesystem tells of an inode by calls of its own: its handle, its flags. */

/*
 * By name_to_handle_at(2): up to FLIST_HANDLE_MOST bytes, and their type. -EOPNOTSUPP: the
 * filesystem makes none; -ENOSYS: there is no such call; errors of path resolution.
 */
int flist_inode_handle(int dirfd, const char *name, unsigned flags, unsigned char *bytes,
		       uint32_t *len, int32_t *type);

struct flist_inode_flags {
	uint32_t xflags;  /* FS_XFLAG_ of linux/fs.h */
	uint32_t project; /* if has_project */
	bool has_project;
};

/*
 * By file_getattr(2), Linux 6.17. Where there is none, files and directories are opened and asked
 * by ioctl: FS_IOC_FSGETXATTR, or FS_IOC_GETFLAGS, whose flags have the same names. type is S_IFMT
 * bits, or 0. -EOPNOTSUPP: cannot be told of this file; errors of stat(2) and open(2).
 */
int flist_inode_flags(int dirfd, const char *name, unsigned flags, uint32_t type,
		      struct flist_inode_flags *answer);

/*
 * Keeps answers in a list's memory. Most entries of a tree are alike in what is extra about them:
 * no attributes, or the same ones. So a set of names is kept once, and so is a whole answer that is
 * the same as one of the last few; an entry that is like its neighbours costs a pointer.
 */

enum { FLIST_KEPT = 8 /* of each kind that are looked at */ };

/* The names of attributes of many entries, as the kernel wrote them, and sorted. */
struct flist_name_set {
	char *names;
	size_t len;
	struct flist_xattr *xattrs;
};

/* All zero: nothing is kept yet. What it points to is the arena's. */
struct flist_keeper {
	const struct flist_extra *extras[FLIST_KEPT];
	struct flist_name_set sets[FLIST_KEPT];
	unsigned n_extras, n_sets; /* ever kept: the oldest place is taken next */
};

/* A copy in the arena, shared with entries that are alike. NULL: out of memory. */
const struct flist_extra *flist_keep(struct flist_keeper *keeper, struct flist_arena *arena,
				     const struct flist_asker *asker);

#endif
