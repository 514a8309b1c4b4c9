/*
 * Makes a walk and its jobs; after the jobs have ended, frees what they have or moves it to a list.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/bulk.h"
#include "strategies/flist/collect/walk.h"
#include "strategies/flist/threads.h"

/*
 * The number of directory descriptors that a job keeps open: fewer if the limit of the process is
 * low.
 */
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

/*
 * If the library chooses the number of jobs, those beyond one per CPU keep one descriptor only, and
 * open most directories relative to the root.
 */
static size_t window_of(const struct flist_walk *walk, unsigned index)
{
	unsigned jobs = walk->jobs;
	if (flist_adapt_is_on(&walk->adapt))
		jobs = walk->adapt.cpus;
	return index < jobs ? choose_window(jobs) : 1;
}

struct flist_walker *flist_walker_begin(struct flist_walk *walk, unsigned index)
{
	struct flist_walker *w = walk->walkers[index];
	if (w)
		return w;
	w = aligned_alloc(_Alignof(struct flist_walker), sizeof(*w));
	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->walk = walk;
	w->index = index;
	w->stack.opener = &walk->opener;
	w->stack.window = window_of(walk, index);
	if (walk->extra && flist_asker_new(&w->asker)) {
		free(w);
		return NULL;
	}
	walk->walkers[index] = w;
	return w;
}

static void limit_jobs(void *arg, unsigned jobs)
{
	const struct flist_walk *walk = arg;
	flist_tasks_limit(walk->tasks, jobs);
}

static bool is_idle(void *arg)
{
	const struct flist_walk *walk = arg;
	return flist_tasks_are_short(walk->tasks);
}

/*
 * Sets the maximum number of jobs. If the caller has chosen the number, all of them begin at once.
 */
static int choose_jobs(struct flist_walk *walk, const struct flist_threads *threads)
{
	int ret = 0;
	walk->jobs = flist_jobs(threads);
	if (flist_is_adaptive(threads) && walk->jobs > 1)
		ret = flist_adapt_init(&walk->adapt, threads);
	walk->adapt.limit = limit_jobs;
	walk->adapt.is_idle = is_idle;
	walk->adapt.arg = walk;
	return ret;
}

static int fill_walk(struct flist_walk *walk, const struct flist_collect_options *options,
		     bool kept)
{
	int ret = choose_jobs(walk, &options->threads);
	walk->options = options;
	walk->fields = flist_fields(options->fields) | FLIST_TYPE;
	walk->extra = (uint32_t)options->extra;
	walk->kept = kept;
	walk->opener.root = -1;
	if (!ret)
		walk->tasks = flist_tasks_new(walk->jobs, flist_walk_jobs(walk),
					      flist_walk_orders(walk, FLIST_BREADTH));
	return ret || (walk->tasks && flist_walker_begin(walk, 0)) ? ret : -ENOMEM;
}

int flist_walk_run(struct flist_walk *walk, flist_job *job, void *arg)
{
	if (flist_adapt_is_on(&walk->adapt)) {
		flist_adapt_run(&walk->adapt, job, arg);
		return 0;
	}
	return flist_threads_run(&walk->options->threads, walk->jobs, job, arg);
}

/* Opens the root and makes its node. The descriptor belongs to the opener. */
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
	walk->root = flist_arena_alloc(&walk->walkers[0]->nodes, sizeof(*walk->root));
	if (!walk->root)
		return -ENOMEM;
	*walk->root = (struct flist_visit){.big = NULL};
	return 0;
}

int flist_walk_new(struct flist_walk **walk, const char *root,
		   const struct flist_collect_options *options, bool kept)
{
	const size_t most = flist_jobs(&options->threads);
	struct flist_walk *w = calloc(1, sizeof(*w) + most * sizeof(*w->walkers));
	int ret = w ? fill_walk(w, options, kept) : -ENOMEM;
	*walk = NULL;
	if (!ret)
		ret = begin_at_root(w, root);
	if (!ret && options->flags & FLIST_BULK)
		ret = flist_bulk_begin(w, !(options->flags & FLIST_NO_SYNC));
	if (ret) {
		flist_walk_free(w);
		return ret;
	}
	*walk = w;
	return 0;
}

static void free_walker(struct flist_walker *w)
{
	if (!w)
		return;
	flist_arena_release(&w->nodes);
	flist_arena_release(&w->blocks);
	flist_names_release(&w->names);
	flist_block_builder_release(&w->builder);
	flist_dirstack_release(&w->stack);
	flist_asker_free(w->asker);
	flist_bulk_reader_free(w->reader);
	free(w->buffer);
	free(w);
}

void flist_walk_free(struct flist_walk *walk)
{
	if (!walk)
		return;
	for (unsigned i = 0; i < walk->jobs; i++)
		free_walker(walk->walkers[i]);
	flist_bulk_end(walk->bulk);
	flist_tasks_free(walk->tasks);
	flist_opener_release(&walk->opener);
	flist_adapt_release(&walk->adapt);
	free(walk);
}

static void pass_failures(struct flist_walker *w, struct flist_list *list)
{
	struct flist_failure_node **last = &w->noted;
	while (*last)
		last = &(*last)->next;
	*last = list->noted;
	list->noted = w->noted;
	w->noted = NULL;
}

int flist_walk_pass(struct flist_walk *walk, struct flist_list *list)
{
	for (unsigned i = 0; i < walk->jobs; i++) {
		struct flist_walker *w = walk->walkers[i];
		if (!w)
			continue;
		pass_failures(w, list);
		flist_arena_join(&list->arena, &w->nodes);
		flist_arena_join(&list->arena, &w->blocks);
		list->length += w->length;
		list->how.by_tables += w->by_tables;
		if (list->path_most < w->path_most)
			list->path_most = w->path_most;
	}
	return flist_list_settle(list);
}
