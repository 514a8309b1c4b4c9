/*
 * Files that are embedded in the program (shapes, plot scripts, the script of a guest), so that the
 * binary alone can make a tree and draw a plot. The tables are written by embed.py at build time;
 * each ends with a row whose name is NULL.
 */
#ifndef ENGINE_BASE_EMBED_H
#define ENGINE_BASE_EMBED_H

#include <stddef.h>

struct embedded {
	const char *name; /* file name without folder and extension */
	size_t size;      /* bytes of text, without the final NUL */
	const char *text;
};

extern const struct embedded embedded_shapes[];
extern const struct embedded embedded_plots[];
extern const struct embedded embedded_styles[]; /* of the page: reports/page */
extern const struct embedded embedded_scripts[];
extern const struct embedded embedded_guest[];
extern const struct embedded embedded_topics[];

#endif
