/*
 * fts(3), the walker of BSD: makes each directory the working directory and calls lstat with bare
 * names, so it has no limit of paths (but 64 KiB). It does not list the entries of a directory that
 * it cannot enter, even if it could read them; glibc reports that only by an errno in the entry
 * that ends the directory, which is easily overlooked. It reads a directory to its end before it
 * returns any entry, so it never ends if the directory never ends. All threads of a process share
 * the working directory, so the worker first gets its own.
 */
#include <fts.h>

#include "strategies/cwd.h"
#include "strategies/walk/listing.h"

static bool is_entry(const FTSENT *e)
{
	return e->fts_info != FTS_DP && e->fts_info != FTS_DNR && e->fts_info != FTS_ERR;
}

/*
 * Adds an entry. A directory stores the number of its entry, with which entries with long paths
 * below it are added.
 */
static struct record *add(struct sink *sink, FTSENT *e, const char *path, size_t len)
{
	const bool is_long = len - e->fts_namelen > PATH_MAX;
	struct record *r = is_long ? sink_add_in(sink, (uint32_t)e->fts_parent->fts_number,
						 e->fts_name, e->fts_namelen)
				   : sink_add(sink, path, len);
	e->fts_number = (long)sink_count(sink) - 1;
	return r;
}

static int add_entry(struct worker *w, FTSENT *e)
{
	struct sink *sink = w->cell->sink;
	size_t skip = w->load->root_len + 1;
	if (e->fts_level == FTS_ROOTLEVEL)
		return -e->fts_errno;
	const char *path = e->fts_path + skip;
	size_t len = e->fts_pathlen - skip;
	if (listing_is_nameless(path, len))
		return listing_fail_nameless(sink, path, len);
	if (!is_entry(e))
		return e->fts_errno ? sink_fail(sink, path, len, e->fts_errno) : 0;
	struct record *r = add(sink, e, path, len);
	if (!r)
		return -ENOMEM;
	if (e->fts_info == FTS_NS)
		record_fail(r, e->fts_errno);
	else
		record_stat(r, e->fts_statp);
	return 0;
}

static int run(struct worker *w)
{
	char *const roots[] = {w->path, NULL};
	int error = 0;
	walk_begin(w);
	FTS *fts = fts_open(roots, FTS_PHYSICAL | (w->load->crosses_mounts ? 0 : FTS_XDEV), NULL);
	if (!fts)
		return -errno;
	for (FTSENT *e; !error && (errno = 0, e = fts_read(fts));)
		error = worker_stopped(w) ? -ECANCELED : add_entry(w, e);
	if (!error && errno)
		error = -errno;
	if (fts_close(fts) && !error)
		error = -errno;
	sink_sort(w->cell->sink);
	return error;
}

STRATEGY(fts) = {
	.name = "fts",
	.summary = "fts(3) of the C library: lstat in the working directory",
	.stage = STAGE_WALK,
	.flags = STRATEGY_SEQUENTIAL,
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_CWD},
	.uncounted = "the C library makes them",
	.probe = cwd_probe,
	.open = cwd_open,
	.run = run,
};
