/*
 * Numbers a shape's entries as the nodes of a filesystem, without a table: a node's number is its
 * place in the tree, counted directory by directory. The root is 1; a directory's files follow it,
 * then its first sub-directory with everything below it, then the second. So each number can be
 * located from the root, in as many steps as the entry is deep, and is the same in every server of
 * the shape.
 *
 * With a profile, the number of entries below a directory is not known. Such shapes are counted
 * depth by depth: all files of a depth, then all sub-directories. The specials follow.
 */
#ifndef DATASETS_SIM_NODES_H
#define DATASETS_SIM_NODES_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>

#include "datasets/shape/generator.h"

enum {
	NODE_ROOT = 1,
	NODE_SLOTS = 1024,
	/*
	 * The time of entries to which the shape gives none; in a tree on disk it is the time of
	 * making.
	 */
	NODE_TIME = 1700000000,
};

struct node_dir {
	struct gen_dir dir;
	uint64_t number, parent; /* the root is its own parent */
	uint64_t entry;          /* index of the entry in its parent */
};

/* The state of one thread; it caches the directories found last. */
struct nodes {
	uint32_t uid, gid; /* owner of entries to which the shape gives none */
	/* With a profile: the numbers of each depth's first file and first sub-directory. */
	uint32_t n_depths;
	uint64_t files_at[PROFILE_DEPTHS + 1], dirs_at[PROFILE_DEPTHS];
	struct node_dir root;
	struct node_dir last; /* where the last file was found */
	struct node_dir slots[NODE_SLOTS];
};

/* A name: an entry of a directory. The root has none. */
struct node_name {
	struct node_dir in;
	uint64_t entry;
};

/* shape must outlive nodes. */
void nodes_begin(struct nodes *nodes, const struct shape *shape, uint32_t uid, uint32_t gid);

/* Finds the directory with this number. False: there is none. */
bool nodes_dir(struct nodes *nodes, uint64_t number, struct node_dir *dir);

/* Finds a name of the node with this number, which is not the root. False: there is none. */
bool nodes_find(struct nodes *nodes, uint64_t number, struct node_name *name);

/*
 * Replaces a hard link by the first name of its file; other names are unchanged. Fills *entry with
 * the facts of the file.
 */
void nodes_resolve(struct nodes *nodes, struct node_name *name, struct gen_entry *entry);

/* The number of a resolved name. */
uint64_t nodes_number(const struct nodes *nodes, const struct node_name *name);

/* The attributes of a name, which need not be resolved; and of the root. */
void nodes_attr(struct nodes *nodes, struct node_name *name, struct fuse_attr *attr);
void nodes_root_attr(const struct nodes *nodes, struct fuse_attr *attr);

#endif
