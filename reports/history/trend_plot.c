/* Draws series of the history: reports/plots/history.gp. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/history/trend.h"
#include "reports/plots/drawing.h"
#include "reports/verdict/judgement.h"
#include "reports/words/format.h"

enum { PANELS_MAX = 12, NAME_MAX_CHARS = 90, LINE_MAX_CHARS = 118 };

struct plotted {
	const struct trends *trends;
	const char *path;
	struct arena *arena;
};

/* The last columns: day, commit, and both with the figures. */
static void put_run(struct plotted *p, FILE *data, const struct store_point *point)
{
	enum { COMMIT_CHARS = 9 };
	const char *commit = point->commit ? format_text(p->arena, point->commit) : " ";
	const char *when = trend_day(point->started, p->arena);
	const char *words = trend_point_words(point, p->arena);
	fputc('\t', data);
	drawing_words(p->arena, data, when, LINE_MAX_CHARS);
	fputc('\t', data);
	drawing_words(p->arena, data, arena_print(p->arena, "%.*s", COMMIT_CHARS, commit),
		      COMMIT_CHARS);
	fputc('\t', data);
	drawing_words(p->arena, data, words, LINE_MAX_CHARS);
	fputc('\n', data);
}

/* "fstatat/j1 on flat, tmpfs, vm; warm cache, n = 60": a long name is cut before its end. */
static void put_name(struct plotted *p, FILE *data, const struct trend *t)
{
	const char *tail = arena_print(p->arena, "; %s cache, n = %zu",
				       format_text(p->arena, t->series->cache), t->n);
	const size_t room = NAME_MAX_CHARS - MIN(text_width(or_unknown(tail)), NAME_MAX_CHARS / 2);
	drawing_words(p->arena, data, trend_name(t, p->arena), room);
	fputs(or_unknown(tail), data);
}

static void put_point(struct plotted *p, FILE *data, size_t number, const struct trend *t, size_t i)
{
	const struct store_point *point = &t->points[i];
	const struct change *change = trend_change_at(t, i);
	const double level = t->levels[i];
	const double ratio = change ? trend_ratio(change) : 1;
	fprintf(data, "%zu\t%zu\t%.10g\t%.10g\t%.10g\t%.10g\t%.10g\t%.10g\t%d\t", number + 1, i + 1,
		point->ratio, point->lo, point->hi, level, level / (1 + t->noise),
		level * (1 + t->noise), (ratio > 1) - (ratio < 1));
	drawing_words(p->arena, data, change ? judgement_change(p->arena, ratio) : " ",
		      NAME_MAX_CHARS);
	fputc('\t', data);
	put_name(p, data, t);
	put_run(p, data, point);
}

static const char *write_history(struct plotted *p, FILE *data)
{
	const struct trend *t = trend_nth(p->trends, 0);
	if (!t)
		return "there are no points yet";
	fputs("panel\tpoint\tratio\tlo\thi\tlevel\tband_lo\tband_hi\tchange\twords\tname\t"
	      "day\tcommit\thover\n",
	      data);
	for (size_t number = 0; number < PANELS_MAX; number++) {
		t = trend_nth(p->trends, number);
		for (size_t i = 0; t && i < t->n; i++)
			put_point(p, data, number, t, i);
	}
	return NULL;
}

static const char *text_of(const struct store_origin *origin, size_t member)
{
	return *(const char *const *)((const char *)origin + member);
}

/* "1, 2 and 58 more": the different values of a member in all runs that are drawn. */
static const char *different(struct plotted *p, size_t member)
{
	enum { TOLD = 3 };
	const struct trends *t = p->trends;
	const char *all = NULL;
	size_t n = 0;
	for (size_t i = 0; i < t->n_origins; i++) {
		const char *text = text_of(&t->origins[i], member);
		bool is_new = text;
		for (size_t k = 0; k < i && is_new; k++)
			is_new = !same_text(text, text_of(&t->origins[k], member));
		if (is_new && n++ < TOLD)
			all = arena_print(p->arena, "%s%s%s", all ? all : "", all ? ", " : "",
					  format_text(p->arena, text));
	}
	if (n > TOLD)
		all = arena_print(p->arena, "%s and %s more", or_unknown(all), GROUPED(n - TOLD));
	return all ? all : "not known";
}

/* As write_about of plots.c: common.gp depends on the order. */
static const char *write_about(struct plotted *p, FILE *data)
{
	const char *left_out =
		p->trends->n > PANELS_MAX
			? arena_print(p->arena, "; %s are not drawn",
				      COUNTED(p->trends->n - PANELS_MAX, "more series"))
			: "";
	const char *lines[] = {
		"floor",
		"baseline",
		"confidence",
		arena_print(p->arena, "%s: %s, %s%s", format_text(p->arena, p->path),
			    COUNTED(p->trends->runs, "run"), COUNTED(p->trends->n, "series"),
			    left_out ? left_out : ""),
		arena_print(p->arena, "statmark %s; seeds of the runs: %s",
			    different(p, offsetof(struct store_origin, version)),
			    different(p, offsetof(struct store_origin, seed))),
		"points: time over the baseline's, with the interval of the run; line: level; "
		"band: nine in ten points of it",
		"red: slower from here, blue: faster; in the order in which the runs began, "
		"equally far apart",
	};
	drawing_about(p->arena, data, lines, ARRAY_LEN(lines), 0);
	return NULL;
}

static const char *write_data(void *arg, const char *name, FILE *data)
{
	return strcmp(name, "about") == 0 ? write_about(arg, data) : write_history(arg, data);
}

int trend_plot(const struct trends *trends, const char *path, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err)
{
	static const char *const names[] = {"history"};
	struct plotted p = {.trends = trends, .path = path, .arena = arena_new()};
	const char *again =
		p.arena ? arena_print(p.arena, "statmark history show --db %s", path) : NULL;
	const struct drawing drawing = {
		.out = out,
		.about = "about",
		.names = names,
		.n = ARRAY_LEN(names),
		.write = write_data,
		.arg = &p,
		.again = again ? again : "statmark history show",
		.terms = terms,
	};
	int error = p.arena ? drawing_make(&drawing, err) : -ENOMEM;
	arena_free(p.arena);
	return error ? err_errno(err, error, "cannot draw plots") : 0;
}
