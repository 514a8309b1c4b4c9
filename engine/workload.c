#include "engine/workload.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/order.h"

/*
 * The loader enters directories in the order in which it meets them (breadth first), so that the
 * queue of directories still to be read is the array of directories itself, and the entries of each
 * directory come out next to each other without sorting.
 */
struct loader {
	struct workload *load;
	struct workload_dir *dirs;
	struct workload_entry *entries;
	char *names;
	size_t room_dirs, room_entries, room_names;
	size_t n_dirs, n_entries, used;
	struct stat skip; /* the directory that is left out */
	bool has_skip;
	const volatile int *stop;
	struct err *err;
};

static int add_bytes(struct loader *l, const char *bytes, size_t size)
{
	int error = array_grow(&l->names, &l->room_names, l->used + size, 1);
	if (error)
		return error;
	memcpy(l->names + l->used, bytes, size);
	l->used += size;
	return 0;
}

static int add_entry(struct loader *l, uint32_t dir, const char *name, mode_t type)
{
	size_t len = strlen(name), offset = l->used - l->dirs[dir].names;
	if (l->n_entries >= UINT32_MAX - 1 || offset > UINT32_MAX)
		return -EFBIG;
	int error =
		array_grow(&l->entries, &l->room_entries, l->n_entries + 1, sizeof(*l->entries));
	if (!error)
		error = add_bytes(l, name, len + 1);
	if (error)
		return error;
	l->entries[l->n_entries++] = (struct workload_entry){
		.dir = dir,
		.name = (uint32_t)offset,
		.name_len = (uint16_t)len,
		.type = (uint16_t)type,
	};
	l->dirs[dir].count++;
	return 0;
}

/* Appends a directory that entry names (UINT32_MAX: the root itself) to the queue. */
static int add_dir(struct loader *l, uint32_t parent, uint32_t entry)
{
	int error = array_grow(&l->dirs, &l->room_dirs, l->n_dirs + 1, sizeof(*l->dirs));
	if (error)
		return error;
	struct workload_dir dir = {.path = l->used};
	if (entry != UINT32_MAX) {
		const struct workload_dir up = l->dirs[parent];
		const struct workload_entry *e = &l->entries[entry];
		size_t slash = up.path_len > 0, len = up.path_len + slash + e->name_len;
		error = array_grow(&l->names, &l->room_names, l->used + len + 1, 1);
		if (error)
			return error;
		char *path = l->names + l->used;
		memcpy(path, l->names + up.path, up.path_len);
		path[up.path_len] = '/';
		memcpy(path + up.path_len + slash, l->names + up.names + e->name,
		       (size_t)e->name_len + 1);
		dir.path_len = (uint32_t)len;
		dir.depth = up.depth + 1;
		l->used += len + 1;
	} else {
		error = add_bytes(l, "", 1);
	}
	if (!error)
		l->dirs[l->n_dirs++] = dir;
	return error;
}

static mode_t type_of(DIR *stream, const struct dirent *d)
{
	struct stat st;
	if (d->d_type != DT_UNKNOWN)
		return (mode_t)DTTOIF(d->d_type);
	/* Some filesystems do not tell; one that vanished meanwhile counts as a file. */
	if (fstatat(dirfd(stream), d->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return S_IFREG;
	return st.st_mode & S_IFMT;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static bool is_skipped(const struct loader *l, const struct dirent *d)
{
	return l->has_skip && d->d_ino == l->skip.st_ino && l->load->dev == l->skip.st_dev;
}

/* Its path, for walks, which find it all the same. */
static int note_skipped(struct loader *l, uint32_t dir, const char *name)
{
	const char *path = l->names + l->dirs[dir].path;
	char *skipped = NULL;
	if (!l->load->skipped && asprintf(&skipped, "%s%s%s", path, *path ? "/" : "", name) < 0)
		return -ENOMEM;
	if (skipped)
		l->load->skipped = skipped;
	return 0;
}

static int note_unreadable(struct loader *l, uint32_t dir)
{
	struct workload *load = l->load;
	if (load->unreadable++ == 0)
		load->first_unreadable = strdup(workload_dir_path(load, dir));
	return 0;
}

/* Some open and let nobody read: procfs asks again then. The root must be read, whatever happens.
 */
static int note_unread(struct loader *l, uint32_t dir, int error)
{
	if (dir && (error == -EACCES || error == -EPERM || error == -ENOENT))
		return note_unreadable(l, dir);
	return err_errno(l->err, error, "reading %s/%s", l->load->root,
			 workload_dir_path(l->load, dir));
}

static int read_entries(struct loader *l, uint32_t dir, DIR *stream)
{
	struct dirent *d;
	l->dirs[dir].first = (uint32_t)l->n_entries;
	l->dirs[dir].names = l->used;
	while (errno = 0, (d = readdir(stream))) {
		if (is_dot(d->d_name))
			continue;
		int error = is_skipped(l, d) ? note_skipped(l, dir, d->d_name)
					     : add_entry(l, dir, d->d_name, type_of(stream, d));
		if (error)
			return error;
	}
	int error = errno ? note_unread(l, dir, -errno) : 0;
	for (uint32_t i = l->dirs[dir].first; !error && i < l->n_entries; i++)
		error = l->entries[i].type == S_IFDIR ? add_dir(l, dir, i) : 0;
	return error;
}

/* Publishes the arrays: they move while they grow, and workload_opendir reads them. */
static void publish(struct loader *l)
{
	struct workload *load = l->load;
	load->dirs = l->dirs;
	load->entries = l->entries;
	load->names = l->names;
	load->n_dirs = (uint32_t)l->n_dirs;
	load->n_entries = (uint32_t)l->n_entries;
}

/* A directory that cannot be opened stays an entry like any other; only the root must open. */
static int read_dir(struct loader *l, uint32_t dir)
{
	uint64_t opens = 0, closes = 0;
	struct stat st;
	publish(l);
	int fd = workload_opendir(l->load, dir, O_RDONLY, &opens, &closes);
	if (fd < 0 && dir == 0)
		return err_errno(l->err, fd, "%s", l->load->root);
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return err_errno(l->err, fd, "%s/%s", l->load->root,
				 workload_dir_path(l->load, dir));
	if (fd < 0)
		return note_unreadable(l, dir);
	if (fstat(fd, &st) || (dir && st.st_dev != l->load->dev)) {
		close(fd);
		return 0;
	}
	if (dir == 0)
		l->load->dev = st.st_dev;
	DIR *stream = fdopendir(fd);
	if (!stream) {
		int error = -errno;
		close(fd);
		return error;
	}
	int error = read_entries(l, dir, stream);
	closedir(stream);
	return error;
}

static void measure_paths(struct workload *load)
{
	size_t longest = load->root_len + 2;
	for (uint32_t i = 0; i < load->n_entries; i++)
		longest = MAX(longest, workload_path_len(load, i));
	load->path_size = (uint32_t)longest + 2;
}

static void *shrink(void *array, size_t n, size_t size)
{
	void *smaller = n ? reallocarray(array, n, size) : NULL;
	return smaller ? smaller : array;
}

static int read_tree(struct loader *l)
{
	int error = add_dir(l, 0, UINT32_MAX);
	for (uint32_t dir = 0; !error && dir < l->n_dirs; dir++)
		error = l->stop && *l->stop ? -EINTR : read_dir(l, dir);
	l->names = shrink(l->names, l->used, 1);
	l->entries = shrink(l->entries, l->n_entries, sizeof(*l->entries));
	publish(l);
	return error ? error : order_apply(l->load, ORDER_READDIR, 0, l->err);
}

static int open_root(struct workload *load, const char *path, struct err *err)
{
	char *root = realpath(path, NULL);
	if (!root)
		return err_errno(err, -errno, "%s", path);
	load->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (load->root_fd < 0) {
		int error = err_errno(err, -errno, "%s", path);
		free(root);
		return error;
	}
	if (strcmp(root, "/") == 0)
		root[0] = '\0';
	load->root = root;
	load->root_len = (uint32_t)strlen(root);
	for (const char *c = root; *c; c++)
		load->root_depth += *c == '/';
	return 0;
}

int workload_load(struct workload **out, const char *path, const char *skip_dir,
		  const volatile int *stop, struct err *err)
{
	struct workload *load = calloc(1, sizeof(*load));
	if (!load)
		return err_errno(err, -ENOMEM, "%s", path);
	load->root_fd = -1;
	struct loader l = {.load = load, .stop = stop, .err = err};
	l.has_skip = skip_dir && stat(skip_dir, &l.skip) == 0;
	int error = open_root(load, path, err);
	if (!error)
		error = read_tree(&l);
	if (error) {
		workload_free(load);
		return err_errno(err, error, "reading %s", path);
	}
	measure_paths(load);
	*out = load;
	return 0;
}

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
	free((void *)load->first_unreadable);
	free((void *)load->skipped);
	free(load);
}

/* Opens a path longer than PATH_MAX by walking it in pieces that end at a slash. */
static int open_long(int root_fd, const char *path, size_t len, int flags, uint64_t *opens,
		     uint64_t *closes)
{
	char piece[PATH_MAX];
	int at = root_fd;
	for (;;) {
		size_t take = len;
		if (len >= PATH_MAX) {
			const char *cut = memrchr(path, '/', PATH_MAX - 1);
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

int workload_opendir(const struct workload *load, uint32_t dir, int flags, uint64_t *opens,
		     uint64_t *closes)
{
	const struct workload_dir *d = &load->dirs[dir];
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
	       (uint64_t)load->n_entries * sizeof(*load->entries) +
	       (uint64_t)load->n_spans * sizeof(*load->spans);
}

size_t workload_prefix(const struct workload *load, uint32_t dir, char *buf)
{
	const struct workload_dir *d = &load->dirs[dir];
	size_t len = load->root_len;
	memcpy(buf, load->root, len);
	buf[len++] = '/';
	memcpy(buf + len, load->names + d->path, d->path_len);
	len += d->path_len;
	if (d->path_len)
		buf[len++] = '/';
	return len;
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

/* Copies of what has indices, moved so that each begins with 0. */
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
	/* The first and the last directory may be cut, those between may have no entries. */
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
