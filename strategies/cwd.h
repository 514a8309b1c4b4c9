/* For strategies that move the working directory, which belongs to the process. */
#ifndef STRATEGIES_CWD_H
#define STRATEGIES_CWD_H

#include "engine/strategy.h"

/* Hook `probe`: whether a thread may have one of its own; filters, as of containers, refuse it. */
int cwd_probe(struct err *err);

/* Hook `open`: gives the worker one of its own. */
int cwd_open(struct worker *w);

#endif
