/*
 * What a pass of the gate covers: not the whole tree, but about two milliseconds' worth of it, so
 * that both sides of a round stand close together in time and seldom lose the CPU in between. Units
 * go round the portions, so that together they cover the tree.
 */
#ifndef ENGINE_GATE_PORTION_H
#define ENGINE_GATE_PORTION_H

#include "engine/base/arena.h"
#include "engine/strategy.h"

#define PORTION_NS UINT64_C(2000000)

/* Spans [first, end) of the tree below root; end 0: all of them. */
struct portion {
	const char *root; /* absolute path */
	uint32_t first, end;
};

struct portions {
	struct portion *items;
	size_t n; /* at least 1 */
};

/*
 * Cuts the tree for a strategy that needs wall_ns for all of it. The known paths of a fetch are cut
 * anywhere between spans; a walk starts at a directory, so sub-trees of about the right size are
 * looked for, as they are for a fetch from a large tree, which then need not be loaded whole.
 * divisible: false for what can only take the whole tree. -ENOMEM.
 */
int portions_cut(struct portions *portions, const struct workload *load, enum stage stage,
		 bool divisible, uint64_t wall_ns, struct arena *arena);

#endif
