/*
 * The baseline, written like an ordinary program: opendir, readdir, lstat of every full path,
 * closedir. A directory that is found is read later, so that only one is open at a time, however
 * deep the tree is. At the end the list is sorted. The entries of a directory whose path is longer
 * than PATH_MAX are not found.
 */
#include "strategies/walk/listing.h"

static int ask(struct worker *w, DIR *stream, const struct dirent *d, struct record *r)
{
	struct stat st;
	(void)stream;
	(void)d;
	if (lstat(w->path, &st)) {
		record_fail(r, errno);
		return 0;
	}
	record_stat(r, &st);
	return S_ISDIR(st.st_mode) && workload_enters(w->load, st.st_dev)
		       ? sink_defer(w->cell->sink)
		       : 0;
}

static int read_dir(struct worker *w, size_t len)
{
	DIR *stream = opendir(w->path);
	if (!stream)
		return walk_fail(w, len, errno);
	int error = listing_read(w, stream, len, ask);
	closedir(stream);
	return error;
}

static int run(struct worker *w)
{
	size_t len = walk_begin(w);
	int error;
	do
		error = read_dir(w, len);
	while (!error && walk_next(w, &len));
	sink_sort(w->cell->sink);
	return error;
}

STRATEGY(walk_lstat) = {
	.name = "walk-lstat",
	.summary = "readdir, lstat of every full path, one directory at a time",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH},
	.uncounted = "the C library makes them",
	.run = run,
};
