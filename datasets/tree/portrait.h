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

#include "datasets/shape/shape.h"
#include "datasets/tree/histogram.h"

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

#endif
