/*
 * The order in which entries are asked for. It decides how well names, inodes and directories lie
 * in the caches of kernel and device, so it is part of what a tree's figures mean.
 *
 * Order lives in two places only: that of the entries within their directory, and that of the
 * spans. Random order makes every entry a span of its own, so that a strategy that works by
 * directory meets a new one each time; that is what random access does to it.
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
