/*
 * Compares documents cell by cell, by id: collects the values of the units of both sides, the
 * reasons not to compare them, and computes the interval of the difference of two unpaired samples.
 * The error probability is divided among all intervals, so the more cells there are, the more
 * confidence each needs.
 */
#include "reports/verdict/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "reports/verdict/comparable.h"
#include "reports/words/format.h"

struct document_side {
	const struct compare_document *documents;
	size_t n;
	const char *word; /* "base", "head" */
};

struct document_comparison {
	struct judgement *j;
	struct document_side base, head;
	const struct compare_terms *terms;
	double confidence; /* of each interval */
	const char **ids;  /* of the cells of either side, floors left out */
	size_t n_ids;
	size_t n_uncounted; /* cells whose system calls only one side counted */
	bool same_run;
};

/* The units of one side of a cell. */
struct units {
	double *logs;
	size_t n;
	double median;              /* of the values themselves, for orientation */
	struct document_cell first; /* the first document that has the cell; cell NULL: none has */
};

static const char *or_memory(const char *text)
{
	return text ? text : "memory ran out";
}

/* --- What one document gives for a cell ------------------------------------------------------ */

static double value_of(const struct compare_terms *terms, const struct cell_result *cell)
{
	const struct estimate *e = terms->relative ? &cell->ratio : &cell->ns_per_entry;
	return e->known ? e->median : 0;
}

/* Stores in the input why the document has no figure. False: it has one. */
static bool is_lacking(struct document_comparison *c, const struct document_cell *s,
		       struct verdict_input *e)
{
	struct arena *arena = c->j->arena;
	const struct cell_result *cell = s->cell;
	const struct estimate *figure = c->terms->relative ? &cell->ratio : &cell->ns_per_entry;
	const char *why = format_text(arena, cell->reason);
	if (cell->status == STATUS_SKIPPED)
		e->incomparable = or_memory(arena_print(arena, "skipped in %s: %s", s->name, why));
	else if (cell->status != STATUS_OK)
		e->invalid = or_memory(arena_print(arena, "%s in %s: %s", status_name(cell->status),
						   s->name, why));
	else if (!figure->known)
		e->no_verdict = or_memory(arena_print(arena, "no figure in %s: %s", s->name,
						      format_text(arena, figure->reason)));
	else if (!(figure->median > 0) || !isfinite(figure->median))
		e->invalid =
			or_memory(arena_print(arena, "the median in %s is %g; it must be above 0",
					      s->name, figure->median));
	else
		return false;
	return true;
}

/*
 * Documents of one side must have all conditions equal; those of different sides may differ in what
 * --across names.
 */
static void collect(struct document_comparison *c, const struct document_side *side, const char *id,
		    struct units *units, struct verdict_input *e)
{
	struct arena *arena = c->j->arena;
	for (size_t i = 0; i < side->n; i++) {
		const struct compare_document *d = &side->documents[i];
		const struct document_cell s = {d->name, d->result, result_cell(d->result, id)};
		if (!s.cell)
			continue;
		if (!units->first.cell)
			units->first = s;
		const char *odd = comparable_differences(arena, &units->first, &s, 0);
		if (odd && !e->incomparable)
			e->incomparable = or_memory(arena_print(
				arena, "within %s, they differ in %s", side->word, odd));
		if (!is_lacking(c, &s, e))
			units->logs[units->n++] = log(value_of(c->terms, s.cell));
	}
	if (!units->first.cell)
		e->incomparable = or_memory(arena_print(arena, "not in %s", side->word));
	if (units->n)
		units->median = exp(stats_middle(units->logs, units->n));
}

/* --- A row ----------------------------------------------------------------------------------- */

static const char *too_few(struct document_comparison *c, size_t least)
{
	return or_memory(arena_print(
		c->j->arena, "fewer than %zu documents per side, the least for %s at %.3g %%",
		least, COUNTED(c->n_ids, "cell"), 100 * (1 - c->terms->family_error)));
}

static int estimate(struct document_comparison *c, const struct units *base,
		    const struct units *head, struct verdict_input *e)
{
	int error = stats_shift(base->logs, base->n, head->logs, head->n, c->confidence, &e->ratio);
	if (e->no_verdict || e->ratio.known)
		return error;
	if (c->base.n == 1 && c->head.n == 1)
		e->no_verdict = "one document per side gives no verdict";
	else
		e->no_verdict = too_few(c, stats_shift_least(c->confidence));
	return error;
}

/* Of two trees only counts per entry can be compared. */
static int add_rates(struct document_comparison *c, const struct cell_result *a,
		     const struct cell_result *b)
{
	const struct judged row = {.cell = a->id,
				   .metric = "calls",
				   .unit = "calls/entry",
				   .has_cache = true,
				   .cache = a->cache};
	if (!a->entries || !b->entries)
		return 0;
	return judgement_add_rates(c->j, &row, (double)a->syscalls_total / (double)a->entries,
				   (double)b->syscalls_total / (double)b->entries,
				   c->terms->tolerance);
}

/*
 * System calls of one worker are the same in every pass, so one document is enough; several workers
 * share directories by chance.
 */
static int add_counts(struct document_comparison *c, const struct units *base,
		      const struct units *head)
{
	const struct cell_result *a = base->first.cell, *b = head->first.cell;
	const struct judged row = {.cell = a->id,
				   .metric = "calls",
				   .unit = "calls/pass",
				   .has_cache = true,
				   .cache = a->cache};
	const bool base_counted = a->syscalls_total != COUNT_UNKNOWN,
		   head_counted = b->syscalls_total != COUNT_UNKNOWN;
	if (a->jobs != 1 || b->jobs != 1 || a->status != STATUS_OK || b->status != STATUS_OK)
		return 0;
	c->n_uncounted += base_counted != head_counted;
	if (!base_counted || !head_counted)
		return 0;
	if (c->terms->across >> CONDITION_TREE & 1 || a->entries != b->entries)
		return add_rates(c, a, b);
	if (a->syscalls_total == b->syscalls_total)
		return 0;
	return judgement_add_counts(c->j, &row, a->syscalls_total, b->syscalls_total);
}

/* Left out if the sides differ in it; the row then has the difference. */
static bool has_cache(const struct cell_result *a, const struct cell_result *b)
{
	return a && b ? a->cache == b->cache : a || b;
}

static int judge_units(struct document_comparison *c, const char *id, struct units *base,
		       struct units *head)
{
	struct verdict_input e = {
		.identical = c->same_run,
		.tolerance = c->terms->tolerance,
		.limit = c->terms->limit,
	};
	collect(c, &c->base, id, base, &e);
	collect(c, &c->head, id, head, &e);
	if (base->first.cell && head->first.cell && !e.incomparable) {
		const char *odd = comparable_differences(c->j->arena, &base->first, &head->first,
							 c->terms->across);
		e.incomparable =
			odd ? or_memory(arena_print(c->j->arena, "differ in %s", odd)) : NULL;
	}
	int error = estimate(c, base, head, &e);
	const struct cell_result *one = base->first.cell ? base->first.cell : head->first.cell;
	const struct judged row = {
		.cell = id,
		.metric = "time",
		.unit = c->terms->relative ? "time/baseline" : "ns/entry",
		.has_cache = has_cache(base->first.cell, head->first.cell),
		.cache = one ? one->cache : CACHE_AS_IS,
		.has_base = base->n > 0,
		.has_head = head->n > 0,
		.base = base->median,
		.head = head->median,
	};
	if (!error)
		error = judgement_add(c->j, &row, &e);
	if (!error && !e.invalid && !e.incomparable)
		error = add_counts(c, base, head);
	return error;
}

static int judge_cell(struct document_comparison *c, const char *id)
{
	struct units base = {.logs = calloc(c->base.n, sizeof(double))};
	struct units head = {.logs = calloc(c->head.n, sizeof(double))};
	int error = base.logs && head.logs ? judge_units(c, id, &base, &head) : -ENOMEM;
	free(base.logs);
	free(head.logs);
	return error;
}

/* --- Both sides ------------------------------------------------------------------------------ */

static bool is_listed(const struct document_comparison *c, const char *id)
{
	for (size_t i = 0; i < c->n_ids; i++) {
		if (strcmp(c->ids[i], id) == 0)
			return true;
	}
	return false;
}

/* A floor makes no calls; the ratio of a baseline to itself is always 1. */
static bool is_compared(const struct document_comparison *c, const struct cell_result *cell)
{
	return !cell->is_floor && !(c->terms->relative && cell->is_baseline);
}

static void list_ids(struct document_comparison *c, const struct document_side *side)
{
	for (size_t d = 0; d < side->n; d++) {
		const struct result *result = side->documents[d].result;
		for (size_t i = 0; i < result->n_cells; i++) {
			const struct cell_result *cell = &result->cells[i];
			if (is_compared(c, cell) && !is_listed(c, cell->id))
				c->ids[c->n_ids++] = cell->id;
		}
	}
}

static size_t count_cells(const struct document_side *side)
{
	size_t n = 0;
	for (size_t i = 0; i < side->n; i++)
		n += side->documents[i].result->n_cells;
	return n;
}

static const char *side_words(struct arena *arena, const struct document_side *side)
{
	const char *more = side->n > 1 ? arena_print(arena, " and %zu more", side->n - 1) : "";
	return arena_print(arena, "%s%s", side->documents[0].name, or_memory(more));
}

static const struct compare_document *document_at(const struct document_comparison *c, size_t i)
{
	return i < c->base.n ? &c->base.documents[i] : &c->head.documents[i - c->base.n];
}

/* A run that is given twice would count as two runs with equal results. */
static int find_same_run(struct document_comparison *c, struct err *err)
{
	const size_t n = c->base.n + c->head.n;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			const struct compare_document *a = document_at(c, i),
						      *b = document_at(c, k);
			if (!a->result->run.id || !b->result->run.id ||
			    strcmp(a->result->run.id, b->result->run.id) != 0)
				continue;
			if (n > 2)
				return err_set(err, -EINVAL,
					       "%s and %s are the same run; one run counts once",
					       a->name, b->name);
			c->same_run = true;
		}
	}
	return 0;
}

/* The facts that both sides share, from the first cell that both have. */
static int tell_facts(struct document_comparison *c)
{
	const struct compare_document *a = &c->base.documents[0], *b = &c->head.documents[0];
	struct document_cell base = {a->name, a->result, NULL}, head = {b->name, b->result, NULL};
	for (size_t i = 0; i < c->n_ids && !(base.cell && head.cell); i++) {
		base.cell = result_cell(a->result, c->ids[i]);
		head.cell = result_cell(b->result, c->ids[i]);
	}
	return base.cell && head.cell ? comparable_facts(c->j, &base, &head) : 0;
}

static int tell_notes(struct document_comparison *c)
{
	struct judgement *j = c->j;
	int error = 0;
	if (c->base.n == 1 && c->head.n == 1 && !c->same_run)
		error = judgement_note(j, "One document per side gives figures, not a verdict: it "
					  "does not show how much runs of the same build vary. "
					  "Compare five or more documents per side.");
	if (!error && c->n_uncounted)
		error = judgement_note(j,
				       "System calls of %s are not compared: only one side counted "
				       "them.",
				       COUNTED(c->n_uncounted, "cell"));
	for (size_t i = 0; i < c->base.n + c->head.n && !error; i++) {
		const struct compare_document *d = document_at(c, i);
		if (!d->result->complete)
			error = judgement_note(j, "%s was cut short.", d->name);
	}
	return error;
}

static int compare(struct document_comparison *c)
{
	struct judgement *j = c->j;
	c->ids = calloc(count_cells(&c->base) + count_cells(&c->head) + 1, sizeof(*c->ids));
	if (!c->ids)
		return -ENOMEM;
	list_ids(c, &c->base);
	list_ids(c, &c->head);
	c->confidence = verdict_confidence(c->terms->family_error, c->n_ids);
	j->base = side_words(j->arena, &c->base);
	j->head = side_words(j->arena, &c->head);
	j->unit = "documents";
	j->unit_one = "document";
	j->n_base = (uint32_t)c->base.n;
	j->n_head = (uint32_t)c->head.n;
	j->family_error = c->terms->family_error;
	int error = tell_facts(c);
	for (size_t i = 0; i < c->n_ids && !error; i++)
		error = judge_cell(c, c->ids[i]);
	if (!error)
		error = tell_notes(c);
	free(c->ids);
	return error ? error : judgement_finish(j);
}

int compare_documents(const struct compare_document *base, size_t n_base,
		      const struct compare_document *head, size_t n_head,
		      const struct compare_terms *terms, struct judgement **judgement,
		      struct err *err)
{
	struct document_comparison c = {
		.base = {base, n_base, "base"},
		.head = {head, n_head, "head"},
		.terms = terms,
	};
	if (MAX(n_base, n_head) > STATS_SHIFT_MAX)
		return err_set(err, -E2BIG, "more than %d documents per side", STATS_SHIFT_MAX);
	int error = find_same_run(&c, err);
	if (error)
		return error;
	c.j = judgement_new(JUDGEMENT_COMPARE);
	error = c.j ? compare(&c) : -ENOMEM;
	if (error) {
		judgement_free(c.j);
		return err_errno(err, error, "cannot compare");
	}
	*judgement = c.j;
	return 0;
}
