/*
 * The system calls of a prefetching cursor: opens and reads a directory, or fetches some of its
 * names.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/walk.h"
#include "strategies/flist/list/block.h"
#include "strategies/flist/prefetch/prefetch.h"

enum {
	BUFFER_SIZE = 64 * 1024,   /* at first: enough for 2000 names of 12 bytes */
	BUFFER_KEPT = 1024 * 1024, /* a larger buffer is freed after use */
	CALLS_TO_READ = 4,  /* calls for a directory, at least: two to open it, two to read it, */
	NAMES_PER_CALL = 8, /* and one more for every NAMES_PER_CALL names */
};

void flist_stream_thread_release(struct flist_stream_thread *self)
{
	free(self->buffer);
	free(self->path);
	flist_names_release(&self->names);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/*
 * Writes the path of a directory to self->path, which then has room for a slash, a name and a NUL.
 * 0 or -ENOMEM.
 */
static int write_path(struct flist_stream_thread *self, const struct flist_folder *f)
{
	const size_t need = (size_t)f->path_len + 1 + FLIST_NAME_MOST + 1;
	const int ret = flist_grow(&self->path, &self->path_room, need, 1);
	if (ret)
		return ret;
	self->path[f->path_len] = '\0';
	for (; f->parent; f = f->parent) {
		char *name = self->path + f->path_len - f->name_len;
		memcpy(name, f->name, f->name_len);
		if (name > self->path)
			name[-1] = '/';
	}
	return 0;
}

/* Opens a directory by its name relative to `at`, the parent, or with -1 by its path. */
static int open_either_way(struct flist_stream *s, struct flist_stream_thread *self,
			   struct flist_folder *f, int at, bool to_read)
{
	if (at >= 0)
		return flist_opener_open_at(&s->opener, at, f->name, f->name_len, to_read);
	const int ret = write_path(self, f);
	if (ret)
		return ret;
	return flist_opener_open_at(&s->opener, s->opener.root, self->path, f->path_len, to_read);
}

/*
 * Opens a directory, and with to_read the thread's reader. If either fails, no descriptor stays
 * open.
 */
static int open_once(struct flist_stream *s, struct flist_stream_thread *self,
		     struct flist_folder *f, int at, bool to_read)
{
	const int fd = open_either_way(s, self, f, at, to_read);
	const int ret = fd >= 0 && to_read ? flist_reader_init(&self->reader, fd) : 0;
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static bool is_short(int fd)
{
	return fd == -EMFILE || fd == -ENFILE;
}

/*
 * Closes a directory that no job uses. If there is none, waits until there is one, or until all
 * claims in progress wait for descriptors. Lowers queue->open_most. The lock is held. Returns
 * whether one was closed.
 */
static bool wait_for_room(struct flist_stream *s)
{
	struct flist_queue *queue = &s->queue;
	bool closed;
	while (!(closed = flist_queue_evict(queue)) && !flist_stream_has_ended(s) &&
	       (queue->busy > atomic_load(&s->wanting) || atomic_load(&s->closing) > 0))
		pthread_cond_wait(&s->room, &s->lock);
	if (queue->open_most > queue->open + 1)
		queue->open_most = queue->open + 1;
	return closed;
}

/*
 * Opens a directory when there are too few descriptors: one job after the other tries again when
 * one may be free. A job that waits here holds no descriptor, so those that it waits for can
 * finish. The error is final if no other job had a descriptor during the try, and no work was taken
 * meanwhile.
 */
static int open_in_turn(struct flist_stream *s, struct flist_stream_thread *self,
			struct flist_claim *claim, bool to_read)
{
	bool is_final;
	int fd;
	flist_stream_lock(s);
	if (!claim->n)
		flist_queue_forgo(&s->queue, claim);
	atomic_fetch_add(&s->wanting, 1);
	pthread_cond_broadcast(&s->room);
	while (s->has_opener)
		pthread_cond_wait(&s->room, &s->lock);
	s->has_opener = true;
	do {
		is_final = !wait_for_room(s);
		const uint64_t claims = s->queue.claims;
		flist_stream_unlock(s);
		fd = open_once(s, self, claim->folder, -1, to_read);
		flist_stream_lock(s);
		is_final = (is_final && claims == s->queue.claims) || flist_stream_has_ended(s);
	} while (is_short(fd) && !is_final);
	s->has_opener = false;
	atomic_fetch_sub(&s->wanting, 1);
	pthread_cond_broadcast(&s->room);
	flist_stream_unlock(s);
	return fd;
}

/* Opens the directory of a claim. Returns a descriptor or -errno. */
static int open_folder(struct flist_stream *s, struct flist_stream_thread *self,
		       struct flist_claim *claim, bool to_read)
{
	const int at = claim->n ? -1 : claim->fd;
	const int fd = open_once(s, self, claim->folder, at, to_read);
	return is_short(fd) ? open_in_turn(s, self, claim, to_read) : fd;
}

/*
 * Decides whether an opened directory is read. Sets the folder's dev and ino if they are needed. 0:
 * it is read; 1: not, since it is on another filesystem; -ELOOP: it is the same as a directory
 * above it; errors of fstat(2).
 */
static int identify(const struct flist_stream *s, struct flist_folder *f, int fd)
{
	const bool one = s->options.flags & FLIST_ONE_FILESYSTEM;
	struct stat st;
	if (!s->follow && !one)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	if (one && f->dev != s->root_dev)
		return 1;
	for (const struct flist_folder *up = f->parent; up && s->follow; up = up->parent) {
		if (up->ino == f->ino && up->dev == f->dev)
			return -ELOOP;
	}
	return 0;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Reads all of a directory into the thread's buffer. 0, -ENOMEM, or the error at which it ended. */
static int read_whole(struct flist_stream *s, struct flist_stream_thread *self, size_t *used)
{
	int ret = 0;
	*used = 0;
	while (!ret && !self->reader.ended && !flist_stream_is_stopped(s)) {
		if (self->room - *used < FLIST_READ_MIN) {
			size_t room = self->room;
			ret = flist_grow(&self->buffer, &room, room ? 2 * room : BUFFER_SIZE, 1);
			self->room = ret ? self->room : room;
		}
		if (!ret)
			ret = flist_reader_read(&self->reader, self->buffer, self->room, used);
	}
	return ret;
}

/* Removes the names that the caller's filter skips. 0 or -ENOMEM. */
static int choose_names(struct flist_stream *s, struct flist_stream_thread *self,
			const struct flist_folder *f)
{
	const struct flist_cursor_options *o = &s->options;
	const int ret = o->filter ? write_path(self, f) : 0;
	if (o->filter && !ret)
		flist_names_choose(&self->names, o->filter, o->arg, self->index, self->path,
				   flist_folder_prefix(f), f->depth + 1);
	return ret;
}

/*
 * Allocates the folder's names, with `bytes` bytes for their texts, and the array of pages of
 * results. 0 or -ENOMEM.
 */
static int make_names(struct flist_folder *f, size_t n, size_t bytes)
{
	const size_t pages = n / FLIST_PAGE + 1;
	f->names = malloc(n * sizeof(*f->names) + bytes + 1);
	f->pages = calloc(pages, sizeof(*f->pages));
	if (!f->names || !f->pages || n > UINT32_MAX / 2)
		return -ENOMEM;
	f->n = (uint32_t)n;
	return 0;
}

static int keep_names(struct flist_folder *f, const struct flist_names *names)
{
	const int ret = make_names(f, names->n, names->bytes);
	char *text = ret ? NULL : (char *)(f->names + names->n);
	for (size_t i = 0; i < names->n && !ret; i++) {
		const struct flist_name *name = &names->all[i];
		f->names[i] = (struct flist_listed_name){
			.text = text, .len = name->len, .type = name->type, .pruned = name->pruned};
		flist_copy_name(text, name->text, name->len + 1U);
		text += name->len + 1;
	}
	return ret;
}

static int read_names(struct flist_stream *s, struct flist_stream_thread *self,
		      struct flist_folder *f)
{
	size_t used;
	int ret = read_whole(s, self, &used);
	if (ret && ret != -ENOMEM) {
		f->read_error = -ret;
		ret = 0;
	}
	if (!ret)
		ret = flist_names_gather(&self->names, self->buffer, used);
	if (ret)
		return ret;
	f->nameless = self->names.nameless;
	ret = choose_names(s, self, f);
	if (!ret) {
		flist_names_sort(&self->names);
		ret = keep_names(f, &self->names);
	}
	if (self->room > BUFFER_KEPT) {
		free(self->buffer);
		self->buffer = NULL;
		self->room = 0;
		flist_names_release(&self->names);
	}
	return ret;
}

/* ---- Names of a list ------------------------------------------------------------------------- */

static int take_names(struct flist_folder *f, bool *asks)
{
	const int ret = make_names(f, f->node->n, 0);
	*asks = false;
	for (uint32_t i = 0; i < f->n && !ret; i++) {
		uint32_t line;
		const struct flist_block *block = flist_node_entry(f->node, i, &line);
		f->names[i] = (struct flist_listed_name){
			.text = flist_block_name(block, line),
			.len = block->lines[line].len,
			.type = (uint8_t)IFTODT(block->lines[line].mode)};
		*asks |= block->lines[line].state == FLIST_LINE_LISTED;
	}
	return ret;
}

/* Inserts the sub-directories, whose places are in the list. The lock is held. 0 or -ENOMEM. */
static int enter_children(struct flist_stream *s, struct flist_folder *f)
{
	uint32_t index = UINT32_MAX; /* decreasing, in the order in which they come */
	int ret = 0;
	for (const struct flist_node *node = f->node->child; node && !ret; node = node->sibling) {
		struct flist_folder *child = flist_folder_new(f, node->name, node->name_len);
		if (!child)
			return -ENOMEM;
		child->node = node;
		child->index = index--;
		ret = flist_queue_enter(&s->queue, child, node->after);
		if (ret)
			free(child);
	}
	return ret;
}

/* Returns the result that the list has of an entry, 0 or -errno; -ENODATA: it has none. */
static int stored_result(const struct flist_folder *f, uint32_t i, struct flist_meta *meta)
{
	uint32_t line;
	const struct flist_block *block = flist_node_entry(f->node, i, &line);
	switch (block->lines[line].state) {
	case FLIST_LINE_KNOWN:
		flist_block_meta(block, line, meta);
		return 0;
	case FLIST_LINE_FAILED:
		return flist_block_error(block, line);
	default:
		return -ENODATA;
	}
}

/* ---- A directory ----------------------------------------------------------------------------- */

/*
 * Reads a directory. Returns its descriptor, with which its names are fetched, or -1: none is
 * needed or available. *ret: 0, or what ends the cursor.
 */
static int read_folder(struct flist_stream *s, struct flist_stream_thread *self,
		       struct flist_claim *claim, int *ret)
{
	struct flist_folder *f = claim->folder;
	bool asks = true;
	int fd = -1, told;
	*ret = f->node ? take_names(f, &asks) : 0;
	if (*ret || !asks)
		return -1;
	fd = open_folder(s, self, claim, !f->node);
	told = fd < 0 || f->node ? fd : identify(s, f, fd);
	if (told == -ENOMEM || (is_short(told) && flist_stream_is_stopped(s)))
		*ret = told;
	else if (told < 0)
		f->open_error = -told;
	else if (!f->node && told == 0)
		*ret = read_names(s, self, f);
	if (fd >= 0 && !f->node)
		flist_reader_release(&self->reader);
	if (fd >= 0 && (*ret || !f->n)) {
		close(fd);
		fd = -1;
	}
	return fd < 0 ? -1 : fd;
}

static size_t visit(struct flist_stream *s, struct flist_stream_thread *self,
		    struct flist_claim *claim)
{
	struct flist_folder *f = claim->folder;
	int ret;
	const int fd = read_folder(s, self, claim, &ret);
	if (ret) {
		f->n = 0;
		flist_stream_stop(s, ret);
	}
	const size_t n = f->n; /* the folder may be freed when the lock is released */
	flist_stream_lock(s);
	flist_queue_read(&s->queue, claim, fd);
	if (f->node && f->n && enter_children(s, f))
		flist_stream_fail(s, -ENOMEM);
	flist_stream_wake(s, n);
	flist_stream_tell(s);
	flist_stream_unlock(s);
	return CALLS_TO_READ + n / NAMES_PER_CALL;
}

/* ---- Some names of a directory --------------------------------------------------------------- */

static int ask_name(const struct flist_stream *s, const struct flist_claim *claim, uint32_t i,
		    struct flist_meta *meta)
{
	const char *name = claim->folder->names[i].text;
	int ret;
	if (claim->folder->node) {
		ret = stored_result(claim->folder, i, meta);
		if (ret != -ENODATA)
			return ret;
	}
	if (claim->fd < 0)
		return claim->fd;
	ret = flist_ask(claim->fd, name, s->follow, s->fields, meta);
	/* A dangling link gets its own metadata. */
	if (s->follow && flist_is_dangling(ret))
		ret = flist_ask(claim->fd, name, 0, s->fields, meta);
	return ret;
}

static bool is_entered(const struct flist_stream *s, const struct flist_folder *f, uint32_t i,
		       const struct flist_known *known)
{
	if (f->node || known->status || !S_ISDIR(known->meta.mode) || f->names[i].pruned)
		return false;
	return !(s->options.flags & FLIST_ONE_FILESYSTEM) || known->meta.dev == s->root_dev;
}

/* Inserts a directory that was found. The lock is held. 0 or -ENOMEM. */
static int enter(struct flist_stream *s, struct flist_folder *f, uint32_t i)
{
	const struct flist_listed_name *name = &f->names[i];
	struct flist_folder *child = flist_folder_new(f, name->text, name->len);
	int ret;
	if (!child)
		return -ENOMEM;
	child->index = i;
	ret = flist_queue_enter(&s->queue, child, flist_folder_after(f, i));
	if (ret)
		free(child);
	else
		flist_stream_wake(s, 1);
	return ret;
}

/* Whether a system call is needed for any of these names, or a list has all results. */
static bool has_questions(const struct flist_claim *claim)
{
	const struct flist_node *node = claim->folder->node;
	bool asks = !node;
	for (uint32_t i = 0; i < claim->n && !asks; i++) {
		uint32_t line;
		const struct flist_block *block = flist_node_entry(node, claim->first + i, &line);
		asks = block->lines[line].state == FLIST_LINE_LISTED;
	}
	return asks;
}

/*
 * Opens the directory of a claim whose descriptor was closed meanwhile or never opened. claim->fd:
 * a descriptor or -errno.
 */
static void reopen(struct flist_stream *s, struct flist_stream_thread *self,
		   struct flist_claim *claim)
{
	const int fd = claim->folder->open_error ? -claim->folder->open_error
						 : open_folder(s, self, claim, false);
	claim->fd = fd;
	if (fd < 0)
		return;
	flist_stream_lock(s);
	flist_queue_lend(&s->queue, claim, fd);
	if (s->queue.open > s->queue.open_most)
		flist_queue_evict(&s->queue);
	flist_stream_unlock(s);
}

/*
 * Marks the results of n entries as known, after the directories among them have been inserted. The
 * lock is held. 0 or -ENOMEM.
 */
static int publish_answers(struct flist_stream *s, const struct flist_claim *claim, uint32_t n)
{
	struct flist_folder *f = claim->folder;
	for (uint32_t i = claim->first; i < claim->first + n; i++) {
		struct flist_known *known = flist_folder_answer(f, i);
		const bool fails =
			known->status == -ENOMEM || (is_entered(s, f, i, known) && enter(s, f, i));
		if (fails)
			return -ENOMEM;
		atomic_store_explicit(&known->is_known, true, memory_order_release);
	}
	return 0;
}

static size_t ask(struct flist_stream *s, struct flist_stream_thread *self,
		  struct flist_claim *claim)
{
	struct flist_folder *f = claim->folder;
	uint32_t n = 0;
	if (claim->fd < 0 && has_questions(claim))
		reopen(s, self, claim);
	for (; n < claim->n && !flist_stream_is_stopped(s); n++) {
		struct flist_known *known = flist_folder_answer(f, claim->first + n);
		known->status = ask_name(s, claim, claim->first + n, &known->meta);
	}
	flist_stream_lock(s);
	if (publish_answers(s, claim, n))
		flist_stream_fail(s, -ENOMEM);
	flist_queue_answered(&s->queue, claim);
	flist_stream_tell(s);
	flist_stream_unlock(s);
	return n;
}

size_t flist_stream_work(struct flist_stream *stream, struct flist_stream_thread *self,
			 struct flist_claim *claim)
{
	return claim->n ? ask(stream, self, claim) : visit(stream, self, claim);
}
