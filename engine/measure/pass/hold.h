/*
 * Nothing of a tree is held while the user's command runs, so that it can unmount the tree's
 * filesystem and mount it again: the descriptors of this process and of the workers, which have
 * tables of their own, are closed, working directories are left; then all are opened again by path,
 * under the same numbers.
 */
#ifndef ENGINE_MEASURE_PASS_HOLD_H
#define ENGINE_MEASURE_PASS_HOLD_H

#include "engine/measure/pass/crew.h"

struct hold;

/*
 * Lets go of load's tree, on the calling thread and on the n workers of crew (NULL: none). Of the
 * calling thread's descriptors those with O_PATH, of the workers' all that are directories.
 * may_move: its filesystem is mounted anew, and may have another device number then (btrfs).
 */
int hold_let_go(struct hold **hold, const struct workload *load, struct crew *crew, unsigned n,
		bool may_move, struct err *err);

/*
 * Takes all back, and frees hold (NULL: does nothing); *dev becomes the device number that the root
 * has now. -ESTALE when the root is not the directory that it was, by device and inode; then the
 * descriptors lead nowhere.
 */
int hold_take_back(struct hold *hold, uint64_t *dev, struct err *err);

#endif
