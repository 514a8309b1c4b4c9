/*
 * Writes markdown for the summary of a step in a GitHub workflow: failures visible, the rest
 * folded. GitHub refuses a summary above 1 MiB as a whole, so rows that would not fit are left out
 * and counted. <code> keeps names from being links.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "reports/present/present.h"
#include "reports/words/escape.h"

enum { SIZE_MAX_BYTES = 1000 * 1000, CELL_MAX = 120, REASON_MAX = 300 };

struct markdown {
	FILE *to;
	const struct judgement *j;
	struct arena *arena;
	size_t size; /* bytes of rows so far */
	size_t left_out;
};

static void put_row(struct markdown *m, const struct judged *row)
{
	struct arena *arena = m->arena;
	const char *line = arena_print(
		arena, "| %s | <code>%s</code> %s | %s | %s | %s | %s | %s |\n",
		verdict_name(row->verdict), escape_markdown(arena, row->cell, CELL_MAX),
		escape_markdown(arena, row->metric, CELL_MAX), present_value(arena, row, false),
		present_value(arena, row, true), present_change(arena, row),
		present_interval(arena, row), escape_markdown(arena, row->reason, REASON_MAX));
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
	fprintf(m->to, "## statmark %s: %s\n\nbase: %s  \nhead: %s\n", judgement_kind_name(j->kind),
		escape_markdown(m->arena, j->words, REASON_MAX),
		escape_markdown(m->arena, present_side(m->arena, j, false), REASON_MAX),
		escape_markdown(m->arena, present_side(m->arena, j, true), REASON_MAX));
	for (size_t i = 0; i < j->n_notes; i++)
		fprintf(m->to, "\n> %s\n", escape_markdown(m->arena, j->notes[i], REASON_MAX));
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
