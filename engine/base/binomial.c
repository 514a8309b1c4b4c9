#include "engine/base/binomial.h"

#include <math.h>

enum { HALVINGS = 60 }; /* as many as a double has digits */

/* By logarithms, because the powers underflow. */
static double term(uint64_t k, uint64_t n, double p)
{
	int sign;
	double ways = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
		      lgamma_r((double)(n - k) + 1, &sign);
	return exp(ways + (double)k * log(p) + (double)(n - k) * log1p(-p));
}

double binomial_at_most(uint64_t k, uint64_t n, double p)
{
	double sum = 0;
	if (p <= 0 || k >= n)
		return 1;
	if (p >= 1)
		return 0;
	for (uint64_t i = 0; i <= k; i++)
		sum += term(i, n, p);
	return sum < 1 ? sum : 1;
}

/* The chance at which no more than k is just as unlikely as the confidence lets it be. */
double binomial_upper(uint64_t k, uint64_t n, double confidence)
{
	double lo = 0, hi = 1;
	if (k >= n)
		return 1;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (lo + hi) / 2;
		if (binomial_at_most(k, n, middle) > 1 - confidence)
			lo = middle;
		else
			hi = middle;
	}
	return hi;
}

double binomial_lower(uint64_t k, uint64_t n, double confidence)
{
	return k ? 1 - binomial_upper(n - k, n, confidence) : 0;
}
