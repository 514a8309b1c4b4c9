#include "strategies/flist/collect/entry.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct flist_errand *flist_errand_new(struct flist_walker *w, struct flist_node *node,
				      const char *name, size_t len, bool copied)
{
	struct flist_errand *errand = flist_arena_alloc(&w->nodes, sizeof(*errand));
	char *copy = copied ? flist_arena_alloc(&w->nodes, len + 1) : NULL;
	if (!errand || (copied && !copy))
		return NULL;
	*errand = (struct flist_errand){
		.node = {.parent = node,
			 .name = copied ? memcpy(copy, name, len + 1) : name,
			 .name_len = (uint32_t)len,
			 .path_len = flist_node_prefix(node) + (uint32_t)len,
			 .depth = node->depth + 1},
	};
	return errand;
}

/* An item for the name in the directory that the walker is in. */
static void set_item(struct flist_walker *w, const struct flist_node *node,
		     const struct flist_name *name, struct flist_item *item)
{
	const uint32_t prefix = flist_node_prefix(node);
	char *path = w->trail.path;
	if (node->parent)
		path[node->path_len] = '/';
	flist_copy_name(path + prefix, name->text, name->len + 1U);
	item->path = path;
	item->name = path + prefix;
	item->path_len = prefix + name->len;
	item->depth = node->depth + 1;
	item->type = (uint32_t)DTTOIF(name->type);
	item->status = -ENODATA;
	item->meta = NULL;
}

void flist_entry_filter(struct flist_walker *w, const struct flist_node *node)
{
	const struct flist_collect_options *o = w->walk->options;
	struct flist_names *names = &w->names;
	size_t kept = 0;
	for (size_t i = 0; i < names->n; i++) {
		struct flist_name name = names->all[i];
		struct flist_item item;
		set_item(w, node, &name, &item);
		const enum flist_choice choice = o->filter(o->arg, w->index, &item);
		name.pruned = choice == FLIST_PRUNE;
		if (choice == FLIST_SKIP)
			names->bytes -= (size_t)name.len + 1;
		else
			names->all[kept++] = name;
	}
	names->n = kept;
}

int flist_entry_tell(struct flist_walker *w, const struct flist_node *node,
		     const struct flist_name *name, const struct flist_meta *meta)
{
	const struct flist_collect_options *o = w->walk->options;
	struct flist_item item;
	set_item(w, node, name, &item);
	item.type = meta->mode & S_IFMT;
	if (meta->valid) {
		item.status = 0;
		item.meta = meta;
	}
	return o->each(o->arg, w->index, &item);
}
