/* Drawing a result into a folder of the test's own, and reading pictures back. */
#ifndef TESTS_UNIT_WITH_PLOTS_H
#define TESTS_UNIT_WITH_PLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/result.h"

/* A folder to draw into, and another one that can be the whole PATH. */
struct scratch {
	char dir[64], out[80], bin[80], log[4096];
	char *path;        /* PATH as it was */
	uint64_t until_ns; /* 0: plots have all the time that they need */
	struct err err;
};

int open_scratch(void **state);
int close_scratch(void **state);

int draw(struct scratch *s, const struct result *result);

/* Draws, or skips the test on a machine without gnuplot. */
void must_draw(struct scratch *s, const struct result *result);

/* Of the folder that was drawn into; the caller frees it. */
char *content(const struct scratch *s, const char *name);
bool is_drawn(const struct scratch *s, const char *name);

void put(const char *dir, const char *name, const char *text, mode_t mode);
void assert_contains(const char *text, const char *words);

/* It is XML, every text lies in it, and none over another; returns how many there are. */
size_t assert_words_inside(const char *svg);

/* Names that a shell, gnuplot, a terminal or XML would act on, or that are hardly names. */
enum { HOSTILE = 12 };
extern const char *const hostile[HOSTILE];

#define LONG "a-name-so-long-that-it-has-to-be-shortened-wherever-it-stands-in-a-picture-"

/* What is drawn: a row, series or directory for each name, with figures of so many samples. */
struct sort {
	const char *const *names;
	size_t n;
	uint32_t samples;
};

typedef int draw_sort(const struct sort *sort, const struct outdir *out, struct err *err);

extern const struct sort sort_of_one, sort_of_thirty; /* of 22 samples */

/* Draws, or skips the test on a machine without gnuplot. */
void must_draw_by(struct scratch *s, draw_sort *draw_it, const struct sort *sort);

/*
 * One, thirty, one of a single sample, long names and hostile ones, these last; whole(s) looks at
 * the pictures of each.
 */
void draw_all_sorts(struct scratch *s, draw_sort *draw_it, void (*whole)(const struct scratch *s));

void assert_svg_contains(const struct scratch *s, const char *name, const char *words);
size_t count_in_svg(const struct scratch *s, const char *name, const char *words);

/* Every tag is closed, and every & begins an entity. */
void assert_is_xml(const char *svg);

enum { PICTURES = 9 };
extern const char *const pictures[PICTURES];

/* No title is the source of a command, and the picture's own is its heading. */
void assert_titles_say_what_is_shown(const char *svg);

void assert_picture_whole(const struct scratch *s, const char *name);

/* Of those that were drawn: words inside, the facts at the top, titles without source. */
void assert_pictures_whole(const struct scratch *s);

#endif
