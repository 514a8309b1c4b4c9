#include "engine/profile/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"

const char *const tally_call_names[TALLY_CALLS] = {
	[TALLY_OPEN] = "open",   [TALLY_GETDENTS] = "getdents", [TALLY_STATX] = "statx",
	[TALLY_CLOSE] = "close", [TALLY_READLINK] = "readlink", [TALLY_LISTXATTR] = "listxattr",
};

/*
 * The number of entries in a directory is known at its end; until then its calls are stored. If
 * there are too many, they count for the size reached so far.
 */
enum { WAITING_MAX = 32768 };

/*
 * In per cent: the slowest directories stand out if they take at least this much of the time; a
 * place is named if at least this much of their time is spent below it.
 */
enum { STANDS_OUT = 25, BELOW = 80 };

struct pending_call {
	uint64_t ns;
	enum tally_call call;
};

struct tally {
	uint64_t timer_ns, directories, entries, ns;
	struct tally_sum sums[TALLY_CALLS];
	struct tally_row depths[TALLY_DEPTHS], sizes[TALLY_SIZES];
	struct tops slowest, largest;
	struct { /* the current directory */
		uint64_t depth, entries, ns;
		size_t n;
		struct pending_call waiting[WAITING_MAX];
	} here;
};

static int tops_open(struct tops *tops, size_t most)
{
	tops->most = MIN(most, TALLY_TOP_MAX);
	tops->items = calloc(tops->most + 1, sizeof(*tops->items));
	return tops->items ? 0 : -ENOMEM;
}

static void tops_close(struct tops *tops)
{
	for (size_t i = 0; i < tops->n; i++)
		free(tops->items[i].path);
	free(tops->items);
}

int tally_new(struct tally **tally, size_t top, uint64_t timer_ns)
{
	struct tally *t = *tally = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->timer_ns = timer_ns;
	if (tops_open(&t->slowest, top) == 0 && tops_open(&t->largest, top) == 0)
		return 0;
	tally_free(t);
	*tally = NULL;
	return -ENOMEM;
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	tops_close(&t->slowest);
	tops_close(&t->largest);
	free(t);
}

void tally_size_bounds(size_t class, uint64_t *least, uint64_t *most)
{
	*least = class > 0;
	*most = 0;
	for (size_t i = 1; i <= class; i++) {
		*least = i > 1 ? 10 * *least : 1;
		*most = 10 * *least - 1;
	}
	if (class == TALLY_SIZES - 1)
		*most = UINT64_MAX;
}

static size_t class_of(uint64_t entries)
{
	size_t class = 0;
	for (; entries && class + 1 < TALLY_SIZES; entries /= 10)
		class ++;
	return class;
}

static void sum_add(struct tally_sum *sum, uint64_t ns)
{
	sum->ns += ns;
	hist_add(&sum->hist, ns);
}

static void flush(struct tally *t)
{
	struct tally_row *row = &t->sizes[class_of(t->here.entries)];
	struct tally_row *depth = &t->depths[MIN(t->here.depth, TALLY_DEPTHS - 1)];
	for (size_t i = 0; i < t->here.n; i++) {
		const struct pending_call *one = &t->here.waiting[i];
		sum_add(&row->calls[one->call], one->ns);
		sum_add(&depth->calls[one->call], one->ns);
		row->ns += one->ns;
	}
	t->here.n = 0;
}

void tally_enter(struct tally *t, uint64_t depth)
{
	t->here.depth = depth;
	t->here.entries = t->here.ns = t->here.n = 0;
}

void tally_call(struct tally *t, enum tally_call call, uint64_t ns)
{
	ns -= MIN(ns, t->timer_ns);
	sum_add(&t->sums[call], ns);
	if (call >= TALLY_SPLIT)
		return;
	t->here.ns += ns;
	if (t->here.n == WAITING_MAX)
		flush(t);
	t->here.waiting[t->here.n++] = (struct pending_call){ns, call};
}

void tally_entry(struct tally *t)
{
	t->here.entries++;
}

/* Adds a directory if its key is among the largest; of equal ones the earlier comes first. */
static int tops_add(struct tops *tops, uint64_t key, const struct tally_top *top, const char *path,
		    uint64_t (*key_of)(const struct tally_top *top))
{
	if (tops->most == 0 || (tops->n == tops->most && key <= key_of(&tops->items[tops->n - 1])))
		return 0;
	char *copy = strdup(path);
	if (!copy)
		return -ENOMEM;
	if (tops->n == tops->most)
		free(tops->items[--tops->n].path);
	size_t at = tops->n++;
	for (; at > 0 && key_of(&tops->items[at - 1]) < key; at--)
		tops->items[at] = tops->items[at - 1];
	tops->items[at] = *top;
	tops->items[at].path = copy;
	return 0;
}

static uint64_t ns_of(const struct tally_top *top)
{
	return top->ns;
}

static uint64_t entries_of(const struct tally_top *top)
{
	return top->entries;
}

static void add_row(struct tally_row *row, uint64_t entries)
{
	row->directories++;
	row->entries += entries;
}

int tally_leave(struct tally *t, const char *path)
{
	const struct tally_top top = {.ns = t->here.ns, .entries = t->here.entries};
	struct tally_row *depth = &t->depths[MIN(t->here.depth, TALLY_DEPTHS - 1)];
	flush(t);
	add_row(depth, top.entries);
	add_row(&t->sizes[class_of(top.entries)], top.entries);
	depth->ns += top.ns;
	t->directories++;
	t->entries += top.entries;
	t->ns += top.ns;
	int error = tops_add(&t->slowest, top.ns, &top, path, ns_of);
	return error ? error : tops_add(&t->largest, top.entries, &top, path, entries_of);
}

const struct tally_sum *tally_sum(const struct tally *t, enum tally_call call)
{
	return &t->sums[call];
}

const struct tally_row *tally_depth(const struct tally *t, size_t depth)
{
	return &t->depths[depth];
}

const struct tally_row *tally_size(const struct tally *t, size_t class)
{
	return &t->sizes[class];
}

const struct tops *tally_slowest(const struct tally *t)
{
	return &t->slowest;
}

const struct tops *tally_largest(const struct tally *t)
{
	return &t->largest;
}

uint64_t tally_directories(const struct tally *t)
{
	return t->directories;
}

uint64_t tally_entries(const struct tally *t)
{
	return t->entries;
}

uint64_t tally_ns(const struct tally *t)
{
	return t->ns;
}

uint64_t tally_calls(const struct tally *t)
{
	uint64_t n = 0;
	for (size_t i = 0; i < TALLY_CALLS; i++)
		n += t->sums[i].hist.n;
	return n;
}

uint64_t tally_timer_ns(const struct tally *t)
{
	return t->timer_ns;
}

static uint64_t time_below(const struct tops *tops, const char *prefix, size_t len, size_t *n)
{
	uint64_t ns = 0;
	*n = 0;
	for (size_t i = 0; i < tops->n; i++) {
		const char *path = tops->items[i].path;
		if (len && (strncmp(path, prefix, len) != 0 || (path[len] && path[len] != '/')))
			continue;
		ns += tops->items[i].ns;
		++*n;
	}
	return ns;
}

size_t tops_below(const struct tops *tops, unsigned percent, size_t *of, uint64_t *ns, size_t *n)
{
	size_t best = 0;
	*of = 0;
	*ns = time_below(tops, "", 0, n);
	const uint64_t all = *ns;
	for (size_t i = 0; i < tops->n; i++) {
		const char *path = tops->items[i].path;
		for (size_t len = strcspn(path, "/"); len;
		     len = path[len] ? len + 1 + strcspn(path + len + 1, "/") : 0) {
			size_t there;
			const uint64_t below = len > best ? time_below(tops, path, len, &there) : 0;
			if (len <= best ||
			    (unsigned __int128)below * 100 < (unsigned __int128)all * percent)
				continue;
			best = len;
			*of = i;
			*ns = below;
			*n = there;
		}
	}
	return best;
}

struct places tally_places(const struct tally *t)
{
	const struct tops *tops = tally_slowest(t);
	struct places places = {.n = tops->n};
	uint64_t ns = 0;
	size_t of;
	for (size_t i = 0; i < tops->n; i++)
		ns += tops->items[i].ns;
	if (tally_directories(t) <= 2 * tops->n || tops->n == 0)
		return places;
	places.kind = count_percent(ns, tally_ns(t)) < STANDS_OUT ? PLACES_EVEN : PLACES_STAND_OUT;
	if (places.kind == PLACES_STAND_OUT) {
		places.length = tops_below(tops, BELOW, &of, &ns, &places.n);
		places.path = tops->items[of].path;
	}
	places.percent = count_percent(ns, tally_ns(t));
	return places;
}
