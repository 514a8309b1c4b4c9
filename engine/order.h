/*
 * The order in which entries are asked for. It decides how well the caches of kernel and device
 * work, so a tree's figures depend on it.
 *
 * The order is that of the entries within their directory, and that of the spans. Random order
 * makes every entry a span of its own, so a strategy that works by directory finds a new directory
 * each time, as with random access.
 */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include <stdint.h>

#include "engine/base/err.h"
#include "engine/terms.h"
#include "engine/workload.h"

/*
 * Puts a loaded workload into an order and cuts its spans. -ENOMEM; -ENOTSUP: creation on a
 * filesystem that keeps no time of birth. On failure the workload is as it was.
 */
int order_apply(struct workload *load, enum order order, uint64_t seed, struct err *err);

/* Cuts the spans of an ordered workload anew, short enough for so many workers. -ENOMEM. */
int order_cut(struct workload *load, unsigned jobs);

/*
 * Spans that a worker takes at once: about `chunk` entries, by the mean length of a span in this
 * tree; but several workers find work TAKES_LEAST times each, where there are so many entries.
 */
uint32_t order_take(const struct workload *load, unsigned jobs, uint32_t chunk);

#endif
