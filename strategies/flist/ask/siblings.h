/*
 * Decides for neighbouring paths in one directory (siblings) whether it is faster to open that
 * directory and fetch names relative to its descriptor. Looking up a whole path takes one step per
 * component, each a round trip on a remote filesystem that caches nothing; opening the directory
 * takes most of the steps of one path, once.
 *
 * The decision is based on measurements: how long a path, a name and opening a directory take. Both
 * ways are tried at first, and sometimes later; otherwise the faster one is used.
 *
 * The results are those of the paths. If a name relative to the descriptor fails, it is fetched
 * again by its path, so errors are those of the path, whatever happens to the directory meanwhile.
 */
#ifndef FLIST_ASK_SIBLINGS_H
#define FLIST_ASK_SIBLINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/flist.h"

struct flist_price {
	_Atomic uint64_t ns; /* mean duration */
	_Atomic uint32_t n;  /* number of measurements, up to a limit */
};

/* Of all jobs of a call. All zero: nothing has been measured. */
struct flist_prices {
	struct flist_price path, name, opening;
	_Atomic uint32_t left;  /* groups of siblings until the slower way is tried again */
	_Atomic uint32_t pause; /* number of groups between the last two tries */
};

/* State of one job. */
struct flist_siblings {
	struct flist_prices *prices;
	int fd;          /* of the directory; -1: none is open */
	const char *dir; /* a path in that directory, */
	size_t dir_len;  /* of which the first dir_len bytes are that of the directory */
	uint64_t at;     /* ns: when the clock was last read */
	size_t by_path;  /* number of paths fetched since then, if nothing else was fetched */
};

void flist_siblings_begin(struct flist_siblings *s, struct flist_prices *prices, uint64_t now_ns);
void flist_siblings_end(struct flist_siblings *s); /* closes the descriptor */

/*
 * Returns how many of the first entries, up to n, are paths in the same directory as the first one;
 * at least 1. Sets *dir_len to the length of that directory's path; 0: an entry that has none.
 */
size_t flist_siblings_count(const struct flist_where *wheres, size_t n, size_t *dir_len);

/*
 * Called before n siblings are fetched. Returns true if they are to be fetched by name relative to
 * s->fd, which is then open; a name begins dir_len + 1 bytes into its path. `path` is kept, so it
 * has to stay valid until the next call or flist_siblings_end.
 */
bool flist_siblings_enter(struct flist_siblings *s, const char *path, size_t dir_len, size_t n);

/* Called after n siblings were fetched by name: records the time. */
void flist_siblings_asked(struct flist_siblings *s, size_t n);

/* now_ns is the clock, just read. Records the time of the paths fetched since it was last read. */
void flist_siblings_at(struct flist_siblings *s, uint64_t now_ns);

#endif
