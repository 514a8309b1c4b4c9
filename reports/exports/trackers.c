/*
 * Writes the formats of programs that compare and track benchmarks. Programs that accept single
 * passes get those, and compute their own statistics. The others get the median and the interval of
 * the table.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/json/json.h"
#include "reports/exports/exports.h"

static double per_entry(const struct cell_result *cell, uint64_t ns)
{
	return (double)ns / (double)cell->entries;
}

static uint32_t count_passes(const struct cell_result *cell)
{
	uint32_t n = 0;
	for (size_t i = 0; export_pass(cell, &i);)
		n++;
	return n;
}

/* --- google-benchmark: a repetition for each pass, ns per entry ------------------------------- */

static json_t *google_context(const struct result *r)
{
	json_t *context = json_object(), *load = json_array();
	json_put_text(context, "date", r->run.started);
	json_put_text(context, "host_name", r->host.hostname);
	json_put(context, "executable", json_string("statmark"));
	json_put(context, "num_cpus", json_integer(r->host.n_allowed));
	json_put(context, "mhz_per_cpu", json_integer(0)); /* not known */
	json_put(context, "cpu_scaling_enabled", json_false());
	json_put(context, "caches", json_array());
	if (r->host.load_milli != COUNT_UNKNOWN)
		json_array_append_new(load, json_from_real((double)r->host.load_milli / 1000));
	json_put(context, "load_avg", load);
	json_put(context, "library_build_type", json_string("release"));
	return context;
}

/* The members that all rows of a benchmark have. */
static json_t *google_row(const struct cell_result *cell, size_t family, uint32_t repetitions)
{
	json_t *json = json_object();
	json_put_count(json, "family_index", family);
	json_put(json, "per_family_instance_index", json_integer(0));
	json_put_text(json, "run_name", cell->id);
	json_put(json, "repetitions", json_integer(repetitions));
	json_put(json, "threads", json_integer(export_jobs(cell)));
	json_put_count(json, "iterations", cell->entries);
	json_put(json, "time_unit", json_string("ns"));
	return json;
}

/* The row that compare.py shows with -a. Its times are those of statmark's table. */
static json_t *google_median(const struct cell_result *cell, size_t family, uint32_t repetitions,
			     struct arena *arena)
{
	json_t *json = google_row(cell, family, repetitions);
	const double cpu = (double)cell->cpu_ns / MAX(repetitions, 1);
	json_put_text(json, "name", arena_print(arena, "%s_median", cell->id));
	json_put(json, "run_type", json_string("aggregate"));
	json_put(json, "aggregate_name", json_string("median"));
	json_put(json, "aggregate_unit", json_string("time"));
	json_put(json, "real_time", json_from_real(cell->ns_per_entry.median));
	json_put(json, "cpu_time", json_from_real(cpu / (double)cell->entries));
	return json;
}

static json_t *google_pass(const struct cell_result *cell, const struct pass *pass, size_t family,
			   uint32_t repetition, uint32_t repetitions)
{
	json_t *json = google_row(cell, family, repetitions);
	json_put_text(json, "name", cell->id);
	json_put(json, "run_type", json_string("iteration"));
	json_put(json, "repetition_index", json_integer(repetition));
	json_put(json, "real_time", json_from_real(per_entry(cell, pass->wall_ns)));
	json_put(json, "cpu_time", json_from_real(per_entry(cell, pass->user_ns + pass->sys_ns)));
	json_put(json, "items_per_second",
		 json_from_real(1e9 * (double)cell->entries / (double)MAX(pass->wall_ns, 1)));
	return json;
}

int export_google_benchmark(FILE *to, const struct result *result)
{
	struct arena *arena = arena_new();
	json_t *json = json_object(), *all = json_array();
	size_t family = 0;
	const struct cell_result *cell;
	if (!arena) {
		json_decref(json);
		json_decref(all);
		return -ENOMEM;
	}
	for (size_t i = 0; (cell = export_next(result, &i)); family++) {
		const uint32_t n = count_passes(cell);
		const struct pass *pass;
		uint32_t repetition = 0;
		for (size_t k = 0; (pass = export_pass(cell, &k)); repetition++)
			json_array_append_new(all, google_pass(cell, pass, family, repetition, n));
		json_array_append_new(all, google_median(cell, family, n, arena));
	}
	arena_free(arena);
	json_put(json, "context", google_context(result));
	json_put(json, "benchmarks", all);
	return json_show(to, json);
}

/* --- Go: a line for each pass, "BenchmarkLstat/j1-1 20000 812.4 ns/op" -------------------------
 */

/* A blank ends a name, and not every reader accepts characters that are not ASCII. */
static void put_go_name(FILE *to, struct arena *arena, const char *id)
{
	const char *name = text_escape(arena, id);
	fprintf(to, "Benchmark%c", name ? toupper((unsigned char)*name) : '?');
	for (const char *at = name && *name ? name + 1 : ""; *at; at++)
		fputc(isgraph((unsigned char)*at) && (unsigned char)*at < 0x80 ? *at : '_', to);
}

/* A value in the head must be one line. */
static void put_go_head(FILE *to, struct arena *arena, const char *key, const char *value)
{
	const char *shown = value ? text_visible(arena, value) : NULL;
	if (shown && *shown)
		fprintf(to, "%s: %s\n", key, shown);
}

int export_go_benchmark(FILE *to, const struct result *result)
{
	struct arena *arena = arena_new();
	const struct cell_result *cell;
	if (!arena)
		return -ENOMEM;
	fputs("goos: linux\n", to);
	put_go_head(to, arena, "goarch", result->host.machine);
	fputs("pkg: statmark\n", to);
	put_go_head(to, arena, "cpu", result->host.cpu);
	put_go_head(to, arena, "kernel", result->host.kernel);
	put_go_head(to, arena, "commit", result->tool.commit);
	for (size_t i = 0; (cell = export_next(result, &i));) {
		const struct pass *pass;
		for (size_t k = 0; (pass = export_pass(cell, &k));) {
			put_go_name(to, arena, cell->id);
			fprintf(to, "-%" PRIu32 "\t%" PRIu64 "\t%.10g ns/op\t%.10g cpu-ns/op\n",
				export_jobs(cell), cell->entries, per_entry(cell, pass->wall_ns),
				per_entry(cell, pass->user_ns + pass->sys_ns));
		}
	}
	arena_free(arena);
	return 0;
}

/* --- hyperfine: seconds of each pass, and of all of them what hyperfine computes ----------------
 */

struct time_stats {
	double mean, stddev, median, user, system, min, max;
};

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* seconds[n] must be sorted. */
static struct time_stats moments_of(const struct cell_result *cell, const double *seconds, size_t n)
{
	struct time_stats m = {.min = seconds[0], .max = seconds[n - 1]};
	const struct pass *pass;
	double squares = 0;
	m.median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
	for (size_t i = 0; i < n; i++)
		m.mean += seconds[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (seconds[i] - m.mean) * (seconds[i] - m.mean);
	m.stddev = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
	for (size_t i = 0; (pass = export_pass(cell, &i));) {
		m.user += (double)pass->user_ns / 1e9 / (double)n;
		m.system += (double)pass->sys_ns / 1e9 / (double)n;
	}
	return m;
}

static json_t *hyperfine_cell(const struct cell_result *cell, double *seconds)
{
	json_t *json = json_object(), *times = json_array(), *codes = json_array();
	const struct pass *pass;
	size_t n = 0;
	for (size_t i = 0; (pass = export_pass(cell, &i)); n++) {
		seconds[n] = (double)pass->wall_ns / 1e9;
		json_array_append_new(times, json_from_real(seconds[n]));
		json_array_append_new(codes, json_integer(0));
	}
	qsort(seconds, n, sizeof(*seconds), by_value);
	const struct time_stats m = moments_of(cell, seconds, n);
	json_put_text(json, "command", cell->id);
	json_put(json, "mean", json_from_real(m.mean));
	json_put(json, "stddev", json_from_real(m.stddev));
	json_put(json, "median", json_from_real(m.median));
	json_put(json, "user", json_from_real(m.user));
	json_put(json, "system", json_from_real(m.system));
	json_put(json, "min", json_from_real(m.min));
	json_put(json, "max", json_from_real(m.max));
	json_put(json, "times", times);
	json_put(json, "exit_codes", codes);
	return json;
}

int export_hyperfine(FILE *to, const struct result *result)
{
	json_t *json = json_object(), *all = json_array();
	const struct cell_result *cell;
	int error = 0;
	for (size_t i = 0; !error && (cell = export_next(result, &i));) {
		double *seconds = calloc(cell->n_passes + 1, sizeof(*seconds));
		if (seconds && count_passes(cell))
			json_array_append_new(all, hyperfine_cell(cell, seconds));
		error = seconds ? 0 : -ENOMEM;
		free(seconds);
	}
	json_put(json, "results", all);
	if (!error)
		return json_show(to, json);
	json_decref(json);
	return error;
}

/* --- github-action-benchmark: a value, its interval in words -----------------------------------
 */

/* A figure of the time, in ns per entry, or of its inverse, entries per second. */
struct tracked_figure {
	double value, lo, hi;
	bool has_interval;
};

static struct tracked_figure time_of(const struct cell_result *cell)
{
	const struct estimate *e = &cell->ns_per_entry;
	return (struct tracked_figure){e->median, e->lo, e->hi, e->known};
}

static struct tracked_figure rate_of(const struct cell_result *cell)
{
	const struct tracked_figure t = time_of(cell);
	return (struct tracked_figure){1e9 / t.value, 1e9 / t.hi, 1e9 / t.lo, t.has_interval};
}

static json_t *github_cell(const struct cell_result *cell, bool is_rate)
{
	const struct tracked_figure f = is_rate ? rate_of(cell) : time_of(cell);
	char words[120];
	json_t *json = json_object();
	json_put_text(json, "name", cell->id);
	json_put(json, "unit", json_string(is_rate ? "entries/s" : "ns/entry"));
	json_put(json, "value", json_from_real(f.value));
	if (f.has_interval) {
		snprintf(words, sizeof(words), "%.6g to %.6g", f.lo, f.hi);
		json_put(json, "range", json_string(words));
	}
	snprintf(words, sizeof(words), "%" PRIu64 " entries, %" PRIu32 " passes", cell->entries,
		 cell->ns_per_entry.n);
	json_put(json, "extra", json_string(words));
	return json;
}

static int export_github(FILE *to, const struct result *result, bool is_rate)
{
	json_t *all = json_array();
	const struct cell_result *cell;
	for (size_t i = 0; (cell = export_next(result, &i));)
		json_array_append_new(all, github_cell(cell, is_rate));
	return json_show(to, all);
}

int export_github_smaller(FILE *to, const struct result *result)
{
	return export_github(to, result, false);
}

int export_github_bigger(FILE *to, const struct result *result)
{
	return export_github(to, result, true);
}

/* --- Bencher Metric Format: ns per entry and entries per second --------------------------------
 */

static json_t *bencher_figure(struct tracked_figure f)
{
	json_t *json = json_object();
	json_put(json, "value", json_from_real(f.value));
	if (f.has_interval) {
		json_put(json, "lower_value", json_from_real(f.lo));
		json_put(json, "upper_value", json_from_real(f.hi));
	}
	return json;
}

int export_bencher(FILE *to, const struct result *result)
{
	json_t *json = json_object();
	struct arena *arena = arena_new();
	const struct cell_result *cell;
	if (!arena || !json) {
		json_decref(json);
		return -ENOMEM;
	}
	for (size_t i = 0; (cell = export_next(result, &i));) {
		const char *name = text_escape(arena, cell->id);
		json_t *figures = json_object();
		json_put(figures, "latency", bencher_figure(time_of(cell)));
		json_put(figures, "throughput", bencher_figure(rate_of(cell)));
		json_put(json, or_unknown(name), figures);
	}
	arena_free(arena);
	return json_show(to, json);
}
