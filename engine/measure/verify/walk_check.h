/*
 * Compares what a walk found with what it should find. The right list depends on how the walker
 * works, so there is one for each kind of answer: a walker by full paths finds nothing in a
 * directory whose path is beyond PATH_MAX, and a walker by working directories finds nothing in a
 * directory that can be listed but not entered. Directories that cannot be read are compared, too;
 * the directory that the workload left out (the results are written there) is not.
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
	int fd; /* of its directory */
	uint32_t entry;
	struct record record;
	int failure; /* errno of reading it; 0: it can be read, or is nothing to be read */
};

/* Calls fn for all of them, in no order, until it fails. Errors as below. */
typedef int right_fn(void *arg, const struct right *right);
int walk_check_visit(const struct workload *load, const struct answer *answer,
		     const struct halt *halt, right_fn *fn, void *arg);

/*
 * What a right walk of the tree finds, as load saw it last; of that, what holds still. -EINTR once
 * halt is due (it may be NULL); -EMFILE, -ENFILE, -ENOMEM.
 */
int walk_check_right(struct walk_check *found, const struct workload *load,
		     const struct answer *answer, const struct still *still,
		     const struct halt *halt);

/* What one found, in a sorted list. 0 or -ENOMEM. */
int walk_check_look(struct walk_check *found, const struct cell *cell, const struct still *still);

bool walk_check_same(const struct walk_check *a, const struct walk_check *b);

/* Whether each path comes after the one before it; if not, why says which does not. */
bool walk_check_sorted(const struct sink *sink, char *why, size_t size);

/*
 * The first entry or directory that is missing, extra or different, in words. -ENOENT: none is;
 * errors as of walk_check_right.
 */
int walk_check_difference(const struct cell *cell, const struct workload *load,
			  const struct still *still, const struct halt *halt, char *why,
			  size_t size);

/* Whether a path is that of the directory left out, or below it. */
bool walk_check_skips(const struct workload *load, const char *path, size_t len);

/* The same of the i-th entry of the cell's sink. */
bool walk_check_skips_entry(const struct cell *cell, size_t i);

/*
 * Whether a failure of the cell's sink counts: one that could not even be asked, being an error
 * already, need not be said to be unreadable, too.
 */
bool walk_check_unread(const struct cell *cell, const char *path, size_t len);

#endif
