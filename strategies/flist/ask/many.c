/*
 * Many names, many threads. Entries are asked for in the order given, in small batches that the
 * threads take from one counter: whoever had the slow ones takes fewer. A batch is small enough
 * that the last one keeps nobody waiting, and large enough for the counter not to matter and for
 * two threads not to write to one cache line of statuses at a time.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/ask/dir.h"
#include "strategies/flist/cache/cache.h"
#include "strategies/flist/threads.h"

enum {
	BATCH_MAX = 64,
	BATCHES_PER_JOB = 8, /* at least, as long as there are so many entries */
	WORTH_A_THREAD = 32, /* entries, unless the caller says how many threads */
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
	_Atomic size_t next; /* entry that nobody has taken yet */
	_Atomic bool cancelled;
};

/* One entry on its way through the cache, for the case that it has to be asked for. */
struct question {
	const struct many *many;
	const struct flist_where *where;
};

/* Where a job puts the paths together by which the cache knows names in directories. */
struct composer {
	const struct flist_dir *dir; /* whose prefix is in buf */
	size_t prefix;
	char buf[FLIST_PATH_MAX + 1 + FLIST_PATH_MAX];
};

static int ask(const struct many *m, const struct flist_where *where, uint32_t fields,
	       struct flist_meta *meta)
{
	if (where->dir)
		return flist_dir_ask(where->dir, where->name, m->flags, fields, meta);
	return flist_ask(AT_FDCWD, where->name, m->flags, fields, meta);
}

/* For the cache: its other users expect FLIST_BASIC, whatever is wanted here. */
static int fetch_where(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	const struct question *q = arg;
	(void)path;
	(void)flags;
	return ask(q->many, q->where, q->many->fields | FLIST_BASIC, meta);
}

/* *path is NULL for a name that has none, or is longer than any that exists. */
static int compose(struct composer *c, const struct flist_where *where, const char **path)
{
	const size_t size = strlen(where->name) + 1;
	int ret;
	*path = where->name;
	if (!where->dir)
		return 0;
	ret = flist_dir_check(where->name);
	if (ret)
		return ret;
	if (size > FLIST_PATH_MAX) {
		*path = NULL;
		return 0;
	}
	if (c->dir != where->dir) {
		c->dir = where->dir;
		c->prefix = flist_dir_prefix(where->dir, c->buf);
	}
	memcpy(c->buf + c->prefix, where->name, size);
	*path = c->prefix ? c->buf : NULL;
	return 0;
}

static int ask_cache(const struct many *m, struct composer *c, const struct flist_where *where,
		     struct flist_meta *meta)
{
	struct question question = {.many = m, .where = where};
	const struct flist_asker asker = {.fetch = fetch_where, .arg = &question};
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

/* Once seen, it holds for all that is left, whatever becomes of the flag. */
static bool is_cancelled(struct many *m)
{
	if (atomic_load_explicit(&m->cancelled, memory_order_relaxed))
		return true;
	if (!m->cancel || !__atomic_load_n(m->cancel, __ATOMIC_RELAXED))
		return false;
	atomic_store_explicit(&m->cancelled, true, memory_order_relaxed);
	return true;
}

static void answer(struct many *m, struct composer *c, size_t i)
{
	const struct flist_where *where = &m->wheres[i];
	int ret = -ECANCELED;
	if (!is_cancelled(m))
		ret = m->cache ? ask_cache(m, c, where, &m->metas[i])
			       : ask(m, where, m->fields, &m->metas[i]);
	if (ret)
		m->metas[i] = (struct flist_meta){0};
	m->statuses[i] = ret;
}

static void work(void *arg, unsigned index)
{
	struct many *m = arg;
	struct composer composer;
	size_t first;
	(void)index;
	composer.dir = NULL;
	while ((first = atomic_fetch_add_explicit(&m->next, m->batch, memory_order_relaxed)) <
	       m->n) {
		size_t end = m->n - first < m->batch ? m->n : first + m->batch;
		for (size_t i = first; i < end; i++)
			answer(m, &composer, i);
	}
}

static unsigned choose_jobs(const struct flist_threads *threads, size_t n)
{
	unsigned jobs = flist_jobs(threads);
	size_t most = threads->jobs ? n : (n + WORTH_A_THREAD - 1) / WORTH_A_THREAD;
	return most < jobs ? (unsigned)most : jobs;
}

static size_t choose_batch(size_t n, unsigned jobs)
{
	size_t batch = n / jobs / BATCHES_PER_JOB;
	if (batch > BATCH_MAX)
		return BATCH_MAX;
	return batch ? batch : 1;
}

int flist_stat_many(const struct flist_where *wheres, size_t n,
		    const struct flist_many_options *options, struct flist_meta *metas,
		    int *statuses)
{
	static const struct flist_many_options none;
	const struct flist_many_options *o = options ? options : &none;
	unsigned jobs = choose_jobs(&o->threads, n);
	int ret = flist_ask_check(o->flags, o->fields);
	if (!flist_is_known(o->reserved) || !flist_is_known(o->threads.reserved))
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
	ret = flist_threads_run(&o->threads, jobs, work, &m);
	if (ret)
		return ret;
	return m.cancelled ? -ECANCELED : 0;
}
