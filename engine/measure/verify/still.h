/*
 * What of a tree holds still. The whole tree is looked at again and again: twice before it is
 * measured, and whenever answers are not what they should be. What differed between two looks is
 * left out of what answers are compared with, so that the rest of a live tree can be measured:
 *
 * - a field that differs in more than half of the entries (inode numbers of some union and FUSE
 *   filesystems) is left out everywhere,
 * - an entry that differs otherwise, came or went is left out,
 * - in a directory in which entries come and go, names that were not there before are left out.
 *
 * An entry is known by the hash of its path (hash_of_entry), a directory by hash_dir.
 */
#ifndef ENGINE_MEASURE_VERIFY_STILL_H
#define ENGINE_MEASURE_VERIFY_STILL_H

#include "engine/base/progress.h"
#include "engine/strategy.h"

enum { STILL_PARTS = 6, STILL_NAMED = 5 };

struct seen_entry {
	uint64_t hash, dir;          /* of the entry; of its directory */
	uint32_t parts[STILL_PARTS]; /* a hash of each part that may move */
};

struct hashes {
	uint64_t *all; /* sorted */
	size_t n, room;
};

struct still {
	struct seen_entry *seen; /* by the last look, sorted */
	size_t n_seen;
	bool has_looked;
	int64_t root_mtime_ns;
	uint32_t unstable;           /* FIELD_ bits that are left out everywhere */
	struct hashes moving;        /* entries that are left out */
	struct hashes open;          /* directories in which entries come and go */
	char *paths[STILL_NAMED];    /* of the first that moved, below the root */
	uint64_t named[STILL_NAMED]; /* their hashes */
	size_t n_paths;
};

/*
 * Looks at all of load, and compares with the look before. 1: something moved that is known only
 * now; 0: nothing did, or this was the first look; -EINTR once halt is due (it may be
 * NULL); -EMFILE, -ENFILE, -ENOMEM.
 */
int still_look(struct still *still, const struct workload *load, const struct halt *halt);
void still_release(struct still *still);

/* Whether anything is left out. */
static inline bool still_is_all(const struct still *still)
{
	return !still->moving.n && !still->open.n;
}

/* Whether an entry of a directory that counts counts itself. */
bool still_has(const struct still *still, uint64_t hash, uint64_t dir_hash);

/* Whether an entry came while those of its directory were known. What is in it does not count. */
bool still_has_come(const struct still *still, uint64_t hash, uint64_t dir_hash);

/*
 * Whether what lies in a directory counts: none of those above it came while others were known. Of
 * what lies in the first `known` bytes of its path that has been found already.
 */
bool still_has_below(const struct still *still, const char *path, size_t known, size_t len);

/* Names of the unstable fields, "inode numbers, times", into buf; returns buf. */
const char *still_unstable(const struct still *still, char *buf, size_t size);

#endif
