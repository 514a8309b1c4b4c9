#include "engine/cmd/parts/fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datasets/tree/census.h"
#include "datasets/tree/fit.h"
#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/output.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/stats.h"

static bool time_is_up(void *until_ns)
{
	return clock_ns() >= *(const uint64_t *)until_ns;
}

static int take(struct census *census, struct portrait *portrait, const char *dir,
		const struct tree_command *options, const struct progress *progress,
		struct err *err)
{
	uint64_t until_ns = clock_ns() + options->time.max_time_s * NS_PER_SECOND;
	const struct halt halt = {options->time.max_time_s ? time_is_up : NULL, &until_ns};
	struct tree_info info;
	portrait->wants_extensions = options->tree_command.extensions;
	int error = census_take_portrait(census, portrait, stats_root(dir, &info),
					 options->tree.cross_mounts, progress, &halt, err);
	progress_line_clear(progress->arg);
	return error;
}

/* The texts of a shape. None of them says where the tree was: that is made of names. */
static void describe(struct shape *shape, const struct census *census,
		     const struct tree_command *options)
{
	char day[16] = "";
	time_t now = time(NULL);
	struct tm utc;
	if (gmtime_r(&now, &utc))
		strftime(day, sizeof(day), "%Y-%m-%d", &utc);
	snprintf(shape->name, sizeof(shape->name), "fitted");
	if (options->output.out)
		shape_name_after(shape, options->output.out);
	snprintf(shape->summary, sizeof(shape->summary), "fitted by statmark tree fit");
	snprintf(shape->origin, sizeof(shape->origin), "a tree of %s, %s%s",
		 COUNTED(census->entries, "entry"), day,
		 census->halted ? ", as far as seen in the time given" : "");
}

static int put(const char *json, const struct census *census, const struct tree_command *options,
	       struct err *err)
{
	if (!options->output.out) {
		fputs(json, stdout);
		return 0;
	}
	int error = output_write(options->output.out, json, strlen(json), err);
	if (!error)
		printf("%s: the shape of %s in %s\n", options->output.out,
		       COUNTED(census->entries, "entry"),
		       COUNTED(census->types[CENSUS_DIRECTORIES] + 1, "directory"));
	return error;
}

static int fit(struct portrait *portrait, const char *dir, const struct tree_command *options,
	       const struct progress *progress, struct err *err)
{
	struct census census;
	struct shape shape;
	int error = take(&census, portrait, dir, options, progress, err);
	if (error)
		return error;
	fit_shape(&shape, portrait);
	describe(&shape, &census, options);
	error = shape_check(&shape, "the fitted shape", err);
	char *json = error ? NULL : shape_to_json(&shape);
	error = error || json ? error : -ENOMEM;
	error = error ? error : put(json, &census, options, err);
	free(json);
	if (error)
		return error;
	stats_missing(stderr, &census, options);
	if (census.halted)
		fputs("statmark: the time was up before all was seen (--max-time)\n", stderr);
	return 0;
}

int fit_print(const char *dir, const struct tree_command *options, const struct progress *progress,
	      struct err *err)
{
	struct portrait *portrait = calloc(1, sizeof(*portrait));
	int error = portrait ? fit(portrait, dir, options, progress, err) : -ENOMEM;
	free(portrait);
	return error;
}
