/*
 * A part of a loaded tree that represents all of it, used if measuring all of it would take too
 * much time. The same seed chooses the same part of the same tree.
 */
#ifndef ENGINE_WORKLOAD_SAMPLE_H
#define ENGINE_WORKLOAD_SAMPLE_H

#include "engine/workload.h"

/*
 * Makes a workload of about `entries` entries: whole directories, in an order drawn from the seed
 * and their paths, and some entries of the last directory, chosen in the same way. So the part is
 * the same on every filesystem that has the tree, whatever the order of its listings. Directories
 * and entries keep their order in the tree, which must be that of readdir. Names, paths and the
 * descriptor of the root belong to the whole, which must outlive the sample. Freed by
 * workload_free. -EINVAL: the tree has no entries, or entries is 0; -ENOMEM.
 */
int workload_sample(struct workload **sample, const struct workload *whole, uint32_t entries,
		    uint64_t seed);

/*
 * Chooses the root of a partial walk: sets *dir to the directory that has about `entries` entries
 * below it, all of them read, and an absolute path shorter than PATH_MAX. *dir is 0, the root, if
 * no other directory has between an eighth and twice as many. 0 or -ENOMEM.
 */
int workload_subtree(const struct workload *whole, uint32_t entries, uint64_t seed, uint32_t *dir);

#endif
