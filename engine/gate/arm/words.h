/*
 * A command line split into words as people write them for a shell, without a shell: no expansion
 * of any kind, so that what is measured is the program itself.
 */
#ifndef ENGINE_GATE_ARM_WORDS_H
#define ENGINE_GATE_ARM_WORDS_H

#include "engine/base/arena.h"
#include "engine/base/err.h"

enum { WORDS_MAX = 256 };

/*
 * Words are separated by blanks; '..', ".." and \x quote as in sh(1). "{root}" in any word becomes
 * root. *words is NULL-terminated and lies in the arena. -EINVAL: an open quote, no words, more
 * than WORDS_MAX.
 */
int words_split(const char *text, const char *root, struct arena *arena, char ***words,
		struct err *err);

#endif
