/*
 * A set of inodes, so that a file with several names is counted once, as by du(1).
 */
#ifndef ENGINE_BASE_INODES_H
#define ENGINE_BASE_INODES_H

#include <stddef.h>
#include <stdint.h>

struct inode {
	uint64_t dev, ino, size;
};

struct inodes {
	struct inode *all;
	size_t n, room;
};

/* 0 or -ENOMEM. */
int inodes_add(struct inodes *inodes, struct inode inode);
int inodes_add_all(struct inodes *inodes, const struct inodes *more);

/* Removes duplicates. Returns how many were removed. */
size_t inodes_unite(struct inodes *inodes);

void inodes_release(struct inodes *inodes);

#endif
