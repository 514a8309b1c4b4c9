/*
 * gnuplot is a language: it runs what stands in backticks, also inside double quotes, and acts on
 * backslashes, '%' and '{}' in many places. So nothing of a result is ever written into a script.
 * The scripts are constant; names and words travel in columns of TSV files, from which
 * drawing_words has taken the few characters that gnuplot gives a meaning in data.
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
#include "reports/plots/scripts.h"

/*
 * The SVG of gnuplot, given a title and a description that say what it shows. gnuplot titles its
 * SVG "Gnuplot" and each plot by its command, and makes hovering call a script that is not there.
 * These lines are replaced; all others are copied as they are. Nothing is unescaped.
 */

enum { FACTS = 4 }; /* lines below the heading, as begin_page of common.gp writes them */

struct piece {
	const char *at;
	size_t size;
};

struct heading {
	struct piece title, facts[FACTS];
};

static struct piece line_at(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	return (struct piece){at, (size_t)((newline ? newline + 1 : end) - at)};
}

/* From where the words begin in the line, or NULL. */
static const char *find(struct piece line, const char *words)
{
	return memmem(line.at, line.size, words, strlen(words));
}

/* What lies between two words of a line; empty where they are not there. */
static struct piece between(struct piece line, const char *before, const char *after)
{
	const char *from = find(line, before), *end = line.at + line.size;
	if (!from)
		return (struct piece){line.at, 0};
	from += strlen(before);
	const char *to = memmem(from, (size_t)(end - from), after, strlen(after));
	return (struct piece){from, to ? (size_t)(to - from) : 0};
}

/* The heading is the first text in the largest font; the facts are the texts after it. */
static struct heading find_heading(const char *svg, const char *end)
{
	struct heading h = {.title = {svg, 0}};
	double size = 0, largest = 0;
	size_t facts = FACTS;
	for (struct piece line = line_at(svg, end); line.size;
	     line = line_at(line.at + line.size, end)) {
		const struct piece font = between(line, "font-size=\"", "\"");
		const struct piece text = between(line, "<text>", "</text>");
		if (font.size)
			size = strtod(font.at, NULL);
		if (!text.size)
			continue;
		if (size > largest) {
			h = (struct heading){.title = text};
			largest = size;
			facts = 0;
		} else if (facts < FACTS) {
			h.facts[facts++] = text;
		}
	}
	return h;
}

static void put_piece(FILE *to, struct piece piece)
{
	fwrite(piece.at, 1, piece.size, to);
}

/*
 * Ink becomes pale and pale lines dark where the reader has a dark scheme. The ground is
 * transparent, so the picture's own page has to know of both schemes, too.
 */
static void put_style(FILE *to)
{
	static const struct {
		const char *light, *dark;
	} colours[] = {
		{"51,51,51", "#e2e2e2"},    {"102,102,102", "#b0b0b0"}, {"153,153,153", "#8c8c8c"},
		{"221,221,221", "#3a3f44"}, {"238,238,238", "#2b2f33"}, {"0,0,0", "#ffffff"},
		{"0,114,178", "#3a9bd9"},   {"213,94,0", "#f07d2b"},    {"220,230,240", "#26323d"},
	};
	fputs("<style>:root{color-scheme:light dark}\n@media (prefers-color-scheme:dark){\n", to);
	for (size_t i = 0; i < ARRAY_LEN(colours); i++) {
		int r = 0, g = 0, b = 0;
		sscanf(colours[i].light, "%d,%d,%d", &r, &g, &b);
		fprintf(to, "[fill=\"rgb(%d,%d,%d)\"],[fill=\"rgb(%3d, %3d, %3d)\"]{fill:%s}\n", r,
			g, b, r, g, b, colours[i].dark);
		fprintf(to, "[color=\"rgb(%3d, %3d, %3d)\"]{color:%s}\n", r, g, b, colours[i].dark);
		fprintf(to, "[stroke=\"rgb(%3d, %3d, %3d)\"]{stroke:%s}\n", r, g, b,
			colours[i].dark);
	}
	fputs("[color=\"white\"]{color:#181a1c}\n}</style>\n", to); /* around points */
}

static void put_description(FILE *to, const struct heading *h)
{
	fputs("<desc>", to);
	for (size_t i = 0; i < FACTS && h->facts[i].size; i++) {
		fputs(i ? "; " : "", to);
		put_piece(to, h->facts[i]);
	}
	fputs("</desc>\n", to);
	put_style(to);
}

static void put_line(FILE *to, struct piece line, const struct heading *h)
{
	static const char hover[] = "showHypertext(evt,'", hover_end[] = "')\" onmouseout=";
	const char *plot = find(line, "<g id=\"gnuplot_plot_"), *title;
	if (find(line, "<title>Gnuplot</title>")) {
		fputs("<title>", to);
		put_piece(to, h->title);
		fputs("</title>\n", to);
	} else if (find(line, "<desc>Produced by GNUPLOT")) {
		put_description(to, h);
	} else if (find(line, hover)) {
		fputs("<g class=\"value\"><title>", to);
		put_piece(to, between(line, hover, hover_end));
		fputs("</title>\n", to);
	} else if (plot && (title = find(line, "<title>"))) {
		put_piece(to, (struct piece){line.at, (size_t)(title - line.at)});
		fputc('\n', to);
	} else {
		put_piece(to, line);
	}
}

/*
 * The same picture with its heading as title, the lines below that as description, words of points
 * (`hover` in common.gp) as titles that any viewer shows, without a script, and colours that
 * follow the reader's light or dark scheme. What gnuplot names its plots by, the source of the
 * command, is left out. *text is to be freed. -ENOMEM.
 */
static int picture_finish(const char *svg, size_t size, char **text, size_t *text_size)
{
	const char *end = svg + size;
	const struct heading h = find_heading(svg, end);
	FILE *to = open_memstream(text, text_size);
	if (!to)
		return -ENOMEM;
	for (struct piece line = line_at(svg, end); line.size;
	     line = line_at(line.at + line.size, end))
		put_line(to, line, &h);
	const bool failed = ferror(to);
	if (fclose(to) || failed) {
		free(*text);
		return -ENOMEM;
	}
	return 0;
}

/*
 * The directory that gnuplot works in. No other user may enter it, so gnuplot reads only what we
 * wrote. Its pictures are checked before they are copied to the results.
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
		unlinkat(fd, d->d_name, 0); /* what is a directory stays */
	if (stream)
		closedir(stream);
	else if (again >= 0)
		close(again);
}

/* Removes it with all that is in it. */
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

/* Made below $TMPDIR, else /tmp, else `other`. Errors: those of mkdtemp(3). */
static int work_dir_open(struct work_dir *w, const char *other, struct err *err)
{
	const char *const parents[] = {getenv("TMPDIR"), "/tmp", other};
	int error = -ENOENT;
	*w = (struct work_dir){OUTDIR_NONE, OUTDIR_NONE};
	for (size_t i = 0; error && i < ARRAY_LEN(parents); i++) {
		if (parents[i] && *parents[i])
			error = make_below(w, parents[i], NULL);
	}
	return error ? err_errno(err, error, "no private directory can be made in /tmp or %s",
				 other)
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
		return err_errno(err, error, "%s", name);
	error = outdir_write(out, name, finished, size, err);
	free(finished);
	return error;
}

static bool ends_in(const char *text, size_t size, const char *end, size_t length)
{
	return size >= length && memcmp(text + size - length, end, length) == 0;
}

/* Of an SVG the last tag, of a PNG the last chunk is there. */
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
 * Copies the picture NAME.svg or NAME.png to `out`. -EIO, with words: gnuplot has not written the
 * whole of it.
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
		return err_errno(err, error, "%s", name);
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

/* Written for the user, and into gnuplot's own directory, where no other user can change it. */
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
		return err_errno(w->err, error, "%s.gp", name);
	error = put(w, name, "gp", text, size);
	free(text);
	return error;
}

/* Writes NAME.tsv; *reason: why there is nothing in it to draw. */
static int write_data(struct drawing_state *w, const char *name, const char **reason)
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
static void remove_old(struct drawing_state *w, const char *name)
{
	static const char *const kinds[] = {"svg", "png", "tsv", "gp"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *file = arena_print(w->arena, "%s.%s", name, kinds[i]);
		if (file)
			outdir_remove(i < 2 ? w->d->out : &w->plots, file);
	}
}

/* The script, and the one that it loads beside common.gp. */
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

/* A plot is announced once both pictures are there, whole. */
static int deliver(struct drawing_state *w, const char *name)
{
	static const char *const kinds[] = {"svg", "png"};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !error; i++) {
		const char *file = arena_print(w->arena, "%s.%s", name, kinds[i]);
		error = file ? work_dir_deliver(&w->dir, file, w->d->out, w->arena, w->err)
			     : -ENOMEM;
	}
	if (!error && w->d->terms->log)
		fprintf(w->d->terms->log, "%s/%s.svg, .png\n", w->d->out->path, name);
	return error;
}

static int run_plot(struct drawing_state *w, const char *name)
{
	const char *script = arena_print(w->arena, "%s.gp", name);
	struct err here = {0};
	if (w->d->terms->until_ns && clock_ns() >= w->d->terms->until_ns)
		return err_set(w->err, -ETIMEDOUT, "no time is left to draw");
	int error = script ? gnuplot_run(w->dir.plots.fd, script, w->d->terms->stop,
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
	return error ? err_errno(err, error, "plots") : 0;
}
