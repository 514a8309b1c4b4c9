/*
 * A profile as text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/line/terminal.h"
#include "engine/cmd/profile/walk_profile.h"
#include "reports/words/format.h"
#include "reports/words/text_table.h"

enum { FAULTS_PRINTED = 10 }; /* --json has more */

struct profile_text {
	const struct walk_profile *profile;
	struct arena *arena;
	size_t width;
};

static const char *duration(const struct profile_text *t, uint64_t ns)
{
	return format_duration(t->arena, (double)ns);
}

static const char *percent(const struct profile_text *t, uint64_t part, uint64_t whole)
{
	return arena_print(t->arena, "%u %%", count_percent(part, whole));
}

/* NULL: too few calls are above it. */
static const char *percentile(const struct profile_text *t, const struct hist *h, uint32_t ppm)
{
	uint64_t ns;
	return hist_percentile(h, ppm, &ns) ? duration(t, ns) : NULL;
}

static void print_line(const struct profile_text *t, const char *text)
{
	wrap_print(stdout, or_unknown(text), 0, 2, t->width);
	putchar('\n');
}

static void print_faults(const struct profile_text *t)
{
	const struct probe *p = &t->profile->probe;
	if (p->unreadable)
		print_line(t, arena_print(t->arena, "%s could not be read:",
					  COUNTED(p->unreadable, "directory")));
	for (size_t i = 0; i < MIN(p->unreadable, FAULTS_PRINTED); i++) {
		const char *path = p->faults[i].path;
		print_line(t, arena_print(t->arena, "  %s (%s)",
					  format_text(t->arena, path && *path ? path : "."),
					  strerror(p->faults[i].error)));
	}
	if (p->unreadable > FAULTS_PRINTED)
		printf("  ... and %s more\n", GROUPED(p->unreadable - FAULTS_PRINTED));
	if (p->unasked)
		print_line(t, arena_print(t->arena,
					  "metadata of %s could not be fetched; the first: %s (%s)",
					  COUNTED(p->unasked, "entry"),
					  format_text(t->arena, p->first_unasked.path),
					  strerror(p->first_unasked.error)));
	if (p->gone)
		printf("%s vanished meanwhile\n", COUNTED(p->gone, "entry"));
	if (p->mounts && !t->profile->options->tree.cross_mounts)
		printf("%s %s not entered (--cross-mounts enters %s)\n",
		       COUNTED(p->mounts, "mount point"), p->mounts == 1 ? "was" : "were",
		       p->mounts == 1 ? "it" : "them");
}

static void print_head(const struct profile_text *t)
{
	const struct walk_profile *f = t->profile;
	const uint64_t calls = tally_calls(f->tally), timer = tally_timer_ns(f->tally);
	print_line(t, arena_print(t->arena, "%s: %s in %s, walked in %s%s",
				  format_text(t->arena, f->root),
				  COUNTED(tally_entries(f->tally), "entry"),
				  COUNTED(tally_directories(f->tally), "directory"),
				  duration(t, f->probe.wall_ns),
				  f->probe.is_cut           ? ", not to its end"
				  : f->probe.is_interrupted ? ", until it was interrupted"
							    : ""));
	print_line(t, arena_print(t->arena,
				  "caches as they were found: %s from disk; %s timed, of which %s "
				  "each for the clock are taken off",
				  f->block_reads ? arena_print(t->arena, "%s KiB read",
							       GROUPED(f->block_reads / 2))
						 : "nothing read",
				  COUNTED(calls, "call"), duration(t, timer)));
	print_faults(t);
}

static void print_shares(const struct profile_text *t)
{
	const struct shares s = probe_shares(&t->profile->probe, t->profile->tally);
	const struct {
		const char *what;
		uint64_t ns;
	} rows[] = {{"open, getdents, close", s.enumeration_ns},
		    {"statx", s.statx_ns},
		    {"this program", s.own_ns}};
	static const struct text_table_column columns[] = {{"part", 0}, {"time", 0}, {"share", 0}};
	struct text_table grid = {.arena = t->arena, .columns = columns, .n_columns = 3};
	puts("\nWhere the time of the walk goes");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		text_table_add(&grid, (const char *const[]){rows[i].what, duration(t, rows[i].ns),
							    percent(t, rows[i].ns, s.all_ns)});
	text_table_print(stdout, &grid, t->width);
	text_table_free(&grid);
}

static bool is_sampled(enum tally_call call)
{
	return call == TALLY_READLINK || call == TALLY_LISTXATTR;
}

static void print_calls(const struct profile_text *t)
{
	static const struct text_table_column columns[] = {{"call", 0}, {"number", 0}, {"time", 2},
							   {"p50", 0},  {"p90", 1},    {"p99", 0},
							   {"max", 0}};
	struct text_table grid = {.arena = t->arena, .columns = columns, .n_columns = 7};
	bool has_sample = false;
	puts("\nCalls");
	for (enum tally_call call = 0; call < TALLY_CALLS; call++) {
		const struct tally_sum *sum = tally_sum(t->profile->tally, call);
		const struct hist *h = &sum->hist;
		if (h->n == 0)
			continue;
		has_sample |= is_sampled(call) && h->n >= PROBE_ALWAYS;
		text_table_add(&grid,
			       (const char *const[]){
				       arena_print(t->arena, "%s%s", tally_call_names[call],
						   is_sampled(call) ? "*" : ""),
				       format_count(t->arena, h->n), duration(t, sum->ns),
				       percentile(t, h, HIST_P50), percentile(t, h, HIST_P90),
				       percentile(t, h, HIST_P99), duration(t, h->max)});
	}
	text_table_print(stdout, &grid, t->width);
	text_table_free(&grid);
	print_line(t, arena_print(t->arena,
				  "  * not part of the shares%s; listxattr takes a path. "
				  "-: fewer than %d calls lie beyond",
				  has_sample ? "; the first 1,000, then one in 31" : "",
				  HIST_BEYOND_LEAST));
}

static const struct text_table_column class_columns[] = {
	{"", 0},          {"directories", 1}, {"entries", 0},      {"time", 4},
	{"share", 0},     {"open p50", 5},    {"getdents p50", 3}, {"getdents p99", 7},
	{"statx p50", 0}, {"statx p99", 2},   {"statx max", 6},
};

static void add_class(const struct profile_text *t, struct text_table *grid, const char *label,
		      const struct tally_row *row)
{
	text_table_add(grid, (const char *const[]){
				     label, format_count(t->arena, row->directories),
				     format_count(t->arena, row->entries), duration(t, row->ns),
				     percent(t, row->ns, tally_ns(t->profile->tally)),
				     percentile(t, &row->calls[TALLY_OPEN].hist, HIST_P50),
				     percentile(t, &row->calls[TALLY_GETDENTS].hist, HIST_P50),
				     percentile(t, &row->calls[TALLY_GETDENTS].hist, HIST_P99),
				     percentile(t, &row->calls[TALLY_STATX].hist, HIST_P50),
				     percentile(t, &row->calls[TALLY_STATX].hist, HIST_P99),
				     row->calls[TALLY_STATX].hist.n
					     ? duration(t, row->calls[TALLY_STATX].hist.max)
					     : NULL});
}

static void print_depths(const struct profile_text *t)
{
	struct text_table grid = {
		.arena = t->arena, .columns = class_columns, .n_columns = ARRAY_LEN(class_columns)};
	puts("\nBy depth of the directory");
	for (size_t i = 0; i < TALLY_DEPTHS; i++) {
		const struct tally_row *row = tally_depth(t->profile->tally, i);
		if (row->directories)
			add_class(t, &grid, walk_profile_depth_label(t->arena, i), row);
	}
	text_table_print(stdout, &grid, t->width);
	text_table_free(&grid);
}

const char *walk_profile_depth_label(struct arena *arena, size_t depth)
{
	return arena_print(arena, "%zu%s", depth, depth == TALLY_DEPTHS - 1 ? " and more" : "");
}

const char *walk_profile_size_label(struct arena *arena, size_t class)
{
	uint64_t least, most;
	tally_size_bounds(class, &least, &most);
	if (most == UINT64_MAX)
		return arena_print(arena, "%s and more", GROUPED(least));
	if (most == least)
		return format_count(arena, least);
	return arena_print(arena, "%s to %s", GROUPED(least), GROUPED(most));
}

static void print_sizes(const struct profile_text *t)
{
	struct text_table grid = {
		.arena = t->arena, .columns = class_columns, .n_columns = ARRAY_LEN(class_columns)};
	puts("\nBy entries of the directory");
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		const struct tally_row *row = tally_size(t->profile->tally, i);
		if (row->directories)
			add_class(t, &grid, walk_profile_size_label(t->arena, i), row);
	}
	text_table_print(stdout, &grid, t->width);
	text_table_free(&grid);
}

static void print_tops(const struct profile_text *t, const char *title, const struct tops *tops)
{
	static const struct text_table_column columns[] = {
		{"time", 0}, {"share", 0}, {"entries", 0}, {"directory", 0}};
	struct text_table grid = {
		.arena = t->arena, .columns = columns, .n_columns = 4, .has_path = true};
	if (tops->n == 0)
		return;
	printf("\n%s\n", title);
	for (size_t i = 0; i < tops->n; i++) {
		const struct tally_top *top = &tops->items[i];
		text_table_add(&grid, (const char *const[]){
					      duration(t, top->ns),
					      percent(t, top->ns, tally_ns(t->profile->tally)),
					      format_count(t->arena, top->entries),
					      format_text(t->arena, *top->path ? top->path : ".")});
	}
	text_table_print(stdout, &grid, t->width);
	text_table_free(&grid);
}

static void add_walk(const struct profile_text *t, struct text_table *grid,
		     const struct cell_result *cell)
{
	const struct estimate *e = &cell->ratio;
	const bool has = cell->status == STATUS_OK && estimate_has_median(&cell->ns_per_entry);
	const bool has_ratio = has && !cell->is_baseline && e->known;
	text_table_add(grid,
		       (const char *const[]){
			       arena_print(t->arena, "%s%s",
					   format_cell_in_group(t->arena, t->profile->result, cell),
					   cell->cache == CACHE_WARM ? "" : ", cold"),
			       has ? duration(t, (uint64_t)(cell->ns_per_entry.median *
							    (double)cell->entries))
				   : NULL,
			       has ? format_duration(t->arena, cell->ns_per_entry.median) : NULL,
			       has && cell->is_baseline ? "1"
			       : has_ratio ? arena_print(t->arena, "%.2f", 1 / e->median)
					   : NULL,
			       has_ratio
				       ? arena_print(t->arena, "%.2f to %.2f", 1 / e->hi, 1 / e->lo)
				       : NULL});
}

static void print_walks(const struct profile_text *t)
{
	static const struct text_table_column columns[] = {
		{"walk", 0}, {"time", 2}, {"per entry", 0}, {"times as fast", 0}, {"interval", 1}};
	const struct result *result = t->profile->result;
	struct text_table grid = {.arena = t->arena, .columns = columns, .n_columns = 5};
	if (!t->profile->walks.is_compared)
		return;
	const struct tree_facts *tree = &result->trees[0];
	putchar('\n');
	print_line(t,
		   arena_print(t->arena, "Walks compared on %s (%s%s%s), in %s",
			       format_text(t->arena, tree->root), COUNTED(tree->entries, "entry"),
			       tree->sample.of_entries ? " of " : "",
			       tree->sample.of_entries ? GROUPED(tree->sample.of_entries) : "",
			       COUNTED(result->run.rounds_done, "round")));
	for (size_t i = 0; i < result->n_cells; i++) {
		if (!result->cells[i].is_floor)
			add_walk(t, &grid, &result->cells[i]);
	}
	text_table_print(stdout, &grid, t->width);
	text_table_free(&grid);
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->status != STATUS_OK && cell->reason)
			print_line(t, arena_print(t->arena, "  %s: %s",
						  format_cell(t->arena, result, cell),
						  format_text(t->arena, cell->reason)));
	}
}

void walk_profile_print(const struct walk_profile *f, const struct advice *advice, size_t n)
{
	const struct profile_text t = {
		.profile = f, .arena = f->result->arena, .width = (size_t)cmd_width(stdout)};
	print_head(&t);
	print_shares(&t);
	print_calls(&t);
	print_depths(&t);
	print_sizes(&t);
	print_tops(&t, "Directories that took longest (their own entries)",
		   tally_slowest(f->tally));
	print_tops(&t, "Directories with most entries", tally_largest(f->tally));
	print_walks(&t);
	putchar('\n');
	for (size_t i = 0; i < n; i++)
		print_line(&t, advice[i].text);
}
