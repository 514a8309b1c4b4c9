/*
 * collect DIR: prints everything below a directory, sorted by path, with its size; directories
 * called ".git" are listed, but not entered. Failures are printed at the end; the rest is listed.
 *
 *     cc collect.c $(pkg-config --cflags --libs flist) -o collect
 */
#include <flist.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Called by several threads concurrently, before the metadata of an entry is fetched. */
static enum flist_choice choose(void *arg, unsigned worker, const struct flist_item *item)
{
	(void)arg;
	(void)worker;
	return strcmp(item->name, ".git") == 0 ? FLIST_PRUNE : FLIST_KEEP;
}

static int print(const struct flist_list *list)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	int ret = flist_cursor_open(&cursor, list);
	if (ret)
		return ret;
	while ((item = flist_cursor_next(cursor)))
		printf("%8" PRIu64 " %s\n", item->meta->size, item->path);
	flist_cursor_close(cursor);
	return 0;
}

static size_t print_failures(const struct flist_list *list)
{
	size_t n;
	const struct flist_failure *failures = flist_list_failures(list, &n);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "collect: %s: %s\n", failures[i].path, strerror(failures[i].error));
	return n;
}

int main(int argc, char **argv)
{
	const struct flist_collect_options options = {
		.fields = FLIST_TYPE | FLIST_SIZE, /* jobs: 0, chosen by the library */
		.filter = choose,
	};
	struct flist_list *list;
	int ret, failed;
	if (argc != 2) {
		fprintf(stderr, "usage: collect DIR\n");
		return 2;
	}
	ret = flist_collect(&list, argv[1], &options);
	if (!ret)
		ret = print(list);
	if (ret) {
		fprintf(stderr, "collect: %s: %s\n", argv[1], strerror(-ret));
		flist_list_free(list);
		return 1;
	}
	failed = print_failures(list) > 0;
	flist_list_free(list);
	return failed;
}
