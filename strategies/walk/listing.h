/*
 * What walks by opendir and readdir have in common: going through the names of a directory. An
 * entry without a name, which only a broken filesystem lists, would name the directory itself: it
 * is no entry, but a failure of the directory (EIO, as the kernel says of names that it refuses).
 */
#ifndef STRATEGIES_WALK_LISTING_H
#define STRATEGIES_WALK_LISTING_H

#include <dirent.h>
#include <errno.h>

#include "engine/strategy.h"

/* What a walk does with an entry whose path is in w->path. 0, or what ends the walk. */
typedef int listing_note(struct worker *w, DIR *stream, const struct dirent *d, struct record *r);

/* The directory at hand cannot be read to its end. The root is no entry, but may be a failure. */
static inline int listing_fail(struct worker *w, size_t len, int error)
{
	bool is_root = len < w->load->root_len + 1;
	return is_root ? sink_fail(w->cell->sink, "", 0, error) : walk_fail(w, len, error);
}

/* Adds a name of the directory that `where` stands for: NULL, out of memory. */
typedef struct record *listing_add(struct worker *w, size_t where, const char *name);

/*
 * All names of a directory, each added and noted. 0, or what ends the walk; *broken: why it cannot
 * be read to its end, or 0.
 */
static inline int listing_names(struct worker *w, DIR *stream, size_t where, listing_add *add,
				listing_note *note, int *broken)
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
		error = r ? note(w, stream, d, r) : -ENOMEM;
	}
	if (!error && errno)
		*broken = errno;
	return error;
}

/* Adds all entries of the directory at hand, whose path has len bytes. 0, or what ends the walk. */
static inline int listing_read(struct worker *w, DIR *stream, size_t len, listing_note *note)
{
	int broken;
	const int error = listing_names(w, stream, len, walk_add, note, &broken);
	return !error && broken ? listing_fail(w, len, broken) : error;
}

/*
 * For the C library's walkers, which list an entry without a name like others: its path, relative
 * to the root, is the directory's and a slash, or nothing.
 */
static inline bool listing_is_nameless(const char *path, size_t len)
{
	return len == 0 || path[len - 1] == '/';
}

/* Once for a directory, however many such entries it has: they come one after the other. */
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
