/*
 * Computes the figures of cells from their passes. A pass that was not verified never counts. A
 * disturbed pass is left out, by the detected cause and never by its time, as long as enough
 * undisturbed ones remain. Otherwise all verified passes count, and n_clean shows how many were
 * undisturbed.
 *
 * Ratios are paired by round (pairs.h). The time of a cell is the baseline's time times the ratio:
 * the median of its own passes could be of other rounds than the ratio, and could contradict it.
 */
#include "engine/measure/figures/estimate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "engine/pairs.h"

struct scratch {
	uint64_t *a, *b;
	double *values;
};

static void count_clean(struct cell_result *cell)
{
	cell->n_clean = 0;
	for (size_t i = 0; i < cell->n_passes; i++)
		cell->n_clean += cell->passes[i].clean;
}

/*
 * The sum over all passes: the kernel's split into user and system time is too coarse for one pass.
 */
static void sum_cpu(struct cell_result *cell, bool counts_disturbed)
{
	cell->cpu_ns = cell->kernel_ns = 0;
	for (size_t i = 0; i < cell->n_passes; i++) {
		const struct pass *pass = &cell->passes[i];
		if (!result_pass_counts(pass, counts_disturbed))
			continue;
		cell->cpu_ns += pass->user_ns + pass->sys_ns;
		cell->kernel_ns += pass->sys_ns;
	}
}

/*
 * Takes one time per round, the median of its passes, because several passes of one round are not
 * independent samples. The first pass may be slow because of what was measured before it, such as
 * another tree.
 */
static size_t collect(const struct cell_result *cell, bool counts_disturbed, struct scratch *s)
{
	size_t n = 0;
	for (size_t i = 0; i < cell->n_passes;) {
		const uint32_t round = cell->passes[i].round;
		struct estimate time;
		size_t used = 0;
		for (; i < cell->n_passes && cell->passes[i].round == round; i++) {
			if (result_pass_counts(&cell->passes[i], counts_disturbed))
				s->values[used++] = (double)cell->passes[i].wall_ns;
		}
		if (!used)
			continue;
		stats_median(s->values, used, STATS_CONFIDENCE, &time);
		s->a[n++] = (uint64_t)time.median;
	}
	return n;
}

/*
 * Figures from the cell's own passes, with an interval of that confidence. Returns whether
 * disturbed passes count in them.
 */
static bool estimate_passes(struct cell_result *cell, double confidence, struct scratch *s,
			    struct estimate *cost)
{
	const bool counts_disturbed = result_counts_disturbed(cell);
	const size_t n = collect(cell, counts_disturbed, s);
	stats_per_entry(s->a, n, cell->entries, confidence, s->values, cost, &cell->min, &cell->p05,
			&cell->p95);
	return counts_disturbed;
}

static void estimate_cost(struct cell_result *cell, struct scratch *s)
{
	sum_cpu(cell, estimate_passes(cell, STATS_CONFIDENCE, s, &cell->ns_per_entry));
	cell->median_of_passes = cell->ns_per_entry.median;
	cell->has_passes = cell->has_own_median = estimate_has_median(&cell->ns_per_entry);
}

static void estimate_ratio(const struct cell_result *a, const struct cell_result *b, enum half half,
			   struct scratch *s, struct estimate *ratio)
{
	size_t n = pairs_enough(a, b, half, s->a, s->b);
	stats_ratio(s->a, s->b, n, s->values, ratio);
}

static void unknown(struct estimate *estimate, const char *reason)
{
	*estimate = (struct estimate){.reason = reason};
}

/* The ratio of a cell to itself: exactly 1, once it has a pass. */
static void itself(const struct cell_result *cell, struct estimate *ratio)
{
	if (cell->ns_per_entry.n)
		*ratio = (struct estimate){.known = true,
					   .median = 1,
					   .lo = 1,
					   .hi = 1,
					   .confidence = 1,
					   .n = cell->ns_per_entry.n};
	else
		unknown(ratio, "no usable round");
}

/*
 * Time = the baseline's time x the ratio. For the confidence of the product each of the two
 * intervals needs a higher one, and so one more round; without that round the product has no
 * interval. If a walk found fewer entries than the baseline, its time is divided by the number it
 * found.
 */
static void derive_cost(struct cell_result *cell, struct cell_result *baseline, struct scratch *s)
{
	struct estimate time, ratio = cell->ratio;
	if (!cell->entries || !estimate_has_median(&ratio))
		return;
	estimate_passes(baseline, STATS_CONFIDENCE_OF_TWO, s, &time);
	if (!estimate_has_median(&time))
		return;
	size_t n = pairs_enough(cell, baseline, HALF_BOTH, s->a, s->b);
	stats_logs(s->a, s->b, n, s->values);
	stats_ratio_of(s->values, n, STATS_CONFIDENCE_OF_TWO, &ratio);
	if (cell->entries != baseline->entries) {
		const double more = (double)baseline->entries / (double)cell->entries;
		time.median *= more;
		time.lo *= more;
		time.hi *= more;
	}
	stats_product(&time, &ratio, &cell->ns_per_entry);
}

static void estimate_cell(struct cell_result *cell, struct cell_result *baseline, struct scratch *s)
{
	cell->has_passes = cell->has_own_median = false;
	if (cell->status != STATUS_OK) {
		unknown(&cell->ns_per_entry, "the cell was not measured");
		unknown(&cell->ratio, "the cell was not measured");
		cell->ratio_all = cell->ratio;
		return;
	}
	estimate_cost(cell, s);
	if (!baseline || baseline->status != STATUS_OK) {
		unknown(&cell->ratio, "the baseline was not measured");
		cell->ratio_all = cell->ratio;
		return;
	}
	cell->baseline = baseline->id;
	if (cell == baseline) {
		itself(cell, &cell->ratio);
		cell->ratio_all = cell->ratio;
		return;
	}
	estimate_ratio(cell, baseline, HALF_BOTH, s, &cell->ratio);
	size_t n = pairs_of(cell, baseline, HALF_BOTH, true, s->a, s->b);
	stats_ratio(s->a, s->b, n, s->values, &cell->ratio_all);
	derive_cost(cell, baseline, s);
}

/* The speed-up of this cell over the same cell with one job. */
static void estimate_scaling(struct result *result, struct cell_result *cell, struct scratch *s)
{
	unknown(&cell->scaling, "the same with one job was not measured");
	if (cell->status != STATUS_OK)
		return;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *one = &result->cells[i];
		if (one->jobs != 1 || one->status != STATUS_OK || strcmp(one->label, cell->label) ||
		    result_baseline_of(result, one) != result_baseline_of(result, cell))
			continue;
		if (one == cell)
			itself(cell, &cell->scaling);
		else
			estimate_ratio(one, cell, HALF_BOTH, s, &cell->scaling);
	}
}

static void undecided(struct fastest *fastest, const char *reason)
{
	fastest->cell = NULL;
	fastest->reason = reason;
	unknown(&fastest->speedup, reason);
}

/*
 * Whether a cell can be named as faster than the baseline: measured with it, and returning as much
 * metadata.
 */
static bool competes(const struct result *result, const struct cell_result *cell,
		     const struct cell_result *baseline, bool same_jobs)
{
	return cell->status == STATUS_OK && !cell->is_floor && cell->is_rival && cell != baseline &&
	       result_baseline_of(result, cell) == baseline &&
	       (!same_jobs || (cell->jobs == baseline->jobs && !cell->finds_threads));
}

static size_t count_rivals(const struct result *result, const struct cell_result *baseline,
			   bool same_jobs)
{
	size_t n = 0;
	for (size_t i = 0; i < result->n_cells; i++)
		n += competes(result, &result->cells[i], baseline, same_jobs);
	return n;
}

static const char *why_no_rival(const struct result *result, const struct cell_result *baseline)
{
	size_t measured = 0, others = 0, unverified = 0, other_way = 0;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->is_floor || cell == baseline ||
		    result_baseline_of(result, cell) != baseline)
			continue;
		others++;
		measured += cell->status == STATUS_OK;
		other_way += cell->status == STATUS_OK && result_other_way(cell);
		unverified +=
			cell->status == STATUS_OK && cell->command && !cell->is_output_verified;
	}
	if (measured && measured == other_way)
		return "no other cell that was measured worked in its own way";
	if (other_way)
		return "no other cell that was measured is ranked";
	if (measured && measured == unverified)
		return "the output of no other program that was measured is verified";
	if (unverified)
		return "no other cell that was measured returns at least what the baseline "
		       "returns, and the output of no other program is verified";
	return measured ? "no other cell that was measured returns at least what the baseline "
			  "returns"
	       : others ? "no other cell could be measured"
			: "nothing but the baseline was measured";
}

/*
 * The rival with the smallest ratio in these rounds, or the baseline if none has a ratio below 1.
 * *all: every rival has an interval. NULL: no rival shares a usable round with the baseline.
 */
static const struct cell_result *choose(const struct result *result,
					const struct cell_result *baseline, bool same_jobs,
					enum half half, struct scratch *s, bool *all)
{
	const struct cell_result *best = NULL;
	double least = 1;
	*all = true;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		struct estimate ratio;
		if (!competes(result, cell, baseline, same_jobs))
			continue;
		estimate_ratio(cell, baseline, half, s, &ratio);
		*all &= ratio.known;
		if (!estimate_has_median(&ratio))
			continue;
		best = best ? best : baseline;
		if (ratio.median < least) {
			least = ratio.median;
			best = cell;
		}
	}
	return best;
}

/*
 * The speed-up, from the rounds that were not used to choose; without such rounds it has no
 * interval.
 */
static void score(const struct cell_result *baseline, const struct cell_result *best,
		  enum half half, bool chosen_on_them, struct scratch *s, struct estimate *speedup)
{
	if (!chosen_on_them) {
		estimate_ratio(baseline, best, half, s, speedup);
		return;
	}
	size_t n = pairs_enough(baseline, best, half, s->a, s->b);
	stats_ratio_seen(s->a, s->b, n, s->values, speedup);
	if (n >= STATS_LEAST)
		speedup->reason = "too few rounds to choose on one half and to score on the other";
}

static void find_fastest(const struct result *result, const struct cell_result *baseline,
			 bool same_jobs, struct scratch *s, struct fastest *fastest)
{
	*fastest = (struct fastest){.baseline = baseline ? baseline->id : NULL,
				    .same_jobs = same_jobs};
	undecided(fastest, "the baseline was not measured");
	if (!baseline || baseline->status != STATUS_OK)
		return;
	const size_t rivals = count_rivals(result, baseline, same_jobs);
	if (!rivals) {
		undecided(fastest, why_no_rival(result, baseline));
		return;
	}
	bool all = false, halves = rivals > 1;
	const struct cell_result *best = NULL;
	if (halves)
		best = choose(result, baseline, same_jobs, HALF_EVEN, s, &all);
	halves &= all;
	if (!halves)
		best = choose(result, baseline, same_jobs, HALF_BOTH, s, &all);
	if (!best) {
		undecided(fastest, "no usable round");
		return;
	}
	fastest->cell = best->id;
	fastest->reason = NULL;
	if (best == baseline)
		unknown(&fastest->speedup, "the baseline itself");
	else
		score(baseline, best, halves ? HALF_ODD : HALF_BOTH, !halves && rivals > 1, s,
		      &fastest->speedup);
}

/*
 * If the fastest cell has another number of jobs than the baseline, the fastest with the same
 * number is named, too.
 */
static void find_fastest_of(struct result *result, const struct cell_result *baseline,
			    struct scratch *s)
{
	struct fastest *fastest = &result->fastest[result->n_fastest++];
	find_fastest(result, baseline, false, s, fastest);
	const struct cell_result *cell = result_cell(result, fastest->cell);
	if (baseline && cell && cell->jobs != baseline->jobs &&
	    count_rivals(result, baseline, true))
		find_fastest(result, baseline, true, s, &result->fastest[result->n_fastest++]);
}

/* One or two for each baseline; without a baseline one that gives the reason. */
static int find_all_fastest(struct result *result, struct scratch *s)
{
	size_t n = 0;
	for (size_t i = 0; i < result->n_cells; i++)
		n += result->cells[i].is_baseline;
	if (!result->fastest || result->n_fastest < 2 * n)
		result->fastest =
			arena_alloc(result->arena, (n ? 2 * n : 1) * sizeof(*result->fastest));
	result->n_fastest = 0;
	if (!result->fastest)
		return -ENOMEM;
	for (size_t i = 0; i < result->n_cells; i++) {
		if (result->cells[i].is_baseline)
			find_fastest_of(result, &result->cells[i], s);
	}
	if (!n)
		find_fastest_of(result, NULL, s);
	return 0;
}

/*
 * The cell with the smallest ratio among those with one job, or with several; a cell that chooses
 * its number of threads is neither. *n: the number of these cells.
 */
static const struct cell_result *choose_jobs(const struct result *result,
					     const struct cell_result *baseline, bool several,
					     size_t *n)
{
	const struct cell_result *best = NULL;
	double least = INFINITY;
	*n = 0;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->finds_threads || (cell->jobs > 1) != several ||
		    (cell != baseline && !competes(result, cell, baseline, false)))
			continue;
		++*n;
		if (estimate_has_median(&cell->ratio) && cell->ratio.median < least) {
			least = cell->ratio.median;
			best = cell;
		}
	}
	return best;
}

/*
 * False: the group has no cell with one job, or none with several. Halves of the rounds, as in
 * find_fastest, would be too small in a run over many trees. So all rounds are used both to choose
 * and to score, and the error of the interval is divided by the number of pairs that could have
 * been chosen (Bonferroni).
 */
static bool find_more_jobs_of(const struct result *result, const struct cell_result *baseline,
			      struct scratch *s, struct more_jobs *more)
{
	size_t n_one, n_several;
	const struct cell_result *one = choose_jobs(result, baseline, false, &n_one);
	const struct cell_result *several = choose_jobs(result, baseline, true, &n_several);
	if (!one || !several)
		return false;
	*more = (struct more_jobs){
		.baseline = baseline->id, .one = one->id, .several = several->id};
	const double pairs = (double)(n_one * n_several);
	const size_t n = pairs_enough(several, one, HALF_BOTH, s->a, s->b);
	stats_logs(s->a, s->b, n, s->values);
	stats_ratio_of(s->values, n, 1 - (1 - STATS_CONFIDENCE) / pairs, &more->over_one);
	return true;
}

static int find_more_jobs(struct result *result, struct scratch *s)
{
	size_t n = 1;
	for (size_t i = 0; i < result->n_cells; i++)
		n += result->cells[i].is_baseline;
	if (!result->more_jobs || result->n_more_jobs < n)
		result->more_jobs = arena_alloc(result->arena, n * sizeof(*result->more_jobs));
	result->n_more_jobs = 0;
	if (!result->more_jobs)
		return -ENOMEM;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		struct more_jobs *more = &result->more_jobs[result->n_more_jobs];
		if (cell->is_baseline && cell->status == STATUS_OK)
			result->n_more_jobs += find_more_jobs_of(result, cell, s, more);
	}
	return 0;
}

static int scratch_init(struct scratch *s, size_t most)
{
	s->a = calloc(most, sizeof(*s->a));
	s->b = calloc(most, sizeof(*s->b));
	s->values = calloc(most, sizeof(*s->values));
	return s->a && s->b && s->values ? 0 : -ENOMEM;
}

static void scratch_release(struct scratch *s)
{
	free(s->a);
	free(s->b);
	free(s->values);
}

uint64_t estimate_precision(const struct result *result, const struct cell_result **widest)
{
	double most = 0;
	*widest = NULL;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		const struct estimate *e = &cell->ratio;
		if (cell->status != STATUS_OK || cell->is_baseline || cell->is_floor)
			continue;
		double half =
			e->known ? MAX(e->hi - e->median, e->median - e->lo) / e->median : INFINITY;
		if (!*widest || half > most) {
			*widest = cell;
			most = half;
		}
	}
	return *widest && most < 1e6 ? (uint64_t)ceil(most * 1e6) : COUNT_UNKNOWN;
}

static void store_precision(struct result *result)
{
	const struct cell_result *widest;
	result->run.precision_reached_ppm = estimate_precision(result, &widest);
	result->run.precision_cell = widest ? widest->id : NULL;
}

bool estimate_is_due(uint32_t rounds)
{
	uint32_t due = STATS_LEAST;
	while (due < rounds)
		due += 1 + due / 16;
	return due == rounds;
}

static struct cell_result *baseline_of(struct result *result, const struct cell_result *cell)
{
	const struct cell_result *baseline = result_baseline_of(result, cell);
	return baseline ? &result->cells[baseline - result->cells] : NULL;
}

int estimate_cells(struct result *result)
{
	size_t most = 1;
	struct scratch s;
	for (size_t i = 0; i < result->n_cells; i++)
		most = result->cells[i].n_passes > most ? result->cells[i].n_passes : most;
	int error = scratch_init(&s, most);
	if (!error) {
		for (size_t i = 0; i < result->n_cells; i++)
			count_clean(&result->cells[i]);
		for (size_t i = 0; i < result->n_cells; i++)
			estimate_cell(&result->cells[i], baseline_of(result, &result->cells[i]),
				      &s);
		for (size_t i = 0; i < result->n_cells; i++)
			estimate_scaling(result, &result->cells[i], &s);
		error = find_all_fastest(result, &s);
		error = error ? error : find_more_jobs(result, &s);
	}
	if (result->run.precision_wanted_ppm)
		store_precision(result);
	scratch_release(&s);
	return error;
}
