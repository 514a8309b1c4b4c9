/* Draws a judgement: changes with their intervals, the tolerance, and the limit. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/verdict/judgement.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { ROWS_MAX = 60, NAME_MAX_CHARS = 38, WORDS_MAX_CHARS = 40, LINE_MAX_CHARS = 118 };

struct picture {
	const struct judgement *j;
	struct arena *arena;
	const char **names;
	size_t n;
};

static double percent(double ratio)
{
	return 100 * (ratio - 1);
}

/* 1: red, -1: blue, 0: grey; 2: there is nothing to draw but words. */
static int kind_of(const struct judged *row)
{
	if (!row->ratio.known)
		return 2;
	return row->verdict == VERDICT_REGRESSED ? 1 : row->verdict == VERDICT_IMPROVED ? -1 : 0;
}

/* "REGRESSED +6.1 %": the verdict with what was measured. */
static const char *words_of(struct picture *p, const struct judged *row)
{
	if (!row->ratio.known)
		return verdict_name(row->verdict);
	return arena_print(p->arena, "%s %s", verdict_name(row->verdict),
			   judgement_change(p->arena, row->ratio.median));
}

static const char *hover_of(struct picture *p, const struct judged *row, const char *name)
{
	return arena_print(p->arena, "%s: %s (%s to %s; n = %" PRIu32 "), %s", name,
			   judgement_change(p->arena, row->ratio.median),
			   judgement_change(p->arena, row->ratio.lo),
			   judgement_change(p->arena, row->ratio.hi), row->ratio.n,
			   verdict_name(row->verdict));
}

static void put_column(struct picture *p, FILE *data, const char *words, size_t max)
{
	fputc('\t', data);
	drawing_words(p->arena, data, words, max);
}

static void put_row(struct picture *p, FILE *data, size_t i, const struct judged *row)
{
	const struct estimate *e = &row->ratio;
	const int kind = kind_of(row);
	fprintf(data, "%zu\t%d\t", i + 1, kind);
	if (kind == 2)
		fputs("NaN\tNaN\tNaN", data);
	else
		fprintf(data, "%.10g\t%.10g\t%.10g", percent(e->median), percent(e->lo),
			percent(e->hi));
	fprintf(data, "\t%.10g\t%.10g", 100 * row->tolerance, 100 * row->limit);
	put_column(p, data, p->names[i], NAME_MAX_CHARS);
	put_column(p, data, words_of(p, row), WORDS_MAX_CHARS);
	put_column(p, data, kind == 2 ? " " : hover_of(p, row, p->names[i]), LINE_MAX_CHARS);
	fputc('\n', data);
}

/* What has an interval, and what was to have one; counts are in the table. */
static const char *write_rows(struct picture *p, FILE *data)
{
	bool any = false;
	fputs("row\tkind\tchange\tlo\thi\ttolerance\tlimit\tcell\twords\thover\n", data);
	for (size_t i = 0, n = 0; i < p->j->n_rows && n < ROWS_MAX; i++) {
		const struct judged *row = &p->j->rows[i];
		if (!row->estimated)
			continue;
		any |= row->ratio.known;
		put_row(p, data, n++, row);
	}
	return any ? NULL : "no change was measured with an interval";
}

struct plotted_fact {
	const char *name, *before; /* the words before its value */
	const char *one;           /* what it is a number of, one; NULL: it is no number */
};

static const char *value_words(struct picture *p, const char *value, const char *one)
{
	return one && value ? arena_print(p->arena, "%s", COUNTED(strtoull(value, NULL, 10), one))
			    : format_text(p->arena, value);
}

/* "cache warm", or "cache warm / cold" where the sides differ. NULL: it is not known of either. */
static const char *told_words(struct picture *p, const struct plotted_fact *told)
{
	const struct judged_fact *f = p->j->facts, *end = f + p->j->n_facts;
	while (f < end && strcmp(f->name, told->name) != 0)
		f++;
	if (f == end || (!f->base && !f->head))
		return NULL;
	const bool differ = !same_text(f->base, f->head);
	return arena_print(p->arena, "%s%s%s%s", told->before, value_words(p, f->base, told->one),
			   differ ? " / " : "", differ ? value_words(p, f->head, told->one) : "");
}

static const char *fact_words(struct picture *p, const struct plotted_fact *told, size_t n)
{
	const char *all = NULL;
	for (size_t i = 0; i < n; i++) {
		const char *words = told_words(p, &told[i]);
		if (words)
			all = arena_print(p->arena, "%s%s%s", all ? all : "", all ? ", " : "",
					  words);
	}
	return all ? all : " ";
}

/* Lines are cut at their end: what is long comes last. */
static const struct plotted_fact of_tree[] = {
	{"tree.entries", "", "entry"}, {"tree.seed", "seed ", NULL}, {"fs.type", "", NULL},
	{"cache", "cache ", NULL},     {"tree.name", "", NULL},
};
static const struct plotted_fact of_host[] = {
	{"tool.version", "statmark ", NULL},
	{"kernel.release", "Linux ", NULL},
	{"host.cpu", "", NULL},
	{"program", "", NULL},
};

static const char *write_about(struct picture *p, FILE *data)
{
	const struct judgement *j = p->j;
	const char *lines[] = {
		"floor",
		"baseline",
		"confidence",
		arena_print(p->arena, "base: %s (%s); head: %s (%s)",
			    format_text(p->arena, j->base), COUNTED(j->n_base, j->unit_one),
			    format_text(p->arena, j->head), COUNTED(j->n_head, j->unit_one)),
		fact_words(p, of_tree, ARRAY_LEN(of_tree)),
		fact_words(p, of_host, ARRAY_LEN(of_host)),
		format_text(p->arena, j->words),
		arena_print(p->arena, "whiskers: intervals of %g %% together, by %s",
			    100 * (1 - j->family_error), format_text(p->arena, j->unit)),
	};
	drawing_about(p->arena, data, lines, ARRAY_LEN(lines), 0);
	return NULL;
}

static const char *write_data(void *arg, const char *name, FILE *data)
{
	return strcmp(name, "about") == 0 ? write_about(arg, data) : write_rows(arg, data);
}

/* Of "fstatat/j1 against lstat/j1" the first: what it stands against is in the head. */
static const char *head_of(struct picture *p, const char *cell)
{
	const char *end = strstr(cell, " against ");
	return end ? arena_print(p->arena, "%.*s", (int)(end - cell), cell) : cell;
}

static int name_rows(struct picture *p)
{
	p->names = arena_alloc(p->arena, (p->j->n_rows + 1) * sizeof(*p->names));
	for (size_t i = 0; p->names && i < p->j->n_rows; i++) {
		if (p->j->rows[i].estimated)
			p->names[p->n++] = format_text(p->arena, head_of(p, p->j->rows[i].cell));
	}
	if (p->names)
		labels_fit(p->arena, p->names, p->n, NAME_MAX_CHARS);
	return p->names ? 0 : -ENOMEM;
}

int judgement_plot(const struct judgement *j, const struct outdir *out,
		   const struct drawing_terms *terms, struct err *err)
{
	static const char *const names[] = {"judgement"};
	struct picture p = {.j = j, .arena = arena_new()};
	const struct drawing drawing = {
		.terms = terms,
		.out = out,
		.about = "about",
		.names = names,
		.n = ARRAY_LEN(names),
		.write = write_data,
		.arg = &p,
		.again = "the same command",
	};
	int error = p.arena ? name_rows(&p) : -ENOMEM;
	error = error ? error : drawing_make(&drawing, err);
	arena_free(p.arena);
	return error ? err_errno(err, error, "cannot draw plots") : 0;
}
