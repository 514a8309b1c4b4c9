#include "reports/history/change.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"

enum {
	MILLION = 1000000,
	SHUFFLES_MIN = 1000,
	SHUFFLES_MAX = MILLION / CHANGE_ERROR_LEAST_PPM,
	SHUFFLES_PER_ERROR = 10, /* so many good cuts by chance are allowed */
};

struct split_search {
	const int64_t *values;
	int64_t *shuffled;
	size_t n;
	size_t ends[CHANGES_MAX + 1]; /* of the parts, ascending; the last is n */
	size_t n_parts;
	uint32_t p_ppm[CHANGES_MAX + 1]; /* of the cut at each end */
};

struct cut {
	size_t at;
	int64_t score;
};

static uint64_t apart(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/*
 * The energy distance of two parts of m and n points, times mn / (m + n), from the sums of the
 * distances across (a) and within (b, c). All in integers, over one denominator: what is compared
 * must not depend on the order of additions.
 */
static int64_t score(__int128 a, __int128 b, __int128 c, size_t points_m, size_t points_n)
{
	const __int128 m = (__int128)points_m, n = (__int128)points_n;
	const __int128 over = a * (m - 1) * (n - 1) - b * n * (n - 1) - c * m * (m - 1);
	return (int64_t)(2 * over / ((m - 1) * (n - 1) * (m + n)));
}

/* The best cut of one part; at stays 0 if the part is too short. */
static struct cut best_cut(const int64_t *x, size_t n)
{
	struct cut best = {0, INT64_MIN};
	uint64_t across = 0, left = 0, right = 0;
	if (n < 2 * CHANGE_PART_MIN)
		return best;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++)
			right += apart(x[i], x[k]);
	}
	/* Moves one point after the other from the right part to the left one. */
	for (size_t at = 1; at <= n - CHANGE_PART_MIN; at++) {
		uint64_t to_left = 0, to_right = 0;
		for (size_t i = 0; i + 1 < at; i++)
			to_left += apart(x[at - 1], x[i]);
		for (size_t i = at; i < n; i++)
			to_right += apart(x[at - 1], x[i]);
		left += to_left;
		right -= to_right;
		across += to_right - to_left;
		if (at < CHANGE_PART_MIN)
			continue;
		int64_t s = score(across, left, right, at, n - at);
		if (s > best.score)
			best = (struct cut){at, s};
	}
	return best;
}

/* The best cut of all parts of a series; at counts from the beginning of the series. */
static struct cut best_of_parts(const struct split_search *s, const int64_t *x)
{
	struct cut best = {0, INT64_MIN};
	size_t begin = 0;
	for (size_t i = 0; i < s->n_parts; i++) {
		struct cut cut = best_cut(x + begin, s->ends[i] - begin);
		if (cut.at && cut.score > best.score)
			best = (struct cut){begin + cut.at, cut.score};
		begin = s->ends[i];
	}
	return best;
}

/* Shuffles every part separately, so that changes found before stay in place. */
static void shuffle_parts(struct split_search *s, struct rng *rng)
{
	size_t begin = 0;
	memcpy(s->shuffled, s->values, s->n * sizeof(*s->values));
	for (size_t p = 0; p < s->n_parts; p++) {
		int64_t *x = s->shuffled + begin;
		for (size_t i = s->ends[p] - begin; i > 1; i--) {
			size_t k = (size_t)rng_below(rng, i);
			int64_t value = x[i - 1];
			x[i - 1] = x[k];
			x[k] = value;
		}
		begin = s->ends[p];
	}
}

/*
 * Whether the cut is significant: only a small share of the shuffled series has a cut as good. Ends
 * early when too many have one, which happens soon in a series without a change.
 */
static bool is_rare(struct split_search *s, const struct cut *cut, const struct change_terms *terms,
		    struct rng *rng, uint32_t *p_ppm)
{
	const uint64_t error = MAX(terms->error_ppm, CHANGE_ERROR_LEAST_PPM);
	uint64_t shuffles = SHUFFLES_PER_ERROR * (uint64_t)MILLION / error;
	shuffles = MIN(MAX(shuffles, SHUFFLES_MIN), SHUFFLES_MAX);
	/* The series itself is one of them: p = as_good / shuffles. */
	uint64_t as_good = 1;
	for (uint64_t i = 1; i < shuffles; i++) {
		shuffle_parts(s, rng);
		as_good += best_of_parts(s, s->shuffled).score >= cut->score;
		if (as_good * MILLION > error * shuffles)
			return false;
	}
	*p_ppm = (uint32_t)(as_good * MILLION / shuffles);
	return as_good * MILLION <= error * shuffles;
}

static void add_cut(struct split_search *s, size_t at, uint32_t p_ppm)
{
	size_t i = s->n_parts++;
	for (; i > 0 && s->ends[i - 1] > at; i--) {
		s->ends[i] = s->ends[i - 1];
		s->p_ppm[i] = s->p_ppm[i - 1];
	}
	s->ends[i] = at;
	s->p_ppm[i] = p_ppm;
}

static int compare_values(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int64_t change_rank(const int64_t *values, size_t n, size_t rank)
{
	int64_t *sorted = rank < n ? malloc(n * sizeof(*sorted)) : NULL;
	if (!sorted)
		return 0;
	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_values);
	int64_t value = sorted[rank];
	free(sorted);
	return value;
}

int64_t change_median(const int64_t *values, size_t n)
{
	int64_t lo = n ? change_rank(values, n, (n - 1) / 2) : 0;
	int64_t hi = n ? change_rank(values, n, n / 2) : 0;
	return lo + (hi - lo) / 2;
}

static struct change describe(const struct split_search *s, size_t i)
{
	const size_t begin = i ? s->ends[i - 1] : 0, at = s->ends[i];
	return (struct change){
		.at = at,
		.before = change_median(s->values + begin, at - begin),
		.after = change_median(s->values + at, s->ends[i + 1] - at),
		.p_ppm = s->p_ppm[i],
	};
}

static void remove_cut(struct split_search *s, size_t i)
{
	memmove(s->ends + i, s->ends + i + 1, (s->n_parts - i - 1) * sizeof(*s->ends));
	memmove(s->p_ppm + i, s->p_ppm + i + 1, (s->n_parts - i - 1) * sizeof(*s->p_ppm));
	s->n_parts--;
}

/*
 * Removes changes below the magnitude, the smallest first, because removing one changes the levels
 * beside it.
 */
static void remove_small(struct split_search *s, int64_t magnitude)
{
	for (;;) {
		uint64_t least = (uint64_t)MAX(magnitude, 0);
		size_t found = s->n_parts;
		for (size_t i = 0; i + 1 < s->n_parts; i++) {
			struct change change = describe(s, i);
			if (apart(change.before, change.after) < least) {
				least = apart(change.before, change.after);
				found = i;
			}
		}
		if (found == s->n_parts)
			return;
		remove_cut(s, found);
	}
}

int change_find(const int64_t *values, size_t n, const struct change_terms *terms,
		struct change changes[CHANGES_MAX], size_t *n_changes)
{
	struct split_search s = {.values = values, .n = n, .ends = {n}, .n_parts = 1};
	struct rng rng = {terms->seed};
	*n_changes = 0;
	if (n > CHANGE_POINTS_MAX)
		return -E2BIG;
	if (n < 2 * CHANGE_PART_MIN)
		return 0;
	s.shuffled = malloc(n * sizeof(*s.shuffled));
	if (!s.shuffled)
		return -ENOMEM;
	while (s.n_parts <= CHANGES_MAX) {
		uint32_t p_ppm;
		struct cut cut = best_of_parts(&s, values);
		if (!cut.at || !is_rare(&s, &cut, terms, &rng, &p_ppm))
			break;
		add_cut(&s, cut.at, p_ppm);
	}
	free(s.shuffled);
	remove_small(&s, terms->magnitude);
	for (size_t i = 0; i + 1 < s.n_parts; i++)
		changes[(*n_changes)++] = describe(&s, i);
	return 0;
}
