#include "engine/order.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/path_order.h"
#include "engine/workload_descent.h"

/* The key by which an entry or a directory is sorted, and its index. */
struct sort_key {
	uint64_t major, minor;
	const char *name; /* only for ORDER_SORTED */
	uint32_t index;
};

struct sorter {
	const struct workload *load;
	enum order order;
	struct sort_key *entries; /* of all entries, grouped by directory */
	struct sort_key *dirs;
	struct workload_entry *sorted;
	struct workload_span *spans;
	size_t n_spans, room_spans;
	bool lacks_birth;
	struct descent descent;
};

static int compare_keys(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;
	if (x->name)
		return strcmp(x->name, y->name);
	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/*
 * Fills the key by statx. If that fails (the file vanished, no permission), the key stays 0 and
 * sorts first.
 */
static void ask_key(struct sorter *s, int fd, const char *name, struct sort_key *key)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
	struct statx stx;
	if (fd < 0 || statx(fd, name, flags, STATX_INO | STATX_BTIME, &stx))
		return;
	key->minor = stx.stx_ino;
	if (s->order == ORDER_INODE)
		return;
	s->lacks_birth |= !(stx.stx_mask & STATX_BTIME);
	key->major = (uint64_t)stx.stx_btime.tv_sec * 1000000000 + stx.stx_btime.tv_nsec;
}

static void find_keys(struct sorter *s, uint32_t dir)
{
	const struct workload *load = s->load;
	uint32_t first = load->dirs[dir].first, end = first + load->dirs[dir].count;
	bool asks = s->order == ORDER_INODE || s->order == ORDER_CREATION;
	int fd = asks ? descent_open(&s->descent, dir, O_PATH) : -1;
	s->dirs[dir].index = dir;
	if (asks)
		ask_key(s, fd, "", &s->dirs[dir]);
	else
		s->dirs[dir].name = workload_dir_path(load, dir);
	for (uint32_t i = first; i < end; i++) {
		s->entries[i].index = i;
		if (asks)
			ask_key(s, fd, workload_name(load, i), &s->entries[i]);
		else
			s->entries[i].name = workload_name(load, i);
	}
	if (fd >= 0)
		close(fd);
	qsort(s->entries + first, end - first, sizeof(*s->entries), compare_keys);
}

static int add_span(struct sorter *s, uint32_t dir, uint32_t first, uint32_t end)
{
	int error = array_grow(&s->spans, &s->room_spans, s->n_spans + 1, sizeof(*s->spans));
	if (!error)
		s->spans[s->n_spans++] = (struct workload_span){dir, first, end};
	return error;
}

/* Cuts the entries of a directory into spans of at most `most` entries. */
static int cut(struct sorter *s, uint32_t dir, uint32_t most)
{
	uint32_t first = s->load->dirs[dir].first, end = first + s->load->dirs[dir].count;
	int error = 0;
	while (first < end && !error) {
		uint32_t next = MIN(end, first + most);
		error = add_span(s, dir, first, next);
		first = next;
	}
	return error;
}

static void shuffle(struct workload_span *spans, size_t n, uint64_t seed)
{
	struct rng rng = {seed};
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rng_below(&rng, i);
		struct workload_span swap = spans[i - 1];
		spans[i - 1] = spans[j];
		spans[j] = swap;
	}
}

/*
 * Makes nodes of the directories far below, with the numbers [0, n_far), and of their heads, with
 * the numbers [n_far, *heads). `up` of each is one of these nodes. In a part of a workload some of
 * these directories are missing.
 */
static void make_far_nodes(const struct workload *load, struct path_node *nodes, uint32_t *heads)
{
	uint64_t last = UINT64_MAX;
	*heads = load->n_far;
	for (uint32_t i = 0; i < load->n_far; i++) {
		const struct workload_far *f = &load->far[i];
		if (f->up == FAR_NONE && f->head != last) {
			last = f->head;
			nodes[(*heads)++] = (struct path_node){load->names + f->head, f->head_len,
							       PATH_ORDER_NONE};
		}
		nodes[i] = (struct path_node){load->names + f->name, f->name_len,
					      f->up == FAR_NONE ? *heads - 1 : f->up};
	}
}

/*
 * Makes nodes of all directories, and returns how many. dirs[node] is the index of its directory,
 * UINT32_MAX if the workload has none for that node.
 */
static uint32_t make_nodes(const struct workload *load, struct path_node *nodes, uint32_t *dirs)
{
	uint32_t n;
	make_far_nodes(load, nodes, &n);
	for (uint32_t i = 0; i < n; i++)
		dirs[i] = UINT32_MAX;
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		const bool is_far = workload_is_far(load, d);
		const uint32_t node = is_far ? (uint32_t)(workload_far(load, d) - load->far) : n++;
		dirs[node] = d;
		if (!is_far)
			nodes[node] = (struct path_node){workload_dir_path(load, d),
							 load->dirs[d].path_len, PATH_ORDER_NONE};
	}
	return n;
}

static int sort_dirs_by_path(struct sorter *s)
{
	const struct workload *load = s->load;
	const size_t most = (size_t)load->n_dirs + 2 * (size_t)load->n_far;
	struct path_node *nodes = calloc(most, sizeof(*nodes));
	uint32_t *dirs = calloc(most, sizeof(*dirs)), *order = calloc(most, sizeof(*order));
	int error = most < UINT32_MAX && nodes && dirs && order ? 0 : -ENOMEM;
	uint32_t n = error ? 0 : make_nodes(load, nodes, dirs), at = 0;
	if (!error)
		error = path_order(nodes, n, order);
	for (uint32_t i = 0; i < n && !error; i++) {
		if (dirs[order[i]] != UINT32_MAX)
			s->dirs[at++].index = dirs[order[i]];
	}
	free(nodes);
	free(dirs);
	free(order);
	return error;
}

static int sort_all(struct sorter *s, struct err *err)
{
	const struct workload *load = s->load;
	s->entries = calloc(MAX(load->n_entries, 1), sizeof(*s->entries));
	s->dirs = calloc(MAX(load->n_dirs, 1), sizeof(*s->dirs));
	s->sorted = calloc(MAX(load->n_entries, 1), sizeof(*s->sorted));
	if (!s->entries || !s->dirs || !s->sorted)
		return -ENOMEM;
	descent_begin(&s->descent, load);
	for (uint32_t dir = 0; dir < load->n_dirs; dir++)
		find_keys(s, dir);
	descent_end(&s->descent);
	if (s->lacks_birth)
		return err_set(err, -ENOTSUP,
			       "--order creation: the filesystem of %s does not store birth "
			       "times",
			       load->root);
	int error = 0;
	if (s->order == ORDER_SORTED && load->n_far)
		error = sort_dirs_by_path(s);
	else
		qsort(s->dirs, load->n_dirs, sizeof(*s->dirs), compare_keys);
	for (uint32_t i = 0; i < load->n_entries; i++)
		s->sorted[i] = load->entries[s->entries[i].index];
	return error;
}

static bool is_by_key(enum order order)
{
	return order != ORDER_READDIR && order != ORDER_RANDOM;
}

static int arrange(struct sorter *s, uint64_t seed, struct err *err)
{
	int error = is_by_key(s->order) ? sort_all(s, err) : 0;
	for (uint32_t d = 0; d < s->load->n_dirs && !error; d++)
		error = cut(s, s->dirs ? s->dirs[d].index : d,
			    s->order == ORDER_RANDOM ? 1 : SPAN_MAX);
	if (!error && s->order == ORDER_RANDOM)
		shuffle(s->spans, s->n_spans, seed);
	return error;
}

int order_apply(struct workload *load, enum order order, uint64_t seed, struct err *err)
{
	struct sorter s = {.load = load, .order = order};
	int error = arrange(&s, seed, err);
	free(s.entries);
	free(s.dirs);
	if (error) {
		free(s.sorted);
		free(s.spans);
		return err_errno(err, error, "cannot order the entries");
	}
	if (s.sorted) {
		free((void *)load->entries);
		load->entries = s.sorted;
	}
	free((void *)load->spans);
	load->spans = s.spans;
	load->n_spans = (uint32_t)s.n_spans;
	return 0;
}

/*
 * Cuts long spans into pieces. Spans are never merged or moved, because their sequence is the
 * order.
 */
static int cut_spans(struct sorter *s, uint32_t most)
{
	int error = 0;
	for (uint32_t i = 0; i < s->load->n_spans && !error; i++) {
		struct workload_span span = s->load->spans[i];
		for (; span.first < span.end && !error; span.first += most)
			error = add_span(s, span.dir, span.first, MIN(span.end, span.first + most));
	}
	return error;
}

int order_cut(struct workload *load, unsigned jobs)
{
	struct sorter s = {.load = load};
	const uint64_t most = load->n_entries / ((uint64_t)TAKES_LEAST * MAX(jobs, 1));
	if (jobs < 2 || most >= SPAN_MAX)
		return 0;
	int error = cut_spans(&s, (uint32_t)MAX(most, 1));
	if (error) {
		free(s.spans);
		return error;
	}
	free((void *)load->spans);
	load->spans = s.spans;
	load->n_spans = (uint32_t)s.n_spans;
	return 0;
}

uint32_t order_take(const struct workload *load, unsigned jobs, uint32_t chunk)
{
	uint64_t spans = load->n_entries ? (uint64_t)chunk * load->n_spans / load->n_entries : 1;
	if (jobs > 1)
		spans = MIN(spans, load->n_spans / ((uint64_t)TAKES_LEAST * jobs));
	return (uint32_t)MIN(MAX(spans, 1), UINT32_MAX / 2);
}
