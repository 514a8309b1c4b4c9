/*
 * Identifies the code of a program: by the build id that the linker wrote (an ELF note), or else by
 * a hash of the whole file.
 */
#ifndef ENGINE_GATE_ARM_IDENTITY_H
#define ENGINE_GATE_ARM_IDENTITY_H

#include "engine/base/err.h"

enum { IDENTITY_MAX = 96 };

struct identity {
	char text[IDENTITY_MAX]; /* "build-id 0f3c..", "xxh3 9a.. of 123456 bytes" */
};

/* Identifies the file at path. Errors: those of open(2), -ENOMEM. */
int identity_of(struct identity *identity, const char *path, struct err *err);

#endif
