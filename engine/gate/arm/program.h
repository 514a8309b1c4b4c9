/*
 * An outside program as a strategy: one pass is one life of it, from spawn to exit. Its output is
 * drained and thrown away. What it found cannot be seen, so nothing is verified but its exit code
 * and, if wanted, the number of lines it printed.
 */
#ifndef ENGINE_GATE_ARM_PROGRAM_H
#define ENGINE_GATE_ARM_PROGRAM_H

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/strategy.h"

struct program;

struct program_request {
	const char *command; /* as words_split reads it */
	const char *label;   /* the strategy's name */
	enum stage stage;    /* in which it is to run */
	bool verify_lines;   /* as many lines as entries, or one more for the root itself */
	uint64_t timeout_ns; /* for one life; 0: no bound */
	int hangup_fd;       /* when its other end closes, the program is killed; -1: none */
};

/* Opens descriptors, so it comes before crew_new. -EINVAL: a command that cannot be split. */
int program_new(struct program **program, const struct program_request *request, struct err *err);
void program_free(struct program *program); /* accepts NULL */

/*
 * What {root} stands for in cells on that tree, and how many entries there are below it. Before
 * such a cell is set up; the last one for a root holds.
 */
int program_aim(struct program *program, const char *root, uint64_t entries, struct err *err);

/* To be measured like any other; lives as long as the program. */
const struct strategy *program_strategy(const struct program *program);

/*
 * A command line split into words as people write them for a shell, without a shell: no expansion
 * of any kind, so that what is measured is the program itself.
 */

enum { WORDS_MAX = 256 };

/*
 * Words are separated by blanks; '..', ".." and \x quote as in sh(1). "{root}" in any word becomes
 * root. *words is NULL-terminated and lies in the arena. -EINVAL: an open quote, no words, more
 * than WORDS_MAX.
 */
int words_split(const char *text, const char *root, struct arena *arena, char ***words,
		struct err *err);

#endif
