/*
 * Closes everything that is open in a tree while the user's command runs, so that the command can
 * unmount the tree's filesystem and mount it again. The descriptors of this process and of the
 * workers (which have descriptor tables of their own) are closed, and a working directory in the
 * tree is left for "/". Afterwards all descriptors are opened again by path, with the same numbers,
 * and the calling thread, with all that share its working directory, returns to that by path.
 */
#ifndef ENGINE_MEASURE_PASS_HOLD_H
#define ENGINE_MEASURE_PASS_HOLD_H

#include "engine/measure/pass/crew.h"

struct hold;

/*
 * Closes the descriptors of directories in load's tree: on the calling thread those with O_PATH, on
 * the n workers of crew (NULL: none) all. may_move: the filesystem is remounted, and may then have
 * another device number (btrfs). *hold is to be passed to hold_take_back, also after an error. 0 or
 * -errno.
 */
int hold_let_go(struct hold **hold, const struct workload *load, struct crew *crew, unsigned n,
		bool may_move, struct err *err);

/*
 * Opens all descriptors again and frees hold (NULL: does nothing). *dev is set to the root's device
 * number. -ESTALE: the root is not the same directory, by device and inode; then the descriptors
 * refer to /dev/null. An errno also if the working directory is gone.
 */
int hold_take_back(struct hold *hold, uint64_t *dev, struct err *err);

#endif
