/*
 * Shapes made real. A made tree is a container directory that holds a sentinel, the file
 * "statmark-tree.json", and the directory "tree", which is what gets measured:
 *
 *     DIR/statmark-tree.json   shape, state, digest, inode number of DIR
 *     DIR/tree/...             the entries
 *
 * Only a directory whose sentinel says that it is ours, by DIR's own inode number (so that a copied
 * sentinel matches nothing), is ever continued or removed. Everything happens beneath directory
 * descriptors; no symbolic link is followed and no mount point crossed.
 *
 * Making and removing are the work of `jobs` threads, 0: one for every CPU that this process may
 * use. Each needs a few descriptors and no memory that grows with the tree.
 *
 * All functions return 0 or -errno with a sentence in err, and -EINTR soon after progress says
 * stop.
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
	TREE_CREATING, /* begun; tree_create goes on where it stopped */
	TREE_COMPLETE,
	TREE_REMOVING, /* begun; only tree_prune and tree_remove may go on */
};

struct tree_info {
	struct shape shape;
	enum tree_state state;
	struct digest digest; /* of all names and types */
	char root[PATH_MAX];  /* path of what is measured: DIR/tree */
};

struct tree_counts {
	uint64_t entries;     /* files and directories */
	uint64_t directories; /* of these */
};

/*
 * Makes a tree in dir, which must be absent, empty, or a tree of the same shape that is complete
 * (nothing to do) or was begun (continued). *made counts what was really made, also on failure.
 *   -EINVAL  the shape contradicts itself
 *   -ENOSPC  the filesystem has too few free inodes or blocks; nothing was written
 *   -EEXIST  dir is something else; untouched
 *   -ENOTSUP the filesystem, or this user, cannot make what the shape needs; nothing was written
 *   -EBUSY   another process is at work on it
 * and those of mkdir(2) and open(2); what exists then can be continued or removed.
 */
int tree_create(const char *dir, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_counts *made, struct err *err);

/*
 * Makes or finds again the tree of this shape under base, which is made if it is absent: in
 * base/NAME-ENTRIES-sSEED-HASH. *info describes it.
 */
int tree_ensure(const char *base, const struct shape *shape, unsigned jobs,
		const struct progress *progress, struct tree_info *info, struct err *err);

/*
 * Removes a made tree, dir included, with all that lies in it, whoever made it. -EEXIST: dir is not
 * ours or holds something else beside the tree; nothing was removed. -EXDEV: something is mounted
 * inside.
 */
int tree_remove(const char *dir, unsigned jobs, const struct progress *progress,
		struct tree_counts *gone, struct err *err);

/*
 * Removes what statmark made, by name and type, and then dir. *left: something else lies in the
 * tree; it stays, and so do the directories above it, dir and its sentinel. Either function goes on
 * from there. Errors as tree_remove.
 */
int tree_prune(const char *dir, const struct progress *progress, struct tree_counts *gone,
	       bool *left, struct err *err);

/* What dir is. -ENOENT: absent; -EEXIST: not ours. */
int tree_info(const char *dir, struct tree_info *info, struct err *err);

/* What tree_verify finds wrong with one entry. */
enum tree_fault {
	TREE_MISSING,
	TREE_UNEXPECTED,
	TREE_RENAMED, /* as old as the tree, and the only one too many where only one is missing */
	TREE_RETYPED, /* there, but of another type */
	TREE_RESIZED, /* a file of another size */
	TREE_RETARGETED, /* a symbolic link that leads elsewhere */
	TREE_UNLINKED,   /* a further name of a file that is not that file any more */
	TREE_CHANGED,    /* another mode, owner, time, or extended attributes */
	TREE_UNREADABLE, /* a directory whose entries could not be listed */
	TREE_FAULTS
};

struct tree_verdict {
	struct tree_info info;        /* as the sentinel has it */
	struct digest found, wanted;  /* on disk; by the shape */
	struct tree_counts counts;    /* on disk */
	uint64_t faults[TREE_FAULTS]; /* entries; missing: also what was below a directory */
};

/*
 * Called for every fault; path is relative to the tree's root, "." for the root itself; now is the
 * name in its directory that a renamed entry has, else NULL.
 */
typedef void tree_found(void *arg, enum tree_fault fault, const char *path, const char *now);

/*
 * Compares a made tree with its shape. Returns 0 when both could be compared; tree_verified says
 * whether the tree is complete, has no fault, and has the digest of shape and sentinel. Sizes are
 * always compared; modes, owners, times and extended attributes where the shape gives them. found
 * may be NULL.
 */
int tree_verify(const char *dir, tree_found *found, void *arg, const struct progress *progress,
		struct tree_verdict *verdict, struct err *err);
bool tree_verified(const struct tree_verdict *verdict);

/* Digest of a loaded tree, to be compared with tree_info.digest. 0 or -ENOMEM. */
int tree_digest(const struct workload *load, struct digest *digest);

#endif
