/*
 * Markdown for the summary of a step in a GitHub workflow: what went wrong in the open, the rest
 * folded. GitHub refuses a summary above 1 MiB as a whole, so rows that would not fit are left out
 * and counted.
 *
 * What would begin something, in markdown or in HTML, is written as a character reference, which no
 * parser takes for markup; <code> keeps names from being links. Other characters stay as they are,
 * so that the text can be read as it stands.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/present/present.h"
#include "reports/words/format.h"

enum { SIZE_MAX_BYTES = 1000 * 1000, CELL_MAX = 120, REASON_MAX = 300 };

struct markdown {
	FILE *to;
	const struct judgement *j;
	struct arena *arena;
	size_t size; /* bytes of rows so far */
	size_t left_out;
};

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether markdown, or what GitHub adds to it, would take the character for more than itself. */
static bool is_mark(const char *text, const char *at)
{
	switch (*at) {
	case ':': /* of an address */
		return strncmp(at, "://", 3) == 0;
	case '.':
		return at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0;
	case '_': /* inside a word it is a letter */
		return !(at > text && is_word(at[-1]) && is_word(at[1]));
	case '+':
	case '-':
	case '=': /* begins a list, or underlines a heading */
		return at == text;
	default:
		return strchr("&<>\\`*[#|~@$", *at);
	}
}

static const char *escaped(struct arena *arena, const char *text, size_t max)
{
	const char *in = text_shorten(arena, format_text(arena, text), max);
	char *out = in ? arena_alloc(arena, 6 * strlen(in) + 1) : NULL;
	size_t used = 0;
	if (!out)
		return "?";
	for (const char *at = in; *at; at++) {
		if (is_mark(in, at))
			used += (size_t)snprintf(out + used, 7, "&#%d;", *at);
		else
			out[used++] = *at;
	}
	return out;
}

static void put_row(struct markdown *m, const struct judged *row)
{
	struct arena *arena = m->arena;
	const char *line =
		arena_print(arena, "| %s | <code>%s</code> %s | %s | %s | %s | %s | %s |\n",
			    verdict_name(row->verdict), escaped(arena, row->cell, CELL_MAX),
			    escaped(arena, row->metric, CELL_MAX), present_value(arena, row, false),
			    present_value(arena, row, true), present_change(arena, row),
			    present_interval(arena, row), escaped(arena, row->reason, REASON_MAX));
	size_t size = line ? strlen(line) : 0;
	if (!line || m->size + size > SIZE_MAX_BYTES) {
		m->left_out++;
		return;
	}
	m->size += size;
	fputs(line, m->to);
}

static bool is_open(const struct judged *row)
{
	return row->verdict == VERDICT_REGRESSED || row->verdict == VERDICT_INVALID;
}

/* Rows are sorted, the open ones first. */
static void put_rows(struct markdown *m, size_t from, size_t to)
{
	fputs("\n| verdict | cell | base | head | change | interval | why |\n"
	      "|---|---|---:|---:|---:|---|---|\n",
	      m->to);
	for (size_t i = from; i < to; i++)
		put_row(m, &m->j->rows[i]);
}

static void put_sides(const struct markdown *m)
{
	const struct judgement *j = m->j;
	fprintf(m->to, "## statmark %s: %s\n\nbase: %s  \nhead: %s\n", j->kind,
		escaped(m->arena, j->words, REASON_MAX),
		escaped(m->arena, present_side(m->arena, j, false), REASON_MAX),
		escaped(m->arena, present_side(m->arena, j, true), REASON_MAX));
	for (size_t i = 0; i < j->n_notes; i++)
		fprintf(m->to, "\n> %s\n", escaped(m->arena, j->notes[i], REASON_MAX));
}

static void put_all(struct markdown *m)
{
	size_t open = 0, n = m->j->n_rows;
	put_sides(m);
	while (open < n && is_open(&m->j->rows[open]))
		open++;
	if (open)
		put_rows(m, 0, open);
	if (open < n) {
		fprintf(m->to, "\n<details><summary>%s</summary>\n",
			COUNTED(n - open, open ? "other" : "comparison"));
		put_rows(m, open, n);
		fputs("\n</details>\n", m->to);
	}
	if (m->left_out)
		fprintf(m->to, "\n%s %s not fit here.\n", COUNTED(m->left_out, "more row"),
			m->left_out == 1 ? "does" : "do");
}

int present_markdown(FILE *to, const struct judgement *j, const struct present_style *style)
{
	struct markdown m = {.to = to, .j = j, .arena = arena_new()};
	(void)style;
	if (!m.arena)
		return -ENOMEM;
	put_all(&m);
	arena_free(m.arena);
	return 0;
}
