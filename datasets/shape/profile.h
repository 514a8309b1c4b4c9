/*
 * A profile gives the number of files and directories of a tree at each depth. With it a tree has
 * the histograms of its shape almost exactly, where drawing each directory by itself would leave
 * the totals to chance: the directories of a depth are dealt the values of a histogram, each as
 * often as its weight says, and what rounding leaves over goes to the largest of them.
 *
 * All directories of a depth have ranks, from 0. What a rank is dealt, and what all ranks before it
 * are dealt together, comes from arithmetic alone; so the ranks of a directory's sub-directories
 * are known without counting those of its neighbours.
 */
#ifndef DATASETS_SHAPE_PROFILE_H
#define DATASETS_SHAPE_PROFILE_H

#include <stdint.h>
#include <stdio.h>

#include "datasets/shape/quantity.h"

struct json_node;

enum { PROFILE_DEPTHS = 64 };

/* What all directories of each depth hold themselves; the root alone is depth 0. */
struct profile {
	uint32_t n;     /* depths; 0: there is no profile */
	uint32_t fixed; /* the first so many have the same numbers of directories in all trees */
	struct profile_row {
		uint32_t files, dirs; /* files: everything that is no directory */
	} at[PROFILE_DEPTHS];
};

/* The same for one depth of a tree with another number of entries. */
struct profile_level {
	uint64_t parents; /* directories of this depth */
	uint64_t files, dirs;
};

/* [[files, directories], ...]. -EINVAL with the place. */
int profile_read(const struct json_node *at, struct profile *profile);
int profile_check(const struct json_node *at, const struct profile *profile);
void profile_print(FILE *out, const struct profile *profile);

/*
 * Every depth that is not fixed gets its share of `entries`, and one directory at least where
 * anything lies in or below it. The levels' files and directories add up to entries exactly.
 */
void profile_level(struct profile_level *level, const struct profile *profile, uint64_t entries,
		   uint32_t depth);

/*
 * What the first `rank` of n directories are dealt together: values of q, the least first, n of
 * them with this total. dealt(rank + 1) - dealt(rank) is what one gets.
 */
uint64_t profile_dealt(const struct quantity *q, uint64_t n, uint64_t total, uint64_t rank);

/* Shuffles: a permutation of the numbers below n, another for each seed. */
uint64_t profile_shuffle(uint64_t seed, uint64_t n, uint64_t number);

/* The number that profile_shuffle turned into this one. */
uint64_t profile_unshuffle(uint64_t seed, uint64_t n, uint64_t shuffled);

#endif
