#include "strategies/flist/ask/siblings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/clock.h"
#include "strategies/flist/tune.h"

enum {
	FEW = 4,      /* minimum number of siblings to try names, */
	FEW_SLOW = 2, /* and if paths are slow */
	SURE = 4,     /* measurements of each way, at first */
	SHARE = 4,    /* the last measurement counts for 1/SHARE of a mean */
	PAUSE = 8,    /* groups of siblings between two tries, at first */
	PAUSE_MOST = 512,
};

/* ---- Prices ---------------------------------------------------------------------------------- */

static uint64_t price_of(const struct flist_price *price)
{
	return atomic_load_explicit(&price->ns, memory_order_relaxed);
}

static uint32_t measured(const struct flist_price *price)
{
	return atomic_load_explicit(&price->n, memory_order_relaxed);
}

/*
 * Adds a measurement to a mean. A very long one counts as twice the mean: the job may have waited
 * for a CPU, or the filesystem may have become slower. If two jobs do this at once, one measurement
 * may be lost.
 */
static void add_measurement(struct flist_price *price, uint64_t ns)
{
	const uint32_t n = measured(price);
	const uint64_t old = price_of(price), share = n < SHARE ? n + 1 : SHARE;
	if (n > 0 && ns > 2 * old)
		ns = 2 * old;
	atomic_store_explicit(&price->ns, old - old / share + ns / share + 1, memory_order_relaxed);
	if (n < SHARE)
		atomic_store_explicit(&price->n, n + 1, memory_order_relaxed);
}

/* Whether n siblings are enough for a measurement. */
static bool is_worth_trying(const struct flist_prices *p, size_t n)
{
	return n >= (price_of(&p->path) >= FLIST_TUNE_WAITS ? FEW_SLOW : FEW);
}

/* Whether this group is fetched in the way that is believed to be slower. */
static bool is_trial(struct flist_prices *p)
{
	const uint32_t left = atomic_load_explicit(&p->left, memory_order_relaxed);
	uint32_t pause = atomic_load_explicit(&p->pause, memory_order_relaxed);
	if (left > 0) {
		atomic_store_explicit(&p->left, left - 1, memory_order_relaxed);
		return false;
	}
	const bool first = pause == 0;
	pause = first ? PAUSE : pause < PAUSE_MOST ? 2 * pause : PAUSE_MOST;
	atomic_store_explicit(&p->pause, pause, memory_order_relaxed);
	atomic_store_explicit(&p->left, pause, memory_order_relaxed);
	return !first;
}

/* Whether n siblings are fetched by name, if opening their directory takes `opening` ns. */
static bool pays(struct flist_prices *p, size_t n, uint64_t opening)
{
	const uint64_t path = price_of(&p->path), name = price_of(&p->name);
	const uint32_t n_path = measured(&p->path), n_name = measured(&p->name);
	const bool is_large = is_worth_trying(p, n);
	if (n_path < SURE || n_name < SURE)
		return n_path > 0 && n_name <= n_path && is_large;
	const bool does = path > name && n * (path - name) > opening;
	return is_large && is_trial(p) ? !does : does;
}

/* ---- The directory --------------------------------------------------------------------------- */

void flist_siblings_begin(struct flist_siblings *s, struct flist_prices *prices, uint64_t now_ns)
{
	*s = (struct flist_siblings){.prices = prices, .fd = -1, .at = now_ns};
}

static void leave(struct flist_siblings *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void flist_siblings_end(struct flist_siblings *s)
{
	leave(s);
}

/* Whether path is dir (len bytes), a slash and one name, and not too long for a system call. */
static bool lies_in(const char *path, const char *dir, size_t len)
{
	if (strncmp(path, dir, len + 1) != 0)
		return false;
	const char *name = path + len + 1;
	const size_t size = strcspn(name, "/");
	return size > 0 && !name[size] && len + 1 + size < FLIST_PATH_MOST;
}

size_t flist_siblings_count(const struct flist_where *wheres, size_t n, size_t *dir_len)
{
	const char *path = wheres->name, *slash = wheres->dir ? NULL : strrchr(path, '/');
	size_t same = 1;
	*dir_len = slash ? (size_t)(slash - path) : 0;
	if (*dir_len == 0 || !lies_in(path, path, *dir_len)) {
		*dir_len = 0;
		return 1;
	}
	while (same < n && !wheres[same].dir && lies_in(wheres[same].name, path, *dir_len))
		same++;
	return same;
}

/* Opens the directory whose path is the first len bytes of path. */
static int cut_and_open(const char *path, size_t len)
{
	char dir[FLIST_PATH_MOST];
	memcpy(dir, path, len);
	dir[len] = '\0';
	return open(dir, FLIST_OPEN_TO_ASK | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Opens the directory of n siblings. If that fails, the attempt is recorded as time that names take
 * in addition to paths.
 */
static bool go(struct flist_siblings *s, const char *path, size_t dir_len, size_t n)
{
	struct flist_prices *p = s->prices;
	flist_siblings_at(s, flist_clock());
	leave(s);
	s->fd = cut_and_open(path, dir_len);
	const uint64_t now = flist_clock();
	add_measurement(&p->opening, now - s->at);
	if (s->fd < 0)
		add_measurement(&p->name, price_of(&p->path) + (now - s->at) / n + 1);
	s->dir = path;
	s->dir_len = dir_len;
	s->at = now;
	return s->fd >= 0;
}

bool flist_siblings_enter(struct flist_siblings *s, const char *path, size_t dir_len, size_t n)
{
	if (dir_len == 0)
		return false;
	const bool is_open =
		s->fd >= 0 && dir_len == s->dir_len && memcmp(path, s->dir, dir_len) == 0;
	if ((!is_open && n == 1) ||
	    !pays(s->prices, n, is_open ? 0 : price_of(&s->prices->opening)))
		return false;
	if (!is_open)
		return go(s, path, dir_len, n);
	flist_siblings_at(s, flist_clock());
	return true;
}

void flist_siblings_asked(struct flist_siblings *s, size_t n)
{
	const uint64_t now = flist_clock();
	add_measurement(&s->prices->name, (now - s->at) / n);
	s->at = now;
}

void flist_siblings_at(struct flist_siblings *s, uint64_t now_ns)
{
	if (s->by_path > 0)
		add_measurement(&s->prices->path, (now_ns - s->at) / s->by_path);
	s->by_path = 0;
	s->at = now_ns;
}
