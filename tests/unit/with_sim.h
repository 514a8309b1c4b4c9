/* Simulated filesystems, in a mount namespace of the test's own. */
#ifndef TESTS_UNIT_WITH_SIM_H
#define TESTS_UNIT_WITH_SIM_H

#include "datasets/shape/shape.h"
#include "datasets/sim/sim.h"

/* Skips the test where FUSE cannot be mounted. The working directory is a scratch one. */
void need_fuse(void);

/* Serves in "sim", below the working directory. */
struct sim *serve_shape(const struct shape *shape, const char *options);

#endif
