#include "tests/bench/with_cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "datasets/tree/tree.h"
#include "engine/base/util.h"

void bench_die(const char *words)
{
	fprintf(stderr, "bench: %s\n", words);
	exit(1);
}

static uint64_t cpu_ns(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static void make_tree(struct bench *b, const char *base, uint64_t entries)
{
	struct shape shape;
	struct tree_counts counts;
	struct tree_info info;
	struct err err = {0};
	snprintf(b->dir, sizeof(b->dir), "%s/statmark-bench-%d", base, (int)getpid());
	if (shape_load(&shape, "source-tree", &err))
		bench_die(err.text);
	shape.entries = entries;
	if (tree_create(b->dir, &shape, 0, NULL, &counts, &err) || tree_info(b->dir, &info, &err)) {
		tree_remove(b->dir, 0, NULL, &counts, NULL);
		bench_die(err.text);
	}
	snprintf(b->root, sizeof(b->root), "%s", info.root);
}

void bench_open(struct bench *b, const char *base, uint64_t entries)
{
	struct err err = {0};
	*b = (struct bench){0};
	make_tree(b, base, entries);
	/* The first load warms; the second is the one that counts. */
	if (workload_load(&b->load, b->root, NULL, NULL, &err))
		bench_die(err.text);
	workload_free(b->load);
	uint64_t began = cpu_ns();
	if (workload_load(&b->load, b->root, NULL, NULL, &err))
		bench_die(err.text);
	b->load_cpu_ns = cpu_ns() - began;
	size_t size = MAX(b->load->n_entries, 1) * sizeof(*b->records);
	b->records = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	b->sink = sink_new();
	if (!b->records || !b->sink || topology_open(&b->topology, NULL, &err) ||
	    topology_place(b->topology, pin_of(PIN_COMPACT), 1, &b->cpu, &err) ||
	    crew_new(&b->crew, 1, b->topology, &err))
		bench_die(err.text);
	memset(b->records, 0, size);
}

void bench_close(struct bench *b)
{
	struct tree_counts counts;
	crew_free(b->crew);
	topology_close(b->topology);
	workload_free(b->load);
	free(b->records);
	sink_free(b->sink);
	tree_remove(b->dir, 0, NULL, &counts, NULL);
}

struct meter *bench_cell(struct bench *b, const struct strategy *strategy, const int64_t *params)
{
	static const int64_t zeros[PARAMS_MAX];
	struct meter *meter = NULL;
	struct err err = {0};
	const struct meter_request request = {
		.strategy = strategy,
		.params = params ? params : zeros,
		.jobs = 1,
		.cpus = &b->cpu,
		.load = b->load,
		.records = b->records,
		.sink = b->sink,
		.crew = b->crew,
		.topology = b->topology,
	};
	if (meter_open(&meter, &request, &err))
		bench_die(err.text);
	return meter;
}

uint64_t bench_pass(struct meter *meter)
{
	struct pass pass;
	struct err err = {0};
	if (meter_pass(meter, &pass, &err))
		bench_die(err.text);
	return pass.wall_ns;
}

void bench_compare(struct bench *b, const struct strategy *strategy, bench_loop *loop,
		   const void *arg)
{
	enum { ROUNDS = 61 };
	uint64_t cell_ns[ROUNDS], bare_ns[ROUNDS];
	double values[ROUNDS], min, p05, p95;
	struct estimate ratio, cost;
	struct meter *meter = bench_cell(b, strategy, NULL);
	bench_pass(meter);
	loop(arg);
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2)
			cell_ns[i] = bench_pass(meter);
		bare_ns[i] = loop(arg);
		if (i % 2 == 0)
			cell_ns[i] = bench_pass(meter);
	}
	meter_close(meter);
	stats_per_entry(bare_ns, ROUNDS, b->load->n_entries, STATS_CONFIDENCE, values, &cost, &min,
			&p05, &p95);
	stats_ratio(cell_ns, bare_ns, ROUNDS, values, &ratio);
	printf("%-10s %10.1f ns/entry bare   cell/bare %.4f [%.4f, %.4f]\n", strategy->name,
	       cost.median, ratio.median, ratio.lo, ratio.hi);
}
