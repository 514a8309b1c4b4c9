/*
 * The tree that `run` measures: the operand TREE is parsed, the tree is made if necessary, loaded,
 * and described for the document.
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

/* The shape that word names (shape_load) with --entries and --seed applied, checked. */
int subject_shape(struct shape *shape, const char *word, const struct tree_options *options,
		  struct err *err);

struct subject {
	struct workload *load;  /* what is measured */
	struct workload *whole; /* of which it is a part; NULL: it is all */
	struct fs_facts fs;
	struct tree_facts tree;
	uint64_t fitted;          /* entries that there was time for; 0: not known yet */
	const char *whole_digest; /* of all of it, tree.digest before it was narrowed */
	uint64_t made_ns;         /* how long it took to make the tree, which is done once */
	struct sim *sim;          /* its server; NULL: none */
	const char *made;         /* how its filesystem was made; NULL: it was there */
	struct lab_fs *lab;       /* the filesystem that was made for it; NULL: none */
	enum status lacking;      /* it could not be made: skipped or failed, */
	const char *why;          /* for this reason; NULL: there is a tree */
};

#define SUBJECT_USUAL "source-tree" /* measured where nothing else is asked for */

struct subject_request {
	/* Name of a shape, path of a shape file or of a directory; NULL: the usual shape. */
	const char *word;
	const struct tree_options *options;
	const char *skip_dir; /* where the results go: left out of a tree in which it lies */
	/* Time to load the tree in; what was read by then is the tree (workload->is_partial); 0: no
	 * limit. */
	uint64_t share_ns;
	uint64_t entries_max; /* more of them are -E2BIG; 0: no limit */
	const struct progress *progress;
	struct arena *arena; /* of all strings */
};

/* What is wrong with the word is found without making or reading anything. */
int subject_check(const char *word, const struct tree_options *options, struct err *err);

/* Makes the tree if it has to be made, and loads it. A directory of others is only read. */
int subject_open(struct subject *subject, const struct subject_request *request, struct err *err);

/* Only loads it: made->root, or, where made is NULL, the directory request->word. */
int subject_load(struct subject *subject, const struct tree_info *made,
		 const struct subject_request *request, struct err *err);

/* Whether the word means a directory, and no shape. */
bool subject_is_directory(const char *word);

/* What is measured is only `part` of it, which the subject owns from now on. -ENOMEM. */
int subject_narrow(struct subject *subject, struct workload *part, uint64_t seed,
		   struct arena *arena);
void subject_close(struct subject *subject);

/* Another tree of the same shape beside the first, to measure on again: for struct contest. */
struct subject_again {
	const char *word;
	const struct tree_options *options;
	const struct progress *progress;
	struct arena *arena;
	/* Filled by subject_again. */
	struct subject subject;
	char dir[PATH_MAX]; /* holds the tree's container and nothing else */
};

int subject_again(void *again, const struct workload **load, struct err *err);
void subject_again_drop(void *again); /* removes it; also what was only partly made */

#endif
