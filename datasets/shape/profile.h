/*
 * A profile has the number of files and directories of a tree at each depth. With it a tree has the
 * histograms of its shape almost exactly; if each directory were drawn separately, the totals would
 * be random. The directories of a depth are dealt the values of a histogram, each value as often as
 * its weight says, and the rounding error is added to the largest of them.
 *
 * All directories of a depth have ranks, from 0. The value dealt to a rank, and the sum of the
 * values of all ranks before it, are computed by arithmetic alone. So the ranks of a directory's
 * sub-directories are known without counting those of its neighbours.
 */
#ifndef DATASETS_SHAPE_PROFILE_H
#define DATASETS_SHAPE_PROFILE_H

#include <stdint.h>
#include <stdio.h>

#include "datasets/shape/quantity.h"

struct json_node;

enum { PROFILE_DEPTHS = 64 };

/*
 * The numbers of files and directories directly in all directories of each depth; depth 0 is the
 * root alone.
 */
struct profile {
	uint32_t n; /* number of depths; 0: there is no profile */
	/* At the first depths, this many, the number of directories is the same in all trees. */
	uint32_t fixed;
	struct profile_row {
		uint32_t files, dirs; /* files: all that are not directories */
	} at[PROFILE_DEPTHS];
};

/* The same for one depth of a tree with another number of entries. */
struct profile_level {
	uint64_t parents; /* directories of this depth */
	uint64_t files, dirs;
};

/* Reads [[files, directories], ...]. -EINVAL with the place. */
int profile_read(const struct json_node *at, struct profile *profile);
int profile_check(const struct json_node *at, const struct profile *profile);
void profile_print(FILE *out, const struct profile *profile);

/*
 * Every depth that is not fixed gets its share of `entries`, and at least one directory if there is
 * anything in or below it. The files and directories of all levels sum to entries exactly.
 */
void profile_level(struct profile_level *level, const struct profile *profile, uint64_t entries,
		   uint32_t depth);

/*
 * The sum dealt to the first `rank` of n directories: values of q, the smallest first, of which n
 * sum to total. dealt(rank + 1) - dealt(rank) is the value of one.
 */
uint64_t profile_dealt(const struct quantity *q, uint64_t n, uint64_t total, uint64_t rank);

/* A permutation of the numbers below n, another one for each seed. */
uint64_t profile_shuffle(uint64_t seed, uint64_t n, uint64_t number);

/* The inverse of profile_shuffle. */
uint64_t profile_unshuffle(uint64_t seed, uint64_t n, uint64_t shuffled);

#endif
