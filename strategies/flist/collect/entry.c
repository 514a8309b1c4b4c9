#include "strategies/flist/collect/entry.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct flist_visit *flist_visit_new(struct flist_walker *w, struct flist_node *node,
				    const char *name, size_t len, bool copied)
{
	struct flist_visit *visit = flist_arena_alloc(&w->nodes, sizeof(*visit));
	char *copy = copied ? flist_arena_alloc(&w->nodes, len + 1) : NULL;
	if (!visit || (copied && !copy))
		return NULL;
	*visit = (struct flist_visit){
		.node = {.parent = node,
			 .name = copied ? memcpy(copy, name, len + 1) : name,
			 .name_len = (uint32_t)len,
			 .path_len = flist_node_prefix(node) + (uint32_t)len,
			 .depth = node->depth + 1},
	};
	return visit;
}

/* Fills an item for a name in the job's current directory. */
static void set_item(struct flist_walker *w, const struct flist_node *node,
		     const struct flist_name *name, struct flist_item *item)
{
	flist_name_item(name, w->stack.path, flist_node_prefix(node), node->depth + 1, item);
}

void flist_entry_filter(struct flist_walker *w, const struct flist_node *node)
{
	const struct flist_collect_options *o = w->walk->options;
	flist_names_choose(&w->names, o->filter, o->arg, w->index, w->stack.path,
			   flist_node_prefix(node), node->depth + 1);
}

/*
 * Fetches metadata, then extra fields. Out of memory in the second step is returned like an error
 * of the first, and ends the walk. For a link that leads nowhere, the caller repeats both for the
 * link itself.
 */
static int ask_as(struct flist_walker *w, struct flist_question *q, struct flist_meta *meta)
{
	const uint32_t fields = w->walk->fields;
	int ret;
	flist_asker_begin(w->asker);
	ret = q->wanted & FLIST_WIDE ? flist_asker_stat(w->asker, q, fields, meta)
				     : flist_ask(q->dirfd, q->name, q->flags, fields, meta);
	q->type = meta->mode & S_IFMT;
	return ret ? ret : flist_asker_rest(w->asker, q);
}

int flist_entry_ask_all(struct flist_walker *w, int dirfd, const char *name,
			struct flist_meta *meta)
{
	struct flist_question q = {.dirfd = dirfd,
				   .name = name,
				   .flags = w->walk->options->flags & FLIST_FOLLOW,
				   .wanted = w->walk->extra,
				   .method = FLIST_XATTR_METHODS};
	int ret = ask_as(w, &q, meta);
	if (q.flags && flist_is_dangling(ret)) {
		q.flags = 0;
		ret = ask_as(w, &q, meta);
	}
	return ret;
}

int flist_entry_extra(struct flist_walker *w, const struct flist_node *node, const char *name,
		      const struct flist_extra **extra)
{
	int ret;
	*extra = NULL;
	if (!w->asker)
		return 0;
	ret = flist_extra_error(&w->asker->extra);
	if (ret)
		ret = flist_walker_fail(w, flist_walker_path(w, node, name), FLIST_STEP_EXTRA,
					-ret);
	if (ret)
		return ret;
	*extra = w->walk->kept ? flist_keep(&w->recent, &w->nodes, w->asker) : &w->asker->extra;
	return *extra ? 0 : -ENOMEM;
}

int flist_entry_tell(struct flist_walker *w, const struct flist_node *node,
		     const struct flist_name *name, const struct flist_meta *meta,
		     const struct flist_extra *extra)
{
	const struct flist_collect_options *o = w->walk->options;
	struct flist_item item;
	set_item(w, node, name, &item);
	item.type = meta->mode & S_IFMT;
	if (meta->valid) {
		item.status = 0;
		item.meta = meta;
		item.extra = extra;
	}
	return o->each(o->arg, w->index, &item);
}
