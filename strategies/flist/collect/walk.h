/*
 * The state of a walk: what its jobs share, the private state of each job, and how failures are
 * recorded. It is used both to walk a tree and to fetch the metadata of a list later.
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
#include "strategies/flist/extra/extra.h"
#include "strategies/flist/list/block.h"
#include "strategies/flist/list/list.h"
#include "strategies/flist/names/names.h"
#include "strategies/flist/names/reader.h"
#include "strategies/flist/tasks.h"

/*
 * Measures whether calls wait for a network, a disk or another process. This is measured while a
 * job works and not derived from the type of the filesystem: an NFS server may be fast, a local
 * disk may be slow. The clock is read a few times per directory, not for each entry.
 *
 * One slow measurement may also mean that the job waited for a CPU, so it takes two in a row. One
 * fast measurement of calls that fetch metadata resets the count.
 */

enum {
	FLIST_CALL_WAITS = 50 * 1000, /* ns; a cached call takes 1 us, waking a thread 50 us */
	FLIST_PACE_SURE = 2,          /* number of slow measurements in a row */
};

/* Of one job. All zero: no slow call has been measured. */
struct flist_pace {
	uint64_t since; /* ns: when the current measurement began */
	unsigned slow;  /* slow measurements in a row, up to FLIST_PACE_SURE */
};

static inline void flist_pace_begin(struct flist_pace *pace)
{
	pace->since = flist_clock();
}

/*
 * Ends a measurement of `calls` calls and begins the next one. asking: the calls fetched metadata.
 * Only those can show that calls do not wait, since a directory may be cached while the inodes of
 * its entries are not. Returns the time, ns.
 */
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
	FLIST_TASK_BATCH, /* names of a large directory, one buffer */
	FLIST_TASK_SHARE, /* names of one directory, fetched by several jobs */
};

/* A directory to enter. */
struct flist_visit {
	struct flist_task task; /* first, so that a task is cast to its visit */
	struct flist_big *big;  /* NULL: one buffer holds all its names */
	struct flist_node node;
};

/* What one job has for itself, on cache lines of its own. */
struct flist_walker {
	struct flist_walk *walk;
	unsigned index;
	struct flist_arena nodes, blocks;
	struct flist_names names;
	struct flist_block_builder builder;
	struct flist_dirstack stack;       /* the current directory */
	struct flist_pace pace;            /* of this job's calls */
	struct flist_asker *asker;         /* NULL: the walk fetches no extra fields */
	struct flist_recent_extras recent; /* copies extra fields from the asker to the list */
	struct flist_task *next; /* task that this job does next; NULL: one of walk->tasks */
	struct flist_failure_node *noted; /* failures of this job, the newest first */
	size_t length, path_most;         /* as in struct flist_list, of this job's entries */
	size_t by_tables;                 /* entries of `length` that were read from tables */
	struct flist_bulk_reader *reader;
	bool has_numbers;            /* the current names are fetched by flist_bulk_ask_inode */
	struct flist_buffer *buffer; /* for the next directory to be read; NULL: not allocated */
	struct flist_big *bigs;      /* large directories that this job has read, linked by next */
} __attribute__((aligned(128)));

struct flist_walk {
	const struct flist_collect_options *options;
	const char *root_path;
	uint32_t fields; /* enum flist_field: what to fetch */
	uint32_t extra;  /* enum flist_extra_field, likewise */
	bool kept;       /* the walk makes a list */
	struct flist_opener opener;
	struct flist_bulk *bulk; /* NULL: tables are not read */
	const char *why_not;     /* with FLIST_BULK: the reason for that */
	uint64_t root_dev;
	struct flist_tasks *tasks;
	_Atomic size_t shared; /* number of names in shares that no job has taken */
	struct flist_visit *root;
	_Atomic int error; /* 0, or what ended the walk early, as the public function returns it */
	struct flist_adapt adapt;       /* all zero: the caller has chosen the number of jobs */
	unsigned jobs;                  /* maximum number */
	struct flist_walker *walkers[]; /* by job; NULL: the job has not begun */
};

/*
 * Makes a walk and opens the root. The walk keeps the pointers root and options, which stay the
 * caller's. kept: the walk makes a list. Errors: those of open(2) and fstat(2), -ENOTDIR, -ENOMEM.
 */
int flist_walk_new(struct flist_walk **walk, const char *root,
		   const struct flist_collect_options *options, bool kept);
void flist_walk_free(struct flist_walk *walk); /* accepts NULL */

/*
 * Returns the state of a job, and makes it when the job begins. NULL: out of memory; then the other
 * jobs do the work. Not for job 0, whose state flist_walk_new has made.
 */
struct flist_walker *flist_walker_begin(struct flist_walk *walk, unsigned index);

/*
 * Calls job(arg, i) in each job and returns when all have ended. 0, or the error of the caller's
 * pool.
 */
int flist_walk_run(struct flist_walk *walk, flist_job *job, void *arg);

/* Adds n tasks to the job's stack, as flist_tasks_add; starts allowed threads for them. */
void flist_walk_add(struct flist_walker *w, struct flist_task *newest, unsigned n);

/* Walks the tree. Nodes, blocks and failures stay in the walk. 0, or what ended it. */
int flist_walk_tree(struct flist_walk *walk);

static inline bool flist_walk_has(const struct flist_walk *walk, enum flist_flag flag)
{
	return walk->options->flags & (unsigned)flag;
}

static inline bool flist_walk_orders(const struct flist_walk *walk, enum flist_walk_order order)
{
	return walk->options->order & (uint64_t)order;
}

/* The number of jobs that may work now. */
static inline unsigned flist_walk_jobs(const struct flist_walk *walk)
{
	return flist_adapt_is_on(&walk->adapt)
		       ? atomic_load_explicit(&walk->adapt.jobs, memory_order_relaxed)
		       : walk->jobs;
}

/* The number of jobs that work now: they may, and their threads have been started. */
static inline unsigned flist_walk_working(const struct flist_walk *walk)
{
	return flist_adapt_is_on(&walk->adapt) ? flist_adapt_working(&walk->adapt) : walk->jobs;
}

/* Ends the walk with an error. If it is called again, the first error counts. */
void flist_walk_stop(struct flist_walk *walk, int error);

bool flist_walk_cancelled(struct flist_walk *walk); /* if so, ends the walk with -ECANCELED */

/*
 * Whether the walk is to end. It is tested for every entry, so it only reads one or two variables.
 */
static inline bool flist_walk_stopped(struct flist_walk *walk)
{
	return atomic_load_explicit(&walk->error, memory_order_relaxed) ||
	       (walk->options->cancel && flist_walk_cancelled(walk));
}

/*
 * Fetches metadata of a name relative to dirfd, as flist_ask does. With FLIST_FOLLOW, the metadata
 * of a dangling link, or of one in a loop of links, is that of the link itself.
 */
int flist_walk_ask(const struct flist_walk *walk, int dirfd, const char *name, uint32_t fields,
		   struct flist_meta *meta);

/*
 * Moves the memory and the failures of all jobs to a list. -ENOMEM: the failures are in
 * list->noted, and flist_list_failures does not return them until flist_list_settle has succeeded.
 */
int flist_walk_pass(struct flist_walk *walk, struct flist_list *list);

/*
 * Records a failure of a path relative to the root, and calls the caller's `failed`. error: errno,
 * positive. 0 or -ENOMEM. ENOMEM is not recorded: it ends the walk, whatever ran out of memory.
 */
int flist_walker_fail(struct flist_walker *w, const char *path, enum flist_step step, int error);

/*
 * Returns the path of an entry of the job's current directory, or with NULL that of the directory.
 * It is valid until the job changes its path.
 */
const char *flist_walker_path(struct flist_walker *w, const struct flist_node *node,
			      const char *name);

/*
 * Ends a measurement of `calls` calls, as flist_pace_measure does, counts them, and evaluates the
 * number of jobs if that is due.
 */
void flist_walker_measure(struct flist_walker *w, size_t calls, bool asking);

/* Adds the entries of a complete block to length and path_most. */
void flist_walker_count(struct flist_walker *w, const struct flist_block *block);

#endif
