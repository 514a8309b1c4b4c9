/*
 * A walk with one ring: the entries of a directory are fetched while the next directory is read,
 * and directories are opened and closed by the ring, too. io_uring has no operation that reads a
 * directory: getdents64 is called as usual, for one directory at a time, and if calls wait, the
 * walk waits for those. Paths are full paths, as in walk-lstat.
 */
#include <stdlib.h>
#include <sys/syscall.h>

#include "strategies/ring.h"
#include "strategies/walk/listing.h"

/* SLOTS: directories open at once, as few as keep the ring busy. */
enum { SLOTS = 8, BUFFER_SIZE = 32768 };

/* A directory. Its path, relative to the root, is in the sink. */
struct found_dir {
	const char *path;
	size_t len;
};

/* A directory that is being opened, read or closed. */
struct open_dir {
	enum { SLOT_FREE, SLOT_OPENS, SLOT_READY, SLOT_CLOSES } step;
	struct found_dir dir;
	int fd; /* or -errno: it could not be opened */
};

struct state {
	struct ring *ring;
	struct worker *w;
	struct found_dir *found; /* not opened yet; reused in later passes */
	size_t n_found, room_found;
	struct open_dir slots[SLOTS];
	int error; /* what a completion ends the walk with */
	char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
};

static int probe(struct err *err)
{
	static const enum ring_op ops[] = {RING_STATX, RING_OPENAT, RING_CLOSE};
	return ring_probe(ops, sizeof(ops) / sizeof(*ops), err);
}

static int push(struct state *s, const char *path, size_t len)
{
	if (s->n_found == s->room_found) {
		size_t room = s->room_found ? 2 * s->room_found : 256;
		struct found_dir *more = realloc(s->found, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->found = more;
		s->room_found = room;
	}
	s->found[s->n_found++] = (struct found_dir){path, len};
	return 0;
}

static void answer_statx(struct state *s, const struct ring_ask *ask, int result)
{
	const struct statx *stx = &ask->stx;
	const dev_t dev = makedev(stx->stx_dev_major, stx->stx_dev_minor);
	size_t len;
	if (result < 0) {
		record_fail(ask->about, -result);
		return;
	}
	record_statx(ask->about, stx, FIELDS_ALL);
	if (!S_ISDIR(stx->stx_mode) || !workload_enters(s->w->load, dev))
		return;
	const char *path = sink_path(s->w->cell->sink, ask->entry, &len);
	int error = push(s, path, len);
	s->error = s->error ? s->error : error;
}

static void answer(void *arg, const struct ring_ask *ask, int result)
{
	struct state *s = arg;
	struct open_dir *slot = &s->slots[ask->op == RING_STATX ? 0 : ask->entry];
	switch (ask->op) {
	case RING_STATX:
		answer_statx(s, ask, result);
		break;
	case RING_OPENAT:
		slot->step = SLOT_READY;
		slot->fd = result;
		break;
	case RING_CLOSE:
		slot->step = SLOT_FREE;
		break;
	}
}

static struct open_dir *slot_at(struct state *s, int step)
{
	for (size_t i = 0; i < SLOTS; i++) {
		if ((int)s->slots[i].step == step)
			return &s->slots[i];
	}
	return NULL;
}

static int put(struct state *s, struct open_dir *slot, enum ring_op op, const char *path,
	       size_t len)
{
	struct ring_ask *ask;
	int error = ring_begin(s->ring, &ask);
	if (error)
		return error;
	ask->op = op;
	ask->entry = (size_t)(slot - s->slots);
	ask->fd = slot->fd;
	memcpy(ask->path, path, len);
	ask->path[len] = '\0';
	slot->step = op == RING_OPENAT ? SLOT_OPENS : SLOT_CLOSES;
	ring_put(s->ring, ask);
	return 0;
}

/* Makes the worker's path that of the directory, and returns its length. */
static size_t enter(struct worker *w, const struct found_dir *dir)
{
	const size_t root_len = walk_begin(w);
	if (!dir->len)
		return root_len;
	w->path[root_len] = '/';
	memcpy(w->path + root_len + 1, dir->path, dir->len + 1);
	return root_len + 1 + dir->len;
}

/* Opens the directory found last, so that few are waiting. The root's own path may be "/". */
static int open_next(struct state *s, struct open_dir *slot)
{
	slot->dir = s->found[--s->n_found];
	enter(s->w, &slot->dir);
	return put(s, slot, RING_OPENAT, s->w->path, strlen(s->w->path));
}

static int ask_entry(struct state *s, const char *name, size_t dir_len)
{
	struct worker *w = s->w;
	struct ring_ask *ask;
	struct record *r = walk_add(w, dir_len, name);
	int error = r ? ring_begin(s->ring, &ask) : -ENOMEM;
	if (error)
		return error;
	ask->op = RING_STATX;
	ask->about = r;
	ask->entry = sink_count(w->cell->sink) - 1;
	memcpy(ask->path, w->path, dir_len + 1 + strlen(name) + 1);
	ring_put(s->ring, ask);
	return 0;
}

/* Fetches the names of one buffer. *broken becomes EIO if one is empty. */
static int ask_names(struct state *s, long size, size_t dir_len, int *broken)
{
	int error = 0;
	for (long at = 0; at < size && !error;) {
		const struct dirent64 *d = (const struct dirent64 *)(s->buffer + at);
		at += d->d_reclen;
		if (worker_stopped(s->w))
			return -ECANCELED;
		if (!d->d_name[0])
			*broken = EIO;
		else if (!is_dot(d->d_name))
			error = ask_entry(s, d->d_name, dir_len);
	}
	return error;
}

/*
 * Reads a directory and fetches its names. Requests are submitted before each read, so that they
 * are in progress meanwhile.
 */
static int read_names(struct state *s, int fd, size_t dir_len)
{
	int error, broken = 0;
	for (;;) {
		error = ring_hand_over(s->ring);
		if (error)
			return error;
		long size = syscall(SYS_getdents64, fd, s->buffer, sizeof(s->buffer));
		worker_count(s->w, SYSCALL_getdents64, 1);
		if (size < 0 && errno != ENOENT) /* ENOENT: removed meanwhile, which is its end */
			broken = errno;
		if (size <= 0)
			break;
		error = ask_names(s, size, dir_len, &broken);
		if (error)
			return error;
	}
	return broken ? listing_fail(s->w, dir_len, broken) : 0;
}

static int visit(struct state *s, struct open_dir *slot)
{
	const size_t len = enter(s->w, &slot->dir);
	if (slot->fd < 0) {
		slot->step = SLOT_FREE;
		return walk_fail(s->w, len, -slot->fd);
	}
	int error = read_names(s, slot->fd, len);
	return error ? error : put(s, slot, RING_CLOSE, "", 0);
}

static int step(struct state *s)
{
	struct open_dir *slot = s->n_found ? slot_at(s, SLOT_FREE) : NULL;
	if (worker_stopped(s->w))
		return -ECANCELED;
	if (slot)
		return open_next(s, slot);
	slot = slot_at(s, SLOT_READY);
	return slot ? visit(s, slot) : ring_turn(s->ring);
}

static bool is_done(struct state *s)
{
	return !s->n_found && !slot_at(s, SLOT_READY) && !ring_under_way(s->ring);
}

/* Closes the directories that are open when a walk ends early. */
static void leave(struct state *s)
{
	for (struct open_dir *slot; (slot = slot_at(s, SLOT_READY));) {
		slot->step = SLOT_FREE;
		if (slot->fd >= 0)
			close(slot->fd);
		worker_count(s->w, SYSCALL_close, slot->fd >= 0);
	}
}

static int run(struct worker *w)
{
	struct state *s = w->state;
	s->n_found = 0;
	s->error = push(s, "", 0);
	int error = s->error;
	while (!error && !is_done(s)) {
		error = step(s);
		error = error ? error : s->error;
	}
	int drained = ring_drain(s->ring);
	leave(s);
	worker_count(w, SYSCALL_io_uring_enter, ring_calls(s->ring));
	sink_sort(w->cell->sink);
	return error ? error : drained;
}

static int open_ring(struct worker *w)
{
	struct state *s = w->state;
	s->w = w;
	return ring_open(&s->ring, w, WALK_PATH_SIZE, answer, s);
}

static void close_ring(struct worker *w)
{
	struct state *s = w->state;
	ring_close(s->ring);
	free(s->found);
}

STRATEGY(walk_uring) = {
	.name = "walk-uring",
	.summary = "readdir, and the rest by io_uring: statx of full paths, opening, closing",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL | STRATEGY_OWN_CREW,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.worker_size = sizeof(struct state),
	.params = RING_PARAMS,
	.probe = probe,
	.open = open_ring,
	.close = close_ring,
	.run = run,
};
