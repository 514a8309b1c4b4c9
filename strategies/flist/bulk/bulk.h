/*
 * Collecting from a filesystem's tables, where that is asked for and can be done. The walk goes on
 * as it does, from directory to directory, with the same order, failures and callbacks; but names
 * and metadata come from the device instead of a call for each.
 *
 * Every directory and every entry for itself may be asked of the kernel all the same: what changes
 * meanwhile, what something is mounted on, what the tables cannot tell.
 */
#ifndef FLIST_BULK_BULK_H
#define FLIST_BULK_BULK_H

#include "strategies/flist/collect/walk.h"

struct flist_bulk;
struct flist_bulk_reader;

/*
 * Sees whether the walk can be done so. 0: walk->bulk is there, or NULL with walk->why_not.
 * -ENOMEM. sync: what is in memory only is written first.
 */
int flist_bulk_begin(struct flist_walk *walk, bool sync);
void flist_bulk_end(struct flist_bulk *bulk); /* accepts NULL */

/* Why a walk that began so did not go on with it, in the end; NULL: it did. */
const char *flist_bulk_why_not(const struct flist_bulk *bulk);

void flist_bulk_reader_free(struct flist_bulk_reader *reader); /* before the end */

/*
 * The walker's names become those of the node, and it is there, without opening it. 0; 1: the
 * directory is to be read by calls; -ENOMEM.
 */
int flist_bulk_enter(struct flist_walker *w, const struct flist_node *node);

/* Metadata of one of these names, as flist_entry_ask has it. */
int flist_bulk_ask(struct flist_walker *w, const struct flist_node *node,
		   const struct flist_name *name, struct flist_meta *meta);

/*
 * Names of the node, where the walker is, have just been read by calls, from fd: whether their
 * metadata may come from tables by the numbers that were read with them (flist_bulk_ask_number).
 */
bool flist_bulk_trusts(struct flist_walker *w, const struct flist_node *node, int fd);

/* Metadata of one of these, whose directory dirfd is, as flist_entry_ask has it. */
int flist_bulk_ask_number(struct flist_walker *w, int dirfd, const struct flist_name *name,
			  struct flist_meta *meta);

/* What a directory's node needs to be entered so. number: its inode's by the tables; 0: not known.
 */
void flist_bulk_note(const struct flist_bulk *bulk, uint32_t number, const struct flist_meta *meta,
		     struct flist_node *node);

#endif
