/*
 * Lets several jobs fetch the names of one directory when calls wait. The job that has read the
 * directory adds a task for this. An idle job that takes the task adds it again, so that another
 * one can take it, opens the directory for itself and fetches names, too. Each job takes several
 * names at a time, fewer and fewer, so that all end at about the same time. Sub-directories are
 * fetched first, and each may be entered as soon as its metadata has been fetched.
 *
 * The job that has read the directory does not depend on the others: it fetches names by its own
 * descriptor until none is left. A job that cannot open the directory, or finds another directory
 * at its path, takes no part. The results become one block in the order of the names, as if one job
 * had fetched them all. So a share is also used by a job alone, to fetch names in another order
 * than that of the list (FLIST_BY_INODE).
 */
#ifndef FLIST_COLLECT_SHARE_H
#define FLIST_COLLECT_SHARE_H

#include "strategies/flist/collect/walk.h"

struct flist_answers;

struct flist_share {
	struct flist_task task; /* first; with it another job joins */
	struct flist_visit *visit;
	struct flist_answers *answers; /* results by name; NULL: all were fetched and used */
	bool invites;                  /* other jobs may join */
	size_t n;
	uint64_t dev; /* of the directory: other jobs must find the same one, */
	uint64_t ino;
	_Atomic unsigned holders; /* references: jobs that work on it, and the task */
	_Atomic size_t next;      /* index of the next name to take */
	_Atomic size_t missing;   /* number of names not yet fetched */
	_Atomic int shut;         /* nonzero: no other job may join */
};

/*
 * Makes a share of a copy of the job's names, which are those of the directory dirfd. invites: adds
 * the task with which other jobs join. The caller has a reference, which flist_share_release
 * releases. NULL: out of memory, or fstat(2) failed; the names are unchanged.
 */
struct flist_share *flist_share_new(struct flist_walker *w, struct flist_visit *visit, int dirfd,
				    bool invites);

/*
 * Fetches names until none is left or the walk ends. is_guest: the job is not the one that made the
 * share; it also ends when flist_tasks_rests says that this job is to pause. 0, or what ends the
 * walk: -errno, or what `each` returned. *complete is set to 1 in exactly one job, the one that
 * fetches the last missing name; it then calls flist_share_finish.
 */
int flist_share_work(struct flist_walker *w, struct flist_share *share, int dirfd, bool is_guest,
		     int *complete);

/*
 * Makes a block of the results and frees them. The block's children may have been entered already.
 * *block is NULL if the walk keeps no list. 0 or -ENOMEM.
 */
int flist_share_finish(struct flist_walker *w, struct flist_share *share,
		       struct flist_block **block);

/*
 * Joins a share whose task this job has taken. Adds the task again for another job, and opens the
 * directory. Returns its descriptor, which w->stack owns, or -1: there is nothing to do here. In
 * both cases the job has a reference, which flist_share_release releases.
 */
int flist_share_accept(struct flist_walker *w, struct flist_share *share);

void flist_share_release(struct flist_share *share);

#endif
