#include "strategies/flist/collect/share.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/collect/bulk.h"
#include "strategies/flist/collect/entry.h"

enum { CLAIMS_PER_JOB = 2 /* claim: 1/(this * jobs) of the rest */ };

struct shared_answer {
	struct flist_name name;
	struct flist_visit *child; /* NULL: not a directory that is entered */
	struct flist_meta meta;
	const struct flist_extra *extra;
	bool listed;
};

struct flist_answers {
	char *texts;                /* of the names, NUL-terminated */
	uint64_t *turns;            /* order of the fetches: index into all (low 32 bits) */
	struct shared_answer all[]; /* in the order of the names */
};

/* ---- Making a share -------------------------------------------------------------------------- */

static int compare_turns(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/*
 * Sets the order of the fetches. Directories come first, because most of the remaining work may be
 * below them. With FLIST_BY_INODE the order within both parts is that of the low 32 bits of the
 * inode numbers, which is enough to bring neighbours together. For directories it is then the
 * reverse, since the one that is fetched last is entered first; with FLIST_BREADTH, which enters
 * the one fetched first, it is not.
 */
static void set_turns(struct flist_answers *answers, size_t n, const struct flist_walk *walk)
{
	const bool by_inode = flist_walk_orders(walk, FLIST_BY_INODE);
	const uint32_t turn = flist_walk_orders(walk, FLIST_BREADTH) ? 0 : UINT32_MAX;
	size_t at = 0, n_dirs = 0;
	for (int dirs = 1; dirs >= 0; dirs--) {
		for (size_t i = 0; i < n; i++) {
			const struct flist_name *name = &answers->all[i].name;
			const uint32_t key = dirs ? name->number ^ turn : name->number;
			if ((name->type == DT_DIR) == dirs)
				answers->turns[at++] = (by_inode ? (uint64_t)key << 32 : 0) | i;
		}
		n_dirs = dirs ? at : n_dirs;
	}
	if (!by_inode)
		return;
	qsort(answers->turns, n_dirs, sizeof(*answers->turns), compare_turns);
	qsort(answers->turns + n_dirs, n - n_dirs, sizeof(*answers->turns), compare_turns);
}

static struct flist_answers *copy_names(const struct flist_walker *w, size_t n)
{
	const struct flist_name *names = w->names.all;
	struct flist_answers *answers;
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += names[i].len + 1U;
	answers = malloc(sizeof(*answers) + n * sizeof(*answers->all) +
			 n * sizeof(*answers->turns) + bytes);
	if (!answers)
		return NULL;
	answers->turns = (uint64_t *)(void *)&answers->all[n];
	answers->texts = (char *)&answers->turns[n];
	char *text = answers->texts;
	for (size_t i = 0; i < n; i++) {
		answers->all[i] = (struct shared_answer){.name = names[i]};
		answers->all[i].name.text = text;
		flist_copy_name(text, names[i].text, names[i].len + 1U);
		text += names[i].len + 1U;
	}
	set_turns(answers, n, w->walk);
	return answers;
}

struct flist_share *flist_share_new(struct flist_walker *w, struct flist_visit *visit, int dirfd,
				    bool invites)
{
	struct stat st = {0};
	const size_t n = w->names.n;
	struct flist_share *share = malloc(sizeof(*share));
	struct flist_answers *answers = share ? copy_names(w, n) : NULL;
	if (!answers || (invites && fstat(dirfd, &st) < 0)) {
		free(answers);
		free(share);
		return NULL;
	}
	*share = (struct flist_share){.task = {.kind = FLIST_TASK_SHARE},
				      .invites = invites,
				      .visit = visit,
				      .answers = answers,
				      .n = n,
				      .dev = st.st_dev,
				      .ino = st.st_ino};
	atomic_init(&share->holders, invites ? 2 : 1);
	atomic_init(&share->missing, n);
	if (invites) {
		atomic_fetch_add(&w->walk->shared, n);
		flist_walk_add(w, &share->task, 1);
	}
	return share;
}

void flist_share_release(struct flist_share *share)
{
	if (atomic_fetch_sub(&share->holders, 1) > 1)
		return;
	free(share->answers);
	free(share);
}

/* ---- Fetching -------------------------------------------------------------------------------- */

/*
 * Takes the next names and sets *first to the first of their turns. Returns how many; 0: none is
 * left.
 */
static size_t claim(struct flist_walker *w, struct flist_share *share, size_t *first)
{
	const size_t parts = (size_t)CLAIMS_PER_JOB * w->walk->jobs;
	size_t at = atomic_load(&share->next), n;
	do {
		const size_t left = share->n - at;
		n = left / parts > 0 ? left / parts : left > 0;
	} while (!atomic_compare_exchange_weak(&share->next, &at, at + n));
	if (share->invites)
		atomic_fetch_sub(&w->walk->shared, n);
	*first = at;
	return n;
}

static int let_child(struct flist_walker *w, struct flist_node *node, struct shared_answer *a)
{
	a->child = flist_visit_new(w, node, a->name.text, a->name.len, true);
	if (!a->child)
		return -ENOMEM;
	if (w->walk->bulk)
		flist_bulk_set_ino(w->walk->bulk, 0, &a->meta, &a->child->node);
	flist_walk_add(w, &a->child->task, 1);
	return 0;
}

/* Fetches one name. Writes only to its own result, so that other jobs may write to theirs. */
static int get_answer(struct flist_walker *w, struct flist_node *node, struct shared_answer *a,
		      int dirfd)
{
	const struct flist_walk *walk = w->walk;
	int ret = flist_entry_ask(w, dirfd, &a->name, &a->meta);
	if (ret)
		return flist_walker_fail(w, flist_walker_path(w, node, a->name.text),
					 FLIST_STEP_STAT, -ret);
	a->listed = true;
	ret = flist_entry_extra(w, node, a->name.text, &a->extra);
	/* `each` gets a directory before the entries below it. */
	if (!ret && walk->options->each)
		ret = flist_entry_tell(w, node, &a->name, &a->meta, a->extra);
	if (!ret && flist_entry_is_entered(walk, &a->name, &a->meta))
		ret = let_child(w, node, a);
	return ret;
}

static int get_answers(struct flist_walker *w, struct flist_share *share, size_t first, size_t n,
		       int dirfd)
{
	struct flist_answers *answers = share->answers; /* not freed while a result is missing */
	int ret = 0;
	for (size_t i = first; i < first + n && !ret; i++) {
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		ret = get_answer(w, &share->visit->node, &answers->all[(uint32_t)answers->turns[i]],
				 dirfd);
	}
	return ret;
}

int flist_share_work(struct flist_walker *w, struct flist_share *share, int dirfd, bool is_guest,
		     int *complete)
{
	size_t first, n;
	*complete = 0;
	flist_pace_begin(&w->pace);
	while ((n = claim(w, share, &first)) > 0) {
		const int ret = get_answers(w, share, first, n, dirfd);
		if (ret)
			return ret;
		flist_walker_measure(w, n, true);
		if (atomic_fetch_sub(&share->missing, n) == n)
			*complete = 1;
		if (is_guest && flist_tasks_rests(w->walk->tasks, w->index))
			break;
	}
	return 0;
}

/* Whether fd is the directory of the share: another one may have been moved to its path. */
static bool is_it(const struct flist_share *share, int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_dev == share->dev && st.st_ino == share->ino;
}

int flist_share_accept(struct flist_walker *w, struct flist_share *share)
{
	int fd;
	if (atomic_load(&share->shut) || atomic_load(&share->next) >= share->n)
		return -1;
	atomic_fetch_add(&share->holders, 1);
	share->task = (struct flist_task){.kind = FLIST_TASK_SHARE};
	flist_walk_add(w, &share->task, 1);
	fd = flist_dirstack_go(&w->stack, &share->visit->node, false);
	if (fd >= 0 && is_it(share, fd))
		return fd;
	atomic_store(&share->shut, 1);
	return -1;
}

/* ---- Using the results ----------------------------------------------------------------------- */

static void put_answers(struct flist_walker *w, const struct flist_share *share, bool asked)
{
	struct flist_block *block = w->builder.block;
	struct flist_node **last = &block->child;
	for (size_t i = 0; i < share->n; i++) {
		const struct shared_answer *a = &share->answers->all[i];
		struct flist_line *line;
		if (!a->listed)
			continue;
		line = flist_block_builder_add(&w->builder, a->name.text, a->name.len,
					       a->meta.mode);
		if (asked)
			flist_block_builder_put(&w->builder, &a->meta);
		if (asked && a->extra)
			flist_block_builder_put_extra(&w->builder, a->extra);
		if (!a->child)
			continue;
		line->entered = 1;
		a->child->node.after = block->n - 1;
		*last = &a->child->node;
		last = &a->child->node.sibling;
	}
	*last = NULL;
}

int flist_share_finish(struct flist_walker *w, struct flist_share *share,
		       struct flist_block **block)
{
	const bool asked = !flist_walk_has(w->walk, FLIST_LAZY);
	int ret = 0;
	*block = NULL;
	if (w->walk->kept) {
		size_t bytes = 0;
		for (size_t i = 0; i < share->n; i++)
			bytes += share->answers->all[i].name.len + 1U;
		ret = flist_block_builder_begin(&w->builder, &w->blocks, share->n, bytes, asked);
		if (ret)
			return ret;
		*block = w->builder.block;
		(*block)->node = &share->visit->node;
		put_answers(w, share, asked);
		flist_walker_count(w, *block);
		ret = flist_block_builder_end(&w->builder, &w->blocks);
	}
	free(share->answers);
	share->answers = NULL;
	return ret;
}
