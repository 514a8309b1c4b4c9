/*
 * The checks of a whole run: facts that affect its figures, for the document and the warnings.
 */
#include "engine/measure/figures/estimate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/measure/verify/verify.h"

/* Above this share of a cell's time the floor distorts its figures. */
static const double floor_share_max = 0.10;

/*
 * The most that the duration of the same arithmetic may differ between two periods: slowest /
 * fastest, per cent.
 */
enum { SPEED_MOVED = 110 };

static int add(struct result *result, const char *code, const struct cell_result *cell,
	       const char *text)
{
	if (!text || array_grow(&result->checks, &result->room_checks, result->n_checks + 1,
				sizeof(*result->checks)))
		return -ENOMEM;
	result->checks[result->n_checks++] = (struct check){code, text, cell ? cell->id : NULL};
	return 0;
}

static int check_baselines(struct result *result)
{
	size_t measured = 0, missing = 0, skipped = 0;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		measured += cell->is_baseline && cell->status == STATUS_OK;
		missing += cell->is_baseline && cell->status != STATUS_OK;
		skipped += cell->is_baseline && cell->status == STATUS_SKIPPED;
	}
	/*
	 * If only some cells are skipped, such as those of a memory filesystem with no cold state,
	 * their rows give the reason.
	 */
	if (!result->n_cells || (measured && missing == skipped))
		return 0;
	return add(result, "baseline-missing", NULL,
		   measured ? "a baseline was not measured, so its cells have no ratios"
			    : "the baseline was not measured, so there are no ratios");
}

/* Fixed arithmetic takes longer if the clock frequency of the CPU is lower. */
static int check_frequency(struct result *result)
{
	uint64_t least = UINT64_MAX, most = 0;
	for (size_t i = 0; i < result->run.n_units; i++) {
		uint64_t ps = result->run.units[i].step_ps;
		if (ps) {
			least = MIN(least, ps);
			most = MAX(most, ps);
		}
	}
	if (most == 0 || most * 100 <= least * SPEED_MOVED)
		return 0;
	return add(result, "frequency", NULL,
		   arena_print(result->arena,
			       "the CPU's speed changed by %" PRIu64
			       " %% during the run; compare within rounds only",
			       (uint64_t)count_percent(most, least) - 100));
}

/* Without schedstat, passes that waited for a CPU cannot be detected. */
static int check_waits(struct result *result)
{
	size_t unknown = 0;
	for (size_t i = 0; i < result->n_cells; i++) {
		for (size_t p = 0; p < result->cells[i].n_passes; p++)
			unknown += result->cells[i].passes[p].run_delay_ns == COUNT_UNKNOWN;
	}
	if (!unknown)
		return 0;
	return add(result, "run-delay", NULL,
		   "cannot tell whether passes waited for a CPU: /proc/thread-self/schedstat "
		   "cannot be read; such passes are not left out");
}

/*
 * --precision requests intervals of a width; the run may have ended before, by time or by the user.
 */
static int check_precision(struct result *result)
{
	const struct run_facts *run = &result->run;
	const uint64_t wanted = run->precision_wanted_ppm, reached = run->precision_reached_ppm;
	/* Rounded up, so that it is never shown as the requested precision. */
	const uint64_t above = reached / 100 + (reached % 100 > 0);
	if (!wanted || reached <= wanted)
		return 0;
	if (reached == COUNT_UNKNOWN)
		return add(result, "precision", NULL,
			   "the precision reached is not known: too few rounds, or no cell besides "
			   "the "
			   "baseline");
	return add(result, "precision", NULL,
		   arena_print(result->arena,
			       "too few rounds for the requested precision: the widest interval "
			       "is \302\261%" PRIu64 ".%02" PRIu64 " %%, not %" PRIu64 ".%02" PRIu64
			       " %%; raise --max-time",
			       above / 100, above % 100, wanted / 10000, wanted / 100 % 100));
}

static bool saw_change(const struct cell_result *cell)
{
	for (size_t i = 0; i < cell->n_passes; i++) {
		if (cell->passes[i].why == CAUSE_TREE_CHANGED)
			return true;
	}
	return false;
}

/* "a, b, c and 4 more" */
static const char *name_changed(struct arena *arena, const struct tree_facts *t)
{
	const char *names = "";
	for (size_t i = 0; i < t->n_changed_paths && names; i++)
		names = arena_print(arena, "%s%s%s", names, i ? ", " : "", t->changed_paths[i]);
	if (!names || t->changed <= t->n_changed_paths)
		return names;
	return arena_print(arena, "%s and %s more", names,
			   GROUPED(t->changed - t->n_changed_paths));
}

/* " (ext4,10k)" if the run has several trees, else "". */
static const char *which_tree(struct arena *arena, const struct tree_facts *t)
{
	return t->label ? arena_print(arena, " (%s)", t->label) : "";
}

static int check_tree_changes(struct result *result, const struct tree_facts *t)
{
	const char *which = which_tree(result->arena, t);
	if (t->unstable &&
	    add(result, "unstable", NULL,
		arena_print(result->arena,
			    "%s change between two reads on this filesystem%s, so they are not "
			    "verified",
			    t->unstable, which ? which : "")))
		return -ENOMEM;
	if (!t->changed)
		return 0;
	return add(result, "tree-changed", NULL,
		   arena_print(result->arena,
			       "%s changed while the tree was measured%s, so answers about %s are "
			       "not compared: %s",
			       COUNTED(t->changed, "entry"), which ? which : "",
			       t->changed == 1 ? "it" : "them", name_changed(result->arena, t)));
}

/* Only the passes during which the tree changed do not count. */
static int check_changes(struct result *result)
{
	bool any = false;
	for (size_t i = 0; i < result->n_trees; i++) {
		any |= result->trees[i].changed > 0;
		if (check_tree_changes(result, &result->trees[i]))
			return -ENOMEM;
	}
	if (any)
		return 0;
	for (size_t i = 0; i < result->n_cells; i++) {
		if (saw_change(&result->cells[i]))
			return add(result, "tree-changed", NULL,
				   TREE_CHANGED_WORDS
				   "; passes during which it changed are left out");
	}
	return 0;
}

/* Parts of a tree that were not measured. */
static int check_trees(struct result *result)
{
	int error = 0;
	for (size_t i = 0; i < result->n_trees && !error; i++) {
		const struct tree_facts *t = &result->trees[i];
		if (t->mounts && !t->crosses_mounts)
			error = add(result, "mounts", NULL,
				    arena_print(result->arena,
						"%s %s not entered (--cross-mounts enters %s)",
						COUNTED(t->mounts, "mount point"),
						t->mounts == 1 ? "was" : "were",
						t->mounts == 1 ? "it" : "them"));
		if (t->bad_names && !error)
			error = add(
				result, "bad-names", NULL,
				arena_print(
					result->arena,
					"%s %s empty or had a slash and %s left out (the first in "
					"'%s')",
					COUNTED(t->bad_names, "name"),
					t->bad_names == 1 ? "was" : "were",
					t->bad_names == 1 ? "was" : "were", t->first_bad));
	}
	return error;
}

static const char *is_wrong(struct result *result, const struct cell_result *cell)
{
	(void)result;
	return cell->status != STATUS_FAILED ? NULL : cell->reason ? cell->reason : "failed";
}

static const char *lacks_rounds(struct result *result, const struct cell_result *cell)
{
	(void)result;
	if (cell->status != STATUS_OK || cell->ns_per_entry.known)
		return NULL;
	return cell->ns_per_entry.seen ? cell->ns_per_entry.reason
				       : "too few rounds for an interval";
}

/* The rounds in which both cells, which may be the same, have an undisturbed pass. */
static size_t count_undisturbed(const struct cell_result *a, const struct cell_result *b)
{
	size_t n = 0, k = 0;
	for (size_t i = 0; i < a->n_passes; i++) {
		const struct pass *p = &a->passes[i];
		if (!p->clean)
			continue;
		while (k < b->n_passes && (b->passes[k].round < p->round ||
					   (b->passes[k].round == p->round && !b->passes[k].clean)))
			k++;
		n += k < b->n_passes && b->passes[k].round == p->round;
		while (i + 1 < a->n_passes && a->passes[i + 1].round == p->round)
			i++; /* a round counts once */
	}
	return n;
}

/* More rounds are used for the time, or for the ratio that it is made of, than were undisturbed. */
static const char *uses_disturbed(struct result *result, const struct cell_result *cell)
{
	const struct cell_result *baseline = result_baseline_of(result, cell);
	if (!estimate_has_median(&cell->ns_per_entry))
		return NULL;
	size_t n = count_undisturbed(cell, cell);
	if (cell->ns_per_entry.n > n)
		return arena_print(result->arena,
				   "only %s %s undisturbed, so disturbed passes are included",
				   COUNTED(n, "round"), n == 1 ? "was" : "were");
	if (!baseline || baseline == cell || !estimate_has_median(&cell->ratio))
		return NULL;
	n = count_undisturbed(cell, baseline);
	if (cell->ratio.n <= n)
		return NULL;
	return arena_print(result->arena,
			   "only %s %s undisturbed for it and its baseline, so disturbed passes "
			   "are included",
			   COUNTED(n, "round"), n == 1 ? "was" : "were");
}

static const char *is_unsteady(struct result *result, const struct cell_result *cell)
{
	(void)result;
	if (cell->status != STATUS_OK || cell->cache != CACHE_WARM || !cell->n_passes ||
	    cell->is_steady || cell->is_floor)
		return NULL;
	return "warm-up did not settle within 10 %";
}

static const char *is_near_floor(struct result *result, const struct cell_result *cell)
{
	const struct cell_result *floor = result_floor_of(result, cell);
	if (!floor || !estimate_has_median(&floor->ns_per_entry) ||
	    !estimate_has_median(&cell->ns_per_entry) || cell->is_floor)
		return NULL;
	double share = floor->ns_per_entry.median / cell->ns_per_entry.median;
	if (share <= floor_share_max)
		return NULL;
	return arena_print(result->arena, "the harness accounts for %.0f %% of its time",
			   share * 100);
}

int check_result(struct result *result)
{
	static const struct {
		const char *code;
		const char *(*check)(struct result *result, const struct cell_result *cell);
	} rules[] = {
		{"wrong", is_wrong},
		{"few-rounds", lacks_rounds},
		{"disturbed", uses_disturbed},
		{"not-steady", is_unsteady},
		{"floor-share", is_near_floor},
	};
	result->n_checks = 0;
	int error = check_baselines(result);
	if (!error)
		error = check_trees(result);
	if (!error)
		error = check_changes(result);
	if (!error)
		error = check_frequency(result);
	if (!error)
		error = check_waits(result);
	if (!error)
		error = check_precision(result);
	for (size_t r = 0; r < ARRAY_LEN(rules); r++) {
		for (size_t i = 0; i < result->n_cells && !error; i++) {
			const struct cell_result *cell = &result->cells[i];
			const char *text = rules[r].check(result, cell);
			if (text)
				error = add(result, rules[r].code, cell, text);
		}
	}
	return error;
}
