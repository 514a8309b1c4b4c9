/*
 * Prepares the tree that `run` measures: parses the operand TREE, makes the tree if necessary,
 * loads it, and describes it for the document.
 */
#ifndef ENGINE_CMD_PARTS_SUBJECT_H
#define ENGINE_CMD_PARTS_SUBJECT_H

#include <limits.h>

#include "engine/base/progress.h"
#include "engine/cmd/line/options.h"
#include "engine/result.h"
#include "engine/workload.h"

struct lab_fs;
struct shape;
struct sim;
struct tree_info;

/* Loads the shape that word names (shape_load), applies --entries and --seed, and checks it. */
int subject_shape(struct shape *shape, const char *word, const struct tree_options *options,
		  struct err *err);

struct subject {
	struct workload *load;  /* to be measured */
	struct workload *whole; /* of which load is a part; NULL: load is the whole */
	struct fs_facts fs;
	struct tree_facts tree;
	uint64_t fitted;          /* entries that can be measured in time; 0: not known yet */
	const char *whole_digest; /* of the whole tree: tree.digest before it was narrowed */
	uint64_t made_ns;         /* duration of making the tree, which is done once */
	struct sim *sim;          /* its server; NULL: none */
	const char *made;         /* how its filesystem was made; NULL: it existed */
	struct lab_fs *lab;       /* the filesystem that was made for it; NULL: none */
	enum status lacking;      /* it could not be made: skipped or failed, */
	const char *why;          /* and the reason; NULL: there is a tree */
};

#define SUBJECT_USUAL "source-tree" /* the default */

struct subject_request {
	/* Name of a shape, path of a shape file or of a directory; NULL: the default shape. */
	const char *word;
	const struct tree_options *options;
	const char *skip_dir; /* directory of the results, left out of a tree that contains it */
	/*
	 * Time for loading the tree; when it is up, the tree is what was read
	 * (workload->is_partial); 0: no limit.
	 */
	uint64_t share_ns;
	uint64_t entries_max; /* more are -E2BIG; 0: no limit */
	const struct progress *progress;
	struct arena *arena; /* for all strings */
};

/* Finds errors in the word without making or reading a tree. */
int subject_check(const char *word, const struct tree_options *options, struct err *err);

/* Makes the tree if necessary, and loads it. A directory not made by statmark is only read. */
int subject_open(struct subject *subject, const struct subject_request *request, struct err *err);

/* Only loads a tree: made->root, or, if made is NULL, the directory request->word. */
int subject_load(struct subject *subject, const struct tree_info *made,
		 const struct subject_request *request, struct err *err);

/* Whether the word means a directory, not a shape. */
bool subject_is_directory(const char *word);

/* Restricts the measurement to `part` of the tree; the subject takes over part. 0 or -ENOMEM. */
int subject_narrow(struct subject *subject, struct workload *part, uint64_t seed,
		   struct arena *arena);
void subject_close(struct subject *subject);

/* Another tree of the same shape beside the first, for the second measurement of struct comparison.
 */
struct subject_again {
	const char *word;
	const struct tree_options *options;
	const struct progress *progress;
	struct arena *arena;
	/* Set by subject_again. */
	struct subject subject;
	char dir[PATH_MAX]; /* contains only the tree's container */
};

int subject_again(void *again, const struct workload **load, struct err *err);
void subject_again_drop(void *again); /* removes it, also if it is incomplete */

#endif
