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
	int error = outdir_open(&out, s->out, false, &s->err);
	if (!error)
		error = plots_draw(result, &out, log, NULL, s->until_ns, &s->err);
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

/* The usual fonts need 0.6 of their size for a character, on average. */
static void assert_inside(const char *words, const char *end, const char *group, double width,
			  double height)
{
	double x = attribute(group, "translate("), y = strtod(strchr(group, ',') + 1, NULL);
	double size = attribute(group, "font-size=\"");
	double length = 0.6 * size * (double)count_characters(words, end);
	const char *anchor = strstr(group, "text-anchor=\"") + strlen("text-anchor=\"");
	double before = *anchor == 's' ? 0 : *anchor == 'e' ? length : length / 2;
	const char *turned = strstr(group, "rotate(");
	if (turned && turned < words) {
		const double angle = strtod(turned + strlen("rotate("), NULL);
		assert_true(angle == 270 || angle == -90);
		if (x - size < 0 || x > width || y - before < 0 || y + before > height)
			fail_msg("\"%.*s\", upwards at %g, %g, is not inside", (int)(end - words),
				 words, x, y);
	} else if (x - before < 0 || x - before + length > width || y - size < 0 || y > height) {
		fail_msg("\"%.*s\" at %g, %g (%c) is not inside", (int)(end - words), words, x, y,
			 *anchor);
	}
}

/* gnuplot writes <g transform="translate(X,Y)..." ...> and in it <text>; returns how many. */
size_t assert_words_inside(const char *svg)
{
	double width = attribute(svg, " width=\""), height = attribute(svg, " height=\"");
	size_t n = 0;
	const char *group = NULL;
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
		assert_inside(words, end, group, width, height);
		n += words < end;
	}
	return n;
}

const char *const pictures[PICTURES] = {"ns-per-entry.svg", "ratio.svg",    "scaling.svg",
					"latency.svg",      "heat-map.svg", "sizes.svg",
					"decisions.svg"};

void assert_pictures_whole(const struct scratch *s)
{
	for (size_t i = 0; i < PICTURES; i++) {
		if (!is_drawn(s, pictures[i]))
			continue;
		char *svg = content(s, pictures[i]);
		assert_true(assert_words_inside(svg) >= 8);
		assert_contains(svg, "rounds: ");
		free(svg);
	}
}
