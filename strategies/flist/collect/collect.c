/* flist_collect: what both algorithms begin with and end in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/fused.h"

enum { FLAGS = FLIST_FOLLOW | FLIST_ONE_FILESYSTEM | FLIST_LAZY };

static int check(const struct flist_collect_options *o)
{
	if (o->flags & ~(unsigned)FLAGS || o->fields & ~(uint32_t)FLIST_FIELDS)
		return -EINVAL;
	return o->algorithm == FLIST_FUSED || o->algorithm == FLIST_CLASSIC ? 0 : -EINVAL;
}

static struct flist_walk *new_walk(const struct flist_collect_options *options, bool kept)
{
	const unsigned jobs = flist_threads_jobs(&options->threads);
	const size_t size = sizeof(struct flist_walk) + jobs * sizeof(struct flist_walker);
	const size_t align = _Alignof(struct flist_walker);
	struct flist_walk *walk = aligned_alloc(align, (size + align - 1) / align * align);
	if (!walk)
		return NULL;
	memset(walk, 0, size);
	walk->options = options;
	walk->fields = flist_fields(options->fields) | FLIST_TYPE;
	walk->kept = kept;
	walk->jobs = jobs;
	walk->opener.root = -1;
	walk->tasks = flist_tasks_new(jobs);
	for (unsigned i = 0; i < jobs; i++) {
		walk->walkers[i].walk = walk;
		walk->walkers[i].index = i;
	}
	if (walk->tasks)
		return walk;
	free(walk);
	return NULL;
}

static void free_walk(struct flist_walk *walk)
{
	for (unsigned i = 0; i < walk->jobs; i++) {
		struct flist_walker *w = &walk->walkers[i];
		flist_arena_release(&w->nodes);
		flist_arena_release(&w->blocks);
		flist_names_release(&w->names);
		free(w->shared);
		free(w->path);
		free(w->failures);
	}
	flist_tasks_free(walk->tasks);
	flist_opener_release(&walk->opener);
	free(walk);
}

static int open_root(struct flist_walk *walk, const char *root)
{
	struct stat st;
	int ret = flist_opener_init(&walk->opener, root, flist_walk_has(walk, FLIST_FOLLOW));
	if (ret)
		return ret;
	if (fstat(walk->opener.root, &st) < 0)
		return -errno;
	walk->root_dev = st.st_dev;
	return 0;
}

/* The failures of all jobs; their paths are in the arenas. */
static int gather_failures(struct flist_walk *walk, struct flist_list *list)
{
	struct flist_failure *all;
	size_t n = 0;
	for (unsigned i = 0; i < walk->jobs; i++)
		n += walk->walkers[i].n_failures;
	if (n == 0)
		return 0;
	all = malloc(n * sizeof(*all));
	if (!all)
		return -ENOMEM;
	n = 0;
	for (unsigned i = 0; i < walk->jobs; i++) {
		const struct flist_walker *w = &walk->walkers[i];
		if (w->n_failures)
			memcpy(all + n, w->failures, w->n_failures * sizeof(*all));
		n += w->n_failures;
	}
	flist_list_set_failures(list, all, n);
	return 0;
}

/* Everything that is kept passes from the walk to the list. */
static int make_list(struct flist_walk *walk, const char *root, struct flist_list **list)
{
	struct flist_list *l = flist_list_new(root, walk->options->flags);
	if (!l)
		return -ENOMEM;
	if (gather_failures(walk, l)) {
		flist_list_free(l);
		return -ENOMEM;
	}
	l->root = walk->root;
	for (unsigned i = 0; i < walk->jobs; i++) {
		struct flist_walker *w = &walk->walkers[i];
		flist_arena_join(&l->arena, &w->nodes);
		flist_arena_join(&l->arena, &w->blocks);
		l->length += w->length;
		if (l->path_most < w->path_most)
			l->path_most = w->path_most;
	}
	*list = l;
	return 0;
}

int flist_collect(struct flist_list **list, const char *root,
		  const struct flist_collect_options *options)
{
	static const struct flist_collect_options none;
	struct flist_walk *walk;
	int ret = options ? check(options) : 0;
	if (list)
		*list = NULL;
	if (ret)
		return ret;
	walk = new_walk(options ? options : &none, list != NULL);
	if (!walk)
		return -ENOMEM;
	ret = open_root(walk, root);
	if (!ret)
		ret = flist_fused(walk);
	if (!ret && list)
		ret = make_list(walk, root, list);
	free_walk(walk);
	return ret;
}
