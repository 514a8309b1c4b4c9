/*
 * A directory of our own, that nobody else may enter, for gnuplot to work in: what it reads there
 * is what we wrote, and what it leaves there is looked at before it is shown to anybody.
 */
#ifndef REPORTS_PLOTS_WORKSHOP_H
#define REPORTS_PLOTS_WORKSHOP_H

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/outdir.h"

struct workshop {
	struct outdir dir;   /* the pictures */
	struct outdir plots; /* scripts and data */
};

/* Made below $TMPDIR, else /tmp, else `other`. Errors: those of mkdtemp(3). */
int workshop_open(struct workshop *w, const char *other, struct err *err);

/*
 * Copies the picture NAME.svg or NAME.png to `out`. -EIO, with words: gnuplot has not written the
 * whole of it.
 */
int workshop_deliver(const struct workshop *w, const char *name, const struct outdir *out,
		     struct arena *arena, struct err *err);

/* Removes it with all that is in it. */
void workshop_close(struct workshop *w);

#endif
