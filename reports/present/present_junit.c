/*
 * Writes JUnit XML for CI servers: a test case for each row, a failure for a regression, an error
 * for an invalid row, a skip for an inconclusive one. Servers list the attributes; the bodies have
 * all details for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "engine/base/text.h"
#include "reports/present/present.h"
#include "reports/words/format.h"

enum outcome { PASSED, FAILURE, ERROR, SKIPPED, OUTCOMES };

static enum outcome outcome_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REGRESSED:
		return FAILURE;
	case VERDICT_INVALID:
		return ERROR;
	case VERDICT_INCOMPARABLE:
	case VERDICT_INCONCLUSIVE:
		return SKIPPED;
	default:
		return PASSED;
	}
}

/* What XML cannot hold even as a reference: U+FFFE and U+FFFF; format_text left no controls. */
static bool is_no_xml(const char *s)
{
	return memcmp(s, "\xef\xbf", 2) == 0 && (s[2] == '\xbe' || s[2] == '\xbf');
}

static void put_escaped(FILE *to, struct arena *arena, const char *text)
{
	for (const char *s = format_text(arena, text); *s; s++) {
		const char *mark = strchr("&<>\"'", *s);
		if (mark) {
			fprintf(to, "&#%d;", *s);
		} else if (*s == '\xef' && is_no_xml(s)) {
			fprintf(to, "\\xef\\xbf\\x%02x", (unsigned char)s[2]);
			s += 2;
		} else {
			fputc(*s, to);
		}
	}
}

static void put_attribute(FILE *to, struct arena *arena, const char *name, const char *value)
{
	fprintf(to, " %s=\"", name);
	put_escaped(to, arena, value);
	fputc('"', to);
}

/* Servers merge cases of one name. */
static const char *unique_name(struct arena *arena, const struct judgement *j, size_t i)
{
	const struct judged *row = &j->rows[i];
	size_t before = 0;
	for (size_t k = 0; k < i; k++)
		before += strcmp(j->rows[k].cell, row->cell) == 0 &&
			  strcmp(j->rows[k].metric, row->metric) == 0;
	const char *name =
		before ? arena_print(arena, "%s %s (%zu)", row->cell, row->metric, before + 1)
		       : arena_print(arena, "%s %s", row->cell, row->metric);
	return or_unknown(name);
}

static void put_case(FILE *to, struct arena *arena, const struct judgement *j, size_t i)
{
	static const char *const tags[OUTCOMES] = {"system-out", "failure", "error", "skipped"};
	const struct judged *row = &j->rows[i];
	const enum outcome outcome = outcome_of(row->verdict);
	fputs("  <testcase", to);
	put_attribute(to, arena, "classname",
		      arena_print(arena, "statmark.%s", judgement_kind_name(j->kind)));
	put_attribute(to, arena, "name", unique_name(arena, j, i));
	fprintf(to, ">\n   <%s", tags[outcome]);
	if (outcome != PASSED)
		put_attribute(to, arena, "message", row->reason);
	if (outcome == FAILURE || outcome == ERROR)
		put_attribute(to, arena, "type", verdict_name(row->verdict));
	fputc('>', to);
	put_escaped(to, arena, present_sentence(arena, row));
	fprintf(to, "</%s>\n  </testcase>\n", tags[outcome]);
}

static void put_counts(FILE *to, const struct judgement *j)
{
	size_t counts[OUTCOMES] = {0};
	for (size_t i = 0; i < j->n_rows; i++)
		counts[outcome_of(j->rows[i].verdict)]++;
	fprintf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", j->n_rows,
		counts[FAILURE], counts[ERROR], counts[SKIPPED]);
}

static void put_property(FILE *to, struct arena *arena, const char *name, const char *value)
{
	fputs("   <property", to);
	put_attribute(to, arena, "name", name);
	put_attribute(to, arena, "value", value ? value : "unknown");
	fputs("/>\n", to);
}

static void put_properties(FILE *to, struct arena *arena, const struct judgement *j)
{
	fputs("  <properties>\n", to);
	put_property(to, arena, "base", j->base);
	put_property(to, arena, "head", j->head);
	put_property(to, arena, "verdict", j->words);
	for (size_t i = 0; i < j->n_facts; i++) {
		const struct judged_fact *f = &j->facts[i];
		put_property(to, arena, arena_print(arena, "base.%s", f->name), f->base);
		put_property(to, arena, arena_print(arena, "head.%s", f->name), f->head);
	}
	fputs("  </properties>\n", to);
}

int present_junit(FILE *to, const struct judgement *j, const struct present_style *style)
{
	struct arena *arena = arena_new();
	(void)style;
	if (!arena)
		return -ENOMEM;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"statmark\"", to);
	put_counts(to, j);
	fputs(">\n <testsuite", to);
	put_attribute(to, arena, "name",
		      arena_print(arena, "statmark %s", judgement_kind_name(j->kind)));
	put_counts(to, j);
	fputs(">\n", to);
	put_properties(to, arena, j);
	for (size_t i = 0; i < j->n_rows; i++)
		put_case(to, arena, j, i);
	fputs("  <system-out>", to);
	for (size_t i = 0; i < j->n_notes; i++) {
		put_escaped(to, arena, j->notes[i]);
		fputc('\n', to);
	}
	fputs("</system-out>\n </testsuite>\n</testsuites>\n", to);
	arena_free(arena);
	return 0;
}
