/*
 * What a pass used up, by the kernel's own accounts: each worker looks at those of its own thread
 * just before and just after the clock runs, never while it does, and the differences of all
 * workers are the pass's.
 */
#ifndef ENGINE_MEASURE_USAGE_H
#define ENGINE_MEASURE_USAGE_H

#include <stdint.h>
#include <sys/resource.h>

#include "engine/result.h"

/* What a thread has used up so far. */
struct usage {
	struct rusage rusage;
	uint64_t run_delay_ns;
};

/* Of the calling thread. What cannot be found out stays 0. */
void usage_look(struct usage *usage);

/* Adds to the pass what one worker used up between two looks. */
void usage_add(struct pass *pass, const struct usage *before, const struct usage *after);

#endif
