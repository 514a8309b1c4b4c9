/*
 * Walks a tree. The job that takes a directory reads its names, sorts them, fetches all of them
 * relative to the open descriptor, and adds its sub-directories as tasks.
 *
 * A directory is opened once, and its names are looked up right after the kernel has read them.
 * Each directory is sorted by itself, in the CPU cache; its blocks together are the sorted list.
 * The jobs share nothing but the tasks, unless calls wait: then several jobs fetch the names of one
 * directory (share.h).
 *
 * If a directory does not fit into one buffer, each of its buffers becomes a task while the
 * directory is read further, but no more than keep the other jobs busy. The job that takes such a
 * buffer opens the directory for itself, since each thread has a descriptor table of its own. When
 * the last buffer is done, the blocks are merged.
 */
#include "strategies/flist/collect/walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/bulk.h"
#include "strategies/flist/collect/entry.h"
#include "strategies/flist/collect/share.h"
#include "strategies/flist/names/names.h"
#include "strategies/flist/threads.h"

enum {
	BUFFER_SIZE = 64 * 1024, /* enough for 2000 names of 12 bytes */
	CALLS_TO_OPEN = 2,
	CALLS_TO_READ = 2,   /* minimum number of calls that read a directory */
	BATCHES_PER_JOB = 4, /* maximum number of buffers of one directory that wait, per job */
};

_Static_assert(BUFFER_SIZE / FLIST_RECORD_MIN < 1 << FLIST_PLACE_LINE_BITS,
	       "a place has bits for every line of a block");

/* A buffer of directory records. */
struct flist_buffer {
	struct flist_task task;    /* first; used if another job takes the buffer */
	struct flist_visit *visit; /* the directory, in that case */
	size_t used;
	bool has_numbers;                        /* see struct flist_walker */
	char data[] __attribute__((aligned(8))); /* BUFFER_SIZE, of struct flist_dirent */
};

/* A directory of several buffers. */
struct flist_big {
	_Atomic unsigned open; /* buffers not done, plus one while it is read */
	struct flist_runs runs;
	struct flist_big *next; /* of the same job */
};

/* A block that is being made of the names of a buffer. */
struct batch {
	struct flist_walker *w;
	struct flist_node *node;
	struct flist_block_builder *builder;
	struct flist_node **last; /* where to link the next child */
	bool asked;               /* the list keeps metadata */
	int dirfd;                /* -1: the names come from tables */
};

/* ---- The whole walk -------------------------------------------------------------------------- */

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
	if (follow && flist_is_dangling(ret))
		ret = flist_ask(dirfd, name, 0, fields, meta);
	return ret;
}

/* ---- What one job does ----------------------------------------------------------------------- */

int flist_walker_fail(struct flist_walker *w, const char *path, enum flist_step step, int error)
{
	const struct flist_collect_options *o = w->walk->options;
	const size_t size = strlen(path) + 1;
	struct flist_failure failure = {.path = path, .error = error, .step = step};
	struct flist_failure_node *noted;
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
	*noted = (struct flist_failure_node){.next = w->noted, .failure = failure};
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
 * Decides whether an opened directory is read. Sets the node's dev and ino if they are needed. 0:
 * it is read; 1: not, since it is on another filesystem; -ELOOP: it is the same as a directory
 * above it; -ENOMEM; errors of fstat(2).
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
 * Goes to a directory and opens it for reading; the stack owns the descriptor. 0; 1: it is not
 * read, and a failure was recorded if it could not be opened; or what ends the walk.
 */
static int enter_node(struct flist_walker *w, struct flist_node *node, struct flist_reader *reader)
{
	int ret = open_node(w, node, reader);
	if (ret >= 0 || ret == -ENOMEM)
		return ret;
	ret = flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_OPEN, -ret);
	return ret ? ret : 1;
}

/* Fills the job's buffer with the next names of the directory. 0, or what ends the walk. */
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
	w->buffer->has_numbers =
		w->walk->bulk && flist_bulk_trusts(w, node, reader->fd, w->buffer->used);
	if (!ret)
		return 0;
	return flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_READ, -ret);
}

/*
 * Records that a directory has entries with empty names, once per directory. EIO is what the kernel
 * returns for names that it rejects itself.
 */
static int tell_nameless(struct flist_walker *w, struct flist_node *node)
{
	if (__atomic_exchange_n(&node->nameless, true, __ATOMIC_RELAXED))
		return 0;
	return flist_walker_fail(w, flist_walker_path(w, node, NULL), FLIST_STEP_READ, EIO);
}

/*
 * Takes the names of a buffer and removes those that the caller's filter skips. An entry with an
 * empty name is a failure of its directory (EIO). 0 or -ENOMEM.
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

void flist_walk_add(struct flist_walker *w, struct flist_task *newest, unsigned n)
{
	flist_tasks_add(w->walk->tasks, w->index, newest, n);
	flist_adapt_offer(&w->walk->adapt);
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

void flist_walker_count(struct flist_walker *w, const struct flist_block *block)
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
	const struct flist_block *block = b->builder->block;
	struct flist_visit *visit = flist_visit_new(b->w, b->node, block->names + line->name,
						    line->len, !b->w->walk->kept);
	if (!visit)
		return -ENOMEM;
	visit->node.after = block->n - 1;
	if (b->w->walk->bulk)
		flist_bulk_set_ino(b->w->walk->bulk,
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
	struct flist_line *line =
		flist_block_builder_add(b->builder, name->text, name->len, meta->mode);
	if (flist_entry_extra(b->w, b->node, name->text, &extra))
		return -ENOMEM;
	if (b->asked)
		flist_block_builder_put(b->builder, meta);
	if (b->asked && extra)
		flist_block_builder_put_extra(b->builder, extra);
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
		ret = flist_bulk_ask_inode(w, b->dirfd, name, &meta);
	else
		ret = flist_entry_ask(w, b->dirfd, name, &meta);
	if (!ret)
		return add_entry(b, name, &meta);
	return flist_walker_fail(w, flist_walker_path(w, b->node, name->text), FLIST_STEP_STAT,
				 -ret);
}

/*
 * Number of names after which the clock is first read (1 if reading the directory was slow), and
 * the factor from one reading to the next.
 */
enum { FIRST_CHECK = 4, CHECKS_APART = 8 };

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
 * Lists the job's names one after the other; *done is set to how many. It stops before the last one
 * if may_share is set, calls are measured to wait, and the rest is worth sharing. A walk of one job
 * never reads the clock.
 */
static int list_names(struct batch *b, bool may_share, size_t *done)
{
	struct flist_walker *w = b->w;
	const size_t n = w->names.n;
	size_t check_at = n;
	int ret = 0;
	if (may_share)
		check_at = w->pace.slow ? 1 : FIRST_CHECK;
	for (*done = 0; *done < n && !ret; check_at *= CHECKS_APART) {
		const size_t to = check_at < n ? check_at : n, listed = to - *done;
		ret = list_some(b, *done, to);
		*done = to;
		if ((may_share && to == check_at) || w->pace.slow)
			flist_walker_measure(w, listed, true);
		else
			count_calls(w, listed);
		if (may_share && flist_pace_waits(&w->pace) && is_worth_sharing(w, to))
			break;
	}
	return ret;
}

/*
 * Fetches the job's names relative to the descriptor of their directory, and makes a block of those
 * that succeed, with a child (in a visit) for each directory among them that is to be entered. If
 * the walk makes no list, the block is valid until w->blocks is emptied. 0, or what ends the walk.
 */
static int make_block(struct batch *b, bool may_share, size_t *done)
{
	struct flist_walker *w = b->w;
	struct flist_block_builder *builder = &w->builder;
	int ret;
	b->asked = w->walk->kept && !flist_walk_has(w->walk, FLIST_LAZY);
	ret = flist_block_builder_begin(builder, &w->blocks, w->names.n, w->names.bytes, b->asked);
	if (ret)
		return ret;
	builder->block->node = b->node;
	b->builder = builder;
	b->last = &builder->block->child;
	ret = list_names(b, may_share, done);
	flist_walker_count(w, builder->block);
	return ret ? ret : flist_block_builder_end(builder, &w->blocks);
}

static struct flist_visit *visit_of(struct flist_node *node)
{
	return (struct flist_visit *)(void *)((char *)node - offsetof(struct flist_visit, node));
}

/*
 * Adds children, linked by sibling, as tasks, which any job may take from now on. A walk that is
 * breadth first enters them in this order. Otherwise the first child is the newest task, or with
 * keep_first it is not added but returned, for this job to enter next. So a long chain of
 * directories stays with one job, which has the parent open when it enters the child.
 */
static struct flist_task *let_enter(struct flist_walker *w, struct flist_node *children,
				    bool keep_first)
{
	const bool in_order = flist_walk_orders(w->walk, FLIST_BREADTH);
	struct flist_task *kept = NULL, *newest = NULL, **last = &newest;
	unsigned n = 0;
	if (keep_first && children && !in_order) {
		kept = &visit_of(children)->task;
		children = children->sibling;
	}
	for (; children; children = children->sibling, n++) {
		struct flist_task *task = &visit_of(children)->task;
		task->older = in_order ? newest : NULL;
		*last = task;
		if (!in_order)
			last = &task->older;
	}
	if (n > 0)
		flist_walk_add(w, newest, n);
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

/* The block holds all entries of the directory. */
static void set_block(struct flist_node *node, struct flist_block *block)
{
	node->block = block;
	node->n = block->n;
	flist_node_settle(node, block->child);
}

/* Adds a block of a directory that has several. */
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

/* Ends a block of all entries of a directory, or of one of its buffers. */
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

/*
 * Adds the block of the names before those that are shared. The directory then has several blocks.
 */
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

/* Called when the last shared name has been fetched. */
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

/* Fetches names of a share, and releases it. */
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
 * Lists the job's names. If calls wait, idle jobs join in; with FLIST_BY_INODE the names are
 * fetched in the order of their inode numbers. If there is no memory for a share, this job lists
 * them alone and in the order of their names.
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
		return end_block(w, visit, b.builder->block);
	ret = split_block(w, visit, b.builder->block);
	flist_names_drop(&w->names, done);
	return ret ? ret : list_all(w, visit, fd, true);
}

/*
 * Lists the names of a buffer. They are all names of a directory, or, if it has several buffers, a
 * part that counts in big->open and ends here.
 */
static int take_names(struct flist_walker *w, struct flist_visit *visit, int fd,
		      const struct flist_buffer *buffer)
{
	int ret = gather_names(w, &visit->node, buffer);
	w->has_numbers = false;
	if (!ret && buffer->has_numbers)
		ret = flist_bulk_read_inodes(w);
	if (ret)
		return ret;
	flist_names_sort(&w->names);
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
	flist_walk_add(w, &buffer->task, 1);
}

/*
 * The job's buffer is full, and the directory has more names. Makes the buffers tasks, or lists a
 * buffer itself if enough of them wait.
 */
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

/*
 * Lists the names of a directory that were read from tables. All of them are in w->names. Adaptive
 * jobs read the clock once for each directory, since reading tables takes no calls that do so.
 */
static int take_bulk(struct flist_walker *w, struct flist_visit *visit)
{
	int ret;
	if (w->walk->options->filter)
		flist_entry_filter(w, &visit->node);
	flist_names_sort(&w->names);
	if (w->walk->jobs > 1)
		flist_pace_begin(&w->pace);
	ret = list_all(w, visit, -1, false);
	if (flist_adapt_is_on(&w->walk->adapt))
		flist_adapt_at(&w->walk->adapt, w->index, flist_clock());
	return ret;
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
	/* If opening the root was slow, other jobs may begin with its first directories. */
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

/* Lists the names of a buffer that another job has read. */
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

/* Does a task, then those that it leaves in w->next. 0, or what ends the walk. */
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

/* Frees what the walk has not used, when all jobs have ended. */
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

static size_t find_work(void *arg)
{
	const struct flist_walk *walk = arg;
	return flist_tasks_waiting(walk->tasks) +
	       atomic_load_explicit(&walk->shared, memory_order_relaxed);
}

int flist_walk_tree(struct flist_walk *walk)
{
	int ret;
	walk->adapt.work = find_work;
	flist_tasks_add(walk->tasks, 0, &walk->root->task, 1);
	ret = flist_walk_run(walk, work, walk);
	clean_up(walk);
	return ret ? ret : atomic_load(&walk->error);
}
