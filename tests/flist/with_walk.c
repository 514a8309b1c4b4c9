#include "tests/flist/with_walk.h"

#include <stdarg.h>
#include <stdlib.h>

#include "tests/flist/with_meta.h"
#include "tests/test.h"

static void add(struct sightings *seen, const char *prefix, const char *name, const struct stat *st,
		unsigned depth)
{
	if (seen->n == seen->room) {
		seen->room = seen->room ? 2 * seen->room : 64;
		seen->all = realloc(seen->all, seen->room * sizeof(*seen->all));
		assert_non_null(seen->all);
	}
	struct sighting *s = &seen->all[seen->n++];
	*s = (struct sighting){.st = *st, .depth = depth};
	assert_true(asprintf(&s->path, "%s%s%s", prefix, *prefix ? "/" : "", name) >= 0);
}

static void see_below(struct sightings *seen, int fd, const char *prefix, unsigned depth)
{
	DIR *stream = fdopendir(fd);
	struct dirent *d;
	assert_non_null(stream);
	while ((d = readdir(stream))) {
		struct stat st;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		assert_int_equal(fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW), 0);
		add(seen, prefix, d->d_name, &st, depth);
		if (!S_ISDIR(st.st_mode))
			continue;
		int below = openat(fd, d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		char *path = strdup(seen->all[seen->n - 1].path);
		if (below >= 0)
			see_below(seen, below, path, depth + 1);
		free(path);
	}
	closedir(stream);
}

static int by_path(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	return strcmp(x->path, y->path);
}

void see(struct sightings *seen, int fd)
{
	*seen = (struct sightings){0};
	see_below(seen, openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", 1);
	if (seen->n)
		qsort(seen->all, seen->n, sizeof(*seen->all), by_path);
}

void see_nothing(struct sightings *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		free(seen->all[i].path);
	free(seen->all);
}

static void take_out(struct sightings *seen, const char *path, bool itself)
{
	const size_t len = strlen(path);
	size_t kept = 0;
	for (size_t i = 0; i < seen->n; i++) {
		const char *p = seen->all[i].path;
		const bool begins = strncmp(p, path, len) == 0;
		if (begins && (p[len] == '/' || (itself && !p[len])))
			free(seen->all[i].path);
		else
			seen->all[kept++] = seen->all[i];
	}
	seen->n = kept;
}

void see_not(struct sightings *seen, const char *path)
{
	take_out(seen, path, true);
}

void see_not_below(struct sightings *seen, const char *path)
{
	take_out(seen, path, false);
}

static void item_is(const struct flist_item *item, const struct sighting *s)
{
	assert_non_null(item);
	assert_string_equal(item->path, s->path);
	assert_int_equal(item->path_len, strlen(s->path));
	const char *slash = strrchr(s->path, '/');
	assert_string_equal(item->name, slash ? slash + 1 : s->path);
	assert_ptr_equal(item->name + strlen(item->name), item->path + item->path_len);
	assert_int_equal(item->depth, s->depth);
	assert_int_equal(item->type, s->st.st_mode & S_IFMT);
}

void cursor_gives(struct flist_cursor *cursor, const struct sightings *seen, bool lazy)
{
	for (size_t i = 0; i < seen->n; i++) {
		const struct flist_item *item = flist_cursor_next(cursor);
		item_is(item, &seen->all[i]);
		assert_int_equal(item->status, lazy ? -ENODATA : 0);
		if (lazy)
			assert_null(item->meta);
		else
			meta_is(item->meta, &seen->all[i].st, FLIST_BASIC);
	}
	assert_null(flist_cursor_next(cursor));
	assert_null(flist_cursor_next(cursor));
	assert_int_equal(flist_cursor_error(cursor), 0);
	flist_cursor_close(cursor);
}

static void hold_against(const struct flist_list *list, const struct sightings *seen, bool lazy)
{
	struct flist_cursor *cursor;
	assert_int_equal(flist_list_length(list), seen->n);
	assert_int_equal(flist_cursor_open(&cursor, list), 0);
	cursor_gives(cursor, seen, lazy);
}

void list_is(const struct flist_list *list, const struct sightings *seen)
{
	hold_against(list, seen, false);
}

void list_is_lazy(const struct flist_list *list, const struct sightings *seen)
{
	hold_against(list, seen, true);
}

void failures_are(const struct flist_list *list, ...)
{
	size_t n, i = 0;
	const struct flist_failure *failures = flist_list_failures(list, &n);
	const char *path;
	va_list args;
	va_start(args, list);
	for (; (path = va_arg(args, const char *)); i++) {
		assert_true(i < n);
		assert_string_equal(failures[i].path, path);
		assert_int_equal(failures[i].error, va_arg(args, int));
	}
	va_end(args);
	assert_int_equal(n, i);
}

struct flist_list *collect(const char *root, const struct flist_collect_options *options)
{
	struct flist_list *list = NULL;
	assert_int_equal(flist_collect(&list, root, options), 0);
	assert_non_null(list);
	return list;
}

struct flist_collect_options way(int i, const struct flist_collect_options *rest)
{
	static const unsigned jobs[] = {1, 2, 7};
	struct flist_collect_options options = rest ? *rest : (struct flist_collect_options){0};
	options.threads.jobs = jobs[i];
	return options;
}

void every_way_sees(const char *root, const struct flist_collect_options *rest,
		    const struct sightings *seen)
{
	for (int i = 0; i < WAYS; i++) {
		struct flist_collect_options options = way(i, rest);
		struct flist_list *list = collect(root, &options);
		if (options.flags & FLIST_LAZY)
			list_is_lazy(list, seen);
		else
			list_is(list, seen);
		failures_are(list, NULL);
		flist_list_free(list);
	}
}
