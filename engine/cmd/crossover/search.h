/*
 * A search for the point where B begins to win: the request and the results.
 */
#ifndef ENGINE_CMD_CROSSOVER_SEARCH_H
#define ENGINE_CMD_CROSSOVER_SEARCH_H

#include "engine/cmd/crossover/axis.h"
#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/axes.h"
#include "engine/crossover/bisect.h"
#include "engine/host/topology.h"
#include "engine/json/json.h"
#include "engine/measure/verify/cache_state.h"
#include "engine/order.h"
#include "engine/result.h"

/* The measurement of both at one point. */
struct axis_point {
	uint64_t x, entries;
	enum status status;
	const char *reason; /* why there are no figures; NULL: there are figures */
	enum winner winner;
	struct estimate a, b;   /* ns per entry */
	struct estimate ratio;  /* B's time / A's, paired by round; wide enough for all tests at all
				   points together */
	uint32_t rounds, pairs; /* rounds measured; pairs of passes in the ratio */
	uint64_t spent_ns;
};

/* One filesystem in one cache state. */
struct series {
	struct lab_spec *spec; /* NULL: the trees are in --dir */
	enum cache_state state;
	const char *where; /* "ext4, warm" */
	struct fs_facts fs;
	struct bisect bisect;
	struct axis_point points[BISECT_POINTS_MAX]; /* in the order of measuring */
	size_t n;
	bool shortened; /* the requested upper end cannot be reached: bisect has another one */
	bool is_late;   /* time was up before the end */
	struct crossing crossing;
	const char *unlike; /* "access returns existence, lstat all"; NULL: both return the same */
	/* Answer: without filesystem, state and notes; sentence: with both. */
	const char *answer, *sentence;
};

struct search {
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

/* The confidence with which all intervals of one series hold at the same time. */
#define CROSSOVER_CONFIDENCE STATS_CONFIDENCE

/*
 * Measures A and B of a series at x, until it is certain which is faster, or until until_ns. *open
 * has the tree, which is used again if the axis allows it. If the point cannot be measured, this is
 * stored in it; an error is -EINTR, -ENOMEM or concerns all points.
 */
int point_measure(struct search *search, struct series *series, struct axes *open, uint64_t x,
		  uint64_t until_ns, struct axis_point *point, struct err *err);

/* The measurement at x; NULL: there is none. */
const struct axis_point *series_point(const struct series *series, uint64_t x);

/* Measures all series, until search->until_ns. -EINTR is not returned: is_interrupted is set. */
int search_run(struct search *search, struct err *err);

/*
 * search_word: sets answer and sentence of a series; false: out of memory. The next prints tables
 * with all results on stdout.
 */
bool search_word(const struct search *search, struct series *series);
int search_show(const struct search *search);

/* The document, statmark-crossover/1; NULL: out of memory. */
json_t *search_json(const struct search *search);

/* Draws the plot into out. Errors: those of bands_draw. */
int search_draw(const struct search *search, const struct outdir *out, uint64_t until_ns,
		struct err *err);

#endif
