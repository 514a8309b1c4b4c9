/*
 * ninja bench-scale: does the harness cost more on larger trees? For trees of 1,000 to 1,000,000
 * entries: CPU time to load, memory of the view, floor and lstat per entry. What grows with the
 * tree is lstat (the kernel's caches miss); the floor must not.
 *
 *   scale OUT [DIR]    OUT: where scale.tsv, scale.svg and scale.png go; DIR as in floor
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "reports/plots/gnuplot.h"
#include "tests/bench/with_cell.h"

enum { ROUNDS = 15 };

extern const struct strategy strategy_lstat, strategy_noop;

static void cost_of(struct bench *bench, const struct strategy *strategy, int64_t param,
		    struct estimate *cost)
{
	uint64_t ns[ROUNDS];
	double values[ROUNDS], min, p05, p95;
	const int64_t params[PARAMS_MAX] = {param};
	struct meter *meter = bench_cell(bench, strategy, params);
	bench_pass(meter);
	for (int i = 0; i < ROUNDS; i++)
		ns[i] = bench_pass(meter);
	meter_close(meter);
	stats_per_entry(ns, ROUNDS, bench->load->n_entries, STATS_CONFIDENCE, values, cost, &min,
			&p05, &p95);
}

static void measure(uint64_t entries, const char *base, FILE *data)
{
	struct bench bench;
	struct estimate floor, lstat_cost;
	char count[32];
	bench_open(&bench, base, entries);
	cost_of(&bench, &strategy_noop, 1, &floor);
	cost_of(&bench, &strategy_lstat, 0, &lstat_cost);
	const double n = (double)entries, bytes = (double)workload_bytes(bench.load) / n;
	const double load_ns = (double)bench.load_cpu_ns / n;
	printf("%9s %9.0f %9.1f %8.2f [%5.2f, %5.2f] %9.1f [%7.1f, %7.1f]\n",
	       group_digits(entries, count, sizeof(count)), load_ns, bytes, floor.median, floor.lo,
	       floor.hi, lstat_cost.median, lstat_cost.lo, lstat_cost.hi);
	fprintf(data, "%g\t%g\t%g\t%g\t%g\t%g\t%g\t%g\n", n, floor.median, floor.lo, floor.hi,
		lstat_cost.median, lstat_cost.lo, lstat_cost.hi, load_ns);
	fflush(stdout);
	bench_close(&bench);
}

static void draw(const char *out)
{
	static const char script[] =
		"set datafile separator tab\n"
		"set logscale xy\nset grid lc rgb '#dddddd'\nset border 3\nset tics nomirror\n"
		"set xlabel 'entries in the tree'\nset ylabel 'ns per entry'\n"
		"set title 'Cost per entry over the size of the tree (tmpfs, warm, 1 job)'\n"
		"set key outside right\nset format x '%.0s%c'\n"
		"plot_all = \"plot 'scale.tsv' using 1:5:6:7 with yerrorlines title 'lstat', "
		"'' using 1:8 with linespoints title 'loading, CPU', "
		"'' using 1:2:3:4 with yerrorlines title 'floor'\"\n"
		"set terminal svg size 900,420 background rgb 'white'\n"
		"set output 'scale.svg'\neval plot_all\n"
		"set terminal pngcairo size 1800,840 fontscale 2 linewidth 2\n"
		"set output 'scale.png'\neval plot_all\n";
	char path[4096];
	struct err err = {0};
	snprintf(path, sizeof(path), "%s/scale.gp", out);
	FILE *file = fopen(path, "w");
	if (!file || fputs(script, file) < 0 || fclose(file))
		bench_die(path);
	int dir = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		bench_die(out);
	if (gnuplot_run(dir, "scale.gp", false, NULL, 0, &err))
		printf("no plot: %s\n", err.text);
	else
		printf("%s/scale.svg, .png\n", out);
	close(dir);
}

int main(int argc, char **argv)
{
	const char *out = argc > 1 ? argv[1] : "build/bench-scale";
	char path[4096];
	snprintf(path, sizeof(path), "%s/scale.tsv", out);
	if (make_dirs(out))
		bench_die(out);
	FILE *data = fopen(path, "w");
	if (!data)
		bench_die(path);
	printf("%9s %9s %9s %24s %28s\n", "entries", "load, ns", "bytes", "floor, ns [99%]",
	       "lstat, ns [99%]");
	for (uint64_t entries = 1000; entries <= 1000000; entries *= 10)
		measure(entries, argc > 2 ? argv[2] : "/dev/shm", data);
	fclose(data);
	draw(out);
	return 0;
}
