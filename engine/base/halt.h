/*
 * Whether long work is to be left before its end, because the user wants to stop or the time is up:
 * asked for each entry that is looked at, outside of what is timed.
 */
#ifndef ENGINE_BASE_HALT_H
#define ENGINE_BASE_HALT_H

#include <stdbool.h>
#include <stddef.h>

struct halt {
	bool (*is_due)(void *arg); /* NULL: never */
	void *arg;
};

/* Accepts NULL: never. */
static inline bool halt_is_due(const struct halt *halt)
{
	return halt && halt->is_due && halt->is_due(halt->arg);
}

#endif
