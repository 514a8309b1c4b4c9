/*
 * Compares two strategies or filesystems within documents. With one document the rounds are the
 * units: each has both cells within a short time. With several, each document gives the median over
 * its rounds, and the documents are the units, which includes the differences between processes.
 */
#include "reports/verdict/compare.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/pairs.h"
#include "reports/verdict/comparable.h"
#include "reports/verdict/selector.h"
#include "reports/words/format.h"

struct cell_pair {
	const char *base, *head; /* ids */
};

struct pairs {
	struct judgement *j;
	const struct compare_document *documents;
	size_t n_documents;
	const struct compare_terms *terms;
	struct selector base, head;
	struct cell_pair *pairs;
	size_t n, room;
};

static bool is_known(const struct pairs *p, const char *base, const char *head)
{
	for (size_t i = 0; i < p->n; i++) {
		if (strcmp(p->pairs[i].base, base) == 0 && strcmp(p->pairs[i].head, head) == 0)
			return true;
	}
	return false;
}

static bool is_pair(const struct pairs *p, const struct result *result, const struct cell_result *a,
		    const struct cell_result *b)
{
	return !a->is_floor && !b->is_floor && selector_fits(&p->base, result, a) &&
	       selector_fits(&p->head, result, b) &&
	       selector_pairs(&p->base, &p->head, result, a, b) && !is_known(p, a->id, b->id);
}

static int find_pairs(struct pairs *p, const struct result *result)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		for (size_t k = 0; k < result->n_cells; k++) {
			const struct cell_result *a = &result->cells[i], *b = &result->cells[k];
			if (!is_pair(p, result, a, b))
				continue;
			if (array_grow(&p->pairs, &p->room, p->n + 1, sizeof(*p->pairs)))
				return -ENOMEM;
			p->pairs[p->n++] = (struct cell_pair){a->id, b->id};
		}
	}
	return 0;
}

/* Stores in the input why a document has no figure for a cell. */
static bool is_lacking(struct pairs *p, const char *name, const char *id,
		       const struct cell_result *cell, struct verdict_input *e)
{
	struct arena *arena = p->j->arena;
	const char *id_text = format_text(arena, id), *why;
	if (cell && cell->status == STATUS_OK)
		return false;
	if (!cell)
		why = arena_print(arena, "%s is not in %s", id_text, name);
	else
		why = arena_print(arena, "%s: %s in %s: %s", id_text, status_name(cell->status),
				  name, format_text(arena, cell->reason));
	why = why ? why : "memory ran out";
	if (!cell || cell->status == STATUS_SKIPPED)
		e->incomparable = why;
	else
		e->invalid = why;
	return true;
}

/* The logs of one document: all its rounds, or their median when documents are the units. */
static int add_logs(struct pairs *p, const struct cell_result *a, const struct cell_result *b,
		    double **all, size_t *n)
{
	struct estimate e;
	double *logs;
	size_t n_logs;
	int error = pairs_logs(b, a, &logs, &n_logs);
	if (error)
		return error;
	if (p->n_documents == 1) {
		free(*all);
		*all = logs;
		*n = n_logs;
		return 0;
	}
	stats_ratio_of(logs, n_logs, STATS_CONFIDENCE, &e);
	if (e.known)
		(*all)[(*n)++] = log(e.median);
	free(logs);
	return 0;
}

static int gather(struct pairs *p, const struct cell_pair *pair, struct judged *row,
		  struct verdict_input *e, double **logs, size_t *n)
{
	int error = 0;
	for (size_t i = 0; i < p->n_documents && !error; i++) {
		const struct compare_document *d = &p->documents[i];
		const struct cell_result *a = result_cell(d->result, pair->base);
		const struct cell_result *b = result_cell(d->result, pair->head);
		if (is_lacking(p, d->name, pair->base, a, e) ||
		    is_lacking(p, d->name, pair->head, b, e))
			continue;
		row->has_cache = a->cache == b->cache;
		row->cache = a->cache;
		if (!row->has_base && a->ns_per_entry.known) {
			row->has_base = true;
			row->base = a->ns_per_entry.median;
		}
		if (!row->has_head && b->ns_per_entry.known) {
			row->has_head = true;
			row->head = b->ns_per_entry.median;
		}
		error = add_logs(p, a, b, logs, n);
	}
	return error;
}

/* All rounds of one cell come before those of the other, in every document. */
static bool is_apart(const struct pairs *p, const struct cell_pair *pair)
{
	for (size_t i = 0; i < p->n_documents; i++) {
		const struct cell_result *a = result_cell(p->documents[i].result, pair->base);
		const struct cell_result *b = result_cell(p->documents[i].result, pair->head);
		if (!a || !b || !a->n_passes || !b->n_passes ||
		    (a->passes[0].round <= b->passes[b->n_passes - 1].round &&
		     b->passes[0].round <= a->passes[a->n_passes - 1].round))
			return false;
	}
	return true;
}

static int judge_pair(struct pairs *p, const struct cell_pair *pair)
{
	struct arena *arena = p->j->arena;
	const double confidence = verdict_confidence(p->terms->family_error, p->n);
	double *logs = calloc(p->n_documents, sizeof(*logs));
	size_t n = 0;
	struct verdict_input e = {.tolerance = p->terms->tolerance, .limit = p->terms->limit};
	struct judged row = {
		.cell = arena_print(arena, "%s against %s", pair->head, pair->base),
		.metric = "time",
		.unit = "ns/entry",
	};
	int error = logs && row.cell ? gather(p, pair, &row, &e, &logs, &n) : -ENOMEM;
	if (!error)
		stats_ratio_of(logs, n, confidence, &e.ratio);
	if (!error && !e.ratio.known && is_apart(p, pair)) {
		e.no_verdict = "they have no round in common: they were measured one after the "
			       "other, such as trees that do not fit into memory together";
	} else if (!error && !e.ratio.known) {
		e.no_verdict = arena_print(arena, "%s, fewer than the %zu needed",
					   COUNTED(n, p->j->unit_one), stats_least(confidence));
		error = e.no_verdict ? 0 : -ENOMEM;
	}
	free(logs);
	return error ? error : judgement_add(p->j, &row, &e);
}

/* The facts that both sides share, from the first pair of a document. */
static int tell_facts(struct pairs *p)
{
	for (size_t i = 0; i < p->n * p->n_documents; i++) {
		const struct cell_pair *pair = &p->pairs[i / p->n_documents];
		const struct compare_document *d = &p->documents[i % p->n_documents];
		const struct document_cell base = {d->name, d->result,
						   result_cell(d->result, pair->base)},
					   head = {d->name, d->result,
						   result_cell(d->result, pair->head)};
		if (base.cell && head.cell)
			return comparable_facts(p->j, &base, &head);
	}
	return 0;
}

static bool is_compared(const struct pairs *p, const struct cell_result *cell)
{
	for (size_t i = 0; i < p->n; i++) {
		if (same_text(cell->id, p->pairs[i].base) || same_text(cell->id, p->pairs[i].head))
			return true;
	}
	return false;
}

/* Notes the cells that worked in another way than their own: their figures are of that. */
static int note_ways(struct pairs *p, const struct compare_document *d)
{
	struct arena *arena = p->j->arena;
	int error = 0;
	for (size_t i = 0; i < d->result->n_cells && !error; i++) {
		const struct cell_result *cell = &d->result->cells[i];
		const struct extra_fact *fact = result_other_way(cell);
		if (fact && cell->status == STATUS_OK && is_compared(p, cell))
			error = judgement_note(p->j, "%s in %s was %s%s%s.", cell->id, d->name,
					       format_other_way(arena, fact),
					       fact->reason ? ": " : "",
					       fact->reason ? fact->reason : "");
	}
	return error;
}

static int judge_pairs(struct pairs *p, const char *base, const char *head, struct err *err)
{
	struct judgement *j = p->j;
	int error = selector_parse(&p->base, base, j->arena, err);
	if (!error)
		error = selector_parse(&p->head, head, j->arena, err);
	for (size_t i = 0; i < p->n_documents && !error; i++)
		error = find_pairs(p, p->documents[i].result);
	if (!error && !p->n)
		error = err_set(err, -EINVAL, "%s has no cells to compare: '%s' against '%s'",
				p->documents[0].name, head, base);
	const bool one = p->n_documents == 1;
	j->base = format_text(j->arena, base);
	j->head = format_text(j->arena, head);
	j->unit = one ? "rounds" : "documents";
	j->unit_one = one ? "round" : "document";
	j->n_base = j->n_head =
		one ? p->documents[0].result->run.rounds_done : (uint32_t)p->n_documents;
	j->family_error = p->terms->family_error;
	for (size_t i = 0; i < p->n && !error; i++)
		error = judge_pair(p, &p->pairs[i]);
	if (!error)
		error = tell_facts(p);
	for (size_t i = 0; i < p->n_documents && !error; i++)
		error = note_ways(p, &p->documents[i]);
	if (!error && one)
		error = judgement_note(j, "All rounds are of one run; what differs from run to run "
					  "is not in the intervals.");
	return error ? error : judgement_finish(j);
}

int compare_cells(const struct compare_document *documents, size_t n, const char *base,
		  const char *head, const struct compare_terms *terms, struct judgement **judgement,
		  struct err *err)
{
	struct pairs p = {
		.j = judgement_new(JUDGEMENT_COMPARE),
		.documents = documents,
		.n_documents = n,
		.terms = terms,
	};
	int error = p.j ? judge_pairs(&p, base, head, err) : -ENOMEM;
	free(p.pairs);
	if (error) {
		judgement_free(p.j);
		return err_errno(err, error, "cannot compare");
	}
	*judgement = p.j;
	return 0;
}
