/*
 * A run that looks at itself: what a reader must know before believing its figures, as data for
 * programs and as the warnings below the table. Every rule is about what was seen and counted.
 */
#ifndef ENGINE_MEASURE_FIGURES_CHECK_H
#define ENGINE_MEASURE_FIGURES_CHECK_H

#include "engine/result.h"

/* Fills result->checks anew, once figures are estimated. -ENOMEM. */
int check_result(struct result *result);

#endif
