/*
 * Gives the SVG of gnuplot a title and a description that say what it shows. gnuplot titles its SVG
 * "Gnuplot" and each plot by its command, and its hover texts need a script that is not there.
 * These lines are replaced; all others are copied unchanged. Nothing is unescaped.
 */
#include "reports/plots/picture.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

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

/* The position of the words in the line, or NULL. */
static const char *find(struct piece line, const char *words)
{
	return memmem(line.at, line.size, words, strlen(words));
}

/* The text between two words of a line; empty if the line does not have both. */
static struct piece between(struct piece line, const char *before, const char *after)
{
	const char *from = find(line, before), *end = line.at + line.size;
	if (!from)
		return (struct piece){line.at, 0};
	from += strlen(before);
	const char *to = memmem(from, (size_t)(end - from), after, strlen(after));
	return (struct piece){from, to ? (size_t)(to - from) : 0};
}

/* The heading is the first text in the largest font. The facts are the texts after it. */
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
 * If the reader's colour scheme is dark, dark ink becomes light and light lines become dark. The
 * background is transparent, so the page around the picture must support both schemes, too.
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

int picture_finish(const char *svg, size_t size, char **text, size_t *text_size)
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
