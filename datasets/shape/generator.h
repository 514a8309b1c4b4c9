/*
 * Computes the tree of a shape without making it: no I/O, no memory, integers only, so that a shape
 * gives the same tree on every machine, compiler and libc.
 *
 * Budgets are split. The root has a budget of all entries; a directory takes some for its files,
 * one for each of its sub-directories, and shares out the rest among these. So the total is exact
 * whatever is drawn, and since all that is drawn in a directory comes from (seed, way to it), any
 * part of the tree can be had alone, by any thread, in any order, with nothing but the directories
 * above it in memory.
 *
 * A shape with a profile has no budgets to split: profile.h tells how a directory knows what it
 * has.
 *
 * A directory's entries are numbered: files (everything that is no directory) first, from 0, then
 * sub-directories; in the root the specials come last.
 */
#ifndef DATASETS_SHAPE_GENERATOR_H
#define DATASETS_SHAPE_GENERATOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape/shape.h"
#include "datasets/shape/special.h"
#include "engine/base/digest.h"

enum { GEN_NAME_SIZE = 256, GEN_TARGET_SIZE = GEN_NAME_SIZE + 8 };

struct gen_dir {
	const struct shape *shape;
	uint64_t seed;
	uint64_t budget; /* entries below it, at all levels; see gen_below */
	uint64_t files, dirs;
	uint64_t shared;    /* of dirs, those that share the rest of the budget: not the specials */
	uint64_t child_max; /* the largest budget that a sub-directory can use */
	uint32_t depth;     /* 0 for the root */
	/* With a profile: its own rank; how many sub-directories come before its own, and how many
	   there are, at its depth. */
	uint64_t rank, first, all_dirs;
	uint64_t first_file; /* the same for files; they have another order */
	mode_t mode;         /* permissions it has in the end */
	/* The directory above: enough to know its files. */
	uint64_t up_seed, up_files, up_entries;
	const struct special *special; /* that it is part of, or NULL */
	const struct literal *literals;
};

/* What an entry is, beyond name and type. */
struct gen_entry {
	mode_t mode;                  /* type and permissions */
	bool is_hard_link;            /* target is the first name of the file, from the directory */
	bool owned, dated;            /* whether owner and mtime are given */
	uint32_t uid, gid;            /* owner */
	uint32_t n_xattrs;            /* named gen_xattr(0).. */
	uint32_t xattr_size;          /* bytes of each value */
	uint64_t size;                /* bytes of a file */
	uint64_t mtime;               /* s since 1970 */
	char target[GEN_TARGET_SIZE]; /* of a symbolic or a hard link, else empty */
};

/* The root directory. shape must have passed shape_check and outlive every gen_dir. */
void gen_root(struct gen_dir *root, const struct shape *shape);

/* Its i-th sub-directory, i below dirs: the directory's entry number files + i. */
void gen_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i);

/*
 * How many entries lie in and below its first i sub-directories, these themselves counted; i is at
 * most dirs. Not where a profile deals directories out.
 */
uint64_t gen_before(const struct gen_dir *dir, uint64_t i);

/* Whether a profile says what is in it. */
static inline bool gen_is_dealt(const struct gen_dir *dir)
{
	return dir->shape->profile.n && !dir->special;
}

/*
 * With a profile: the directory of a depth that holds the number-th of all sub-directories (or
 * files) in directories of that depth; it is the result-th of all sub-directories a depth above.
 */
uint64_t gen_holder(const struct shape *shape, uint32_t depth, bool files, uint64_t number);

static inline uint64_t gen_entries(const struct gen_dir *dir)
{
	return dir->files + dir->dirs;
}

/*
 * Entries below it at all levels, counted where its budget is only of those in it: with a profile,
 * in all directories but the root.
 */
uint64_t gen_below(const struct gen_dir *dir);

/* File type of an entry, as in st_mode. */
mode_t gen_type(const struct gen_dir *dir, uint64_t entry);

/*
 * Name of an entry: letters, its number, perhaps an extension; unique in the directory. name holds
 * GEN_NAME_SIZE bytes; returns the length without the NUL.
 */
size_t gen_name(const struct gen_dir *dir, uint64_t entry, char *name);

/* The entry that must have this name if any has; gen_entries() if there is none. */
uint64_t gen_find(const struct gen_dir *dir, const char *name);

/* Everything else about it. */
void gen_entry(const struct gen_dir *dir, uint64_t i, struct gen_entry *entry);

/*
 * Whether a hole follows the entry: a file that is made in turn and removed when its directory is
 * complete. If so, name (GEN_NAME_SIZE bytes) is what it is called.
 */
bool gen_hole(const struct gen_dir *dir, uint64_t entry, char *name);

/* Part of an entry in a tree's digest: its path below the root, and its type (S_IFMT). */
uint64_t gen_hash(const char *path, size_t length, mode_t type);

/*
 * Adds everything below a directory. path holds its own, length bytes, with a slash at its end
 * unless it is the root, and has room for all that comes below.
 */
void gen_digest_below(const struct gen_dir *dir, char *path, size_t length, struct digest *digest);

/* Digest of the whole tree. 0 or -ENOMEM: the longest path needs room. */
int gen_digest(const struct shape *shape, struct digest *digest);

#endif
