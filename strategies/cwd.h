/* For strategies that change the working directory, which all threads of a process share. */
#ifndef STRATEGIES_CWD_H
#define STRATEGIES_CWD_H

#include "engine/strategy.h"

/*
 * Hook `probe`: tests whether a thread may have its own working directory; seccomp filters, such as
 * those of containers, may refuse it. 0, or -errno with the reason in err.
 */
int cwd_probe(struct err *err);

/* Hook `open`: gives the worker its own working directory. 0 or -errno. */
int cwd_open(struct worker *w);

#endif
