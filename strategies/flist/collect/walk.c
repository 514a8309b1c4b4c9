#include "strategies/flist/collect/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/threads.h"

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

/* How many descriptors of directories a job keeps: few, where there are few. */
static size_t choose_window(unsigned jobs)
{
	enum { MOST = 8, OTHERS = 3 };
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return MOST;
	const rlim_t share = limit.rlim_cur / 2 / jobs;
	if (share >= MOST + OTHERS)
		return MOST;
	return share > OTHERS ? (size_t)share - OTHERS : 1;
}

static struct flist_walk *alloc_walk(unsigned jobs)
{
	const size_t align = _Alignof(struct flist_walker);
	const size_t size = sizeof(struct flist_walk) + jobs * sizeof(struct flist_walker);
	const size_t window = choose_window(jobs);
	struct flist_walk *walk = aligned_alloc(align, (size + align - 1) / align * align);
	if (!walk)
		return NULL;
	memset(walk, 0, size);
	walk->jobs = jobs;
	walk->opener.root = -1;
	walk->tasks = flist_tasks_new(jobs);
	for (unsigned i = 0; i < jobs; i++) {
		walk->walkers[i].walk = walk;
		walk->walkers[i].index = i;
		walk->walkers[i].trail.opener = &walk->opener;
		walk->walkers[i].trail.window = window;
	}
	if (walk->tasks)
		return walk;
	free(walk);
	return NULL;
}

/* The root's node; its descriptor is the opener's. */
static int begin_at_root(struct flist_walk *walk, const char *root)
{
	struct stat st;
	int ret = flist_opener_init(&walk->opener, root, flist_walk_has(walk, FLIST_FOLLOW));
	if (ret)
		return ret;
	if (fstat(walk->opener.root, &st) < 0)
		return -errno;
	walk->root_path = root;
	walk->root_dev = st.st_dev;
	walk->root = flist_arena_alloc(&walk->walkers[0].nodes, sizeof(*walk->root));
	if (!walk->root)
		return -ENOMEM;
	*walk->root = (struct flist_errand){.big = NULL};
	return 0;
}

int flist_walk_new(struct flist_walk **walk, const char *root,
		   const struct flist_collect_options *options, bool kept)
{
	struct flist_walk *w = alloc_walk(flist_jobs(&options->threads));
	int ret;
	*walk = NULL;
	if (!w)
		return -ENOMEM;
	w->options = options;
	w->fields = flist_fields(options->fields) | FLIST_TYPE;
	w->kept = kept;
	ret = begin_at_root(w, root);
	if (ret) {
		flist_walk_free(w);
		return ret;
	}
	*walk = w;
	return 0;
}

void flist_walk_free(struct flist_walk *walk)
{
	if (!walk)
		return;
	for (unsigned i = 0; i < walk->jobs; i++) {
		struct flist_walker *w = &walk->walkers[i];
		flist_arena_release(&w->nodes);
		flist_arena_release(&w->blocks);
		flist_names_release(&w->names);
		flist_maker_release(&w->maker);
		flist_trail_release(&w->trail);
		free(w->buffer);
	}
	flist_tasks_free(walk->tasks);
	flist_opener_release(&walk->opener);
	free(walk);
}

int flist_walk_run(struct flist_walk *walk, flist_job *job)
{
	int ret = flist_threads_run(&walk->options->threads, walk->jobs, job, walk);
	return ret ? ret : atomic_load(&walk->error);
}

void flist_walk_stop(struct flist_walk *walk, int error)
{
	int none = 0;
	atomic_compare_exchange_strong(&walk->error, &none, error);
	flist_tasks_stop(walk->tasks);
}

bool flist_walk_cancelled(struct flist_walk *walk)
{
	if (!__atomic_load_n(walk->options->cancel, __ATOMIC_RELAXED))
		return false;
	flist_walk_stop(walk, -ECANCELED);
	return true;
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

static void pass_failures(struct flist_walker *w, struct flist_list *list)
{
	struct flist_noted **last = &w->noted;
	while (*last)
		last = &(*last)->next;
	*last = list->noted;
	list->noted = w->noted;
	w->noted = NULL;
}

int flist_walk_pass(struct flist_walk *walk, struct flist_list *list)
{
	for (unsigned i = 0; i < walk->jobs; i++) {
		struct flist_walker *w = &walk->walkers[i];
		pass_failures(w, list);
		flist_arena_join(&list->arena, &w->nodes);
		flist_arena_join(&list->arena, &w->blocks);
		list->length += w->length;
		if (list->path_most < w->path_most)
			list->path_most = w->path_most;
	}
	return flist_list_settle(list);
}
