/*
 * ninja bench-create: how fast are trees made? `tree create` against the barest loop there is, one
 * thread of openat and close per core used, round by round in turn, on tmpfs and on ext4. The bare
 * threads know their names beforehand, have a directory each and make nothing but empty files; both
 * end when the filesystem is synchronised, and removal is not timed.
 *
 *   create [ENTRIES [ROUNDS]]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "tests/loop.h"
#include "tests/scratch.h"

enum { ROUNDS_MOST = 201, NAME_SIZE = 32, JOBS_MOST = 64 };

struct bench {
	const char *fs;
	char dir[64]; /* where the trees are made */
	uint64_t entries;
	int rounds;
};

struct bare {
	pthread_barrier_t *gate;
	char (*names)[NAME_SIZE];
	uint64_t first, end;
	int dir;
	bool failed;
};

static void *bare_thread(void *arg)
{
	struct bare *b = arg;
	pthread_barrier_wait(b->gate);
	for (uint64_t i = b->first; i < b->end; i++) {
		int fd = openat(b->dir, b->names[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		b->failed |= fd < 0 || close(fd);
	}
	return NULL;
}

static void die(const char *words)
{
	fprintf(stderr, "create: %s\n", words);
	exit(1);
}

/* A scratch directory per thread, emptied again by the caller. */
static int begin_bare(const struct bench *b, unsigned jobs, char (*names)[NAME_SIZE],
		      pthread_barrier_t *gate, struct bare *threads)
{
	int top = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0 || mkdirat(top, "bare", 0755))
		die("cannot make a directory");
	int dir = openat(top, "bare", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(top);
	for (unsigned i = 0; i < jobs; i++) {
		char name[16];
		snprintf(name, sizeof(name), "%u", i);
		mkdirat(dir, name, 0755);
		threads[i] = (struct bare){.gate = gate,
					   .names = names,
					   .first = b->entries * i / jobs,
					   .end = b->entries * (i + 1) / jobs};
		threads[i].dir = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return dir;
}

static uint64_t time_bare(const struct bench *b, unsigned jobs, char (*names)[NAME_SIZE])
{
	struct bare bare[JOBS_MOST];
	pthread_t threads[JOBS_MOST];
	pthread_barrier_t gate;
	pthread_barrier_init(&gate, NULL, jobs);
	int dir = begin_bare(b, jobs, names, &gate, bare);
	for (unsigned i = 1; i < jobs; i++)
		pthread_create(&threads[i], NULL, bare_thread, &bare[i]);
	uint64_t began = clock_ns();
	bare_thread(&bare[0]);
	for (unsigned i = 1; i < jobs; i++)
		pthread_join(threads[i], NULL);
	syncfs(dir);
	uint64_t spent = clock_ns() - began;
	for (unsigned i = 0; i < jobs; i++) {
		if (bare[i].failed)
			die("a bare thread failed");
		close(bare[i].dir);
	}
	scratch_empty(dir);
	char path[128];
	snprintf(path, sizeof(path), "%s/bare", b->dir);
	rmdir(path);
	pthread_barrier_destroy(&gate);
	return spent;
}

static uint64_t time_tree(const struct bench *b, const struct shape *shape, unsigned jobs)
{
	char path[128];
	struct tree_counts counts;
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/tree", b->dir);
	uint64_t began = clock_ns();
	if (tree_create(path, shape, jobs, NULL, &counts, &err))
		die(err.text);
	uint64_t spent = clock_ns() - began;
	if (tree_remove(path, jobs, NULL, &counts, &err))
		die(err.text);
	return spent;
}

static double rate(const struct bench *b, uint64_t *ns)
{
	uint64_t copy[ROUNDS_MOST];
	memcpy(copy, ns, sizeof(*ns) * (size_t)b->rounds);
	return (double)b->entries * 1e9 / (double)stats_median_u64(copy, (size_t)b->rounds);
}

static void compare(const struct bench *b, const char *preset, unsigned jobs)
{
	uint64_t tree_ns[ROUNDS_MOST], bare_ns[ROUNDS_MOST];
	double values[ROUNDS_MOST];
	struct estimate ratio;
	struct shape shape;
	char(*names)[NAME_SIZE] = calloc(b->entries, sizeof(*names));
	if (shape_load(&shape, preset, NULL) || !names)
		die("no shape");
	shape.entries = b->entries;
	for (uint64_t i = 0; i < b->entries; i++)
		snprintf(names[i], NAME_SIZE, "statmark%08" PRIu64, i);
	time_tree(b, &shape, jobs);
	time_bare(b, jobs, names);
	for (int i = 0; i < b->rounds; i++) {
		if (i % 2)
			tree_ns[i] = time_tree(b, &shape, jobs);
		bare_ns[i] = time_bare(b, jobs, names);
		if (i % 2 == 0)
			tree_ns[i] = time_tree(b, &shape, jobs);
	}
	stats_ratio(tree_ns, bare_ns, (size_t)b->rounds, values, &ratio);
	printf("%-6s %-12s %4u %12.0f %12.0f   %.3f [%.3f, %.3f]\n", b->fs, preset, jobs,
	       rate(b, tree_ns), rate(b, bare_ns), ratio.median, ratio.lo, ratio.hi);
	fflush(stdout);
	free(names);
}

static void compare_all(const struct bench *b)
{
	cpu_set_t cpus;
	unsigned all = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : (unsigned)CPU_COUNT(&cpus);
	all = all < JOBS_MOST ? all : JOBS_MOST;
	compare(b, "source-tree", 1);
	if (all > 1)
		compare(b, "source-tree", all);
	compare(b, "flat", 1);
}

int main(int argc, char **argv)
{
	struct bench b = {.fs = "tmpfs", .entries = 100000, .rounds = 21};
	if (argc > 1)
		b.entries = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		b.rounds = (int)strtol(argv[2], NULL, 10);
	if (b.rounds < 8 || b.rounds > ROUNDS_MOST || b.entries == 0)
		die("wants at least one entry and 8 to 201 rounds");
	snprintf(b.dir, sizeof(b.dir), "/dev/shm/statmark-create-%d", (int)getpid());
	if (mkdir(b.dir, 0755))
		die("cannot make a directory in /dev/shm");
	printf("%" PRIu64
	       " entries, %d rounds in turn, medians; 99 %% interval of the ratio of times,"
	       " below 1: faster than bare\n",
	       b.entries, b.rounds);
	printf("%-6s %-12s %4s %12s %12s   %s\n", "fs", "shape", "jobs", "tree /s", "bare /s",
	       "tree/bare");
	compare_all(&b);
	b.fs = "ext4";
	int error = geteuid() == 0 ? loop_privacy() : -EPERM;
	error = error ? error : loop_ext4(b.dir, "/dev/shm", 2048, "-i 4096");
	if (error)
		printf("ext4: skipped: needs root, a loop device and mkfs.ext4 (%s)\n",
		       strerror(-error));
	else
		compare_all(&b);
	umount(b.dir);
	rmdir(b.dir);
	return 0;
}
