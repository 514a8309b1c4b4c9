#include "engine/measure/watch/syscall_tally.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/util.h"

/* The name of the tracepoint, which can differ from the name of the call. */
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

bool syscall_tally_find(struct syscall_tally_calls *calls)
{
	static const char *const wheres[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	struct syscall_tally probe;
	uint64_t counts[SYSCALL_KINDS] = {0};
	size_t i = 0;
	while (i < ARRAY_LEN(wheres) && !find_one(wheres[i], name_of(SYSCALL_openat)))
		i++;
	if (i == ARRAY_LEN(wheres))
		return false;
	for (enum syscall_kind kind = 0; kind < SYSCALL_KINDS; kind++)
		calls->tracepoints[kind] = find_one(wheres[i], name_of(kind));
	syscall_tally_open(&probe, calls);
	return syscall_tally_close(&probe, counts) == 0;
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

void syscall_tally_open(struct syscall_tally *syscall_tally,
			const struct syscall_tally_calls *calls)
{
	*syscall_tally = (struct syscall_tally){.leader = -1};
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		syscall_tally->fds[kind] = -1;
		if (!calls->tracepoints[kind] || syscall_tally->error)
			continue;
		int fd = open_one(calls->tracepoints[kind], syscall_tally->leader);
		if (fd < 0) {
			syscall_tally->error = fd;
			continue;
		}
		syscall_tally->fds[kind] = fd;
		syscall_tally->leader = syscall_tally->leader < 0 ? fd : syscall_tally->leader;
	}
	if (syscall_tally->leader < 0 && !syscall_tally->error)
		syscall_tally->error = -ENOENT;
}

void syscall_tally_start(const struct syscall_tally *syscall_tally)
{
	if (syscall_tally->leader >= 0)
		ioctl(syscall_tally->leader, PERF_EVENT_IOC_ENABLE, 0);
}

static int read_all(const struct syscall_tally *syscall_tally, uint64_t counts[SYSCALL_KINDS])
{
	int error = 0;
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		uint64_t count = 0;
		if (syscall_tally->fds[kind] < 0)
			continue;
		if (read(syscall_tally->fds[kind], &count, sizeof(count)) != sizeof(count))
			error = -EIO;
		counts[kind] += count;
	}
	return error;
}

/* All are read before any is closed: without their leader the others would continue to count. */
int syscall_tally_close(struct syscall_tally *syscall_tally, uint64_t counts[SYSCALL_KINDS])
{
	int error = syscall_tally->error;
	if (syscall_tally->leader >= 0)
		ioctl(syscall_tally->leader, PERF_EVENT_IOC_DISABLE, 0);
	if (!error)
		error = read_all(syscall_tally, counts);
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		if (syscall_tally->fds[kind] >= 0)
			close(syscall_tally->fds[kind]);
	}
	return error;
}
