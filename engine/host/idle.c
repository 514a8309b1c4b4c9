#include "engine/host/idle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

enum { CPUS_MAX = 4096 };

/* Of one CPU since boot, in ticks. */
struct ticks {
	uint64_t all, idle;
};

/* false: of no CPU. */
static bool read_ticks(struct ticks *ticks)
{
	char line[512];
	bool any = false;
	FILE *file = fopen("/proc/stat", "re");
	while (file && fgets(line, sizeof(line), file)) {
		unsigned cpu;
		unsigned long long t[8] = {0};
		/* user nice system idle iowait irq softirq steal; guest is part of user. */
		if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &t[0],
			   &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) < 6 ||
		    cpu >= CPUS_MAX)
			continue;
		ticks[cpu] = (struct ticks){.idle = t[3] + t[4]};
		for (size_t i = 0; i < ARRAY_LEN(t); i++)
			ticks[cpu].all += t[i];
		any = true;
	}
	if (file)
		fclose(file);
	return any;
}

static void pause_ns(uint64_t ns)
{
	struct timespec left = {(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
	nanosleep(&left, NULL);
}

bool idle_look(struct topology *topology, uint64_t window_ns)
{
	struct ticks *before = calloc(2 * CPUS_MAX, sizeof(*before)), *after = before + CPUS_MAX;
	if (!before || !read_ticks(before)) {
		free(before);
		return false;
	}
	pause_ns(window_ns);
	bool looked = read_ticks(after);
	for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
		uint64_t all = after[cpu].all - before[cpu].all;
		uint64_t idle = after[cpu].idle - before[cpu].idle;
		if (after[cpu].all)
			topology_mark_busy(topology, cpu, all > 0 && idle * 2 < all);
	}
	free(before);
	return looked;
}
