/*
 * prefetch DIR: prints everything below a directory in order, with its size, each entry as soon as
 * it is fetched, however large the tree is. Failures are printed at their place in the order.
 * Threads fetch ahead if system calls wait for a network or a disk.
 *
 *     cc prefetch.c $(pkg-config --cflags --libs flist) -o prefetch
 */
#include <flist.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Called in order, by the thread that calls flist_cursor_next. */
static void complain(void *arg, unsigned worker, const struct flist_failure *failure)
{
	int *failed = arg;
	(void)worker;
	fprintf(stderr, "prefetch: %s: %s\n", failure->path, strerror(failure->error));
	*failed = 1;
}

static int print(const struct flist_item *item)
{
	if (item->status) { /* most likely removed meanwhile */
		fprintf(stderr, "prefetch: %s: %s\n", item->path, strerror(-item->status));
		return 1;
	}
	printf("%8" PRIu64 " %s\n", item->meta->size, item->path);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	const struct flist_cursor_options options = {
		.flags = FLIST_ONE_FILESYSTEM, /* prefetch: 0, as far as needed */
		.failed = complain,
		.arg = &failed,
	};
	const struct flist_item *item;
	struct flist_cursor *cursor;
	int ret;
	if (argc != 2) {
		fprintf(stderr, "usage: prefetch DIR\n");
		return 2;
	}
	ret = flist_cursor_walk(&cursor, argv[1], &options);
	if (!ret) {
		while ((item = flist_cursor_next(cursor)))
			failed |= print(item);
		ret = flist_cursor_error(cursor);
		flist_cursor_close(cursor);
	}
	if (ret)
		fprintf(stderr, "prefetch: %s: %s\n", argv[1], strerror(-ret));
	return ret || failed;
}
