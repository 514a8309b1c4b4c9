/*
 * A walk under way: what all its jobs share, what each has for itself, and what is done with
 * failures and answers, whether a tree is walked or its list is gone through once more.
 */
#ifndef FLIST_COLLECT_WALK_H
#define FLIST_COLLECT_WALK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/adapt.h"
#include "strategies/flist/clock.h"
#include "strategies/flist/collect/dirstack.h"
#include "strategies/flist/collect/names.h"
#include "strategies/flist/collect/reader.h"
#include "strategies/flist/extra/extra.h"
#include "strategies/flist/list/block.h"
#include "strategies/flist/list/list.h"
#include "strategies/flist/tasks.h"

/*
 * Whether calls wait: for a network, a disk or another process. It is measured while a job walks,
 * not concluded from the filesystem's name: an NFS server may be fast, a local disk may not. The
 * clock is read a few times in a directory, never for each entry.
 *
 * One slow measurement may be a job that had to wait for a CPU, so it takes two in turn. One fast
 * measurement of questions is enough to go back.
 */

enum {
	FLIST_CALL_WAITS = 50 * 1000, /* ns: a call from a cache takes 1 us, waking a thread 50 */
	FLIST_PACE_SURE = 2,          /* slow measurements, one after the other */
};

/* Of a job; all zero: fast as far as it knows. */
struct flist_pace {
	uint64_t since; /* ns: when the calls began that are measured next */
	unsigned slow;  /* measurements in turn, up to FLIST_PACE_SURE */
};

static inline void flist_pace_begin(struct flist_pace *pace)
{
	pace->since = flist_clock();
}

/* So many calls were made since the last measurement; only those that ask show that calls do not
 * wait, since a directory may be cached where its entries are not. Returns the time, ns. */
static inline uint64_t flist_pace_measure(struct flist_pace *pace, size_t calls, bool asking)
{
	const uint64_t now = flist_clock();
	if (now - pace->since > calls * FLIST_CALL_WAITS)
		pace->slow += pace->slow < FLIST_PACE_SURE;
	else if (asking)
		pace->slow = 0;
	pace->since = now;
	return now;
}

static inline bool flist_pace_waits(const struct flist_pace *pace)
{
	return pace->slow >= FLIST_PACE_SURE;
}

enum flist_task_kind {
	FLIST_TASK_ENTER, /* a directory */
	FLIST_TASK_BATCH, /* a buffer of names of a large one */
	FLIST_TASK_SHARE, /* names of one that several ask for */
};

/* A directory that is to be entered. */
struct flist_visit {
	struct flist_task task; /* first: the task is the visit */
	struct flist_big *big;  /* NULL: one buffer holds its names */
	struct flist_node node;
};

/* What a job has for itself, on cache lines of its own. */
struct flist_walker {
	struct flist_walk *walk;
	unsigned index;
	struct flist_arena nodes, blocks;
	struct flist_names names;
	struct flist_maker maker;
	struct flist_dirstack stack; /* to the directory it is in */
	struct flist_pace pace;      /* of the calls that it makes */
	struct flist_asker *asker;   /* NULL: nothing extra is asked */
	struct flist_keeper keeper;  /* of what it has answered */
	struct flist_task *next;     /* what it goes on with; NULL: what is to be done next */
	struct flist_noted *noted;   /* failures, the newest first */
	size_t length, path_most;    /* as of a list, for what it found */
	size_t by_tables;            /* of length */
	struct flist_bulk_reader *reader;
	bool has_numbers; /* the names at hand are asked for by them: flist_bulk_ask_number */
	struct flist_buffer *buffer; /* to read the next directory into */
	struct flist_big *bigs;      /* large directories that it found, linked by next */
} __attribute__((aligned(128)));

struct flist_walk {
	const struct flist_collect_options *options;
	const char *root_path;
	uint32_t fields; /* what to ask for */
	uint32_t extra;  /* and beside it */
	bool kept;       /* in a list */
	struct flist_opener opener;
	struct flist_bulk *bulk; /* NULL: all is asked by calls, */
	const char *why_not;     /* although it was to be otherwise */
	uint64_t root_dev;
	struct flist_tasks *tasks;
	struct flist_visit *root;
	_Atomic int error;        /* what ends the walk before its time, as the call returns it */
	struct flist_adapt adapt; /* all zero: the number of jobs is given */
	unsigned jobs;            /* at most */
	struct flist_walker *walkers[]; /* of jobs that have begun; else NULL */
};

/* Opens the root; options stay the caller's. Errors: those of opening it, -ENOTDIR, -ENOMEM. */
int flist_walk_new(struct flist_walk **walk, const char *root,
		   const struct flist_collect_options *options, bool kept);
void flist_walk_free(struct flist_walk *walk); /* accepts NULL */

/* For a job to begin with; NULL: out of memory, and others have to do it. Not of job 0. */
struct flist_walker *flist_walker_begin(struct flist_walk *walk, unsigned index);

/* Has all jobs do this. 0, or the error of the caller's pool. */
int flist_walk_run(struct flist_walk *walk, flist_job *job, void *arg);

/* Walks the tree: leaves nodes, memory and failures in the walk. 0, or what ended it. */
int flist_walk_tree(struct flist_walk *walk);

static inline bool flist_walk_has(const struct flist_walk *walk, enum flist_flag flag)
{
	return walk->options->flags & (unsigned)flag;
}

static inline bool flist_walk_orders(const struct flist_walk *walk, enum flist_walk_order order)
{
	return walk->options->order & (uint64_t)order;
}

/* How many jobs are at it now. */
static inline unsigned flist_walk_jobs(const struct flist_walk *walk)
{
	return flist_adapt_is_on(&walk->adapt)
		       ? atomic_load_explicit(&walk->adapt.jobs, memory_order_relaxed)
		       : walk->jobs;
}

/* Ends the walk with an error; the first one counts. */
void flist_walk_stop(struct flist_walk *walk, int error);

bool flist_walk_cancelled(struct flist_walk *walk); /* and if so, stopped */

/* Whether it is to end: a look at a flag or two, for every entry. */
static inline bool flist_walk_stopped(struct flist_walk *walk)
{
	return atomic_load_explicit(&walk->error, memory_order_relaxed) ||
	       (walk->options->cancel && flist_walk_cancelled(walk));
}

/*
 * Metadata of a name on its directory's descriptor. Where links are followed, one that leads
 * nowhere is answered with its own.
 */
int flist_walk_ask(const struct flist_walk *walk, int dirfd, const char *name, uint32_t fields,
		   struct flist_meta *meta);

/*
 * Passes memory and failures of all walkers to a list. -ENOMEM: the failures are the list's, but
 * not among those that can be asked for yet; flist_list_settle tries again.
 */
int flist_walk_pass(struct flist_walk *walk, struct flist_list *list);

/*
 * What could not be done with a path below the root. 0, or -ENOMEM: that is no failure, but the
 * end of the walk, whoever ran out of memory.
 */
int flist_walker_fail(struct flist_walker *w, const char *path, enum flist_step step, int error);

/* The walker's path with a name in its directory added, or the directory's itself (NULL). */
const char *flist_walker_path(struct flist_walker *w, const struct flist_node *node,
			      const char *name);

/* So many calls, since the last time, were questions or led to a directory's names. */
void flist_walker_measure(struct flist_walker *w, size_t calls, bool asking);

/* A block of its own is complete as a list sees it. */
void flist_walker_note(struct flist_walker *w, const struct flist_block *block);

/*
 * Grows *array to hold at least `need` items of `size` bytes, doubling *room. 0 or -ENOMEM, with
 * the array as it was.
 */
int flist_grow(void *array, size_t *room, size_t need, size_t size);

#endif
