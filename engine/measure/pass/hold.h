/*
 * Closes everything that is open in a tree while the user's command runs, so that the command can
 * unmount the tree's filesystem and mount it again. The descriptors of this process and of the
 * workers (which have descriptor tables of their own) are closed and working directories are left.
 * Afterwards all are opened again by path, with the same numbers.
 */
#ifndef ENGINE_MEASURE_PASS_HOLD_H
#define ENGINE_MEASURE_PASS_HOLD_H

#include "engine/measure/pass/crew.h"

struct hold;

/*
 * Closes load's tree on the calling thread and on the n workers of crew (NULL: none): of the
 * calling thread the descriptors with O_PATH, of the workers all that are directories. may_move:
 * its filesystem is mounted anew, and may then have another device number (btrfs).
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
