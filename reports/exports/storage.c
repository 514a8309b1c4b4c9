/*
 * Writes the output formats of two storage tools, fio and IO500. Fields that a cell does not have
 * are 0. A fetched entry counts as an I/O of 0 bytes.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "reports/exports/exports.h"

/* --- fio --minimal, version 3 of its format: 121 fields ----------------------------------------
 */

enum { FIO_PERCENTILES = 20 }; /* 17 of them are used */

static const double percentiles[FIO_PERCENTILES] = {1,  5,  10, 20, 30,   40,   50,    60,   70,
						    80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99};

/* Upper ends of its classes of latency; the last one has none. */
static const double classes_us[] = {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000};
static const double classes_ms[] = {2, 4, 10, 20, 50, 100, 250, 500, 750, 1000, 2000, INFINITY};

struct latency_spread {
	double min, max, mean, stddev; /* us */
};

static struct latency_spread spread_of(const struct latency_facts *l)
{
	struct latency_spread s = {0};
	double n = 0, squares = 0;
	for (size_t i = 0; i < l->n_histogram; i++) {
		const double us = (double)l->histogram[i].ns / 1e3;
		const double count = (double)l->histogram[i].count;
		s.min = i ? MIN(s.min, us) : us;
		s.max = MAX(s.max, us);
		s.mean += us * count;
		squares += us * us * count;
		n += count;
	}
	if (n > 0) {
		s.mean /= n;
		s.stddev = sqrt(MAX(squares / n - s.mean * s.mean, 0));
	}
	return s;
}

static double percentile_us(const struct latency_facts *l, double percent)
{
	double seen = 0;
	for (size_t i = 0; i < l->n_histogram; i++) {
		seen += (double)l->histogram[i].count;
		if (seen >= percent / 100 * (double)l->samples)
			return (double)l->histogram[i].ns / 1e3;
	}
	return 0;
}

/* The percentage of the samples above one class boundary, up to the next. */
static double share_between(const struct latency_facts *l, double above_us, double upto_us)
{
	double inside = 0;
	for (size_t i = 0; i < l->n_histogram; i++) {
		const double us = (double)l->histogram[i].ns / 1e3;
		inside += us > above_us && us <= upto_us ? (double)l->histogram[i].count : 0;
	}
	return l->samples ? 100 * inside / (double)l->samples : 0;
}

static void put_spread(FILE *to, const struct latency_spread *s)
{
	fprintf(to, ";%.0f;%.0f;%f;%f", s->min, s->max, s->mean, s->stddev);
}

/* 41 fields: one direction. */
static void put_direction(FILE *to, double iops, double runtime_ms, const struct latency_facts *l)
{
	const struct latency_facts none = {0};
	const struct latency_spread zero = {0};
	const struct latency_facts *latency = l ? l : &none;
	const struct latency_spread s = spread_of(latency);
	fprintf(to, ";0;0;%.0f;%.0f", iops, runtime_ms);
	put_spread(to, &zero); /* of submission */
	put_spread(to, &s);
	for (size_t i = 0; i < FIO_PERCENTILES; i++) {
		if (percentiles[i] > 0)
			fprintf(to, ";%f%%=%.0f", percentiles[i],
				percentile_us(latency, percentiles[i]));
		else
			fputs(";0%=0", to);
	}
	put_spread(to, &s);
	fputs(";0;0;0.000000%;0.000000;0.000000", to); /* bandwidth */
}

static void put_classes(FILE *to, const struct latency_facts *l)
{
	double below = 0;
	for (size_t i = 0; i < ARRAY_LEN(classes_us); i++) {
		fprintf(to, ";%.2f%%", share_between(l, below, classes_us[i]));
		below = classes_us[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(classes_ms); i++) {
		fprintf(to, ";%.2f%%", share_between(l, below, 1e3 * classes_ms[i]));
		below = 1e3 * classes_ms[i];
	}
}

struct totals {
	double wall_ns, user_ns, sys_ns;
	uint64_t switches, major, minor;
};

static struct totals totals_of(const struct cell_result *cell)
{
	struct totals t = {0};
	const struct pass *pass;
	for (size_t i = 0; (pass = export_pass(cell, &i));) {
		t.wall_ns += (double)pass->wall_ns;
		t.user_ns += (double)pass->user_ns;
		t.sys_ns += (double)pass->sys_ns;
		t.switches += pass->switches + pass->preemptions;
		t.major += pass->major_faults;
		t.minor += pass->minor_faults;
	}
	return t;
}

/* Semicolons and blanks separate fields, so a name contains neither, and no line feed. */
static void put_name(FILE *to, struct arena *arena, const char *id)
{
	const char *name = id ? text_visible(arena, id) : "?";
	for (; name && *name; name++)
		fputc(*name == ';' || *name == ' ' ? '_' : *name, to);
}

static void put_fio(FILE *to, struct arena *arena, const struct result *r,
		    const struct cell_result *cell)
{
	const struct totals t = totals_of(cell);
	fputs("3;statmark-", to);
	put_name(to, arena, r->tool.version);
	fputc(';', to);
	put_name(to, arena, cell->id);
	fputs(";0;0", to);
	put_direction(to, 1e9 / cell->ns_per_entry.median, t.wall_ns / 1e6, &cell->latency);
	put_direction(to, 0, 0, NULL);
	fprintf(to, ";%f%%;%f%%;%" PRIu64 ";%" PRIu64 ";%" PRIu64,
		t.wall_ns > 0 ? 100 * t.user_ns / t.wall_ns : 0,
		t.wall_ns > 0 ? 100 * t.sys_ns / t.wall_ns : 0, t.switches, t.major, t.minor);
	fputs(";100.0%;0.0%;0.0%;0.0%;0.0%;0.0%;0.0%", to); /* depth of its queue: 1 */
	put_classes(to, &cell->latency);
	fputc('\n', to);
}

int export_fio(FILE *to, const struct result *result)
{
	struct arena *arena = arena_new();
	const struct cell_result *cell;
	if (!arena)
		return -ENOMEM;
	for (size_t i = 0; (cell = export_next(result, &i));)
		put_fio(to, arena, result, cell);
	arena_free(arena);
	return 0;
}

/* --- IO500: the phases that are measured here ---------------------------------------------------
 */

/* The fastest cell of the first group that returns everything. */
static const struct cell_result *best_of(const struct result *result, enum stage stage)
{
	const struct cell_result *best = NULL, *cell, *first = NULL;
	for (size_t i = 0; (cell = export_next(result, &i));) {
		if (cell->stage != stage || !(cell->is_rival || cell->is_baseline))
			continue;
		first = first ? first : cell;
		if (same_text(cell->tree, first->tree) && same_text(cell->fs, first->fs) &&
		    cell->cache == first->cache &&
		    (!best || cell->ns_per_entry.median < best->ns_per_entry.median))
			best = cell;
	}
	return best;
}

static void put_phase(FILE *to, struct arena *arena, const struct result *result, const char *phase,
		      enum stage stage)
{
	const struct cell_result *best = best_of(result, stage);
	if (!best)
		return;
	const double seconds = best->ns_per_entry.median * (double)best->entries / 1e9;
	fputs("; ", to);
	put_name(to, arena, best->id);
	fprintf(to, ": %" PRIu64 " entries, %s, median of %" PRIu32 " passes\n", best->entries,
		best->finds_threads ? "auto jobs" : COUNTED(best->jobs, "job"),
		best->ns_per_entry.n);
	fprintf(to, "[RESULT] %20s %15.6f kIOPS : time %.3f seconds\n", phase,
		1e6 / best->ns_per_entry.median, seconds);
}

int export_io500(FILE *to, const struct result *result)
{
	struct arena *arena = arena_new();
	if (!arena)
		return -ENOMEM;
	fputs("; statmark ", to);
	put_name(to, arena, result->tool.version);
	fputs(": no score, as two phases are no IO500 run\n", to);
	put_phase(to, arena, result, "mdtest-easy-stat", STAGE_FETCH);
	put_phase(to, arena, result, "find", STAGE_WALK);
	arena_free(arena);
	return 0;
}
