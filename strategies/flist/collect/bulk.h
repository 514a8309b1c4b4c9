/*
 * Collects from the tables of a filesystem, if FLIST_BULK is set and it is possible. The walk goes
 * from directory to directory as usual, with the same order, failures and callbacks, but names and
 * metadata come from the device instead of one system call each.
 *
 * Any directory and any entry may be fetched by system calls all the same: if it changes meanwhile,
 * if something is mounted on it, or if the tables do not have the result.
 */
#ifndef FLIST_COLLECT_BULK_H
#define FLIST_COLLECT_BULK_H

#include "strategies/flist/collect/walk.h"

struct flist_bulk;
struct flist_bulk_reader;

/*
 * Number of entries of an xfs that are listed by system calls before its tables are opened: with
 * fewer, calls are faster. 0: the tables are opened at once.
 */
size_t flist_bulk_calls_first(void);

/*
 * The smallest number of entries of a directory of an xfs whose inodes are read at once: for fewer,
 * calls are faster.
 */
size_t flist_bulk_run_least(void);

/*
 * Makes walk->bulk and opens the tables; on xfs only prepares for that. 0: done, or walk->bulk is
 * NULL and walk->why_not is the reason. -ENOMEM. sync: syncfs(2) is called first.
 */
int flist_bulk_begin(struct flist_walk *walk, bool sync);
void flist_bulk_end(struct flist_bulk *bulk); /* accepts NULL */

/*
 * Opens the tables now. 0; -ENOTSUP: walk->why_not is the reason; -ENOMEM. During a walk only the
 * job may call it that has set the state to BULK_OPENING.
 */
int flist_bulk_open(struct flist_walk *walk);

/* Whether tables were opened. */
bool flist_bulk_is_open(const struct flist_bulk *bulk);

/*
 * Returns why tables were not opened, or why not all directories were read from them after that;
 * NULL: they were.
 */
const char *flist_bulk_why_not(const struct flist_walk *walk);

void flist_bulk_reader_free(struct flist_bulk_reader *reader); /* before flist_bulk_end */

/*
 * Makes the node the job's current directory, without opening it, and w->names its names, read from
 * tables. 0; 1: the directory has to be read by system calls; -ENOMEM.
 */
int flist_bulk_enter(struct flist_walker *w, const struct flist_node *node);

/* Fetches metadata of one of these names. The results are those of flist_entry_ask. */
int flist_bulk_ask(struct flist_walker *w, const struct flist_node *node,
		   const struct flist_name *name, struct flist_meta *meta);

/*
 * For xfs. The names of the node, the job's current directory, have just been read from fd by
 * system calls, with records of `size` bytes. Returns whether their metadata may be read from
 * tables, by the inode numbers that the directory has.
 */
bool flist_bulk_trusts(struct flist_walker *w, const struct flist_node *node, int fd, size_t size);

/*
 * Called before w->names are sorted, if flist_bulk_trusts returned true for them. Sets
 * w->has_numbers: whether flist_bulk_ask_inode is used for these names. 0 or -ENOMEM.
 */
int flist_bulk_read_inodes(struct flist_walker *w);

/*
 * Fetches metadata of a name in w->names, if w->has_numbers is set. dirfd is its directory. The
 * results are those of flist_entry_ask.
 */
int flist_bulk_ask_inode(struct flist_walker *w, int dirfd, const struct flist_name *name,
			 struct flist_meta *meta);

/*
 * For ext4, in a lazy walk, which fetches no inode numbers. Returns the inode number of a directory
 * whose name was read by system calls. node: the directory that lists it, the job's current one;
 * dirfd: its descriptor. 0: not known.
 */
uint32_t flist_bulk_listed(const struct flist_walker *w, const struct flist_node *node, int dirfd,
			   const struct flist_name *name);

/*
 * Sets the inode number of a directory's node, which flist_bulk_enter needs. number: the inode
 * number in the tables; 0: not known, then it is that of meta.
 */
void flist_bulk_set_ino(const struct flist_bulk *bulk, uint32_t number,
			const struct flist_meta *meta, struct flist_node *node);

#endif
