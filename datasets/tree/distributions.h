/*
 * Everything that a shape is fitted from and that two trees are compared by: histograms and counts;
 * of names only their lengths (and, if requested, their extensions). Separate from a census,
 * because it takes a quarter of a megabyte and one more call per file.
 */
#ifndef DATASETS_TREE_DISTRIBUTIONS_H
#define DATASETS_TREE_DISTRIBUTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "datasets/shape/quantity.h"
#include "datasets/shape/shape.h"

/*
 * Counts of values: exact up to 255, beyond that in sixteen cells for each power of two. Fixed
 * memory.
 */

enum { HISTOGRAM_EXACT = 256, HISTOGRAM_CELLS = HISTOGRAM_EXACT + (64 - 8) * 16 };

struct histogram {
	uint64_t n, sum, min, max;
	uint64_t cells[HISTOGRAM_CELLS];
	uint64_t sums[HISTOGRAM_CELLS]; /* sum of the values in each cell */
};

void histogram_add(struct histogram *h, uint64_t value);

/* Adds all values of the other. */
void histogram_merge(struct histogram *h, const struct histogram *other);

/*
 * Converts it to a quantity of at most `bins` bins (QUANTITY_BINS or less) and no value above
 * `most`. Cells are combined so that the heaviest bin is as light as possible. A cell's weight is
 * its number of values plus a quarter of their share in the sum, so that the few large ones are
 * distinguished, too. A bin keeps the mean of its values. Not given if h is empty.
 */
void histogram_fit(const struct histogram *h, uint32_t bins, uint64_t most, struct quantity *q);

/*
 * The Kolmogorov-Smirnov distance: the largest difference between the cumulative shares of values,
 * from 0 (equal) to 1. 0 if both are empty, 1 if one is.
 */
double histogram_distance(const struct histogram *a, const struct histogram *b);

enum { DISTRIBUTIONS_EXTENSIONS = 1024 };

struct distributions {
	bool wants_extensions;
	uint64_t files, dirs; /* entries; files: all that are not directories */
	struct distributions_row {
		/* In all directories of a depth; the last one includes all below. */
		uint64_t files, dirs;
	} rows[PROFILE_DEPTHS];
	/*
	 * Of the directories of a depth that were read completely; the last one includes all below.
	 */
	struct histogram files_per_dir[QUANTITY_LEVELS], dirs_per_dir[QUANTITY_LEVELS];
	struct histogram entries_per_dir;       /* at all depths */
	struct histogram file_names, dir_names; /* bytes */
	struct histogram depth;                 /* of entries, from 1 */
	struct histogram sizes, links, xattrs;  /* of regular files */
	uint64_t hex_names;                     /* of hexadecimal digits only */
	uint64_t symlinks, fifos, sockets, devices;
	size_t n_extensions;
	struct distributions_extension {
		char text[SHAPE_EXTENSION_SIZE];
		uint64_t count;
	} extensions[DISTRIBUTIONS_EXTENSIONS];
};

/* depth: of the directory that contains the entry. n_xattrs: of a file. */
void distributions_add_entry(struct distributions *p, const char *name, const struct stat *st,
			     uint64_t depth, uint64_t n_xattrs);

/* Adds a directory that was read completely, and its numbers of entries. */
void distributions_add_directory(struct distributions *p, uint64_t depth, uint64_t files,
				 uint64_t dirs);

/* The distances of two trees, one row for each histogram. Returns how many rows there are. */
enum { DISTRIBUTIONS_DISTANCES = 10 };
struct distributions_distance {
	const char *key, *title;
	bool has_means;
	double means[2], distance;
};
size_t distributions_compare(const struct distributions *a, const struct distributions *b,
			     struct distributions_distance *rows);

/*
 * Fits a shape to distributions, so that its trees are similar. Fills all but the texts; the shape
 * passes shape_check. No name is stored in it.
 */
void fit_shape(struct shape *shape, const struct distributions *distributions);

#endif
