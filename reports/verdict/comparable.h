/*
 * Compares the conditions of figures: machine, kernel, build, filesystem, tree, cache state, way of
 * working.
 * Figures measured under different conditions differ for that reason alone. So a comparison names
 * the conditions that may differ, and all others have to be equal, field by field.
 */
#ifndef REPORTS_VERDICT_COMPARABLE_H
#define REPORTS_VERDICT_COMPARABLE_H

#include "engine/base/err.h"
#include "engine/result.h"
#include "reports/verdict/judgement.h"

/* A cell of a document; name is that of the document in messages. */
struct document_cell {
	const char *name;
	const struct result *result;
	const struct cell_result *cell;
};

/* The groups of conditions that --across names. */
enum condition {
	CONDITION_HOST,
	CONDITION_KERNEL,
	CONDITION_TOOL,
	CONDITION_FS,
	CONDITION_TREE,
	CONDITION_CACHE,
	CONDITION_PIN,
	CONDITION_WAY, /* how a strategy worked that has several ways, such as bulk */
	CONDITIONS,
};

const char *condition_name(unsigned condition);

/*
 * The conditions in which b differs from a, without those of the mask, 1 << enum condition:
 * "kernel.release (6.1.0 in a.json, 6.18.0 in b.json), ..". NULL: none.
 */
const char *comparable_differences(struct arena *arena, const struct document_cell *a,
				   const struct document_cell *b, unsigned mask);

/* The conditions that are compared, by index; NULL beyond the last. *value NULL: not known. */
const char *comparable_field(size_t i, const struct document_cell *s, struct arena *arena,
			     const char **value);

/*
 * Adds the conditions of both sides, with their names, to a judgement: CPU, tree, seed, ...
 * -ENOMEM.
 */
int comparable_facts(struct judgement *j, const struct document_cell *base,
		     const struct document_cell *head);

#endif
