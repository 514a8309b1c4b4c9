/*
 * Opens directories of a loaded tree one after the other, parents before children, as the loader
 * and the verifying code need them. Near the root, each is opened by one call with its path. The
 * kernel resolves every component of a path, so in a chain of directories the total time would be
 * quadratic in its depth. Therefore deeper directories are opened by name, relative to a descriptor
 * of their parent. The last descriptors of parents are kept, one for each deep branch up to a
 * limit.
 */
#ifndef ENGINE_WORKLOAD_DESCENT_H
#define ENGINE_WORKLOAD_DESCENT_H

#include "engine/workload.h"

enum {
	DESCENT_NEAR = 64,  /* down to this level, directories are opened by their path */
	DESCENT_KEPT = 64,  /* most descriptors that are kept */
	DESCENT_SHARE = 16, /* at most this part of the process's limit of descriptors is kept */
};

struct descent {
	const struct workload *load;
	uint32_t kept; /* descriptors kept at most */
	/* Which directory is open in each place; 0: none, as the root is never kept. */
	uint32_t dirs[DESCENT_KEPT];
	int fds[DESCENT_KEPT]; /* O_PATH */
};

void descent_begin(struct descent *descent, const struct workload *load);

/*
 * Returns a descriptor of directory dir, which the caller closes, or -errno. A directory that has
 * become a symbolic link is not followed. If the process runs out of descriptors, the kept ones are
 * closed and the call is repeated. A part of a workload has no list of parents: each of its
 * directories is opened by its path.
 */
int descent_open(struct descent *descent, uint32_t dir, int flags);

void descent_end(struct descent *descent);

#endif
