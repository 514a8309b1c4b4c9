#include "reports/verdict/judgement.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "reports/words/format.h"

const char *judgement_kind_name(unsigned kind)
{
	static const char *const names[JUDGEMENT_KINDS] = {
		[JUDGEMENT_COMPARE] = "compare", [JUDGEMENT_GATE] = "gate"};
	return word_of(names, JUDGEMENT_KINDS, kind);
}

struct judgement *judgement_new(enum judgement_kind kind)
{
	struct judgement *j = calloc(1, sizeof(*j));
	if (!j)
		return NULL;
	j->kind = kind;
	j->arena = arena_new();
	if (!j->arena) {
		free(j);
		return NULL;
	}
	return j;
}

void judgement_free(struct judgement *j)
{
	if (!j)
		return;
	free(j->facts);
	free(j->notes);
	free(j->rows);
	arena_free(j->arena);
	free(j);
}

const char *judgement_change(struct arena *arena, double ratio)
{
	double percent = 100 * (ratio - 1);
	int decimals = fabs(percent) < 99.95 ? 1 : 0;
	/* A change that rounds to 0 has no direction. */
	if (fabs(percent) < 0.05)
		return "0.0 %";
	const char *number = format_fixed(arena, fabs(percent), decimals);
	const char *text = arena_print(arena, "%c%s %%", percent < 0 ? '-' : '+', number);
	return or_unknown(text);
}

const char *judgement_percent(struct arena *arena, double share)
{
	const char *text = arena_print(arena, "%.3g %%", 100 * fabs(share));
	return or_unknown(text);
}

/* Why an interval leads to this verdict, in one line. */
static const char *interval_words(struct arena *arena, enum verdict verdict,
				  const struct verdict_input *e)
{
	const struct estimate *ratio = &e->ratio;
	const char *tolerance = judgement_percent(arena, e->tolerance);
	const char *limit = judgement_percent(arena, e->limit);
	switch (verdict) {
	case VERDICT_REGRESSED:
		return arena_print(arena, "slower by at least %s, more than the tolerated %s",
				   judgement_percent(arena, ratio->lo - 1), tolerance);
	case VERDICT_IMPROVED:
		return arena_print(arena, "faster by at least %s, more than the tolerated %s",
				   judgement_percent(arena, ratio->hi - 1), tolerance);
	case VERDICT_OK:
		return arena_print(arena, "a slowdown of %s is excluded", limit);
	default:
		return arena_print(arena,
				   "between %s and %s: neither a difference nor its "
				   "absence is shown",
				   judgement_change(arena, ratio->lo),
				   judgement_change(arena, ratio->hi));
	}
}

static const char *reason_of(struct judgement *j, enum verdict verdict,
			     const struct verdict_input *e)
{
	switch (verdict) {
	case VERDICT_INVALID:
		return e->invalid;
	case VERDICT_INCOMPARABLE:
		return e->incomparable;
	case VERDICT_IDENTICAL:
		return "both sides are the same";
	default:
		break;
	}
	if (e->no_verdict)
		return e->no_verdict;
	return e->ratio.known ? interval_words(j->arena, verdict, e) : e->ratio.reason;
}

static struct judged *add_row(struct judgement *j, const struct judged *row)
{
	if (array_grow(&j->rows, &j->room_rows, j->n_rows + 1, sizeof(*j->rows)))
		return NULL;
	j->rows[j->n_rows] = *row;
	return &j->rows[j->n_rows++];
}

int judgement_add(struct judgement *j, const struct judged *from, const struct verdict_input *input)
{
	struct judged *row = add_row(j, from);
	if (!row)
		return -ENOMEM;
	row->verdict = verdict_of(input);
	row->estimated = true;
	row->is_told = row->reason || input->no_verdict;
	/* One rule for figures, change and ratio, so that none contradicts another. */
	if (row->has_base && input->ratio.known) {
		row->has_head = true;
		row->head = row->base * input->ratio.median;
	}
	row->ratio = input->ratio;
	row->has_tolerance = true;
	row->tolerance = input->tolerance;
	row->limit = input->limit;
	row->seen = verdict_seen(&input->ratio, input->tolerance);
	if (!row->reason)
		row->reason = reason_of(j, row->verdict, input);
	return row->reason ? 0 : -ENOMEM;
}

int judgement_add_counts(struct judgement *j, const struct judged *from, uint64_t base,
			 uint64_t head)
{
	struct judged *row = add_row(j, from);
	if (!row)
		return -ENOMEM;
	row->verdict = verdict_of_counts(base, head);
	row->estimated = false;
	row->has_base = row->has_head = true;
	row->base = (double)base;
	row->head = (double)head;
	if (!row->reason)
		row->reason =
			arena_print(j->arena, "counted, not estimated: %s, were %s",
				    format_count(j->arena, head), format_count(j->arena, base));
	return row->reason ? 0 : -ENOMEM;
}

/* Trees may differ by a few directories; because of the tolerance that alone gives no verdict. */
int judgement_add_rates(struct judgement *j, const struct judged *from, double base, double head,
			double tolerance)
{
	struct judged *row = add_row(j, from);
	if (!row)
		return -ENOMEM;
	row->verdict = head > base * (1 + tolerance)   ? VERDICT_REGRESSED
		       : base > head * (1 + tolerance) ? VERDICT_IMPROVED
						       : VERDICT_OK;
	row->estimated = false;
	row->is_rate = row->has_base = row->has_head = row->has_tolerance = true;
	row->tolerance = tolerance;
	row->base = base;
	row->head = head;
	row->reason = arena_print(j->arena, "counted, not estimated: %s per entry, were %s",
				  format_fixed(j->arena, head, 3), format_fixed(j->arena, base, 3));
	return row->reason ? 0 : -ENOMEM;
}

int judgement_fact(struct judgement *j, const char *name, const char *base, const char *head)
{
	if (array_grow(&j->facts, &j->room_facts, j->n_facts + 1, sizeof(*j->facts)))
		return -ENOMEM;
	j->facts[j->n_facts++] = (struct judged_fact){.name = name, .base = base, .head = head};
	return 0;
}

int judgement_note(struct judgement *j, const char *format, ...)
{
	char *text;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	const char *note = arena_copy(j->arena, text);
	free(text);
	if (!note || array_grow(&j->notes, &j->room_notes, j->n_notes + 1, sizeof(*j->notes)))
		return -ENOMEM;
	j->notes[j->n_notes++] = note;
	return 0;
}

/* The largest change first among equals; cells in the order of their names otherwise. */
static int by_severity(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;
	int order = verdict_severity(x->verdict) - verdict_severity(y->verdict);
	double far_x = x->ratio.known ? fabs(log(x->ratio.median)) : 0;
	double far_y = y->ratio.known ? fabs(log(y->ratio.median)) : 0;
	if (order)
		return order;
	if (far_x != far_y)
		return far_x > far_y ? -1 : 1;
	order = strcmp(x->cell, y->cell);
	return order ? order : strcmp(x->metric, y->metric);
}

static const char *sum_up(struct judgement *j)
{
	static const char *const words[VERDICTS] = {
		[VERDICT_INVALID] = "cannot be trusted", [VERDICT_INCOMPARABLE] = "incomparable",
		[VERDICT_IDENTICAL] = "identical",       [VERDICT_REGRESSED] = "slower",
		[VERDICT_IMPROVED] = "faster",           [VERDICT_OK] = "not slower",
		[VERDICT_INCONCLUSIVE] = "inconclusive",
	};
	const char *list = NULL;
	for (int severity = 0; severity < VERDICTS; severity++) {
		for (int v = 0; v < VERDICTS; v++) {
			if (verdict_severity((enum verdict)v) != severity || !j->counts[v])
				continue;
			list = arena_print(j->arena, "%s%s%s %s", list ? list : "",
					   list ? ", " : "", GROUPED(j->counts[v]), words[v]);
		}
	}
	return list ? arena_print(j->arena, "%s: of %s %s", verdict_name(j->overall),
				  COUNTED(j->n_rows, "comparison"), list)
		    : "INCONCLUSIVE: there was nothing to compare";
}

/* The facts are those of one row; a state that differs between rows is named in each row. */
static void settle_cache_fact(struct judgement *j)
{
	unsigned states = 0; /* a bit for each */
	for (size_t i = 0; i < j->n_rows; i++)
		states |= j->rows[i].has_cache ? 1U << j->rows[i].cache : 0;
	if (!(states & (states - 1)))
		return; /* one, or none is known */
	for (size_t i = 0; i < j->n_facts; i++) {
		if (strcmp(j->facts[i].name, "cache") == 0)
			j->facts[i].base = j->facts[i].head = "see each row";
	}
}

int judgement_finish(struct judgement *j)
{
	memset(j->counts, 0, sizeof(j->counts));
	j->overall = VERDICT_INCONCLUSIVE;
	if (j->n_rows)
		qsort(j->rows, j->n_rows, sizeof(*j->rows), by_severity);
	for (size_t i = 0; i < j->n_rows; i++)
		j->counts[j->rows[i].verdict]++;
	if (j->n_rows)
		j->overall = j->rows[0].verdict;
	settle_cache_fact(j);
	j->finished = true;
	j->words = sum_up(j);
	return j->words ? 0 : -ENOMEM;
}
