/*
 * The axis of --over: its range, its names in messages and tables, and what differs between its
 * points.
 */
#ifndef ENGINE_CMD_CROSSOVER_AXIS_H
#define ENGINE_CMD_CROSSOVER_AXIS_H

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/cmd/line/options.h"
#include "engine/measure/choose/select.h"
#include "engine/terms.h"

struct axis {
	enum axis_kind kind;
	const char *name;     /* axis_kind_name */
	uint64_t least, most; /* range of valid values */
	uint64_t from, to;    /* defaults of --from and --to */
	uint64_t entries;     /* of the tree, without --entries; 0: entries are the axis itself */
	const char *shape;    /* used without TREE */
	const char *label;    /* of the axis, in a plot */
	const char *title;    /* of its column in tables */
	const char *before, *unit; /* in a sentence: "names of 12 bytes" */
	bool is_time;              /* ns */
	bool same_tree;            /* all points use the same tree */
	bool grows;                /* the duration of a pass is about proportional to x */
};

void axis_take(struct axis *axis, enum axis_kind kind);

/* Parses a value of --from or --to; `option` is its name in messages. */
int axis_read(const struct axis *axis, const char *option, const char *text, uint64_t *x,
	      struct err *err);

/* "480 entries", "names of 12 bytes", "240 us"; and the number alone. In the arena. */
const char *axis_words(const struct axis *axis, struct arena *arena, double x);
const char *axis_number(const struct axis *axis, struct arena *arena, double x);

/*
 * For batches: sets *param to the parameter of B on the axis, and its range in axis->least and
 * most. -EINVAL: the message lists B's parameters.
 */
int axis_find_batch(struct axis *axis, const struct cell_spec *b, size_t *param,
		    struct arena *arena, struct err *err);

/* Sets the options that make the tree of a point. */
void axis_set_tree(const struct axis *axis, uint64_t x, struct crossover_command *options);

/* B at a point, in the form for select_cells. NULL: out of memory. */
const char *axis_cell(const struct axis *axis, const struct cell_spec *b, size_t param, uint64_t x,
		      struct arena *arena);

#endif
