#include "engine/measure/pass/room.h"

#include <stdlib.h>

#include "engine/base/util.h"

/* Records lie page-aligned and touched: no pass pays for a first touch. */
static int make_records(struct room *room, const struct workload *load,
			const struct topology *topology)
{
	size_t size = MAX(load->n_entries, 1) * sizeof(struct record);
	room->records = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	if (!room->records)
		return -ENOMEM;
	topology_spread(topology, room->records, size);
	memset(room->records, 0, size);
	return 0;
}

/* So does the sink. */
static int make_sink(struct room *room, const struct workload *load)
{
	size_t bytes = 0;
	for (uint32_t i = 0; i < load->n_entries; i++)
		bytes += workload_path_len(load, i) - load->root_len - 1;
	room->sink = sink_new();
	return room->sink ? sink_reserve(room->sink, load->n_entries, bytes) : -ENOMEM;
}

int room_make(struct room *room, const struct workload *load, enum stage stage,
	      const struct topology *topology)
{
	*room = (struct room){0};
	int error =
		stage == STAGE_WALK ? make_sink(room, load) : make_records(room, load, topology);
	if (error)
		room_release(room);
	return error;
}

void room_release(struct room *room)
{
	free(room->records);
	sink_free(room->sink);
	*room = (struct room){0};
}
