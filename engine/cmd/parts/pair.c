#include "engine/cmd/parts/pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "datasets/tree/census.h"
#include "datasets/tree/tree.h"
#include "engine/base/arena.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/stats.h"
#include "engine/json/json.h"

#define PAIR_SCHEMA "statmark-stats-pair/1"

enum { NUMBER_SIZE = 32 };

/* Of two directories, all that can be counted. */
struct pair {
	struct census census[2];
	struct portrait portrait[2];
};

static void print_text(const struct pair *pair, char **dirs, const struct tree_command *options)
{
	struct portrait_distance rows[PORTRAIT_DISTANCES];
	size_t n = portrait_compare(&pair->portrait[0], &pair->portrait[1], rows);
	struct arena *arena = arena_new();
	for (int i = 0; i < 2; i++) {
		const char *visible = arena ? text_visible(arena, dirs[i]) : NULL;
		printf("%c  %s: %s\n", "AB"[i], visible ? visible : "?",
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
	puts("\nDistance: the most by which the shares of values up to some value differ\n"
	     "(Kolmogorov-Smirnov); of types, by which the share of one differs. 0: alike.");
}

static int print_json(const struct pair *pair, char **dirs, const struct tree_command *options)
{
	struct portrait_distance rows[PORTRAIT_DISTANCES];
	size_t n = portrait_compare(&pair->portrait[0], &pair->portrait[1], rows);
	json_t *distances = json_object();
	for (size_t i = 0; i < n; i++)
		json_object_set_new(distances, rows[i].key, json_real(rows[i].distance));
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
	struct pair *pair = calloc(1, sizeof(*pair));
	int error = pair ? 0 : -ENOMEM;
	for (int i = 0; i < 2 && !error; i++)
		error = census_take_portrait(&pair->census[i], &pair->portrait[i],
					     stats_root(dirs[i], &info), options->tree.cross_mounts,
					     progress, NULL, err);
	progress_line_clear(progress->arg);
	if (!error && options->line.json)
		error = print_json(pair, dirs, options);
	else if (!error)
		print_text(pair, dirs, options);
	free(pair);
	return error;
}
