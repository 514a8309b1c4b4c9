/*
 * Lists everything in one thread, then fetches it in all workers through a cache, then sorts: what
 * a program does with libflist's parallel fetch. This project began with such batches of stat
 * calls.
 *
 * Compared with walk-fused, each step costs more: the kernel handles every name twice, at different
 * times; every path is written, hashed and compared as a whole; and the work of the single listing
 * thread does not become faster with more threads.
 *
 * A directory whose path is too long for a call is opened by its name relative to its parent, if
 * the parent was opened last; otherwise from the root, in steps that calls accept. So a single
 * chain of directories takes time in proportion to its depth. With several chains side by side,
 * each directory takes as many lookups as it is deep.
 */
#include <stdlib.h>

#include "strategies/meta.h"
#include "strategies/walk/listing.h"

enum {
	ASKED_AT_ONCE = 4096, /* entries in one call */
	OPEN_AT_ONCE = 128,   /* their directories */
};

struct classic_entry {
	struct record *record;
	const char *name; /* the last component of its path in the sink */
};

enum { ROOT = UINT32_MAX };

/* A directory, and the range of its entries. */
struct listed {
	uint32_t entry; /* its number in the sink; ROOT: it is the root */
	size_t first, end;
};

/* The entries of the listing that one call fetches. */
struct classic_batch {
	struct flist_dir *dirs[OPEN_AT_ONCE];
	struct flist_where wheres[ASKED_AT_ONCE];
	struct record *records[ASKED_AT_ONCE];
	struct flist_meta metas[ASKED_AT_ONCE];
	int statuses[ASKED_AT_ONCE];
	size_t n_dirs, n;
};

struct classic {
	struct worker lister; /* a copy of the worker whose path may be of any length */
	size_t path_room;
	struct classic_entry *entries;
	struct listed *dirs;
	size_t n_entries, entries_room, n_dirs, dirs_room;
	struct flist_cache *cache;
	uint32_t above; /* the directory with a long path that was opened last */
	int above_fd;   /* its descriptor; -1: none */
	struct classic_batch batch;
};

/* ---- Paths of any length --------------------------------------------------------------------- */

/* Writes a directory's path to the lister's, with room for the longest name. 0 or -ENOMEM. */
static int set_path(struct classic *c, const char *path, size_t len)
{
	struct worker *w = &c->lister;
	const size_t root_len = w->load->root_len, need = root_len + len + WALK_PATH_SIZE;
	if (need > c->path_room) {
		char *grown = realloc(w->path, 2 * need);
		if (!grown)
			return -ENOMEM;
		w->path = grown;
		c->path_room = 2 * need;
		walk_begin(w);
	}
	if (len == 0) {
		walk_begin(w);
		return 0;
	}
	w->path[root_len] = '/';
	memcpy(w->path + root_len + 1, path, len + 1);
	return 0;
}

/*
 * The length of the lister's path, for a directory whose path relative to the root has len bytes.
 */
static size_t path_len(const struct classic *c, size_t len)
{
	const size_t root_len = c->lister.load->root_len;
	if (len)
		return root_len + 1 + len;
	return root_len ? root_len : 1;
}

/*
 * Opens the lister's directory in steps of paths that a call accepts. Returns a descriptor or
 * -errno.
 */
static int open_below(struct classic *c, size_t len, int flags)
{
	const struct workload *load = c->lister.load;
	const int common = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char *path = c->lister.path + load->root_len + 1;
	int at = load->root_fd, fd = 0;
	while (len >= PATH_MAX && fd >= 0) {
		size_t cut = PATH_MAX - 1;
		while (path[cut] != '/')
			cut--;
		path[cut] = '\0';
		fd = openat(at, path, O_PATH | common);
		path[cut] = '/';
		if (at != load->root_fd)
			close(at);
		at = fd;
		path += cut + 1;
		len -= cut + 1;
	}
	if (fd < 0)
		return -errno;
	fd = openat(at, len ? path : ".", flags | common);
	const int error = -errno;
	if (at != load->root_fd)
		close(at);
	return fd < 0 ? error : fd;
}

/* The path of a directory in the sink; valid until the next call. */
static const char *path_of_dir(const struct classic *c, uint32_t entry, size_t *len)
{
	*len = 0;
	return entry == ROOT ? "" : sink_path(c->lister.cell->sink, entry, len);
}

/* Whether the path of a directory is too long, so that its entries can only be fetched by name. */
static bool is_long(const struct classic *c, uint32_t entry)
{
	const struct sink *sink = c->lister.cell->sink;
	size_t len;
	if (entry == ROOT)
		return false;
	return sink_far(sink, entry) || (sink_path(sink, entry, &len) && len >= PATH_MAX);
}

static void forget_above(struct classic *c)
{
	if (c->above_fd >= 0)
		close(c->above_fd);
	c->above_fd = -1;
}

/* Opens a directory with a long path. Returns a descriptor or -errno. */
static int open_long(struct classic *c, uint32_t entry, int flags)
{
	const struct sink_far *far = sink_far(c->lister.cell->sink, entry);
	int fd;
	if (far && far->up == c->above && c->above_fd >= 0) {
		fd = openat(c->above_fd, far->name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	} else {
		size_t len;
		const char *path = path_of_dir(c, entry, &len);
		fd = set_path(c, path, len);
		fd = fd ? fd : open_below(c, len, flags);
	}
	if (fd < 0)
		return fd;
	forget_above(c);
	c->above = entry;
	c->above_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd;
}

/* ---- Listing: one thread, one directory after the other -------------------------------------- */

/* Makes room for one more element in an array of n. 0, or -ENOMEM with the array unchanged. */
static int make_room(void *array, size_t *room, size_t n, size_t size)
{
	void **at = array, *grown;
	const size_t more = *room ? 2 * *room : 1024;
	if (n < *room)
		return 0;
	grown = realloc(*at, more * size);
	if (!grown)
		return -ENOMEM;
	*at = grown;
	*room = more;
	return 0;
}

static int add_entry(struct worker *w, DIR *stream, const struct dirent *d, struct record *r)
{
	struct classic *c = w->cell->state;
	struct flist_meta meta = {.mode = (uint32_t)DTTOIF(d->d_type)};
	size_t len, last = sink_count(w->cell->sink) - 1;
	const struct sink_far *far = sink_far(w->cell->sink, last);
	const char *path = far ? NULL : sink_path(w->cell->sink, last, &len);
	if (make_room(&c->entries, &c->entries_room, c->n_entries, sizeof(*c->entries)))
		return -ENOMEM;
	c->entries[c->n_entries++] =
		(struct classic_entry){r, far ? far->name : path + len - strlen(d->d_name)};
	/*
	 * If the type cannot be fetched, it is not a directory; the later fetch returns the error.
	 */
	if (d->d_type == DT_UNKNOWN)
		flist_stat_at(dirfd(stream), d->d_name, 0, FLIST_TYPE, &meta);
	return S_ISDIR(meta.mode) ? sink_defer(w->cell->sink) : 0;
}

/* Reads the lister's directory. 0, or what ends the walk. */
static int read_dir(struct classic *c, size_t len)
{
	struct worker *w = &c->lister;
	struct stat st;
	int error = 0, fd = open_below(c, len, O_RDONLY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (fd < 0)
		return walk_fail(w, path_len(c, len), -fd);
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st))
		error = walk_fail(w, path_len(c, len), errno);
	else if (workload_enters(w->load, st.st_dev))
		error = listing_read(w, stream, path_len(c, len), add_entry);
	closedir(stream);
	return error;
}

/* Records that a directory with a long path cannot be read. 0, or what ends the walk. */
static int fail_long(struct classic *c, uint32_t entry, int error)
{
	size_t len;
	if (error == EMFILE || error == ENFILE || error == ENOMEM)
		return -error;
	const char *path = path_of_dir(c, entry, &len);
	return sink_fail(c->lister.cell->sink, path, len, error);
}

static struct record *add_in(struct worker *w, size_t entry, const char *name)
{
	return sink_add_in(w->cell->sink, (uint32_t)entry, name, strlen(name));
}

static int read_long(struct classic *c, uint32_t entry)
{
	struct stat st;
	int broken = 0, error = 0, fd = open_long(c, entry, O_RDONLY);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	if (fd < 0)
		return fail_long(c, entry, -fd);
	if (!stream) {
		close(fd);
		return -ENOMEM;
	}
	if (fstat(fd, &st))
		error = fail_long(c, entry, errno);
	else if (workload_enters(c->lister.load, st.st_dev))
		error = listing_names(&c->lister, stream, entry, add_in, add_entry, &broken);
	closedir(stream);
	return !error && broken ? fail_long(c, entry, broken) : error;
}

static int list_dir(struct classic *c, uint32_t entry)
{
	size_t len;
	if (is_long(c, entry))
		return read_long(c, entry);
	const char *path = path_of_dir(c, entry, &len);
	int error = set_path(c, path, len);
	return error ? error : read_dir(c, len);
}

static int list_all(struct classic *c)
{
	struct listed dir = {.entry = ROOT};
	int error = 0;
	do {
		dir.first = c->n_entries;
		error = make_room(&c->dirs, &c->dirs_room, c->n_dirs, sizeof(*c->dirs));
		if (!error)
			error = list_dir(c, dir.entry);
		dir.end = c->n_entries;
		if (!error && dir.end > dir.first)
			c->dirs[c->n_dirs++] = dir;
	} while (!error && sink_next_number(c->lister.cell->sink, &dir.entry));
	return error;
}

/* ---- Fetching: all workers, many directories at once ----------------------------------------- */

/*
 * Opens a directory for flist_stat_many. Its entries are cached, unless its path is too long for a
 * call.
 */
static int open_dir(struct classic *c, const struct listed *listed, struct flist_dir **dir)
{
	size_t len;
	int error = 0, fd;
	if (is_long(c, listed->entry)) {
		fd = open_long(c, listed->entry, O_PATH);
	} else {
		const char *path = path_of_dir(c, listed->entry, &len);
		error = set_path(c, path, len);
		if (error || path_len(c, len) < PATH_MAX)
			return error ? error : flist_dir_open(dir, c->lister.path);
		fd = open_below(c, len, O_PATH);
	}
	error = fd < 0 ? fd : flist_dir_fdopen(dir, fd);
	if (error && fd >= 0)
		close(fd);
	return error;
}

static void close_dirs(struct classic_batch *b)
{
	for (size_t i = 0; i < b->n_dirs; i++)
		flist_dir_close(b->dirs[i]);
	b->n = b->n_dirs = 0;
}

static int ask_batch(struct classic *c)
{
	struct classic_batch *b = &c->batch;
	struct cell *cell = c->lister.cell;
	const struct flist_many_options options = {
		.cache = c->cache,
		.threads = {.jobs = cell->jobs, .run = cell->run_pool, .arg = cell->pool},
		.cancel = cell->stop,
	};
	int error = flist_stat_many(b->wheres, b->n, &options, b->metas, b->statuses);
	for (size_t i = 0; i < b->n && !error; i++) {
		if (b->statuses[i] == -ENOMEM)
			error = -ENOMEM;
		else if (b->statuses[i])
			record_fail(b->records[i], -b->statuses[i]);
		else
			record_meta(b->records[i], &b->metas[i]);
	}
	close_dirs(b);
	return error;
}

static bool is_full(int error)
{
	return error == -EMFILE || error == -ENFILE;
}

/*
 * Adds entries of a directory to the batch, from *at on, as many as fit. If it is full, or there
 * are no descriptors, the batch is fetched first. 0, or what ends the walk.
 */
static int add_some(struct classic *c, const struct listed *listed, size_t *at)
{
	struct classic_batch *b = &c->batch;
	struct flist_dir *dir;
	int error = 0, opened;
	if (b->n == ASKED_AT_ONCE || b->n_dirs == OPEN_AT_ONCE)
		error = ask_batch(c);
	if (error)
		return error;
	opened = open_dir(c, listed, &dir);
	if (is_full(opened) && b->n_dirs > 0) {
		error = ask_batch(c);
		opened = error ? error : open_dir(c, listed, &dir);
	}
	if (error || opened == -ENOMEM || is_full(opened))
		return opened;
	if (!opened)
		b->dirs[b->n_dirs++] = dir;
	for (; *at < listed->end && b->n < ASKED_AT_ONCE; ++*at) {
		const struct classic_entry *e = &c->entries[*at];
		if (opened) {
			record_fail(e->record, -opened);
			continue;
		}
		b->wheres[b->n] = (struct flist_where){dir, e->name};
		b->records[b->n++] = e->record;
	}
	return 0;
}

static int ask_all(struct classic *c)
{
	int error = 0;
	for (size_t i = 0; i < c->n_dirs && !error; i++) {
		size_t at = c->dirs[i].first;
		while (at < c->dirs[i].end && !error)
			error = add_some(c, &c->dirs[i], &at);
	}
	return error ? error : ask_batch(c);
}

/* ---- The strategy ---------------------------------------------------------------------------- */

static int run(struct worker *w)
{
	struct classic *c = w->cell->state;
	char *const path = c->lister.path;
	int error = flist_cache_new(&c->cache, NULL);
	if (error)
		return error;
	c->lister = *w;
	c->lister.path = path;
	c->n_entries = c->n_dirs = 0;
	c->above_fd = -1;
	error = list_all(c);
	if (!error)
		error = ask_all(c);
	close_dirs(&c->batch);
	forget_above(c);
	flist_cache_free(c->cache);
	sink_sort(w->cell->sink);
	return error;
}

static void finish(struct cell *cell)
{
	struct classic *c = cell->state;
	free(c->lister.path);
	free(c->entries);
	free(c->dirs);
}

STRATEGY(walk_classic) = {
	.name = "walk-classic",
	.summary = "list everything, then fetch in parallel through libflist's "
		   "cache, then sort",
	.stage = STAGE_WALK,
	.flags = STRATEGY_OWN_THREADS | STRATEGY_SHARES_STATE,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.cell_size = sizeof(struct classic),
	.uncounted = "libflist makes them",
	.finish = finish,
	.run = run,
};
