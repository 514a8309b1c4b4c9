/*
 * Compares documents with documents. Two runs of the same build differ by more than the interval of
 * either, because of the memory layout of the process and the state of the machine. So a document
 * is one unit of inference: several per side give a verdict, one per side gives figures and a note.
 * All conditions must be the same except those that are named (comparable.h).
 *
 * Within documents two strategies or filesystems are compared by pairs: in one document round by
 * round, in several documents document by document.
 */
#ifndef REPORTS_VERDICT_COMPARE_H
#define REPORTS_VERDICT_COMPARE_H

#include "engine/base/err.h"
#include "engine/result.h"
#include "reports/verdict/judgement.h"

struct compare_document {
	const char *name; /* as the user calls it */
	const struct result *result;
};

struct compare_terms {
	unsigned across;     /* what may differ, 1 << enum condition */
	bool relative;       /* time over the time of each document's own baseline, not time */
	double tolerance;    /* differences up to this are none: 0.01 */
	double limit;        /* a slowdown that a pass excludes: 0.05 */
	double family_error; /* probability that some interval misses the true value: 0.01 */
};

/*
 * head against base. One document is the same run as another: IDENTICAL when they are the only
 * ones, else -EINVAL, as a run counts once. -E2BIG: more than STATS_SHIFT_MAX a side; -ENOMEM.
 */
int compare_documents(const struct compare_document *base, size_t n_base,
		      const struct compare_document *head, size_t n_head,
		      const struct compare_terms *terms, struct judgement **judgement,
		      struct err *err);

/*
 * Cells that `head` selects against those that `base` selects (selector.h), in each of the
 * documents. -EINVAL when there is no such pair.
 */
int compare_cells(const struct compare_document *documents, size_t n, const char *base,
		  const char *head, const struct compare_terms *terms, struct judgement **judgement,
		  struct err *err);

#endif
