#include "engine/cmd/crossover/axis.h"

#include <errno.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

#define MICROSECOND (NS_PER_SECOND / 1000000)

enum { ENTRIES_MOST = 10000000, BATCH_MOST = 4096, NAME_MOST = 255 };

static const struct axis axes[AXES] = {
	[AXIS_ENTRIES] = {.least = 1,
			  .most = ENTRIES_MOST,
			  .from = 1,
			  .to = 100000,
			  .shape = "source-tree",
			  .label = "entries of the tree",
			  .title = "entries",
			  .before = "",
			  .unit = "entry",
			  .grows = true},
	[AXIS_JOBS] = {.least = 1,
		       .most = JOBS_MAX,
		       .from = 1,
		       .to = 64,
		       .entries = 10000,
		       .shape = "source-tree",
		       .label = "jobs",
		       .title = "jobs",
		       .before = "",
		       .unit = "job",
		       .same_tree = true},
	[AXIS_DEPTH] = {.least = 1,
			.most = PROFILE_DEPTHS - 1,
			.from = 1,
			.to = 32,
			.entries = 10000,
			.shape = "flat",
			.label = "directories above all files",
			.title = "depth",
			.before = "a depth of ",
			.unit = "directory"},
	[AXIS_NAME_LENGTH] = {.least = 1,
			      .most = NAME_MOST,
			      .from = 8,
			      .to = NAME_MOST,
			      .entries = 10000,
			      .shape = "flat",
			      .label = "bytes of every name",
			      .title = "bytes",
			      .before = "names of ",
			      .unit = "byte"},
	[AXIS_BATCH] = {.least = 1,
			.most = BATCH_MOST,
			.from = 1,
			.to = BATCH_MOST,
			.entries = 10000,
			.shape = "source-tree",
			.label = "entries of a batch",
			.title = "batch",
			.before = "batches of ",
			.unit = "entry",
			.same_tree = true},
	[AXIS_RTT] = {.least = MICROSECOND,
		      .most = 10 * NS_PER_SECOND,
		      .from = 10 * MICROSECOND,
		      .to = 10000 * MICROSECOND,
		      .entries = 100,
		      .shape = "flat",
		      .label = "round trip",
		      .title = "round trip",
		      .before = "a round trip of ",
		      .is_time = true,
		      .grows = true},
};

void axis_take(struct axis *axis, enum axis_kind kind)
{
	*axis = axes[kind];
	axis->kind = kind;
	axis->name = axis_kind_name(kind);
}

/* The ends of an axis are whole numbers of units. */
static const char *end_text(const struct axis *axis, uint64_t x, char *buf, size_t size)
{
	return axis->is_time ? time_text(x, buf, size) : group_digits(x, buf, size);
}

int axis_read(const struct axis *axis, const char *option, const char *text, uint64_t *x,
	      struct err *err)
{
	char least[24], most[24];
	int error = axis->is_time ? parse_time(text, axis->most, x) : parse_count(text, x);
	if (!error && *x >= axis->least && *x <= axis->most)
		return 0;
	return err_set(err, -EINVAL, "%s: expected %s from %s to %s with --over %s, got '%s'",
		       option, axis->is_time ? "a time" : "an integer",
		       end_text(axis, axis->least, least, sizeof(least)),
		       end_text(axis, axis->most, most, sizeof(most)), axis->name, text);
}

const char *axis_number(const struct axis *axis, struct arena *arena, double x)
{
	if (axis->is_time)
		return format_duration(arena, x);
	return format_count(arena, (uint64_t)x);
}

const char *axis_words(const struct axis *axis, struct arena *arena, double x)
{
	const char *text = axis->is_time ? format_duration(arena, x)
					 : format_counted(arena, (uint64_t)x, axis->unit);
	text = text ? arena_print(arena, "%s%s", axis->before, text) : NULL;
	return or_unknown(text);
}

/* --- What differs between points -------------------------------------------------------------- */

static size_t count_params(const struct strategy *strategy)
{
	size_t n = 0;
	while (n < PARAMS_MAX && strategy->params[n].name)
		n++;
	return n;
}

int axis_find_batch(struct axis *axis, const struct cell_spec *b, size_t *param,
		    struct arena *arena, struct err *err)
{
	const struct strategy *strategy = b->strategy;
	const char *all = NULL;
	for (size_t i = 0; i < count_params(strategy); i++) {
		const struct param *p = &strategy->params[i];
		if (strcmp(p->name, "batch") == 0 || strcmp(p->name, "chunk") == 0) {
			*param = i;
			axis->least = (uint64_t)MAX(p->min, 1);
			axis->most = (uint64_t)p->max;
			axis->to = MIN(axis->to, axis->most);
			return 0;
		}
		all = arena_print(arena, "%s%s%s", all ? all : "", all ? ", " : "", p->name);
	}
	return err_set(err, -EINVAL,
		       "--over batch: none of %s's parameters is the size of a batch or chunk%s%s",
		       strategy->name, all ? "; it has " : "", all ? all : "");
}

void axis_set_tree(const struct axis *axis, uint64_t x, struct crossover_command *o)
{
	o->fs.sizes = (struct option_counts){.n = 1, .values = {o->tree.entries}};
	if (axis->kind == AXIS_ENTRIES)
		o->fs.sizes.values[0] = x;
	if (axis->kind == AXIS_DEPTH)
		o->tree.tree_depth = x;
	if (axis->kind == AXIS_NAME_LENGTH)
		o->tree.tree_name_length = x;
}

const char *axis_cell(const struct axis *axis, const struct cell_spec *b, size_t param, uint64_t x,
		      struct arena *arena)
{
	const char *inside = NULL;
	for (size_t i = 0; i < count_params(b->strategy); i++) {
		const bool is_axis = axis->kind == AXIS_BATCH && i == param;
		const struct param *p = &b->strategy->params[i];
		inside = arena_print(arena, "%s%s%s=%s", inside ? inside : "", inside ? "," : "",
				     p->name,
				     param_text(p, is_axis ? (int64_t)x : b->params[i], arena));
		if (!inside)
			return NULL;
	}
	return arena_print(arena, "%s%s%s%s/j%u", b->strategy->name, inside ? "[" : "",
			   inside ? inside : "", inside ? "]" : "",
			   axis->kind == AXIS_JOBS ? (unsigned)x : b->jobs);
}
