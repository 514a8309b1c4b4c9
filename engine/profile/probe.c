#include "engine/profile/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/dents.h"
#include "engine/base/util.h"

enum { REPORT_EVERY = 1024 }; /* entries */

struct probe_level {
	int fd; /* -1: closed; it can be opened again from below */
	uint64_t dev, ino;
	size_t path_len; /* of the directory; path holds the deepest one */
	/* Offsets in pending of the names of sub-directories still to be entered. */
	size_t next, end;
};

struct walk {
	const struct probe_request *request;
	const struct probe_calls *calls;
	struct probe *probe;
	struct tally *tally;
	uint64_t now; /* the last reading of the clock */
	uint64_t dev; /* of the root */
	uint64_t asked_attributes;
	struct probe_level *levels;
	size_t depth, room; /* the current level */
	char *path;
	size_t path_room;
	char *pending; /* names, each with its NUL */
	size_t n_pending, pending_room;
	struct dents dents;
};

/* Adds the time of a call that began at `began`. */
static void spent(struct walk *w, enum tally_call call, uint64_t began)
{
	w->now = w->calls->clock(w->calls->arg);
	w->probe->spent_ns += w->now - began;
	tally_call(w->tally, call, w->now - began);
}

static uint64_t start(struct walk *w)
{
	return w->now = w->calls->clock(w->calls->arg);
}

/* Whether the walk has to end; sets the reason. */
static bool is_over(struct walk *w)
{
	if (progress_stopped(w->request->progress))
		w->probe->is_interrupted = true;
	else if (w->request->until_ns && w->now >= w->request->until_ns)
		w->probe->is_cut = true;
	return w->probe->is_interrupted || w->probe->is_cut;
}

static bool is_gone(int error)
{
	return error == -ENOENT || error == -ESRCH || error == -ENOTDIR || error == -ELOOP;
}

static bool is_fatal(int error)
{
	return error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* Sets path to an entry of the current directory, NUL-terminated; "": the directory itself. */
static int set_path(struct walk *w, const char *name)
{
	size_t at = w->levels[w->depth].path_len;
	const size_t len = strlen(name);
	int error = array_grow(&w->path, &w->path_room, at + len + 2, 1);
	if (error)
		return error;
	if (at && len)
		w->path[at++] = '/';
	memcpy(w->path + at, name, len + 1);
	return 0;
}

static int keep_fault(struct walk *w, struct probe_fault *fault, const char *name, int error)
{
	int failed = set_path(w, name);
	fault->path = failed ? NULL : strdup(w->path);
	fault->error = -error;
	return fault->path ? 0 : -ENOMEM;
}

static int count_unreadable(struct walk *w, const char *name, int error)
{
	struct probe *p = w->probe;
	if (is_fatal(error))
		return error;
	if (error == -EINTR && is_over(w))
		return 0;
	if (is_gone(error)) {
		p->gone++;
		return 0;
	}
	if (p->unreadable++ >= PROBE_FAULTS_NAMED)
		return 0;
	return keep_fault(w, &p->faults[p->unreadable - 1], name, error);
}

static int count_unasked(struct walk *w, const char *name, int error)
{
	if (is_gone(error)) {
		w->probe->gone++;
		return 0;
	}
	return w->probe->unasked++ ? 0 : keep_fault(w, &w->probe->first_unasked, name, error);
}

static long timed_read(void *arg, int fd, void *buf, size_t size)
{
	struct walk *w = arg;
	const uint64_t began = start(w);
	long got = w->calls->read(w->calls->arg, fd, buf, size);
	spent(w, TALLY_GETDENTS, began);
	return got;
}

static int timed_open(struct walk *w, int at, const char *name)
{
	const uint64_t began = start(w);
	int fd = w->calls->open(w->calls->arg, at, name);
	spent(w, TALLY_OPEN, began);
	return fd;
}

static void timed_close(struct walk *w, struct probe_level *level)
{
	if (level->fd < 0)
		return;
	const uint64_t began = start(w);
	w->calls->close(w->calls->arg, level->fd);
	spent(w, TALLY_CLOSE, began);
	level->fd = -1;
}

static bool is_sampled(uint64_t seen)
{
	return seen < PROBE_ALWAYS || seen % PROBE_GAP == 0;
}

/* Fetches what a list of a tree does not need. A failed call is timed, too. */
static int ask_more(struct walk *w, const char *name, const struct probe_entry *entry)
{
	if (entry->is_symlink && is_sampled(w->probe->symlinks++)) {
		const uint64_t began = start(w);
		w->calls->readlink(w->calls->arg, w->levels[w->depth].fd, name);
		spent(w, TALLY_READLINK, began);
	}
	if (!is_sampled(w->asked_attributes++))
		return 0;
	int error = set_path(w, name);
	if (error)
		return error;
	const uint64_t began = start(w);
	w->calls->xattrs(w->calls->arg, w->path);
	spent(w, TALLY_LISTXATTR, began);
	return 0;
}

static int add_pending(struct walk *w, const char *name)
{
	const size_t len = strlen(name) + 1;
	if (w->n_pending + len > PROBE_PENDING_MAX) {
		w->probe->not_entered++;
		return 0;
	}
	int error = array_grow(&w->pending, &w->pending_room, w->n_pending + len, 1);
	if (error)
		return error;
	memcpy(w->pending + w->n_pending, name, len);
	w->n_pending += len;
	return 0;
}

static int take_entry(struct walk *w, const char *name)
{
	struct probe_entry entry;
	if (w->asked_attributes % REPORT_EVERY == 0)
		progress_report(w->request->progress, "walking", w->asked_attributes, 0);
	const uint64_t began = start(w);
	int error = w->calls->stat(w->calls->arg, w->levels[w->depth].fd, name, &entry);
	spent(w, TALLY_STATX, began);
	tally_entry(w->tally);
	if (error)
		return is_fatal(error) ? error : count_unasked(w, name, error);
	error = ask_more(w, name, &entry);
	if (error || !entry.is_directory)
		return error;
	const bool is_mount = entry.dev != w->dev;
	w->probe->mounts += is_mount;
	return is_mount && !w->request->crosses_mounts ? 0 : add_pending(w, name);
}

/* Reads all of the current directory, as far as there is time. */
static int read_directory(struct walk *w)
{
	struct probe_level *level = &w->levels[w->depth];
	struct dent entry;
	int got = 1, error = 0;
	level->next = w->n_pending;
	dents_begin(&w->dents, level->fd, timed_read, w);
	while (!error && !is_over(w) && (got = dents_next(&w->dents, &entry)) > 0)
		error = entry.len ? take_entry(w, entry.name) : 0;
	level->end = w->n_pending;
	w->probe->bad_names += w->dents.bad;
	if (!error && got < 0)
		error = count_unreadable(w, "", got);
	if (!error)
		error = set_path(w, "");
	return error ? error : tally_leave(w->tally, w->path);
}

/* Makes a directory that has been opened the current one. */
static int push(struct walk *w, int fd, size_t depth, size_t path_len)
{
	struct probe_entry self;
	int error = array_grow(&w->levels, &w->room, depth + 1, sizeof(*w->levels));
	const uint64_t began = start(w);
	if (!error)
		error = w->calls->stat(w->calls->arg, fd, "", &self);
	w->probe->aside_ns += start(w) - began;
	if (error) {
		w->calls->close(w->calls->arg, fd);
		return error;
	}
	w->depth = depth;
	w->levels[depth] = (struct probe_level){
		.fd = fd, .dev = self.dev, .ino = self.ino, .path_len = path_len};
	if (depth == 0)
		w->dev = self.dev;
	if (depth >= PROBE_WINDOW)
		timed_close(w, &w->levels[depth - PROBE_WINDOW]);
	return 0;
}

/* A directory can turn out to be a mount point when it is opened: an automount. */
static bool is_foreign(const struct walk *w)
{
	return !w->request->crosses_mounts && w->levels[w->depth].dev != w->dev;
}

static int leave_foreign(struct walk *w)
{
	struct probe_level *level = &w->levels[w->depth];
	w->probe->mounts++;
	level->next = level->end = w->n_pending;
	return 0;
}

/* Enters the next sub-directory of the current directory. */
static int descend(struct walk *w)
{
	struct probe_level *level = &w->levels[w->depth];
	const char *name = w->pending + level->next;
	level->next += strlen(name) + 1;
	tally_enter(w->tally, w->depth + 1);
	int fd = timed_open(w, level->fd, name);
	if (fd < 0)
		return count_unreadable(w, name, fd);
	int error = set_path(w, name);
	if (error)
		w->calls->close(w->calls->arg, fd);
	else
		error = push(w, fd, w->depth + 1, strlen(w->path));
	if (error)
		return count_unreadable(w, name, error);
	return is_foreign(w) ? leave_foreign(w) : read_directory(w);
}

/* Opens the directory above again, and checks that it is the same one as before. */
static int reopen(struct walk *w, struct probe_level *above, const struct probe_level *below)
{
	struct probe_entry now;
	const uint64_t began = start(w);
	int fd = w->calls->open(w->calls->arg, below->fd, "..");
	int error = fd < 0 ? fd : w->calls->stat(w->calls->arg, fd, "", &now);
	if (!error && (now.dev != above->dev || now.ino != above->ino))
		error = -ESTALE;
	if (error && fd >= 0)
		w->calls->close(w->calls->arg, fd);
	above->fd = error ? -1 : fd;
	w->probe->aside_ns += start(w) - began;
	return error;
}

/*
 * Returns to the directory above. If it cannot be reached, its remaining sub-directories are lost.
 */
static int ascend(struct walk *w)
{
	struct probe_level *below = &w->levels[w->depth];
	struct probe_level *above = &w->levels[w->depth - 1];
	int error = 0;
	w->n_pending = above->end;
	if (above->fd < 0)
		error = below->fd < 0 ? -ESTALE : reopen(w, above, below);
	timed_close(w, below);
	w->depth--;
	if (!error || above->next == above->end)
		return is_fatal(error) ? error : 0;
	above->next = above->end;
	return count_unreadable(w, "", error);
}

static int walk_all(struct walk *w)
{
	int error = read_directory(w);
	while (!error && !is_over(w)) {
		const struct probe_level *level = &w->levels[w->depth];
		if (level->next < level->end)
			error = descend(w);
		else if (w->depth == 0)
			break;
		else
			error = ascend(w);
	}
	return error;
}

int probe_walk(struct probe *probe, const struct probe_request *request, struct tally *tally)
{
	struct walk w = {
		.request = request, .calls = request->calls, .probe = probe, .tally = tally};
	*probe = (struct probe){0};
	const uint64_t began = start(&w);
	tally_enter(tally, 0);
	int fd = timed_open(&w, -1, NULL);
	int error = fd < 0 ? fd : push(&w, fd, 0, 0);
	if (!error) {
		error = walk_all(&w);
		for (size_t i = 0; i <= w.depth; i++)
			timed_close(&w, &w.levels[i]);
	}
	probe->wall_ns = start(&w) - began;
	free(w.levels);
	free(w.path);
	free(w.pending);
	return error;
}

void probe_free(struct probe *probe)
{
	for (size_t i = 0; i < PROBE_FAULTS_NAMED; i++)
		free(probe->faults[i].path);
	free(probe->first_unasked.path);
}

uint64_t probe_own_ns(const struct probe *probe, const struct tally *tally)
{
	/*
	 * The time of a call includes one reading of the clock; a second reading is outside of it.
	 */
	const uint64_t known =
		probe->spent_ns + probe->aside_ns + tally_calls(tally) * tally_timer_ns(tally);
	return probe->wall_ns - MIN(probe->wall_ns, known);
}

struct shares probe_shares(const struct probe *probe, const struct tally *tally)
{
	struct shares s = {
		.enumeration_ns = tally_sum(tally, TALLY_OPEN)->ns +
				  tally_sum(tally, TALLY_GETDENTS)->ns +
				  tally_sum(tally, TALLY_CLOSE)->ns,
		.statx_ns = tally_sum(tally, TALLY_STATX)->ns,
		.own_ns = probe_own_ns(probe, tally),
	};
	s.all_ns = s.enumeration_ns + s.statx_ns + s.own_ns;
	return s;
}
