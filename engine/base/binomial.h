/*
 * What k of n tries say about the chance behind them: the exact bounds of Clopper and Pearson ("The
 * use of confidence or fiducial limits", Biometrika 26, 1934), one-sided. They never promise more
 * than was asked for.
 */
#ifndef ENGINE_BASE_BINOMIAL_H
#define ENGINE_BASE_BINOMIAL_H

#include <stdint.h>

/* P(X <= k) for X ~ Binomial(n, p). */
double binomial_at_most(uint64_t k, uint64_t n, double p);

/* With that confidence (0.95) the chance is at most, or at least, this. 0 <= k <= n, n > 0. */
double binomial_upper(uint64_t k, uint64_t n, double confidence);
double binomial_lower(uint64_t k, uint64_t n, double confidence);

#endif
