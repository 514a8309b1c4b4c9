/*
 * cache: reads paths, one per line, and prints the size of each. For paths that come again, as in a
 * compiler's list of headers or a web server's log, no system call is made.
 *
 *     cc cache.c $(pkg-config --cflags --libs flist) -o cache
 */
#include <flist.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_size(struct flist_cache *cache, const char *path)
{
	const struct flist_meta *meta;
	int ret = flist_cache_get(cache, path, FLIST_FOLLOW, &meta);
	if (ret) {
		printf("%s: %s\n", path, strerror(-ret));
		return;
	}
	printf("%s: %" PRIu64 " bytes\n", path, meta->size);
	flist_meta_unref(meta);
}

int main(void)
{
	/* Up to 100,000 results; a path that does not exist is a result, too. */
	struct flist_cache_options options = {.capacity = 100000, .keep_errors = 1};
	struct flist_cache *cache;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int ret = flist_cache_new(&cache, &options);
	if (ret) {
		fprintf(stderr, "cache: %s\n", strerror(-ret));
		return 1;
	}
	while ((len = getline(&line, &room, stdin)) > 0) {
		line[len - (line[len - 1] == '\n')] = '\0';
		print_size(cache, line);
	}
	fprintf(stderr, "%" PRIu64 " paths, %" PRIu64 " system calls\n",
		flist_cache_hits(cache) + flist_cache_misses(cache), flist_cache_misses(cache));
	free(line);
	flist_cache_free(cache);
	return 0;
}
