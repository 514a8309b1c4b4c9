/*
 * ninja bench-floor: what does the harness cost? The cells `lstat` and `fstatat` (1 job, warm)
 * against bare C loops over the same entries, pass by pass in turn, on the same CPU, and the floor
 * with and without storing results. The bare loops know their paths beforehand, keep nothing and
 * check nothing: no program could be leaner.
 *
 *   floor [DIR [ENTRIES]]    DIR: where the tree is made and removed again (default /dev/shm)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "tests/bench/with_cell.h"

enum { ROUNDS = 61 };

extern const struct strategy strategy_lstat, strategy_fstatat, strategy_noop;

/* What the bare loops know beforehand. */
struct bare {
	const struct workload *load;
	char **paths; /* of all entries, absolute */
	char **dirs;  /* of all directories, absolute */
};

static volatile uint64_t sink;

static uint64_t bare_lstat(const void *arg)
{
	const struct bare *b = arg;
	struct stat st;
	uint64_t began = clock_ns();
	for (uint32_t i = 0; i < b->load->n_entries; i++) {
		if (lstat(b->paths[i], &st) == 0)
			sink += (uint64_t)st.st_size;
	}
	return clock_ns() - began;
}

static uint64_t bare_fstatat(const void *arg)
{
	const struct bare *b = arg;
	const struct workload *load = b->load;
	struct stat st;
	uint64_t began = clock_ns();
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint32_t first = load->dirs[d].first, end = first + load->dirs[d].count;
		if (first == end)
			continue;
		int fd = open(b->dirs[d], O_PATH | O_DIRECTORY | O_CLOEXEC);
		for (uint32_t i = first; i < end; i++) {
			if (fstatat(fd, workload_name(load, i), &st, AT_SYMLINK_NOFOLLOW) == 0)
				sink += (uint64_t)st.st_size;
		}
		close(fd);
	}
	return clock_ns() - began;
}

static void show_floor(struct bench *bench, int64_t store)
{
	uint64_t ns[ROUNDS];
	double values[ROUNDS], min, p05, p95;
	struct estimate cost;
	int64_t params[PARAMS_MAX] = {store};
	struct meter *meter = bench_cell(bench, &strategy_noop, params);
	for (int i = 0; i < ROUNDS; i++)
		ns[i] = bench_pass(meter);
	meter_close(meter);
	stats_per_entry(ns, ROUNDS, bench->load->n_entries, STATS_CONFIDENCE, values, &cost, &min,
			&p05, &p95);
	printf("%-10s %10.2f [%.2f, %.2f] ns/entry, results %s\n", "floor", cost.median, cost.lo,
	       cost.hi, store ? "stored" : "not stored");
}

static void know_paths(struct bare *b, const struct workload *load)
{
	char *buf = malloc(load->path_size);
	b->load = load;
	b->paths = calloc(load->n_entries, sizeof(*b->paths));
	b->dirs = calloc(load->n_dirs, sizeof(*b->dirs));
	if (!buf || !b->paths || !b->dirs)
		bench_die("out of memory");
	for (uint32_t i = 0; i < load->n_entries; i++)
		b->paths[i] = strdup(workload_path(load, i, buf));
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		buf[workload_prefix(load, d, buf) - 1] = '\0';
		b->dirs[d] = strdup(buf);
	}
	free(buf);
}

static void forget_paths(struct bare *b)
{
	for (uint32_t i = 0; i < b->load->n_entries; i++)
		free(b->paths[i]);
	for (uint32_t d = 0; d < b->load->n_dirs; d++)
		free(b->dirs[d]);
	free(b->paths);
	free(b->dirs);
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct bare bare;
	bench_open(&bench, argc > 1 ? argv[1] : "/dev/shm",
		   argc > 2 ? strtoull(argv[2], NULL, 10) : 100000);
	know_paths(&bare, bench.load);
	if (topology_bind(bench.topology, bench.cpu))
		bench_die("cannot bind to a CPU");
	printf("%u entries, %d rounds in turn, CPU %d, %.1f bytes of view per entry\n",
	       bench.load->n_entries, ROUNDS, bench.cpu,
	       (double)workload_bytes(bench.load) / (double)bench.load->n_entries);
	bench_compare(&bench, &strategy_lstat, bare_lstat, &bare);
	bench_compare(&bench, &strategy_fstatat, bare_fstatat, &bare);
	show_floor(&bench, 1);
	show_floor(&bench, 0);
	forget_paths(&bare);
	bench_close(&bench);
	return 0;
}
