/*
 * ninja bench-floor: what does the harness cost? The cells `lstat` and `fstatat` (1 job, warm)
 * against bare C loops over the same entries, pass by pass in turn, on the same CPU, and the floor
 * with and without storing results. The bare loops know their paths beforehand, keep nothing and
 * check nothing: no program could be leaner.
 *
 *   floor [DIR [ENTRIES]]    DIR: where the tree is made and removed again (default /dev/shm)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/tree.h"
#include "engine/base/clock.h"
#include "engine/measure/meter.h"
#include "engine/measure/stats.h"

enum { ROUNDS = 101 };

extern const struct strategy strategy_lstat, strategy_fstatat, strategy_noop;

struct bench {
	const struct workload *load;
	char **paths; /* of all entries, absolute */
	char **dirs;  /* of all directories, absolute */
	struct record *records;
	struct crew *crew;
	struct topology *topology;
	int cpu;
};

static volatile uint64_t sink;

static uint64_t bare_lstat(const struct bench *b)
{
	struct stat st;
	uint64_t began = clock_ns();
	for (uint32_t i = 0; i < b->load->n_entries; i++) {
		if (lstat(b->paths[i], &st) == 0)
			sink += (uint64_t)st.st_size;
	}
	return clock_ns() - began;
}

static uint64_t bare_fstatat(const struct bench *b)
{
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

static struct meter *open_cell(struct bench *b, const struct strategy *strategy,
			       const int64_t *params)
{
	struct meter *meter = NULL;
	struct err err = {0};
	const struct meter_request request = {
		.strategy = strategy,
		.params = params,
		.jobs = 1,
		.cpus = &b->cpu,
		.load = b->load,
		.records = b->records,
		.crew = b->crew,
		.topology = b->topology,
	};
	if (meter_open(&meter, &request, &err)) {
		fprintf(stderr, "floor: %s\n", err.text);
		exit(1);
	}
	return meter;
}

static uint64_t pass_time(struct meter *meter)
{
	struct pass pass;
	struct err err = {0};
	if (meter_pass(meter, &pass, &err)) {
		fprintf(stderr, "floor: %s\n", err.text);
		exit(1);
	}
	return pass.wall_ns;
}

/* Cell and bare loop in turn, and in turn first: ABBA. */
static void compare(struct bench *b, const struct strategy *strategy,
		    uint64_t (*bare)(const struct bench *b))
{
	uint64_t cell_ns[ROUNDS], bare_ns[ROUNDS];
	double values[ROUNDS], min, p05, p95;
	struct estimate ratio, cost;
	int64_t params[PARAMS_MAX] = {0};
	struct meter *meter = open_cell(b, strategy, params);
	pass_time(meter);
	bare(b);
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2)
			cell_ns[i] = pass_time(meter);
		bare_ns[i] = bare(b);
		if (i % 2 == 0)
			cell_ns[i] = pass_time(meter);
	}
	meter_close(meter);
	stats_per_entry(bare_ns, ROUNDS, b->load->n_entries, values, &cost, &min, &p05, &p95);
	stats_ratio(cell_ns, bare_ns, ROUNDS, values, &ratio);
	printf("%-10s %10.1f ns/entry bare   cell/bare %.4f [%.4f, %.4f]\n", strategy->name,
	       cost.median, ratio.median, ratio.lo, ratio.hi);
}

static void show_floor(struct bench *b, int64_t store)
{
	uint64_t ns[ROUNDS];
	double values[ROUNDS], min, p05, p95;
	struct estimate cost;
	int64_t params[PARAMS_MAX] = {store};
	struct meter *meter = open_cell(b, &strategy_noop, params);
	for (int i = 0; i < ROUNDS; i++)
		ns[i] = pass_time(meter);
	meter_close(meter);
	stats_per_entry(ns, ROUNDS, b->load->n_entries, values, &cost, &min, &p05, &p95);
	printf("%-10s %10.2f [%.2f, %.2f] ns/entry, results %s\n", "floor", cost.median, cost.lo,
	       cost.hi, store ? "stored" : "not stored");
}

static void know_paths(struct bench *b)
{
	const struct workload *load = b->load;
	char *buf = malloc(load->path_size);
	b->paths = calloc(load->n_entries, sizeof(*b->paths));
	b->dirs = calloc(load->n_dirs, sizeof(*b->dirs));
	for (uint32_t i = 0; i < load->n_entries; i++)
		b->paths[i] = strdup(workload_path(load, i, buf));
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		buf[workload_prefix(load, d, buf) - 1] = '\0';
		b->dirs[d] = strdup(buf);
	}
	free(buf);
}

static int measure(const char *root)
{
	struct bench b = {0};
	struct err err = {0};
	struct workload *load;
	if (topology_open(&b.topology, NULL, &err) ||
	    workload_load(&load, root, NULL, NULL, &err) ||
	    topology_place(b.topology, "compact", 1, &b.cpu, &err)) {
		fprintf(stderr, "floor: %s\n", err.text);
		return 1;
	}
	b.load = load;
	b.records = aligned_alloc(4096, (load->n_entries * sizeof(*b.records) + 4095) & ~4095ul);
	know_paths(&b);
	if (crew_new(&b.crew, 1, b.topology, &err) || topology_bind(b.topology, b.cpu))
		return 1;
	printf("%u entries, %d rounds in turn, CPU %d, %.1f bytes of view per entry\n",
	       load->n_entries, ROUNDS, b.cpu,
	       (double)workload_bytes(load) / (double)load->n_entries);
	compare(&b, &strategy_lstat, bare_lstat);
	compare(&b, &strategy_fstatat, bare_fstatat);
	show_floor(&b, 1);
	show_floor(&b, 0);
	crew_free(b.crew);
	workload_free(load);
	topology_close(b.topology);
	return 0;
}

int main(int argc, char **argv)
{
	char dir[4096];
	struct shape shape;
	struct tree_counts counts;
	struct tree_info info;
	struct err err = {0};
	snprintf(dir, sizeof(dir), "%s/statmark-floor-%d", argc > 1 ? argv[1] : "/dev/shm",
		 (int)getpid());
	int failed = shape_load(&shape, "source-tree", &err);
	shape.entries = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
	if (!failed)
		failed = tree_create(dir, &shape, NULL, &counts, &err);
	if (!failed)
		failed = tree_info(dir, &info, &err);
	if (!failed)
		failed = measure(info.root);
	if (err.code)
		fprintf(stderr, "floor: %s\n", err.text);
	tree_remove(dir, NULL, &counts, NULL);
	return failed != 0;
}
