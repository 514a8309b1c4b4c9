/*
 * Lists special cases that programs often handle wrongly and that no quantity describes. Each is an
 * additional directory in the root, named after the case: with a list of literal names or, if only
 * the form of names differs, a few numbers.
 *
 * No name of a special case has a digit, and each has a letter beyond 'f', so no generated name can
 * be the same.
 */
#ifndef DATASETS_SHAPE_SPECIAL_H
#define DATASETS_SHAPE_SPECIAL_H

#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape/shape.h"

enum special_kind {
	SPECIAL_LONG_NAMES,
	SPECIAL_ANY_BYTES,
	SPECIAL_OPTIONS,
	SPECIAL_QUOTES,
	SPECIAL_LOOPS,
	SPECIAL_DANGLING,
	SPECIAL_HARD_LINKS,
	SPECIAL_NODES,
	SPECIAL_BEYOND_PATH_MAX,
	SPECIAL_UNREADABLE,
	SPECIAL_EMPTY_DIRS,
	SPECIAL_HUGE_DIR,
	SPECIAL_KINDS
};

struct literal {
	const char *name;
	mode_t mode;
	const char *target; /* of a symbolic link */
	/* Of a directory: number of entries below it, which are the rows that follow. */
	uint32_t below;
};

struct special {
	const char *name;
	const struct literal *literals; /* directories last; NULL: the numbers below are used */
	uint32_t entries;               /* everything below the special, without itself */
	uint32_t files, dirs;           /* in each directory */
	uint32_t name_length;
	enum letters letters;
	uint32_t group; /* names of one file; 0: each file has one name */
};

extern const struct special specials[SPECIAL_KINDS];

/* The number of specials of a shape, and its i-th. */
uint32_t special_count(const struct shape *shape);
enum special_kind special_at(const struct shape *shape, uint32_t i);

/* Entries of a special, including itself; huge-dir gets nine tenths of what the others leave. */
uint64_t special_entries(const struct shape *shape, enum special_kind kind);

/* Entries of all specials together; more than shape->entries if these are too few. */
uint64_t special_total(const struct shape *shape);

#endif
