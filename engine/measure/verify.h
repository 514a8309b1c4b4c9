/*
 * Were the answers right? After every pass, outside the clock, the records are digested and
 * compared with a reference that the verifier took itself: one fstatat per entry, by none of the
 * strategies' code.
 *
 * The digest is taken over what the cell promises to answer (its fields, its way of addressing, its
 * follow mode), and never over what may rightly differ between two looks: access and change times,
 * device numbers, times of birth, and a directory's own size, links and blocks. Expected errors are
 * part of it: a full path beyond PATH_MAX must give ENAMETOOLONG.
 */
#ifndef ENGINE_MEASURE_VERIFY_H
#define ENGINE_MEASURE_VERIFY_H

#include "engine/base/digest.h"
#include "engine/strategy.h"

enum { ANSWERS_MAX = 64 };

/* References, one for each kind of answer that was asked for. */
struct reference {
	const struct workload *load;
	unsigned n;
	struct answer answers[ANSWERS_MAX];
	struct digest digests[ANSWERS_MAX];
};

/* Adds a kind of answer if it is new. -E2BIG beyond ANSWERS_MAX. */
int reference_want(struct reference *reference, const struct answer *answer);

/* Looks at every entry once and fills all digests. -EINTR when *stop becomes nonzero. */
int reference_take(struct reference *reference, const volatile int *stop);

enum verdict {
	VERDICT_RIGHT,
	VERDICT_CHANGED, /* the tree itself changed meanwhile: nobody's fault */
	VERDICT_WRONG,
};

/*
 * Compares the records of a pass with the reference. Unless right, writes into why (if size > 0)
 * which entry differs and how. A tree that changed makes a new reference.
 */
enum verdict verify_pass(struct reference *reference, const struct cell *cell,
			 struct digest *digest, char *why, size_t size);

/* Entries whose call failed, by errno, with the first entry of each. */
struct failure {
	int error;
	uint64_t count;
	uint32_t first; /* entry */
};

enum { FAILURES_MAX = 16 };

/* Fills at most FAILURES_MAX kinds; returns how many; *total counts all failed entries. */
size_t verify_failures(const struct cell *cell, struct failure failures[FAILURES_MAX],
		       uint64_t *total);

#endif
