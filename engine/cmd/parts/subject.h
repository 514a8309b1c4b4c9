/*
 * What `run` measures: the operand TREE understood, the tree made if it has to be, loaded, and
 * described for the document.
 */
#ifndef ENGINE_CMD_PARTS_SUBJECT_H
#define ENGINE_CMD_PARTS_SUBJECT_H

#include <limits.h>

#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"
#include "engine/result.h"
#include "engine/workload.h"

struct shape;

/* The shape that word names (shape_load) with --entries and --seed applied, checked. */
int subject_shape(struct shape *shape, const char *word, const struct options *options,
		  struct err *err);

struct subject {
	struct workload *load;  /* what is measured */
	struct workload *whole; /* of which it is a part; NULL: it is all */
	struct fs_facts fs;
	struct tree_facts tree;
	uint64_t made_ns; /* how long it took to make the tree, which is done once */
};

#define SUBJECT_USUAL "source-tree" /* measured where nothing else is asked for */

/*
 * word: name of a shape, path of a shape file or of a directory; NULL: the usual shape. Strings go
 * to the arena. A directory that statmark did not make is only read. skip_dir, where the results
 * go, is left out if it lies inside. share_ns: time to load it in; what was read by then is the
 * tree (workload->is_partial); 0: no limit.
 */
int subject_open(struct subject *subject, const char *word, const struct options *options,
		 const char *skip_dir, uint64_t share_ns, const struct progress *progress,
		 struct arena *arena, struct err *err);

/* What is measured is only `part` of it, which the subject owns from now on. -ENOMEM. */
int subject_narrow(struct subject *subject, struct workload *part, uint64_t seed,
		   struct arena *arena);
void subject_close(struct subject *subject);

/* Another tree of the same shape beside the first, to measure on again: for struct contest. */
struct subject_again {
	const char *word;
	const struct options *options;
	const struct progress *progress;
	struct arena *arena;
	/* Filled by subject_again. */
	struct subject subject;
	char dir[PATH_MAX]; /* holds the tree's container and nothing else */
};

int subject_again(void *again, const struct workload **load, struct err *err);
void subject_again_drop(void *again); /* removes it; also what was only partly made */

#endif
