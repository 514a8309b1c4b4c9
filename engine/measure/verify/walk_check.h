/*
 * Compares the list of a walk with the list of a right walk. The right list depends on how the walk
 * works, so there is one for each kind of answer: a walk by full paths finds nothing in a directory
 * whose path is beyond PATH_MAX, and a walk by working directories finds nothing in a directory
 * that can be listed but not entered. Directories that cannot be read are compared, too; the
 * directory that the workload left out (results are written there) is not.
 */
#ifndef ENGINE_MEASURE_VERIFY_WALK_CHECK_H
#define ENGINE_MEASURE_VERIFY_WALK_CHECK_H

#include "engine/base/digest.h"
#include "engine/base/progress.h"
#include "engine/strategy.h"

struct still;

struct walk_check {
	struct digest entries;
	struct digest failures; /* directories that could not be read, each with its errno */
};

/* An entry that a right walk finds. */
struct right {
	const struct workload *load;
	int fd; /* descriptor of its directory */
	uint32_t entry;
	struct record record;
	/* Errno of reading it; 0: it can be read, or is not a directory to be entered. */
	int failure;
};

/*
 * Calls fn for each of them, in no particular order, until fn fails. Returns the error of fn, or as
 * below.
 */
typedef int right_fn(void *arg, const struct right *right);
int walk_check_visit(const struct workload *load, const struct answer *answer,
		     const struct halt *halt, right_fn *fn, void *arg);

/*
 * Computes the digests of a right walk of the tree, whose entries are those in load; only stable
 * entries are included. 0; -EINTR: halt (may be NULL) was due; -EMFILE, -ENFILE, -ENOMEM.
 */
int walk_check_right(struct walk_check *found, const struct workload *load,
		     const struct answer *answer, const struct still *still,
		     const struct halt *halt);

/* Computes the digests of a walk's sorted list. 0 or -ENOMEM. */
int walk_check_list(struct walk_check *found, const struct cell *cell, const struct still *still);

bool walk_check_same(const struct walk_check *a, const struct walk_check *b);

/* Whether each path comes after the previous one; if not, why names the first that does not. */
bool walk_check_sorted(const struct sink *sink, char *why, size_t size);

/*
 * Writes into why the first entry or directory that is missing, extra or different. 0; -ENOENT:
 * there is none; errors as for walk_check_right.
 */
int walk_check_difference(const struct cell *cell, const struct workload *load,
			  const struct still *still, const struct halt *halt, char *why,
			  size_t size);

/* Whether a path is that of the directory left out, or below it. */
bool walk_check_skips(const struct workload *load, const char *path, size_t len);

/* The same for entry i of the cell's sink. */
bool walk_check_skips_entry(const struct cell *cell, size_t i);

/*
 * Whether a failure of the cell's sink is compared: not if the directory's own record is an error,
 * because then reporting it as unreadable is optional.
 */
bool walk_check_unread(const struct cell *cell, const char *path, size_t len);

#endif
