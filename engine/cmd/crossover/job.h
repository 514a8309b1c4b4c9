/*
 * The request and the results of statmark crossover: a search for each filesystem and cache state.
 */
#ifndef ENGINE_CMD_CROSSOVER_JOB_H
#define ENGINE_CMD_CROSSOVER_JOB_H

#include "engine/cmd/crossover/axis.h"
#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/axes.h"
#include "engine/crossover/search.h"
#include "engine/host/topology.h"
#include "engine/json/json.h"
#include "engine/measure/verify/cache_state.h"
#include "engine/order.h"
#include "engine/result.h"

/* One filesystem in one cache state. */
struct series {
	struct lab_spec *spec; /* NULL: the trees are in --dir */
	enum cache_state state;
	const char *where; /* "ext4, warm" */
	struct fs_facts fs;
	struct search search;
	const char *unlike; /* "access returns existence, lstat all"; NULL: both return the same */
	/* Answer: without filesystem, state and notes; sentence: with both. */
	const char *answer, *sentence;
};

struct crossover_job {
	struct crossover_command options;
	char **words; /* the operands TREE; may be empty */
	struct axis axis;
	uint64_t from, to;
	double resolution;
	struct arena *arena; /* of all strings */
	struct topology *topology;
	struct arms arms;
	struct cell_spec a, b; /* b without the value on the axis */
	const char *a_item, *a_name, *b_name;
	size_t param; /* index of b's parameter on the axis */
	unsigned states;
	enum order order;
	uint64_t seed;
	struct axes axes; /* all filesystems of --fs; no tree of these axes is opened */
	struct cache_control control;
	struct series *series;
	size_t n;
	uint64_t until_ns; /* end of all measuring */
	const struct progress *progress;
	bool is_interrupted;
	struct host_facts host;
	struct tool_facts tool;
	const char *started;
};

/*
 * Measures A and B of a series at x, until it is certain which is faster, or until until_ns. *open
 * has the tree, which is used again if the axis allows it. If the point cannot be measured, this is
 * stored in it; an error is -EINTR, -ENOMEM or concerns all points.
 */
int crossover_measure_point(struct crossover_job *job, struct series *series, struct axes *open,
			    uint64_t x, uint64_t until_ns, struct axis_point *point,
			    struct err *err);

/* Measures all series, until job->until_ns. -EINTR is not returned: is_interrupted is set. */
int crossover_measure(struct crossover_job *job, struct err *err);

/*
 * crossover_word: sets answer and sentence of a series; false: out of memory. The next prints
 * tables with all results on stdout.
 */
bool crossover_word(const struct crossover_job *job, struct series *series);
int crossover_show(const struct crossover_job *job);

/* The document, statmark-crossover/1; NULL: out of memory. */
json_t *crossover_json(const struct crossover_job *job);

/* Draws the plot into out. Errors: those of bands_draw. */
int crossover_draw(const struct crossover_job *job, const struct outdir *out, uint64_t until_ns,
		   struct err *err);

#endif
