/*
 * Which CPUs somebody else is using. A worker that is pinned to the CPU of a spinning process
 * shares it for as long as the measurement lasts, while the one beside it may idle; so who measures
 * looks first.
 */
#ifndef ENGINE_HOST_IDLE_H
#define ENGINE_HOST_IDLE_H

#include <stdint.h>

#include "engine/host/topology.h"

#define IDLE_WINDOW_NS UINT64_C(100000000)

/*
 * Watches for window_ns (/proc/stat counts in steps of 10 ms) and marks as busy those allowed CPUs
 * that were not idle for more than half of it. false: it cannot be found out, and none is marked.
 */
bool idle_look(struct topology *topology, uint64_t window_ns);

#endif
