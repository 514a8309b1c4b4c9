#include "strategies/flist/collect/batch.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What is being made of a buffer. */
struct batch {
	struct flist_walker *w;
	struct flist_node *node;
	struct flist_maker *maker;
	struct flist_node **last; /* where the next child is linked */
	bool asked;               /* metadata is kept */
	int dirfd;
};

/* What the type in the directory does not tell: nothing else is asked in a lazy walk. */
static bool type_is_open(const struct flist_walk *walk, const struct flist_name *name)
{
	return name->type == DT_UNKNOWN ||
	       (name->type == DT_LNK && flist_walk_has(walk, FLIST_FOLLOW));
}

/* 0, or why the entry cannot be listed. meta->valid is 0 when only its type is known. */
static int ask(const struct batch *b, const struct flist_name *name, struct flist_meta *meta)
{
	const struct flist_walk *walk = b->w->walk;
	int ret = 0;
	if (!flist_walk_has(walk, FLIST_LAZY))
		return flist_walk_ask(walk, b->dirfd, name->text, walk->fields, meta);
	*meta = (struct flist_meta){.mode = (uint32_t)DTTOIF(name->type)};
	if (type_is_open(walk, name))
		ret = flist_walk_ask(walk, b->dirfd, name->text, FLIST_TYPE, meta);
	meta->mode &= S_IFMT;
	meta->valid = 0;
	return ret;
}

static bool is_entered(const struct flist_walk *walk, const struct flist_name *name,
		       const struct flist_meta *meta)
{
	if (!S_ISDIR(meta->mode) || name->pruned)
		return false;
	return !flist_walk_has(walk, FLIST_ONE_FILESYSTEM) || !meta->valid ||
	       meta->dev == walk->root_dev;
}

static int add_child(struct batch *b, struct flist_line *line)
{
	const struct flist_block *block = b->maker->block;
	struct flist_errand *errand = flist_walker_child(b->w, b->node, block->names + line->name,
							 line->len, !b->w->walk->kept);
	if (!errand)
		return -ENOMEM;
	errand->node.after = block->n - 1;
	line->entered = 1;
	*b->last = &errand->node;
	b->last = &errand->node.sibling;
	return 0;
}

static int tell_each(const struct batch *b, const struct flist_name *name,
		     const struct flist_meta *meta)
{
	const struct flist_collect_options *o = b->w->walk->options;
	struct flist_item item;
	flist_walker_item(b->w, b->node, name, &item);
	item.type = meta->mode & S_IFMT;
	if (meta->valid) {
		item.status = 0;
		item.meta = meta;
	}
	return o->each(o->arg, b->w->index, &item);
}

static int add_entry(struct batch *b, const struct flist_name *name, const struct flist_meta *meta)
{
	const struct flist_walk *walk = b->w->walk;
	struct flist_line *line = flist_maker_add(b->maker, name->text, name->len, meta->mode);
	if (b->asked)
		flist_maker_put(b->maker, meta);
	if (is_entered(walk, name, meta) && add_child(b, line))
		return -ENOMEM;
	return walk->options->each ? tell_each(b, name, meta) : 0;
}

static void note(struct flist_walker *w, const struct batch *b)
{
	const struct flist_block *block = b->maker->block;
	w->length += block->n;
	for (uint32_t i = 0; i < block->n; i++) {
		const size_t len = (size_t)flist_node_prefix(b->node) + block->lines[i].len;
		w->path_most = w->path_most < len ? len : w->path_most;
	}
}

static int list_one(struct batch *b, const struct flist_name *name)
{
	struct flist_walker *w = b->w;
	struct flist_meta meta;
	int ret = ask(b, name, &meta);
	if (!ret)
		return add_entry(b, name, &meta);
	return flist_walker_fail(w, flist_walker_path(w, b->node, name->text), FLIST_STEP_STAT,
				 -ret);
}

static int begin_batch(struct batch *b)
{
	struct flist_walker *w = b->w;
	struct flist_maker *maker = &w->maker;
	int ret = flist_maker_begin(maker, &w->blocks, w->names.n, w->names.bytes, b->asked);
	if (ret)
		return ret;
	maker->block->node = b->node;
	b->maker = maker;
	b->last = &maker->block->child;
	return 0;
}

int flist_batch_take(struct flist_walker *w, struct flist_node *node, int dirfd,
		     const struct flist_buffer *buffer, struct flist_block **block)
{
	struct batch b = {.w = w, .node = node, .dirfd = dirfd};
	int ret = flist_walker_gather(w, node, buffer);
	b.asked = w->walk->kept && !flist_walk_has(w->walk, FLIST_LAZY);
	if (!ret)
		ret = begin_batch(&b);
	if (ret)
		return ret;
	flist_names_sort(&w->names);
	for (size_t i = 0; i < w->names.n && !ret; i++) {
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		ret = list_one(&b, &w->names.all[i]);
	}
	note(w, &b);
	*block = b.maker->block;
	return ret ? ret : flist_maker_end(b.maker, &w->blocks);
}

static struct flist_errand *errand_of(struct flist_node *node)
{
	return (struct flist_errand *)(void *)((char *)node - offsetof(struct flist_errand, node));
}

struct flist_task *flist_batch_enter(struct flist_walker *w, struct flist_node *children,
				     bool keep_first)
{
	struct flist_task *kept = NULL, *first = NULL, **last = &first;
	unsigned n = 0;
	if (keep_first && children) {
		kept = &errand_of(children)->task;
		children = children->sibling;
	}
	for (; children; children = children->sibling, n++) {
		struct flist_errand *errand = errand_of(children);
		*last = &errand->task;
		last = &errand->task.older;
	}
	if (n > 0)
		flist_tasks_add(w->walk->tasks, w->index, first, n);
	return kept;
}
