/*
 * Trees made from shapes. A made tree is a container directory with a sentinel, the file
 * "statmark-tree.json", and the directory "tree", which is what gets measured:
 *
 *     DIR/statmark-tree.json   shape, state, digest, inode number and birth time of DIR
 *     DIR/tree/...             the entries
 *
 * Only a directory with a sentinel that contains DIR's own inode number and, where the filesystem
 * keeps it, its birth time (so that a copied sentinel is not valid) is ever continued or removed.
 * All operations are relative to directory descriptors; no symbolic link is followed and no mount
 * point crossed.
 *
 * Trees are made and removed by `jobs` threads; 0: one for every CPU that this process may use.
 * Each needs a few descriptors and no memory that grows with the tree.
 *
 * All functions return 0 or -errno with a sentence in err, and -EINTR soon after progress requests
 * a stop.
 */
#ifndef DATASETS_TREE_TREE_H
#define DATASETS_TREE_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "datasets/shape/shape.h"
#include "engine/base/digest.h"
#include "engine/base/err.h"
#include "engine/base/progress.h"
#include "engine/workload.h"

enum tree_state {
	TREE_CREATING, /* incomplete; tree_create continues */
	TREE_COMPLETE,
	TREE_REMOVING, /* partly removed; only tree_prune and tree_remove continue */
};

enum { TREE_BORN_SIZE = 40 };

struct tree_info {
	struct shape shape;
	enum tree_state state;
	struct digest digest;      /* of all names and types */
	char root[PATH_MAX];       /* path of the part that is measured: DIR/tree */
	char born[TREE_BORN_SIZE]; /* of DIR, from its sentinel; empty: not known */
};

struct tree_counts {
	uint64_t entries;     /* files and directories */
	uint64_t directories; /* how many of these are directories */
};

/*
 * Makes a tree in dir, which must not exist, be empty, or be a tree of the same shape that is
 * complete (nothing is done) or incomplete (it is continued). *made counts what was really made,
 * also after a failure.
 *   -EINVAL  the shape contradicts itself
 *   -ENOSPC  the filesystem has too few free inodes or blocks; nothing was written
 *   -EEXIST  dir is something else, and is unchanged
 *   -ENOTSUP the filesystem, or this user, cannot make what the shape needs; nothing was written
 *   -EBUSY   another process is working on it
 * and the errors of mkdir(2) and open(2). An incomplete tree can be continued or removed.
 */
int tree_create(const char *dir, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_counts *made, struct err *err);

/*
 * Makes, or finds, the tree of this shape in base/NAME-ENTRIES-sSEED-HASH; base is created if it
 * does not exist. *info describes the tree.
 */
int tree_ensure(const char *base, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_info *info, struct err *err);

/*
 * Removes a made tree and dir, with everything in it, also entries not made by statmark. If dir
 * itself cannot be removed, because it is a mount point or the directory above may not be changed,
 * it stays and is empty. -EEXIST: dir is not a made tree, or contains something else beside the
 * tree; nothing was removed. -EXDEV: something is mounted inside.
 */
int tree_remove(const char *dir, unsigned jobs, const struct progress *progress,
		struct tree_counts *gone, struct err *err);

/*
 * Removes what statmark made, recognised by name and type, and then dir. *left: the tree contains
 * other entries; they are kept, and so are the directories above them, dir and its sentinel. Either
 * function can continue from there. Errors as for tree_remove.
 */
int tree_prune(const char *dir, const struct progress *progress, struct tree_counts *gone,
	       bool *left, struct err *err);

/* Reads the facts of dir. -ENOENT: it does not exist; -EEXIST: it is not a made tree. */
int tree_info(const char *dir, struct tree_info *info, struct err *err);

/* The faults of one entry that tree_verify finds. */
enum tree_fault {
	TREE_MISSING,
	TREE_UNEXPECTED,
	/*
	 * The only extra entry of a directory in which only one is missing, and as old as the tree.
	 */
	TREE_RENAMED,
	TREE_RETYPED,    /* another type */
	TREE_RESIZED,    /* a file of another size */
	TREE_RETARGETED, /* a symbolic link with another target */
	TREE_UNLINKED,   /* a further name of a file that is no longer that file */
	TREE_CHANGED,    /* another mode, owner, time, or extended attributes */
	TREE_UNREADABLE, /* a directory whose entries could not be listed */
	TREE_FAULTS
};

struct tree_verdict {
	struct tree_info info;       /* from the sentinel */
	struct digest found, wanted; /* on disk; of the shape */
	struct tree_counts counts;   /* on disk */
	/* Number of entries; missing: including those below a missing directory. */
	uint64_t faults[TREE_FAULTS];
};

/*
 * Called for every fault. path is relative to the tree's root, "." for the root itself; now: the
 * new name of a renamed entry, in the same directory, else NULL.
 */
typedef void tree_found(void *arg, enum tree_fault fault, const char *path, const char *now);

/*
 * Compares a made tree with its shape. 0: both could be compared; tree_verified tells whether the
 * tree is complete, has no fault, and has the digest of shape and sentinel. Sizes are always
 * compared; modes, owners, times and extended attributes if the shape sets them. found may be NULL.
 */
int tree_verify(const char *dir, tree_found *found, void *arg, const struct progress *progress,
		struct tree_verdict *verdict, struct err *err);
bool tree_verified(const struct tree_verdict *verdict);

/* Digest of a loaded tree, for comparison with tree_info.digest. 0 or -ENOMEM. */
int tree_digest(const struct workload *load, struct digest *digest);

#endif
