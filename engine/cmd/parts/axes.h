/*
 * The targets of a run: every TREE of the command line, on every filesystem of --fs, in every size
 * of --entries, opened one after the other and measured together, as far as there is memory (struct
 * sitting). Those that are open are [first, n).
 */
#ifndef ENGINE_CMD_PARTS_AXES_H
#define ENGINE_CMD_PARTS_AXES_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/cmd/parts/subject.h"
#include "engine/lab/lab.h"
#include "engine/measure/run.h"

/*
 * A sitting: the trees that are in memory at the same time. Trees that are measured together, round
 * by round, are all in memory: the workload and the reference of each, its filesystem if that is
 * made for the run, and the kernel's caches of it. If they do not fit, the run has several
 * sittings: some trees are made, loaded, measured and released, then the next.
 */

/* Zeroed except for bound: empty. */
struct sitting {
	uint64_t bound; /* bytes */
	uint64_t used;  /* bytes, estimated */
	size_t n;       /* number of trees */
};

enum sitting_fit {
	SITTING_FITS,
	SITTING_LATER, /* it does not fit beside the trees of this sitting */
	SITTING_NEVER, /* it does not fit even alone */
};

/* The bound: `wanted`, or, if that is 0, three quarters of the available memory. */
uint64_t sitting_bound(uint64_t wanted, struct arena *arena);

/*
 * Adds a tree with that many entries to the sitting, if it fits. A tree alone may exceed the bound
 * in caches, which the kernel reclaims; then its passes read from disk.
 */
enum sitting_fit sitting_take(struct sitting *sitting, const struct lab_spec *spec,
			      uint64_t entries);

/* Bytes left. */
uint64_t sitting_left(const struct sitting *sitting);

/* The most entries that the next tree can have on an existing filesystem; it may be alone. */
uint64_t sitting_room(const struct sitting *sitting);

enum { AXES_MAX = 64 }; /* combinations */

struct axes {
	struct lab_spec **specs; /* of --fs; n_specs 0: trees are in --dir */
	size_t n_specs;
	struct subject *subjects;
	/* One for each subject; load is set when it is known what is measured. */
	struct target *targets;
	struct cache_control *controls; /* one for each target */
	const char **labels;            /* before numbers were added */
	struct sitting sitting;         /* the current one */
	uint32_t sittings;              /* number so far, including this one */
	size_t first, n, n_all;
};

struct axes_request {
	char **words; /* operands TREE; empty: the default */
	const struct tree_options *tree;
	const struct fs_options *fs;
	const char *skip_dir; /* directory of the results, left out of a tree that contains it */
	uint64_t share_ns;    /* time for loading all trees; 0: no limit */
	const struct cache_control *control;
	const struct progress *progress;
	struct arena *arena;
};

/*
 * Parses --fs and makes all checks that are possible before anything is made. With --fs the process
 * gets mounts of its own, so it must have only one thread (lab_enter). -EINVAL: an unknown
 * filesystem, too many combinations, or --fs for a tree that is only read.
 */
int axes_parse(struct axes *axes, char **words, const struct fs_options *options,
	       const struct tree_options *tree, const struct output_options *output,
	       struct arena *arena, struct err *err);

/* The number of combinations. */
size_t axes_count(const struct axes *axes, char **words, const struct fs_options *options);

/*
 * To be called after axes_parse: closes the open trees, then makes (if necessary) and loads the
 * next ones, as many as there is memory for, at least one. axes_close has to be called also after
 * an error.
 */
int axes_open(struct axes *axes, const struct axes_request *request, struct err *err);
bool axes_are_left(const struct axes *axes); /* there are trees still to be opened */
void axes_close(struct axes *axes);          /* accepts a zeroed one */

/* Duration of making trees, which is done once. */
uint64_t axes_made_ns(const struct axes *axes);

/* Adds the open trees and their filesystems to the document, as they are measured. 0 or -ENOMEM. */
int axes_describe(const struct axes *axes, enum order order, struct result *result);

#endif
