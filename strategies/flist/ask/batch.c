/*
 * Fetches names in a directory that is opened once, and many names by many threads.
 *
 * Entries are fetched in the order given, in small batches that the threads take from one counter,
 * so a thread with slow entries takes fewer. A batch is small enough that the other threads do not
 * wait long for the last one, and large enough that the counter does not matter and two threads
 * rarely write to one cache line of statuses. If the library chooses the number of jobs, batches
 * begin with one entry, grow to a fixed duration or to a part of the time that the call has taken
 * so far, and shrink towards the end; and paths in one directory may be fetched relative to its
 * descriptor (siblings.h).
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/adapt.h"
#include "strategies/flist/ask/ask.h"
#include "strategies/flist/ask/siblings.h"
#include "strategies/flist/cache/cache.h"
#include "strategies/flist/clock.h"
#include "strategies/flist/threads.h"

enum {
	BATCH_MAX = 64,
	BATCHES_PER_JOB = 8, /* minimum, if there are enough entries */
	/* If the library chooses the number of jobs: */
	BATCH_NS = 20 * 1000, /* ns that a batch may take at least, */
	BATCH_PART = 4,       /* or 1/BATCH_PART of the time so far, */
	CLAIMS_PER_JOB = 2,   /* and 1/CLAIMS_PER_JOB of a job's share of the rest */
	SLOW_NS = 10 * 1000,  /* ns; if an entry takes that long, the clock is read after each */
};

/*
 * A directory that is opened once, so that the kernel looks up one name instead of a whole path. It
 * needs search permission, not read permission, like a path through it. If a system can open only
 * directories with read permission, and this one has none, its names are fetched by path: slower,
 * with the same results. The path is also the first part of the keys in a cache.
 */
struct flist_dir {
	int fd;       /* -1: names are fetched by path */
	bool by_path; /* false: made from a descriptor, without a path */
	size_t len;   /* of path, bytes */
	char path[];  /* without slashes at its end, not NUL-terminated */
};

struct many {
	const struct flist_where *wheres;
	size_t n, batch;
	unsigned flags;
	uint32_t fields;
	struct flist_cache *cache;
	const volatile int *cancel;
	struct flist_meta *metas;
	int *statuses;
	_Atomic size_t next; /* index of the next entry to take */
	_Atomic bool cancelled;
	struct flist_adapt adapt;   /* all zero: the caller has chosen the number of jobs */
	struct flist_prices prices; /* used if the library chooses the number of jobs */
};

/* What fetch_where needs to fetch an entry that is not in the cache. */
struct question {
	const struct many *many;
	const struct flist_where *where;
};

/* A job's buffer for the paths that are the keys of names in directories. */
struct composer {
	const struct flist_dir *dir; /* directory whose prefix is in buf */
	size_t prefix;
	char buf[FLIST_PATH_MOST + 1 + FLIST_PATH_MOST];
};

/* ---- Directories ----------------------------------------------------------------------------- */

static int open_dir(const char *path, int *fd)
{
	struct stat st;
	*fd = open(path, FLIST_OPEN_TO_ASK | O_DIRECTORY | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	if (errno != EACCES)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int flist_dir_open(struct flist_dir **dir, const char *path)
{
	size_t len = strlen(path);
	struct flist_dir *d = malloc(sizeof(*d) + len);
	int ret;
	*dir = NULL;
	if (!d)
		return -ENOMEM;
	ret = open_dir(path, &d->fd);
	if (ret) {
		free(d);
		return ret;
	}
	while (len > 0 && path[len - 1] == '/')
		len--;
	memcpy(d->path, path, len);
	d->len = len;
	d->by_path = true;
	*dir = d;
	return 0;
}

int flist_dir_fdopen(struct flist_dir **dir, int fd)
{
	*dir = malloc(sizeof(**dir));
	if (!*dir)
		return -ENOMEM;
	**dir = (struct flist_dir){.fd = fd};
	return 0;
}

void flist_dir_close(struct flist_dir *dir)
{
	if (!dir)
		return;
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir);
}

/* Checks that a name is one component. 0, -ENOENT (empty) or -EINVAL. */
static int dir_check(const char *name)
{
	if (!name[0])
		return -ENOENT;
	if (strchr(name, '/'))
		return -EINVAL;
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])) ? -EINVAL : 0;
}

/*
 * Writes the path with which the directory was opened, and a slash, to buf (at least
 * FLIST_PATH_MOST + 1 bytes), without a NUL. Returns its length; 0: the directory has no path.
 */
static size_t dir_prefix(const struct flist_dir *dir, char *buf)
{
	if (!dir->by_path)
		return 0;
	memcpy(buf, dir->path, dir->len);
	buf[dir->len] = '/';
	return dir->len + 1;
}

static int ask_by_path(const struct flist_dir *dir, const char *name, unsigned flags,
		       uint32_t fields, struct flist_meta *meta)
{
	char path[FLIST_PATH_MOST + 1 + FLIST_PATH_MOST];
	const size_t size = strlen(name) + 1;
	if (size > FLIST_PATH_MOST)
		return -ENAMETOOLONG;
	memcpy(path + dir_prefix(dir, path), name, size);
	return flist_ask(AT_FDCWD, path, flags, fields, meta);
}

/* Like flist_dir_stat; flags and fields have been checked, and fields is not 0. */
static int dir_ask(const struct flist_dir *dir, const char *name, unsigned flags, uint32_t fields,
		   struct flist_meta *meta)
{
	int ret = dir_check(name);
	if (ret)
		return ret;
	if (dir->fd < 0 && dir->by_path)
		return ask_by_path(dir, name, flags, fields, meta);
	return flist_ask(dir->fd, name, flags, fields, meta);
}

int flist_dir_stat(struct flist_dir *dir, const char *name, unsigned flags, uint32_t fields,
		   struct flist_meta *meta)
{
	int ret = flist_ask_check(flags, fields);
	return ret ? ret : dir_ask(dir, name, flags, flist_fields(fields), meta);
}

ptrdiff_t flist_dir_stat_until(struct flist_dir *dir, const char *const *names, size_t n,
			       unsigned flags, uint32_t fields, const volatile int *cancel,
			       struct flist_meta *metas, int *statuses)
{
	ptrdiff_t succeeded = 0;
	int ret = flist_ask_check(flags, fields);
	if (ret)
		return ret;
	fields = flist_fields(fields);
	for (size_t i = 0; i < n; i++) {
		const bool cancelled = cancel && __atomic_load_n(cancel, __ATOMIC_RELAXED);
		statuses[i] =
			cancelled ? -ECANCELED : dir_ask(dir, names[i], flags, fields, &metas[i]);
		if (statuses[i])
			metas[i] = (struct flist_meta){0};
		succeeded += !statuses[i];
	}
	return succeeded;
}

ptrdiff_t flist_dir_stat_many(struct flist_dir *dir, const char *const *names, size_t n,
			      unsigned flags, uint32_t fields, struct flist_meta *metas,
			      int *statuses)
{
	return flist_dir_stat_until(dir, names, n, flags, fields, NULL, metas, statuses);
}

/* ---- Many names ------------------------------------------------------------------------------ */

static int ask(const struct many *m, const struct flist_where *where, uint32_t fields,
	       struct flist_meta *meta)
{
	if (where->dir)
		return dir_ask(where->dir, where->name, m->flags, fields, meta);
	return flist_ask(AT_FDCWD, where->name, m->flags, fields, meta);
}

/*
 * Fetches FLIST_BASIC in addition to the fields wanted, since other users of the cache expect it.
 */
static int fetch_where(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	const struct question *q = arg;
	(void)path;
	(void)flags;
	return ask(q->many, q->where, q->many->fields | FLIST_BASIC, meta);
}

/*
 * Sets *path to the key of an entry. NULL: the directory has no path, or the name is too long for
 * any path. 0 or an error of dir_check.
 */
static int compose(struct composer *c, const struct flist_where *where, const char **path)
{
	const size_t size = strlen(where->name) + 1;
	int ret;
	*path = where->name;
	if (!where->dir)
		return 0;
	ret = dir_check(where->name);
	if (ret)
		return ret;
	if (size > FLIST_PATH_MOST) {
		*path = NULL;
		return 0;
	}
	if (c->dir != where->dir) {
		c->dir = where->dir;
		c->prefix = dir_prefix(where->dir, c->buf);
	}
	memcpy(c->buf + c->prefix, where->name, size);
	*path = c->prefix ? c->buf : NULL;
	return 0;
}

static int ask_cache(const struct many *m, struct composer *c, const struct flist_where *where,
		     struct flist_meta *meta)
{
	struct question question = {.many = m, .where = where};
	const struct flist_fetcher asker = {.fetch = fetch_where, .arg = &question};
	const struct flist_meta *shared;
	const char *path;
	int ret = compose(c, where, &path);
	if (ret)
		return ret;
	if (!path)
		return ask(m, where, m->fields, meta);
	ret = flist_cache_get_by(m->cache, path, m->flags, &asker, &shared);
	if (!ret) {
		*meta = *shared;
		flist_meta_unref(shared);
	}
	return ret;
}

/* Once *cancel was seen as nonzero, the call stays cancelled, even if *cancel changes again. */
static bool is_cancelled(struct many *m)
{
	if (atomic_load_explicit(&m->cancelled, memory_order_relaxed))
		return true;
	if (!m->cancel || !__atomic_load_n(m->cancel, __ATOMIC_RELAXED))
		return false;
	atomic_store_explicit(&m->cancelled, true, memory_order_relaxed);
	return true;
}

static void set_answer(struct many *m, size_t i, int ret)
{
	if (ret)
		m->metas[i] = (struct flist_meta){0};
	m->statuses[i] = ret;
}

static void answer(struct many *m, struct composer *c, size_t i)
{
	const struct flist_where *where = &m->wheres[i];
	int ret = -ECANCELED;
	if (!is_cancelled(m))
		ret = m->cache ? ask_cache(m, c, where, &m->metas[i])
			       : ask(m, where, m->fields, &m->metas[i]);
	set_answer(m, i, ret);
}

/* Takes the next entries, at most `batch`, and sets *first. Returns how many; 0: none is left. */
static size_t take(struct many *m, size_t batch, size_t *first)
{
	*first = atomic_fetch_add_explicit(&m->next, batch, memory_order_relaxed);
	if (*first >= m->n)
		return 0;
	return m->n - *first < batch ? m->n - *first : batch;
}

static void work(void *arg, unsigned index)
{
	struct many *m = arg;
	struct composer composer;
	size_t first, n;
	(void)index;
	composer.dir = NULL;
	while ((n = take(m, m->batch, &first)) > 0) {
		for (size_t i = first; i < first + n; i++)
			answer(m, &composer, i);
	}
}

/* ---- Choosing the number of jobs ----------------------------------------------------------- */

struct asker {
	struct many *m;
	unsigned index;
	struct composer composer;
	struct flist_siblings siblings;
	uint64_t at;       /* ns: when entries were last counted */
	uint64_t entry_ns; /* ns: mean time of an entry then; 0: not known */
	size_t uncounted;
	size_t batch; /* size of the last batch */
};

static void count_asked(struct asker *a, uint64_t now)
{
	if (a->uncounted == 0)
		return;
	a->entry_ns = (now - a->at) / a->uncounted + 1;
	flist_adapt_count(&a->m->adapt, a->index, a->uncounted);
	flist_adapt_at(&a->m->adapt, a->index, now);
	a->uncounted = 0;
	a->at = now;
}

/* Called after each entry. */
static void count_one(struct asker *a)
{
	a->uncounted++;
	if (a->entry_ns >= SLOW_NS)
		count_asked(a, flist_clock());
}

static void answer_by_name(struct asker *a, size_t i)
{
	struct many *m = a->m;
	const char *path = m->wheres[i].name;
	const char *name = path + a->siblings.dir_len + 1;
	int ret = -ECANCELED;
	if (!is_cancelled(m)) {
		ret = flist_ask(a->siblings.fd, name, m->flags, m->fields, &m->metas[i]);
		if (ret)
			ret = flist_ask(AT_FDCWD, path, m->flags, m->fields, &m->metas[i]);
	}
	set_answer(m, i, ret);
}

/* Fetches n entries: paths in one directory, or any entries if dir_len is 0. */
static void answer_siblings(struct asker *a, size_t first, size_t n, size_t dir_len)
{
	const struct flist_where *wheres = a->m->wheres;
	if (flist_siblings_enter(&a->siblings, wheres[first].name, dir_len, n)) {
		for (size_t i = first; i < first + n; i++) {
			answer_by_name(a, i);
			count_one(a);
		}
		flist_siblings_asked(&a->siblings, n);
		return;
	}
	for (size_t i = first; i < first + n; i++) {
		answer(a->m, &a->composer, i);
		count_one(a);
	}
	a->siblings.by_path += n;
}

static void answer_batch(struct asker *a, size_t first, size_t n)
{
	const struct flist_where *wheres = a->m->wheres;
	size_t same, dir_len = 0;
	for (size_t i = first; i < first + n; i += same) {
		same = a->m->cache ? n : flist_siblings_count(&wheres[i], first + n - i, &dir_len);
		answer_siblings(a, i, same, dir_len);
	}
	const uint64_t now = flist_clock();
	flist_siblings_at(&a->siblings, now);
	count_asked(a, now);
}

/*
 * Returns the size of the next batch: as many entries as fit into the time that a batch may take,
 * but not so many that the other jobs would wait for this one at the end. That time grows with the
 * duration of the call, since early measurements are imprecise.
 */
static size_t choose_next(struct asker *a)
{
	const struct many *m = a->m;
	const uint64_t part = (a->at - m->adapt.began) / BATCH_PART;
	const uint64_t room = part > BATCH_NS ? part : BATCH_NS;
	const size_t next = atomic_load_explicit(&m->next, memory_order_relaxed);
	const unsigned jobs = atomic_load_explicit(&m->adapt.jobs, memory_order_relaxed);
	const size_t share = next < m->n ? (m->n - next) / ((size_t)CLAIMS_PER_JOB * jobs) : 0;
	size_t n = a->entry_ns ? room / a->entry_ns : 1;
	n = n < 2 * a->batch ? n : 2 * a->batch;
	n = n < share ? n : share;
	n = n < BATCH_MAX ? n : BATCH_MAX;
	a->batch = n > 0 ? n : 1;
	return a->batch;
}

static bool may_work(struct asker *a)
{
	const bool rests = flist_adapt_rests(&a->m->adapt, a->index);
	const bool may = flist_adapt_may_work(&a->m->adapt, a->index);
	if (rests) { /* the time that it waited is not that of an entry */
		a->at = flist_clock();
		flist_siblings_at(&a->siblings, a->at);
	}
	return may;
}

static void work_as_it_pays(void *arg, unsigned index)
{
	struct asker a = {.m = arg, .index = index, .at = flist_clock(), .batch = 1};
	size_t first, n;
	flist_siblings_begin(&a.siblings, &a.m->prices, a.at);
	while (may_work(&a) && (n = take(a.m, choose_next(&a), &first)) > 0)
		answer_batch(&a, first, n);
	flist_adapt_end(&a.m->adapt);
	flist_siblings_end(&a.siblings);
}

static unsigned choose_jobs(const struct flist_threads *threads, size_t n)
{
	const unsigned jobs = flist_jobs(threads);
	return n < jobs ? (unsigned)n : jobs;
}

static size_t choose_batch(size_t n, unsigned jobs)
{
	size_t batch = n / jobs / BATCHES_PER_JOB;
	if (batch > BATCH_MAX)
		return BATCH_MAX;
	return batch ? batch : 1;
}

/* If there is no memory for adaptive jobs, one job does all the work. */
static int run_many(struct many *m, const struct flist_threads *threads, unsigned jobs)
{
	if (!flist_is_adaptive(threads))
		return flist_threads_run(threads, jobs, work, m);
	struct flist_threads bounded = *threads;
	bounded.most = jobs;
	if (jobs == 1 || flist_adapt_init(&m->adapt, &bounded)) {
		work(m, 0);
		return 0;
	}
	flist_adapt_run(&m->adapt, work_as_it_pays, m);
	flist_adapt_release(&m->adapt);
	return 0;
}

int flist_stat_many(const struct flist_where *wheres, size_t n,
		    const struct flist_many_options *options, struct flist_meta *metas,
		    int *statuses)
{
	static const struct flist_many_options none;
	const struct flist_many_options *o = options ? options : &none;
	unsigned jobs = choose_jobs(&o->threads, n);
	int ret = flist_ask_check(o->flags, o->fields);
	if (!flist_are_known(o))
		ret = -EINVAL;
	if (ret || n == 0)
		return ret;
	struct many m = {
		.wheres = wheres,
		.n = n,
		.batch = choose_batch(n, jobs),
		.flags = o->flags,
		.fields = flist_fields(o->fields),
		.cache = o->cache,
		.cancel = o->cancel,
		.metas = metas,
		.statuses = statuses,
	};
	ret = run_many(&m, &o->threads, jobs);
	if (ret)
		return ret;
	return m.cancelled ? -ECANCELED : 0;
}
