/*
 * Whether two programs are the same code: by the build id that the linker wrote (ELF note), else by
 * every byte of the file.
 */
#ifndef ENGINE_GATE_ARM_IDENTITY_H
#define ENGINE_GATE_ARM_IDENTITY_H

#include "engine/base/err.h"

enum { IDENTITY_MAX = 96 };

struct identity {
	char text[IDENTITY_MAX]; /* "build-id 0f3c..", "xxh3 9a.. of 123456 bytes" */
};

/* Of the file at path. Errors: those of open(2), -ENOMEM. */
int identity_of(struct identity *identity, const char *path, struct err *err);

#endif
