/* A directory to look at instead of /, with the files of /proc and /sys that a test writes. */
#ifndef TESTS_UNIT_WITH_ROOT_H
#define TESTS_UNIT_WITH_ROOT_H

#include "tests/scratch.h"

struct fake_root {
	struct scratch scratch;
};

bool fake_root_make(struct fake_root *root);
void fake_root_remove(struct fake_root *root);

/* A file, with the directories above it, in place of what was there; path begins with a slash. */
void fake_root_write(struct fake_root *root, const char *path, const char *text);

/* A file that is there but cannot be read, by root either. */
void fake_root_block(struct fake_root *root, const char *path);

#endif
