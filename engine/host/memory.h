/*
 * How much memory there is to use without pushing out what others need: what the kernel says is
 * available, and what the control groups of this process still allow, whichever is less.
 */
#ifndef ENGINE_HOST_MEMORY_H
#define ENGINE_HOST_MEMORY_H

#include <stdint.h>

#include "engine/base/arena.h"

/* Bytes; 0: not known. root: the directory that /proc and /sys lie in, "" for this machine's. */
uint64_t memory_available(const char *root, struct arena *arena);

#endif
