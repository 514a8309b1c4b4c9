/*
 * Whole lists of one process in turn: by tables (FLIST_BULK) and by calls. The caches of the CPU
 * and of the filesystem are as the other list has left them, and no other program runs between,
 * unlike in `tests/bench/bulk`.
 *
 *   build/release/tests/bench/lists [ROOT [ROUNDS [JOBS [xattrs]]]]    (/usr 41 2)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "strategies/flist/flist.h"

struct lists {
	const char *root;
	struct flist_collect_options options;
	size_t length, bytes;
	struct flist_how how; /* of the list by tables */
};

static uint64_t make_list(struct lists *l, unsigned flags)
{
	struct flist_collect_options options = l->options;
	struct flist_list *list;
	options.flags = flags;
	const uint64_t begin = clock_ns();
	const int ret = flist_collect(&list, l->root, &options);
	const uint64_t ns = clock_ns() - begin;
	if (ret) {
		fprintf(stderr, "lists: cannot list %s: %s\n", l->root, strerror(-ret));
		exit(1);
	}
	l->length = flist_list_length(list);
	l->bytes = flist_list_bytes(list);
	if (flags & FLIST_BULK)
		l->how = *flist_list_how(list);
	flist_list_free(list);
	return ns;
}

/* Either is the first of a round as often as the other. */
static void play_round(struct lists *l, bool calls_first, uint64_t *tables, uint64_t *calls)
{
	if (calls_first)
		*calls = make_list(l, 0);
	*tables = make_list(l, FLIST_BULK);
	if (!calls_first)
		*calls = make_list(l, 0);
}

static void print_result(const struct lists *l, uint64_t *tables, uint64_t *calls, size_t rounds)
{
	struct estimate e;
	double *ratios = calloc(rounds, sizeof(*ratios));
	for (size_t i = 0; ratios && i < rounds; i++)
		ratios[i] = (double)calls[i] / (double)tables[i];
	if (!ratios)
		exit(1);
	stats_median(ratios, rounds, STATS_CONFIDENCE, &e);
	free(ratios);
	const double by_tables = (double)stats_median_u64(tables, rounds);
	const double by_calls = (double)stats_median_u64(calls, rounds);
	printf("%zu entries, %" PRIu64 " of them by tables, %zu bytes of list each, %u jobs\n",
	       l->length, l->how.by_tables, l->bytes / l->length, l->options.threads.jobs);
	printf("by tables %.1f ms, %.0f ns per entry; by calls %.1f ms\n", by_tables / 1e6,
	       by_tables / (double)l->length, by_calls / 1e6);
	printf("%.2f [%.2f, %.2f] times as fast, %zu rounds in turn, median with 99 %% interval\n",
	       e.median, e.lo, e.hi, rounds);
	if (l->how.why_not)
		printf("not by tables: %s\n", l->how.why_not);
}

int main(int argc, char **argv)
{
	struct lists l = {.root = argc > 1 ? argv[1] : "/usr"};
	const long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 41;
	l.options.threads.jobs = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 2;
	l.options.extra = argc > 4 ? FLIST_XATTRS : 0;
	if (rounds < 1 || rounds > 100000) {
		fprintf(stderr, "lists: ROUNDS: expected a number from 1 to 100000\n");
		return 2;
	}
	uint64_t *tables = calloc((size_t)rounds, sizeof(*tables));
	uint64_t *calls = calloc((size_t)rounds, sizeof(*calls));
	for (long i = 0; tables && calls && i < rounds; i++)
		play_round(&l, i % 2, &tables[i], &calls[i]);
	if (!tables || !calls || l.length == 0)
		return 1;
	print_result(&l, tables, calls, (size_t)rounds);
	free(tables);
	free(calls);
	return 0;
}
