/* What is done with one name of the directory that a walker is in. */
#ifndef FLIST_COLLECT_ENTRY_H
#define FLIST_COLLECT_ENTRY_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "strategies/flist/collect/walk.h"

/* A directory to enter, its name copied if need be; NULL: out of memory. */
struct flist_visit *flist_visit_new(struct flist_walker *w, struct flist_node *node,
				    const char *name, size_t len, bool copied);

/* Removes from the walker's names those that the caller's filter rejects. */
void flist_entry_filter(struct flist_walker *w, const struct flist_node *node);

/* Whether the kernel is asked: in a lazy walk only for types that the directory does not tell. */
static inline bool flist_entry_is_asked(const struct flist_walk *walk,
					const struct flist_name *name)
{
	return !flist_walk_has(walk, FLIST_LAZY) || name->type == DT_UNKNOWN ||
	       (name->type == DT_LNK && flist_walk_has(walk, FLIST_FOLLOW));
}

/* Metadata of a name, and what is extra about it, which the walker's asker then holds. */
int flist_entry_ask_all(struct flist_walker *w, int dirfd, const char *name,
			struct flist_meta *meta);

/*
 * What was extra about the name that was asked for last, kept if the walk keeps anything; NULL:
 * nothing was asked. What failed of it is a failure of the entry. 0 or -ENOMEM.
 */
int flist_entry_extra(struct flist_walker *w, const struct flist_node *node, const char *name,
		      const struct flist_extra **extra);

/* 0, or why the entry cannot be listed. meta->valid is 0 when only its type is known. */
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

/* Whether it is a directory that the walk goes into, by what was answered. */
static inline bool flist_entry_is_entered(const struct flist_walk *walk,
					  const struct flist_name *name,
					  const struct flist_meta *meta)
{
	if (!S_ISDIR(meta->mode) || name->pruned)
		return false;
	return !flist_walk_has(walk, FLIST_ONE_FILESYSTEM) || !meta->valid ||
	       meta->dev == walk->root_dev;
}

/* Tells the caller's `each`, which there is. 0, or what it returned. */
int flist_entry_tell(struct flist_walker *w, const struct flist_node *node,
		     const struct flist_name *name, const struct flist_meta *meta,
		     const struct flist_extra *extra);

#endif
