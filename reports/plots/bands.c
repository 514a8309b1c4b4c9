#include "reports/plots/bands.h"

#include <errno.h>
#include <string.h>

#include "engine/base/arena.h"
#include "engine/base/util.h"
#include "reports/plots/columns.h"
#include "reports/plots/drawing.h"
#include "reports/words/format.h"

enum { SERIES_MAX = 6 };

struct drawn {
	const struct bands *bands;
	struct arena *arena;
	size_t blocks;
};

/* The range of a few rounds is not an interval, so no band is drawn for it. */
static void put_numbers(FILE *data, const struct estimate *e)
{
	if (estimate_has_median(e))
		fprintf(data, "\t%.10g\t%.10g\t%.10g", e->median, e->known ? e->lo : e->median,
			e->known ? e->hi : e->median);
	else
		fputs("\tNaN\tNaN\tNaN", data);
}

static const char *words_of(struct drawn *d, const struct bands_point *point, bool is_b)
{
	const struct bands *b = d->bands;
	const char *place = b->is_time ? format_duration(d->arena, point->x * 1e9)
				       : format_fixed(d->arena, point->x, 0);
	const char *head = arena_print(d->arena, "%s at %s", is_b ? b->b : b->a, place);
	return band_words(d->arena, head, is_b ? &point->b : &point->a,
			  is_b ? &point->ratio : NULL);
}

/* Line 1 is A, whose ratio is 1; line 2 is B. */
static void put_block(struct drawn *d, FILE *data, const struct bands_series *series,
		      const char *title, size_t panel, bool is_b)
{
	static const struct estimate one = {.known = true, .median = 1, .lo = 1, .hi = 1};
	const struct bands *bands = d->bands;
	fputs(d->blocks++ ? "\n\n" : "", data);
	for (size_t i = 0; i < series->n; i++) {
		const struct bands_point *point = &series->points[i];
		fprintf(data, "%.10g", point->x);
		put_numbers(data, is_b ? &point->b : &point->a);
		put_numbers(data, is_b ? &point->ratio : &one);
		fprintf(data, "\t%zu\t%d\t", panel, is_b + 1);
		drawing_words(d->arena, data, is_b ? bands->b : bands->a, KEY_MAX_CHARS);
		fputc('\t', data);
		drawing_words(d->arena, data, title, BAND_TITLE_MAX_CHARS);
		fprintf(data, "\t%.10g\t%.10g\t%.10g\t", series->at, series->lo, series->hi);
		drawing_words(d->arena, data, words_of(d, point, is_b), HOVER_MAX_CHARS);
		fputc('\n', data);
	}
}

static size_t rows_from(const struct bands *bands, size_t first)
{
	size_t n = 0;
	for (size_t i = first; i < bands->n; i++)
		n += bands->series[i].n > 0;
	return n;
}

static const char *write_crossover(struct drawn *d, FILE *data)
{
	const struct bands *bands = d->bands;
	size_t most = 0;
	for (size_t i = 0; i < bands->n; i++)
		most = MAX(most, bands->series[i].n);
	if (most < 2)
		return "fewer than two places have figures";
	fputs("# x\tns\tlo\thi\tratio\tlo\thi\tpanel\tline\tcell\ttitle\tcrossing\tlo\thi\thover\n",
	      data);
	for (size_t i = 0, panel = 0; i < bands->n && panel < SERIES_MAX; i++) {
		const struct bands_series *series = &bands->series[i];
		if (series->n == 0)
			continue;
		const size_t later = ++panel < SERIES_MAX ? 0 : rows_from(bands, i + 1);
		const char *title = bands_title(d->arena, series->title, later);
		put_block(d, data, series, title, panel, false);
		put_block(d, data, series, title, panel, true);
	}
	return NULL;
}

/* As write_about of plots.c: common.gp depends on the order. */
static const char *write_about(const struct drawn *d, FILE *data)
{
	const struct bands *b = d->bands;
	const char *lines[] = {"floor",     b->along,    "confidence", b->facts[0], b->facts[1],
			       b->facts[2], b->facts[3], "whiskers",   b->whiskers};
	drawing_about(d->arena, data, lines, ARRAY_LEN(lines), b->is_time ? 2 : 0);
	return NULL;
}

static const char *write_data(void *arg, const char *name, FILE *data)
{
	return strcmp(name, "about") == 0 ? write_about(arg, data) : write_crossover(arg, data);
}

int bands_draw(const struct bands *bands, const struct outdir *out,
	       const struct drawing_terms *terms, struct err *err)
{
	static const char *const names[] = {"crossover"};
	struct drawn drawn = {.bands = bands, .arena = arena_new()};
	const struct drawing drawing = {
		.out = out,
		.about = "about",
		.names = names,
		.n = ARRAY_LEN(names),
		.write = write_data,
		.arg = &drawn,
		.again = "statmark crossover",
		.terms = terms,
	};
	int error = drawn.arena ? drawing_make(&drawing, err) : -ENOMEM;
	arena_free(drawn.arena);
	return error ? err_errno(err, error, "cannot draw plots") : 0;
}
