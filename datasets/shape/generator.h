/*
 * Computes the tree of a shape without making it: no I/O, no allocation, integers only, so that a
 * shape gives the same tree on every machine, compiler and libc.
 *
 * Budgets are divided. The root has a budget of all entries. A directory uses a part for its files
 * and one for each of its sub-directories, and divides the rest among these. So the total is exact
 * whatever the random numbers are. All random numbers of a directory are derived from the seed and
 * its path of indices, so any part of the tree can be computed alone, by any thread, in any order,
 * with only the directories above it in memory.
 *
 * A shape with a profile has no budgets; profile.h describes how the contents of a directory are
 * found.
 *
 * A directory's entries are numbered: files (all that are not directories) first, from 0, then
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
	uint64_t budget; /* entries below it at all levels; see gen_below */
	uint64_t files, dirs;
	/* Of dirs: those that share the rest of the budget, so without the specials. */
	uint64_t shared;
	uint64_t child_max; /* the largest budget that a sub-directory can use */
	uint32_t depth;     /* 0 for the root */
	/*
	 * With a profile: its own rank; at its depth, the number of sub-directories before its own,
	 * and of all sub-directories.
	 */
	uint64_t rank, first, all_dirs;
	uint64_t first_file; /* the same as first, for files, which have another order */
	mode_t mode;         /* final permissions */
	/* Of the parent, for the names of its files. */
	uint64_t up_seed, up_files, up_entries;
	const struct special *special; /* the special case that it belongs to, or NULL */
	const struct literal *literals;
};

/* The facts of an entry beyond name and type. */
struct gen_entry {
	mode_t mode;         /* type and permissions */
	bool is_hard_link;   /* target is the first name of the file, relative to the directory */
	bool owned, dated;   /* whether owner and mtime are set by the shape */
	uint32_t uid, gid;   /* owner */
	uint32_t n_xattrs;   /* number of attributes; their names are gen_xattr(0) and so on */
	uint32_t xattr_size; /* bytes of each value */
	uint64_t size;       /* bytes of a file */
	uint64_t mtime;      /* s since 1970 */
	char target[GEN_TARGET_SIZE]; /* of a symbolic or a hard link, else empty */
};

/*
 * Computes the root directory. shape must have passed shape_check, and must outlive every gen_dir.
 */
void gen_root(struct gen_dir *root, const struct shape *shape);

/* Computes sub-directory i of dir, i below dirs: entry number files + i. */
void gen_child(struct gen_dir *child, const struct gen_dir *dir, uint64_t i);

/*
 * The number of entries in and below the first i sub-directories, including these themselves; i is
 * at most dirs. Not for directories whose contents a profile deals.
 */
uint64_t gen_before(const struct gen_dir *dir, uint64_t i);

/* Whether the contents are dealt by a profile. */
static inline bool gen_is_dealt(const struct gen_dir *dir)
{
	return dir->shape->profile.n && !dir->special;
}

/*
 * With a profile: finds the directory of a depth that contains sub-directory (or file) `number`,
 * counted over all directories of that depth. The result is that directory's number among the
 * sub-directories of the depth above.
 */
uint64_t gen_holder(const struct shape *shape, uint32_t depth, bool files, uint64_t number);

static inline uint64_t gen_entries(const struct gen_dir *dir)
{
	return dir->files + dir->dirs;
}

/*
 * Entries below it at all levels. They are counted if the budget has only the directory's own
 * entries, which with a profile is so in all directories but the root.
 */
uint64_t gen_below(const struct gen_dir *dir);

/* File type of an entry, as in st_mode. */
mode_t gen_type(const struct gen_dir *dir, uint64_t entry);

/*
 * Writes the name of an entry: letters, its number, in some cases an extension; unique in the
 * directory. name has GEN_NAME_SIZE bytes. Returns the length without the NUL.
 */
size_t gen_name(const struct gen_dir *dir, uint64_t entry, char *name);

/* The only entry that can have this name; gen_entries() if there is none. */
uint64_t gen_find(const struct gen_dir *dir, const char *name);

/* Fills in all other facts about entry i. */
void gen_entry(const struct gen_dir *dir, uint64_t i, struct gen_entry *entry);

/*
 * Whether a hole follows the entry: a file that is made after it and removed when its directory is
 * complete. If so, its name is written to name (GEN_NAME_SIZE bytes).
 */
bool gen_hole(const struct gen_dir *dir, uint64_t entry, char *name);

/* The part of one entry in a tree's digest, from its path below the root and its type (S_IFMT). */
uint64_t gen_hash(const char *path, size_t length, mode_t type);

/*
 * Adds everything below a directory to a digest. path holds the directory's path, length bytes,
 * with a final slash unless it is the root, and has space for the longest path below.
 */
void gen_digest_below(const struct gen_dir *dir, char *path, size_t length, struct digest *digest);

/*
 * Computes the digest of the whole tree. 0 or -ENOMEM: a buffer for the longest path is allocated.
 */
int gen_digest(const struct shape *shape, struct digest *digest);

#endif
