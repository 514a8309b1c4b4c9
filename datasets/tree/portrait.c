#include "datasets/tree/portrait.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/util.h"

static bool is_hex(const char *name)
{
	return name[strspn(name, "0123456789abcdef")] == '\0';
}

/* ".c" of "main.c"; NULL where there is none or it is more than a few letters and digits. */
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

/* Those that come when the table is full are as good as none: there are too many kinds. */
static void add_extension(struct portrait *p, const char *text)
{
	size_t i = 0;
	while (i < p->n_extensions && strcmp(p->extensions[i].text, text) != 0)
		i++;
	if (i == PORTRAIT_EXTENSIONS)
		return;
	if (i == p->n_extensions) {
		memcpy(p->extensions[i].text, text, strlen(text) + 1);
		p->n_extensions++;
	}
	p->extensions[i].count++;
}

static void add_file(struct portrait *p, const struct stat *st, uint64_t n_xattrs)
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

void portrait_entry(struct portrait *p, const char *name, const struct stat *st, uint64_t depth,
		    uint64_t n_xattrs)
{
	struct portrait_row *row = &p->rows[MIN(depth, PROFILE_DEPTHS - 1)];
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

void portrait_directory(struct portrait *p, uint64_t depth, uint64_t files, uint64_t dirs)
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

static struct portrait_distance compare(const char *key, const char *title,
					const struct histogram *a, const struct histogram *b)
{
	return (struct portrait_distance){
		key, title, true, {mean(a), mean(b)}, histogram_distance(a, b)};
}

static struct portrait_distance compare_levels(const char *key, const char *title,
					       const struct histogram *a, const struct histogram *b)
{
	struct histogram all[2] = {0};
	for (size_t i = 0; i < QUANTITY_LEVELS; i++) {
		histogram_merge(&all[0], &a[i]);
		histogram_merge(&all[1], &b[i]);
	}
	return compare(key, title, &all[0], &all[1]);
}

/* Types have no order: the most by which the share of one of them differs. */
static double compare_types(const struct portrait *a, const struct portrait *b)
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

size_t portrait_compare(const struct portrait *a, const struct portrait *b,
			struct portrait_distance *rows)
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
	rows[n++] =
		(struct portrait_distance){"types", "types", false, {0, 0}, compare_types(a, b)};
	return n;
}
