#include "engine/measure/watch/tally.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/util.h"

/* What the tracepoint is called, which is not always what the call is called. */
static const char *name_of(enum syscall_kind kind)
{
	static const char *const names[SYSCALL_KINDS] = {
#define X(name) [SYSCALL_##name] = #name,
		SYSCALL_LIST(X)
#undef X
	};
	switch (kind) {
	case SYSCALL_fstat:
		return "newfstat";
	case SYSCALL_lstat:
		return "newlstat";
	case SYSCALL_stat:
		return "newstat";
	default:
		return names[kind];
	}
}

static uint64_t find_one(const char *where, const char *name)
{
	char path[128], text[32];
	snprintf(path, sizeof(path), "%s/events/syscalls/sys_enter_%s/id", where, name);
	return read_line(path, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

bool tally_find(struct tally_calls *calls)
{
	static const char *const wheres[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	struct tally probe;
	uint64_t counts[SYSCALL_KINDS] = {0};
	size_t i = 0;
	while (i < ARRAY_LEN(wheres) && !find_one(wheres[i], name_of(SYSCALL_openat)))
		i++;
	if (i == ARRAY_LEN(wheres))
		return false;
	for (enum syscall_kind kind = 0; kind < SYSCALL_KINDS; kind++)
		calls->tracepoints[kind] = find_one(wheres[i], name_of(kind));
	tally_open(&probe, calls);
	return tally_close(&probe, counts) == 0;
}

/* The first one leads the group: all start and stop with it. */
static int open_one(uint64_t tracepoint, int leader)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_TRACEPOINT,
		.config = tracepoint,
		.disabled = leader < 0,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

void tally_open(struct tally *tally, const struct tally_calls *calls)
{
	*tally = (struct tally){.leader = -1};
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		tally->fds[kind] = -1;
		if (!calls->tracepoints[kind] || tally->error)
			continue;
		int fd = open_one(calls->tracepoints[kind], tally->leader);
		if (fd < 0) {
			tally->error = fd;
			continue;
		}
		tally->fds[kind] = fd;
		tally->leader = tally->leader < 0 ? fd : tally->leader;
	}
	if (tally->leader < 0 && !tally->error)
		tally->error = -ENOENT;
}

void tally_start(const struct tally *tally)
{
	if (tally->leader >= 0)
		ioctl(tally->leader, PERF_EVENT_IOC_ENABLE, 0);
}

static int read_all(const struct tally *tally, uint64_t counts[SYSCALL_KINDS])
{
	int error = 0;
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		uint64_t count = 0;
		if (tally->fds[kind] < 0)
			continue;
		if (read(tally->fds[kind], &count, sizeof(count)) != sizeof(count))
			error = -EIO;
		counts[kind] += count;
	}
	return error;
}

/* All are read before one is closed: without their leader the others would count again. */
int tally_close(struct tally *tally, uint64_t counts[SYSCALL_KINDS])
{
	int error = tally->error;
	if (tally->leader >= 0)
		ioctl(tally->leader, PERF_EVENT_IOC_DISABLE, 0);
	if (!error)
		error = read_all(tally, counts);
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		if (tally->fds[kind] >= 0)
			close(tally->fds[kind]);
	}
	return error;
}
