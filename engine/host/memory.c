#include "engine/host/memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/base/util.h"
#include "engine/host/cgroup.h"

uint64_t memory_available(const char *root, struct arena *arena)
{
	char line[128], *path = arena_print(arena, "%s/proc/meminfo", root);
	FILE *file = path ? fopen(path, "re") : NULL;
	uint64_t kib = 0;
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	}
	if (file)
		fclose(file);
	return MIN(kib * 1024, cgroup_memory_left(root, arena));
}
