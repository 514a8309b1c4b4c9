/*
 * Neighbouring paths that lie in one directory: whether it pays to open that directory and to ask
 * for names on its descriptor. Looking up a whole path takes a step for each of its components,
 * which is a round trip each on a remote filesystem that caches nothing; opening the directory
 * takes most of one path's steps, once.
 *
 * What pays is measured: so long take a path, a name, and opening. Both ways are tried at first,
 * and now and then later; in between siblings are asked in the way that takes less time.
 *
 * The answers are those of the paths. What a name on the descriptor is refused is asked for once
 * more by its path, so errors are the path's own, whatever becomes of the directory meanwhile.
 */
#ifndef FLIST_ASK_SIBLINGS_H
#define FLIST_ASK_SIBLINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "strategies/flist/flist.h"

struct flist_price {
	_Atomic uint64_t ns; /* each takes so long, */
	_Atomic uint32_t n;  /* as was measured so often */
};

/* Of a call, all its jobs. All zero: nothing is known. */
struct flist_prices {
	struct flist_price path, name, opening;
	_Atomic uint32_t left;  /* groups until the way that takes longer is tried again */
	_Atomic uint32_t pause; /* how many there were the last time */
};

/* Of a job. */
struct flist_siblings {
	struct flist_prices *prices;
	int fd;          /* of the directory, -1: none is open */
	const char *dir; /* a path in it, */
	size_t dir_len;  /* which begins with so many bytes of the directory's */
	uint64_t at;     /* ns: when it last looked at the clock, */
	size_t by_path;  /* paths that it has asked for since, nothing else */
};

void flist_siblings_begin(struct flist_siblings *s, struct flist_prices *prices, uint64_t now_ns);
void flist_siblings_end(struct flist_siblings *s); /* closes what is open */

/* How many of the n, the first one among them, lie in the directory of the first; at least 1. */
size_t flist_siblings_count(const struct flist_where *wheres, size_t n, size_t *dir_len);

/*
 * Before n siblings are asked for: whether by their names on s->fd, which is open then; the names
 * begin dir_len + 1 bytes behind the paths.
 */
bool flist_siblings_enter(struct flist_siblings *s, const char *path, size_t dir_len, size_t n);

/* n names have been asked for so. */
void flist_siblings_asked(struct flist_siblings *s, size_t n);

/* Now is a time that has just been read; what was asked by path since the last one is measured. */
void flist_siblings_at(struct flist_siblings *s, uint64_t now_ns);

#endif
