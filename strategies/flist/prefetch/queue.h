/*
 * What a cursor has still to give, in order: a queue of stretches, each some entries of one
 * directory that come one after the other. A directory that is found is put where its entries will
 * come: the stretch of the directory it lies in is split there. So whoever looks for work that is
 * needed soonest goes along the queue, and the cursor just takes what stands in front.
 *
 * Nothing here asks the kernel or knows of threads: whoever calls holds the lock, except where it
 * says otherwise.
 */
#ifndef FLIST_PREFETCH_QUEUE_H
#define FLIST_PREFETCH_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/flist.h"
#include "strategies/flist/list/list.h"

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

#endif
