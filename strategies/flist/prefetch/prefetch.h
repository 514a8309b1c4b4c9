/*
 * A cursor that asks while it is gone through: what its calls and its threads share, and what they
 * do with the kernel.
 */
#ifndef FLIST_PREFETCH_PREFETCH_H
#define FLIST_PREFETCH_PREFETCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/adapt.h"
#include "strategies/flist/collect/names.h"
#include "strategies/flist/collect/reader.h"
#include "strategies/flist/flist.h"
#include "strategies/flist/list/cursor.h"
#include "strategies/flist/list/list.h"

/*
 * What a cursor has still to give, in order: a queue of stretches, each some entries of one
 * directory that come one after the other. A directory that is found is put where its entries will
 * come: the stretch of the directory it lies in is split there. So whoever looks for work that is
 * needed soonest goes along the queue, and the cursor just takes what stands in front.
 *
 * Nothing here asks the kernel or knows of threads: whoever calls holds the lock, except where it
 * says otherwise.
 */

enum {
	FLIST_PAGE = 32,         /* answers that are allocated at once */
	FLIST_SHUT_MOST = 8,     /* descriptors that wait to be closed */
	FLIST_DEPTH_FIRST = 64,  /* entries that may be asked for ahead, at first */
	FLIST_DEPTH_MOST = 4096, /* and at most */
};

/* What is known about an entry. */
struct flist_known {
	struct flist_meta meta;
	int status;
	_Atomic bool is_known; /* the rest is written and stays as it is */
};

struct flist_called {
	const char *text;
	uint16_t len;
	uint8_t type; /* DT_ */
	bool pruned;  /* if a directory, it is not entered */
};

struct flist_stretch {
	struct flist_stretch *next;  /* in the queue */
	struct flist_stretch *later; /* of the same directory */
	struct flist_folder *folder;
	uint32_t begin, claimed; /* its first entry; the first that nobody has taken */
	uint32_t at;             /* that is given next; the cursor's */
	_Atomic uint32_t end;
};

enum flist_folder_state { FLIST_UNREAD, FLIST_READING, FLIST_READ };

/* A directory of which something is still to come. */
struct flist_folder {
	struct flist_folder *parent;   /* NULL: the root */
	const struct flist_node *node; /* of the list that has its names; NULL: they are read */
	_Atomic int state;             /* enum flist_folder_state */
	unsigned holders;              /* children, stretches, and jobs at work in it */
	int fd;                        /* -1: none */
	unsigned users;                /* jobs that use it now */
	uint32_t unread;               /* children that will be opened by it */
	uint32_t unanswered;           /* names */
	struct flist_folder *newer, *older; /* that have a descriptor */
	struct flist_called *names;         /* from here on written once, before it is READ */
	uint32_t n;
	int open_error, read_error; /* errno */
	bool nameless;              /* there were entries without a name */
	bool is_ahead;              /* the cursor has not come to it */
	uint64_t dev, ino;          /* where links are followed: to find loops */
	_Atomic(struct flist_known *) *pages;
	struct flist_stretch *stretches, *recent; /* the first that is left; split last */
	struct flist_stretch whole;
	uint32_t index; /* among the parent's names */
	uint32_t path_len, depth, name_len;
	char name[];
};

struct flist_queue {
	struct flist_stretch *head;
	struct flist_stretch *scout; /* nothing before it is left to be taken */
	uint64_t asked, given;       /* entries: that were taken; that the cursor is done with */
	uint64_t held;               /* names, and one for each directory, that were read ahead */
	uint64_t depth;              /* most of what is asked and not given, and of what is held */
	bool is_short;               /* the depth kept somebody from work */
	unsigned open, open_most;    /* descriptors */
	unsigned busy;               /* claims that somebody is at */
	uint64_t claims;             /* that there ever were */
	struct flist_folder *newest, *oldest;
	int shut[FLIST_SHUT_MOST]; /* to be closed when the lock is open again */
	unsigned n_shut;
};

/* Work that is taken: names to ask for, or a directory to read (n is 0). */
struct flist_claim {
	struct flist_folder *folder; /* held */
	uint32_t first, n;
	int fd; /* of the folder, or of the parent of one to read; -1: none is open */
};

/* A directory that nobody knows about yet. NULL: out of memory. */
struct flist_folder *flist_folder_new(struct flist_folder *parent, const char *name, size_t len);
void flist_queue_begin(struct flist_queue *queue, struct flist_folder *root); /* takes it over */
void flist_queue_release(struct flist_queue *queue); /* closes descriptors, too */

/*
 * Takes work, up to `most` names or a directory: the first there is; or what the cursor needs next.
 * 1; 0: there is none, or somebody else is at it; -ENOMEM.
 */
int flist_queue_claim(struct flist_queue *queue, uint32_t most, struct flist_claim *claim);
int flist_queue_claim_head(struct flist_queue *queue, uint32_t most, struct flist_claim *claim);

/* Puts a directory, one of the folder's names, where it belongs, after entry `after`. -ENOMEM */
int flist_queue_enter(struct flist_queue *queue, struct flist_folder *child, uint32_t after);

/* The last entry that comes between an entry and what is below it. */
uint32_t flist_folder_after(const struct flist_folder *folder, uint32_t index);

/* A claim's directory has been read: its names are there, with a descriptor or -1. */
void flist_queue_read(struct flist_queue *queue, const struct flist_claim *claim, int fd);

/* A claim that is to read a directory lets go of the parent's descriptor. */
void flist_queue_forgo(struct flist_queue *queue, struct flist_claim *claim);

/* Names of a claim have been answered. */
void flist_queue_answered(struct flist_queue *queue, const struct flist_claim *claim);

/* Where a claim had none and one was opened: the folder's descriptor, used by the claim. */
void flist_queue_lend(struct flist_queue *queue, struct flist_claim *claim, int fd);

/* Gives up a descriptor that nobody uses at the moment. false: there is none. */
bool flist_queue_evict(struct flist_queue *queue);

/* The cursor is at the first stretch of its folder; at the end of a stretch. */
void flist_queue_arrive(struct flist_queue *queue, struct flist_folder *folder);
void flist_queue_advance(struct flist_queue *queue);

void flist_folder_let_go(struct flist_queue *queue, struct flist_folder *folder);

/* Without the lock: the answer to an entry of a directory that is READ; NULL: none has come. */
static inline struct flist_known *flist_folder_known(const struct flist_folder *folder, uint32_t i)
{
	struct flist_known *page =
		atomic_load_explicit(&folder->pages[i / FLIST_PAGE], memory_order_acquire);
	if (!page)
		return NULL;
	page += i % FLIST_PAGE;
	return atomic_load_explicit(&page->is_known, memory_order_acquire) ? page : NULL;
}

/* Of an entry that is taken, for whoever has taken it. */
static inline struct flist_known *flist_folder_answer(const struct flist_folder *folder, uint32_t i)
{
	return atomic_load_explicit(&folder->pages[i / FLIST_PAGE], memory_order_relaxed) +
	       i % FLIST_PAGE;
}

static inline uint32_t flist_folder_prefix(const struct flist_folder *folder)
{
	return folder->path_len + (folder->parent != NULL);
}

static inline bool flist_folder_is_read(const struct flist_folder *folder)
{
	return atomic_load_explicit(&folder->state, memory_order_acquire) == FLIST_READ;
}

static inline uint32_t flist_stretch_end(const struct flist_stretch *stretch)
{
	return atomic_load_explicit(&stretch->end, memory_order_relaxed);
}

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
