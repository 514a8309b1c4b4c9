/*
 * The classic walk: one job goes through the tree and notes all paths; the others ask for their
 * metadata meanwhile, through a cache that answers each path once, and it joins them when it has
 * seen the tree; then what could not be had is taken out and the rest is sorted.
 *
 * It is the idea that most programs have first, and what it costs beside the fused walk is in its
 * steps: the kernel touches every name twice, at different times; every path is written out, hashed
 * and compared whole; and what one thread does alone cannot be made faster by more.
 *
 * Paths written out need memory as the square of the depth. Directories whose own path no call
 * takes, which programs of this kind never enter, are therefore left to the fused walk.
 */
#include "strategies/flist/collect/classic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/collect/flat.h"
#include "strategies/flist/collect/fused.h"
#include "strategies/flist/threads.h"

enum { SPAN_MAX = 256 }; /* entries that are handed over at once */

/* Entries of one directory, one behind the other. */
struct span {
	struct flist_task task;
	struct span *next; /* of the walk's */
	uint32_t n;
	char flats[] __attribute__((aligned(8)));
};

struct enumeration {
	struct flist_task task; /* first: the task is the enumeration */
	struct flist_walk *walk;
	struct flist_cache *cache;
	struct flist_task *newest;  /* directories to enter, linked by older */
	struct span *spans;         /* all of them, the newest first */
	struct flist_below *belows; /* what was left to the fused walk */
};

static size_t flat_size(size_t path_len)
{
	return (offsetof(struct flist_flat, path) + path_len + 1 + 7) & ~(size_t)7;
}

static struct flist_flat *next_flat(struct flist_flat *flat)
{
	return (struct flist_flat *)(void *)((char *)flat + flat_size(flat->path_len));
}

/* An entry that is a link, or that its directory does not tell the type of: 0 or -errno. */
static int find_type(const struct enumeration *e, const struct flist_item *item, int dirfd,
		     uint32_t *type)
{
	const struct flist_meta *meta;
	struct flist_question question = {
		.walk = e->walk, .cache = e->cache, .name = item->name, .dirfd = dirfd};
	const size_t root = strlen(e->walk->root_path);
	char *key = malloc(root + 1 + item->path_len + 1);
	int ret = -ENOMEM;
	if (!key)
		return ret;
	memcpy(key, e->walk->root_path, root);
	key[root] = '/';
	memcpy(key + root + 1, item->path, item->path_len + 1);
	question.key = key;
	ret = flist_flat_ask(&question, &meta);
	if (!ret) {
		*type = meta->mode & S_IFMT;
		flist_meta_unref(meta);
	}
	free(key);
	return ret;
}

static int leave_to_fused(struct enumeration *e, struct flist_walker *w,
			  struct flist_errand *errand, const char *path)
{
	const uint32_t len = errand->node.path_len;
	struct flist_below *below = flist_arena_alloc(&w->nodes, sizeof(*below) + len + 2);
	if (!below)
		return -ENOMEM;
	*below = (struct flist_below){.next = e->belows,
				      .node = &errand->node,
				      .flat = {.path_len = len + 1, .type = FLIST_FLAT_BELOW}};
	memcpy(below->flat.path, path, len);
	memcpy(below->flat.path + len, "/", 2);
	e->belows = below;
	errand->task.kind = FLIST_TASK_ENTER;
	flist_tasks_add(w->walk->tasks, w->index, &errand->task, 1);
	return 0;
}

static int add_directory(struct enumeration *e, struct flist_walker *w, struct flist_node *node,
			 const struct flist_item *item)
{
	const size_t len = item->path_len - (size_t)(item->name - item->path);
	struct flist_errand *errand = flist_walker_child(w, node, item->name, len, false);
	if (!errand)
		return -ENOMEM;
	if (errand->node.path_len > FLIST_PIECE_MAX)
		return leave_to_fused(e, w, errand, item->path);
	errand->task.older = e->newest;
	e->newest = &errand->task;
	return 0;
}

/* Notes one name at `to`, where there is room for it; *noted: whether. */
static int note_entry(struct enumeration *e, struct flist_walker *w, struct flist_node *node,
		      const struct flist_name *name, int dirfd, struct flist_flat *to, bool *noted)
{
	const struct flist_collect_options *o = e->walk->options;
	struct flist_item item;
	flist_walker_item(w, node, name, &item);
	const bool open = item.type == 0 || (S_ISLNK(item.type) && (o->flags & FLIST_FOLLOW));
	int ret = open ? find_type(e, &item, dirfd, &item.type) : 0;
	*noted = !ret;
	if (ret)
		return flist_walker_fail(w, item.path, FLIST_STEP_STAT, -ret);
	*to = (struct flist_flat){.path_len = (uint32_t)item.path_len,
				  .name = flist_node_prefix(node),
				  .depth = item.depth,
				  .type = (uint16_t)item.type,
				  .status = -ENODATA};
	memcpy(to->path, item.path, item.path_len + 1);
	item = flist_flat_item(to);
	if (S_ISDIR(item.type) && !name->pruned && add_directory(e, w, node, &item))
		return -ENOMEM;
	return o->each && o->flags & FLIST_LAZY ? o->each(o->arg, w->index, &item) : 0;
}

/* The next names of those that the walker has gathered become a span, and that a task. */
static int note_span(struct enumeration *e, struct flist_walker *w, struct flist_node *node,
		     size_t first, size_t end, int dirfd)
{
	size_t size = sizeof(struct span);
	for (size_t i = first; i < end; i++)
		size += flat_size((size_t)flist_node_prefix(node) + w->names.all[i].len);
	struct span *span = flist_arena_alloc(&w->nodes, size);
	struct flist_flat *flat = span ? (struct flist_flat *)(void *)span->flats : NULL;
	if (!span)
		return -ENOMEM;
	*span = (struct span){.task = {.kind = FLIST_TASK_ASK}, .next = e->spans};
	e->spans = span;
	for (size_t i = first; i < end; i++) {
		bool noted;
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		int ret = note_entry(e, w, node, &w->names.all[i], dirfd, flat, &noted);
		span->n += noted;
		if (ret)
			return ret;
		flat = noted ? next_flat(flat) : flat;
	}
	if (!flist_walk_has(w->walk, FLIST_LAZY) && span->n > 0)
		flist_tasks_add(w->walk->tasks, w->index, &span->task, 1);
	return 0;
}

static int list_directory(struct enumeration *e, struct flist_walker *w, struct flist_node *node)
{
	struct flist_reader reader;
	int ret = flist_walker_enter(w, node, &reader);
	if (ret)
		return ret < 0 ? ret : 0;
	while (!ret && !reader.ended) {
		ret = flist_walker_read(w, node, &reader);
		if (!ret)
			ret = flist_walker_gather(w, node, w->buffer);
		for (size_t first = 0; first < w->names.n && !ret; first += SPAN_MAX) {
			const size_t left = w->names.n - first;
			const size_t end = first + (left < SPAN_MAX ? left : SPAN_MAX);
			ret = note_span(e, w, node, first, end, reader.fd);
		}
	}
	flist_reader_release(&reader);
	return ret;
}

static int enumerate(struct enumeration *e, struct flist_walker *w)
{
	int ret = 0;
	e->newest = &e->walk->root->task;
	while (e->newest && !ret) {
		struct flist_errand *errand = (struct flist_errand *)e->newest;
		e->newest = errand->task.older;
		ret = list_directory(e, w, &errand->node);
	}
	return ret;
}

static int ask_span(const struct enumeration *e, struct flist_walker *w, struct span *span)
{
	struct flist_flat *flat = (struct flist_flat *)(void *)span->flats;
	struct flist_place place = {.path = NULL};
	int ret = 0;
	for (uint32_t i = 0; i < span->n && !ret; i++, flat = next_flat(flat)) {
		if (flist_walk_stopped(w->walk))
			break;
		ret = flist_flat_fetch(w, &place, e->cache, flat);
	}
	flist_place_leave(&place);
	return ret;
}

static int do_any(struct enumeration *e, struct flist_walker *w, struct flist_task *task)
{
	switch ((enum flist_task_kind)task->kind) {
	case FLIST_TASK_ENUMERATE:
		return enumerate(e, w);
	case FLIST_TASK_ASK:
		return ask_span(e, w, (struct span *)task);
	default:
		return flist_fused_do(w, task);
	}
}

/* The enumeration is the first task of all: whichever job begins first does it. */
static void do_classic(void *arg, unsigned index)
{
	struct enumeration *e = arg;
	struct flist_walker *w = &e->walk->walkers[index];
	struct flist_task *task;
	while ((task = flist_tasks_take(e->walk->tasks, index))) {
		int ret = do_any(e, w, task);
		if (ret)
			flist_walk_stop(e->walk, ret);
		flist_tasks_done(e->walk->tasks);
	}
	flist_trail_leave(&w->trail);
}

/* All entries that have answers, or were not asked for, and what stands for others. */
static int gather_flats(const struct enumeration *e, struct flist_classic *classic)
{
	const bool lazy = flist_walk_has(e->walk, FLIST_LAZY);
	size_t n = 0;
	for (const struct span *span = e->spans; span; span = span->next)
		n += span->n;
	for (const struct flist_below *below = e->belows; below; below = below->next)
		n++;
	classic->flats = malloc((n + 1) * sizeof(struct flist_flat *));
	if (!classic->flats)
		return -ENOMEM;
	for (struct span *span = e->spans; span; span = span->next) {
		struct flist_flat *flat = (struct flist_flat *)(void *)span->flats;
		for (uint32_t i = 0; i < span->n; i++, flat = next_flat(flat)) {
			if (flat->status == 0 || lazy)
				classic->flats[classic->n++] = flat;
		}
	}
	for (struct flist_below *below = e->belows; below; below = below->next)
		classic->flats[classic->n++] = &below->flat;
	return 0;
}

/* Entries hold references: the list's when there is one, or else nobody's. */
static void let_go(const struct enumeration *e)
{
	for (struct span *span = e->spans; span; span = span->next) {
		struct flist_flat *flat = (struct flist_flat *)(void *)span->flats;
		for (uint32_t i = 0; i < span->n; i++, flat = next_flat(flat))
			flist_meta_unref(flat->meta);
	}
}

static int walk_with(struct enumeration *e, struct flist_classic *classic)
{
	struct flist_walk *walk = e->walk;
	int ret;
	flist_tasks_add(walk->tasks, 0, &e->task, 1);
	ret = flist_threads_run(&walk->options->threads, walk->jobs, do_classic, e);
	ret = ret ? ret : atomic_load(&walk->error);
	flist_fused_clean_up(walk);
	if (!ret && walk->kept)
		ret = gather_flats(e, classic);
	if (!ret && walk->kept)
		ret = flist_flat_sort(walk, classic->flats, classic->n);
	if (ret || !walk->kept) {
		let_go(e);
		classic->n = 0;
	}
	return ret;
}

int flist_classic(struct flist_walk *walk, struct flist_classic *classic)
{
	struct enumeration e = {.task = {.kind = FLIST_TASK_ENUMERATE},
				.walk = walk,
				.cache = walk->options->cache};
	int ret = 0;
	*classic = (struct flist_classic){.n = 0};
	if (!e.cache)
		ret = flist_cache_new(&e.cache, NULL);
	if (!ret)
		ret = walk_with(&e, classic);
	if (!walk->options->cache)
		flist_cache_free(e.cache);
	return ret;
}

void flist_classic_release(struct flist_classic *classic)
{
	for (size_t i = 0; i < classic->n; i++)
		flist_meta_unref(classic->flats[i]->meta);
	free(classic->flats);
	*classic = (struct flist_classic){.n = 0};
}
