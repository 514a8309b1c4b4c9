/*
 * Where the answers of a run go: records for fetches, a sink for walks, with all of its memory
 * touched before the clock first runs. All cells of a run take turns with it.
 */
#ifndef ENGINE_MEASURE_PASS_ROOM_H
#define ENGINE_MEASURE_PASS_ROOM_H

#include "engine/host/topology.h"
#include "engine/sink.h"
#include "engine/strategy.h"

struct room {
	struct record *records; /* of fetches: one per entry */
	struct sink *sink;      /* of walks: room for what was found when the tree was loaded */
};

/* Spread over the memory of all nodes that workers may use (topology_spread). -ENOMEM. */
int room_make(struct room *room, const struct workload *load, enum stage stage,
	      const struct topology *topology);
void room_release(struct room *room); /* accepts a zeroed one */

#endif
