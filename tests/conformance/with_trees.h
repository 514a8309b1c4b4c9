/*
 * The trees on which every strategy must be right: all presets, and what real filesystems hold that
 * programs forget. A new one is a row in with_trees.c.
 */
#ifndef TESTS_CONFORMANCE_WITH_TREES_H
#define TESTS_CONFORMANCE_WITH_TREES_H

#include "engine/base/err.h"
#include "tests/scratch.h"

struct tree {
	const char *name;
	/* Fills the scratch directory; false if it cannot. NULL: a preset, by its name. */
	bool (*make)(const struct scratch *scratch);
	bool as_nobody; /* root makes it, and an ordinary user, who cannot change it, asks */
};

/* STATMARK_TREES=few asks for a short test: two presets, and one parameter changed at a time. */
bool trees_are_few(void);

/* The i-th tree, presets first; false behind the last. */
bool tree_at(size_t i, struct tree *tree);

/* Makes it in scratch; root, of PATH_MAX bytes, becomes the path of what is to be loaded. */
int tree_make(const struct tree *tree, const struct scratch *scratch, char *root, struct err *err);

#endif
