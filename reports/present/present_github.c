/*
 * Writes annotations of a GitHub workflow: lines that its runner finds in the output of a step. The
 * runner shows ten of a kind and silently drops the rest, so at most ten are written, the last of
 * them a summary. Nothing else is printed, because a line that begins with "::" would be a command.
 */
#include <errno.h>
#include <string.h>

#include "reports/present/present.h"
#include "reports/words/format.h"

enum { ANNOTATIONS_MAX = 10 };

enum annotation { NO_ANNOTATION, NOTICE, WARNING, ERROR };

/* Escapes as the runner unescapes; in a property ':' and ',' end the value. */
static void put_escaped(FILE *to, const char *text, bool property)
{
	for (; *text; text++) {
		if (*text == '%' || *text == '\r' || *text == '\n' ||
		    (property && (*text == ':' || *text == ',')))
			fprintf(to, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, to);
	}
}

static void annotate(FILE *to, enum annotation annotation, const char *title, const char *text)
{
	static const char *const commands[] = {
		[NOTICE] = "notice", [WARNING] = "warning", [ERROR] = "error"};
	fprintf(to, "::%s title=", commands[annotation]);
	put_escaped(to, title, true);
	fputs("::", to);
	put_escaped(to, text, false);
	fputc('\n', to);
}

static enum annotation annotation_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REGRESSED:
	case VERDICT_INVALID:
		return ERROR;
	case VERDICT_INCOMPARABLE:
	case VERDICT_INCONCLUSIVE:
		return WARNING;
	case VERDICT_IMPROVED:
		return NOTICE;
	default:
		return NO_ANNOTATION;
	}
}

/* Rows that are incomparable for the same reason share an annotation; failures do not. */
static bool is_told(const struct judgement *j, size_t i)
{
	if (annotation_of(j->rows[i].verdict) != WARNING)
		return false;
	for (size_t k = 0; k < i; k++) {
		if (j->rows[k].verdict == j->rows[i].verdict &&
		    strcmp(j->rows[k].reason, j->rows[i].reason) == 0)
			return true;
	}
	return false;
}

static void annotate_rows(FILE *to, struct arena *arena, const struct judgement *j)
{
	size_t told = 0;
	for (size_t i = 0; i < j->n_rows && told + 1 < ANNOTATIONS_MAX; i++) {
		const struct judged *row = &j->rows[i];
		const enum annotation annotation = annotation_of(row->verdict);
		if (!annotation || is_told(j, i))
			continue;
		const char *title =
			arena_print(arena, "statmark %s %s %s", verdict_name(row->verdict),
				    format_text(arena, row->cell), format_text(arena, row->metric));
		annotate(to, annotation, title ? title : "statmark", present_sentence(arena, row));
		told++;
	}
}

int present_github(FILE *to, const struct judgement *j, const struct present_style *style)
{
	struct arena *arena = arena_new();
	(void)style;
	if (!arena)
		return -ENOMEM;
	annotate_rows(to, arena, j);
	annotate(to, NOTICE, "statmark", format_text(arena, j->words));
	arena_free(arena);
	return 0;
}
