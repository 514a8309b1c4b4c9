/*
 * Handles one name of the current directory of a job: filter, system calls, callback,
 * sub-directory.
 */
#ifndef FLIST_COLLECT_ENTRY_H
#define FLIST_COLLECT_ENTRY_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "strategies/flist/collect/walk.h"

/*
 * Makes a visit for the directory `name` (len bytes) in node, in the job's memory. copied: the name
 * is copied; otherwise it must stay valid as long as the visit. NULL: out of memory.
 */
struct flist_visit *flist_visit_new(struct flist_walker *w, struct flist_node *node,
				    const char *name, size_t len, bool copied);

/*
 * Calls the caller's filter for the job's names, removes those that it skips, and marks those that
 * it prunes.
 */
void flist_entry_filter(struct flist_walker *w, const struct flist_node *node);

/*
 * Whether a system call is made for this name: in a lazy walk only if the directory does not give
 * its type, or the name is a symbolic link that is followed.
 */
static inline bool flist_entry_is_asked(const struct flist_walk *walk,
					const struct flist_name *name)
{
	return !flist_walk_has(walk, FLIST_LAZY) || name->type == DT_UNKNOWN ||
	       (name->type == DT_LNK && flist_walk_has(walk, FLIST_FOLLOW));
}

/*
 * Fetches metadata of a name relative to dirfd, and extra fields, which are then in w->asker (which
 * must not be NULL). 0 or -errno.
 */
int flist_entry_ask_all(struct flist_walker *w, int dirfd, const char *name,
			struct flist_meta *meta);

/*
 * Sets *extra to the extra fields of the name fetched last. If the walk keeps a list, it is a copy
 * in the job's memory; otherwise that of w->asker, valid until its next fetch. NULL: the walk
 * fetches no extra fields. If a field has failed, a failure of the entry is recorded. 0 or -ENOMEM.
 */
int flist_entry_extra(struct flist_walker *w, const struct flist_node *node, const char *name,
		      const struct flist_extra **extra);

/*
 * Fetches what the walk wants of a name relative to dirfd. 0, or -errno: the entry cannot be
 * listed. If only the type is known, meta->valid is 0.
 */
static inline int flist_entry_ask(struct flist_walker *w, int dirfd, const struct flist_name *name,
				  struct flist_meta *meta)
{
	const struct flist_walk *walk = w->walk;
	int ret = 0;
	if (w->asker)
		return flist_entry_ask_all(w, dirfd, name->text, meta);
	if (!flist_walk_has(walk, FLIST_LAZY))
		return flist_walk_ask(walk, dirfd, name->text, walk->fields, meta);
	*meta = (struct flist_meta){.mode = (uint32_t)DTTOIF(name->type)};
	if (flist_entry_is_asked(walk, name))
		ret = flist_walk_ask(walk, dirfd, name->text, FLIST_TYPE, meta);
	meta->mode &= S_IFMT;
	meta->valid = 0;
	return ret;
}

/* Whether the entry is a directory that the walk enters, by its metadata. */
static inline bool flist_entry_is_entered(const struct flist_walk *walk,
					  const struct flist_name *name,
					  const struct flist_meta *meta)
{
	if (!S_ISDIR(meta->mode) || name->pruned)
		return false;
	return !flist_walk_has(walk, FLIST_ONE_FILESYSTEM) || !meta->valid ||
	       meta->dev == walk->root_dev;
}

/*
 * Calls the caller's `each` (not NULL) for an entry. extra may be NULL. Returns what `each`
 * returned; 0: go on.
 */
int flist_entry_tell(struct flist_walker *w, const struct flist_node *node,
		     const struct flist_name *name, const struct flist_meta *meta,
		     const struct flist_extra *extra);

#endif
