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
	const struct drawing_terms terms = {log, NULL, NULL, s->until_ns, false};
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

const char *const hostile[HOSTILE] = {
	"`touch MARK`",
	"$(touch MARK)",
	"'; system('touch MARK'); '",
	"\"; system(\"touch MARK\"); \"",
	"\"quo\"te",
	"%s%n%d{a}_b^c @x ~y",
	"back\\slash\\n\\\\\\",
	"new\nline\ttab\r\033[2J\377",
	"#comment <b>&amp;]]>",
	"NaN",
	"",
	" ",
};

/* --- Whether it can be shown ----------------------------------------------------------------- */

static bool is_entity(const char *at)
{
	static const char *const names[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strncmp(at, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static size_t name_length(const char *tag)
{
	return strcspn(tag, " \t\n/>");
}

/* Opens or closes what the tag at `at` names; returns its end. */
static const char *step_tag(const char *at, const char **open, size_t *depth, size_t most)
{
	const char *end = strchr(at, '>'), *name = at + 1 + (at[1] == '/');
	if (!end)
		fail_msg("a tag without an end: %.80s", at);
	if (at[1] == '?' || at[1] == '!')
		return end;
	if (at[1] != '/' && end[-1] != '/') {
		assert_true(*depth < most);
		open[(*depth)++] = name;
	} else if (at[1] == '/') {
		const size_t length = name_length(name);
		if (!*depth)
			fail_msg("closed, but not open: %.80s", at);
		--*depth;
		if (name_length(open[*depth]) != length || strncmp(open[*depth], name, length) != 0)
			fail_msg("%.*s closes %.60s", (int)length, name, open[*depth]);
	}
	return end;
}

void assert_is_xml(const char *svg)
{
	enum { DEPTH_MAX = 64 };
	const char *open[DEPTH_MAX];
	size_t depth = 0;
	for (const char *at = svg; *at; at++) {
		if ((unsigned char)*at < ' ' && *at != '\n' && *at != '\t' && *at != '\r')
			fail_msg("the character %d before: %.80s", *at, at + 1);
		if (*at == '&' && !is_entity(at))
			fail_msg("no entity: %.80s", at);
		if (*at == '<')
			at = step_tag(at, open, &depth, DEPTH_MAX);
	}
	assert_int_equal(depth, 0);
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

void assert_titles_say_what_is_shown(const char *svg)
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
	assert_is_xml(svg);
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

/* --- One, thirty, hostile ----------------------------------------------------------------------
 */

static const char *const one_name[] = {"statx/j1"};
static const char *const long_names[] = {LONG LONG "1", LONG LONG "2", LONG LONG LONG};
static const char *const thirty_names[] = {
	"way00/j1", "way00/j2", "way01/j1", "way01/j2", "way02/j1", "way02/j2",
	"way03/j1", "way03/j2", "way04/j1", "way04/j2", "way05/j1", "way05/j2",
	"way06/j1", "way06/j2", "way07/j1", "way07/j2", "way08/j1", "way08/j2",
	"way09/j1", "way09/j2", "way10/j1", "way10/j2", "way11/j1", "way11/j2",
	"way12/j1", "way12/j2", "way13/j1", "way13/j2", "way14/j1", "way14/j2",
};
const struct sort sort_of_one = {one_name, ARRAY_LEN(one_name), 22};
const struct sort sort_of_thirty = {thirty_names, ARRAY_LEN(thirty_names), 22};

void must_draw_by(struct scratch *s, draw_sort *draw_it, const struct sort *sort)
{
	struct outdir out;
	assert_int_equal(outdir_open(&out, s->out, false, &s->err), 0);
	int error = draw_it(sort, &out, &s->err);
	outdir_close(&out);
	if (error == -ENOTSUP)
		skip_because("needs gnuplot");
	if (error)
		fail_msg("%s", s->err.text);
}

void assert_svg_contains(const struct scratch *s, const char *name, const char *words)
{
	char *svg = content(s, name);
	assert_contains(svg, words);
	free(svg);
}

size_t count_in_svg(const struct scratch *s, const char *name, const char *words)
{
	char *svg = content(s, name);
	size_t n = 0;
	for (const char *at = svg; (at = strstr(at, words)); at++)
		n++;
	free(svg);
	return n;
}

void assert_picture_whole(const struct scratch *s, const char *name)
{
	char *svg = content(s, name);
	assert_true(assert_words_inside(svg) >= 6);
	assert_titles_say_what_is_shown(svg);
	free(svg);
}

void draw_all_sorts(struct scratch *s, draw_sort *draw_it, void (*whole)(const struct scratch *s))
{
	const struct sort sorts[] = {
		sort_of_one,
		sort_of_thirty,
		{one_name, ARRAY_LEN(one_name), 1},
		{long_names, ARRAY_LEN(long_names), 22},
		{hostile, HOSTILE, 22},
	};
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		must_draw_by(s, draw_it, &sorts[i]);
		whole(s);
		assert_false(is_drawn(s, "MARK"));
		assert_false(is_drawn(s, "plots/MARK"));
	}
}
