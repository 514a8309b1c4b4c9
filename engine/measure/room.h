/* Room for answers, made and touched before anything is timed: no pass pays for a first touch. */
#ifndef ENGINE_MEASURE_ROOM_H
#define ENGINE_MEASURE_ROOM_H

#include "engine/host/topology.h"
#include "engine/sink.h"
#include "engine/strategy.h"

/* Of fetches: one record for each entry, page-aligned, on all nodes in turn. NULL: no memory. */
struct record *room_records(const struct workload *load, const struct topology *topology);

/* Of walks: for as much as was found when the tree was loaded. NULL: no memory. */
struct sink *room_sink(const struct workload *load);

#endif
