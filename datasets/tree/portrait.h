/*
 * All that a shape can be fitted from and two trees be compared by: histograms and counts, and of
 * names only how long they are (of extensions also which, when asked for). Kept apart from a census
 * since it takes a quarter of a megabyte and one more call for each file.
 */
#ifndef DATASETS_TREE_PORTRAIT_H
#define DATASETS_TREE_PORTRAIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape/quantity.h"
#include "datasets/shape/shape.h"

/*
 * How often each value was seen: exactly up to 255, beyond that in sixteen cells for each power of
 * two. What a shape is fitted from, and what two trees are compared by. Fixed memory.
 */

enum { HISTOGRAM_EXACT = 256, HISTOGRAM_CELLS = HISTOGRAM_EXACT + (64 - 8) * 16 };

struct histogram {
	uint64_t n, sum, min, max;
	uint64_t cells[HISTOGRAM_CELLS];
	uint64_t sums[HISTOGRAM_CELLS]; /* of the values in each cell */
};

void histogram_add(struct histogram *h, uint64_t value);

/* Adds all that is in the other. */
void histogram_merge(struct histogram *h, const struct histogram *other);

/*
 * As a quantity of at most `bins` bins (QUANTITY_BINS or less) and no value above `most`. Cells are
 * put together so that the heaviest bin is as light as can be; a cell weighs by how many values it
 * has, and a quarter as much by their sum, so that the few large ones are told apart, too. A bin
 * keeps the mean of its values. Not given if h is empty.
 */
void histogram_fit(const struct histogram *h, uint32_t bins, uint64_t most, struct quantity *q);

/*
 * The Kolmogorov-Smirnov distance: the most by which the shares of values up to some value differ,
 * from 0 (alike) to 1. 0 if both are empty, 1 if one is.
 */
double histogram_distance(const struct histogram *a, const struct histogram *b);

enum { PORTRAIT_EXTENSIONS = 1024 };

struct portrait {
	bool wants_extensions;
	uint64_t files, dirs; /* entries; files: everything that is no directory */
	struct portrait_row {
		uint64_t files, dirs; /* in all directories of a depth; the last: and below */
	} rows[PROFILE_DEPTHS];
	/* Of the directories of a depth that were read to their end; the last: and below. */
	struct histogram files_per_dir[QUANTITY_LEVELS], dirs_per_dir[QUANTITY_LEVELS];
	struct histogram entries_per_dir;       /* at all depths */
	struct histogram file_names, dir_names; /* bytes */
	struct histogram depth;                 /* of entries, from 1 */
	struct histogram sizes, links, xattrs;  /* of files in the narrow sense */
	uint64_t hex_names;                     /* of nothing but hexadecimal digits */
	uint64_t symlinks, fifos, sockets, devices;
	size_t n_extensions;
	struct portrait_extension {
		char text[SHAPE_EXTENSION_SIZE];
		uint64_t count;
	} extensions[PORTRAIT_EXTENSIONS];
};

/* depth: of the directory that has the entry. n_xattrs: of a file. */
void portrait_entry(struct portrait *p, const char *name, const struct stat *st, uint64_t depth,
		    uint64_t n_xattrs);

/* A directory that was read to its end, and what it has. */
void portrait_directory(struct portrait *p, uint64_t depth, uint64_t files, uint64_t dirs);

/* How far two trees are apart, one row for each histogram. Returns how many rows there are. */
enum { PORTRAIT_DISTANCES = 10 };
struct portrait_distance {
	const char *key, *title;
	bool has_means;
	double means[2], distance;
};
size_t portrait_compare(const struct portrait *a, const struct portrait *b,
			struct portrait_distance *rows);

/* From the portrait of a tree to a shape whose trees are like it. No name goes in. */

/* Fills all but the texts; the shape passes shape_check. */
void fit_shape(struct shape *shape, const struct portrait *portrait);

#endif
