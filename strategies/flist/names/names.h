/* Sorts names: those of one buffer, and those of a directory that takes several buffers. */
#ifndef FLIST_NAMES_NAMES_H
#define FLIST_NAMES_NAMES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/list/arena.h"
#include "strategies/flist/list/list.h"

/* ---- The names of a buffer ------------------------------------------------------------------- */

/*
 * The names of a directory, or of as much of it as fits into one buffer. They are sorted by their
 * bytes while they are in the CPU cache. A comparison takes eight bytes at once, those after the
 * bytes that all names begin with.
 */

struct flist_name {
	uint64_t key; /* set and used by the functions that sort */
	const char *text;
	uint32_t number; /* for the caller; flist_names_gather sets the low 32 bits of the inode
			    number */
	uint16_t len;
	uint8_t type; /* DT_ */
	bool pruned;  /* by the filter: if it is a directory, it is not entered */
};

/*
 * Size of a reader's smallest record, bytes. A buffer holds at most its size divided by this many
 * names.
 */
enum { FLIST_RECORD_MIN = 24 };

struct flist_names {
	struct flist_name *all;
	struct flist_name *spare; /* of the same size, for sorting */
	size_t n, room;
	size_t bytes;  /* of the texts, with their NULs */
	bool nameless; /* records with an empty name were read */
};

void flist_names_release(struct flist_names *names);

/*
 * Replaces the names by those of a reader's buffer. The texts are not copied, so the buffer must
 * stay valid. "." and ".." are left out. So is an empty name, which a broken filesystem may list
 * and which would mean the directory itself; then `nameless` is set. 0 or -ENOMEM.
 */
int flist_names_gather(struct flist_names *names, const char *buffer, size_t used);

/*
 * For names from elsewhere: removes all names and makes room for `most`, which flist_names_add then
 * adds one by one. 0 or -ENOMEM.
 */
int flist_names_begin(struct flist_names *names, size_t most);

/* The text is not copied. It must be NUL-terminated by the time that flist_names_sort is called. */
static inline void flist_names_add(struct flist_names *names, const char *text, size_t len,
				   uint8_t type, uint32_t number)
{
	names->all[names->n++] = (struct flist_name){
		.text = text, .len = (uint16_t)len, .type = type, .number = number};
	names->bytes += len + 1;
}

void flist_names_sort(struct flist_names *names);

/*
 * Fills an item for a name in a directory. path holds the path of the directory, and the name is
 * appended to it; there must be room for a slash, the name and a NUL. prefix is the number of bytes
 * before the name, including the slash; 0: the directory is the root. The status is -ENODATA: no
 * metadata has been fetched.
 */
void flist_name_item(const struct flist_name *name, char *path, uint32_t prefix, uint32_t depth,
		     struct flist_item *item);

/*
 * Calls the filter for each name, removes those that it skips and marks those that it prunes. path,
 * prefix and depth are those of flist_name_item.
 */
void flist_names_choose(struct flist_names *names, flist_filter *filter, void *arg, unsigned worker,
			char *path, uint32_t prefix, uint32_t depth);

void flist_names_drop(struct flist_names *names, size_t n); /* removes the first n */

/* ---- The names of several buffers ------------------------------------------------------------ */

/*
 * Sorts the names of a large directory. They come in blocks, from several jobs and in any order;
 * each block is sorted. A block becomes a run of level 0. Two runs of one level are merged into a
 * run of the next level by the job that adds the second one. So the merging is divided among the
 * jobs, too, and little of it is left when the last block has been added.
 */

struct flist_run;

enum { FLIST_RUN_LEVELS = 32 };

struct flist_runs {
	pthread_mutex_t lock;
	struct flist_run *waiting[FLIST_RUN_LEVELS]; /* by level: a run that is not merged yet */
	struct flist_block *blocks; /* linked by next; the one added last is first */
	uint32_t n_blocks;
	uint32_t n; /* entries */
};

void flist_runs_init(struct flist_runs *runs);
void flist_runs_release(struct flist_runs *runs);

/*
 * Adds a block, which must stay valid. Any thread may call it. 0, -ENOMEM, or -EOVERFLOW: there are
 * more than FLIST_PLACE_BLOCKS blocks.
 */
int flist_runs_add(struct flist_runs *runs, struct flist_block *block);

/*
 * Called after the last flist_runs_add. Sets the node's blocks, their order, its length and its
 * children; allocates in arena. 0 or -ENOMEM.
 */
int flist_runs_finish(struct flist_runs *runs, struct flist_node *node, struct flist_arena *arena);

#endif
