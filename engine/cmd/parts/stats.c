#include "engine/cmd/parts/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/tree/census.h"
#include "datasets/tree/tree.h"
#include "engine/base/arena.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/line/terminal.h"
#include "engine/json/json.h"
#include "reports/words/bars.h"

#define STATS_SCHEMA "statmark-stats/1"

enum { ROWS_MOST = 16, SKETCH_COLUMNS = 6, NUMBER_SIZE = 32 };

static const struct {
	const char *key, *title;
	size_t offset;
	bool sizes; /* values are bytes */
} spreads[] = {
	{"depth", "Entries by depth", offsetof(struct census, depth), false},
	{"entries_per_directory", "Directories by entries", offsetof(struct census, fan_out),
	 false},
	{"name_length", "Names by bytes", offsetof(struct census, name_length), false},
	{"file_size", "Files by bytes", offsetof(struct census, size), true},
};

static const struct spread *spread_at(const struct census *census, size_t i)
{
	return (const struct spread *)(const void *)((const char *)census + spreads[i].offset);
}

/* A power of two as "4 KiB", or as digits. */
static const char *size_text(uint64_t value, char *buf)
{
	static const char *const units[] = {"", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
	size_t unit = 0;
	while (value >= 1024 && value % 1024 == 0 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(buf, NUMBER_SIZE, "%" PRIu64 "%s", value, units[unit]);
	return buf;
}

/* "7", "8 to 15", "16 to 32 KiB" */
static void label_row(const struct spread_row *row, bool sizes, struct bar *bar)
{
	char lo[NUMBER_SIZE], hi[NUMBER_SIZE];
	const size_t room = sizeof(bar->label);
	bar->count = row->count;
	if (row->lo == row->hi)
		snprintf(bar->label, room, "%s", group_digits(row->lo, lo, sizeof(lo)));
	else if (!sizes || row->hi < 1024)
		snprintf(bar->label, room, "%.18s to %.18s", group_digits(row->lo, lo, sizeof(lo)),
			 group_digits(row->hi, hi, sizeof(hi)));
	else
		snprintf(bar->label, room, "%.18s to %.18s", size_text(row->lo, lo),
			 size_text(row->hi + 1, hi));
}

static void print_spread(const char *title, const struct spread *spread, bool sizes)
{
	struct spread_row rows[ROWS_MOST];
	struct bar bars[ROWS_MOST];
	char mean[NUMBER_SIZE], max[NUMBER_SIZE];
	size_t n = spread_rows(spread, rows, ROWS_MOST);
	if (n == 0)
		return;
	printf("\n%s (mean %s, at most %s)\n", title,
	       group_digits(spread_mean(spread), mean, sizeof(mean)),
	       group_digits(spread->max, max, sizeof(max)));
	for (size_t i = 0; i < n; i++)
		label_row(&rows[i], sizes, &bars[i]);
	bars_print(stdout, bars, n, cmd_width(stdout), cmd_utf8());
}

static void print_types(const struct census *census)
{
	struct bar bars[CENSUS_TYPES];
	size_t n = 0;
	for (size_t i = 0; i < CENSUS_TYPES; i++) {
		if (census->types[i] == 0)
			continue;
		snprintf(bars[n].label, sizeof(bars[n].label), "%s", census_names[i]);
		bars[n++].count = census->types[i];
	}
	if (n > 0) {
		puts("\nEntries by type");
		bars_print(stdout, bars, n, cmd_width(stdout), cmd_utf8());
	}
}

/* "3 directories could not be read; the first: PATH (Permission denied)" */
static void print_unread(FILE *to, uint64_t n, const char *one, const char *what, const char *first,
			 int error, struct arena *arena)
{
	if (n)
		fprintf(to, "%s could not be %s%s%s (%s)\n", COUNTED(n, one), what,
			n == 1 ? ": " : "; the first: ", text_visible(arena, first),
			strerror(error));
}

void stats_missing(FILE *to, const struct census *c, const struct tree_command *options)
{
	struct arena *arena = arena_new();
	if (!arena)
		return;
	print_unread(to, c->unreadable, "directory", "read", c->first_unreadable,
		     c->unreadable_error, arena);
	print_unread(to, c->unasked, "entry", "asked for", c->first_unasked, c->unasked_error,
		     arena);
	if (c->mounts && !options->tree.cross_mounts)
		fprintf(to, "%s %s not entered (--cross-mounts enters %s)\n",
			COUNTED(c->mounts, "mount point"), c->mounts == 1 ? "was" : "were",
			c->mounts == 1 ? "it" : "them");
	arena_free(arena);
}

static void print_text(const struct census *census, const struct tree_command *options,
		       const char *root)
{
	struct arena *arena = arena_new();
	const char *visible = arena ? text_visible(arena, root) : NULL;
	printf("%s: %s, %s in files", or_unknown(visible), COUNTED(census->entries, "entry"),
	       COUNTED_WIDE(census->size.sum, "byte"));
	if (census->hard_linked)
		printf(" (each inode counted once; %s)",
		       COUNTED(census->hard_linked, "further name"));
	putchar('\n');
	stats_missing(stdout, census, options);
	print_types(census);
	for (size_t i = 0; i < ARRAY_LEN(spreads); i++)
		print_spread(spreads[i].title, spread_at(census, i), spreads[i].sizes);
	arena_free(arena);
}

static json_t *spread_json(const struct spread *spread)
{
	struct spread_row rows[SPREAD_CELLS];
	size_t n = spread_rows(spread, rows, SPREAD_CELLS);
	json_t *histogram = json_array();
	for (size_t i = 0; i < n; i++) {
		if (rows[i].count)
			json_array_append_new(histogram,
					      json_pack("[o,o,o]", json_from_count(rows[i].lo),
							json_from_count(rows[i].hi),
							json_from_count(rows[i].count)));
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "n", json_from_count(spread->n), "sum",
			 json_from_wide(spread->sum), "min", json_from_count(spread->min), "max",
			 json_from_count(spread->max), "histogram", histogram);
}

/* All statistics as a JSON object; NULL: out of memory. */
static json_t *stats_json(const struct census *census, const struct tree_command *options,
			  const char *root)
{
	json_t *types = json_object();
	for (size_t i = 0; i < CENSUS_TYPES; i++)
		json_put(types, census_names[i], json_from_count(census->types[i]));
	json_t *json = json_pack(
		"{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b}", "schema", STATS_SCHEMA, "root",
		json_from_text(root), "entries", json_from_count(census->entries), "types", types,
		"hard_linked", json_from_count(census->hard_linked), "unreadable",
		json_from_count(census->unreadable), "unasked", json_from_count(census->unasked),
		"mounts", json_from_count(census->mounts), "mounts_entered",
		options->tree.cross_mounts);
	for (size_t i = 0; i < ARRAY_LEN(spreads) && json; i++)
		json_put(json, spreads[i].key, spread_json(spread_at(census, i)));
	return json;
}

static int print_json(const struct census *census, const struct tree_command *options,
		      const char *root)
{
	return json_show(stdout, stats_json(census, options, root));
}

const char *stats_root(const char *dir, struct tree_info *info)
{
	return tree_info(dir, info, NULL) == 0 ? info->root : dir;
}

int stats_print(const char *dir, const struct tree_command *options,
		const struct progress *progress, struct err *err)
{
	struct tree_info info;
	struct census census;
	const char *root = stats_root(dir, &info);
	int error = census_take(&census, root, options->tree.cross_mounts, progress, err);
	progress_line_clear(progress->arg);
	if (error)
		return error;
	if (options->line.json)
		return print_json(&census, options, root);
	print_text(&census, options, root);
	return 0;
}

/* Mean size, three digits at most: "340 KB". */
static void mean_size(const struct census *census, char *buf, size_t size)
{
	static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
	uint64_t mean = spread_mean(&census->size);
	size_t unit = 0;
	for (; mean >= 1000 && unit + 1 < ARRAY_LEN(units); unit++)
		mean = (mean + 500) / 1000;
	snprintf(buf, size, "%" PRIu64 " %s", mean, units[unit]);
}

/*
 * Writes a number and its distribution, `pad` columns further on; returns the unused columns of the
 * number's own column.
 */
static int sketch(FILE *to, int pad, const char *number, int width, const struct spread *spread)
{
	struct spread_row rows[SKETCH_COLUMNS];
	uint64_t counts[SKETCH_COLUMNS];
	size_t n = spread_rows(spread, rows, SKETCH_COLUMNS);
	for (size_t i = 0; i < n; i++)
		counts[i] = rows[i].count;
	fprintf(to, "%*s  %*s ", pad, "", width, number);
	bars_spark(to, counts, n, cmd_utf8());
	return SKETCH_COLUMNS - (int)n;
}

static int sketch_count(FILE *to, int pad, uint64_t number, int width, const struct spread *spread)
{
	char text[NUMBER_SIZE];
	return sketch(to, pad, group_digits(number, text, sizeof(text)), width, spread);
}

/* From these widths on, columns for lengths of names and sizes of files are shown. */
enum { NAMES_FROM = 64, SIZES_FROM = 79 };

void stats_sketch_head(FILE *to)
{
	const int width = cmd_width(to);
	fprintf(to, "  shape            entries   levels    per directory%s%s\n",
		width >= NAMES_FROM ? "  name bytes" : "",
		width >= SIZES_FROM ? "  file bytes" : "");
}

void stats_sketch(FILE *to, const char *name, const struct census *census)
{
	char text[NUMBER_SIZE];
	const int width = cmd_width(to);
	fprintf(to, "  %-16s %7s", name, group_digits(census->entries, text, sizeof(text)));
	int pad = sketch_count(to, 0, census->depth.max, 2, &census->depth);
	pad = sketch_count(to, pad, spread_mean(&census->fan_out), 6, &census->fan_out);
	if (width >= NAMES_FROM)
		pad = sketch_count(to, pad, spread_mean(&census->name_length), 3,
				   &census->name_length);
	mean_size(census, text, sizeof(text));
	if (census->size.max > 0 && width >= SIZES_FROM)
		sketch(to, pad, text, 6, &census->size);
	fputc('\n', to);
}

#define PAIR_SCHEMA "statmark-stats-pair/1"

/* The counts of two directories. */
struct directory_pair {
	struct census census[2];
	struct distributions distributions[2];
};

static void pair_text(const struct directory_pair *pair, char **dirs,
		      const struct tree_command *options)
{
	struct distributions_distance rows[DISTRIBUTIONS_DISTANCES];
	size_t n = distributions_compare(&pair->distributions[0], &pair->distributions[1], rows);
	struct arena *arena = arena_new();
	for (int i = 0; i < 2; i++) {
		const char *visible = arena ? text_visible(arena, dirs[i]) : NULL;
		printf("%c  %s: %s\n", "AB"[i], or_unknown(visible),
		       COUNTED(pair->census[i].entries, "entry"));
		stats_missing(stdout, &pair->census[i], options);
	}
	arena_free(arena);
	puts("\n                               mean of A     mean of B  distance");
	for (size_t i = 0; i < n; i++) {
		printf("%-26s", rows[i].title);
		if (rows[i].has_means)
			printf("%14.1f%14.1f", rows[i].means[0], rows[i].means[1]);
		else
			printf("%28s", "");
		printf("%10.3f\n", rows[i].distance);
	}
	puts("\nDistance: the largest difference between the two cumulative distributions\n"
	     "(Kolmogorov-Smirnov); for types, between the shares of one type. 0: identical.");
}

static int pair_json(const struct directory_pair *pair, char **dirs,
		     const struct tree_command *options)
{
	struct distributions_distance rows[DISTRIBUTIONS_DISTANCES];
	size_t n = distributions_compare(&pair->distributions[0], &pair->distributions[1], rows);
	json_t *distances = json_object();
	for (size_t i = 0; i < n; i++)
		json_put(distances, rows[i].key, json_real(rows[i].distance));
	json_t *json =
		json_pack("{s:s,s:[o,o],s:o}", "schema", PAIR_SCHEMA, "trees",
			  stats_json(&pair->census[0], options, dirs[0]),
			  stats_json(&pair->census[1], options, dirs[1]), "distances", distances);
	return json_show(stdout, json);
}

int pair_print(char **dirs, const struct tree_command *options, const struct progress *progress,
	       struct err *err)
{
	struct tree_info info;
	struct directory_pair *pair = calloc(1, sizeof(*pair));
	int error = pair ? 0 : -ENOMEM;
	for (int i = 0; i < 2 && !error; i++)
		error = census_take_distributions(&pair->census[i], &pair->distributions[i],
						  stats_root(dirs[i], &info),
						  options->tree.cross_mounts, progress, NULL, err);
	progress_line_clear(progress->arg);
	if (!error && options->line.json)
		error = pair_json(pair, dirs, options);
	else if (!error)
		pair_text(pair, dirs, options);
	free(pair);
	return error;
}
