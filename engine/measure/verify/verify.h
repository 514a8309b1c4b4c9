/*
 * Verifies results. After every pass, outside the timed region, the records are digested and
 * compared with a reference that the verifier fetches itself: one fstatat per entry, without code
 * of the strategies (right_answer.h).
 *
 * The digest covers what the cell promises (struct answer): its fields, its addressing, its follow
 * mode. Expected errors are part of it: a full path beyond PATH_MAX must fail with ENAMETOOLONG. A
 * fetch must have a record for each entry that was loaded. A walk must find the entries that exist:
 * if it does not, the tree is read again; either it has changed in the same way, or the walk is
 * wrong.
 */
#ifndef ENGINE_MEASURE_VERIFY_VERIFY_H
#define ENGINE_MEASURE_VERIFY_VERIFY_H

#include "engine/base/digest.h"
#include "engine/measure/verify/still.h"
#include "engine/measure/verify/walk_check.h"
#include "engine/strategy.h"

enum { ANSWERS_MAX = 64 };

/* References, one for each different struct answer of the cells. */
struct reference {
	const struct workload *load;
	enum stage stage;
	const struct halt *halt; /* when due, reading stops; NULL: never */
	struct workload *now;    /* of walks: the tree as read again; NULL: as in load */
	unsigned n;
	struct answer answers[ANSWERS_MAX];
	struct walk_check rights[ANSWERS_MAX];
	struct still still; /* which entries and fields are compared */
};

/* Adds an answer if it is new. 0, or -E2BIG beyond ANSWERS_MAX. */
int reference_want(struct reference *reference, const struct answer *answer);

/*
 * Computes all digests. The first call reads the tree twice, to find out what is stable. 0, -EINTR:
 * halt was due, and the digests are not known, or another -errno.
 */
int reference_take(struct reference *reference);
void reference_release(struct reference *reference);

enum verified {
	VERIFIED_RIGHT,
	VERIFIED_CHANGED, /* the tree itself has changed */
	VERIFIED_WRONG,
	/*
	 * Wrong, but reading the tree again was stopped, so the cause and the digests are not
	 * known.
	 */
	VERIFIED_OPEN,
	VERIFIED_NO_MEMORY, /* not verified, out of memory; the digests are not known */
};

/* The reason for VERIFIED_CHANGED in documents. */

/*
 * Compares the records of a pass, or the list of a walk, with the reference. Unless they are right,
 * writes into why (if size > 0) which entry differs and how. If the tree has changed, the reference
 * is computed again.
 */
enum verified verify_pass(struct reference *reference, const struct cell *cell,
			  struct digest *digest, char *why, size_t size);

/* One kind of failure: its errno, the number of entries, and the first of them. */
struct failure {
	int error;
	uint64_t count;
	uint32_t first; /* index in the workload, or in the walk's list */
};

enum { FAILURES_MAX = 16 };

/*
 * Counts entries whose call failed. Fills at most FAILURES_MAX kinds; returns how many; *total is
 * the number of all failed entries.
 */
size_t verify_failures(const struct cell *cell, struct failure failures[FAILURES_MAX],
		       uint64_t *total);

/*
 * The same for directories that a walk could not read; `first` is the index of a failure in its
 * sink.
 */
size_t verify_unread(const struct cell *cell, struct failure failures[FAILURES_MAX],
		     uint64_t *total);

#endif
