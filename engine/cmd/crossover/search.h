/* A search for the point where B begins to win: what was asked for, and what is found. */
#ifndef ENGINE_CMD_CROSSOVER_SEARCH_H
#define ENGINE_CMD_CROSSOVER_SEARCH_H

#include "engine/cmd/crossover/axis.h"
#include "engine/cmd/crossover/bisect.h"
#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/axes.h"
#include "engine/host/topology.h"
#include "engine/json/json.h"
#include "engine/measure/verify/cache_state.h"
#include "engine/order.h"
#include "engine/result.h"

/* Both measured at one point. */
struct axis_point {
	uint64_t x, entries;
	enum status status;
	const char *reason; /* why there are no figures; NULL: there are */
	enum winner winner;
	struct estimate a, b;   /* ns per entry */
	struct estimate ratio;  /* B's time over A's, paired by round; wide enough for every look at
				 * every point together */
	uint32_t rounds, pairs; /* measured; pairs of passes that the ratio is of */
	uint64_t spent_ns;
};

/* One filesystem in one cache state. */
struct series {
	struct lab_spec *spec; /* NULL: the trees lie in --dir */
	enum cache_state state;
	const char *where; /* "ext4, warm" */
	struct fs_facts fs;
	struct bisect bisect;
	struct axis_point points[BISECT_POINTS_MAX]; /* in the order of measuring */
	size_t n;
	bool shortened; /* the far end that was asked for is out of reach: bisect has another */
	bool is_late;   /* the time was up first */
	struct crossing crossing;
	const char *unlike; /* "access returns existence, lstat all"; NULL: both answer the same */
	const char *answer, *sentence; /* without where, and what is to be known; with both */
};

struct search {
	struct crossover_command options;
	char **words; /* TREE, or none */
	struct axis axis;
	uint64_t from, to;
	double resolution;
	struct arena *arena; /* of all text */
	struct topology *topology;
	struct arms arms;
	struct cell_spec a, b; /* b as it is but for what the axis changes */
	const char *a_item, *a_name, *b_name;
	size_t param; /* of b, that the axis changes */
	unsigned states;
	enum order order;
	uint64_t seed;
	struct axes axes; /* all of --fs; no tree of it is opened */
	struct cache_control control;
	struct series *series;
	size_t n;
	uint64_t until_ns; /* all measuring ends */
	const struct progress *progress;
	bool is_interrupted;
	struct host_facts host;
	struct tool_facts tool;
	const char *started;
};

/* The confidence that all intervals of one series hold together. */
#define CROSSOVER_CONFIDENCE STATS_CONFIDENCE

/*
 * Measures A and B of a series at x, until it is sure which is faster or it is until_ns; *open
 * holds the tree, which is used again where the axis allows it. What cannot be measured is in the
 * point; an error is -EINTR, -ENOMEM or what concerns all points.
 */
int point_measure(struct search *search, struct series *series, struct axes *open, uint64_t x,
		  uint64_t until_ns, struct axis_point *point, struct err *err);

/* What was measured at x; NULL: nothing. */
const struct axis_point *series_point(const struct series *series, uint64_t x);

/* Measures all series, until search->until_ns. -EINTR is no error: is_interrupted says it. */
int search_run(struct search *search, struct err *err);

/* Answer and sentence of a series (false: out of memory), and tables with all, on stdout. */
bool search_word(const struct search *search, struct series *series);
int search_show(const struct search *search);

/* The document, statmark-crossover/1; NULL: out of memory. */
json_t *search_json(const struct search *search);

/* The plot in --output. Errors: those of bands_draw. */
int search_draw(const struct search *search, const struct outdir *out, uint64_t until_ns,
		struct err *err);

#endif
