/*
 * Fits a shape to the distributions of a tree.
 */
#include "datasets/tree/distributions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

enum {
	LEVEL_BINS = 20,               /* small, so that a shape with many levels stays small */
	NAME_BINS = QUANTITY_BINS - 1, /* one bin is for names long enough for many entries */
	NAME_MOST = 255,
	NUMBER_BYTES = 8,     /* names with so many bytes can number ten million entries */
	EXTENSION_LEAST = 10, /* fewest names with an extension for it to be listed */
};

static const struct quantity usual_names = QUANTITY_RANGE(4, 24);

static uint32_t per_mille(uint64_t part, uint64_t whole)
{
	return whole ? (uint32_t)((part * 1000 + whole / 2) / whole) : 0;
}

/* Scales counts to the numbers that a shape can hold. */
static uint32_t scaled(uint64_t number, uint64_t total)
{
	if (total <= UINT32_MAX)
		return (uint32_t)number;
	return (uint32_t)((unsigned __int128)number * UINT32_MAX / total);
}

static void fit_profile(struct shape *shape, const struct distributions *p)
{
	const uint64_t total = p->files + p->dirs;
	struct profile *profile = &shape->profile;
	*profile = (struct profile){.n = 1};
	for (uint32_t i = 0; i < PROFILE_DEPTHS; i++) {
		struct profile_row *row = &profile->at[i];
		bool is_last = i + 1 == PROFILE_DEPTHS;
		row->files = scaled(p->rows[i].files, total);
		row->dirs = scaled(p->rows[i].dirs, total);
		if (is_last) {
			row->files += row->dirs;
			row->dirs = 0;
		}
		profile->n = i + 1;
		if (row->dirs == 0)
			break;
	}
	shape->depth = profile->n - 1;
}

/*
 * Detects a directory for each prefix of a hash, as in git: their number is fixed by the length of
 * their names, whatever the number of entries. A few other directories among them are ignored,
 * because names with one more digit would change the length.
 */
static void fit_prefixes(struct profile *profile, const struct distributions *p)
{
	uint64_t length = 1, most = 16;
	for (size_t i = 1; i < 5; i++) {
		if (p->dir_names.cells[i] > p->dir_names.cells[length])
			length = i;
	}
	for (size_t i = 1; i < length; i++)
		most *= 16;
	uint64_t dirs = profile->at[0].dirs;
	if (profile->at[0].files || dirs < most / 2 || dirs > most + most / 16)
		return;
	profile->at[0].dirs = (uint32_t)MIN(dirs, most);
	profile->fixed = 1;
}

static void fit_levels(struct levels *levels, const struct histogram *counted, uint32_t depths)
{
	static const struct quantity none = QUANTITY_RANGE(0, 0);
	levels->n = MIN(depths, QUANTITY_LEVELS);
	for (uint32_t i = 0; i < levels->n; i++) {
		histogram_fit(&counted[i], LEVEL_BINS, UINT32_MAX, &levels->at[i]);
		if (levels->at[i].n == 0)
			levels->at[i] = none;
	}
}

/* Adds a few longer names, so that a shape with short names can be used for millions of entries. */
static void make_room(struct quantity *q, uint64_t bytes)
{
	enum { RARE = 10000 };
	uint32_t factor = q->total < RARE ? RARE / q->total + 1 : 1;
	if (quantity_max(q) >= bytes)
		return;
	for (uint32_t i = 0; i < q->n; i++)
		q->bins[i].weight *= factor;
	q->total = q->total * factor + 1;
	q->bins[q->n++] = (struct bin){bytes, bytes, 1};
}

/*
 * The longest possible path must fit into PATH_MAX, although no path of the tree may be near that.
 */
static void fit_names(struct shape *shape, const struct distributions *p, size_t extension)
{
	uint64_t most = NAME_MOST;
	if (shape->depth)
		most = MIN(most, (SHAPE_PATH_MAX - NAME_MOST) / shape->depth - 1);
	histogram_fit(&p->file_names, NAME_BINS, NAME_MOST, &shape->name_length);
	histogram_fit(&p->dir_names, NAME_BINS, most, &shape->dir_name_length);
	if (shape->name_length.n == 0)
		shape->name_length = usual_names;
	make_room(&shape->name_length, NUMBER_BYTES + extension);
	if (shape->dir_name_length.n)
		make_room(&shape->dir_name_length, NUMBER_BYTES);
	uint64_t names = p->files + p->dirs;
	shape->alphabet.letters =
		names && p->hex_names >= names - names / 10 ? LETTERS_HEX : LETTERS_LOWER;
	if (shape->alphabet.letters == LETTERS_HEX)
		fit_prefixes(&shape->profile, p);
}

static int by_count(const void *a, const void *b)
{
	const struct distributions_extension *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

/* Returns the length of the longest, bytes. */
static size_t fit_extensions(struct extensions *extensions, const struct distributions *p)
{
	struct distributions_extension *all = calloc(p->n_extensions + 1, sizeof(*all));
	uint64_t rest = p->files;
	size_t longest = 0;
	if (!all)
		return 0;
	memcpy(all, p->extensions, p->n_extensions * sizeof(*all));
	qsort(all, p->n_extensions, sizeof(*all), by_count);
	for (size_t i = 0; i < p->n_extensions && i + 1 < SHAPE_EXTENSIONS; i++) {
		uint32_t weight = per_mille(all[i].count * 10, p->files);
		if (all[i].count < EXTENSION_LEAST || weight == 0)
			break;
		struct extension *to = &extensions->at[extensions->n++];
		memcpy(to->text, all[i].text, sizeof(to->text));
		to->weight = weight;
		extensions->total += weight;
		rest -= all[i].count;
		longest = MAX(longest, strlen(to->text));
	}
	if (extensions->n) {
		struct extension *none = &extensions->at[extensions->n++];
		*none = (struct extension){.weight = MAX(per_mille(rest * 10, p->files), 1)};
		extensions->total += none->weight;
	}
	free(all);
	return longest;
}

/* --- Hard links: which of the forms that a shape has comes nearest -------------------------- */

/* Counts the groups of at most `group` neighbouring files by size. */
static void count_groups(const struct distributions *p, uint32_t group, double *of_size)
{
	for (uint32_t size = 0; size <= group; size++)
		of_size[size] = 0;
	for (size_t level = 0; level < QUANTITY_LEVELS; level++) {
		const struct histogram *h = &p->files_per_dir[level];
		uint64_t large = h->sum; /* files of the larger directories */
		for (size_t files = 0; files < HISTOGRAM_EXACT; files++) {
			of_size[group] += (double)h->cells[files] * (double)(files / group);
			of_size[files % group] += (double)h->cells[files];
			large -= h->cells[files] * files;
		}
		of_size[group] += (double)large / group;
	}
}

/*
 * names[k]: the expected number of names of files with k names, if each name of a group but the
 * first is a link with probability `share`.
 */
static void expect_links(const double *of_size, uint32_t group, double share, double *names)
{
	for (uint32_t k = 0; k <= group; k++)
		names[k] = 0;
	for (uint32_t size = 1; size <= group; size++) {
		double chance = pow(1 - share, size - 1); /* that none is a link */
		for (uint32_t links = 0; links < size; links++) {
			names[links + 1] += of_size[size] * chance * (links + 1);
			names[1] += of_size[size] * chance * (size - 1 - links);
			chance *= share / (1 - share) * (size - 1 - links) / (links + 1);
		}
	}
}

static double links_apart(const struct histogram *links, const double *names, uint32_t group)
{
	double all = 0, seen[2] = {0}, most = 0;
	for (uint32_t k = 1; k <= group; k++)
		all += names[k];
	for (uint32_t k = 1; k <= group && all > 0; k++) {
		seen[0] += names[k] / all;
		seen[1] += (double)links->cells[k] / (double)links->n;
		most = fmax(most, fabs(seen[0] - seen[1]));
	}
	return most;
}

static void fit_hard_links(struct hard_links *hard_links, const struct distributions *p)
{
	double of_size[SHAPE_GROUP_MAX + 1], names[SHAPE_GROUP_MAX + 1];
	*hard_links = (struct hard_links){.of = FIRST_IN_DIRECTORY, .group = 2};
	if (p->links.n == 0)
		return;
	double least = 1 - (double)p->links.cells[1] / (double)p->links.n;
	for (uint32_t group = 2; group <= SHAPE_GROUP_MAX && p->links.max > 1; group++) {
		count_groups(p, group, of_size);
		for (uint32_t share = 1; share < 1000; share += share < 20 ? 1 : 5) {
			expect_links(of_size, group, share / 1000.0, names);
			double apart = links_apart(&p->links, names, group);
			if (apart >= least)
				continue;
			least = apart;
			hard_links->group = group;
			hard_links->per_mille = share;
		}
	}
}

static void fit_xattrs(struct xattrs *xattrs, const struct distributions *p)
{
	static const struct quantity bytes = QUANTITY_RANGE(16, 16);
	struct histogram some = p->xattrs;
	some.n -= some.cells[0]; /* without changing the sum */
	some.cells[0] = 0;
	some.min = MAX(some.min, 1);
	xattrs->per_mille = per_mille(some.n, p->xattrs.n);
	histogram_fit(&some, SHAPE_XATTRS_MAX, SHAPE_XATTRS_MAX, &xattrs->count);
	xattrs->size = bytes;
	if (some.n == 0)
		xattrs->per_mille = 0;
}

void fit_shape(struct shape *shape, const struct distributions *p)
{
	*shape = (struct shape){.entries = MIN(p->files + p->dirs, UINT32_MAX), .seed = 1};
	fit_profile(shape, p);
	fit_levels(&shape->files_per_dir, p->files_per_dir, shape->profile.n);
	fit_levels(&shape->dirs_per_dir, p->dirs_per_dir, shape->profile.n);
	fit_names(shape, p, fit_extensions(&shape->extensions, p));
	histogram_fit(&p->sizes, QUANTITY_BINS, UINT64_C(1) << 40, &shape->file_size);
	shape->symlinks.per_mille = per_mille(p->symlinks, p->files);
	shape->symlinks.weights[LINK_FILE] = 1;
	/* Differences of rounded sums, so that all together never exceed the whole. */
	uint64_t sum = p->symlinks + p->fifos;
	shape->fifos = per_mille(sum, p->files) - shape->symlinks.per_mille;
	sum += p->sockets;
	shape->sockets = per_mille(sum, p->files) - shape->symlinks.per_mille - shape->fifos;
	sum += p->devices;
	shape->devices = per_mille(sum, p->files) - shape->symlinks.per_mille - shape->fifos -
			 shape->sockets;
	fit_hard_links(&shape->hard_links, p);
	fit_xattrs(&shape->xattrs, p);
}
