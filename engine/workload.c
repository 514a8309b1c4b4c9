#include "engine/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/util.h"

void workload_free(struct workload *load)
{
	if (!load)
		return;
	free((void *)load->dirs);
	free((void *)load->entries);
	free((void *)load->spans);
	if (load->is_slice) {
		free(load);
		return;
	}
	if (load->root_fd >= 0)
		close(load->root_fd);
	free((void *)load->root);
	free((void *)load->names);
	free((void *)load->far);
	free((void *)load->parents);
	free((void *)load->first_unreadable);
	free((void *)load->first_mount);
	free((void *)load->first_bad);
	free((void *)load->skipped);
	free(load);
}

/*
 * Opens a path longer than PATH_MAX in pieces that end at a slash. Returns a descriptor or -errno.
 */
static int open_long(int root_fd, const char *path, size_t len, int flags, uint64_t *opens,
		     uint64_t *closes)
{
	char piece[PATH_MAX];
	int at = root_fd;
	for (;;) {
		size_t take = len;
		if (len >= PATH_MAX) {
			const char *cut = memrchr(path, '/', PATH_MAX);
			take = cut ? (size_t)(cut - path) : len;
		}
		if (take >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(piece, path, take);
		piece[take] = '\0';
		bool last = take == len;
		int fd = openat(at, piece, (last ? flags : O_PATH) | O_DIRECTORY | O_CLOEXEC);
		int error = fd < 0 ? -errno : 0;
		++*opens;
		if (at != root_fd) {
			close(at);
			++*closes;
		}
		if (error || last)
			return error ? error : fd;
		at = fd;
		path += take + 1;
		len -= take + 1;
	}
}

/*
 * The path to a far directory has several steps, each from a `base`. Returns the directory at the
 * end of the step that starts at `base`.
 */
static uint32_t next_step(const struct workload *load, uint32_t far, uint32_t base)
{
	while (load->far[far].base != base)
		far = load->far[far].base;
	return far;
}

/* Writes the path of one step, relative to its base, from its end backwards. */
static void write_step(const struct workload *load, uint32_t far, char *buf)
{
	size_t at = load->far[far].step;
	buf[at] = '\0';
	for (;; far = load->far[far].up) {
		const struct workload_far *f = &load->far[far];
		at -= f->name_len;
		memcpy(buf + at, load->names + f->name, f->name_len);
		if (!at)
			return;
		buf[--at] = '/';
	}
}

/* Opens the head, then the steps below it, each a path short enough for one call. */
static int open_far(const struct workload *load, uint32_t far, int flags, uint64_t *opens,
		    uint64_t *closes)
{
	const struct workload_far *f = &load->far[far];
	char step[PATH_MAX];
	int at =
		open_long(load->root_fd, load->names + f->head, f->head_len, O_PATH, opens, closes);
	for (uint32_t base = FAR_NONE; at >= 0 && base != far;) {
		const uint32_t next = next_step(load, far, base);
		write_step(load, next, step);
		int fd = openat(at, step, (next == far ? flags : O_PATH) | O_DIRECTORY | O_CLOEXEC);
		int error = -errno;
		++*opens;
		close(at);
		++*closes;
		at = fd < 0 ? error : fd;
		base = next;
	}
	return at;
}

int workload_open_from(const struct workload *load, uint32_t at, int at_fd, uint32_t dir, int flags,
		       uint64_t *opens, uint64_t *closes)
{
	if (at_fd < 0 || !workload_is_far(load, dir) || !workload_is_far(load, at) ||
	    &load->far[workload_far(load, dir)->up] != workload_far(load, at))
		return workload_opendir(load, dir, flags, opens, closes);
	int fd = openat(at_fd, load->names + workload_far(load, dir)->name,
			flags | O_DIRECTORY | O_CLOEXEC);
	++*opens;
	return fd < 0 ? -errno : fd;
}

int workload_opendir(const struct workload *load, uint32_t dir, int flags, uint64_t *opens,
		     uint64_t *closes)
{
	const struct workload_dir *d = &load->dirs[dir];
	if (workload_is_far(load, dir))
		return open_far(load, (uint32_t)(d->path & ~WORKLOAD_FAR), flags, opens, closes);
	const char *path = load->names + d->path;
	if (d->path_len >= PATH_MAX)
		return open_long(load->root_fd, path, d->path_len, flags, opens, closes);
	int fd = openat(load->root_fd, d->path_len ? path : ".", flags | O_DIRECTORY | O_CLOEXEC);
	++*opens;
	return fd < 0 ? -errno : fd;
}

uint64_t workload_bytes(const struct workload *load)
{
	return sizeof(*load) + (uint64_t)load->n_dirs * sizeof(*load->dirs) +
	       (uint64_t)load->n_far * sizeof(*load->far) +
	       (uint64_t)load->n_entries * sizeof(*load->entries) +
	       (uint64_t)load->n_spans * sizeof(*load->spans);
}

const char *workload_dir_name(const struct workload *load, uint32_t dir)
{
	const uint32_t up_len = load->dirs[load->parents[dir]].path_len;
	if (workload_is_far(load, dir))
		return load->names + workload_far(load, dir)->name;
	return workload_dir_path(load, dir) + up_len + (up_len > 0);
}

uint64_t workload_far_hash(const char *name, size_t len, uint64_t above)
{
	/* Inverted, so that it differs from the hash of an entry with that name. */
	return digest_hash(name, len, ~above);
}

size_t workload_prefix(const struct workload *load, uint32_t dir, char *buf)
{
	const size_t begin = load->root_len + 1, end = workload_prefix_len(load, dir);
	memcpy(buf, load->root, load->root_len);
	buf[begin - 1] = '/';
	if (end > begin) {
		memcpy(buf + begin, workload_dir_path(load, dir), end - begin - 1);
		buf[end - 1] = '/';
	}
	return end;
}

/* Writes a directory's path below the root, without a NUL. */
static void write_dir(const struct workload *load, uint32_t dir, char *buf)
{
	size_t at = load->dirs[dir].path_len;
	if (!workload_is_far(load, dir)) {
		memcpy(buf, workload_dir_path(load, dir), at);
		return;
	}
	const struct workload_far *f = workload_far(load, dir);
	memcpy(buf, load->names + f->head, f->head_len);
	for (;; f = &load->far[f->up]) {
		at -= f->name_len;
		memcpy(buf + at, load->names + f->name, f->name_len);
		buf[--at] = '/';
		if (f->up == FAR_NONE)
			return;
	}
}

char *workload_spell_dir(const struct workload *load, uint32_t dir)
{
	const size_t len = load->dirs[dir].path_len;
	char *path = malloc(len + 1);
	if (!path)
		return NULL;
	write_dir(load, dir, path);
	path[len] = '\0';
	return path;
}

char *workload_spell(const struct workload *load, uint32_t entry)
{
	const struct workload_entry *e = &load->entries[entry];
	size_t len = load->dirs[e->dir].path_len;
	char *path = malloc(len + 1 + e->name_len + 1);
	if (!path)
		return NULL;
	write_dir(load, e->dir, path);
	if (len)
		path[len++] = '/';
	memcpy(path + len, workload_name(load, entry), (size_t)e->name_len + 1);
	return path;
}

const char *workload_path(const struct workload *load, uint32_t entry, char *buf)
{
	size_t prefix = workload_prefix(load, load->entries[entry].dir, buf);
	memcpy(buf + prefix, workload_name(load, entry), (size_t)load->entries[entry].name_len + 1);
	return buf;
}

static bool are_neighbours(const struct workload *load, uint32_t first, uint32_t end)
{
	for (uint32_t s = first + 1; s < end; s++) {
		if (load->spans[s].first != load->spans[s - 1].end ||
		    load->spans[s].dir < load->spans[s - 1].dir)
			return false;
	}
	return true;
}

/* Copies directories, entries and spans, with indices that start at 0. */
static int copy_slice(struct workload *part, const struct workload *whole, uint32_t first)
{
	const struct workload_span *from = &whole->spans[first];
	const uint32_t entry = from->first, dir = from->dir;
	struct workload_dir *dirs = calloc(part->n_dirs, sizeof(*dirs));
	struct workload_entry *entries = calloc(part->n_entries, sizeof(*entries));
	struct workload_span *spans = calloc(part->n_spans, sizeof(*spans));
	part->dirs = dirs;
	part->entries = entries;
	part->spans = spans;
	if (!dirs || !entries || !spans)
		return -ENOMEM;
	for (uint32_t i = 0; i < part->n_entries; i++) {
		entries[i] = whole->entries[entry + i];
		entries[i].dir -= dir;
	}
	for (uint32_t i = 0; i < part->n_spans; i++)
		spans[i] = (struct workload_span){from[i].dir - dir, from[i].first - entry,
						  from[i].end - entry};
	/*
	 * The first and the last directory may be included in part; those between may have no
	 * entries.
	 */
	for (uint32_t d = 0; d < part->n_dirs; d++) {
		const struct workload_dir *w = &whole->dirs[dir + d];
		uint32_t begin = MAX(w->first, entry);
		uint32_t end = MIN(w->first + w->count, entry + part->n_entries);
		dirs[d] = *w;
		dirs[d].count = end > begin ? end - begin : 0;
		dirs[d].first = dirs[d].count ? begin - entry : 0;
	}
	return 0;
}

int workload_slice(struct workload **slice, const struct workload *whole, uint32_t first,
		   uint32_t end)
{
	if (first >= end || end > whole->n_spans || !are_neighbours(whole, first, end))
		return -EINVAL;
	struct workload *part = malloc(sizeof(*part));
	if (!part)
		return -ENOMEM;
	*part = *whole;
	part->is_slice = true;
	part->parents = NULL;
	part->n_spans = end - first;
	part->n_entries = whole->spans[end - 1].end - whole->spans[first].first;
	part->n_dirs = whole->spans[end - 1].dir - whole->spans[first].dir + 1;
	int error = copy_slice(part, whole, first);
	if (error) {
		workload_free(part);
		return error;
	}
	*slice = part;
	return 0;
}
