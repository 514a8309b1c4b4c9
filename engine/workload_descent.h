/*
 * Opens directories of a loaded tree one after the other, parents before children, as the loader
 * and the verifying code meet them. Few levels below the root each is one call with its path. The
 * kernel goes through every component of a path, so in a tree of one directory per level that would
 * be as many steps as the square of its depth. Farther down a directory is therefore opened by its
 * name from a descriptor of its parent, and descriptors of the last parents are kept: as many as
 * there may be deep branches side by side.
 */
#ifndef ENGINE_WORKLOAD_DESCENT_H
#define ENGINE_WORKLOAD_DESCENT_H

#include "engine/workload.h"

enum {
	DESCENT_NEAR = 64,  /* levels that are opened by their path */
	DESCENT_KEPT = 64,  /* descriptors at most, */
	DESCENT_SHARE = 16, /* and not more than this part of those the process may have */
};

struct descent {
	const struct workload *load;
	uint32_t kept;               /* descriptors at most */
	uint32_t dirs[DESCENT_KEPT]; /* which is open; 0: none, as the root is near */
	int fds[DESCENT_KEPT];       /* O_PATH */
};

void descent_begin(struct descent *descent, const struct workload *load);

/*
 * A descriptor of directory dir, the caller's to close, or -errno; one that is a symbolic link by
 * now is not followed. When there are no descriptors left, those kept are given up. A part of a
 * workload knows no parents: each of its directories is opened from the root.
 */
int descent_open(struct descent *descent, uint32_t dir, int flags);

void descent_end(struct descent *descent);

#endif
