/*
 * The classic walk, step by step: one thread goes through the tree and notes all paths; then all
 * threads ask for their metadata, through a cache that answers each path once; then what could
 * not be had is taken out and the rest is sorted.
 *
 * It is the idea that most programs have first, and what it costs beside the fused walk is in its
 * steps: the kernel touches every name twice, at different times; every path is written out, hashed
 * and compared whole; and what one thread does alone cannot be made faster by more.
 */
#include "strategies/flist/collect/classic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/collect/flat.h"

struct enumeration {
	struct flist_walker *w;
	struct flist_classic *classic;
	struct flist_cache *cache;
	struct flist_task *newest; /* directories to enter, linked by older */
};

/* An entry that is a link, or that its directory does not tell the type of: 0 or -errno. */
static int find_type(const struct enumeration *e, const struct flist_item *item, int dirfd,
		     uint16_t *type)
{
	const struct flist_walk *walk = e->w->walk;
	const struct flist_meta *meta;
	struct flist_question question = {
		.walk = walk, .cache = e->cache, .name = item->name, .dirfd = dirfd};
	const size_t root = strlen(walk->root_path);
	char *key = malloc(root + 1 + item->path_len + 1);
	int ret = -ENOMEM;
	if (!key)
		return ret;
	memcpy(key, walk->root_path, root);
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

static int add_directory(struct enumeration *e, struct flist_node *node, const char *name,
			 size_t len)
{
	struct flist_errand *errand = flist_walker_child(e->w, node, name, len, false);
	if (!errand)
		return -ENOMEM;
	errand->task.older = e->newest;
	e->newest = &errand->task;
	return 0;
}

static int note_entry(struct enumeration *e, struct flist_node *node, const struct flist_name *name,
		      int dirfd)
{
	struct flist_walker *w = e->w;
	struct flist_classic *c = e->classic;
	struct flist_item item;
	flist_walker_item(w, node, name, &item);
	uint16_t type = (uint16_t)item.type;
	const bool open = type == 0 || (S_ISLNK(type) && flist_walk_has(w->walk, FLIST_FOLLOW));
	int ret = open ? find_type(e, &item, dirfd, &type) : 0;
	if (ret)
		return flist_walker_fail(w, item.path, FLIST_STEP_STAT, -ret);
	char *path = flist_arena_alloc(&w->nodes, item.path_len + 1);
	if (!path || flist_grow(&c->flats, &c->room, c->n + 1, sizeof(*c->flats)))
		return -ENOMEM;
	memcpy(path, item.path, item.path_len + 1);
	c->flats[c->n] = (struct flist_flat){.path = path,
					     .path_len = (uint32_t)item.path_len,
					     .name = flist_node_prefix(node),
					     .depth = item.depth,
					     .type = type,
					     .status = -ENODATA};
	item = flist_flat_item(&c->flats[c->n++]);
	if (S_ISDIR(type) && !name->pruned && add_directory(e, node, item.name, name->len))
		return -ENOMEM;
	if (flist_walk_has(w->walk, FLIST_LAZY) && w->walk->options->each)
		return w->walk->options->each(w->walk->options->arg, w->index, &item);
	return 0;
}

static int list_directory(struct enumeration *e, struct flist_node *node)
{
	struct flist_walker *w = e->w;
	struct flist_reader reader;
	int ret = flist_walker_enter(w, node, &reader);
	if (ret)
		return ret < 0 ? ret : 0;
	while (!ret && !reader.ended) {
		ret = flist_walker_read(w, node, &reader);
		if (!ret)
			ret = flist_walker_gather(w, node, w->buffer);
		for (size_t i = 0; i < w->names.n && !ret; i++)
			ret = flist_walk_stopped(w->walk)
				      ? atomic_load(&w->walk->error)
				      : note_entry(e, node, &w->names.all[i], reader.fd);
	}
	flist_reader_release(&reader);
	return ret;
}

static int enumerate(struct flist_walk *walk, struct flist_classic *classic,
		     struct flist_cache *cache)
{
	struct enumeration e = {.w = &walk->walkers[0],
				.classic = classic,
				.cache = cache,
				.newest = &walk->root->task};
	int ret = 0;
	while (e.newest && !ret) {
		struct flist_errand *errand = (struct flist_errand *)e.newest;
		e.newest = errand->task.older;
		ret = list_directory(&e, &errand->node);
	}
	return ret;
}

/* Takes out those without an answer. */
static void compact(struct flist_classic *c)
{
	size_t kept = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (c->flats[i].status == 0)
			c->flats[kept++] = c->flats[i];
	}
	c->n = kept;
}

static int walk_with(struct flist_walk *walk, struct flist_classic *classic,
		     struct flist_cache *cache)
{
	int ret = enumerate(walk, classic, cache);
	if (ret)
		return ret;
	if (!flist_walk_has(walk, FLIST_LAZY)) {
		ret = flist_flat_fetch(walk, cache, classic->flats, classic->n);
		if (ret)
			return ret;
		compact(classic);
	}
	return walk->kept ? flist_flat_sort(walk, &classic->flats, classic->n) : 0;
}

int flist_classic(struct flist_walk *walk, struct flist_classic *classic)
{
	struct flist_cache *cache = walk->options->cache;
	int ret = 0;
	*classic = (struct flist_classic){.n = 0};
	if (!cache)
		ret = flist_cache_new(&cache, NULL);
	if (!ret)
		ret = walk_with(walk, classic, cache);
	if (!walk->options->cache)
		flist_cache_free(cache);
	return ret;
}

void flist_classic_release(struct flist_classic *classic)
{
	for (size_t i = 0; i < classic->n; i++)
		flist_meta_unref(classic->flats[i].meta);
	free(classic->flats);
	*classic = (struct flist_classic){.n = 0};
}
