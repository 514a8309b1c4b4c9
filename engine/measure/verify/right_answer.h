/*
 * The right answer about an entry, found without the code of any strategy, and the comparison of
 * two answers. Only the fields that a strategy promises are compared, and none that may differ
 * between two calls (access and change times, device numbers, birth times, a directory's own size,
 * links and blocks). An expected error is an answer like any other.
 */
#ifndef ENGINE_MEASURE_VERIFY_RIGHT_ANSWER_H
#define ENGINE_MEASURE_VERIFY_RIGHT_ANSWER_H

#include "engine/strategy.h"

/*
 * Asks for entry number `entry` of load in the way of `answer`; fd is open on its directory, or
 * -errno of opening that. *dev becomes the device it lies on, the tree's own where that is not
 * known.
 */
void right_answer(const struct workload *load, int fd, uint32_t entry, const struct answer *answer,
		  struct record *r, uint64_t *dev);

/* What is digested of one entry: only what was promised, the rest zero. */
struct view {
	uint64_t ino, size, blocks, rdev;
	int64_t mtime_ns;
	uint32_t type, mode, nlink, uid, gid;
	int32_t status;
	uint32_t xattrs, has_xattrs; /* not hashed where they were not promised */
};

void view_of(struct view *view, const struct record *r, uint32_t fields);
uint64_t view_hash(const struct view *view, uint64_t name_hash);

/* The first difference between two views, in words. */
void view_difference(const struct view *got, const struct view *want, char *why, size_t size);

/* Whether two records differ in what was promised; if so, words says how. */
bool answer_differs(const struct record *got, const struct record *want, uint32_t fields,
		    char *words, size_t size);

/* "PATH: WORDS" into why, the words even where the path is long. */
void answer_say(char *why, size_t size, const char *path, const char *words);

/*
 * An entry's identity: its path below the root, cut into directory and name, so that digests
 * compare across machines and between fetches and walks. A directory is known by the hash of its
 * path; far below, where whole paths are not kept, by its name and the hash of its parent
 * (workload_far_hash).
 */
uint64_t hash_dir(const char *path, size_t len);
uint64_t hash_name(const char *name, size_t len, uint64_t dir_hash);

/* Of the directory that an entry is, dir_hash being that of the one it lies in. */
uint64_t hash_below(const struct workload *load, uint32_t entry, uint64_t dir_hash);

static inline uint64_t hash_of_dir(const struct workload *load, uint32_t dir)
{
	if (workload_is_far(load, dir))
		return workload_far(load, dir)->hash;
	return hash_dir(workload_dir_path(load, dir), load->dirs[dir].path_len);
}

static inline uint64_t hash_of_entry(const struct workload *load, uint32_t entry, uint64_t dir_hash)
{
	return hash_name(workload_name(load, entry), load->entries[entry].name_len, dir_hash);
}

#endif
