/*
 * Measures the smallest difference that can be detected on this machine. A strategy is measured
 * against an identical copy of itself, in interleaved rounds; any difference is noise.
 */
#ifndef ENGINE_MEASURE_NOISE_H
#define ENGINE_MEASURE_NOISE_H

#include "engine/measure/run.h"

enum { NOISE_SECONDS = 30 }; /* duration of measuring to which the result refers */

struct noise {
	struct estimate ratio; /* copy / original; not known: with a reason */
	bool failed;           /* the measurement failed, not only its figure */
	bool looks_different;  /* although nothing differs: 1 is outside the interval */
	uint64_t spent_ns;     /* for measuring */
	/*
	 * Half the width of the interval (of logarithms, in per cent), scaled to NOISE_SECONDS: an
	 * interval between order statistics narrows with the square root of the number of rounds,
	 * and so of the time. A smaller difference cannot be detected.
	 */
	double visible_percent;
};

struct noise_request {
	const struct strategy *const *strategies; /* the first one is measured */
	const struct target *target;
	const struct topology *topology;
	uint64_t seconds;
	const struct progress *progress;
};

/*
 * The result has rounds, passes and steal. -EINTR: stopped by the user; then there is no figure and
 * no reason.
 */
int noise_measure(struct noise *noise, const struct noise_request *request, struct result *result,
		  struct err *err);

#endif
