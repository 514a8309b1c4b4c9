#include "engine/measure/watch/steal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

/* A twentieth of a second is five ticks: one more or less does not decide. */
#define UNIT_NS NS_PER_SECOND
enum { STEAL_SHARE = 20 };

struct steal {
	const char *path;
	uint64_t tick_ns;
	size_t n;
	struct {
		int cpu;
		uint64_t ticks; /* stolen so far, at the last look */
	} cpus[];
};

/* "cpu3 user nice system idle iowait irq softirq steal ...", proc_stat(5): ticks, and most lost. */
static int look(struct steal *s, uint64_t *most)
{
	char line[512];
	bool found = false;
	FILE *file = fopen(s->path, "re");
	if (!file)
		return -errno;
	*most = 0;
	while (fgets(line, sizeof(line), file)) {
		int cpu;
		unsigned long long ticks;
		if (sscanf(line, "cpu%d %*u %*u %*u %*u %*u %*u %*u %llu", &cpu, &ticks) != 2)
			continue;
		for (size_t i = 0; i < s->n; i++) {
			if (s->cpus[i].cpu != cpu)
				continue;
			/* Some hypervisors take back what they said was stolen. */
			*most = MAX(*most, ticks - MIN(ticks, s->cpus[i].ticks));
			s->cpus[i].ticks = ticks;
			found = true;
		}
	}
	fclose(file);
	return found ? 0 : -ENODATA;
}

int steal_open(struct steal **out, const char *path, const int *cpus, size_t n)
{
	uint64_t most;
	struct steal *s = calloc(1, sizeof(*s) + n * sizeof(s->cpus[0]));
	if (!s)
		return -ENOMEM;
	s->path = path;
	s->tick_ns = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	s->n = n;
	for (size_t i = 0; i < n; i++)
		s->cpus[i].cpu = cpus[i];
	int error = look(s, &most);
	if (error) {
		free(s);
		return error;
	}
	*out = s;
	return 0;
}

void steal_close(struct steal *s)
{
	free(s);
}

static void disturb(struct result *result, const struct steal_unit *unit)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		struct cell_result *cell = &result->cells[i];
		for (size_t p = cell->n_passes; p > 0; p--) {
			struct pass *pass = &cell->passes[p - 1];
			if (pass->round < unit->first_round)
				break;
			if (pass->clean)
				pass->why =
					"the hypervisor took the CPU for more than 5% of a second";
			pass->clean = false;
		}
	}
}

bool steal_is_full(const struct steal_unit *unit)
{
	return unit->wall_ns >= UNIT_NS;
}

/* The unit that is not complete yet, or a new one. */
static struct steal_unit *unit_at_hand(struct run_facts *run, uint32_t round)
{
	struct steal_unit *last = run->n_units ? &run->units[run->n_units - 1] : NULL;
	if (last && !steal_is_full(last))
		return last;
	if (array_grow(&run->units, &run->room_units, run->n_units + 1, sizeof(*run->units)))
		return NULL;
	last = &run->units[run->n_units++];
	*last = (struct steal_unit){.first_round = round};
	return last;
}

int steal_round(struct steal *s, struct result *result, uint32_t round, uint64_t wall_ns)
{
	struct steal_unit *unit = unit_at_hand(&result->run, round);
	uint64_t most = 0;
	if (!unit)
		return -ENOMEM;
	unit->rounds++;
	unit->wall_ns += wall_ns;
	if (!steal_is_full(unit) || look(s, &most))
		return 0;
	unit->steal_ns = most * s->tick_ns;
	if (unit->steal_ns > unit->wall_ns / STEAL_SHARE)
		disturb(result, unit);
	return 0;
}
