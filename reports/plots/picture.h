/* Completes an SVG of gnuplot, so that it says what it shows. */
#ifndef REPORTS_PLOTS_PICTURE_H
#define REPORTS_PLOTS_PICTURE_H

#include <stddef.h>

/*
 * Returns the picture with its heading as title and the lines below it as description. The texts of
 * points (`hover` in common.gp) become titles, which any viewer shows without a script, and the
 * colours follow the reader's light or dark scheme. The names that gnuplot gives its plots, the
 * source of their commands, are removed. The caller frees *text. -ENOMEM.
 */
int picture_finish(const char *svg, size_t size, char **text, size_t *text_size);

#endif
