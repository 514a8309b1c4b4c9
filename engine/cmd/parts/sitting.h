/*
 * Which trees are held at the same time. Trees that are measured round by round side by side are
 * all in memory: the view of each and the answers that it is compared with, its filesystem if that
 * is made for the run, and what the kernel caches of it. Where the sum does not fit, the run has
 * several sittings: a part of the trees is made, loaded, measured and released, then the next part.
 */
#ifndef ENGINE_CMD_PARTS_SITTING_H
#define ENGINE_CMD_PARTS_SITTING_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/lab/lab.h"

/* Zeroed but for bound: nothing is held yet. */
struct sitting {
	uint64_t bound; /* bytes */
	uint64_t used;  /* bytes, as they were estimated */
	size_t n;       /* trees */
};

enum sitting_fit {
	SITTING_FITS,
	SITTING_LATER, /* not beside those that are held already */
	SITTING_NEVER, /* not even alone */
};

/* wanted, or, where that is 0, three quarters of what is available. */
uint64_t sitting_bound(uint64_t wanted, struct arena *arena);

/*
 * Counts a tree of so many entries in, if it fits. Alone it may take more than the bound in caches,
 * which the kernel gives back; what is read from disk then is seen in its passes.
 */
enum sitting_fit sitting_take(struct sitting *sitting, const struct lab_spec *spec,
			      uint64_t entries);

/* Bytes beside what was counted. */
uint64_t sitting_left(const struct sitting *sitting);

/* How many entries the next tree may have, at most, on what is there already; it may be alone. */
uint64_t sitting_room(const struct sitting *sitting);

#endif
