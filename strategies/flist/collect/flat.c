#include "strategies/flist/collect/flat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/cache/cache.h"
#include "strategies/flist/threads.h"

/* What a cache that has no way of its own asks; its other users expect FLIST_BASIC. */
static int fetch_name(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	const struct flist_question *q = arg;
	(void)path;
	return flist_ask(q->dirfd, q->name, flags, q->walk->fields | FLIST_BASIC, meta);
}

int flist_flat_ask(struct flist_question *question, const struct flist_meta **meta)
{
	const struct flist_asker asker = {.fetch = fetch_name, .arg = question};
	const unsigned follow = question->walk->options->flags & FLIST_FOLLOW;
	int ret = flist_cache_get_by(question->cache, question->key, follow, &asker, meta);
	if (follow && (ret == -ENOENT || ret == -ELOOP))
		ret = flist_cache_get_by(question->cache, question->key, 0, &asker, meta);
	return ret;
}

void flist_place_leave(struct flist_place *place)
{
	if (place->path && place->fd >= 0)
		close(place->fd);
	place->path = NULL;
}

/*
 * Goes to the entry's directory; the walker's key becomes the root's and the entry's, of which
 * entries of one directory share all but the name. 0 or -ENOMEM.
 */
static int go(struct flist_walker *w, struct flist_place *place, const struct flist_flat *flat)
{
	const size_t root = strlen(w->walk->root_path) + 1;
	const size_t len = flat->name ? flat->name - 1 : 0;
	const bool same =
		place->path && place->len == len && memcmp(place->path, flat->path, len) == 0;
	const size_t from = same ? flat->name : 0;
	int ret = flist_grow(&w->key, &w->key_room, root + flat->path_len + 1, 1);
	if (ret)
		return ret;
	memcpy(w->key + root + from, flat->path + from, flat->path_len + 1 - from);
	if (same)
		return 0;
	memcpy(w->key, w->walk->root_path, root - 1);
	w->key[root - 1] = '/';
	flist_place_leave(place);
	place->fd = flist_opener_open(&w->walk->opener, w->key + root, len);
	place->path = flat->path;
	place->len = len;
	return 0;
}

int flist_flat_fetch(struct flist_walker *w, struct flist_place *place, struct flist_cache *cache,
		     struct flist_flat *flat)
{
	const struct flist_collect_options *o = w->walk->options;
	int ret = go(w, place, flat), status;
	if (ret)
		return ret;
	struct flist_question question = {.walk = w->walk,
					  .cache = cache,
					  .key = w->key,
					  .name = flat->path + flat->name,
					  .dirfd = place->fd};
	status = place->fd < 0 ? place->fd : flist_flat_ask(&question, &flat->meta);
	if (status)
		ret = flist_walker_fail(w, flat->path, FLIST_STEP_STAT, -status);
	if (ret)
		return ret;
	flat->status = status;
	if (status)
		return 0;
	flat->type = flat->meta->mode & S_IFMT;
	const struct flist_item item = flist_flat_item(flat);
	return o->each ? o->each(o->arg, w->index, &item) : 0;
}

/* Each walker sorts a part; then pairs of parts are merged until there is one. */
struct sort {
	struct flist_name *names, *spare;
	size_t n, part; /* names in all, and in a part */
};

static size_t part_size(const struct sort *s, size_t first)
{
	if (first >= s->n)
		return 0;
	return s->n - first < s->part ? s->n - first : s->part;
}

static void sort_part(void *arg, unsigned index)
{
	struct sort *s = arg;
	const size_t first = index * s->part, n = part_size(s, first);
	struct flist_name *names = s->names + first, *sorted;
	if (n == 0)
		return;
	sorted = flist_names_sort_run(names, s->spare + first, n, 0);
	if (sorted != names)
		memcpy(names, sorted, n * sizeof(*names));
}

static void merge_parts(void *arg, unsigned index)
{
	struct sort *s = arg;
	const size_t first = 2 * index * s->part, n = part_size(s, first);
	const size_t second = first + s->part, more = part_size(s, second);
	if (n > 0)
		flist_names_merge(s->names + first, n, s->names + second, more, s->spare + first,
				  0);
}

static int sort_names(struct flist_walk *walk, struct sort *s)
{
	const struct flist_threads *threads = &walk->options->threads;
	unsigned parts = walk->jobs;
	int ret;
	s->part = (s->n + parts - 1) / parts;
	ret = flist_threads_run(threads, parts, sort_part, s);
	for (; parts > 1 && !ret; parts = (parts + 1) / 2) {
		struct flist_name *merged = s->spare;
		ret = flist_threads_run(threads, (parts + 1) / 2, merge_parts, s);
		s->spare = s->names;
		s->names = merged;
		s->part *= 2;
	}
	return ret;
}

/* For sorting: of a long path it matters only that it is long. */
static struct flist_name name_of(const struct flist_flat *flat)
{
	const uint32_t len = flat->path_len;
	return (struct flist_name){.text = flat->path,
				   .len = len < UINT16_MAX ? (uint16_t)len : UINT16_MAX};
}

int flist_flat_sort(struct flist_walk *walk, struct flist_flat **flats, size_t n)
{
	struct sort s = {.names = malloc((n + 1) * sizeof(*s.names)),
			 .spare = malloc((n + 1) * sizeof(*s.spare)),
			 .n = n};
	int ret = s.names && s.spare ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && !ret; i++)
		s.names[i] = name_of(flats[i]);
	if (!ret)
		ret = sort_names(walk, &s);
	for (size_t i = 0; i < n && !ret; i++)
		flats[i] = flist_flat_of(s.names[i].text);
	free(s.names);
	free(s.spare);
	return ret;
}
