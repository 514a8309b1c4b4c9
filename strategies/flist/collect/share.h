/*
 * Names of one directory that several jobs ask for, where calls wait. The job that has read the
 * directory adds a task for it. An idle job that takes the task adds it again for the next one,
 * opens the directory itself and asks for names, too. Each takes a few names at a time, fewer and
 * fewer, so that all end at about the same time. Sub-directories are asked for first, and each may
 * be entered as soon as it has answered.
 *
 * The job that has read the directory does not depend on others: it continues until no name is
 * left, by its own descriptor. A job that cannot open the directory, or finds another one at its
 * path, does not take part. The answers become one block in the order of the names, just as if one
 * job had asked for all of them. So one job alone does it, too, where names are to be asked for in
 * another order than theirs.
 */
#ifndef FLIST_COLLECT_SHARE_H
#define FLIST_COLLECT_SHARE_H

#include "strategies/flist/collect/walk.h"

struct flist_answers;

struct flist_share {
	struct flist_task task; /* first: the invitation */
	struct flist_visit *visit;
	struct flist_answers *answers; /* NULL: all have come and were used */
	size_t n;
	uint64_t dev; /* of the directory: which one guests have to find, */
	uint64_t ino;
	_Atomic unsigned holders; /* jobs that are at it, and the invitation */
	_Atomic size_t next;      /* next name to be taken */
	_Atomic size_t missing;   /* answers that have not come */
	_Atomic int shut;         /* no other job may join */
};

/*
 * Copies the walker's names, of the directory dirfd, and invites others, if told to. It is held by
 * the caller. NULL: out of memory, and nothing has happened.
 */
struct flist_share *flist_share_new(struct flist_walker *w, struct flist_visit *visit, int dirfd,
				    bool invites);

/*
 * Asks until no name is left, or, as a guest, until this job is to rest. 0, or what ends the walk:
 * anything that `each` returns. *complete is 1 for one job: with it all answers have come, and it
 * sees to them.
 */
int flist_share_work(struct flist_walker *w, struct flist_share *share, int dirfd, bool is_guest,
		     int *complete);

/*
 * The answers become a block, whose children may have been entered already. Where nothing is kept
 * there is none: NULL. 0 or -ENOMEM.
 */
int flist_share_finish(struct flist_walker *w, struct flist_share *share,
		       struct flist_block **block);

/*
 * Takes an invitation, which passes to the next one, and goes to the directory. A descriptor of it,
 * -1: there is nothing to do. Either way the share is held, and let go by flist_share_release.
 */
int flist_share_accept(struct flist_walker *w, struct flist_share *share);

void flist_share_release(struct flist_share *share);

#endif
