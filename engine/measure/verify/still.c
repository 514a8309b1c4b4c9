#include "engine/measure/verify/still.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/measure/verify/right_answer.h"
#include "engine/measure/verify/walk_check.h"

/* The last part is everything else: type, mode, owner, device, errors. It is never unstable. */
static const struct {
	uint32_t field;
	const char *words;
} parts[STILL_PARTS] = {
	{FIELD_INO, "inode numbers"},
	{FIELD_SIZE, "sizes"},
	{FIELD_BLOCKS, "blocks"},
	{FIELD_NLINK, "links"},
	{FIELD_MTIME, "times"},
	{FIELD_TYPE | FIELD_MODE | FIELD_UID | FIELD_GID | FIELD_RDEV, NULL},
};

enum { OTHER = STILL_PARTS - 1 };

static const struct answer everything = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR};

/* --- Sets of hashes -------------------------------------------------------------------------- */

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static bool contains(const struct hashes *set, uint64_t hash)
{
	return set->n && bsearch(&hash, set->all, set->n, sizeof(hash), compare_hashes);
}

/* Appends; sort_unique sorts afterwards. */
static int put(struct hashes *set, uint64_t hash)
{
	int error = array_grow(&set->all, &set->room, set->n + 1, sizeof(*set->all));
	if (!error)
		set->all[set->n++] = hash;
	return error;
}

static void sort_unique(struct hashes *set)
{
	size_t kept = 0;
	if (!set->n)
		return;
	qsort(set->all, set->n, sizeof(*set->all), compare_hashes);
	for (size_t i = 0; i < set->n; i++) {
		if (!kept || set->all[kept - 1] != set->all[i])
			set->all[kept++] = set->all[i];
	}
	set->n = kept;
}

/*
 * --- A reading of the tree
 * ------------------------------------------------------------------------
 */

struct reading {
	struct seen_entry *seen;
	size_t n, room;
	uint64_t dir_hash;
	uint32_t dir; /* the directory that dir_hash belongs to */
};

static int compare_seen(const void *a, const void *b)
{
	return compare_hashes(&((const struct seen_entry *)a)->hash,
			      &((const struct seen_entry *)b)->hash);
}

static void add_parts(struct seen_entry *seen, const struct record *r)
{
	struct view view;
	for (size_t i = 0; i < STILL_PARTS; i++) {
		view_of(&view, r, parts[i].field);
		seen->parts[i] = (uint32_t)view_hash(&view, seen->parts[i]);
	}
}

static int see(void *arg, const struct right *right)
{
	struct reading *l = arg;
	const struct workload *load = right->load;
	const struct workload_entry *e = &load->entries[right->entry];
	int error = array_grow(&l->seen, &l->room, l->n + 1, sizeof(*l->seen));
	if (error)
		return error;
	if (e->dir != l->dir) {
		l->dir = e->dir;
		l->dir_hash = hash_of_dir(load, e->dir);
	}
	struct seen_entry *seen = &l->seen[l->n++];
	*seen = (struct seen_entry){.hash = hash_of_entry(load, right->entry, l->dir_hash),
				    .dir = l->dir_hash};
	seen->parts[OTHER] = (uint32_t)right->failure;
	add_parts(seen, &right->record);
	if (right->fd >= 0 && S_ISLNK(right->record.mode)) {
		static const struct answer followed = {
			.fields = FIELDS_ALL, .addressing = ADDRESS_DIR, .follow = 1};
		struct record target;
		uint64_t dev;
		right_answer(load, right->fd, right->entry, &followed, &target, &dev);
		add_parts(seen, &target);
	}
	return 0;
}

/*
 * --- Comparison of two readings
 * --------------------------------------------------------------------
 */

struct entry_change {
	const struct seen_entry *before, *after; /* NULL: it has appeared; it has vanished */
};

/* The next entry of either list; both are sorted. *i and *j are the positions in them. */
static struct entry_change next_change(const struct still *s, const struct reading *l, size_t *i,
				       size_t *j)
{
	const struct seen_entry *a = *i < s->n_seen ? &s->seen[*i] : NULL;
	const struct seen_entry *b = *j < l->n ? &l->seen[*j] : NULL;
	if (a && b && a->hash != b->hash) {
		if (a->hash < b->hash)
			b = NULL;
		else
			a = NULL;
	}
	*i += a != NULL;
	*j += b != NULL;
	return (struct entry_change){a, b};
}

/*
 * The fields that differ in more than half of the entries, and in at least two, of those present in
 * both readings.
 */
static uint32_t find_unstable(const struct still *s, const struct reading *l)
{
	size_t differ[STILL_PARTS] = {0}, both = 0;
	uint32_t fields = 0;
	for (size_t i = 0, j = 0; i < s->n_seen || j < l->n;) {
		struct entry_change c = next_change(s, l, &i, &j);
		if (!c.before || !c.after || c.before->parts[OTHER] != c.after->parts[OTHER])
			continue; /* its type, mode, owner or error changed */
		both++;
		for (size_t p = 0; p < STILL_PARTS; p++)
			differ[p] += c.before->parts[p] != c.after->parts[p];
	}
	for (size_t p = 0; p < OTHER; p++) {
		if (differ[p] >= 2 && differ[p] * 2 > both)
			fields |= parts[p].field;
	}
	return fields;
}

static bool has_moved(const struct still *s, const struct seen_entry *before,
		      const struct seen_entry *after)
{
	for (size_t p = 0; p < STILL_PARTS; p++) {
		if (before->parts[p] != after->parts[p] && !(parts[p].field & s->unstable))
			return true;
	}
	return false;
}

/* The results of a comparison, kept apart from the sets, which must stay sorted meanwhile. */
struct found_changes {
	struct hashes moved;  /* changed, to be reported */
	struct hashes opened; /* directories in which entries appear and vanish */
	struct hashes quiet;  /* appeared in a directory of that kind */
};

static int find_moving(struct still *s, const struct reading *l, struct found_changes *found)
{
	int error = 0;
	for (size_t i = 0, j = 0; !error && (i < s->n_seen || j < l->n);) {
		struct entry_change c = next_change(s, l, &i, &j);
		const struct seen_entry *one = c.before ? c.before : c.after;
		bool both = c.before && c.after;
		if ((both && !has_moved(s, c.before, c.after)) || contains(&s->moving, one->hash))
			continue;
		if (!c.before && contains(&s->open, one->dir)) {
			error = put(&found->quiet, one->hash);
			continue;
		}
		error = put(&found->moved, one->hash);
		if (!error && !both)
			error = put(&found->opened, one->dir);
	}
	sort_unique(&found->moved);
	return error;
}

static int put_all(struct hashes *set, const struct hashes *more)
{
	int error = 0;
	for (size_t i = 0; i < more->n && !error; i++)
		error = put(set, more->all[i]);
	sort_unique(set);
	return error;
}

/* --- Names ----------------------------------------------------------------------------------- */

static bool is_named(const struct still *s, uint64_t hash)
{
	for (size_t i = 0; i < s->n_paths; i++) {
		if (s->named[i] == hash)
			return true;
	}
	return false;
}

/*
 * Stores the paths of the first few changed entries. A directory that changed is one in which
 * entries appear and vanish.
 */
static int name_one(struct still *s, const struct workload *load, uint32_t entry, uint64_t hash,
		    uint64_t dir_hash, struct found_changes *found)
{
	int error = 0;
	if (load->entries[entry].type == S_IFDIR)
		error = put(&found->opened, hash_below(load, entry, dir_hash));
	if (error || s->n_paths == STILL_NAMED || is_named(s, hash))
		return error;
	s->paths[s->n_paths] = workload_spell(load, entry);
	if (!s->paths[s->n_paths])
		return -ENOMEM;
	s->named[s->n_paths++] = hash;
	return 0;
}

static int name_moving(struct still *s, const struct workload *load, struct found_changes *found)
{
	int error = 0;
	for (uint32_t d = 0; d < load->n_dirs && !error; d++) {
		uint32_t first = load->dirs[d].first, end = first + load->dirs[d].count;
		uint64_t dir_hash = end > first ? hash_of_dir(load, d) : 0;
		for (uint32_t i = first; i < end && !error; i++) {
			uint64_t hash = hash_of_entry(load, i, dir_hash);
			if (contains(&found->moved, hash))
				error = name_one(s, load, i, hash, dir_hash, found);
		}
	}
	return error;
}

/* --------------------------------------------------------------------------------------------- */

static int take_changes(struct still *s, const struct found_changes *found)
{
	int error = put_all(&s->moving, &found->moved);
	error = error ? error : put_all(&s->moving, &found->quiet);
	return error ? error : put_all(&s->open, &found->opened);
}

static int compare_readings(struct still *s, const struct reading *l, const struct workload *load,
			    int64_t root_mtime_ns)
{
	struct found_changes found = {{0}, {0}, {0}};
	uint32_t unstable = find_unstable(s, l) & ~s->unstable;
	bool root_moved = root_mtime_ns != s->root_mtime_ns;
	s->unstable |= unstable;
	int error = find_moving(s, l, &found);
	if (!error)
		error = name_moving(s, load, &found);
	if (!error && root_moved)
		error = put(&found.opened, hash_dir("", 0));
	if (!error)
		error = take_changes(s, &found);
	bool moved = found.moved.n || unstable || root_moved;
	free(found.moved.all);
	free(found.opened.all);
	free(found.quiet.all);
	return error ? error : moved;
}

int still_read(struct still *s, const struct workload *load, const struct halt *halt)
{
	struct reading l = {.dir = UINT32_MAX};
	struct stat root;
	int result = walk_check_visit(load, &everything, halt, see, &l);
	if (!result && fstat(load->root_fd, &root))
		result = -errno;
	if (result) {
		free(l.seen);
		return result;
	}
	int64_t mtime_ns = record_ns(root.st_mtim.tv_sec, root.st_mtim.tv_nsec);
	if (l.n)
		qsort(l.seen, l.n, sizeof(*l.seen), compare_seen);
	if (s->was_read)
		result = compare_readings(s, &l, load, mtime_ns);
	free(s->seen);
	s->seen = l.seen;
	s->n_seen = l.n;
	s->root_mtime_ns = mtime_ns;
	s->was_read = true;
	return result;
}

void still_release(struct still *s)
{
	free(s->seen);
	free(s->moving.all);
	free(s->open.all);
	for (size_t i = 0; i < s->n_paths; i++)
		free(s->paths[i]);
	*s = (struct still){0};
}

bool still_has(const struct still *s, uint64_t hash, uint64_t dir_hash)
{
	if (still_is_all(s))
		return true;
	if (contains(&s->moving, hash))
		return false;
	const struct seen_entry key = {.hash = hash};
	return !contains(&s->open, dir_hash) ||
	       (s->n_seen && bsearch(&key, s->seen, s->n_seen, sizeof(key), compare_seen));
}

bool still_has_come(const struct still *s, uint64_t hash, uint64_t dir_hash)
{
	const struct seen_entry key = {.hash = hash};
	return contains(&s->open, dir_hash) &&
	       !(s->n_seen && bsearch(&key, s->seen, s->n_seen, sizeof(key), compare_seen));
}

static bool is_newcomer(const struct still *s, const char *path, size_t at, size_t end)
{
	uint64_t dir = hash_dir(path, at ? at - 1 : 0);
	return still_has_come(s, hash_name(path + at, end - at, dir), dir);
}

bool still_has_below(const struct still *s, const char *path, size_t known, size_t len)
{
	if (!s->open.n)
		return true;
	for (size_t at = known + (known > 0); at < len;) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t end = slash ? (size_t)(slash - path) : len;
		if (is_newcomer(s, path, at, end))
			return false;
		at = end + 1;
	}
	return true;
}

const char *still_unstable(const struct still *s, char *buf, size_t size)
{
	size_t used = 0;
	buf[0] = '\0';
	for (size_t p = 0; p < OTHER; p++) {
		if (parts[p].field & s->unstable && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 parts[p].words);
	}
	return buf;
}
