/*
 * Lists names and types only, as the directories return them: a walk without a call per entry, so
 * no walk with opendir and readdir can be faster. If the filesystem lists no types, an entry has to
 * be fetched after all. Whether a directory is on another filesystem is known only when it is open.
 */
#include "strategies/walk/listing.h"

/* 0 or -errno. An entry that cannot be fetched is no error. */
static int add_type(struct worker *w, DIR *stream, const struct dirent *d, struct record *r)
{
	struct stat st = {.st_mode = (mode_t)DTTOIF(d->d_type)};
	if (d->d_type == DT_UNKNOWN &&
	    fstatat(dirfd(stream), d->d_name, &st, AT_SYMLINK_NOFOLLOW)) {
		record_fail(r, errno);
		return 0;
	}
	record_type(r, st.st_mode & S_IFMT);
	return S_ISDIR(st.st_mode) ? sink_defer(w->cell->sink) : 0;
}

static int read_dir(struct worker *w, size_t len)
{
	DIR *stream = opendir(w->path);
	struct stat st;
	int error = 0;
	if (!stream)
		return walk_fail(w, len, errno);
	if (fstat(dirfd(stream), &st))
		error = walk_fail(w, len, errno);
	else if (workload_enters(w->load, st.st_dev))
		error = listing_read(w, stream, len, add_type);
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

STRATEGY(readdir) = {
	.name = "readdir",
	.summary = "readdir only: names and types, one directory at a time",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL,
	.answer = {.fields = FIELD_TYPE, .addressing = ADDRESS_PATH, .listed = 1},
	.uncounted = "the C library makes them",
	.run = run,
};
