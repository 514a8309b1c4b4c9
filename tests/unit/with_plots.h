/* Drawing a result into a folder of the test's own, and reading pictures back. */
#ifndef TESTS_UNIT_WITH_PLOTS_H
#define TESTS_UNIT_WITH_PLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"
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

/* Every text lies in the picture, and none over another; returns how many there are. */
size_t assert_words_inside(const char *svg);

enum { PICTURES = 9 };
extern const char *const pictures[PICTURES];

/* Of those that were drawn: words inside, the facts at the top, titles without source. */
void assert_pictures_whole(const struct scratch *s);

#endif
