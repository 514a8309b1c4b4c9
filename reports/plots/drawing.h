/*
 * What all plots have in common: data and scripts in OUT/plots, pictures in OUT, gnuplot run on
 * each, and what an earlier drawing left taken away. gnuplot works in a directory of its own
 * (struct work_dir in drawing.c), on copies. What a plot shows is the caller's.
 */
#ifndef REPORTS_PLOTS_DRAWING_H
#define REPORTS_PLOTS_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/outdir.h"

/* Settings that all plots share. */
struct drawing_terms {
	FILE *log; /* a line for each plot: its files, or why there are none; may be NULL */
	const char *scripts;      /* directory of a user's own (scripts.h), or NULL */
	const volatile int *stop; /* set: gnuplot is killed; may be NULL */
	uint64_t until_ns; /* by clock_ns: no plot is drawn, or drawn on, after this; 0: no bound */
	bool is_dark;      /* PNG for a dark ground */
};

struct drawing {
	const struct drawing_terms *terms;
	const struct outdir *out;
	const char *about;        /* data that every script reads, written first */
	const char *const *names; /* of the plots: reports/plots/NAME.gp */
	size_t n;
	/* Writes NAME.tsv; returns NULL, or why there is nothing to draw: "" goes without saying.
	 */
	const char *(*write)(void *arg, const char *name, FILE *data);
	void *arg;
	const char *again; /* the command that draws this again, for when gnuplot is missing */
};

/*
 * -ENOTSUP when there is no gnuplot: all data and scripts are written, and the message says how to
 * go on. Other errors, the first of them: a file that cannot be written, -EIO when gnuplot fails
 * (with its words) or leaves half a picture, -EINTR, -ETIMEDOUT, -ENOMEM. What is in the log is
 * there, whole.
 */
int drawing_make(const struct drawing *d, struct err *err);

/* One column of visible text (text.h), shortened to `max` characters, as gnuplot may see it. */
void drawing_words(struct arena *arena, FILE *data, const char *text, size_t max);

/* about.tsv where every fact is words alone; common.gp knows their order. number: of each. */
void drawing_about(struct arena *arena, FILE *data, const char *const *lines, size_t n, int number);

#endif
