/* What one job of a walk does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/collect/walk.h"

int flist_walker_fail(struct flist_walker *w, const char *path, enum flist_step step, int error)
{
	const struct flist_collect_options *o = w->walk->options;
	const size_t size = strlen(path) + 1;
	struct flist_failure failure = {.path = path, .error = error, .step = step};
	struct flist_noted *noted;
	if (error == ENOMEM)
		return -ENOMEM;
	if (o->failed)
		o->failed(o->arg, w->index, &failure);
	if (!w->walk->kept)
		return 0;
	noted = flist_arena_alloc(&w->nodes, sizeof(*noted) + size);
	if (!noted)
		return -ENOMEM;
	failure.path = memcpy(noted + 1, path, size);
	*noted = (struct flist_noted){.next = w->noted, .failure = failure};
	w->noted = noted;
	return 0;
}

struct flist_errand *flist_walker_child(struct flist_walker *w, struct flist_node *node,
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

const char *flist_walker_path(struct flist_walker *w, const struct flist_node *node,
			      const char *name)
{
	char *path = w->trail.path;
	path[node->path_len] = '\0';
	if (name) {
		if (node->parent)
			path[node->path_len] = '/';
		memcpy(path + flist_node_prefix(node), name, strlen(name) + 1);
	}
	return path;
}

/*
 * Whether a directory that was opened is to be read: notes which one it is where that matters. 0;
 * 1: it is on another filesystem; -ELOOP: it is one of those it lies in; errors of fstat(2).
 */
static int identify(struct flist_walker *w, struct flist_node *node, int fd)
{
	const struct flist_walk *walk = w->walk;
	const bool follow = flist_walk_has(walk, FLIST_FOLLOW);
	const bool one = flist_walk_has(walk, FLIST_ONE_FILESYSTEM);
	struct stat st;
	int ret;
	if (!follow && !one)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	node->dev = st.st_dev;
	node->ino = st.st_ino;
	if (one && node->dev != walk->root_dev)
		return 1;
	ret = follow ? flist_trail_is_loop(&w->trail) : 0;
	return ret > 0 ? -ELOOP : ret;
}

static int open_node(struct flist_walker *w, struct flist_node *node, struct flist_reader *reader)
{
	const int fd = flist_trail_go(&w->trail, node);
	int ret = fd < 0 ? fd : identify(w, node, fd);
	if (ret)
		return ret;
	ret = flist_reader_init(reader, fd);
	if (ret != -EMFILE)
		return ret;
	flist_trail_shed(&w->trail);
	return flist_reader_init(reader, fd);
}

int flist_walker_enter(struct flist_walker *w, struct flist_node *node, struct flist_reader *reader)
{
	int ret = open_node(w, node, reader);
	if (ret >= 0 || ret == -ENOMEM)
		return ret;
	ret = flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_OPEN, -ret);
	return ret ? ret : 1;
}

int flist_walker_read(struct flist_walker *w, const struct flist_node *node,
		      struct flist_reader *reader)
{
	int ret = 0;
	if (!w->buffer)
		w->buffer = malloc(sizeof(*w->buffer) + FLIST_BUFFER_SIZE);
	if (!w->buffer)
		return -ENOMEM;
	w->buffer->used = 0;
	while (!ret && !reader->ended && FLIST_BUFFER_SIZE - w->buffer->used >= FLIST_READ_MIN) {
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		ret = flist_reader_read(reader, w->buffer->data, FLIST_BUFFER_SIZE,
					&w->buffer->used);
	}
	if (!ret)
		return 0;
	return flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_READ, -ret);
}

void flist_walker_item(struct flist_walker *w, const struct flist_node *node,
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

static void filter(struct flist_walker *w, const struct flist_node *node)
{
	const struct flist_collect_options *o = w->walk->options;
	struct flist_names *names = &w->names;
	size_t kept = 0;
	for (size_t i = 0; i < names->n; i++) {
		struct flist_name name = names->all[i];
		struct flist_item item;
		flist_walker_item(w, node, &name, &item);
		const enum flist_choice choice = o->filter(o->arg, w->index, &item);
		name.pruned = choice == FLIST_PRUNE;
		if (choice == FLIST_SKIP)
			names->bytes -= (size_t)name.len + 1;
		else
			names->all[kept++] = name;
	}
	names->n = kept;
}

/* Once for a directory, whoever reads it: what the kernel says of names that it refuses itself. */
static int tell_nameless(struct flist_walker *w, struct flist_node *node)
{
	if (__atomic_exchange_n(&node->nameless, true, __ATOMIC_RELAXED))
		return 0;
	return flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_READ, EIO);
}

int flist_walker_gather(struct flist_walker *w, struct flist_node *node,
			const struct flist_buffer *buffer)
{
	int ret = flist_names_gather(&w->names, buffer->data, buffer->used);
	if (!ret && w->names.nameless)
		ret = tell_nameless(w, node);
	if (!ret && w->walk->options->filter)
		filter(w, node);
	return ret;
}
