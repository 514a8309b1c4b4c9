/*
 * What a run measures on: every TREE of the command line, on every filesystem of --fs, in every
 * size of --entries, opened one after the other and measured together, as far as memory goes
 * (struct sitting): those that are open are [first, n).
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
 * A sitting: the trees that are in memory at the same time. Trees that are measured round by round
 * side by side are all in memory: the workload and the reference of each, its filesystem if that is
 * made for the run, and the kernel's caches of it. If they do not fit, the run has several
 * sittings: some trees are made, loaded, measured and released, then the next.
 */

/* Zeroed but for bound: nothing is held yet. */
struct sitting {
	uint64_t bound; /* bytes */
	uint64_t used;  /* bytes, as they were estimated */
	size_t n;       /* trees */
};

enum sitting_fit {
	SITTING_FITS,
	SITTING_LATER, /* not beside those that are held already */
	SITTING_NEVER, /* not even alone */
};

/* wanted, or, where that is 0, three quarters of what is available. */
uint64_t sitting_bound(uint64_t wanted, struct arena *arena);

/*
 * Counts a tree of so many entries in, if it fits. Alone it may take more than the bound in caches,
 * which the kernel gives back; what is read from disk then is seen in its passes.
 */
enum sitting_fit sitting_take(struct sitting *sitting, const struct lab_spec *spec,
			      uint64_t entries);

/* Bytes beside what was counted. */
uint64_t sitting_left(const struct sitting *sitting);

/* How many entries the next tree may have, at most, on what is there already; it may be alone. */
uint64_t sitting_room(const struct sitting *sitting);

enum { AXES_MAX = 64 }; /* combinations */

struct axes {
	struct lab_spec **specs; /* of --fs; n_specs 0: trees lie in --dir */
	size_t n_specs;
	struct subject *subjects;
	struct target *targets; /* of the subjects; load follows when it is known what fits */
	struct cache_control *controls; /* of the targets */
	const char **labels;            /* before they were numbered */
	struct sitting sitting;         /* what is held now */
	uint32_t sittings;              /* so far, this one included */
	size_t first, n, n_all;
};

struct axes_request {
	char **words; /* trees; without any: the usual one */
	const struct tree_options *tree;
	const struct fs_options *fs;
	const char *skip_dir; /* where the results go: left out of a tree in which it lies */
	uint64_t share_ns;    /* time to load all trees in; 0: no limit */
	const struct cache_control *control;
	const struct progress *progress;
	struct arena *arena;
};

/*
 * Reads --fs, and finds what can be found wrong before anything is made; with --fs the process gets
 * mounts of its own, which takes that it has one thread (lab_enter). -EINVAL: an unknown
 * filesystem, too many combinations, or --fs for a tree that is only read.
 */
int axes_parse(struct axes *axes, char **words, const struct fs_options *options,
	       const struct tree_options *tree, const struct output_options *output,
	       struct arena *arena, struct err *err);

/* How many trees that makes. */
size_t axes_count(const struct axes *axes, char **words, const struct fs_options *options);

/*
 * After axes_parse: what was open is closed; then what comes next is made, if it has to be, and
 * loaded, as far as memory goes, one at least. axes_close also after an error.
 */
int axes_open(struct axes *axes, const struct axes_request *request, struct err *err);
bool axes_are_left(const struct axes *axes); /* to be opened after those that are open */
void axes_close(struct axes *axes);          /* accepts a zeroed one */

/* How long it took to make trees, which is done once. */
uint64_t axes_made_ns(const struct axes *axes);

/* Adds the open trees and their filesystems to the document, as they are measured. -ENOMEM. */
int axes_describe(const struct axes *axes, enum order order, struct result *result);

#endif
