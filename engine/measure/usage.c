#include "engine/measure/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/base/clock.h"

/* Runnable but not running, ns: the second number of schedstat (CONFIG_SCHED_INFO), else 0. */
static uint64_t read_run_delay(void)
{
	char text[96];
	unsigned long long delay = 0;
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got > 0) {
		text[got] = '\0';
		sscanf(text, "%*u %llu", &delay);
	}
	return delay;
}

void usage_look(struct usage *usage)
{
	getrusage(RUSAGE_THREAD, &usage->rusage);
	usage->run_delay_ns = read_run_delay();
}

static uint64_t timeval_ns(const struct timeval *after, const struct timeval *before)
{
	return (uint64_t)(after->tv_sec - before->tv_sec) * NS_PER_SECOND +
	       (uint64_t)(after->tv_usec - before->tv_usec) * 1000;
}

void usage_add(struct pass *pass, const struct usage *before, const struct usage *after)
{
	const struct rusage *a = &after->rusage, *b = &before->rusage;
	pass->user_ns += timeval_ns(&a->ru_utime, &b->ru_utime);
	pass->sys_ns += timeval_ns(&a->ru_stime, &b->ru_stime);
	pass->run_delay_ns += after->run_delay_ns - before->run_delay_ns;
	pass->major_faults += (uint64_t)(a->ru_majflt - b->ru_majflt);
	pass->block_reads += (uint64_t)(a->ru_inblock - b->ru_inblock);
	pass->switches += (uint64_t)(a->ru_nvcsw - b->ru_nvcsw);
	pass->preemptions += (uint64_t)(a->ru_nivcsw - b->ru_nivcsw);
}
