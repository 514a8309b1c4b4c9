#include "engine/measure/watch/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/util.h"

#define CACHE_EVENT(cache, op, result) ((cache) | ((op) << 8) | ((result) << 16))

const struct counter_event counter_events[COUNTERS] = {
	[COUNTER_CYCLES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
	[COUNTER_INSTRUCTIONS] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
	[COUNTER_CACHE_MISSES] = {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
	[COUNTER_DTLB_MISSES] = {PERF_TYPE_HW_CACHE,
				 CACHE_EVENT(PERF_COUNT_HW_CACHE_DTLB, PERF_COUNT_HW_CACHE_OP_READ,
					     PERF_COUNT_HW_CACHE_RESULT_MISS)},
};

static const char *const names[COUNTERS] = {
	[COUNTER_CYCLES] = "cycles",
	[COUNTER_INSTRUCTIONS] = "instructions",
	[COUNTER_CACHE_MISSES] = "cache_misses",
	[COUNTER_DTLB_MISSES] = "dtlb_misses",
};

const char *counter_name(enum counter counter)
{
	return names[counter];
}

/* The first counter that can be opened leads the group: all are counted together or not at all. */
static int open_one(const struct counter_event *event, int leader)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = event->type,
		.config = event->config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

void counters_open(struct counters *c, const struct counter_event events[COUNTERS])
{
	*c = (struct counters){.leader = -1};
	for (int i = 0; i < COUNTERS; i++) {
		int fd = open_one(&events[i], c->leader);
		c->fds[i] = fd < 0 ? -1 : fd;
		c->errors[i] = fd < 0 ? fd : 0;
		if (c->leader < 0 && fd >= 0)
			c->leader = fd;
	}
}

void counters_close(struct counters *c)
{
	for (int i = 0; i < COUNTERS; i++) {
		if (c->fds[i] >= 0)
			close(c->fds[i]);
		c->fds[i] = -1;
	}
	c->leader = -1;
}

/*
 * A group is read by one read(2): the number of counters, times, then the values in the order of
 * opening.
 */
void counters_read(const struct counters *c, struct counts *counts)
{
	struct {
		uint64_t n, enabled_ns, running_ns, values[COUNTERS];
	} group = {0};
	size_t next = 0;
	*counts = (struct counts){0};
	if (c->leader < 0 || read(c->leader, &group, sizeof(group)) <= 0)
		return;
	counts->enabled_ns = group.enabled_ns;
	counts->running_ns = group.running_ns;
	for (int i = 0; i < COUNTERS; i++) {
		if (c->fds[i] >= 0 && next < group.n)
			counts->values[i] = group.values[next++];
	}
}

static uint64_t extrapolate(uint64_t value, uint64_t enabled, uint64_t running)
{
	return running < enabled ? (uint64_t)((unsigned __int128)value * enabled / running) : value;
}

void counters_add(const struct counters *c, const struct counts *before, const struct counts *after,
		  uint64_t totals[COUNTERS])
{
	uint64_t enabled = after->enabled_ns - before->enabled_ns;
	uint64_t running = after->running_ns - before->running_ns;
	for (int i = 0; i < COUNTERS; i++) {
		uint64_t value = after->values[i] - before->values[i];
		if (!c || c->fds[i] < 0 || running == 0 || totals[i] == COUNT_UNKNOWN)
			totals[i] = COUNT_UNKNOWN;
		else
			totals[i] += extrapolate(value, enabled, running);
	}
}

static const char *why_refused(struct arena *arena)
{
	char level[32];
	if (!read_line("/proc/sys/kernel/perf_event_paranoid", level, sizeof(level)))
		return "not supported here: a sandbox forbids perf_event_open";
	return arena_print(arena,
			   "not supported here: this user may not count in the kernel "
			   "(kernel.perf_event_paranoid is %s)",
			   level);
}

const char *counters_why(const struct counters *c, enum counter counter, struct arena *arena)
{
	switch (-c->errors[counter]) {
	case 0:
		return NULL;
	case ENOENT:
		return "not supported here: this machine has no such counter (a virtual machine "
		       "without a PMU?)";
	case EACCES:
	case EPERM:
		return why_refused(arena);
	case ENOSYS:
		return "not supported here: this kernel has no perf events";
	default:
		return arena_print(arena, "not supported here: %s",
				   strerrordesc_np(-c->errors[counter]));
	}
}
