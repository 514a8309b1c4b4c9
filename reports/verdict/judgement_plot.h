/* The picture of a judgement: changes with their intervals, what is tolerated, and the limit. */
#ifndef REPORTS_VERDICT_JUDGEMENT_PLOT_H
#define REPORTS_VERDICT_JUDGEMENT_PLOT_H

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "reports/plots/drawing.h"
#include "reports/verdict/judgement.h"

/* Draws OUT/judgement.svg and .png of one that is finished; errors as of drawing_make. */
int judgement_plot(const struct judgement *j, const struct outdir *out,
		   const struct drawing_terms *terms, struct err *err);

#endif
