/*
 * A cursor that asks while it is gone through: what its calls and its threads share, and what they
 * do with the kernel.
 */
#ifndef FLIST_PREFETCH_PREFETCH_H
#define FLIST_PREFETCH_PREFETCH_H

#include <pthread.h>

#include "strategies/flist/adapt.h"
#include "strategies/flist/collect/names.h"
#include "strategies/flist/collect/reader.h"
#include "strategies/flist/list/cursor.h"
#include "strategies/flist/prefetch/queue.h"

/* What a thread has for itself. All zero but index. */
struct flist_hand {
	unsigned index; /* 0: the cursor's own */
	char *buffer;   /* names as they are read */
	size_t room;
	struct flist_reader reader; /* of the directory that it has opened to read */
	struct flist_names names;
	char *path; /* of a directory, room for a slash, a name and a NUL */
	size_t path_room;
	uint32_t batch; /* names that it takes at once */
	uint64_t since; /* ns: when its work began that is measured next */
	unsigned slow;  /* measurements in turn */
};

struct flist_stream {
	struct flist_cursor cursor; /* first: it is what the public functions know of it */
	struct flist_cursor_options options;
	uint32_t fields; /* what to ask for */
	unsigned follow; /* FLIST_FOLLOW or 0 */
	struct flist_opener opener;
	uint64_t root_dev;

	pthread_mutex_t lock;        /* of the queue, and of what follows */
	pthread_cond_t work, answer; /* there is something to do; for the cursor */
	pthread_cond_t room;         /* where descriptors are short: somebody is done with some */
	struct flist_queue queue;
	bool waits;      /* the cursor does, for what is at the head of the queue */
	bool has_opener; /* one of those who want a descriptor tries to get it */
	_Atomic unsigned wanting, closing; /* who want one, and hold none; who close some */
	_Atomic unsigned sleepers;
	_Atomic bool is_over;
	_Atomic int error; /* what ends it before its time */

	struct flist_adapt adapt; /* all zero: no thread yet, or their number is given */
	struct flist_crew *crew;  /* of a given number */

	/* The cursor's own. */
	struct flist_hand hand;
	bool is_alone, has_helpers; /* no threads are wanted; there may be some */
	bool is_fixed;              /* the depth is given */
	uint64_t given, smooth;     /* entries: not in the queue's count yet; without a wait */
	struct flist_folder *here;  /* held: whose path is in path */
	char *path;
	size_t path_room;
	struct flist_item item;
};

/* Does what a claim says, and lets go of it. Calls that were made. */
size_t flist_stream_work(struct flist_stream *stream, struct flist_hand *hand,
			 struct flist_claim *claim);

void flist_hand_release(struct flist_hand *hand);

/* The lock, and what is done when it is open again. */
void flist_stream_lock(struct flist_stream *stream);
void flist_stream_unlock(struct flist_stream *stream);

/* With the lock: wakes as many threads as there is new work for. */
void flist_stream_wake(struct flist_stream *stream, uint64_t n);

/* With the lock: somebody has done some work, which the cursor or who wants room may wait for. */
void flist_stream_tell(struct flist_stream *stream);

/* Ends it with an error, the first one counts; with the lock, and without. */
void flist_stream_fail(struct flist_stream *stream, int error);
void flist_stream_stop(struct flist_stream *stream, int error);
bool flist_stream_is_stopped(struct flist_stream *stream);

/* The same without a look at what the caller may have cancelled. */
static inline bool flist_stream_has_ended(const struct flist_stream *stream)
{
	return atomic_load_explicit(&stream->error, memory_order_relaxed) ||
	       atomic_load_explicit(&stream->is_over, memory_order_relaxed);
}

#endif
