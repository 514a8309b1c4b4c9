/*
 * What libflist's cache costs: a hit, a miss without its fetch, emptying, and heap per entry, over
 * paths of 40 bytes. The fetch asks nobody, so the figures are the cache's alone. Medians of
 * rounds in which all of them take turns.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "strategies/flist/flist.h"

enum { ROUNDS = 21 };

typedef char text[64];

enum figure { MISS, HIT, CLEAR, FIGURES };

static int fetch_nothing(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	(void)arg;
	(void)path;
	(void)flags;
	*meta = (struct flist_meta){0};
	return 0;
}

static int ask_all(struct flist_cache *cache, const text *paths, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct flist_meta *meta;
		int ret = flist_cache_get(cache, paths[i], 0, &meta);
		if (ret)
			return ret;
		flist_meta_unref(meta);
	}
	return 0;
}

/* One round; *heap: bytes per entry that clearing gives back, the index not counted. */
static int play_round(struct flist_cache *cache, const text *paths, uint32_t n,
		      uint64_t ns[FIGURES], size_t *heap)
{
	size_t before = mallinfo2().uordblks;
	uint64_t at[FIGURES + 1];
	at[MISS] = clock_ns();
	if (ask_all(cache, paths, n))
		return -1;
	at[HIT] = clock_ns();
	if (ask_all(cache, paths, n))
		return -1;
	at[CLEAR] = clock_ns();
	*heap = (mallinfo2().uordblks - before) / n;
	flist_cache_clear(cache);
	at[FIGURES] = clock_ns();
	for (int i = 0; i < FIGURES; i++)
		ns[i] = at[i + 1] - at[i];
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Tenths of a nanosecond per entry. */
static uint64_t median(uint64_t *rounds, uint32_t n)
{
	qsort(rounds, ROUNDS, sizeof(*rounds), by_value);
	return rounds[ROUNDS / 2] * 10 / n;
}

static int measure(uint32_t n)
{
	struct flist_cache_options options = {.fetch = fetch_nothing};
	uint64_t ns[FIGURES], rounds[FIGURES][ROUNDS], tenths[FIGURES];
	struct flist_cache *cache = NULL;
	text *paths = calloc(n, sizeof(*paths));
	size_t heap = 0;
	int ret = -1;
	if (!paths || flist_cache_new(&cache, &options))
		goto out;
	for (uint32_t i = 0; i < n; i++)
		snprintf(paths[i], sizeof(*paths), "/srv/some/tree/dir%07u/file%08u.c", i / 50, i);
	for (int round = 0; round < ROUNDS; round++) {
		if (play_round(cache, paths, n, ns, &heap))
			goto out;
		for (int i = 0; i < FIGURES; i++)
			rounds[i][round] = ns[i];
	}
	for (int i = 0; i < FIGURES; i++)
		tenths[i] = median(rounds[i], n);
	printf("%8u", n);
	for (int i = 0; i < FIGURES; i++)
		printf("%6" PRIu64 ".%" PRIu64, tenths[i] / 10, tenths[i] % 10);
	printf("%13zu\n", heap);
	ret = 0;
out:
	flist_cache_free(cache);
	free(paths);
	return ret;
}

int main(void)
{
	static const uint32_t sizes[] = {1000, 10000, 100000, 1000000};
	printf("ns per entry, medians of %d rounds\n", ROUNDS);
	printf(" entries    miss     hit   clear  bytes/entry\n");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		if (measure(sizes[i])) {
			fprintf(stderr, "out of memory\n");
			return 1;
		}
	}
	return 0;
}
