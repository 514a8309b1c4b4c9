/*
 * An outside program as a strategy: one pass is one execution of it, from spawn to exit. Its output
 * is read and discarded. Its results are unknown, so only its exit code is verified and, if
 * requested, the number of lines it printed.
 */
#ifndef ENGINE_GATE_ARM_PROGRAM_H
#define ENGINE_GATE_ARM_PROGRAM_H

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/strategy.h"

struct program;

struct program_request {
	const char *command; /* parsed by words_split */
	const char *label;   /* the strategy's name */
	enum stage stage;    /* the stage in which it runs */
	bool verify_lines;   /* it must print as many lines as entries, or one more for the root */
	uint64_t timeout_ns; /* for one execution; 0: no limit */
	int hangup_fd;       /* when its other end is closed, the program is killed; -1: none */
};

/* Opens descriptors, so it must be called before crew_new. -EINVAL: the command cannot be split. */
int program_new(struct program **program, const struct program_request *request, struct err *err);
void program_free(struct program *program); /* accepts NULL */

/*
 * Sets what {root} is replaced by in cells on that tree, and the number of entries below it. To be
 * called before such a cell is set up; a later call for the same root replaces an earlier one.
 */
int program_add_tree(struct program *program, const char *root, uint64_t entries, struct err *err);

/* Its strategy, which is measured like any other; valid until program_free. */
const struct strategy *program_strategy(const struct program *program);

/*
 * Splits a command line into words with the quoting of a shell, but without a shell: nothing is
 * expanded, so that only the program itself is measured.
 */

enum { WORDS_MAX = 256 };

/*
 * Words are separated by blanks; '..', ".." and \x quote as in sh(1). "{root}" in a word is
 * replaced by root. *words is NULL-terminated and in the arena. -EINVAL: an open quote, no words,
 * more than WORDS_MAX. -ENOMEM.
 */
int words_split(const char *text, const char *root, struct arena *arena, char ***words,
		struct err *err);

#endif
