#include "engine/measure/watch/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

/* Reads the first size - 1 bytes of a file in /proc, by one read(2); "" if there is none. */
static const char *read_start(int dir_fd, const char *path, char *text, size_t size)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return text;
}

/* The number after "key", blanks and a colon; COUNT_UNKNOWN if there is none. */
static uint64_t number_behind(const char *text, const char *key)
{
	unsigned long long number;
	const char *at = strstr(text, key);
	at = at ? strchr(at, ':') : NULL;
	return at && sscanf(at + 1, "%llu", &number) == 1 ? number : COUNT_UNKNOWN;
}

/*
 * schedstat: ns on a CPU, then ns runnable but not running. Both are unknown if there is no such
 * file (no CONFIG_SCHED_INFO), if it is hidden, or if the kernel keeps no account: then it is 0,
 * although the calling thread has run.
 */
static void read_schedstat(int dir_fd, const char *path, uint64_t *run_ns, uint64_t *delay_ns)
{
	char text[96];
	unsigned long long run = 0, delay = 0;
	const int n =
		sscanf(read_start(dir_fd, path, text, sizeof(text)), "%llu %llu", &run, &delay);
	const bool known = n == 2 && run > 0;
	*run_ns = known ? run : COUNT_UNKNOWN;
	*delay_ns = known ? delay : COUNT_UNKNOWN;
}

/*
 * The CPU time of another thread. A new thread may not have run yet, so 0 is unknown only if this
 * thread's own time is unknown.
 */
static uint64_t run_of(int dir_fd, const char *path)
{
	uint64_t run_ns, own_ns, delay_ns;
	read_schedstat(dir_fd, path, &run_ns, &delay_ns);
	if (run_ns != COUNT_UNKNOWN)
		return run_ns;
	read_schedstat(AT_FDCWD, "/proc/thread-self/schedstat", &own_ns, &delay_ns);
	return own_ns == COUNT_UNKNOWN ? COUNT_UNKNOWN : 0;
}

void usage_read(struct usage *usage, const struct counters *counters)
{
	char text[1024];
	uint64_t run_ns;
	struct timespec now;
	/*
	 * Reading this clock updates rusage, which otherwise is from the last tick, milliseconds
	 * ago.
	 */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	getrusage(RUSAGE_THREAD, &usage->rusage);
	read_schedstat(AT_FDCWD, "/proc/thread-self/schedstat", &run_ns, &usage->run_delay_ns);
	read_start(AT_FDCWD, "/proc/thread-self/sched", text, sizeof(text));
	usage->migrations = number_behind(text, "nr_migrations");
	if (counters)
		counters_read(counters, &usage->counts);
}

void usage_read_process(struct usage *usage)
{
	struct timespec now;
	uint64_t run_ns;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	*usage = (struct usage){.migrations = COUNT_UNKNOWN};
	getrusage(RUSAGE_SELF, &usage->rusage);
	read_schedstat(AT_FDCWD, "/proc/thread-self/schedstat", &run_ns, &usage->run_delay_ns);
}

static uint64_t timeval_ns(const struct timeval *after, const struct timeval *before)
{
	return (uint64_t)(after->tv_sec - before->tv_sec) * NS_PER_SECOND +
	       (uint64_t)(after->tv_usec - before->tv_usec) * 1000;
}

/* If it is unknown for one worker, the sum is unknown. */
static void add_count(uint64_t *total, uint64_t before, uint64_t after)
{
	if (*total == COUNT_UNKNOWN || before == COUNT_UNKNOWN || after == COUNT_UNKNOWN)
		*total = COUNT_UNKNOWN;
	else
		*total += after - before;
}

void usage_add(struct pass *pass, const struct usage *before, const struct usage *after,
	       const struct counters *counters)
{
	const struct rusage *a = &after->rusage, *b = &before->rusage;
	pass->user_ns += timeval_ns(&a->ru_utime, &b->ru_utime);
	pass->sys_ns += timeval_ns(&a->ru_stime, &b->ru_stime);
	add_count(&pass->run_delay_ns, before->run_delay_ns, after->run_delay_ns);
	pass->minor_faults += (uint64_t)(a->ru_minflt - b->ru_minflt);
	pass->major_faults += (uint64_t)(a->ru_majflt - b->ru_majflt);
	pass->block_reads += (uint64_t)(a->ru_inblock - b->ru_inblock);
	pass->switches += (uint64_t)(a->ru_nvcsw - b->ru_nvcsw);
	pass->preemptions += (uint64_t)(a->ru_nivcsw - b->ru_nivcsw);
	add_count(&pass->migrations, before->migrations, after->migrations);
	counters_add(counters, &before->counts, &after->counts, pass->counted);
}

struct io_worker {
	long tid, owner; /* owner: the thread that it was made for; 0: not known */
	uint64_t run_ns; /* so far; COUNT_UNKNOWN: not available */
	uint64_t blocks; /* read so far, in units of 512 bytes */
};

/*
 * The blocks read by another thread, in the unit of getrusage, which works only for the own thread.
 */
static uint64_t blocks_read(int tasks_fd, const char *name)
{
	char path[300], text[512];
	snprintf(path, sizeof(path), "%s/io", name);
	const uint64_t bytes =
		number_behind(read_start(tasks_fd, path, text, sizeof(text)), "\nread_bytes");
	return bytes == COUNT_UNKNOWN ? 0 : bytes / 512;
}

/*
 * The number in the thread name iou-wrk-NUMBER, if it is the id of a thread of this process; else
 * 0.
 */
static long owner_of(int tasks_fd, const char *comm)
{
	char task[32];
	long owner = 0;
	if (sscanf(comm, "iou-wrk-%ld", &owner) != 1)
		return 0;
	snprintf(task, sizeof(task), "%ld", owner);
	return faccessat(tasks_fd, task, F_OK, 0) ? 0 : owner;
}

static bool is_of(const struct io_worker *worker, const pid_t *workers, unsigned n)
{
	bool found = !worker->owner;
	for (unsigned i = 0; i < n && !found; i++)
		found = worker->owner == workers[i];
	return found;
}

/* Adds a thread of this process, /proc/self/task/NAME, and whether it is one of io_uring's. */
static void add_thread(struct usage_all *all, int tasks_fd, const char *name)
{
	char path[300], comm[32];
	uint64_t run_ns;
	all->threads++;
	snprintf(path, sizeof(path), "%s/comm", name);
	if (strncmp(read_start(tasks_fd, path, comm, sizeof(comm)), "iou-", 4) != 0)
		return;
	snprintf(path, sizeof(path), "%s/schedstat", name);
	run_ns = run_of(tasks_fd, path);
	if (array_grow(&all->io_workers, &all->room_io_workers, all->n_io_workers + 1,
		       sizeof(*all->io_workers)) == 0)
		all->io_workers[all->n_io_workers++] =
			(struct io_worker){strtol(name, NULL, 10), owner_of(tasks_fd, comm), run_ns,
					   blocks_read(tasks_fd, name)};
}

static void count_threads(struct usage_all *all)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *entry;
	while (tasks && (entry = readdir(tasks))) {
		if (entry->d_name[0] != '.')
			add_thread(all, dirfd(tasks), entry->d_name);
	}
	if (tasks)
		closedir(tasks);
}

void usage_read_all(struct usage_all *all)
{
	char text[512];
	*all = (struct usage_all){0};
	count_threads(all);
	read_start(AT_FDCWD, "/proc/self/io", text, sizeof(text));
	all->read_bytes = number_behind(text, "read_bytes");
}

void usage_release_all(struct usage_all *all)
{
	free(all->io_workers);
	all->io_workers = NULL;
}

/* Threads are listed in the order of their start, so the search begins after the last hit. */
static struct io_worker earlier(const struct usage_all *before, long tid, size_t *at)
{
	for (size_t n = 0; n < before->n_io_workers; n++, ++*at) {
		*at %= before->n_io_workers;
		if (before->io_workers[*at].tid == tid)
			return before->io_workers[*at];
	}
	return (struct io_worker){0};
}

void usage_add_all(struct pass *pass, const struct usage_all *before, const struct usage_all *after,
		   const pid_t *workers, unsigned n)
{
	size_t at = 0;
	add_count(&pass->read_bytes, before->read_bytes, after->read_bytes);
	pass->threads = MAX(before->threads, after->threads);
	for (size_t i = 0; i < after->n_io_workers; i++) {
		const struct io_worker *worker = &after->io_workers[i];
		const struct io_worker was = earlier(before, worker->tid, &at);
		const bool known = worker->run_ns != COUNT_UNKNOWN;
		if ((known && worker->run_ns <= was.run_ns) || !is_of(worker, workers, n))
			continue;
		pass->io_workers++;
		add_count(&pass->io_worker_ns, was.run_ns, worker->run_ns);
		pass->block_reads += worker->blocks - MIN(worker->blocks, was.blocks);
	}
}
