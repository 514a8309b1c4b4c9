/*
 * Fetches the right answer about an entry (a record, without the code of any strategy), and
 * compares two records. Only fields that the strategy promises are compared, and none that may
 * differ between two calls (access and change times, device numbers, birth times, a directory's own
 * size, links and blocks). An expected error is an answer like any other.
 */
#ifndef ENGINE_MEASURE_VERIFY_RIGHT_ANSWER_H
#define ENGINE_MEASURE_VERIFY_RIGHT_ANSWER_H

#include "engine/strategy.h"

/*
 * Fetches entry number `entry` of load in the way described by `answer`. fd is open on its
 * directory, or is the -errno of opening it. *dev is set to the entry's device; the tree's own if
 * it is not known.
 */
void right_answer(const struct workload *load, int fd, uint32_t entry, const struct answer *answer,
		  struct record *r, uint64_t *dev);

/* The part of a record that is digested: the promised fields; the rest is zero. */
struct view {
	uint64_t ino, size, blocks, rdev;
	int64_t mtime_ns;
	uint32_t type, mode, nlink, uid, gid;
	int32_t status;
	uint32_t xattrs, has_xattrs; /* not digested unless promised */
};

void view_of(struct view *view, const struct record *r, uint32_t fields);
uint64_t view_hash(const struct view *view, uint64_t name_hash);

/* Whether two records differ in the promised fields; if so, words describes it. */
bool answer_differs(const struct record *got, const struct record *want, uint32_t fields,
		    char *words, size_t size);

/* Writes "PATH: WORDS" into why; a long path is shortened, not the words. */
void answer_say(char *why, size_t size, const char *path, const char *words);

/*
 * The identity of an entry is the hash of its path below the root, composed of directory and name,
 * so that digests are comparable across machines and between fetches and walks. A directory is
 * identified by the hash of its path; far below, where whole paths are not stored, by its name and
 * the hash of its parent (workload_far_hash).
 */
uint64_t hash_dir(const char *path, size_t len);
uint64_t hash_name(const char *name, size_t len, uint64_t dir_hash);

/* The hash of a directory that is an entry; dir_hash: that of its parent. */
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
