/*
 * Sums of a timed walk: how long each kind of call takes, in total, by depth and by the number of
 * entries of the directory; and the directories that took longest or have most entries. Memory is
 * fixed, however large the tree: histograms, and the first few of each ranking.
 */
#ifndef ENGINE_PROFILE_TALLY_H
#define ENGINE_PROFILE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/hist.h"

/* The first TALLY_SPLIT kinds are also summed by depth and by size. */
enum tally_call {
	TALLY_OPEN,
	TALLY_GETDENTS,
	TALLY_STATX,
	TALLY_CLOSE,
	TALLY_READLINK,
	TALLY_LISTXATTR,
	TALLY_CALLS,
	TALLY_SPLIT = TALLY_CLOSE
};

extern const char *const tally_call_names[TALLY_CALLS];

enum {
	TALLY_DEPTHS = 24, /* the last one includes all levels below */
	TALLY_SIZES = 6,   /* 0, 1 to 9, 10 to 99, ... 10,000 and more entries */
	TALLY_TOP_MAX = 1000,
};

struct tally_sum {
	uint64_t ns; /* without readings of the clock */
	struct hist hist;
};

struct tally_row {
	uint64_t directories, entries;
	uint64_t ns; /* of all calls in calls[] */
	struct tally_sum calls[TALLY_SPLIT];
};

/* A directory with its own entries, without those further below. */
struct tally_top {
	uint64_t ns, entries;
	char *path; /* below the root, "" for the root */
};

struct tops {
	struct tally_top *items; /* largest first */
	size_t n, most;
};

struct tally;

/*
 * top: number of directories in each ranking. timer_ns: subtracted from every call. 0 or -ENOMEM.
 */
int tally_new(struct tally **tally, size_t top, uint64_t timer_ns);
void tally_free(struct tally *tally); /* accepts NULL */

/*
 * Enter a directory; add its calls and entries; leave it. A directory that is not left is in no
 * row.
 */
void tally_enter(struct tally *tally, uint64_t depth);
void tally_call(struct tally *tally, enum tally_call call, uint64_t ns);
void tally_entry(struct tally *tally);
int tally_leave(struct tally *tally, const char *path); /* 0 or -ENOMEM */

/* The sums so far. */
const struct tally_sum *tally_sum(const struct tally *tally, enum tally_call call);
const struct tally_row *tally_depth(const struct tally *tally, size_t depth);
const struct tally_row *tally_size(const struct tally *tally, size_t class);
const struct tops *tally_slowest(const struct tally *tally);
const struct tops *tally_largest(const struct tally *tally);
uint64_t tally_directories(const struct tally *tally);
uint64_t tally_entries(const struct tally *tally);
uint64_t tally_ns(const struct tally *tally);    /* sum over all directories */
uint64_t tally_calls(const struct tally *tally); /* of every kind */
uint64_t tally_timer_ns(const struct tally *tally);

/*
 * The smallest and largest number of entries of a class of sizes; the last has no largest:
 * UINT64_MAX.
 */
void tally_size_bounds(size_t class, uint64_t *least, uint64_t *most);

/*
 * Finds where the directories of a ranking are: the length of the deepest path, a beginning of
 * items[*of].path, at or below which percent of their time is spent. 0: only below the root. *ns is
 * the time there, *n the number of directories there.
 */
size_t tops_below(const struct tops *tops, unsigned percent, size_t *of, uint64_t *ns, size_t *n);

/* Whether the slowest directories stand out, and where they are. */
struct places {
	enum places_kind {
		PLACES_FEW,  /* too few directories to say so */
		PLACES_EVEN, /* they do not */
		PLACES_STAND_OUT,
	} kind;
	unsigned percent; /* of the time is spent in n of them, */
	size_t n;
	/* at or below the first `length` bytes of this path; 0: only below the root */
	const char *path;
	size_t length;
};
struct places tally_places(const struct tally *tally);

#endif
