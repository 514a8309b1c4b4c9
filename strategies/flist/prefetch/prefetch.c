/*
 * Implements cursors that fetch: over a tree while it is walked, in the order of its list, or over
 * a lazy list. The caller needs each entry in turn, so one slow entry delays everything, unless
 * threads have fetched ahead.
 *
 * At first there are none: the cursor reads a directory when it reaches it, fetches some of its
 * names, and measures the time. If calls wait, threads are started. They take from the queue of
 * entries (queue.c) the work that is needed soonest, as long as no more than `depth` entries have
 * been taken and not returned. The depth is doubled when the cursor lacks a result and work was
 * left because of the depth, and halved after a long time without a wait. The number of threads is
 * chosen as in every call (adapt.h). In any case the cursor itself fetches what it needs if no
 * thread has taken it, so it never waits for a thread that could not be started.
 */
#include "strategies/flist/prefetch/prefetch.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/walk.h"
#include "strategies/flist/list/block.h"
#include "strategies/flist/threads.h"

enum {
	FLAGS = FLIST_FOLLOW | FLIST_ONE_FILESYSTEM,
	BATCH_MOST = 16,        /* names taken at once if calls do not wait */
	CALL_WAITS = 10 * 1000, /* ns: ten times the duration of a call from a cache, */
	SURE = 2,               /* in so many measurements in a row: threads are started */
	DEPTH_PER_JOB = 4,      /* minimum number of entries ahead, per thread */
	SMOOTH = 8,       /* after SMOOTH * depth entries without a wait the depth is halved */
	TOLD_MOST = 16,   /* entries returned before they are added to queue.given */
	OPEN_MOST = 256,  /* maximum number of descriptors of directories, */
	OPEN_SHARE = 4,   /* and at most 1/OPEN_SHARE of the limit of the process */
	OPEN_PER_JOB = 2, /* the directory that a job is in, and one that it opens */
};

/* ---- The lock -------------------------------------------------------------------------------- */

void flist_stream_lock(struct flist_stream *stream)
{
	pthread_mutex_lock(&stream->lock);
}

static void tell_closed(struct flist_stream *s)
{
	atomic_fetch_sub(&s->closing, 1);
	if (atomic_load(&s->wanting) == 0)
		return;
	pthread_mutex_lock(&s->lock);
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
}

/* Descriptors are closed after the lock is released, since close(2) may wait, too. */
void flist_stream_unlock(struct flist_stream *stream)
{
	int shut[FLIST_SHUT_MOST];
	const unsigned n = stream->queue.n_shut;
	for (unsigned i = 0; i < n; i++)
		shut[i] = stream->queue.shut[i];
	stream->queue.n_shut = 0;
	if (n > 0)
		atomic_fetch_add(&stream->closing, 1);
	pthread_mutex_unlock(&stream->lock);
	for (unsigned i = 0; i < n; i++)
		close(shut[i]);
	if (n > 0)
		tell_closed(stream);
}

void flist_stream_wake(struct flist_stream *stream, uint64_t n)
{
	const unsigned sleepers = atomic_load_explicit(&stream->sleepers, memory_order_relaxed);
	if (n >= sleepers) {
		if (sleepers)
			pthread_cond_broadcast(&stream->work);
		return;
	}
	for (; n > 0; n--)
		pthread_cond_signal(&stream->work);
}

/* Whether the cursor can go on: the next entry has been fetched, or no job has taken it. */
static bool is_ready(const struct flist_stream *s)
{
	const struct flist_stretch *head = s->queue.head;
	return flist_folder_is_read(head->folder) &&
	       (head->at >= head->claimed || flist_folder_known(head->folder, head->at));
}

void flist_stream_tell(struct flist_stream *stream)
{
	if (stream->waits && is_ready(stream))
		pthread_cond_signal(&stream->answer);
	if (atomic_load(&stream->wanting) > 0)
		pthread_cond_broadcast(&stream->room);
}

void flist_stream_fail(struct flist_stream *stream, int error)
{
	int none = 0;
	atomic_compare_exchange_strong(&stream->error, &none, error);
	pthread_cond_broadcast(&stream->work);
	pthread_cond_broadcast(&stream->answer);
	pthread_cond_broadcast(&stream->room);
}

void flist_stream_stop(struct flist_stream *stream, int error)
{
	flist_stream_lock(stream);
	flist_stream_fail(stream, error);
	flist_stream_unlock(stream);
}

bool flist_stream_is_stopped(struct flist_stream *stream)
{
	const volatile int *cancel = stream->options.cancel;
	if (flist_stream_has_ended(stream))
		return true;
	if (!cancel || !__atomic_load_n(cancel, __ATOMIC_RELAXED))
		return false;
	flist_stream_stop(stream, -ECANCELED);
	return true;
}

/* ---- Threads that fetch ahead ---------------------------------------------------------------- */

static bool must_rest(const struct flist_stream *s, unsigned index)
{
	return flist_adapt_is_on(&s->adapt) &&
	       index >= atomic_load_explicit(&s->adapt.jobs, memory_order_relaxed);
}

/*
 * Waits for work and takes it. false: this thread may be over the limit now, or the cursor has
 * ended.
 */
static bool take(struct flist_stream *s, const struct flist_stream_thread *self,
		 struct flist_claim *claim)
{
	int got = 0;
	flist_stream_lock(s);
	while (!flist_stream_has_ended(s) && !must_rest(s, self->index) &&
	       !(got = flist_queue_claim(&s->queue, self->batch, claim))) {
		atomic_fetch_add(&s->sleepers, 1);
		pthread_cond_wait(&s->work, &s->lock);
		atomic_fetch_sub(&s->sleepers, 1);
	}
	flist_stream_unlock(s);
	if (got < 0)
		flist_stream_stop(s, got);
	return got > 0;
}

/* Ends a measurement of `calls` calls. A thread whose calls are slow takes one name at a time. */
static void measure(struct flist_stream *s, struct flist_stream_thread *self, size_t calls)
{
	const uint64_t now = flist_clock();
	const bool slow = now - self->since > calls * CALL_WAITS;
	self->slow = slow ? self->slow + (self->slow < SURE) : 0;
	if (slow)
		self->batch = 1;
	else if (self->batch < BATCH_MOST)
		self->batch *= 2;
	if (flist_adapt_is_on(&s->adapt)) {
		flist_adapt_count(&s->adapt, self->index, calls);
		flist_adapt_at(&s->adapt, self->index, now);
	}
}

static void help(void *arg, unsigned index)
{
	struct flist_stream *s = arg;
	struct flist_stream_thread self = {.index = index, .batch = 1};
	struct flist_claim claim;
	while (!flist_stream_is_stopped(s) && flist_adapt_may_work(&s->adapt, index)) {
		if (!take(s, &self, &claim))
			continue;
		self.since = flist_clock();
		measure(s, &self, flist_stream_work(s, &self, &claim));
	}
	flist_stream_thread_release(&self);
}

/* Raises the depth to `least`: more threads need more entries ahead. The lock is held. */
static void deepen(struct flist_stream *s, uint64_t least)
{
	if (s->is_fixed || s->queue.depth >= FLIST_DEPTH_MOST)
		return;
	least = least < FLIST_DEPTH_MOST ? least : FLIST_DEPTH_MOST;
	if (s->queue.depth < least)
		s->queue.depth = least;
	s->queue.is_short = false;
	flist_stream_wake(s, UINT64_MAX);
}

/*
 * Called when the number of jobs has changed. Sleeping threads are woken, since some may now be
 * over the limit.
 */
static void limit_helpers(void *arg, unsigned jobs)
{
	struct flist_stream *s = arg;
	flist_stream_lock(s);
	deepen(s, (uint64_t)DEPTH_PER_JOB * jobs);
	pthread_cond_broadcast(&s->work);
	flist_stream_unlock(s);
}

static bool has_idle(void *arg)
{
	const struct flist_stream *s = arg;
	return atomic_load_explicit(&s->sleepers, memory_order_relaxed) > 0;
}

/* Prepares to start threads, since calls wait. Out of memory: the cursor goes on alone. */
static void find_helpers(struct flist_stream *s)
{
	s->is_alone = flist_adapt_init(&s->adapt, &s->options.threads) != 0;
	if (s->is_alone)
		return;
	s->adapt.limit = limit_helpers;
	s->adapt.is_idle = has_idle;
	s->adapt.arg = s;
	flist_adapt_begin(&s->adapt, help, s);
	s->has_helpers = true;
}

static void call_helpers(struct flist_stream *s, unsigned jobs)
{
	s->crew = flist_crew_new(&s->options.threads, jobs);
	s->is_alone = !s->crew;
	if (s->is_alone)
		return;
	flist_crew_begin(s->crew, help, s);
	flist_crew_grow(s->crew, jobs);
	s->has_helpers = true;
}

/* ---- The cursor ------------------------------------------------------------------------------ */

/*
 * Adds the entries returned to the queue's count, which allows more to be fetched ahead. The lock
 * is held.
 */
static void tell_given(struct flist_stream *s)
{
	const uint64_t least = s->has_helpers ? (uint64_t)DEPTH_PER_JOB * s->adapt.jobs : 0;
	s->queue.given += s->given;
	s->smooth += s->given;
	s->given = 0;
	if (!s->is_fixed && s->smooth > SMOOTH * s->queue.depth) {
		s->smooth = 0;
		if (s->queue.depth / 2 >= FLIST_DEPTH_FIRST && s->queue.depth / 2 >= least)
			s->queue.depth /= 2;
	}
	if (atomic_load_explicit(&s->sleepers, memory_order_relaxed))
		flist_stream_wake(s, s->queue.depth - (s->queue.asked - s->queue.given));
}

/* Waits until another job has fetched what is needed next. The lock is held. */
static void wait_for_it(struct flist_stream *s)
{
	s->waits = true;
	while (!is_ready(s) && !flist_stream_has_ended(s))
		pthread_cond_wait(&s->answer, &s->lock);
	s->waits = false;
}

/*
 * Does some work and measures whether calls wait. On a busy machine calls may also be slow because
 * the thread waits for a CPU, and more threads would make that worse. So after one slow
 * measurement, the thread's voluntary context switches are counted, too.
 */
static void work_measured(struct flist_stream *s, struct flist_claim *claim)
{
	const bool suspects = !s->has_helpers && s->self.slow > 0;
	const uint64_t waited = suspects ? flist_wait_count() : 0;
	s->self.since = flist_clock();
	measure(s, &s->self, flist_stream_work(s, &s->self, claim));
	if (suspects && s->self.slow >= SURE && flist_wait_count() == waited)
		s->self.slow = 0;
	if (!s->has_helpers && s->self.slow >= SURE)
		find_helpers(s);
}

/* Gets what is at the head of the queue: fetches it, or waits for the job that has taken it. */
static void need(struct flist_stream *s)
{
	struct flist_claim claim;
	int got;
	flist_stream_lock(s);
	tell_given(s);
	got = flist_queue_claim_head(&s->queue, s->self.batch, &claim);
	if (got > 0 && !claim.n && s->queue.open + s->queue.reading > s->queue.open_most)
		flist_queue_evict(&s->queue);
	/*
	 * The cursor has to wait for other jobs or for its own call; threads could have made these
	 * calls before.
	 */
	if (s->has_helpers && s->queue.is_short)
		deepen(s, 2 * s->queue.depth);
	s->smooth = 0;
	if (got == 0)
		wait_for_it(s);
	flist_stream_unlock(s);
	if (got < 0)
		flist_stream_stop(s, got);
	if (got <= 0)
		return;
	if (s->is_alone)
		flist_stream_work(s, &s->self, &claim);
	else
		work_measured(s, &claim);
}

/* Writes the path of a directory, as far as it differs from that of s->here. 0 or -ENOMEM. */
static int go_to(struct flist_stream *s, struct flist_folder *folder)
{
	const size_t size = (size_t)folder->path_len + 1 + FLIST_NAME_MOST + 1;
	const struct flist_folder *f = folder, *old = s->here;
	const int ret = flist_grow(&s->path, &s->path_room, size, 1);
	if (ret)
		return ret;
	while (old && old->depth > f->depth)
		old = old->parent;
	for (; f != old && f->parent; f = f->parent) {
		char *name = s->path + f->path_len - f->name_len;
		memcpy(name, f->name, f->name_len);
		if (name > s->path)
			name[-1] = '/';
		if (old && old->depth == f->depth)
			old = old->parent;
	}
	if (folder->parent)
		s->path[folder->path_len] = '/';
	return 0;
}

static void tell_failure(const struct flist_stream *s, const struct flist_folder *f, int error,
			 enum flist_step step)
{
	const struct flist_cursor_options *o = &s->options;
	s->path[f->path_len] = '\0';
	if (error && o->failed)
		o->failed(o->arg, 0, &(struct flist_failure){s->path, error, step});
	if (f->parent)
		s->path[f->path_len] = '/';
}

/* Called when the head of the queue is in another directory than the last entry. */
static void arrive(struct flist_stream *s, struct flist_stretch *head)
{
	struct flist_folder *f = head->folder;
	const int ret = go_to(s, f);
	flist_stream_lock(s);
	flist_folder_let_go(&s->queue, s->here);
	s->here = f;
	f->holders++;
	flist_queue_arrive(&s->queue, f);
	flist_stream_unlock(s);
	if (ret)
		flist_stream_stop(s, ret);
	if (ret || head != &f->whole || head->at)
		return;
	tell_failure(s, f, f->open_error, FLIST_STEP_OPEN);
	tell_failure(s, f, f->read_error, FLIST_STEP_READ);
	tell_failure(s, f, f->nameless ? EIO : 0, FLIST_STEP_READ);
}

static void advance(struct flist_stream *s)
{
	flist_stream_lock(s);
	tell_given(s);
	flist_queue_advance(&s->queue);
	flist_stream_unlock(s);
}

/* Returns the extra fields that the list has of an entry; NULL: none. */
static const struct flist_extra *extra_of(const struct flist_folder *f, uint32_t i)
{
	uint32_t line;
	const struct flist_block *block = flist_node_entry(f->node, i, &line);
	return block->extras ? block->extras[line] : NULL;
}

static const struct flist_item *give(struct flist_stream *s, const struct flist_folder *f,
				     uint32_t i, struct flist_known *known)
{
	const struct flist_listed_name *name = &f->names[i];
	const uint32_t prefix = flist_folder_prefix(f);
	struct flist_item *item = &s->item;
	flist_copy_name(s->path + prefix, name->text, name->len + 1U);
	item->path = s->path;
	item->name = s->path + prefix;
	item->path_len = prefix + name->len;
	item->depth = f->depth + 1;
	item->status = known->status;
	item->meta = known->status ? NULL : &known->meta;
	item->extra = item->meta && f->node ? extra_of(f, i) : NULL;
	item->type = known->status ? (uint32_t)DTTOIF(name->type) : known->meta.mode & S_IFMT;
	return item;
}

/* Frees the results of the preceding page, which have been returned. */
static void drop_page(struct flist_folder *f, uint32_t i)
{
	if (i > 0 && i % FLIST_PAGE == 0)
		free(atomic_exchange(&f->pages[i / FLIST_PAGE - 1], NULL));
}

static const struct flist_item *take_head(struct flist_stream *s, struct flist_stretch *head)
{
	struct flist_folder *f = head->folder;
	struct flist_known *known = flist_folder_known(f, head->at);
	if (!known) {
		need(s);
		return NULL;
	}
	if (s->has_helpers && s->given >= TOLD_MOST) {
		flist_stream_lock(s);
		tell_given(s);
		flist_stream_unlock(s);
	}
	drop_page(f, head->at);
	s->given++;
	return give(s, f, head->at++, known);
}

static const struct flist_item *next(struct flist_cursor *cursor)
{
	struct flist_stream *s = (struct flist_stream *)cursor;
	const struct flist_item *item = NULL;
	while (!item && s->queue.head && !flist_stream_is_stopped(s)) {
		struct flist_stretch *head = s->queue.head;
		if (!flist_folder_is_read(head->folder))
			need(s);
		else if (s->here != head->folder)
			arrive(s, head);
		else if (head->at < flist_stretch_end(head))
			item = take_head(s, head);
		else
			advance(s);
	}
	return item;
}

static int error_of(const struct flist_cursor *cursor)
{
	const struct flist_stream *s = (const struct flist_stream *)cursor;
	return atomic_load(&s->error);
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static void end_helpers(struct flist_stream *s)
{
	struct flist_crew *crew = s->crew ? s->crew : s->adapt.crew;
	flist_stream_lock(s);
	atomic_store(&s->is_over, true);
	pthread_cond_broadcast(&s->work);
	pthread_cond_broadcast(&s->room);
	flist_stream_unlock(s);
	flist_adapt_end(&s->adapt);
	if (crew)
		flist_crew_end(crew);
	flist_crew_free(s->crew);
	flist_adapt_release(&s->adapt);
}

static void close_stream(struct flist_cursor *cursor)
{
	struct flist_stream *s = (struct flist_stream *)cursor;
	end_helpers(s);
	flist_stream_lock(s);
	flist_queue_release(&s->queue);
	flist_folder_let_go(&s->queue, s->here);
	flist_stream_unlock(s);
	flist_stream_thread_release(&s->self);
	flist_opener_release(&s->opener);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->answer);
	pthread_cond_destroy(&s->room);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s);
}

static unsigned choose_open_most(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur / OPEN_SHARE > OPEN_MOST)
		return OPEN_MOST;
	return limit.rlim_cur >= OPEN_SHARE ? (unsigned)limit.rlim_cur / OPEN_SHARE : 1;
}

static int check(const struct flist_cursor_options *o, unsigned flags)
{
	if (!flist_are_known(o) || o->threads.run || o->unused)
		return -EINVAL;
	return o->flags & ~flags || o->fields & ~(uint32_t)FLIST_FIELDS ? -EINVAL : 0;
}

static int open_root(struct flist_stream *s, const char *root, bool follow)
{
	struct stat st;
	const int ret = flist_opener_init(&s->opener, root, follow);
	if (ret)
		return ret;
	if (fstat(s->opener.root, &st) < 0)
		return -errno;
	s->root_dev = st.st_dev;
	s->follow = follow ? FLIST_FOLLOW : 0;
	return 0;
}

/* Limits the number of jobs: threads without descriptors would only wait for each other. */
static unsigned bound_jobs(struct flist_threads *threads, unsigned open_most)
{
	const unsigned most = open_most > OPEN_PER_JOB ? open_most / OPEN_PER_JOB : 1;
	if (threads->jobs > most)
		threads->jobs = most;
	if (!threads->most || threads->most > most)
		threads->most = most;
	return flist_jobs(threads);
}

static void begin(struct flist_stream *s)
{
	const unsigned open_most = choose_open_most();
	const unsigned jobs = bound_jobs(&s->options.threads, open_most);
	s->is_fixed = s->options.prefetch;
	s->queue.depth = s->is_fixed ? s->options.prefetch : FLIST_DEPTH_FIRST;
	s->queue.open_most = open_most;
	s->is_alone = jobs == 1;
	s->self.batch = s->is_alone ? BATCH_MOST : 1;
	if (!flist_is_adaptive(&s->options.threads) && jobs > 1)
		call_helpers(s, jobs);
}

static const struct flist_cursor_kind asking = {next, close_stream, error_of};

/* Opens a cursor. node: root of the list that has the names; NULL: they are read. */
static int open_stream(struct flist_cursor **cursor, const char *root, bool follow,
		       const struct flist_node *node, const struct flist_cursor_options *options)
{
	struct flist_stream *s = calloc(1, sizeof(*s));
	struct flist_folder *folder = s ? flist_folder_new(NULL, "", 0) : NULL;
	int ret = folder ? 0 : -ENOMEM;
	if (s) {
		s->cursor.kind = &asking;
		s->options = *options;
		s->fields = flist_fields(options->fields) | FLIST_TYPE;
		s->opener.root = -1;
		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->work, NULL);
		pthread_cond_init(&s->answer, NULL);
		pthread_cond_init(&s->room, NULL);
	}
	if (folder) {
		folder->node = node;
		flist_queue_begin(&s->queue, folder);
		ret = open_root(s, root, follow);
	}
	if (ret) {
		if (s)
			close_stream(&s->cursor);
		return ret;
	}
	begin(s);
	*cursor = &s->cursor;
	return 0;
}

int flist_cursor_walk(struct flist_cursor **cursor, const char *root,
		      const struct flist_cursor_options *options)
{
	static const struct flist_cursor_options none;
	const struct flist_cursor_options *o = options ? options : &none;
	const int ret = check(o, FLAGS);
	*cursor = NULL;
	return ret ? ret : open_stream(cursor, root, o->flags & FLIST_FOLLOW, NULL, o);
}

int flist_cursor_fetch(struct flist_cursor **cursor, const struct flist_list *list,
		       const struct flist_cursor_options *options)
{
	static const struct flist_cursor_options none;
	const struct flist_cursor_options *o = options ? options : &none;
	int ret = check(o, 0);
	if (o->filter)
		ret = -EINVAL;
	*cursor = NULL;
	return ret ? ret
		   : open_stream(cursor, list->root_path, list->flags & FLIST_FOLLOW, list->root,
				 o);
}
