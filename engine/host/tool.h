/* This build of statmark: version, commit, compiler, flags, libraries. */
#ifndef ENGINE_HOST_TOOL_H
#define ENGINE_HOST_TOOL_H

#include <stdio.h>

#include "engine/result.h"

#define TOOL_VERSION "0.1.0"

/* Strings are static or in the arena. 0 or -ENOMEM. */
int tool_read(struct tool_facts *tool, struct arena *arena);

/* Prints the text of --version. */
void tool_print(FILE *to);

#endif
