/*
 * How small a difference can this machine show? The baseline is measured against an identical copy
 * of itself, in the interleaved rounds of any run: what differs then is noise.
 */
#ifndef ENGINE_CMD_PARTS_NOISE_H
#define ENGINE_CMD_PARTS_NOISE_H

#include "engine/base/progress.h"
#include "engine/cmd/parts/subject.h"
#include "engine/host/topology.h"

enum { NOISE_SECONDS = 30 }; /* of measuring, for which the answer is given */

struct noise {
	struct estimate ratio; /* copy over original; unknown: with a reason */
	bool failed;           /* the measurement did, not only its figure */
	bool looks_different;  /* although nothing differs: 1 lies outside the interval */
	uint64_t spent_ns;     /* of measuring */
	/*
	 * Half the width of the interval (of logarithms, in per cent), as it would be after
	 * NOISE_SECONDS: an interval between order statistics narrows with the root of the number
	 * of rounds, and so of the time. A difference below it hides in the interval.
	 */
	double visible_percent;
};

/* Measures for that many seconds; rounds, passes and steal are in the result. -EINTR: stopped. */
int noise_measure(struct noise *noise, const struct subject *subject,
		  const struct topology *topology, uint64_t seconds,
		  const struct progress *progress, struct result *result, struct err *err);

#endif
