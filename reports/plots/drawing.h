/*
 * Draws a set of plots: data and scripts in OUT/plots, pictures in OUT. Runs gnuplot for each plot
 * and removes pictures of earlier runs. gnuplot works on copies in its own directory (struct
 * work_dir in drawing.c). The caller decides what a plot shows.
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
	FILE *log; /* gets a line for each plot: its files, or why there are none; may be NULL */
	const char *scripts;      /* directory of a user's own (scripts.h), or NULL */
	const volatile int *stop; /* set: gnuplot is killed; may be NULL */
	uint64_t until_ns; /* by clock_ns: no plot is started or continued after it; 0: no limit */
	bool is_dark;      /* PNGs for a dark background */
};

struct drawing {
	const struct drawing_terms *terms;
	const struct outdir *out;
	const char *about;        /* data that every script reads, written first */
	const char *const *names; /* of the plots: reports/plots/NAME.gp */
	size_t n;
	/* Writes NAME.tsv; returns NULL, or why there is nothing to draw; "": no reason is shown.
	 */
	const char *(*write)(void *arg, const char *name, FILE *data);
	void *arg;
	const char *again; /* the command that draws this again; shown if gnuplot is missing */
};

/*
 * -ENOTSUP: gnuplot is not installed; all data and scripts are written, and the message says what
 * to do. Other errors, of which the first is returned: a file that cannot be written; -EIO if
 * gnuplot fails (with its message) or writes an incomplete picture; -EINTR, -ETIMEDOUT, -ENOMEM.
 * Every file in the log is complete.
 */
int drawing_make(const struct drawing *d, struct err *err);

/* Writes one column of visible text (text.h), shortened to `max` characters, safe for gnuplot. */
void drawing_words(struct arena *arena, FILE *data, const char *text, size_t max);

/*
 * Writes an about.tsv in which every fact is text; common.gp depends on the order. number: in every
 * row.
 */
void drawing_about(struct arena *arena, FILE *data, const char *const *lines, size_t n, int number);

#endif
