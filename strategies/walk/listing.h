/*
 * Shared by the walks that use opendir and readdir: iterates over the names of a directory. An
 * entry with an empty name, which only a broken filesystem lists, would mean the directory itself.
 * It is not an entry, but a failure of the directory (EIO, as the kernel returns for names that it
 * rejects).
 */
#ifndef STRATEGIES_WALK_LISTING_H
#define STRATEGIES_WALK_LISTING_H

#include <dirent.h>
#include <errno.h>

#include "engine/strategy.h"

/*
 * Called for an entry that was added; w->path is its path if it was added by walk_add. 0, or what
 * ends the walk.
 */
typedef int listing_entry_fn(struct worker *w, DIR *stream, const struct dirent *d,
			     struct record *r);

/*
 * Records that the current directory could not be read to its end. The root is not an entry, but
 * may be a failure. len: of the path in w->path.
 */
static inline int listing_fail(struct worker *w, size_t len, int error)
{
	bool is_root = len < w->load->root_len + 1;
	return is_root ? sink_fail(w->cell->sink, "", 0, error) : walk_fail(w, len, error);
}

/* Adds a name of a directory; `where` denotes the directory. NULL: out of memory. */
typedef struct record *listing_add(struct worker *w, size_t where, const char *name);

/*
 * Adds all names of a directory and calls on_entry for each. 0, or what ends the walk. *broken:
 * errno if the directory could not be read to its end, or EIO; otherwise 0.
 */
static inline int listing_names(struct worker *w, DIR *stream, size_t where, listing_add *add,
				listing_entry_fn *on_entry, int *broken)
{
	int error = 0;
	*broken = 0;
	for (struct dirent *d; !error && (errno = 0, d = readdir(stream));) {
		if (worker_stopped(w))
			return -ECANCELED;
		if (is_dot(d->d_name))
			continue;
		if (!d->d_name[0]) {
			*broken = EIO;
			continue;
		}
		struct record *r = add(w, where, d->d_name);
		error = r ? on_entry(w, stream, d, r) : -ENOMEM;
	}
	if (!error && errno)
		*broken = errno;
	return error;
}

/* Adds all entries of the current directory, whose path has len bytes. 0, or what ends the walk. */
static inline int listing_read(struct worker *w, DIR *stream, size_t len,
			       listing_entry_fn *on_entry)
{
	int broken;
	const int error = listing_names(w, stream, len, walk_add, on_entry, &broken);
	return !error && broken ? listing_fail(w, len, broken) : error;
}

/*
 * For the walkers of the C library, which list an entry with an empty name like others: its path,
 * relative to the root, is that of the directory and a slash, or empty.
 */
static inline bool listing_is_nameless(const char *path, size_t len)
{
	return len == 0 || path[len - 1] == '/';
}

/*
 * Records the failure once per directory, even if it has several such entries: they come one after
 * the other.
 */
static inline int listing_fail_nameless(struct sink *sink, const char *path, size_t len)
{
	size_t n = sink_failures(sink), last_len = 0, dir_len = len ? len - 1 : 0;
	int error = 0;
	const char *last = n ? sink_failure(sink, n - 1, &last_len, &error) : NULL;
	if (last && last_len == dir_len && memcmp(last, path, dir_len) == 0)
		return 0;
	return sink_fail(sink, path, dir_len, EIO);
}

#endif
