/*
 * Writes scripts and data, and runs gnuplot. gnuplot is a language: it runs commands in backticks,
 * also inside double quotes, and interprets backslashes, '%' and '{}' in many places. So no text of
 * a result is written into a script. The scripts are constant. Names and words are in columns of
 * TSV files, and drawing_words removes the few characters that gnuplot interprets in data.
 */
#include "reports/plots/drawing.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/plots/gnuplot.h"
#include "reports/plots/picture.h"
#include "reports/plots/scripts.h"

/*
 * The directory that gnuplot works in. No other user may enter it, so gnuplot reads only files of
 * this program. Its pictures are checked before they are copied to the results.
 */

struct work_dir {
	struct outdir dir;   /* the pictures */
	struct outdir plots; /* scripts and data */
};

#define PICTURE_MAX ((size_t)64 << 20)

static void empty(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	struct dirent *d;
	while (stream && (d = readdir(stream)))
		unlinkat(fd, d->d_name, 0); /* directories stay */
	if (stream)
		closedir(stream);
	else if (again >= 0)
		close(again);
}

/* Removes the directory and its contents. */
static void work_dir_remove(struct work_dir *w)
{
	if (w->plots.fd >= 0)
		empty(w->plots.fd);
	if (w->dir.fd >= 0) {
		empty(w->dir.fd);
		unlinkat(w->dir.fd, "plots", AT_REMOVEDIR);
		rmdir(w->dir.path);
	}
	outdir_close(&w->plots);
	outdir_close(&w->dir);
}

static int make_below(struct work_dir *w, const char *parent, struct err *err)
{
	char path[4096];
	if ((size_t)snprintf(path, sizeof(path), "%s/statmark-XXXXXX", parent) >= sizeof(path))
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	int error = outdir_open(&w->dir, path, false, err);
	if (!error)
		error = outdir_open_below(&w->plots, &w->dir, "plots", err);
	if (error)
		work_dir_remove(w);
	return error;
}

/* Makes it below $TMPDIR, else in /tmp, else in `other`. Errors: those of mkdtemp(3). */
static int work_dir_open(struct work_dir *w, const char *other, struct err *err)
{
	const char *const parents[] = {getenv("TMPDIR"), "/tmp", other};
	int error = -ENOENT;
	*w = (struct work_dir){OUTDIR_NONE, OUTDIR_NONE};
	for (size_t i = 0; error && i < ARRAY_LEN(parents); i++) {
		if (parents[i] && *parents[i])
			error = make_below(w, parents[i], NULL);
	}
	return error ? err_errno(err, error, "cannot make a private directory in /tmp or %s", other)
		     : 0;
}

static int write_picture(const struct outdir *out, const char *name, const char *text, size_t size,
			 struct err *err)
{
	char *finished;
	if (strcmp(name + strlen(name) - 4, ".svg") != 0)
		return outdir_write(out, name, text, size, err);
	int error = picture_finish(text, size, &finished, &size);
	if (error)
		return err_errno(err, error, "cannot write %s", name);
	error = outdir_write(out, name, finished, size, err);
	free(finished);
	return error;
}

static bool ends_in(const char *text, size_t size, const char *end, size_t length)
{
	return size >= length && memcmp(text + size - length, end, length) == 0;
}

/* Whether an SVG has its last tag, or a PNG its last chunk. */
static bool is_whole(const char *name, const char *text, size_t size)
{
	static const char svg_end[] = "</svg>", png_end[] = "\0\0\0\0IEND\256B`\202";
	if (ends_in(name, strlen(name), ".png", 4))
		return ends_in(text, size, png_end, sizeof(png_end) - 1);
	while (size > 0 && strchr("\r\n \t", text[size - 1]))
		size--;
	return ends_in(text, size, svg_end, sizeof(svg_end) - 1);
}

/*
 * Copies the picture NAME.svg or NAME.png to `out`. -EIO, with a message: gnuplot did not write it
 * completely.
 */
static int work_dir_deliver(const struct work_dir *w, const char *name, const struct outdir *out,
			    struct arena *arena, struct err *err)
{
	const char *path = arena_print(arena, "%s/%s", w->dir.path, name);
	char *text;
	size_t size;
	int error = path ? read_file(path, PICTURE_MAX, &text, &size) : -ENOMEM;
	if (error == -ENOENT)
		return err_set(err, -EIO, "gnuplot reported no error but did not write %s", name);
	if (error)
		return err_errno(err, error, "cannot read %s", name);
	if (is_whole(name, text, size))
		error = write_picture(out, name, text, size, err);
	else
		error = err_set(err, -EIO,
				"gnuplot reported no error but wrote only the first %zu bytes "
				"of %s; is the filesystem of %s full?",
				size, name, w->dir.path);
	free(text);
	return error;
}

struct drawing_state {
	const struct drawing *d;
	struct outdir plots; /* scripts and data, for the user */
	struct work_dir dir; /* and for gnuplot */
	struct arena *arena;
	struct err *err;
};

/*
 * Makes text safe for a column: gnuplot interprets double quotes and, in some places twice,
 * backslashes, and writes invalid XML for "]]>". Double quotes become curved ones; \xHH (text.h)
 * and that bracket become <HH>.
 */
static char *escape(struct arena *arena, const char *text)
{
	size_t size = 4 * strlen(text) + 1, used = 0; /* one byte becomes at most four */
	char *escaped = arena_alloc(arena, size);
	for (; escaped && *text; text++) {
		/* A \xHH that was cut is a backslash like any other. */
		if (text[0] == '\\' && text[1] == 'x' && isxdigit((unsigned char)text[2]) &&
		    isxdigit((unsigned char)text[3])) {
			used += (size_t)snprintf(escaped + used, size - used, "<%.2s>", text + 2);
			text += 3;
		} else if (*text == '\\') {
			used += (size_t)snprintf(escaped + used, size - used, "<5c>");
		} else if (*text == '"') {
			used += (size_t)snprintf(escaped + used, size - used, "\342\200\235");
		} else if (*text == '>' && used >= 2 && memcmp(escaped + used - 2, "]]", 2) == 0) {
			used += (size_t)snprintf(escaped + used, size - used, "<3e>");
		} else {
			escaped[used++] = *text;
		}
	}
	return escaped;
}

void drawing_words(struct arena *arena, FILE *data, const char *text, size_t max)
{
	const char *escaped = text ? escape(arena, text) : NULL;
	const char *shown = escaped ? text_shorten(arena, escaped, max) : NULL;
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

/*
 * Writes a file for the user, and a copy into gnuplot's own directory, which no other user can
 * change.
 */
static int put(struct drawing_state *w, const char *name, const char *kind, const void *text,
	       size_t size)
{
	const char *file = arena_print(w->arena, "%s.%s", name, kind);
	if (!file)
		return -ENOMEM;
	int error = outdir_write(&w->plots, file, text, size, w->err);
	return error ? error : outdir_write(&w->dir.plots, file, text, size, w->err);
}

static int write_script(struct drawing_state *w, const char *name)
{
	char *text;
	size_t size;
	int error = scripts_read(w->d->terms->scripts, name, &text, &size, w->err);
	if (error)
		return err_errno(w->err, error, "cannot read %s.gp", name);
	error = put(w, name, "gp", text, size);
	free(text);
	return error;
}

/* Writes NAME.tsv; *reason: why it has no data to draw. */
static int write_data(struct drawing_state *w, const char *name, const char **reason)
{
	char *text;
	size_t size;
	FILE *data = open_memstream(&text, &size);
	if (!data)
		return err_errno(w->err, -ENOMEM, "cannot draw plots");
	*reason = w->d->write(w->d->arg, name, data);
	int error = ferror(data) || fclose(data) ? -ENOMEM : 0;
	if (!error && !*reason)
		error = put(w, name, "tsv", text, size);
	free(text);
	return error;
}

/* Otherwise a picture of an earlier run would be taken for one of this run. */
static void remove_old(struct drawing_state *w, const char *name)
{
	static const char *const kinds[] = {"svg", "png", "tsv", "gp"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *file = arena_print(w->arena, "%s.%s", name, kinds[i]);
		if (file)
			outdir_remove(i < 2 ? w->d->out : &w->plots, file);
	}
}

/* Writes the script, and the script that it loads in addition to common.gp. */
static int write_scripts(struct drawing_state *w, const char *name)
{
	static const char *const of_bands[] = {"sizes", "crossover"};
	int error = write_script(w, name);
	for (size_t i = 0; i < ARRAY_LEN(of_bands) && !error; i++) {
		if (strcmp(of_bands[i], name) == 0)
			error = write_script(w, "bands");
	}
	return error;
}

static int write_plot(struct drawing_state *w, const char *name, bool *drawable)
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

static int deliver(struct drawing_state *w, const char *name, const char *kind)
{
	const char *file = arena_print(w->arena, "%s.%s", name, kind);
	return file ? work_dir_deliver(&w->dir, file, w->d->out, w->arena, w->err) : -ENOMEM;
}

static int run_script(struct drawing_state *w, const char *name, bool is_dark)
{
	const char *script = arena_print(w->arena, "%s.gp", name);
	struct err here = {0};
	if (w->d->terms->until_ns && clock_ns() >= w->d->terms->until_ns)
		return err_set(w->err, -ETIMEDOUT, "no time is left to draw");
	int error = script ? gnuplot_run(w->dir.plots.fd, script, is_dark, w->d->terms->stop,
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
	return 0;
}

/*
 * A plot is announced when both of its pictures are complete. An SVG is always drawn for a light
 * background.
 */
static int run_plot(struct drawing_state *w, const char *name)
{
	int error = run_script(w, name, false);
	if (!error)
		error = deliver(w, name, "svg");
	if (!error && w->d->terms->is_dark)
		error = run_script(w, name, true);
	if (!error)
		error = deliver(w, name, "png");
	if (!error && w->d->terms->log)
		fprintf(w->d->terms->log, "%s/%s.svg, .png\n", w->d->out->path, name);
	return error;
}

/* A plot that cannot be drawn does not prevent the others. The first error is returned. */
static int run_plots(struct drawing_state *w, const bool *drawable)
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

static int draw(struct drawing_state *w, bool *drawable)
{
	const struct drawing *d = w->d;
	const char *reason;
	int error = outdir_open_below(&w->plots, d->out, "plots", w->err);
	if (!error)
		error = work_dir_open(&w->dir, d->out->path, w->err);
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
	struct drawing_state w = {
		.d = d,
		.plots = OUTDIR_NONE,
		.dir = {OUTDIR_NONE, OUTDIR_NONE},
		.arena = arena_new(),
		.err = err,
	};
	bool *drawable = w.arena ? arena_alloc(w.arena, d->n + 1) : NULL;
	int error = drawable ? draw(&w, drawable) : -ENOMEM;
	work_dir_remove(&w.dir);
	outdir_close(&w.plots);
	arena_free(w.arena);
	return error ? err_errno(err, error, "cannot draw plots") : 0;
}
