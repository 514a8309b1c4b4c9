#include "strategies/flist/collect/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/reader.h"

int flist_grow(void *array, size_t *room, size_t need, size_t size)
{
	void **memory = array, *grown;
	size_t n = *room ? *room : 16;
	if (need <= *room)
		return 0;
	while (n < need)
		n *= 2;
	grown = realloc(*memory, n * size);
	if (!grown)
		return -ENOMEM;
	*memory = grown;
	*room = n;
	return 0;
}

void flist_walk_stop(struct flist_walk *walk, int error)
{
	int none = 0;
	atomic_compare_exchange_strong(&walk->error, &none, error);
	flist_tasks_stop(walk->tasks);
}

bool flist_walk_stopped(struct flist_walk *walk)
{
	const volatile int *cancel = walk->options->cancel;
	if (cancel && *cancel && !atomic_load_explicit(&walk->error, memory_order_relaxed))
		flist_walk_stop(walk, -ECANCELED);
	return atomic_load_explicit(&walk->error, memory_order_relaxed) != 0;
}

int flist_walker_go(struct flist_walker *w, const struct flist_node *node)
{
	const size_t need = (size_t)node->path_len + 1 + FLIST_NAME_MOST + 1;
	const int ret = flist_grow(&w->path, &w->path_room, need, 1);
	if (ret)
		return ret;
	flist_node_path(node, w->path);
	w->path[node->path_len] = node->parent ? '/' : '\0';
	return 0;
}

/* The walker's path with a name, or of the directory itself. */
static const char *compose(struct flist_walker *w, const struct flist_node *node, const char *name)
{
	if (name)
		memcpy(w->path + flist_node_prefix(node), name, strlen(name) + 1);
	else
		w->path[node->path_len] = '\0';
	return w->path;
}

int flist_walker_fail(struct flist_walker *w, const struct flist_node *node, const char *name,
		      enum flist_step step, int error)
{
	const struct flist_collect_options *o = w->walk->options;
	const char *path = compose(w, node, name);
	const size_t size = strlen(path) + 1;
	struct flist_failure failure = {.path = path, .error = error, .step = step};
	int ret = flist_grow(&w->failures, &w->failures_room, w->n_failures + 1, sizeof(failure));
	if (o->failed)
		o->failed(o->arg, w->index, &failure);
	if (ret == 0 && w->walk->kept) {
		char *copy = flist_arena_alloc(&w->nodes, size);
		failure.path = copy;
		if (copy) {
			memcpy(copy, path, size);
			w->failures[w->n_failures++] = failure;
		} else {
			ret = -ENOMEM;
		}
	}
	if (!name && node->parent)
		w->path[node->path_len] = '/';
	return ret;
}

struct flist_item flist_walker_item(struct flist_walker *w, const struct flist_node *node,
				    const struct flist_name *name)
{
	const uint32_t prefix = flist_node_prefix(node);
	memcpy(w->path + prefix, name->text, (size_t)name->len + 1);
	return (struct flist_item){
		.path = w->path,
		.name = w->path + prefix,
		.path_len = prefix + name->len,
		.depth = node->depth + 1,
		.type = DTTOIF(name->type),
		.status = -ENODATA,
	};
}

void flist_walker_filter(struct flist_walker *w, const struct flist_node *node)
{
	const struct flist_collect_options *o = w->walk->options;
	struct flist_names *names = &w->names;
	size_t kept = 0;
	for (size_t i = 0; o->filter && i < names->n; i++) {
		struct flist_name name = names->all[i];
		const struct flist_item item = flist_walker_item(w, node, &name);
		const enum flist_choice choice = o->filter(o->arg, w->index, &item);
		name.pruned = choice == FLIST_PRUNE;
		if (choice == FLIST_SKIP)
			names->bytes -= (size_t)name.len + 1;
		else
			names->all[kept++] = name;
	}
	if (o->filter)
		names->n = kept;
}

int flist_walker_open(struct flist_walker *w, const struct flist_node *node)
{
	return flist_opener_open(&w->walk->opener, w->path, node->path_len);
}

static bool is_loop(const struct flist_node *node)
{
	for (const struct flist_node *up = node->parent; up; up = up->parent) {
		if (up->ino == node->ino && up->dev == node->dev)
			return true;
	}
	return false;
}

int flist_walk_identify(const struct flist_walk *walk, struct flist_node *node, int fd)
{
	struct stat st;
	if (!flist_walk_has(walk, FLIST_FOLLOW) && !flist_walk_has(walk, FLIST_ONE_FILESYSTEM))
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	node->dev = st.st_dev;
	node->ino = st.st_ino;
	if (flist_walk_has(walk, FLIST_ONE_FILESYSTEM) && node->dev != walk->root_dev)
		return 1;
	return flist_walk_has(walk, FLIST_FOLLOW) && is_loop(node) ? -ELOOP : 0;
}

int flist_walk_ask(const struct flist_walk *walk, int dirfd, const char *name, uint32_t fields,
		   struct flist_meta *meta)
{
	const unsigned follow = walk->options->flags & FLIST_FOLLOW;
	int ret = flist_ask(dirfd, name, follow, fields, meta);
	if (follow && (ret == -ENOENT || ret == -ELOOP))
		ret = flist_ask(dirfd, name, 0, fields, meta);
	return ret;
}
