/*
 * Turns a shape into a tree, on paper: no I/O, no memory, integers only, so that a shape gives the
 * same tree on every machine, compiler and libc.
 *
 * Budgets are split. The root has a budget of all entries; a directory takes some for its files,
 * one for each of its sub-directories, and shares out the rest among these. So the total is exact
 * whatever is drawn, and since all that is drawn in a directory comes from (seed, way to it), any
 * part of the tree can be had alone, by any thread, in any order, with nothing but the directories
 * above it in memory.
 *
 * A directory's entries are numbered: files first, from 0, then sub-directories.
 */
#ifndef DATASETS_GENERATOR_H
#define DATASETS_GENERATOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape.h"
#include "engine/base/digest.h"

enum { GEN_NAME_SIZE = 256 };

struct gen_dir {
	const struct shape *shape;
	uint64_t seed;
	uint64_t budget; /* entries below it, at all levels */
	uint64_t files, dirs;
	uint64_t child_max; /* the largest budget that a sub-directory can use */
	uint32_t depth;     /* 0 for the root */
};

/* The root directory. shape must have passed shape_check and outlive every gen_dir. */
void gen_root(struct gen_dir *root, const struct shape *shape);

/* Its i-th sub-directory, i below dirs: the directory's entry number files + i. */
void gen_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i);

static inline uint64_t gen_entries(const struct gen_dir *dir)
{
	return dir->files + dir->dirs;
}

/* File type of an entry, as in st_mode. */
static inline mode_t gen_type(const struct gen_dir *dir, uint64_t entry)
{
	return entry < dir->files ? S_IFREG : S_IFDIR;
}

/*
 * Name of an entry: letters, then its number; unique in the directory. name holds GEN_NAME_SIZE
 * bytes; returns the length without the NUL.
 */
size_t gen_name(const struct gen_dir *dir, uint64_t entry, char *name);

/* The entry that must have this name if any has; gen_entries() if there is none. */
uint64_t gen_find(const struct gen_dir *dir, const char *name);

/* Part of an entry in a tree's digest: its path below the root, and its type (S_IFMT). */
uint64_t gen_hash(const char *path, size_t length, mode_t type);

/* Digest of the whole tree. */
void gen_digest(const struct shape *shape, struct digest *digest);

#endif
