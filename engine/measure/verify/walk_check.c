#include "engine/measure/verify/walk_check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/measure/verify/right_answer.h"
#include "engine/measure/verify/still.h"
#include "engine/workload_descent.h"

/* --- What there is to find ------------------------------------------------------------------- */

/* The errno of reading a directory to its end; also EIO if it lists invalid names. */
static int read_through(int fd, const struct halt *halt)
{
	struct dents dents;
	struct dent dent;
	int got = 1;
	dents_begin(&dents, fd, NULL, NULL);
	while (got > 0 && !halt_is_due(halt))
		got = dents_next(&dents, &dent);
	if (!got && dents.bad)
		got = -EIO; /* as walks report it */
	return got < 0 ? -got : 0;
}

/*
 * The errno of entering a directory in this walk's way; 0: it can be read. Directories are read to
 * their end only if the loader found one that opens and cannot be read.
 */
static int try_reading(const struct workload *load, int at, const char *name,
		       const struct answer *answer, const struct halt *halt)
{
	struct stat st;
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno;
	bool refused = answer->addressing == ADDRESS_CWD && fstatat(fd, ".", &st, 0);
	int error = refused ? errno : 0;
	if (!error && load->has_broken)
		error = read_through(fd, halt);
	close(fd);
	return error;
}

/*
 * A walk that fetches every entry can tell from the record which ones are directories and which are
 * on another device; one that only reads directories has to open them to find out.
 */
static int failure_of(const struct right *right, int at, const struct answer *answer, uint64_t dev,
		      const struct halt *halt)
{
	const struct workload *load = right->load;
	bool is_entered = right->record.status == 0 && S_ISDIR(right->record.mode) &&
			  (answer->listed || workload_enters(load, dev));
	if (!is_entered)
		return 0;
	if (answer->addressing == ADDRESS_PATH && workload_path_len(load, right->entry) >= PATH_MAX)
		return ENAMETOOLONG;
	return try_reading(load, at, workload_name(load, right->entry), answer, halt);
}

/* A descriptor of a directory that a walk of this kind can read, or -errno. */
static int enter(struct descent *descent, uint32_t dir, const struct answer *answer)
{
	const struct workload *load = descent->load;
	struct stat st;
	if (answer->addressing == ADDRESS_PATH && dir &&
	    load->root_len + 1 + load->dirs[dir].path_len >= PATH_MAX)
		return -ENAMETOOLONG;
	int fd = descent_open(descent, dir, O_PATH);
	if (fd < 0 || answer->addressing != ADDRESS_CWD || fstatat(fd, ".", &st, 0) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

static int visit_dir(const struct workload *load, uint32_t dir, int fd, const struct answer *answer,
		     const struct halt *halt, right_fn *fn, void *arg)
{
	uint32_t first = load->dirs[dir].first, end = first + load->dirs[dir].count;
	int error = 0;
	for (uint32_t i = first; i < end && !error; i++) {
		struct right right = {.load = load, .fd = fd, .entry = i};
		uint64_t dev;
		if (halt_is_due(halt))
			return -EINTR;
		right_answer(load, fd, i, answer, &right.record, &dev);
		right.failure = failure_of(&right, fd, answer, dev, halt);
		error = fn(arg, &right);
	}
	return error;
}

static int visit_all(struct descent *descent, const struct answer *answer, const struct halt *halt,
		     right_fn *fn, void *arg)
{
	const struct workload *load = descent->load;
	int error = 0;
	for (uint32_t dir = 0; dir < load->n_dirs && !error; dir++) {
		if (halt_is_due(halt))
			return -EINTR;
		if (!load->dirs[dir].count)
			continue;
		int fd = enter(descent, dir, answer);
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
			return fd;
		if (fd < 0)
			continue;
		error = visit_dir(load, dir, fd, answer, halt, fn, arg);
		close(fd);
	}
	/* The directory that was being read when halt became due is incomplete. */
	return error ? error : halt_is_due(halt) ? -EINTR : 0;
}

int walk_check_visit(const struct workload *load, const struct answer *answer,
		     const struct halt *halt, right_fn *fn, void *arg)
{
	struct descent descent;
	descent_begin(&descent, load);
	int error = visit_all(&descent, answer, halt, fn, arg);
	descent_end(&descent);
	return error;
}

/* --- Digests --------------------------------------------------------------------------------- */

static void add_entry(struct walk_check *found, const struct record *r, uint64_t hash,
		      uint32_t fields)
{
	struct view view;
	view_of(&view, r, fields);
	digest_add(&found->entries, view_hash(&view, hash));
}

static void add_failure(struct walk_check *found, int error, uint64_t hash)
{
	digest_add(&found->failures, digest_hash(&error, sizeof(error), hash));
}

/* A directory, and whether its entries are compared. */
struct position {
	const struct still *still;
	const char *dir; /* its path, NULL: none yet */
	size_t dir_len;
	uint64_t hash;
	bool counts;
};

/*
 * Often the next directory is below the last one. Then only the rest of its path is checked:
 * checking each component of each path would be cubic in the depth of a tree.
 */
static void go_to(struct position *p, const char *dir, size_t len)
{
	const bool is_below = p->dir && len > p->dir_len && memcmp(dir, p->dir, p->dir_len) == 0 &&
			      (!p->dir_len || dir[p->dir_len] == '/');
	const size_t known = is_below && p->counts ? p->dir_len : 0;
	if (!is_below || p->counts)
		p->counts = still_has_below(p->still, dir, known, len);
	p->dir = dir;
	p->dir_len = len;
	p->hash = hash_dir(dir, len);
}

struct digest_totals {
	struct walk_check *found;
	const struct answer *answer;
	const struct still *still;
	bool *left_out; /* for each directory: its entries are not compared; NULL: all are */
	uint64_t dir_hash;
	uint32_t dir; /* the directory that dir_hash belongs to */
};

/* Marks new directories and all directories below them. */
static void leave_out(struct digest_totals *t, const struct workload *load)
{
	for (uint32_t d = 1; d < load->n_dirs; d++) {
		const uint32_t up = load->parents[d];
		const uint64_t up_hash = hash_of_dir(load, up);
		const char *name = workload_dir_name(load, d);
		const uint64_t hash = hash_name(name, strlen(name), up_hash);
		t->left_out[d] = t->left_out[up] || still_has_come(t->still, hash, up_hash);
	}
}

static int add_right(void *arg, const struct right *right)
{
	struct digest_totals *t = arg;
	const struct workload *load = right->load;
	uint32_t dir = load->entries[right->entry].dir;
	if (dir != t->dir) {
		t->dir = dir;
		t->dir_hash = hash_of_dir(load, dir);
	}
	uint64_t hash = hash_of_entry(load, right->entry, t->dir_hash);
	if ((t->left_out && t->left_out[dir]) || !still_has(t->still, hash, t->dir_hash))
		return 0;
	add_entry(t->found, &right->record, hash, t->answer->fields & ~t->still->unstable);
	if (right->failure)
		add_failure(t->found, right->failure, hash);
	return 0;
}

/* The root is not an entry, but can be a failure. */
static uint64_t hash_root(void)
{
	return hash_name("", 0, hash_dir("", 0));
}

int walk_check_right(struct walk_check *found, const struct workload *load,
		     const struct answer *answer, const struct still *still,
		     const struct halt *halt)
{
	struct digest_totals totals = {
		.found = found, .answer = answer, .still = still, .dir = UINT32_MAX};
	*found = (struct walk_check){{0}, {0}};
	int failure = try_reading(load, load->root_fd, ".", answer, halt);
	if (failure)
		add_failure(found, failure, hash_root());
	if (still->open.n) {
		totals.left_out = calloc(load->n_dirs, sizeof(*totals.left_out));
		if (!totals.left_out)
			return -ENOMEM;
		leave_out(&totals, load);
	}
	int error = walk_check_visit(load, answer, halt, add_right, &totals);
	free(totals.left_out);
	return error;
}

/* Offset of a path's last component. */
static size_t name_at(const char *path, size_t len)
{
	const char *slash = memrchr(path, '/', len);
	return slash ? (size_t)(slash - path) + 1 : 0;
}

/* False: the entry is not compared. Neighbours in a sorted list mostly have the same directory. */
static bool hash_path(struct position *p, const char *path, size_t len, uint64_t *hash)
{
	size_t name = name_at(path, len), dir_len = name ? name - 1 : 0;
	if (!p->dir || dir_len != p->dir_len || memcmp(path, p->dir, dir_len) != 0)
		go_to(p, path, dir_len);
	*hash = hash_name(path + name, len - name, p->hash);
	return p->counts && still_has(p->still, *hash, p->hash);
}

bool walk_check_skips(const struct workload *load, const char *path, size_t len)
{
	size_t skip = load->skipped ? strlen(load->skipped) : 0;
	return skip && len >= skip && memcmp(path, load->skipped, skip) == 0 &&
	       (len == skip || path[skip] == '/');
}

bool walk_check_skips_entry(const struct cell *cell, size_t i)
{
	const char *skipped = cell->load->skipped;
	size_t len;
	if (!skipped)
		return false;
	const char *path = sink_head(cell->sink, i, &len);
	if (strlen(skipped) > len) /* skipped may be longer than the head */
		path = sink_path(cell->sink, i, &len);
	return walk_check_skips(cell->load, path, len);
}

/* The record of the entry with that path in a sorted sink, or NULL. */
static const struct record *find(const struct sink *sink, const char *path, size_t len)
{
	size_t low = 0, high = sink_count(sink);
	while (low < high) {
		size_t middle = low + (high - low) / 2, at_len;
		const char *at = sink_path(sink, middle, &at_len);
		int order = sink_compare(path, len, at, at_len);
		if (order == 0)
			return sink_record(sink, middle);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool walk_check_unread(const struct cell *cell, const char *path, size_t len)
{
	const struct record *r = find(cell->sink, path, len);
	return !walk_check_skips(cell->load, path, len) && !(r && r->status);
}

/* A directory with a long path that was found: what its entries need. */
struct above {
	uint64_t hash;
	bool counts;
};

struct list_check {
	struct walk_check *found;
	const struct cell *cell;
	const struct still *still;
	struct position place;
	struct above *above; /* by number; only if there are entries far below */
};

static void keep_above(const struct list_check *l, size_t i, uint64_t dir_hash, struct above above,
		       uint64_t hash)
{
	above.counts = above.counts && !still_has_come(l->still, hash, dir_hash);
	l->above[sink_number(l->cell->sink, i)] = above;
}

/* False: the entry is not compared. */
static bool hash_near(struct list_check *l, size_t i, uint64_t *hash)
{
	size_t len;
	const char *path = sink_path(l->cell->sink, i, &len);
	const bool counts = hash_path(&l->place, path, len, hash);
	if (l->above && len >= PATH_MAX)
		keep_above(l, i, l->place.hash,
			   (struct above){hash_dir(path, len), l->place.counts}, *hash);
	return counts;
}

/* The same far below. Its directory was seen before, because the list is sorted. */
static bool hash_far(struct list_check *l, size_t i, const struct sink_far *far, uint64_t *hash)
{
	const struct above *up = &l->above[far->up];
	*hash = hash_name(far->name, far->name_len, up->hash);
	keep_above(
		l, i, up->hash,
		(struct above){workload_far_hash(far->name, far->name_len, up->hash), up->counts},
		*hash);
	return up->counts && still_has(l->still, *hash, up->hash);
}

static void add_failures(struct list_check *l)
{
	const struct sink *sink = l->cell->sink;
	for (size_t i = 0; i < sink_failures(sink); i++) {
		uint64_t hash;
		size_t len;
		int error;
		const char *path = sink_failure(sink, i, &len, &error);
		if (hash_path(&l->place, path, len, &hash) && walk_check_unread(l->cell, path, len))
			add_failure(l->found, error, hash);
	}
}

int walk_check_list(struct walk_check *found, const struct cell *cell, const struct still *still)
{
	const struct sink *sink = cell->sink;
	const uint32_t fields = cell->answer.fields & ~still->unstable;
	struct list_check l = {
		.found = found, .cell = cell, .still = still, .place = {.still = still}};
	*found = (struct walk_check){{0}, {0}};
	if (sink_has_far(sink) && !(l.above = calloc(sink_count(sink), sizeof(*l.above))))
		return -ENOMEM;
	for (size_t i = 0; i < sink_count(sink); i++) {
		const struct sink_far *far = sink_far(sink, i);
		uint64_t hash;
		bool counts = far ? hash_far(&l, i, far, &hash) : hash_near(&l, i, &hash);
		if (counts && !walk_check_skips_entry(cell, i))
			add_entry(found, sink_record(sink, i), hash, fields);
	}
	add_failures(&l);
	free(l.above);
	return 0;
}

bool walk_check_same(const struct walk_check *a, const struct walk_check *b)
{
	return digest_same(&a->entries, &b->entries) && digest_same(&a->failures, &b->failures);
}

/* --- Differences in words -------------------------------------------------------------------- */

bool walk_check_sorted(const struct sink *sink, char *why, size_t size)
{
	for (size_t i = 1; i < sink_count(sink); i++) {
		char words[256] = "is listed twice";
		size_t len;
		const int order = sink_step(sink, i);
		if (order < 0)
			continue;
		if (order > 0)
			snprintf(words, sizeof(words), "comes after %.200s, out of order",
				 sink_path(sink, i - 1, &len));
		answer_say(why, size, sink_path(sink, i, &len), words);
		return false;
	}
	return true;
}

/* The list of a right walk, and where in it the entries of each directory begin. */
struct right_list {
	struct sink *list;
	uint32_t *firsts; /* number of each directory's first entry */
	uint32_t dir;     /* the directory being added */
	uint32_t number;  /* its own number, if its path is long */
};

/* A directory's number: its entry is among those of its parent. */
static uint32_t number_of(const struct right_list *l, const struct workload *load, uint32_t dir)
{
	const uint32_t up = load->parents[dir], first = load->dirs[up].first;
	const char *name = workload_dir_name(load, dir);
	uint32_t i = 0;
	while (i + 1 < load->dirs[up].count && strcmp(workload_name(load, first + i), name) != 0)
		i++;
	return l->firsts[up] + i;
}

static void list_dir(struct right_list *l, const struct workload *load, uint32_t dir)
{
	l->dir = dir;
	l->firsts[dir] = (uint32_t)sink_count(l->list);
	if (load->dirs[dir].path_len >= PATH_MAX)
		l->number = number_of(l, load, dir);
}

static int list_right(void *arg, const struct right *right)
{
	struct right_list *l = arg;
	const struct workload *load = right->load;
	const uint32_t dir = load->entries[right->entry].dir;
	if (dir != l->dir)
		list_dir(l, load, dir);
	const bool is_long = load->dirs[dir].path_len >= PATH_MAX;
	char *path = is_long && !right->failure ? NULL : workload_spell(load, right->entry);
	struct record *r =
		is_long ? sink_add_in(l->list, l->number, workload_name(load, right->entry),
				      load->entries[right->entry].name_len)
		: path  ? sink_add(l->list, path, strlen(path))
			: NULL;
	int error = r ? 0 : -ENOMEM;
	if (r)
		*r = right->record;
	if (r && right->failure)
		error = path ? sink_fail(l->list, path, strlen(path), right->failure) : -ENOMEM;
	free(path);
	return error;
}

static bool counts(const struct still *still, const char *path, size_t len)
{
	struct position place = {.still = still};
	uint64_t hash;
	return hash_path(&place, path, len, &hash);
}

/* Two sorted lists, the positions in them, and which entries of them are the same directory. */
struct lists {
	const struct sink *sink, *right;
	size_t i, j;
	uint32_t *same; /* number in right by number in sink; only if there are entries far below */
};

static bool is_same_far(const struct lists *l)
{
	const struct sink_far *a = sink_far(l->sink, l->i), *b = sink_far(l->right, l->j);
	return a && b && l->same && l->same[a->up] == b->up && a->name_len == b->name_len &&
	       memcmp(a->name, b->name, a->name_len) == 0;
}

/* Compares the current paths; -1: that of `sink` is first, 1: that of `right`. */
static int compare_lists(const struct lists *l)
{
	size_t len, right_len;
	if (l->i == sink_count(l->sink) || l->j == sink_count(l->right))
		return l->i == sink_count(l->sink) ? 1 : -1;
	if (is_same_far(l))
		return 0;
	const char *path = sink_path(l->sink, l->i, &len);
	const char *want = sink_path(l->right, l->j, &right_len);
	return sink_compare(path, len, want, right_len);
}

static bool is_counted(const struct cell *cell, const struct sink *sink, size_t i,
		       const struct still *still)
{
	size_t len;
	const char *path = sink_path(sink, i, &len);
	return counts(still, path, len) && !walk_check_skips(cell->load, path, len);
}

/* Describes the entry that only one list has, or that differs. */
static bool entries_differ(const struct cell *cell, struct lists *l, const struct still *still,
			   char *why, size_t size)
{
	const uint32_t fields = cell->answer.fields & ~still->unstable;
	while (l->i < sink_count(l->sink) || l->j < sink_count(l->right)) {
		char words[160];
		size_t len;
		const int order = compare_lists(l);
		const struct sink *sink = order > 0 ? l->right : l->sink;
		const size_t at = order > 0 ? l->j : l->i;
		bool is_other = order != 0;
		if (order)
			snprintf(words, sizeof(words), "%s",
				 order < 0 ? "is not in the tree" : "was not found");
		else
			is_other = answer_differs(sink_record(l->sink, l->i),
						  sink_record(l->right, l->j), fields, words,
						  sizeof(words));
		if (is_other && is_counted(cell, sink, at, still)) {
			answer_say(why, size, sink_path(sink, at, &len), words);
			return true;
		}
		if (!order && l->same)
			l->same[sink_number(l->sink, l->i)] = sink_number(l->right, l->j);
		l->i += order <= 0;
		l->j += order >= 0;
	}
	return false;
}

static bool say_failure(char *why, size_t size, const char *path, int got, int want)
{
	char words[100];
	if (!want)
		snprintf(words, sizeof(words), "was reported as unreadable (%s), but can be read",
			 strerrorname_np(got));
	else if (!got)
		snprintf(words, sizeof(words), "cannot be read (%s), which was not reported",
			 strerrorname_np(want));
	else
		snprintf(words, sizeof(words), "reading it gave %s, expected %s",
			 strerrorname_np(got), strerrorname_np(want));
	answer_say(why, size, path, words);
	return true;
}

/* The errno of a directory's failure in a sink; 0: there is none. */
static int failure_at(const struct sink *sink, const char *path, size_t len)
{
	for (size_t i = 0; i < sink_failures(sink); i++) {
		size_t at_len;
		int error;
		const char *at = sink_failure(sink, i, &at_len, &error);
		if (sink_compare(path, len, at, at_len) == 0)
			return error;
	}
	return 0;
}

static bool failures_differ(const struct cell *cell, const struct sink *right,
			    const struct still *still, char *why, size_t size)
{
	size_t len;
	int error;
	for (size_t i = 0; i < sink_failures(right); i++) {
		const char *path = sink_failure(right, i, &len, &error);
		int got = failure_at(cell->sink, path, len);
		if (got != error && counts(still, path, len))
			return say_failure(why, size, path, got, error);
	}
	for (size_t i = 0; i < sink_failures(cell->sink); i++) {
		const char *path = sink_failure(cell->sink, i, &len, &error);
		if (walk_check_unread(cell, path, len) && counts(still, path, len) &&
		    !failure_at(right, path, len))
			return say_failure(why, size, path, error, 0);
	}
	return false;
}

/* Both are sorted. 0: why describes the difference; -ENOENT: there is none; -ENOMEM. */
static int compare_with(const struct cell *cell, const struct sink *right,
			const struct still *still, char *why, size_t size)
{
	struct lists lists = {.sink = cell->sink, .right = right};
	const size_t n = sink_count(cell->sink);
	if (sink_has_far(cell->sink)) {
		lists.same = malloc(n * sizeof(*lists.same));
		if (!lists.same)
			return -ENOMEM;
		memset(lists.same, 0xff, n * sizeof(*lists.same));
	}
	const bool differ = entries_differ(cell, &lists, still, why, size) ||
			    failures_differ(cell, right, still, why, size);
	free(lists.same);
	return differ ? 0 : -ENOENT;
}

int walk_check_difference(const struct cell *cell, const struct workload *load,
			  const struct still *still, const struct halt *halt, char *why,
			  size_t size)
{
	struct right_list l = {
		.list = sink_new(),
		.firsts = calloc(load->n_dirs, sizeof(*l.firsts)),
		.dir = UINT32_MAX,
	};
	int error = l.list && l.firsts ? walk_check_visit(load, &cell->answer, halt, list_right, &l)
				       : -ENOMEM;
	if (!error) {
		sink_sort(l.list);
		error = compare_with(cell, l.list, still, why, size);
	}
	sink_free(l.list);
	free(l.firsts);
	return error;
}
