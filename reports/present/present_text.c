/* Writes a judgement as text. */
#include <errno.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/present/present.h"
#include "reports/words/color.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum { VERDICT, CELL, CACHE, BASE, HEAD, CHANGE, INTERVAL, SEEN, COLUMNS };
enum { GAP = 2, INDENT = 4, FACT_INDENT = 10, NAME_LEAST = 12 };

struct text {
	FILE *to;
	const struct judgement *j;
	const struct present_style *style;
	struct arena *arena;
	const char *(*cells)[COLUMNS]; /* of the head and every row */
	const char **names;            /* whole, where they do not fit */
	size_t widths[COLUMNS];        /* 0: left out */
	size_t width;
};

static const char *color_of(enum verdict verdict)
{
	static const char *const colors[VERDICTS] = {
		[VERDICT_REGRESSED] = COLOR_RED,       [VERDICT_INVALID] = COLOR_RED,
		[VERDICT_IMPROVED] = COLOR_GREEN,      [VERDICT_INCOMPARABLE] = COLOR_YELLOW,
		[VERDICT_INCONCLUSIVE] = COLOR_YELLOW,
	};
	return colors[verdict] ? colors[verdict] : "";
}

static void put(const struct text *t, const char *color, const char *text)
{
	color_put(t->to, t->style->color, color, text);
}

/*
 * Text from outside so that GitHub's runner, which may read this in the output of a step, finds no
 * command in it: it looks for "::" where a line begins, after blanks of any kind, and for "##["
 * anywhere. Any word may begin a line.
 */
static const char *calm(struct arena *arena, const char *text)
{
	char *made = arena_alloc(arena, 2 * strlen(text) + 1), *out = made;
	if (!made)
		return or_unknown(NULL);
	for (; *text; text++) {
		const unsigned char before = out > made ? (unsigned char)out[-1] : ' ';
		*out++ = *text;
		if ((strncmp(text, "::", 2) == 0 && (before <= ' ' || before >= 0x80)) ||
		    (strncmp(text, "#[", 2) == 0 && before == '#'))
			*out++ = ' ';
	}
	*out = '\0';
	return made;
}

static void put_wrapped(const struct text *t, const char *text, size_t at, size_t indent)
{
	wrap_print(t->to, calm(t->arena, text), at, indent, t->width);
}

static void put_fact(const struct text *t, const char *name, const char *text)
{
	put(t, COLOR_BOLD, name);
	fprintf(t->to, "%*s", FACT_INDENT - (int)strlen(name), "");
	put_wrapped(t, text, FACT_INDENT, FACT_INDENT);
	fputc('\n', t->to);
}

/* Whether all rows have one state, that of the first. *known: each row has one of its own. */
static bool has_common_cache(const struct judgement *j, bool *known)
{
	bool one = j->n_rows;
	*known = one;
	for (size_t i = 0; i < j->n_rows; i++) {
		*known &= j->rows[i].has_cache;
		one &= j->rows[i].has_cache && j->rows[i].cache == j->rows[0].cache;
	}
	return one;
}

/* Prints only the facts in which the sides differ; --format json has all. */
static void put_facts(const struct text *t)
{
	const struct judgement *j = t->j;
	put_fact(t, "base", present_side(t->arena, j, false));
	put_fact(t, "head", present_side(t->arena, j, true));
	for (size_t i = 0; i < j->n_facts; i++) {
		const struct judged_fact *f = &j->facts[i];
		if (f->names || same_text(f->base, f->head))
			continue;
		const char *text =
			arena_print(t->arena, "%s: %s in base, %s in head", f->name,
				    format_text(t->arena, f->base), format_text(t->arena, f->head));
		put_fact(t, "differs", or_unknown(text));
	}
	bool known;
	if (has_common_cache(j, &known) && j->rows[0].cache != CACHE_WARM) /* it is in no name */
		put_fact(t, "state",
			 format_text(t->arena, arena_print(t->arena, "%s cache",
							   cache_state_name(j->rows[0].cache))));
	const char *terms =
		arena_print(t->arena, "%.3g %% joint confidence", 100 * (1 - j->family_error));
	put_fact(t, "interval", or_unknown(terms));
	fputc('\n', t->to);
}

static int fill(struct text *t)
{
	static const char *const heads[COLUMNS] = {"verdict", "cell",   "cache",    "base",
						   "head",    "change", "interval", "could see"};
	bool known, one = has_common_cache(t->j, &known);
	t->cells = arena_alloc(t->arena, (t->j->n_rows + 1) * sizeof(*t->cells));
	t->names = arena_alloc(t->arena, (t->j->n_rows + 1) * sizeof(*t->names));
	if (!t->cells || !t->names)
		return -ENOMEM;
	memcpy(t->cells[0], heads, sizeof(heads));
	if (one || !known)
		t->cells[0][CACHE] = "";
	for (size_t i = 0; i < t->j->n_rows; i++) {
		const struct judged *row = &t->j->rows[i];
		const char *cell = known ? label_without(t->arena, row->cell, row->cache)
					 : format_text(t->arena, row->cell);
		const char **columns = t->cells[i + 1];
		if (!row->estimated)
			cell = arena_print(t->arena, "%s, %s", cell, row->metric);
		columns[VERDICT] = verdict_name(row->verdict);
		columns[CELL] = calm(t->arena, or_unknown(cell));
		columns[CACHE] = *t->cells[0][CACHE] ? cache_state_name(row->cache) : "";
		columns[BASE] = present_value(t->arena, row, false);
		columns[HEAD] = present_value(t->arena, row, true);
		columns[CHANGE] = present_change(t->arena, row);
		columns[INTERVAL] = present_interval(t->arena, row);
		columns[SEEN] = present_seen(t->arena, row);
	}
	return 0;
}

/* A name that is cut is printed below its row, too; one that cannot be cut is printed above it. */
static int fit_names(struct text *t, size_t room)
{
	const char **names = arena_alloc(t->arena, (t->j->n_rows + 1) * sizeof(*names));
	for (size_t i = 0; names && i <= t->j->n_rows; i++)
		names[i] = t->cells[i][CELL];
	if (!names)
		return -ENOMEM;
	labels_fit(t->arena, names, t->j->n_rows + 1, room);
	for (size_t i = 0; i <= t->j->n_rows; i++) {
		t->names[i] = strcmp(names[i], t->cells[i][CELL]) ? t->cells[i][CELL] : NULL;
		t->cells[i][CELL] = names[i];
	}
	return 0;
}

static bool says_nothing(const struct text *t, int column)
{
	for (size_t i = 1; i <= t->j->n_rows; i++) {
		if (*t->cells[i][column])
			return false;
	}
	return true;
}

static void leave_out(struct text *t, int column, size_t *others)
{
	*others -= t->widths[column] ? GAP + t->widths[column] : 0;
	t->widths[column] = 0;
}

/*
 * A cell's name gets what the figures leave. Where the terminal is too narrow columns are left out;
 * what changed, and its interval, are the answer.
 */
static int set_widths(struct text *t)
{
	size_t others = GAP;
	for (int c = 0; c < COLUMNS; c++) {
		for (size_t i = 0; i <= t->j->n_rows; i++)
			t->widths[c] = MAX(t->widths[c], text_width(t->cells[i][c]));
		others += c == CELL ? 0 : t->widths[c] + (c && t->widths[c] ? GAP : 0);
	}
	others += MIN(t->widths[CELL], NAME_LEAST);
	for (int c = COLUMNS - 1; c > CHANGE && others > t->width; c--) {
		if (says_nothing(t, c))
			leave_out(t, c, &others);
	}
	if (others > t->width)
		leave_out(t, SEEN, &others);
	if (others > t->width) {
		leave_out(t, BASE, &others);
		leave_out(t, HEAD, &others);
	}
	others -= MIN(t->widths[CELL], NAME_LEAST);
	size_t room = t->width > others + NAME_LEAST ? t->width - others : NAME_LEAST;
	t->widths[CELL] = MIN(t->widths[CELL], room);
	return fit_names(t, room);
}

static void put_line(const struct text *t, size_t line, const char *color)
{
	const char *const *columns = t->cells[line];
	int last = COLUMNS - 1;
	while (last > CELL && (!*columns[last] || !t->widths[last]))
		last--;
	for (int c = 0; c <= last; c++) {
		size_t width = text_width(columns[c]);
		int pad = (int)(t->widths[c] - MIN(width, t->widths[c]));
		if (!t->widths[c])
			continue;
		fprintf(t->to, "%*s", (c ? GAP : 0) + (c > CACHE ? pad : 0), "");
		put(t, c == VERDICT ? color : "", columns[c]);
		if (c == CELL && width > t->widths[c] && c < last)
			fprintf(t->to, "\n%*s", (int)(t->widths[VERDICT] + GAP + t->widths[c]), "");
		if (c <= CACHE && c < last)
			fprintf(t->to, "%*s", pad, "");
	}
	fputc('\n', t->to);
}

static void put_indented(const struct text *t, const char *text)
{
	fprintf(t->to, "%*s", INDENT, "");
	put_wrapped(t, text, INDENT, INDENT);
	fputc('\n', t->to);
}

/*
 * Reasons, for rows whose figures do not explain the verdict; a reason of several rows is printed
 * once.
 */
static void put_reason(const struct text *t, size_t i)
{
	const struct judged *row = &t->j->rows[i];
	bool clear = row->ratio.known && row->verdict > VERDICT_IDENTICAL && !row->is_told;
	if (clear || !row->estimated)
		return;
	if (i + 1 < t->j->n_rows && same_text(row->reason, t->j->rows[i + 1].reason))
		return;
	put_indented(t, format_text(t->arena, row->reason));
}

static void put_ends(const struct text *t)
{
	const struct judgement *j = t->j;
	fputc('\n', t->to);
	for (size_t i = 0; i < j->n_notes; i++) {
		put_wrapped(t, format_text(t->arena, j->notes[i]), 0, 0);
		fputc('\n', t->to);
	}
	const char *end = color_begin(t->to, t->style->color, color_of(j->overall));
	put_wrapped(t, present_words(t->arena, t->j), 0, INDENT);
	fprintf(t->to, "%s\n", end);
}

int present_text(FILE *to, const struct judgement *j, const struct present_style *style)
{
	struct text t = {.to = to, .j = j, .style = style, .arena = arena_new()};
	t.width = (size_t)MAX(style->width, WIDTH_MIN);
	int error = t.arena ? fill(&t) : -ENOMEM;
	if (!error) {
		put_facts(&t);
		error = set_widths(&t);
	}
	if (!error) {
		if (j->n_rows)
			put_line(&t, 0, COLOR_BOLD);
		for (size_t i = 0; i < j->n_rows; i++) {
			put_line(&t, i + 1, color_of(j->rows[i].verdict));
			if (t.names[i + 1])
				put_indented(&t, t.names[i + 1]);
			put_reason(&t, i);
		}
		put_ends(&t);
	}
	arena_free(t.arena);
	return error;
}
