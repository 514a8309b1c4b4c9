/*
 * gnuplot is a language: it runs what stands in backticks, also inside double quotes, and acts on
 * backslashes, '%' and '{}' in many places. So nothing of a result is ever written into a script.
 * The scripts are constant; names and words travel in columns of TSV files, from which
 * drawing_words has taken the few characters that gnuplot gives a meaning in data.
 */
#include "reports/plots/drawing.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/plots/gnuplot.h"
#include "reports/plots/scripts.h"
#include "reports/plots/workshop.h"

struct drawn {
	const struct drawing *d;
	struct outdir plots;      /* scripts and data, for the user */
	struct workshop workshop; /* and for gnuplot */
	struct arena *arena;
	struct err *err;
};

/*
 * Text as a column may hold it: gnuplot acts on double quotes and, in some places twice, on
 * backslashes, and writes SVG that is no XML for "]]>". Quotes are drawn curved; \xHH (text.h) and
 * that bracket become <HH>.
 */
static char *tame(struct arena *arena, const char *text)
{
	size_t size = 4 * strlen(text) + 1, used = 0; /* one byte becomes at most four */
	char *tamed = arena_alloc(arena, size);
	for (; tamed && *text; text++) {
		/* One that was cut is a backslash like any other. */
		if (text[0] == '\\' && text[1] == 'x' && isxdigit((unsigned char)text[2]) &&
		    isxdigit((unsigned char)text[3])) {
			used += (size_t)snprintf(tamed + used, size - used, "<%.2s>", text + 2);
			text += 3;
		} else if (*text == '\\') {
			used += (size_t)snprintf(tamed + used, size - used, "<5c>");
		} else if (*text == '"') {
			used += (size_t)snprintf(tamed + used, size - used, "\342\200\235");
		} else if (*text == '>' && used >= 2 && memcmp(tamed + used - 2, "]]", 2) == 0) {
			used += (size_t)snprintf(tamed + used, size - used, "<3e>");
		} else {
			tamed[used++] = *text;
		}
	}
	return tamed;
}

void drawing_words(struct arena *arena, FILE *data, const char *text, size_t max)
{
	const char *tamed = text ? tame(arena, text) : NULL;
	const char *shown = tamed ? text_shorten(arena, tamed, max) : NULL;
	fputs(shown && *shown ? shown : "?", data);
}

void drawing_about(struct arena *arena, FILE *data, const char *const *lines, size_t n, int number)
{
	enum { LINE_MAX_CHARS = 118 };
	fputs("what\tnumber\twords\n", data);
	for (size_t i = 0; i < n; i++) {
		fprintf(data, "fact\t%d\t", number);
		drawing_words(arena, data, lines[i], LINE_MAX_CHARS);
		fputc('\n', data);
	}
}

/* For the user, and for gnuplot: which never reads what somebody could have changed. */
static int put(struct drawn *w, const char *name, const char *kind, const void *text, size_t size)
{
	const char *file = arena_print(w->arena, "%s.%s", name, kind);
	if (!file)
		return -ENOMEM;
	int error = outdir_write(&w->plots, file, text, size, w->err);
	return error ? error : outdir_write(&w->workshop.plots, file, text, size, w->err);
}

static int write_script(struct drawn *w, const char *name)
{
	char *text;
	size_t size;
	int error = scripts_read(w->d->terms->scripts, name, &text, &size, w->err);
	if (error)
		return err_errno(w->err, error, "%s.gp", name);
	error = put(w, name, "gp", text, size);
	free(text);
	return error;
}

/* Writes NAME.tsv; *reason: why there is nothing in it to draw. */
static int write_data(struct drawn *w, const char *name, const char **reason)
{
	char *text;
	size_t size;
	FILE *data = open_memstream(&text, &size);
	if (!data)
		return err_errno(w->err, -ENOMEM, "plots");
	*reason = w->d->write(w->d->arg, name, data);
	int error = ferror(data) || fclose(data) ? -ENOMEM : 0;
	if (!error && !*reason)
		error = put(w, name, "tsv", text, size);
	free(text);
	return error;
}

/* A picture of an earlier run would pass for one of this run. */
static void remove_old(struct drawn *w, const char *name)
{
	static const char *const kinds[] = {"svg", "png", "tsv", "gp"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *file = arena_print(w->arena, "%s.%s", name, kinds[i]);
		if (file)
			outdir_remove(i < 2 ? w->d->out : &w->plots, file);
	}
}

/* The script, and the one that it loads beside common.gp. */
static int write_scripts(struct drawn *w, const char *name)
{
	static const char *const of_bands[] = {"sizes", "crossover"};
	int error = write_script(w, name);
	for (size_t i = 0; i < ARRAY_LEN(of_bands) && !error; i++) {
		if (strcmp(of_bands[i], name) == 0)
			error = write_script(w, "bands");
	}
	return error;
}

static int write_plot(struct drawn *w, const char *name, bool *drawable)
{
	const char *reason = NULL;
	remove_old(w, name);
	int error = write_data(w, name, &reason);
	*drawable = !error && !reason;
	if (*drawable)
		error = write_scripts(w, name);
	else if (!error && w->d->terms->log && *reason)
		fprintf(w->d->terms->log, "no plot %s: %s\n", name, reason);
	return error;
}

/* A plot is announced once both pictures are there, whole. */
static int deliver(struct drawn *w, const char *name)
{
	static const char *const kinds[] = {"svg", "png"};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !error; i++) {
		const char *file = arena_print(w->arena, "%s.%s", name, kinds[i]);
		error = file ? workshop_deliver(&w->workshop, file, w->d->out, w->arena, w->err)
			     : -ENOMEM;
	}
	if (!error && w->d->terms->log)
		fprintf(w->d->terms->log, "%s/%s.svg, .png\n", w->d->out->path, name);
	return error;
}

static int run_plot(struct drawn *w, const char *name)
{
	const char *script = arena_print(w->arena, "%s.gp", name);
	struct err here = {0};
	if (w->d->terms->until_ns && clock_ns() >= w->d->terms->until_ns)
		return err_set(w->err, -ETIMEDOUT, "no time is left to draw");
	int error = script ? gnuplot_run(w->workshop.plots.fd, script, w->d->terms->stop,
					 w->d->terms->until_ns, &here)
			   : -ENOMEM;
	if (error == -ENOENT)
		return err_set(w->err, -ENOTSUP,
			       "gnuplot was not found; install gnuplot-nox, then: "
			       "%s -o %s",
			       w->d->again, w->d->out->path);
	if (error == -EINTR || error == -ETIMEDOUT)
		return err_set(w->err, error, "%s", here.text);
	if (error)
		return err_set(w->err, error, "%s (script and data are in %s)", here.text,
			       w->plots.path);
	return deliver(w, name);
}

/* One that cannot be drawn does not keep the others from it; the first failure counts. */
static int run_plots(struct drawn *w, const bool *drawable)
{
	int first = 0;
	for (size_t i = 0; i < w->d->n; i++) {
		int error = drawable[i] ? run_plot(w, w->d->names[i]) : 0;
		first = first ? first : error;
		if (error == -ENOTSUP || error == -EINTR || error == -ETIMEDOUT)
			break;
	}
	return first;
}

static int draw(struct drawn *w, bool *drawable)
{
	const struct drawing *d = w->d;
	const char *reason;
	int error = outdir_open_below(&w->plots, d->out, "plots", w->err);
	if (!error)
		error = workshop_open(&w->workshop, d->out->path, w->err);
	if (!error)
		error = write_data(w, d->about, &reason);
	if (!error)
		error = write_script(w, "common");
	for (size_t i = 0; i < d->n && !error; i++)
		error = write_plot(w, d->names[i], &drawable[i]);
	return error ? error : run_plots(w, drawable);
}

int drawing_make(const struct drawing *d, struct err *err)
{
	struct drawn w = {
		.d = d,
		.plots = OUTDIR_NONE,
		.workshop = {OUTDIR_NONE, OUTDIR_NONE},
		.arena = arena_new(),
		.err = err,
	};
	bool *drawable = w.arena ? arena_alloc(w.arena, d->n + 1) : NULL;
	int error = drawable ? draw(&w, drawable) : -ENOMEM;
	workshop_close(&w.workshop);
	outdir_close(&w.plots);
	arena_free(w.arena);
	return error ? err_errno(err, error, "plots") : 0;
}
