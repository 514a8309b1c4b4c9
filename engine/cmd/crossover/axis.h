/* What --over goes along: how far, in which words, and what a point on it changes. */
#ifndef ENGINE_CMD_CROSSOVER_AXIS_H
#define ENGINE_CMD_CROSSOVER_AXIS_H

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/cmd/line/options.h"
#include "engine/measure/choose/select.h"

enum axis_kind {
	AXIS_ENTRIES,
	AXIS_JOBS,
	AXIS_DEPTH,
	AXIS_NAME_LENGTH,
	AXIS_BATCH,
	AXIS_RTT,
	AXES,
};

struct axis {
	enum axis_kind kind;
	const char *name;
	uint64_t least, most; /* that may be asked for */
	uint64_t from, to;    /* unless --from and --to say */
	uint64_t entries;     /* of the tree, unless --entries says; 0: that is the axis itself */
	const char *shape;    /* where no TREE is given */
	const char *label;    /* of the axis, in a plot */
	const char *title;    /* of its column */
	const char *before, *unit; /* in a sentence: "names of 12 bytes" */
	bool is_time;              /* ns */
	bool same_tree;            /* one tree serves all points */
	bool grows;                /* a pass takes about as much longer as x is larger */
};

/* -EINVAL, with the nearest name. */
int axis_find(struct axis *axis, const char *word, struct err *err);

/* A value of --from or --to, called `option` in messages. */
int axis_read(const struct axis *axis, const char *option, const char *text, uint64_t *x,
	      struct err *err);

/* "480 entries", "names of 12 bytes", "240 us"; and the number alone. */
const char *axis_words(const struct axis *axis, struct arena *arena, double x);
const char *axis_number(const struct axis *axis, struct arena *arena, double x);

/*
 * Over batches: which of B's parameters it is, *param, and what it may be, into axis->least and
 * most. -EINVAL names those that it has.
 */
int axis_find_batch(struct axis *axis, const struct cell_spec *b, size_t *param,
		    struct arena *arena, struct err *err);

/* The tree of a point: options that make it. */
void axis_set_tree(const struct axis *axis, uint64_t x, struct crossover_command *options);

/* B at a point, as select_cells reads it. NULL: out of memory. */
const char *axis_cell(const struct axis *axis, const struct cell_spec *b, size_t param, uint64_t x,
		      struct arena *arena);

#endif
