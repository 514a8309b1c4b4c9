/*
 * A part of a loaded tree that stands for all of it, when all of it would take longer than there is
 * time for. The same seed takes the same part of the same tree.
 */
#ifndef ENGINE_WORKLOAD_SAMPLE_H
#define ENGINE_WORKLOAD_SAMPLE_H

#include "engine/workload.h"

/*
 * Directories in an order drawn from the seed and their paths, whole, until there are `entries` of
 * their entries; of the last one some are taken in the same way. So the part is the same on every
 * filesystem that has the tree, in whatever order it lists names. Directories and entries keep the
 * order in which the tree has them. Names, paths and the descriptor of the
 * root stay those of the whole, which must outlive the sample; so must its order be that of
 * readdir. Freed by workload_free. -EINVAL: the tree has no entries, or none are wanted; -ENOMEM.
 */
int workload_sample(struct workload **sample, const struct workload *whole, uint32_t entries,
		    uint64_t seed);

/*
 * A walk starts at a directory: *dir is the one with about `entries` entries below it, all of them
 * read, and with an absolute path below PATH_MAX; 0, the root, when no other comes near. -ENOMEM.
 */
int workload_subtree(const struct workload *whole, uint32_t entries, uint64_t seed, uint32_t *dir);

#endif
