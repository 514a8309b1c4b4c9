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

#ifndef SYS_listxattrat /* the same on all but alpha */
#define SYS_getxattrat  464
#define SYS_listxattrat 465
#endif
#ifndef SYS_lstat /* newer architectures have only newfstatat */
#define SYS_lstat 0
#define SYS_stat  0
#endif

/* 0: this architecture has no such call. */
static const int numbers[SYSCALL_KINDS] = {
#define X(name) [SYSCALL_##name] = SYS_##name,
	SYSCALL_LIST(X)
#undef X
};

static uint64_t read_id(const char *where)
{
	char path[128], text[32];
	snprintf(path, sizeof(path), "%s/events/raw_syscalls/sys_enter/id", where);
	return read_line(path, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

uint64_t syscall_tally_find(void)
{
	uint64_t counts[SYSCALL_KINDS] = {0};
	struct syscall_tally probe;
	uint64_t tracepoint = read_id("/sys/kernel/tracing");
	if (!tracepoint)
		tracepoint = read_id("/sys/kernel/debug/tracing");
	if (!tracepoint)
		return 0;
	syscall_tally_open(&probe, tracepoint);
	return syscall_tally_close(&probe, counts) ? 0 : tracepoint;
}

static int filter(int fd, int number)
{
	char text[32];
	snprintf(text, sizeof(text), "id == %d", number);
	return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, text) ? -errno : 0;
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

void syscall_tally_open(struct syscall_tally *tally, uint64_t tracepoint)
{
	*tally = (struct syscall_tally){.leader = -1, .error = tracepoint ? 0 : -ENOENT};
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		tally->fds[kind] = -1;
		if (!numbers[kind] || tally->error)
			continue;
		int fd = open_one(tracepoint, tally->leader);
		if (fd < 0) {
			tally->error = fd;
			continue;
		}
		tally->fds[kind] = fd;
		tally->leader = tally->leader < 0 ? fd : tally->leader;
		tally->error = filter(fd, numbers[kind]);
	}
}

void syscall_tally_start(const struct syscall_tally *tally)
{
	if (tally->leader >= 0)
		ioctl(tally->leader, PERF_EVENT_IOC_ENABLE, 0);
}

static int read_all(const struct syscall_tally *tally, uint64_t counts[SYSCALL_KINDS])
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

/* All are read before any is closed: without their leader the others would continue to count. */
int syscall_tally_close(struct syscall_tally *tally, uint64_t counts[SYSCALL_KINDS])
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
