#include "strategies/flist/collect/batch.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* What is being made of a buffer. */
struct batch {
	struct flist_walker *w;
	struct flist_node *node;
	struct flist_block *block;
	struct flist_node **last; /* where the next child is linked */
	int dirfd;
	uint32_t names_used;
};

static struct flist_block *new_block(struct flist_walker *w, struct flist_node *node)
{
	const struct flist_walk *walk = w->walk;
	const size_t n = w->names.n;
	const size_t facts = flist_walk_has(walk, FLIST_LAZY) ? 0 : n * sizeof(struct flist_facts);
	const size_t btimes = walk->fields & FLIST_BTIME ? n * sizeof(int64_t) : 0;
	struct flist_block *block =
		flist_arena_alloc(&w->blocks, sizeof(*block) + n * sizeof(*block->lines) + facts +
						      (facts ? btimes : 0) + w->names.bytes);
	if (!block || flist_grow(&w->shared, &w->shared_room, n + 1, sizeof(*w->shared)))
		return NULL;
	*block = (struct flist_block){.node = node, .shared = w->shared};
	block->lines = (struct flist_line *)(block + 1);
	char *at = (char *)(block->lines + n);
	if (facts)
		block->facts = (struct flist_facts *)(void *)at;
	at += facts;
	if (facts && btimes) {
		block->btimes_ns = (int64_t *)(void *)at;
		at += btimes;
	}
	block->names = at;
	return block;
}

/* What the type in the directory does not tell: nothing else is asked in a lazy walk. */
static bool type_is_open(const struct flist_walk *walk, const struct flist_name *name)
{
	return name->type == DT_UNKNOWN ||
	       (name->type == DT_LNK && flist_walk_has(walk, FLIST_FOLLOW));
}

/* 0, or why the entry cannot be listed. *meta.valid is 0 when only its type is known. */
static int ask(const struct batch *b, const struct flist_name *name, struct flist_meta *meta)
{
	const struct flist_walk *walk = b->w->walk;
	int ret = 0;
	if (!flist_walk_has(walk, FLIST_LAZY))
		return flist_walk_ask(walk, b->dirfd, name->text, walk->fields, meta);
	if (type_is_open(walk, name))
		ret = flist_walk_ask(walk, b->dirfd, name->text, FLIST_TYPE, meta);
	else
		meta->mode = DTTOIF(name->type);
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

/* The name in the block, or where there will be none a copy of it, for as long as the node. */
static const char *keep_name(struct flist_walker *w, const char *name, size_t len)
{
	char *copy;
	if (w->walk->kept)
		return name;
	copy = flist_arena_alloc(&w->nodes, len + 1);
	return copy ? memcpy(copy, name, len + 1) : NULL;
}

static int add_child(struct batch *b, uint32_t line)
{
	struct flist_errand *errand = flist_arena_alloc(&b->w->nodes, sizeof(*errand));
	struct flist_line *l = &b->block->lines[line];
	const char *name = keep_name(b->w, b->block->names + l->name, l->len);
	if (!errand || !name)
		return -ENOMEM;
	*errand = (struct flist_errand){
		.task = {.kind = FLIST_TASK_ENTER},
		.node = {.parent = b->node,
			 .name = name,
			 .name_len = l->len,
			 .path_len = flist_node_prefix(b->node) + l->len,
			 .depth = b->node->depth + 1,
			 .after = line},
	};
	l->entered = 1;
	*b->last = &errand->node;
	b->last = &errand->node.sibling;
	return 0;
}

static int tell(const struct batch *b, const struct flist_name *name, const struct flist_meta *meta)
{
	const struct flist_collect_options *o = b->w->walk->options;
	struct flist_item item = flist_walker_item(b->w, b->node, name);
	item.type = meta->mode & S_IFMT;
	if (meta->valid) {
		item.status = 0;
		item.meta = meta;
	}
	return o->each(o->arg, b->w->index, &item);
}

static int add(struct batch *b, const struct flist_name *name, const struct flist_meta *meta)
{
	struct flist_block *block = b->block;
	const uint32_t line = block->n++;
	const struct flist_walk *walk = b->w->walk;
	memcpy(block->names + b->names_used, name->text, (size_t)name->len + 1);
	block->lines[line] = (struct flist_line){
		.name = b->names_used, .mode = (uint16_t)meta->mode, .len = name->len & 0xfffU};
	b->names_used += name->len + 1U;
	if (meta->valid)
		flist_block_put(block, line, meta);
	if (is_entered(walk, name, meta) && add_child(b, line))
		return -ENOMEM;
	return walk->options->each ? tell(b, name, meta) : 0;
}

/* The block lives on with what was asked for; what was reserved for vanished entries is wasted. */
static int keep(struct batch *b)
{
	struct flist_walker *w = b->w;
	const size_t size = b->block->n_shared * sizeof(*w->shared);
	struct flist_shared *shared = flist_arena_alloc(&w->blocks, size);
	if (!shared)
		return -ENOMEM;
	memcpy(shared, b->block->shared, size);
	b->block->shared = shared;
	return 0;
}

static void note(struct flist_walker *w, const struct batch *b)
{
	const struct flist_block *block = b->block;
	w->length += block->n;
	for (uint32_t i = 0; i < block->n; i++) {
		const size_t len = (size_t)flist_node_prefix(b->node) + block->lines[i].len;
		w->path_most = w->path_most < len ? len : w->path_most;
	}
}

int flist_batch_take(struct flist_walker *w, const struct flist_buffer *buffer, int dirfd,
		     struct flist_block **block)
{
	struct batch b = {.w = w, .node = &buffer->errand->node, .dirfd = dirfd};
	int ret = flist_names_gather(&w->names, buffer->data, buffer->used);
	if (ret)
		return ret;
	flist_walker_filter(w, b.node);
	flist_names_sort(&w->names);
	b.block = new_block(w, b.node);
	if (!b.block)
		return -ENOMEM;
	b.last = &b.block->child;
	for (size_t i = 0; i < w->names.n && !ret; i++) {
		const struct flist_name *name = &w->names.all[i];
		struct flist_meta meta;
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		ret = ask(&b, name, &meta);
		ret = ret ? flist_walker_fail(w, b.node, name->text, FLIST_STEP_STAT, -ret)
			  : add(&b, name, &meta);
	}
	note(w, &b);
	*block = b.block;
	return ret ? ret : keep(&b);
}

void flist_batch_enter(struct flist_walker *w, const struct flist_block *block)
{
	struct flist_task *first = NULL, **last = &first;
	unsigned n = 0;
	for (struct flist_node *node = block->child; node; node = node->sibling, n++) {
		struct flist_errand *errand =
			(struct flist_errand *)(void *)((char *)node -
							offsetof(struct flist_errand, node));
		*last = &errand->task;
		last = &errand->task.older;
	}
	*last = NULL;
	if (n > 0)
		flist_tasks_add(w->walk->tasks, w->index, first, n);
}
