#include "strategies/flist/collect/flat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/cache/cache.h"
#include "strategies/flist/threads.h"

enum { CHUNK = 64 }; /* entries that a walker takes at once */

struct fetch {
	struct flist_walk *walk;
	struct flist_cache *cache;
	struct flist_flat *flats;
	size_t n;
	_Atomic size_t next; /* entry that nobody has taken yet */
};

/* The directory that a walker has open: entries of one are neighbours. */
struct place {
	const char *path; /* of an entry in it */
	size_t len;       /* of the directory's part of that */
	int fd;           /* or why it could not be opened */
};

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

static void leave(struct place *place)
{
	if (place->fd >= 0)
		close(place->fd);
	place->fd = -EBADF;
	place->path = NULL;
}

/* Goes to the entry's directory; the walker's path is the root's and the entry's. 0 or -ENOMEM. */
static int go(struct flist_walker *w, struct place *place, const struct flist_flat *flat)
{
	const size_t root = strlen(w->walk->root_path) + 1;
	const size_t len = flat->name ? flat->name - 1 : 0;
	int ret = flist_grow(&w->path, &w->path_room, root + flat->path_len + 1, 1);
	if (ret)
		return ret;
	memcpy(w->path, w->walk->root_path, root - 1);
	w->path[root - 1] = '/';
	memcpy(w->path + root, flat->path, (size_t)flat->path_len + 1);
	if (place->path && place->len == len && memcmp(place->path, flat->path, len) == 0)
		return 0;
	leave(place);
	place->fd = flist_opener_open(&w->walk->opener, w->path + root, len);
	place->path = flat->path;
	place->len = len;
	return 0;
}

static int report(struct flist_walker *w, const struct flist_flat *flat)
{
	const struct flist_collect_options *o = w->walk->options;
	const struct flist_item item = flist_flat_item(flat);
	return o->each ? o->each(o->arg, w->index, &item) : 0;
}

static int fetch_one(struct flist_walker *w, struct place *place, struct flist_cache *cache,
		     struct flist_flat *flat)
{
	int ret = go(w, place, flat);
	if (ret)
		return ret;
	struct flist_question question = {.walk = w->walk,
					  .cache = cache,
					  .key = w->path,
					  .name = flat->path + flat->name,
					  .dirfd = place->fd};
	const int status = place->fd < 0 ? place->fd : flist_flat_ask(&question, &flat->meta);
	if (status)
		ret = flist_walker_fail(w, flat->path, FLIST_STEP_STAT, -status);
	if (ret) /* of memory: the entry may be asked for again */
		return ret;
	flat->status = status;
	if (status)
		return 0;
	flat->type = flat->meta->mode & S_IFMT;
	return report(w, flat);
}

static void fetch_some(void *arg, unsigned index)
{
	struct fetch *f = arg;
	struct flist_walker *w = &f->walk->walkers[index];
	struct place place = {.fd = -EBADF};
	size_t first;
	while ((first = atomic_fetch_add(&f->next, CHUNK)) < f->n) {
		const size_t end = f->n - first < CHUNK ? f->n : first + CHUNK;
		for (size_t i = first; i < end && !flist_walk_stopped(f->walk); i++) {
			int ret = 0;
			if (f->flats[i].status == -ENODATA)
				ret = fetch_one(w, &place, f->cache, &f->flats[i]);
			if (ret)
				flist_walk_stop(f->walk, ret);
		}
	}
	leave(&place);
}

int flist_flat_fetch(struct flist_walk *walk, struct flist_cache *cache, struct flist_flat *flats,
		     size_t n)
{
	struct fetch fetch = {.walk = walk, .cache = cache, .flats = flats, .n = n};
	int ret = flist_threads_run(&walk->options->threads, walk->jobs, fetch_some, &fetch);
	return ret ? ret : atomic_load(&walk->error);
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
static struct flist_name name_of(const struct flist_flat *flats, size_t i)
{
	const uint32_t len = flats[i].path_len;
	return (struct flist_name){.text = flats[i].path,
				   .number = (uint32_t)i,
				   .len = len < UINT16_MAX ? (uint16_t)len : UINT16_MAX};
}

int flist_flat_sort(struct flist_walk *walk, struct flist_flat **flats, size_t n)
{
	struct sort s = {.names = malloc((n + 1) * sizeof(*s.names)),
			 .spare = malloc((n + 1) * sizeof(*s.spare)),
			 .n = n};
	struct flist_flat *sorted = malloc((n + 1) * sizeof(*sorted));
	int ret = s.names && s.spare && sorted ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && !ret; i++)
		s.names[i] = name_of(*flats, i);
	if (!ret)
		ret = sort_names(walk, &s);
	for (size_t i = 0; i < n && !ret; i++)
		sorted[i] = (*flats)[s.names[i].number];
	free(s.names);
	free(s.spare);
	free(ret ? sorted : *flats);
	if (!ret)
		*flats = sorted;
	return ret;
}
