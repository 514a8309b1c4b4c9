#include "engine/measure/room.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

enum { PAGE = 4096 };

struct record *room_records(const struct workload *load, const struct topology *topology)
{
	size_t size = MAX(load->n_entries, 1) * sizeof(struct record);
	struct record *records = aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE);
	if (!records)
		return NULL;
	topology_spread(topology, records, size);
	memset(records, 0, size);
	return records;
}

struct sink *room_sink(const struct workload *load)
{
	size_t bytes = 0;
	struct sink *sink = sink_new();
	for (uint32_t i = 0; i < load->n_entries; i++)
		bytes += workload_path_len(load, i) - load->root_len - 1;
	if (!sink || sink_reserve(sink, load->n_entries, bytes) == 0)
		return sink;
	sink_free(sink);
	return NULL;
}
