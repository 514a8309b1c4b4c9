/*
 * The order in which the entries of a tree are fetched. The caches of kernel and device work better
 * in some orders than in others, so a tree's figures depend on it.
 *
 * An order has two parts: the order of the entries within their directory, and the order of the
 * spans. In random order every entry is a span of its own, so a strategy that works by directory
 * has to enter another directory for almost every entry, as with random access.
 */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include <stdint.h>

#include "engine/base/err.h"
#include "engine/terms.h"
#include "engine/workload.h"

/*
 * Puts the entries of a loaded workload into an order and cuts them into spans. seed: used by
 * ORDER_RANDOM only. 0, -ENOMEM, or -ENOTSUP: ORDER_CREATION on a filesystem that stores no birth
 * times. On failure the workload is unchanged.
 */
int order_apply(struct workload *load, enum order order, uint64_t seed, struct err *err);

/*
 * Cuts the spans of an ordered workload into shorter ones if that many jobs need more spans. 0 or
 * -ENOMEM.
 */
int order_cut(struct workload *load, unsigned jobs);

/*
 * Returns how many spans a worker takes from the queue at once: as many as have about `chunk`
 * entries, by the mean length of a span in this tree. With several jobs it is fewer in a small
 * tree, so that each worker can take TAKES_LEAST times. At least 1.
 */
uint32_t order_take(const struct workload *load, unsigned jobs, uint32_t chunk);

#endif
