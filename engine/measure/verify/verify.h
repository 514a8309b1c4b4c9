/*
 * Verifies the answers. After every pass, outside the timed region, the records are digested and
 * compared with a reference that the verifier takes itself: one fstatat per entry, without code of
 * the strategies (right_answer.h).
 *
 * The digest is taken over what the cell promises to answer: its fields, its way of addressing, its
 * follow mode. Expected errors are part of it: a full path beyond PATH_MAX must give ENAMETOOLONG.
 * A fetch must answer for the entries that were loaded. A walk must find what there is: when it
 * does not, the tree is read again, and either that shows the same change or the walk is wrong.
 */
#ifndef ENGINE_MEASURE_VERIFY_VERIFY_H
#define ENGINE_MEASURE_VERIFY_VERIFY_H

#include "engine/base/digest.h"
#include "engine/measure/verify/still.h"
#include "engine/measure/verify/walk_check.h"
#include "engine/strategy.h"

enum { ANSWERS_MAX = 64 };

/* References, one for each kind of answer that was asked for. */
struct reference {
	const struct workload *load;
	enum stage stage;
	const struct halt *halt; /* when looking at the tree is to be left; NULL: never */
	struct workload *now;    /* of walks: the tree as it was read again, NULL: as load has it */
	unsigned n;
	struct answer answers[ANSWERS_MAX];
	struct walk_check rights[ANSWERS_MAX];
	struct still still; /* what is compared, and what is left out */
};

/* Adds a kind of answer if it is new. -E2BIG beyond ANSWERS_MAX. */
int reference_want(struct reference *reference, const struct answer *answer);

/*
 * Fills all digests; the first time it looks at the tree twice, to see what holds still. -EINTR:
 * it was halted, and the digests are not known.
 */
int reference_take(struct reference *reference);
void reference_release(struct reference *reference);

enum verified {
	VERIFIED_RIGHT,
	VERIFIED_CHANGED, /* the tree itself changed meanwhile */
	VERIFIED_WRONG,
	VERIFIED_OPEN, /* not right, and the search for the reason was stopped; the digests are no
			  longer known */
	VERIFIED_NO_MEMORY, /* not known to be right: there was none to find out; as above */
};

/* Why a pass with VERIFIED_CHANGED does not count, as documents have it. */

/*
 * Compares the records of a pass, or what its walk found, with the reference. Unless they are
 * right, writes into why (if size > 0) which entry differs and how. If the tree has changed, the
 * reference is taken anew.
 */
enum verified verify_pass(struct reference *reference, const struct cell *cell,
			  struct digest *digest, char *why, size_t size);

/* What failed, by errno, with the first of each. */
struct failure {
	int error;
	uint64_t count;
	uint32_t first; /* entry of the workload, or of what the walk found */
};

enum { FAILURES_MAX = 16 };

/*
 * Entries whose call failed. Fills at most FAILURES_MAX kinds; returns how many; *total counts all
 * failed entries.
 */
size_t verify_failures(const struct cell *cell, struct failure failures[FAILURES_MAX],
		       uint64_t *total);

/* The same for directories that a walk could not read; `first` is a failure of its sink. */
size_t verify_unread(const struct cell *cell, struct failure failures[FAILURES_MAX],
		     uint64_t *total);

#endif
