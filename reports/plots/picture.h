/* What gnuplot writes as SVG, made into a picture that says what it shows. */
#ifndef REPORTS_PLOTS_PICTURE_H
#define REPORTS_PLOTS_PICTURE_H

#include <stddef.h>

/*
 * The same picture with its heading as title, the lines below that as description, words of points
 * (`hover` in common.gp) as titles that any viewer shows, without a script, and colours that
 * follow the reader's light or dark scheme. What gnuplot names its plots by, the source of the
 * command, is left out. *text is to be freed. -ENOMEM.
 */
int picture_finish(const char *svg, size_t size, char **text, size_t *text_size);

#endif
