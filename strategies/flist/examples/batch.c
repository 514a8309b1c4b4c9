/*
 * batch DIR NAME...: prints types and sizes of names in one directory, with one open and one call
 * for each name. Only the fields that are printed are fetched.
 *
 *     cc batch.c $(pkg-config --cflags --libs flist) -o batch
 */
#include <flist.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *type_of(const struct flist_meta *meta)
{
	if (S_ISDIR(meta->mode))
		return "directory";
	return S_ISLNK(meta->mode) ? "link" : S_ISREG(meta->mode) ? "file" : "special";
}

/* Prints a line for each name. Returns how many could not be fetched, or a negative value. */
static ptrdiff_t print(struct flist_dir *dir, char **names, size_t n)
{
	struct flist_meta *metas = calloc(n, sizeof(*metas));
	int *statuses = calloc(n, sizeof(*statuses));
	ptrdiff_t good = -1;
	if (metas && statuses)
		good = flist_dir_stat_many(dir, (const char *const *)names, n, 0,
					   FLIST_TYPE | FLIST_SIZE, metas, statuses);
	for (size_t i = 0; good >= 0 && i < n; i++) {
		if (statuses[i])
			printf("%s: %s\n", names[i], strerror(-statuses[i]));
		else
			printf("%s: %s of %" PRIu64 " bytes\n", names[i], type_of(&metas[i]),
			       metas[i].size);
	}
	free(metas);
	free(statuses);
	return good < 0 ? good : (ptrdiff_t)n - good;
}

int main(int argc, char **argv)
{
	struct flist_dir *dir;
	ptrdiff_t bad;
	int ret;
	if (argc < 3) {
		fprintf(stderr, "usage: batch DIR NAME...\n");
		return 2;
	}
	ret = flist_dir_open(&dir, argv[1]);
	if (ret) {
		fprintf(stderr, "batch: %s: %s\n", argv[1], strerror(-ret));
		return 1;
	}
	bad = print(dir, argv + 2, (size_t)argc - 2);
	flist_dir_close(dir);
	return bad != 0;
}
