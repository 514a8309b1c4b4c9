/*
 * The walk: whoever takes a directory reads its names, sorts them, asks for all of them on
 * the open descriptor, and leaves its sub-directories to whoever comes next.
 *
 * Nothing is done twice and nothing waits: a directory is opened once and its names are looked up
 * where the kernel has just touched them; entries are sorted by the few, in the cache; the blocks
 * of all directories together are the sorted list. The jobs share nothing but the tasks, unless
 * calls wait: then they ask for the names of one directory together (share.h).
 *
 * A directory that does not fit into one buffer is shared: its buffers become tasks, too, while it
 * is read on, as many as keep the others busy. Whoever takes one opens the directory for itself,
 * since the descriptor tables of threads are apart. When the last one is done, the blocks are
 * merged.
 */
#include "strategies/flist/collect/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/bulk/bulk.h"
#include "strategies/flist/collect/entry.h"
#include "strategies/flist/collect/names.h"
#include "strategies/flist/collect/share.h"
#include "strategies/flist/threads.h"

enum {
	BUFFER_SIZE = 64 * 1024, /* enough for 2000 names of 12 bytes */
	CALLS_TO_OPEN = 2,
	CALLS_TO_READ = 2,   /* of a directory, at least */
	BATCHES_PER_JOB = 4, /* buffers of one directory that wait, at most */
};

_Static_assert(BUFFER_SIZE / FLIST_RECORD_MIN < 1 << FLIST_PLACE_LINE_BITS,
	       "a place has bits for every line of a block");

/* What a directory is read into. */
struct flist_buffer {
	struct flist_task task;    /* first: somebody else may take it over */
	struct flist_visit *visit; /* whose names it holds then */
	size_t used;
	bool has_numbers;                        /* see the walker's */
	char data[] __attribute__((aligned(8))); /* BUFFER_SIZE, of struct flist_dirent */
};

/* A directory of several buffers. */
struct flist_big {
	_Atomic unsigned open; /* batches that are not done, and one while it is read */
	struct flist_runs runs;
	struct flist_big *next; /* of the walker's */
};

/* What is being made of a buffer. */
struct batch {
	struct flist_walker *w;
	struct flist_node *node;
	struct flist_maker *maker;
	struct flist_node **last; /* where the next child is linked */
	bool asked;               /* metadata is kept */
	int dirfd;                /* -1: the walk has tables */
};

/* ---- All of it ------------------------------------------------------------------------------- */

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

/* ---- What one job of it does ----------------------------------------------------------------- */

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

const char *flist_walker_path(struct flist_walker *w, const struct flist_node *node,
			      const char *name)
{
	char *path = w->stack.path;
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
	ret = follow ? flist_dirstack_is_loop(&w->stack) : 0;
	return ret > 0 ? -ELOOP : ret;
}

static int open_node(struct flist_walker *w, struct flist_node *node, struct flist_reader *reader)
{
	const int fd = flist_dirstack_go(&w->stack, node, true);
	int ret = fd < 0 ? fd : identify(w, node, fd);
	if (ret)
		return ret;
	ret = flist_reader_init(reader, fd);
	if (ret != -EMFILE)
		return ret;
	flist_dirstack_shed(&w->stack);
	return flist_reader_init(reader, fd);
}

/*
 * Goes to a directory and opens it for reading, by a descriptor of the stack's. 0; 1: it is not to
 * be read; or what ends the walk.
 */
static int enter_node(struct flist_walker *w, struct flist_node *node, struct flist_reader *reader)
{
	int ret = open_node(w, node, reader);
	if (ret >= 0 || ret == -ENOMEM)
		return ret;
	ret = flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_OPEN, -ret);
	return ret ? ret : 1;
}

/* Reads the next names of it into the walker's buffer. 0, or what ends the walk. */
static int read_names(struct flist_walker *w, const struct flist_node *node,
		      struct flist_reader *reader)
{
	int ret = 0;
	if (!w->buffer)
		w->buffer = malloc(sizeof(*w->buffer) + BUFFER_SIZE);
	if (!w->buffer)
		return -ENOMEM;
	w->buffer->used = 0;
	while (!ret && !reader->ended && BUFFER_SIZE - w->buffer->used >= FLIST_READ_MIN) {
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		ret = flist_reader_read(reader, w->buffer->data, BUFFER_SIZE, &w->buffer->used);
	}
	w->buffer->has_numbers = w->walk->bulk && flist_bulk_trusts(w, node, reader->fd);
	if (!ret)
		return 0;
	return flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_READ, -ret);
}

/* Once for a directory, whoever reads it: what the kernel says of names that it refuses itself. */
static int tell_nameless(struct flist_walker *w, struct flist_node *node)
{
	if (__atomic_exchange_n(&node->nameless, true, __ATOMIC_RELAXED))
		return 0;
	return flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_READ, EIO);
}

/*
 * Takes names from a buffer and leaves out those that the caller does not want. An entry without a
 * name is a failure of its directory (EIO). 0 or -ENOMEM.
 */
static int gather_names(struct flist_walker *w, struct flist_node *node,
			const struct flist_buffer *buffer)
{
	int ret = flist_names_gather(&w->names, buffer->data, buffer->used);
	if (!ret && w->names.nameless)
		ret = tell_nameless(w, node);
	if (!ret && w->walk->options->filter)
		flist_entry_filter(w, node);
	return ret;
}

static void count_calls(struct flist_walker *w, size_t calls)
{
	if (flist_adapt_is_on(&w->walk->adapt))
		flist_adapt_count(&w->walk->adapt, w->index, calls);
}

void flist_walker_measure(struct flist_walker *w, size_t calls, bool asking)
{
	const uint64_t now = flist_pace_measure(&w->pace, calls, asking);
	count_calls(w, calls);
	if (flist_adapt_is_on(&w->walk->adapt))
		flist_adapt_at(&w->walk->adapt, w->index, now);
}

void flist_walker_note(struct flist_walker *w, const struct flist_block *block)
{
	w->length += block->n;
	for (uint32_t i = 0; i < block->n; i++) {
		const size_t len = (size_t)flist_node_prefix(block->node) + block->lines[i].len;
		w->path_most = w->path_most < len ? len : w->path_most;
	}
}

/* ---- A buffer full of names becomes a block of entries --------------------------------------- */

static int add_child(struct batch *b, struct flist_line *line, const struct flist_name *name,
		     const struct flist_meta *meta)
{
	const struct flist_block *block = b->maker->block;
	struct flist_visit *visit = flist_visit_new(b->w, b->node, block->names + line->name,
						    line->len, !b->w->walk->kept);
	if (!visit)
		return -ENOMEM;
	visit->node.after = block->n - 1;
	if (b->w->walk->bulk)
		flist_bulk_note(b->w->walk->bulk,
				b->dirfd < 0 ? name->number
					     : flist_bulk_listed(b->w, b->node, b->dirfd, name),
				meta, &visit->node);
	line->entered = 1;
	*b->last = &visit->node;
	b->last = &visit->node.sibling;
	return 0;
}

static int add_entry(struct batch *b, const struct flist_name *name, const struct flist_meta *meta)
{
	const struct flist_walk *walk = b->w->walk;
	const struct flist_extra *extra;
	struct flist_line *line = flist_maker_add(b->maker, name->text, name->len, meta->mode);
	if (flist_entry_extra(b->w, b->node, name->text, &extra))
		return -ENOMEM;
	if (b->asked)
		flist_maker_put(b->maker, meta);
	if (b->asked && extra)
		flist_maker_put_extra(b->maker, extra);
	if (flist_entry_is_entered(walk, name, meta) && add_child(b, line, name, meta))
		return -ENOMEM;
	return walk->options->each ? flist_entry_tell(b->w, b->node, name, meta, extra) : 0;
}

static int list_one(struct batch *b, const struct flist_name *name)
{
	struct flist_walker *w = b->w;
	struct flist_meta meta;
	int ret;
	if (b->dirfd < 0)
		ret = flist_bulk_ask(w, b->node, name, &meta);
	else if (w->has_numbers)
		ret = flist_bulk_ask_number(w, b->dirfd, name, &meta);
	else
		ret = flist_entry_ask(w, b->dirfd, name, &meta);
	if (!ret)
		return add_entry(b, name, &meta);
	return flist_walker_fail(w, flist_walker_path(w, b->node, name->text), FLIST_STEP_STAT,
				 -ret);
}

/* After how many names the clock is read; after one, where reading the directory was slow. */
enum { FIRST_LOOK = 4, LOOKS_APART = 8 };

static bool is_worth_sharing(const struct flist_walker *w, size_t from)
{
	size_t asked = 0;
	for (size_t i = from; i < w->names.n && asked < 2; i++)
		asked += flist_entry_is_asked(w->walk, &w->names.all[i]);
	return asked >= 2;
}

static int list_some(struct batch *b, size_t from, size_t to)
{
	struct flist_walker *w = b->w;
	int ret = 0;
	for (size_t i = from; i < to && !ret; i++) {
		if (flist_walk_stopped(w->walk))
			return atomic_load(&w->walk->error);
		ret = list_one(b, &w->names.all[i]);
	}
	return ret;
}

/*
 * Lists the walker's names one after the other; *done of them, which are not all if they may be
 * shared and calls are seen to wait. A job that is alone never reads the clock.
 */
static int list_names(struct batch *b, bool may_share, size_t *done)
{
	struct flist_walker *w = b->w;
	const size_t n = w->names.n;
	size_t look = n;
	int ret = 0;
	if (may_share)
		look = w->pace.slow ? 1 : FIRST_LOOK;
	for (*done = 0; *done < n && !ret; look *= LOOKS_APART) {
		const size_t to = look < n ? look : n, listed = to - *done;
		ret = list_some(b, *done, to);
		*done = to;
		if ((may_share && to == look) || w->pace.slow)
			flist_walker_measure(w, listed, true);
		else
			count_calls(w, listed);
		if (may_share && flist_pace_waits(&w->pace) && is_worth_sharing(w, to))
			break;
	}
	return ret;
}

/*
 * Asks for names on their directory's descriptor, where the walker is, and makes a block of those
 * that answer, with a child (in a visit) for every directory among them that is to be entered.
 * Where nothing is kept the block is good until the walker's blocks are emptied. 0, or what the
 * walk has to end with.
 */
static int make_block(struct batch *b, bool may_share, size_t *done)
{
	struct flist_walker *w = b->w;
	struct flist_maker *maker = &w->maker;
	int ret;
	b->asked = w->walk->kept && !flist_walk_has(w->walk, FLIST_LAZY);
	ret = flist_maker_begin(maker, &w->blocks, w->names.n, w->names.bytes, b->asked);
	if (ret)
		return ret;
	maker->block->node = b->node;
	b->maker = maker;
	b->last = &maker->block->child;
	ret = list_names(b, may_share, done);
	flist_walker_note(w, maker->block);
	return ret ? ret : flist_maker_end(maker, &w->blocks);
}

static struct flist_visit *visit_of(struct flist_node *node)
{
	return (struct flist_visit *)(void *)((char *)node - offsetof(struct flist_visit, node));
}

/*
 * Lets go of children, linked by sibling: any job may enter them from now on. Where the first one
 * is kept nobody else may: it is returned, for this walker to go on with. So a long chain of
 * directories stays with one job, which has each open when it comes to the next.
 */
static struct flist_task *let_enter(struct flist_walker *w, struct flist_node *children,
				    bool keep_first)
{
	struct flist_task *kept = NULL, *first = NULL, **last = &first;
	unsigned n = 0;
	if (keep_first && children && !flist_walk_orders(w->walk, FLIST_BREADTH)) {
		kept = &visit_of(children)->task;
		children = children->sibling;
	}
	for (; children; children = children->sibling, n++) {
		struct flist_visit *visit = visit_of(children);
		*last = &visit->task;
		last = &visit->task.older;
	}
	if (n > 0)
		flist_tasks_add(w->walk->tasks, w->index, first, n);
	return kept;
}

/* ---- Directories ----------------------------------------------------------------------------- */

static struct flist_big *make_big(struct flist_walker *w, struct flist_visit *visit)
{
	struct flist_big *big = flist_arena_alloc(&w->nodes, sizeof(*big));
	if (!big)
		return NULL;
	atomic_init(&big->open, 1);
	flist_runs_init(&big->runs);
	big->next = w->bigs;
	w->bigs = big;
	visit->big = big;
	return big;
}

/* The block is all of the directory. */
static void set_block(struct flist_node *node, struct flist_block *block)
{
	node->block = block;
	node->n = block->n;
	flist_node_settle(node, block->child);
}

/* A block of a directory of several. */
static int add_part(struct flist_walker *w, struct flist_visit *visit, struct flist_block *block)
{
	return w->walk->kept ? flist_runs_add(&visit->big->runs, block) : 0;
}

static int finish_part(struct flist_walker *w, struct flist_visit *visit)
{
	struct flist_big *big = visit->big;
	if (atomic_fetch_sub(&big->open, 1) > 1 || !w->walk->kept)
		return 0;
	return flist_runs_finish(&big->runs, &visit->node, &w->nodes);
}

/* All names are listed in one block: of the directory, or of a part of it. */
static int end_block(struct flist_walker *w, struct flist_visit *visit, struct flist_block *block)
{
	struct flist_node *children = block->child;
	int ret = 0;
	if (visit->big) {
		let_enter(w, children, false);
		ret = add_part(w, visit, block);
		if (!ret)
			ret = finish_part(w, visit);
	} else {
		if (w->walk->kept) {
			set_block(&visit->node, block);
			children = visit->node.child;
		}
		w->next = let_enter(w, children, true);
	}
	if (!w->walk->kept)
		flist_arena_empty(&w->blocks);
	return ret;
}

/* The block has the names before those that are shared: the directory becomes one of parts. */
static int split_block(struct flist_walker *w, struct flist_visit *visit, struct flist_block *block)
{
	int ret;
	if (!visit->big && !make_big(w, visit))
		return -ENOMEM;
	let_enter(w, block->child, false);
	ret = add_part(w, visit, block);
	if (!w->walk->kept)
		flist_arena_empty(&w->blocks);
	return ret;
}

/* The last answer to shared names has come. */
static int end_share(struct flist_walker *w, struct flist_share *share)
{
	struct flist_visit *visit = share->visit;
	struct flist_block *block;
	int ret = flist_share_finish(w, share, &block);
	if (ret)
		return ret;
	if (!visit->big) {
		if (block)
			set_block(&visit->node, block);
		return 0;
	}
	ret = add_part(w, visit, block);
	return ret ? ret : finish_part(w, visit);
}

/* Asks for shared names, and lets go of them. */
static int work_on_share(struct flist_walker *w, struct flist_share *share, int fd, bool is_guest)
{
	int complete, ret = flist_share_work(w, share, fd, is_guest, &complete);
	if (!ret && complete)
		ret = end_share(w, share);
	flist_share_release(share);
	return ret;
}

static int accept_share(struct flist_walker *w, struct flist_share *share)
{
	const int fd = flist_share_accept(w, share);
	if (fd >= 0)
		return work_on_share(w, share, fd, true);
	flist_share_release(share);
	return 0;
}

/*
 * Lists the walker's names: with all who are idle where calls wait, in the order of inodes where
 * that is wanted, and there is memory for it.
 */
static int list_all(struct flist_walker *w, struct flist_visit *visit, int fd, bool may_share)
{
	struct batch b = {.w = w, .node = &visit->node, .dirfd = fd};
	size_t done = 0;
	int ret;
	const bool invites = may_share && flist_pace_waits(&w->pace);
	const bool by_inode =
		fd >= 0 && !w->has_numbers && flist_walk_orders(w->walk, FLIST_BY_INODE);
	if ((invites || by_inode) && is_worth_sharing(w, 0)) {
		struct flist_share *share = flist_share_new(w, visit, fd, invites);
		if (share)
			return work_on_share(w, share, fd, false);
		may_share = false;
	}
	ret = make_block(&b, may_share, &done);
	if (ret)
		return ret;
	if (done == w->names.n)
		return end_block(w, visit, b.maker->block);
	ret = split_block(w, visit, b.maker->block);
	flist_names_drop(&w->names, done);
	return ret ? ret : list_all(w, visit, fd, true);
}

/*
 * Takes the names of a buffer: all of a directory, or, where that has several, a part that counts
 * as open and is finished with this.
 */
static int take_names(struct flist_walker *w, struct flist_visit *visit, int fd,
		      const struct flist_buffer *buffer)
{
	const int ret = gather_names(w, &visit->node, buffer);
	if (ret)
		return ret;
	flist_names_sort(&w->names);
	w->has_numbers = buffer->has_numbers;
	/* Neither the caller's filter nor sorting is a call that waits. */
	if (w->pace.slow)
		flist_pace_begin(&w->pace);
	return list_all(w, visit, fd, w->walk->jobs > 1 && !w->has_numbers);
}

static void hand_over(struct flist_walker *w, struct flist_visit *visit)
{
	struct flist_buffer *buffer = w->buffer;
	w->buffer = NULL;
	buffer->task = (struct flist_task){.kind = FLIST_TASK_BATCH};
	buffer->visit = visit;
	flist_tasks_add(w->walk->tasks, w->index, &buffer->task, 1);
}

/* The walker's buffer is full and there is more. */
static int share_out(struct flist_walker *w, struct flist_visit *visit, struct flist_reader *reader)
{
	const unsigned most = w->walk->jobs > 1 ? BATCHES_PER_JOB * flist_walk_jobs(w->walk) : 0;
	struct flist_big *big = make_big(w, visit);
	int ret = big ? 0 : -ENOMEM;
	while (!ret && !reader->ended) {
		if (atomic_fetch_add(&big->open, 1) <= most)
			hand_over(w, visit);
		else
			ret = take_names(w, visit, reader->fd, w->buffer);
		if (!ret)
			ret = read_names(w, &visit->node, reader);
	}
	return ret ? ret : take_names(w, visit, reader->fd, w->buffer);
}

/* The names of a directory that come from tables are all there at once. */
static int take_bulk(struct flist_walker *w, struct flist_visit *visit)
{
	if (w->walk->options->filter)
		flist_entry_filter(w, &visit->node);
	flist_names_sort(&w->names);
	if (w->walk->jobs > 1)
		flist_pace_begin(&w->pace);
	return list_all(w, visit, -1, false);
}

static int enter(struct flist_walker *w, struct flist_visit *visit)
{
	struct flist_node *node = &visit->node;
	struct flist_reader reader;
	const bool alone = w->walk->jobs == 1;
	int ret = flist_bulk_enter(w, node);
	if (ret <= 0)
		return ret ? ret : take_bulk(w, visit);
	if (!alone)
		flist_pace_begin(&w->pace);
	ret = enter_node(w, node, &reader);
	if (ret)
		return ret < 0 ? ret : 0;
	/* Where already the root answers slowly, other jobs begin while its names are read. */
	if (!alone && !node->parent)
		flist_walker_measure(w, CALLS_TO_OPEN, false);
	ret = read_names(w, node, &reader);
	if (!alone)
		flist_walker_measure(
			w, node->parent ? CALLS_TO_OPEN + CALLS_TO_READ : CALLS_TO_READ, false);
	if (!ret)
		ret = reader.ended ? take_names(w, visit, reader.fd, w->buffer)
				   : share_out(w, visit, &reader);
	flist_reader_release(&reader);
	return ret;
}

/* Names that somebody else has read. */
static int take_over(struct flist_walker *w, const struct flist_buffer *buffer)
{
	struct flist_visit *visit = buffer->visit;
	const struct flist_node *node = &visit->node;
	const int fd = flist_dirstack_go(&w->stack, node, false);
	int ret = fd;
	if (fd >= 0) {
		if (w->walk->jobs > 1)
			flist_pace_begin(&w->pace);
		return take_names(w, visit, fd, buffer);
	}
	if (fd != -ENOMEM)
		ret = flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_OPEN, -fd);
	return ret ? ret : finish_part(w, visit);
}

static int do_task(struct flist_walker *w, struct flist_task *task)
{
	struct flist_buffer *buffer = (struct flist_buffer *)task;
	int ret;
	if (task->kind == FLIST_TASK_ENTER)
		return enter(w, (struct flist_visit *)task);
	if (task->kind == FLIST_TASK_SHARE)
		return accept_share(w, (struct flist_share *)task);
	ret = take_over(w, buffer);
	if (w->buffer)
		free(buffer);
	else
		w->buffer = buffer;
	return ret;
}

/* A task, and what it leaves for the same job. 0, or what ends the walk. */
static int do_tasks(struct flist_walker *w, struct flist_task *task)
{
	int ret = 0;
	while (task && !ret) {
		w->next = NULL;
		ret = do_task(w, task);
		task = w->next;
		if (!ret && flist_walk_stopped(w->walk))
			ret = atomic_load(&w->walk->error);
	}
	return ret;
}

static void work(void *arg, unsigned index)
{
	struct flist_walk *walk = arg;
	struct flist_walker *w = flist_walker_begin(walk, index);
	struct flist_task *task;
	while (w && (task = flist_tasks_take(walk->tasks, index))) {
		int ret = do_tasks(w, task);
		if (ret)
			flist_walk_stop(walk, ret);
		flist_tasks_done(walk->tasks);
	}
	if (w)
		flist_dirstack_leave(&w->stack);
}

/* What is given back when all jobs have ended. */
static void clean_up(struct flist_walk *walk)
{
	struct flist_task *task;
	while ((task = flist_tasks_left(walk->tasks))) {
		if (task->kind == FLIST_TASK_BATCH)
			free(task);
		else if (task->kind == FLIST_TASK_SHARE)
			flist_share_release((struct flist_share *)task);
	}
	for (unsigned i = 0; i < walk->jobs; i++) {
		struct flist_big *big = walk->walkers[i] ? walk->walkers[i]->bigs : NULL;
		for (; big; big = big->next)
			flist_runs_release(&big->runs);
	}
}

int flist_walk_tree(struct flist_walk *walk)
{
	int ret;
	flist_tasks_add(walk->tasks, 0, &walk->root->task, 1);
	ret = flist_walk_run(walk, work, walk);
	clean_up(walk);
	return ret ? ret : atomic_load(&walk->error);
}
