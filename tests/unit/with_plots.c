#include "tests/unit/with_plots.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "reports/plots/plots.h"
#include "tests/test.h"

int open_scratch(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/statmark-plots.XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	snprintf(s->out, sizeof(s->out), "%s/out", s->dir);
	snprintf(s->bin, sizeof(s->bin), "%s/bin", s->dir);
	s->path = strdup(getenv("PATH"));
	*state = s;
	return mkdir(s->out, 0755) || mkdir(s->bin, 0755);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int close_scratch(void **state)
{
	struct scratch *s = *state;
	int left = nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	setenv("PATH", s->path, 1);
	free(s->path);
	free(s);
	return left;
}

int draw(struct scratch *s, const struct result *result)
{
	FILE *log = fmemopen(s->log, sizeof(s->log), "w");
	assert_non_null(log);
	s->err = (struct err){0};
	struct outdir out;
	const struct drawing_terms terms = {log, NULL, NULL, s->until_ns};
	int error = outdir_open(&out, s->out, false, &s->err);
	if (!error)
		error = plots_draw(result, &out, &terms, &s->err);
	outdir_close(&out);
	fclose(log);
	return error;
}

/* Draws, or skips the test on a machine without gnuplot. */
void must_draw(struct scratch *s, const struct result *result)
{
	int error = draw(s, result);
	if (error == -ENOTSUP)
		skip_because("needs gnuplot");
	if (error)
		fail_msg("%s", s->err.text);
}

char *content(const struct scratch *s, const char *name)
{
	char path[128], *text;
	size_t size;
	snprintf(path, sizeof(path), "%s/%s", s->out, name);
	if (read_file(path, 16 << 20, &text, &size))
		fail_msg("%s cannot be read", path);
	return text;
}

bool is_drawn(const struct scratch *s, const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", s->out, name);
	return access(path, F_OK) == 0;
}

void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

void assert_contains(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%.2000s", words, text);
}

/* --- Where words stand ----------------------------------------------------------------------- */

/* Characters, of which an escape such as &lt; is one. */
static size_t count_characters(const char *text, const char *end)
{
	size_t n = 0;
	while (text < end) {
		const char *semicolon =
			*text == '&' ? memchr(text, ';', (size_t)(end - text)) : NULL;
		n += ((unsigned char)*text & 0xc0) != 0x80;
		text = semicolon ? semicolon + 1 : text + 1;
	}
	return n;
}

static double attribute(const char *text, const char *name)
{
	const char *found = strstr(text, name);
	assert_non_null(found);
	return strtod(found + strlen(name), NULL);
}

struct box {
	double left, top, right, bottom;
	const char *words;
	int length;
};

/* The usual fonts need 0.6 of their size for a character, on average. */
static struct box box_of(const char *words, const char *end, const char *group)
{
	const double x = attribute(group, "translate("), y = strtod(strchr(group, ',') + 1, NULL);
	const double size = attribute(group, "font-size=\"");
	const double length = 0.6 * size * (double)count_characters(words, end);
	const char *anchor = strstr(group, "text-anchor=\"") + strlen("text-anchor=\"");
	const double before = *anchor == 's' ? 0 : *anchor == 'e' ? length : length / 2;
	const char *turned = strstr(group, "rotate(");
	struct box box = {x - before, y - size, x - before + length, y, words, (int)(end - words)};
	if (turned && turned < words) {
		const double angle = strtod(turned + strlen("rotate("), NULL);
		assert_true(angle == 270 || angle == -90);
		box.left = x - size;
		box.right = x;
		box.top = y - length + before;
		box.bottom = y + before;
	}
	return box;
}

/* Both shrunk to what is surely inked: letters are lower than their line, and some are narrow. */
static bool overlap(const struct box *a, const struct box *b)
{
	const double most = MIN(a->right - a->left, b->right - b->left);
	const double x = MIN(a->right, b->right) - MAX(a->left, b->left);
	const double y = MIN(a->bottom, b->bottom) - MAX(a->top, b->top);
	return x > 4 && x > 0.2 * most && y > 5;
}

static void assert_inside(const struct box *b, double width, double height)
{
	if (b->left < 0 || b->right > width || b->top < 0 || b->bottom > height)
		fail_msg("\"%.*s\" (%g,%g to %g,%g) is not inside", b->length, b->words, b->left,
			 b->top, b->right, b->bottom);
}

static void assert_apart(const struct box *boxes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (overlap(&boxes[i], &boxes[k]))
				fail_msg("\"%.*s\" (%g,%g) and \"%.*s\" (%g,%g) overlap",
					 boxes[k].length, boxes[k].words, boxes[k].left,
					 boxes[k].bottom, boxes[i].length, boxes[i].words,
					 boxes[i].left, boxes[i].bottom);
		}
	}
}

/* No title is the source of a command, and the picture's own is its heading. */
static void assert_titles_say_what_is_shown(const char *svg)
{
	assert_contains(svg, "\n<title>");
	assert_contains(svg, "</title>\n<desc>");
	assert_null(strstr(svg, "<title>Gnuplot"));
	assert_null(strstr(svg, "onmouse"));
	for (const char *at = svg; (at = strstr(at, "<title>")); at++) {
		const char *end = strstr(at, "</title>"), *source = strstr(at, "using ");
		if (source && source < end)
			fail_msg("a title is source: %.80s", at);
	}
}

/* gnuplot writes <g transform="translate(X,Y)..." ...> and in it <text>; returns how many. */
size_t assert_words_inside(const char *svg)
{
	double width = attribute(svg, " width=\""), height = attribute(svg, " height=\"");
	size_t n = 0;
	struct box *boxes = calloc(strlen(svg) / 100, sizeof(*boxes));
	const char *group = NULL;
	assert_non_null(boxes);
	for (const char *at = strchr(svg, '<'); at; at = strchr(at + 1, '<')) {
		if (strncmp(at, "<g transform=\"translate(", 24) == 0)
			group = at;
		if (strncmp(at, "<text>", 6) != 0)
			continue;
		const char *words = at + strcspn(at, ">") + 1, *end = strstr(words, "</text>");
		assert_non_null(group);
		assert_non_null(end);
		const char *span = strstr(words, "</tspan>");
		if (strncmp(words, "<tspan", 6) == 0) {
			words += strcspn(words, ">") + 1;
			end = span;
		}
		if (words + strspn(words, " ") >= end)
			continue;
		boxes[n] = box_of(words, end, group);
		assert_inside(&boxes[n++], width, height);
	}
	assert_apart(boxes, n);
	free(boxes);
	return n;
}

const char *const pictures[PICTURES] = {"ns-per-entry.svg", "ratio.svg",    "scaling.svg",
					"latency.svg",      "heat-map.svg", "sizes.svg",
					"decisions.svg",    "passes.svg",   "cold-and-warm.svg"};

void assert_pictures_whole(const struct scratch *s)
{
	for (size_t i = 0; i < PICTURES; i++) {
		if (!is_drawn(s, pictures[i]))
			continue;
		char *svg = content(s, pictures[i]);
		assert_true(assert_words_inside(svg) >= 8);
		assert_contains(svg, "rounds: ");
		assert_titles_say_what_is_shown(svg);
		free(svg);
	}
}
