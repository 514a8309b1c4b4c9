/*
 * What a figure stands on: the machine, the kernel, the build, the filesystem, the tree, the cache
 * state. Figures that stand on different things differ for that reason already, so a comparison
 * names what is meant to differ, and everything else has to be the same, field by field.
 */
#ifndef REPORTS_VERDICT_COMPARABLE_H
#define REPORTS_VERDICT_COMPARABLE_H

#include "engine/base/err.h"
#include "engine/result.h"
#include "reports/verdict/judgement.h"

/* A cell of a document; name is how messages call the document. */
struct standing {
	const char *name;
	const struct result *result;
	const struct cell_result *cell;
};

/*
 * Reads what may differ, words of "host,kernel,tool,fs,tree,cache,pin" as a mask of bits; NULL is
 * nothing. -EINVAL names the word and the nearest.
 */
int comparable_across(const char *list, unsigned *mask, struct err *err);

/* Whether the mask has what is called so. */
bool comparable_may_differ(unsigned mask, const char *name);

/*
 * In what b differs from a, apart from the mask: "kernel.release (6.1.0 in a.json, 6.18.0 in
 * b.json), ..". NULL: in nothing.
 */
const char *comparable_differences(struct arena *arena, const struct standing *a,
				   const struct standing *b, unsigned mask);

/* All that is compared, one by one; NULL beyond the last. *value may become NULL: not known. */
const char *comparable_field(size_t i, const struct standing *s, struct arena *arena,
			     const char **value);

/* Adds to a judgement what both sides stand on, and what it is called: CPU, tree, seed. -ENOMEM. */
int comparable_facts(struct judgement *j, const struct standing *base, const struct standing *head);

#endif
