#include "reports/history/trend_plot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/util.h"
#include "reports/plots/drawing.h"
#include "reports/verdict/judgement.h"
#include "reports/words/format.h"

enum { PANELS_MAX = 12, NAME_MAX_CHARS = 90, LINE_MAX_CHARS = 118 };

struct plotted {
	const struct trends *trends;
	const char *path;
	struct arena *arena;
};

/* With changes first: they are what a picture is wanted for. */
static const struct trend *panel(const struct trends *trends, size_t wanted)
{
	for (int changed = 1; changed >= 0; changed--) {
		for (size_t i = 0; i < trends->n; i++) {
			const struct trend *t = &trends->all[i];
			if (t->n == 0 || (t->n_changes > 0) != changed)
				continue;
			if (wanted-- == 0)
				return t;
		}
	}
	return NULL;
}

static const struct change *change_at(const struct trend *t, size_t i)
{
	for (size_t k = 0; k < t->n_changes; k++) {
		if (t->changes[k].at == i)
			return &t->changes[k];
	}
	return NULL;
}

static void put_point(struct plotted *p, FILE *data, size_t number, const struct trend *t, size_t i)
{
	const struct store_point *point = &t->points[i];
	const struct change *change = change_at(t, i);
	const double level = t->levels[i];
	const double ratio = change ? trend_ratio(change) : 1;
	fprintf(data, "%zu\t%zu\t%.10g\t%.10g\t%.10g\t%.10g\t%.10g\t%.10g\t%d\t", number + 1, i + 1,
		point->ratio, point->lo, point->hi, level, level / (1 + t->noise),
		level * (1 + t->noise), (ratio > 1) - (ratio < 1));
	drawing_words(p->arena, data, change ? judgement_change(p->arena, ratio) : " ",
		      NAME_MAX_CHARS);
	fputc('\t', data);
	drawing_words(p->arena, data, trend_name(t, p->arena), NAME_MAX_CHARS);
	fputc('\n', data);
}

static const char *write_history(struct plotted *p, FILE *data)
{
	const struct trend *t = panel(p->trends, 0);
	if (!t)
		return "there are no points yet";
	fputs("panel\tpoint\tratio\tlo\thi\tlevel\tband_lo\tband_hi\tchange\twords\tname\n", data);
	for (size_t number = 0; number < PANELS_MAX; number++) {
		t = panel(p->trends, number);
		for (size_t i = 0; t && i < t->n; i++)
			put_point(p, data, number, t, i);
	}
	return NULL;
}

/* As write_about of plots.c: common.gp knows the order. */
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
		"points: time over the baseline's, with the interval of the run; line: level",
		"band: nine in ten points of the level; red: slower from here, blue: faster",
		"from left to right in the order in which the runs began",
	};
	fputs("what\tnumber\twords\n", data);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		fputs("fact\t0\t", data);
		drawing_words(p->arena, data, lines[i], LINE_MAX_CHARS);
		fputc('\n', data);
	}
	return NULL;
}

static const char *write_data(void *arg, const char *name, FILE *data)
{
	return strcmp(name, "about") == 0 ? write_about(arg, data) : write_history(arg, data);
}

int trend_plot(const struct trends *trends, const char *path, const struct outdir *out, FILE *log,
	       const volatile int *stop, struct err *err)
{
	static const char *const names[] = {"history"};
	struct plotted p = {.trends = trends, .path = path, .arena = arena_new()};
	const struct drawing drawing = {
		.out = out,
		.about = "about",
		.names = names,
		.n = ARRAY_LEN(names),
		.write = write_data,
		.arg = &p,
		.again = "statmark history show",
		.log = log,
		.stop = stop,
	};
	int error = p.arena ? drawing_make(&drawing, err) : -ENOMEM;
	arena_free(p.arena);
	return error ? err_errno(err, error, "plots") : 0;
}
