/*
 * gnuplot is a language: it runs what stands in backticks, also inside double quotes, and acts on
 * backslashes, '%' and '{}' in many places. So nothing of a result is ever written into a script.
 * The scripts are constant; names and words travel in columns of TSV files, from which
 * drawing_words has taken the few characters that gnuplot gives a meaning in data.
 */
#include "reports/plots/drawing.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/embed.h"
#include "engine/base/replace.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/plots/gnuplot.h"

struct drawn {
	const struct drawing *d;
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
		if (text[0] == '\\') {
			used += (size_t)snprintf(tamed + used, size - used, "<%.2s>", text + 2);
			text += 3;
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

static int write_script(struct drawn *w, const char *name)
{
	for (const struct embedded *e = embedded_plots; e->name; e++) {
		const char *path = arena_print(w->arena, "%s/plots/%s.gp", w->d->outdir, name);
		if (strcmp(e->name, name) == 0)
			return path ? replace_file(path, e->text, e->size, w->err) : -ENOMEM;
	}
	return err_set(w->err, -ENOENT, "this build has no plot script %s", name);
}

/* Writes NAME.tsv; *reason: why there is nothing in it to draw. */
static int write_data(struct drawn *w, const char *name, const char **reason)
{
	const char *path = arena_print(w->arena, "%s/plots/%s.tsv", w->d->outdir, name);
	char *text;
	size_t size;
	FILE *data = open_memstream(&text, &size);
	if (!path || !data)
		return err_errno(w->err, -ENOMEM, "plots");
	*reason = w->d->write(w->d->arg, name, data);
	int error = ferror(data) || fclose(data) ? -ENOMEM : 0;
	if (!error && !*reason)
		error = replace_file(path, text, size, w->err);
	free(text);
	return error;
}

/* A picture of an earlier run would pass for one of this run. */
static void remove_old(struct drawn *w, const char *name)
{
	static const char *const files[][2] = {
		{"", "svg"}, {"", "png"}, {"plots/", "tsv"}, {"plots/", "gp"}};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *path = arena_print(w->arena, "%s/%s%s.%s", w->d->outdir, files[i][0],
					       name, files[i][1]);
		if (path)
			unlink(path);
	}
}

static int write_plot(struct drawn *w, const char *name, bool *drawable)
{
	const char *reason = NULL;
	remove_old(w, name);
	int error = write_data(w, name, &reason);
	*drawable = !error && !reason;
	if (*drawable)
		error = write_script(w, name);
	else if (!error && w->d->log)
		fprintf(w->d->log, "no plot %s: %s\n", name, reason);
	return error;
}

static int run_plot(struct drawn *w, const char *name, const char *dir)
{
	const char *script = arena_print(w->arena, "%s.gp", name);
	struct err here = {0};
	int error = script ? gnuplot_run(dir, script, &here) : -ENOMEM;
	if (error == -ENOENT)
		return err_set(w->err, -ENOTSUP,
			       "gnuplot was not found; install gnuplot-nox, then: "
			       "%s -o %s",
			       w->d->again, w->d->outdir);
	if (error)
		return err_set(w->err, error, "%s (in %s)", here.text, dir);
	if (!error && w->d->log)
		fprintf(w->d->log, "%s/%s.svg, .png\n", w->d->outdir, name);
	return error;
}

static int draw(struct drawn *w, bool *drawable)
{
	const struct drawing *d = w->d;
	const char *reason, *dir = arena_print(w->arena, "%s/plots", d->outdir);
	if (!dir)
		return err_errno(w->err, -ENOMEM, "plots");
	if (mkdir(dir, 0755) && errno != EEXIST)
		return err_errno(w->err, -errno, "%s", dir);
	int error = write_data(w, d->about, &reason);
	if (!error)
		error = write_script(w, "common");
	for (size_t i = 0; i < d->n && !error; i++)
		error = write_plot(w, d->names[i], &drawable[i]);
	for (size_t i = 0; i < d->n && !error; i++)
		error = drawable[i] ? run_plot(w, d->names[i], dir) : 0;
	return error;
}

int drawing_make(const struct drawing *d, struct err *err)
{
	struct drawn w = {.d = d, .arena = arena_new(), .err = err};
	bool *drawable = w.arena ? arena_alloc(w.arena, d->n + 1) : NULL;
	int error = drawable ? draw(&w, drawable) : -ENOMEM;
	arena_free(w.arena);
	return error ? err_errno(err, error, "plots") : 0;
}
