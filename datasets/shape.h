/*
 * A shape says what a tree is like without holding any of its names: how many entries, how many per
 * directory, how deep, how the names look, and the seed that settles the rest. It is what people
 * write as JSON (README.md lists the keys) and what the generator turns into a tree.
 *
 * A shape is a plain value: copy it, change entries or seed, and check it again.
 */
#ifndef DATASETS_SHAPE_H
#define DATASETS_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"

struct place;

#define SHAPE_SCHEMA "statmark-shape/1"

enum {
	SHAPE_NAME_SIZE = 64,
	SHAPE_SUMMARY_SIZE = 256,
	SHAPE_DEPTH_MAX = 512, /* keeps a walk that holds one descriptor per level under 1024 */
	SHAPE_PATH_MAX = 3072, /* bytes of a path below the root; PATH_MAX less room for the root */
};

/* How many of something: drawn anew each time, min and max included. */
struct quantity {
	uint32_t min, max;
};

enum fill {
	FILL_EVEN, /* a directory shares its entries out evenly among its sub-directories */
	FILL_DEEP, /* no sub-directory is begun before the one before it is full */
};

struct shape {
	char name[SHAPE_NAME_SIZE]; /* letters, digits, '.', '_' and '-': part of a directory's name
				     */
	char summary[SHAPE_SUMMARY_SIZE]; /* one line, UTF-8 */
	uint64_t entries;                 /* files and directories below the root */
	struct quantity files_per_dir;    /* fewer where the entries run out */
	struct quantity dirs_per_dir;
	uint32_t depth; /* levels of directories below the root; 0: all entries are in the root */
	enum fill fill;
	struct quantity name_length; /* bytes, 1..255 */
	uint64_t seed;               /* below 2^53, so that every JSON reader keeps it */
};

/*
 * Loads a preset by name, or a file if the word has a slash or ends in ".json". -ENOENT with the
 * nearest preset; -EINVAL for what is wrong in the document, with the place; -EFBIG beyond 1 MiB;
 * the errors of open(2) and read(2).
 */
int shape_load(struct shape *shape, const char *name_or_path, struct err *err);

/* The same from text; source stands in messages. */
int shape_parse(struct shape *shape, const char *source, const char *text, size_t size,
		struct err *err);

/* The same from a part of a document. */
int shape_read(struct shape *shape, const struct place *at);

/*
 * Whether a tree of this shape can exist: values in range and not contradicting each other. Call it
 * after changing a loaded shape. 0, or -EINVAL with the place.
 */
int shape_check(const struct shape *shape, const char *source, struct err *err);

/*
 * The shape's canonical JSON text, which shape_parse turns into the same shape; the caller frees.
 * NULL: out of memory.
 */
char *shape_to_json(const struct shape *shape);

/*
 * A hash over everything that decides the tree (name and summary do not): equal for shapes that
 * give the same tree. 0 or -ENOMEM.
 */
int shape_hash(const struct shape *shape, uint64_t *hash);

/* Name of the i-th preset, or NULL behind the last. */
const char *shape_preset(size_t i);

/* The most entries a tree of this shape below a directory at `depth` can hold; `enough` if not
 * less. */
uint64_t shape_capacity(const struct shape *shape, uint32_t depth, uint64_t enough);

#endif
