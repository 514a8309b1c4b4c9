/*
 * Finds the entries of a tree that are stable. The whole tree is read repeatedly: twice before it
 * is measured, and whenever results are not the expected ones. Differences between two readings are
 * left out of all comparisons, so that the rest of a tree in use can be measured:
 *
 * - a field that differs in more than half of the entries (and in two at least), such as inode
 *   numbers of some union and FUSE filesystems, is left out everywhere,
 * - an entry that differs otherwise, has appeared or vanished is left out,
 * - in a directory in which entries appear and vanish, names that are new are left out.
 *
 * An entry is identified by the hash of its path (hash_of_entry), a directory by hash_dir.
 */
#ifndef ENGINE_MEASURE_VERIFY_STILL_H
#define ENGINE_MEASURE_VERIFY_STILL_H

#include "engine/base/progress.h"
#include "engine/strategy.h"

enum { STILL_PARTS = 6, STILL_NAMED = 5 };

struct seen_entry {
	uint64_t hash, dir;          /* hash of the entry's path; dir: of its directory's */
	uint32_t parts[STILL_PARTS]; /* a hash of each part that may change */
};

struct hashes {
	uint64_t *all; /* sorted */
	size_t n, room;
};

struct still {
	struct seen_entry *seen; /* the last reading, sorted */
	size_t n_seen;
	bool was_read;
	int64_t root_mtime_ns;
	uint32_t unstable;           /* mask of FIELD_ bits that are left out everywhere */
	struct hashes moving;        /* entries that are left out */
	struct hashes open;          /* directories in which entries appear and vanish */
	char *paths[STILL_NAMED];    /* of the first that changed, below the root */
	uint64_t named[STILL_NAMED]; /* their hashes */
	size_t n_paths;
};

/*
 * Reads all of load and compares it with the previous reading. 1: a new change was found; 0: none,
 * or this was the first reading; -EINTR: halt (may be NULL) was due; -EMFILE, -ENFILE, -ENOMEM.
 */
int still_read(struct still *still, const struct workload *load, const struct halt *halt);
void still_release(struct still *still);

/* Whether nothing is left out. */
static inline bool still_is_all(const struct still *still)
{
	return !still->moving.n && !still->open.n;
}

/* Whether an entry is compared, if its directory's entries are. */
bool still_has(const struct still *still, uint64_t hash, uint64_t dir_hash);

/*
 * Whether an entry is new in a directory in which entries appear and vanish. Nothing below it is
 * compared.
 */
bool still_has_come(const struct still *still, uint64_t hash, uint64_t dir_hash);

/*
 * Whether the entries of a directory are compared: neither it nor a directory above it is new
 * (still_has_come). The first `known` bytes of its path have been checked before.
 */
bool still_has_below(const struct still *still, const char *path, size_t known, size_t len);

/* Names of the unstable fields, "inode numbers, times", into buf; returns buf. */
const char *still_unstable(const struct still *still, char *buf, size_t size);

#endif
