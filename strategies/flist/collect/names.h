/* Names in order: those of a buffer, and those of a directory of many buffers. */
#ifndef FLIST_COLLECT_NAMES_H
#define FLIST_COLLECT_NAMES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/list.h"

/* ---- The names of a buffer ------------------------------------------------------------------- */

/*
 * The names of a directory, or of as much of it as fits into a buffer, brought into the order of
 * their bytes while they are in the cache. They are compared by eight bytes at once, those after
 * what all names have in common.
 */

struct flist_name {
	uint64_t key; /* for the functions that compare */
	const char *text;
	uint32_t number; /* the caller's; as read: the lower half of its inode's */
	uint16_t len;
	uint8_t type; /* DT_ */
	bool pruned;  /* if a directory, it is not entered */
};

/* A reader's record of the shortest name: no buffer has more names than its size by this. */
enum { FLIST_RECORD_MIN = 24 };

struct flist_names {
	struct flist_name *all;
	struct flist_name *spare; /* as many, for sorting */
	size_t n, room;
	size_t bytes;  /* of the texts, with a NUL each */
	bool nameless; /* there were records without a name */
};

void flist_names_release(struct flist_names *names);

/*
 * Takes the names of a reader's buffer, where their texts stay; not "." and "..", and not an empty
 * one, which would name the directory itself: a broken filesystem may list it. 0 or -ENOMEM.
 */
int flist_names_gather(struct flist_names *names, const char *buffer, size_t used);

/* The same by other readers: room for so many, and then one by one. 0 or -ENOMEM. */
int flist_names_begin(struct flist_names *names, size_t most);

/* The text has a NUL when names are sorted. */
static inline void flist_names_add(struct flist_names *names, const char *text, size_t len,
				   uint8_t type, uint32_t number)
{
	names->all[names->n++] = (struct flist_name){
		.text = text, .len = (uint16_t)len, .type = type, .number = number};
	names->bytes += len + 1;
}

void flist_names_sort(struct flist_names *names);

/*
 * An item for a name of the directory whose path stands in `path`, which has room for it: prefix
 * bytes with the slash, 0 of the root. Nothing has been asked yet.
 */
void flist_name_item(const struct flist_name *name, char *path, uint32_t prefix, uint32_t depth,
		     struct flist_item *item);

/* Removes the names that the caller's filter rejects. */
void flist_names_choose(struct flist_names *names, flist_filter *filter, void *arg, unsigned worker,
			char *path, uint32_t prefix, uint32_t depth);

void flist_names_drop(struct flist_names *names, size_t n); /* the first ones */

/* ---- Of many buffers ------------------------------------------------------------------------- */

/*
 * The order of a large directory, whose names come in blocks that are sorted each for itself, from
 * several jobs and in any order. Blocks become runs; two runs of one size are merged into one of
 * twice the size by the job that adds the second. So merging is shared like the rest of the work,
 * and little is left when the last block comes.
 */

struct flist_run;

enum { FLIST_RUN_LEVELS = 32 };

struct flist_runs {
	pthread_mutex_t lock;
	struct flist_run *waiting[FLIST_RUN_LEVELS]; /* for another of its size */
	struct flist_block *blocks;                  /* linked by next, the newest first */
	uint32_t n_blocks;
	uint32_t n; /* entries */
};

void flist_runs_init(struct flist_runs *runs);
void flist_runs_release(struct flist_runs *runs);

/* By any thread. 0, -ENOMEM, -EOVERFLOW: more blocks than can be numbered. */
int flist_runs_add(struct flist_runs *runs, struct flist_block *block);

/* When all have been added: gives the node its blocks, their order, and its children. */
int flist_runs_finish(struct flist_runs *runs, struct flist_node *node, struct flist_arena *arena);

#endif
