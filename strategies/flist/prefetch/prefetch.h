/*
 * A prefetching cursor: the state that its public functions and its threads share, and the work
 * that they do.
 */
#ifndef FLIST_PREFETCH_PREFETCH_H
#define FLIST_PREFETCH_PREFETCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/adapt.h"
#include "strategies/flist/flist.h"
#include "strategies/flist/list/cursor.h"
#include "strategies/flist/list/list.h"
#include "strategies/flist/names/names.h"
#include "strategies/flist/names/reader.h"

/*
 * The entries that a cursor has not returned yet, in order: a queue of stretches. A stretch is some
 * consecutive entries of one directory (folder). When a directory is found, it is inserted where
 * its entries will come: the stretch of its parent is split there. So a thread that looks for the
 * work needed soonest searches the queue from its head, and the cursor takes the first stretch.
 *
 * These functions make no system calls, except close, and start no threads. The caller holds the
 * lock, unless the comment says otherwise.
 */

enum {
	FLIST_PAGE = 32,         /* number of results allocated at once */
	FLIST_SHUT_MOST = 8,     /* maximum number of descriptors that wait to be closed */
	FLIST_DEPTH_FIRST = 64,  /* entries that may be fetched ahead, at first */
	FLIST_DEPTH_MOST = 4096, /* the same, at most */
};

/* The result of an entry. */
struct flist_known {
	struct flist_meta meta;
	int status;
	_Atomic bool is_known; /* the other members are set and do not change any more */
};

struct flist_listed_name {
	const char *text;
	uint16_t len;
	uint8_t type; /* DT_ */
	bool pruned;  /* by the filter: if it is a directory, it is not entered */
};

struct flist_stretch {
	struct flist_stretch *next;  /* next in the queue */
	struct flist_stretch *later; /* next of the same directory */
	struct flist_folder *folder;
	uint32_t begin, claimed; /* its first entry; the first one not taken */
	uint32_t at;             /* index of the entry to return next; used by the cursor only */
	_Atomic uint32_t end;
};

enum flist_folder_state { FLIST_UNREAD, FLIST_READING, FLIST_READ };

/*
 * A directory with entries that the cursor has not returned. Its names, its errors, nameless, dev
 * and ino do not change any more once its state is FLIST_READ.
 */
struct flist_folder {
	struct flist_folder *parent;   /* NULL: the root */
	const struct flist_node *node; /* of the list that has its names; NULL: they are read */
	_Atomic int state;             /* enum flist_folder_state */
	unsigned holders;    /* references: of children, of stretches, of jobs that work in it */
	int fd;              /* -1: none */
	unsigned users;      /* jobs that use the descriptor now */
	uint32_t unread;     /* children that are still to be opened relative to fd */
	uint32_t unanswered; /* names that are not fetched yet */
	struct flist_folder *newer, *older; /* list of the folders that have a descriptor */
	struct flist_listed_name *names;    /* by index */
	uint32_t n;
	int open_error, read_error; /* errno */
	bool nameless;              /* it has entries with empty names */
	bool is_ahead;              /* it was read ahead: the cursor has not reached it */
	uint64_t dev, ino;          /* if links are followed, to find loops */
	_Atomic(struct flist_known *) *pages;
	struct flist_stretch *stretches, *recent; /* the first one left; the one split last */
	struct flist_stretch whole;
	uint32_t index; /* in the parent's names */
	uint32_t path_len, depth, name_len;
	char name[];
};

struct flist_queue {
	struct flist_stretch *head;
	struct flist_stretch *scout; /* stretches before it have no work */
	uint64_t asked, given;    /* entries taken by jobs; entries that the cursor has returned */
	uint64_t held;            /* names of directories read ahead, plus one for each of these */
	uint64_t depth;           /* limit of asked - given, and of held */
	bool is_short;            /* work was left because of the depth */
	unsigned open, open_most; /* number of open descriptors of folders; its limit */
	unsigned reading;         /* directories being read: each counts in open and held later */
	unsigned busy;            /* claims in progress */
	uint64_t claims;          /* claims since the beginning */
	struct flist_folder *newest, *oldest;
	int shut[FLIST_SHUT_MOST]; /* to be closed after the lock is released */
	unsigned n_shut;
};

/* Work that a job has taken: names to fetch, or a directory to read (n is 0). */
struct flist_claim {
	struct flist_folder *folder; /* with a reference */
	uint32_t first, n;
	int fd; /* of the folder, or of the parent of one to be read; -1: none */
};

/* Makes an unread directory with one reference, of its stretch. NULL: out of memory. */
struct flist_folder *flist_folder_new(struct flist_folder *parent, const char *name, size_t len);
void flist_queue_begin(struct flist_queue *queue, struct flist_folder *root); /* takes root over */
void flist_queue_release(struct flist_queue *queue); /* puts descriptors into shut */

/*
 * Take work, up to `most` names or a directory to read. flist_queue_claim takes the first that is
 * left, within the depth; flist_queue_claim_head takes what the cursor needs next. 1: taken; 0:
 * there is none, or another job has taken it; -ENOMEM.
 */
int flist_queue_claim(struct flist_queue *queue, uint32_t most, struct flist_claim *claim);
int flist_queue_claim_head(struct flist_queue *queue, uint32_t most, struct flist_claim *claim);

/*
 * Inserts a directory, child of a folder that was read, into the queue, after entry `after` of that
 * folder. 0, or -ENOMEM: the child stays the caller's.
 */
int flist_queue_enter(struct flist_queue *queue, struct flist_folder *child, uint32_t after);

/* Returns the index of the last entry that comes before those below entry index. */
uint32_t flist_folder_after(const struct flist_folder *folder, uint32_t index);

/*
 * Ends a claim after its directory has been read: the names are set. fd: its descriptor, which the
 * folder takes over, or -1.
 */
void flist_queue_read(struct flist_queue *queue, const struct flist_claim *claim, int fd);

/* Releases the parent's descriptor of a claim of a directory to read. */
void flist_queue_forgo(struct flist_queue *queue, struct flist_claim *claim);

/* Ends a claim of names after they have been fetched. */
void flist_queue_answered(struct flist_queue *queue, const struct flist_claim *claim);

/*
 * Gives the folder a descriptor that was opened for a claim which had none. The claim uses it until
 * it ends.
 */
void flist_queue_lend(struct flist_queue *queue, struct flist_claim *claim, int fd);

/* Closes the oldest descriptor that no job uses. false: there is none. */
bool flist_queue_evict(struct flist_queue *queue);

/*
 * flist_queue_arrive: the cursor has reached a directory. flist_queue_advance: it is at the end of
 * the first stretch, which is removed.
 */
void flist_queue_arrive(struct flist_queue *queue, struct flist_folder *folder);
void flist_queue_advance(struct flist_queue *queue);

void flist_folder_let_go(struct flist_queue *queue, struct flist_folder *folder);

/*
 * Returns the result of an entry of a directory that is READ; NULL: not fetched yet. Needs no lock.
 */
static inline struct flist_known *flist_folder_known(const struct flist_folder *folder, uint32_t i)
{
	struct flist_known *page =
		atomic_load_explicit(&folder->pages[i / FLIST_PAGE], memory_order_acquire);
	if (!page)
		return NULL;
	page += i % FLIST_PAGE;
	return atomic_load_explicit(&page->is_known, memory_order_acquire) ? page : NULL;
}

/* Returns the memory for the result of an entry, for the job that has taken it. Needs no lock. */
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

/* What one thread has for itself. Initialized to zero, except index. */
struct flist_stream_thread {
	unsigned index; /* 0: the cursor's own */
	char *buffer;   /* for directory records */
	size_t room;
	struct flist_reader reader; /* of the directory that it is reading */
	struct flist_names names;
	char *path; /* of a directory; has room for a slash, a name and a NUL */
	size_t path_room;
	uint32_t batch; /* number of names to take at once */
	uint64_t since; /* ns: when the current measurement began */
	unsigned slow;  /* slow measurements in a row */
};

struct flist_stream {
	struct flist_cursor cursor; /* first; the public functions use only this */
	struct flist_cursor_options options;
	uint32_t fields; /* enum flist_field: what to fetch */
	unsigned follow; /* FLIST_FOLLOW or 0 */
	struct flist_opener opener;
	uint64_t root_dev;

	pthread_mutex_t lock;        /* protects the queue and the members up to has_opener */
	pthread_cond_t work, answer; /* work for threads; a result for the cursor */
	pthread_cond_t room;         /* if there are too few descriptors: one may be free */
	struct flist_queue queue;
	bool waits;                        /* the cursor waits for the first entry of the queue */
	bool has_opener;                   /* a job is trying to open a directory again */
	_Atomic unsigned wanting, closing; /* jobs that want a descriptor; that close one */
	_Atomic unsigned sleepers;
	_Atomic bool is_over;
	_Atomic int error; /* 0, or what ended the cursor early */

	struct flist_adapt adapt; /* all zero: no threads yet, or a fixed number */
	struct flist_crew *crew;  /* threads, if the caller has chosen their number */

	/* Used by the cursor's own thread only. */
	struct flist_stream_thread self;
	bool is_alone, has_helpers; /* it works without threads; threads may have been started */
	bool is_fixed;              /* the caller has chosen the depth */
	uint64_t given, smooth;     /* entries not in queue.given yet; since the last wait */
	struct flist_folder *here;  /* directory whose path is in path, with a reference */
	char *path;
	size_t path_room;
	struct flist_item item;
};

/*
 * Does the work of a claim and ends it. Returns the number of system calls, an estimate if a
 * directory was read.
 */
size_t flist_stream_work(struct flist_stream *stream, struct flist_stream_thread *self,
			 struct flist_claim *claim);

void flist_stream_thread_release(struct flist_stream_thread *self);

/* Take and release the lock. The release also closes the descriptors in queue.shut. */
void flist_stream_lock(struct flist_stream *stream);
void flist_stream_unlock(struct flist_stream *stream);

/* Wakes up to n threads, for n pieces of new work. The lock is held. */
void flist_stream_wake(struct flist_stream *stream, uint64_t n);

/*
 * Called after a job has done some work: wakes the cursor if it can go on, and jobs that wait for a
 * descriptor. The lock is held.
 */
void flist_stream_tell(struct flist_stream *stream);

/*
 * End the cursor with an error; the first one counts. flist_stream_fail: the lock is held;
 * flist_stream_stop: it is not. flist_stream_is_stopped also tests the caller's *cancel, and takes
 * the lock if that is set.
 */
void flist_stream_fail(struct flist_stream *stream, int error);
void flist_stream_stop(struct flist_stream *stream, int error);
bool flist_stream_is_stopped(struct flist_stream *stream);

/* Whether it has ended, without a test of the caller's *cancel. */
static inline bool flist_stream_has_ended(const struct flist_stream *stream)
{
	return atomic_load_explicit(&stream->error, memory_order_relaxed) ||
	       atomic_load_explicit(&stream->is_over, memory_order_relaxed);
}

#endif
