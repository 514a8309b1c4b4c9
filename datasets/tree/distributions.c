#include "datasets/tree/distributions.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/util.h"

enum { STEPS = 16, EXACT_BITS = 8, STEP_BITS = 4 };

static size_t cell_of(uint64_t value)
{
	if (value < HISTOGRAM_EXACT)
		return value;
	unsigned top = 63 - (unsigned)__builtin_clzll(value);
	size_t step = value >> (top - STEP_BITS) & (STEPS - 1);
	return HISTOGRAM_EXACT + (top - EXACT_BITS) * STEPS + step;
}

static uint64_t cell_lo(size_t cell)
{
	if (cell < HISTOGRAM_EXACT)
		return cell;
	size_t step = (cell - HISTOGRAM_EXACT) % STEPS, top = (cell - HISTOGRAM_EXACT) / STEPS;
	return (STEPS + step) << (top + EXACT_BITS - STEP_BITS);
}

static uint64_t cell_hi(size_t cell)
{
	return cell + 1 < HISTOGRAM_CELLS ? cell_lo(cell + 1) - 1 : UINT64_MAX;
}

/* A limit for summed values, so that the sum of a million sparse files of any size fits. */
#define SUMMED_MOST (UINT64_C(1) << 44)

void histogram_add(struct histogram *h, uint64_t value)
{
	const uint64_t summed = MIN(value, SUMMED_MOST);
	h->min = h->n ? MIN(h->min, value) : value;
	h->max = MAX(h->max, value);
	h->n++;
	h->sum += summed;
	h->cells[cell_of(value)]++;
	h->sums[cell_of(value)] += summed;
}

void histogram_merge(struct histogram *h, const struct histogram *other)
{
	if (other->n == 0)
		return;
	h->min = h->n ? MIN(h->min, other->min) : other->min;
	h->max = MAX(h->max, other->max);
	h->n += other->n;
	h->sum += other->sum;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		h->cells[i] += other->cells[i];
		h->sums[i] += other->sums[i];
	}
}

/* Neighbouring cells that are combined to one bin. */
struct value_run {
	size_t first, last;
	uint64_t count, sum;
};

/* The weights of all cells together are at most ALL. */
#define BY_COUNT (UINT64_C(1) << 40)
#define ALL      (BY_COUNT + BY_COUNT / 4)

static uint64_t weigh(const struct histogram *h, size_t cell)
{
	unsigned __int128 count = h->cells[cell], sum = h->sums[cell];
	return (uint64_t)(count * BY_COUNT / h->n) +
	       (h->sum ? (uint64_t)(sum * (BY_COUNT / 4) / h->sum) : 0);
}

/*
 * Combines cells, from the smallest on, to runs with a weight of at most `limit`. Returns how many
 * runs there are; those that fit are stored in runs.
 */
static uint32_t cut(const struct histogram *h, uint64_t limit, struct value_run *runs,
		    uint32_t room)
{
	uint32_t n = 0;
	uint64_t load = 0; /* weight of the current run */
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		if (h->cells[i] == 0)
			continue;
		uint64_t more = weigh(h, i);
		if (n == 0 || load + more > limit) {
			if (n < room)
				runs[n] = (struct value_run){.first = i};
			n++;
			load = 0;
		}
		load += more;
		if (n <= room) {
			runs[n - 1].last = i;
			runs[n - 1].count += h->cells[i];
			runs[n - 1].sum += h->sums[i];
		}
	}
	return n;
}

static uint32_t weight_of(uint64_t count, uint64_t n)
{
	if (n <= QUANTITY_WEIGHT_MAX)
		return (uint32_t)count;
	uint64_t scaled = (uint64_t)((unsigned __int128)count * QUANTITY_WEIGHT_MAX / n);
	return (uint32_t)MAX(scaled, 1);
}

/* The range of a run, narrowed at one end until its middle is the mean of its values. */
static void set_range(struct bin *bin, const struct histogram *h, const struct value_run *run)
{
	uint64_t lo = MAX(cell_lo(run->first), h->min), hi = MIN(cell_hi(run->last), h->max);
	uint64_t mean = MIN(MAX((run->sum + run->count / 2) / run->count, lo), hi);
	if (mean - lo < hi - mean)
		hi = mean + (mean - lo);
	else
		lo = mean - (hi - mean);
	*bin = (struct bin){.lo = lo, .hi = hi};
}

void histogram_fit(const struct histogram *h, uint32_t bins, uint64_t most, struct quantity *q)
{
	struct value_run runs[QUANTITY_BINS];
	uint64_t low = 0, high = ALL; /* too small; large enough */
	*q = (struct quantity){0};
	if (h->n == 0)
		return;
	while (high - low > 1) {
		uint64_t limit = low + (high - low) / 2;
		if (cut(h, limit, runs, bins) <= bins)
			high = limit;
		else
			low = limit;
	}
	q->n = MIN(cut(h, high, runs, bins), bins);
	for (uint32_t i = 0; i < q->n; i++) {
		struct bin *bin = &q->bins[i];
		set_range(bin, h, &runs[i]);
		bin->lo = MIN(bin->lo, most);
		bin->hi = MIN(bin->hi, most);
		bin->weight = weight_of(runs[i].count, h->n);
		q->total += bin->weight;
	}
}

double histogram_distance(const struct histogram *a, const struct histogram *b)
{
	double most = 0;
	uint64_t seen_a = 0, seen_b = 0;
	if (a->n == 0 || b->n == 0)
		return a->n == b->n ? 0 : 1;
	for (size_t i = 0; i < HISTOGRAM_CELLS; i++) {
		seen_a += a->cells[i];
		seen_b += b->cells[i];
		most = fmax(most,
			    fabs((double)seen_a / (double)a->n - (double)seen_b / (double)b->n));
	}
	return most;
}

static bool is_hex(const char *name)
{
	return name[strspn(name, "0123456789abcdef")] == '\0';
}

/* ".c" of "main.c"; NULL if there is none, or it is longer than a few letters and digits. */
static const char *extension_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	if (!dot || dot == name || !dot[1] || strlen(dot) >= SHAPE_EXTENSION_SIZE)
		return NULL;
	for (const char *c = dot + 1; *c; c++) {
		if (!isalnum((unsigned char)*c) || (unsigned char)*c > 127)
			return NULL;
	}
	return dot;
}

/* New extensions are ignored when the table is full: then there are too many to be useful. */
static void add_extension(struct distributions *p, const char *text)
{
	size_t i = 0;
	while (i < p->n_extensions && strcmp(p->extensions[i].text, text) != 0)
		i++;
	if (i == DISTRIBUTIONS_EXTENSIONS)
		return;
	if (i == p->n_extensions) {
		memcpy(p->extensions[i].text, text, strlen(text) + 1);
		p->n_extensions++;
	}
	p->extensions[i].count++;
}

static void add_file(struct distributions *p, const struct stat *st, uint64_t n_xattrs)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		histogram_add(&p->sizes, (uint64_t)st->st_size);
		histogram_add(&p->links, st->st_nlink);
		histogram_add(&p->xattrs, n_xattrs);
		return;
	case S_IFLNK:
		p->symlinks++;
		return;
	case S_IFIFO:
		p->fifos++;
		return;
	case S_IFSOCK:
		p->sockets++;
		return;
	default:
		p->devices++;
		return;
	}
}

void distributions_add_entry(struct distributions *p, const char *name, const struct stat *st,
			     uint64_t depth, uint64_t n_xattrs)
{
	struct distributions_row *row = &p->rows[MIN(depth, PROFILE_DEPTHS - 1)];
	const char *extension = p->wants_extensions ? extension_of(name) : NULL;
	bool is_dir = S_ISDIR(st->st_mode);
	histogram_add(is_dir ? &p->dir_names : &p->file_names, strlen(name));
	histogram_add(&p->depth, depth + 1);
	p->hex_names += is_hex(name);
	p->dirs += is_dir;
	row->dirs += is_dir;
	if (is_dir)
		return;
	p->files++;
	row->files++;
	add_file(p, st, n_xattrs);
	if (extension)
		add_extension(p, extension);
}

void distributions_add_directory(struct distributions *p, uint64_t depth, uint64_t files,
				 uint64_t dirs)
{
	size_t level = MIN(depth, QUANTITY_LEVELS - 1);
	histogram_add(&p->files_per_dir[level], files);
	histogram_add(&p->dirs_per_dir[level], dirs);
	histogram_add(&p->entries_per_dir, files + dirs);
}

static double mean(const struct histogram *h)
{
	return h->n ? (double)h->sum / (double)h->n : 0;
}

static struct distributions_distance compare(const char *key, const char *title,
					     const struct histogram *a, const struct histogram *b)
{
	return (struct distributions_distance){
		key, title, true, {mean(a), mean(b)}, histogram_distance(a, b)};
}

static struct distributions_distance compare_levels(const char *key, const char *title,
						    const struct histogram *a,
						    const struct histogram *b)
{
	struct histogram all[2] = {0};
	for (size_t i = 0; i < QUANTITY_LEVELS; i++) {
		histogram_merge(&all[0], &a[i]);
		histogram_merge(&all[1], &b[i]);
	}
	return compare(key, title, &all[0], &all[1]);
}

/* Types have no order: the largest difference between the shares of one type. */
static double compare_types(const struct distributions *a, const struct distributions *b)
{
	const uint64_t types[][2] = {{a->dirs, b->dirs},         {a->sizes.n, b->sizes.n},
				     {a->symlinks, b->symlinks}, {a->fifos, b->fifos},
				     {a->sockets, b->sockets},   {a->devices, b->devices}};
	double n[2] = {(double)(a->files + a->dirs), (double)(b->files + b->dirs)}, most = 0;
	if (n[0] <= 0 || n[1] <= 0)
		return n[0] <= 0 && n[1] <= 0 ? 0 : 1;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		most = fmax(most, fabs((double)types[i][0] / n[0] - (double)types[i][1] / n[1]));
	return most;
}

size_t distributions_compare(const struct distributions *a, const struct distributions *b,
			     struct distributions_distance *rows)
{
	size_t n = 0;
	rows[n++] = compare("depth", "depth", &a->depth, &b->depth);
	rows[n++] = compare_levels("files_per_directory", "files per directory", a->files_per_dir,
				   b->files_per_dir);
	rows[n++] = compare_levels("directories_per_directory", "directories per directory",
				   a->dirs_per_dir, b->dirs_per_dir);
	rows[n++] = compare("entries_per_directory", "entries per directory", &a->entries_per_dir,
			    &b->entries_per_dir);
	rows[n++] =
		compare("file_name_length", "bytes of file names", &a->file_names, &b->file_names);
	rows[n++] = compare("directory_name_length", "bytes of directory names", &a->dir_names,
			    &b->dir_names);
	rows[n++] = compare("file_size", "bytes of files", &a->sizes, &b->sizes);
	rows[n++] = compare("links", "links of files", &a->links, &b->links);
	rows[n++] = compare("xattrs", "attributes of files", &a->xattrs, &b->xattrs);
	rows[n++] = (struct distributions_distance){
		"types", "types", false, {0, 0}, compare_types(a, b)};
	return n;
}
