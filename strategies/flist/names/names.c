#include "strategies/flist/names/names.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/flist/names/reader.h"

enum {
	ROOM_MIN = 256,
	RUN = 16, /* number of names that sort_few sorts */
};

_Static_assert(((offsetof(struct flist_dirent, name) + 2 + 7) & ~7U) == FLIST_RECORD_MIN,
	       "the name of one byte and its NUL, rounded up");

struct flist_run {
	size_t n;
	size_t common; /* number of bytes that all names are known to begin with; the keys come
			  after */
	struct flist_name names[];
};

/* ---- The names of a buffer ------------------------------------------------------------------- */

void flist_names_release(struct flist_names *names)
{
	free(names->all);
	free(names->spare);
	*names = (struct flist_names){0};
}

/* Makes room for `need` names. The present ones may be lost. 0 or -ENOMEM. */
static int make_room(struct flist_names *names, size_t need)
{
	size_t room = names->room ? names->room : ROOM_MIN;
	if (need <= names->room)
		return 0;
	while (room < need)
		room *= 2;
	flist_names_release(names);
	names->all = malloc(room * sizeof(*names->all));
	names->spare = malloc(room * sizeof(*names->spare));
	if (!names->all || !names->spare) {
		flist_names_release(names);
		return -ENOMEM;
	}
	names->room = room;
	return 0;
}

static bool is_skipped(const char *name)
{
	return !name[0] || (name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2])));
}

int flist_names_begin(struct flist_names *names, size_t most)
{
	names->n = names->bytes = 0;
	names->nameless = false;
	return make_room(names, most);
}

int flist_names_gather(struct flist_names *names, const char *buffer, size_t used)
{
	const int ret = flist_names_begin(names, used / FLIST_RECORD_MIN);
	if (ret)
		return ret;
	for (size_t at = 0; at < used;) {
		const struct flist_dirent *d = (const void *)(buffer + at);
		at += d->size;
		names->nameless |= !d->name[0];
		if (is_skipped(d->name))
			continue;
		flist_names_add(names, d->name, strlen(d->name), d->type, (uint32_t)d->ino);
	}
	return 0;
}

/* Returns the number of bytes that all names begin with. */
static size_t measure_common(const struct flist_names *names)
{
	const char *first = names->all[0].text;
	size_t common = names->all[0].len;
	for (size_t i = 1; i < names->n && common > 0; i++) {
		const char *text = names->all[i].text;
		size_t same = 0;
		while (same < common && text[same] == first[same])
			same++;
		common = same;
	}
	return common;
}

static uint64_t load_eight(const char *text)
{
	uint64_t bytes;
	memcpy(&bytes, text, sizeof(bytes));
	return be64toh(bytes);
}

/*
 * Returns up to eight bytes of the name, those after `common`, as a number that compares as the
 * bytes do. Reads no byte outside the text.
 */
static uint64_t name_key(const struct flist_name *name, size_t common)
{
	const size_t rest = name->len - common;
	const char *text = name->text + common;
	uint64_t key = 0;
	if (rest >= 8)
		return load_eight(text);
	if (rest > 0 && name->len >= 8)
		return load_eight(text + rest - 8) << 8 * (8 - rest);
	for (size_t i = 0; i < rest; i++)
		key |= (uint64_t)(unsigned char)text[i] << 8 * (7 - i);
	return key;
}

/*
 * Compares by key, then by the rest of the text. If the last byte of equal keys is 0, both names
 * end within the key.
 */
static bool is_before(const struct flist_name *a, const struct flist_name *b, size_t common)
{
	const size_t rest = common + sizeof(a->key);
	if (a->key != b->key)
		return a->key < b->key;
	return a->key & 0xff && strcmp(a->text + rest, b->text + rest) < 0;
}

/* Insertion sort, which moves only names with equal keys: the others are in order already. */
static void settle_ties(struct flist_name *names, size_t n, size_t common)
{
	for (size_t i = 1; i < n; i++) {
		const struct flist_name name = names[i];
		size_t at = i;
		for (; at > 0 && is_before(&name, &names[at - 1], common); at--)
			names[at] = names[at - 1];
		names[at] = name;
	}
}

/*
 * Sorts a few names by counting for each how many come before it. This takes more comparisons than
 * other algorithms, but no branch depends on their results: mispredicted branches are the main cost
 * of sorting.
 */
static void sort_few(const struct flist_name *from, struct flist_name *to, size_t n, size_t common)
{
	for (size_t i = 0; i < n; i++) {
		const uint64_t key = from[i].key;
		size_t before = 0;
		for (size_t j = 0; j < i; j++)
			before += from[j].key <= key;
		for (size_t j = i + 1; j < n; j++)
			before += from[j].key < key;
		to[before] = from[i];
	}
	settle_ties(to, n, common);
}

/* Merges two sorted runs. The next name is chosen without a branch, too. */
static void merge_runs(const struct flist_name *a, size_t n_a, const struct flist_name *b,
		       size_t n_b, struct flist_name *to, size_t common)
{
	const struct flist_name *a_end = a + n_a, *b_end = b + n_b;
	while (a < a_end && b < b_end) {
		bool second = b->key < a->key;
		if (b->key == a->key)
			second = is_before(b, a, common);
		*to++ = *(second ? b : a);
		b += second;
		a += !second;
	}
	for (; a < a_end; a++)
		*to++ = *a;
	for (; b < b_end; b++)
		*to++ = *b;
}

/* Merges each pair of runs of length `run` into one of twice the length. */
static void merge_pairs(const struct flist_name *from, struct flist_name *to, size_t n, size_t run,
			size_t common)
{
	for (size_t at = 0; at < n; at += 2 * run) {
		const size_t left = n - at;
		const size_t n_a = left < run ? left : run;
		const size_t n_b = left - n_a < run ? left - n_a : run;
		merge_runs(from + at, n_a, from + at + n_a, n_b, to + at, common);
	}
}

/*
 * Sorts names whose first `common` bytes are equal. The result is in all or in spare; returns
 * which.
 */
static struct flist_name *sort_run(struct flist_name *all, struct flist_name *spare, size_t n,
				   size_t common)
{
	for (size_t i = 0; i < n; i++)
		all[i].key = name_key(&all[i], common);
	for (size_t at = 0; at < n; at += RUN)
		sort_few(all + at, spare + at, n - at < RUN ? n - at : RUN, common);
	for (size_t run = RUN; run < n; run *= 2) {
		merge_pairs(spare, all, n, run, common);
		struct flist_name *merged = all;
		all = spare;
		spare = merged;
	}
	return spare;
}

void flist_names_sort(struct flist_names *names)
{
	struct flist_name *sorted;
	if (names->n < 2)
		return;
	sorted = sort_run(names->all, names->spare, names->n, measure_common(names));
	if (sorted == names->spare) {
		names->spare = names->all;
		names->all = sorted;
	}
}

void flist_name_item(const struct flist_name *name, char *path, uint32_t prefix, uint32_t depth,
		     struct flist_item *item)
{
	if (prefix)
		path[prefix - 1] = '/';
	flist_copy_name(path + prefix, name->text, name->len + 1U);
	*item = (struct flist_item){
		.path = path,
		.name = path + prefix,
		.path_len = prefix + name->len,
		.depth = depth,
		.type = (uint32_t)DTTOIF(name->type),
		.status = -ENODATA,
	};
}

void flist_names_choose(struct flist_names *names, flist_filter *filter, void *arg, unsigned worker,
			char *path, uint32_t prefix, uint32_t depth)
{
	size_t kept = 0;
	for (size_t i = 0; i < names->n; i++) {
		struct flist_name name = names->all[i];
		struct flist_item item;
		flist_name_item(&name, path, prefix, depth, &item);
		const enum flist_choice choice = filter(arg, worker, &item);
		name.pruned = choice == FLIST_PRUNE;
		if (choice == FLIST_SKIP)
			names->bytes -= (size_t)name.len + 1;
		else
			names->all[kept++] = name;
	}
	names->n = kept;
}

void flist_names_drop(struct flist_names *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		names->bytes -= names->all[i].len + 1U;
	names->n -= n;
	memmove(names->all, names->all + n, names->n * sizeof(*names->all));
}

/* ---- The names of several buffers ------------------------------------------------------------ */

void flist_runs_init(struct flist_runs *runs)
{
	*runs = (struct flist_runs){.n = 0};
	pthread_mutex_init(&runs->lock, NULL);
}

void flist_runs_release(struct flist_runs *runs)
{
	for (int level = 0; level < FLIST_RUN_LEVELS; level++)
		free(runs->waiting[level]);
	pthread_mutex_destroy(&runs->lock);
}

static struct flist_run *new_run(size_t n)
{
	struct flist_run *run = malloc(sizeof(*run) + n * sizeof(*run->names));
	if (run)
		run->n = n;
	return run;
}

static size_t common_of(const struct flist_name *a, const struct flist_name *b)
{
	const size_t most = a->len < b->len ? a->len : b->len;
	size_t same = 0;
	while (same < most && a->text[same] == b->text[same])
		same++;
	return same;
}

static void set_common(struct flist_run *run, size_t common)
{
	run->common = common;
	for (size_t i = 0; i < run->n; i++)
		run->names[i].key = name_key(&run->names[i], common);
}

static struct flist_run *make_run(const struct flist_block *block, uint32_t number)
{
	struct flist_run *run = new_run(block->n);
	if (!run)
		return NULL;
	for (uint32_t i = 0; i < block->n; i++)
		run->names[i] = (struct flist_name){.text = flist_block_name(block, i),
						    .number = flist_place(number, i),
						    .len = block->lines[i].len};
	/*
	 * The names are sorted, so all begin with the bytes that the first and the last begin with.
	 */
	set_common(run, run->n ? common_of(&run->names[0], &run->names[run->n - 1]) : 0);
	return run;
}

/* Merges two runs and frees both. NULL: out of memory. */
static struct flist_run *unite(struct flist_run *a, struct flist_run *b)
{
	struct flist_run *run = new_run(a->n + b->n);
	size_t common = a->common < b->common ? a->common : b->common;
	if (run && a->n && b->n) {
		const size_t same = common_of(&a->names[0], &b->names[0]);
		common = same < common ? same : common;
	}
	if (run) {
		if (a->common != common)
			set_common(a, common);
		if (b->common != common)
			set_common(b, common);
		merge_runs(a->names, a->n, b->names, b->n, run->names, common);
		run->common = common;
	}
	free(a);
	free(b);
	return run;
}

/*
 * Takes and returns the run that is stored at a level. If there is none, stores this one there and
 * returns NULL.
 */
static struct flist_run *meet(struct flist_runs *runs, int level, struct flist_run *run)
{
	struct flist_run *other;
	pthread_mutex_lock(&runs->lock);
	other = runs->waiting[level];
	runs->waiting[level] = other ? NULL : run;
	pthread_mutex_unlock(&runs->lock);
	return other;
}

int flist_runs_add(struct flist_runs *runs, struct flist_block *block)
{
	struct flist_run *run, *other;
	uint32_t number;
	pthread_mutex_lock(&runs->lock);
	number = runs->n_blocks++;
	runs->n += block->n;
	block->next = runs->blocks;
	runs->blocks = block;
	pthread_mutex_unlock(&runs->lock);
	if (number >= FLIST_PLACE_BLOCKS)
		return -EOVERFLOW;
	run = make_run(block, number);
	for (int level = 0; run && (other = meet(runs, level, run)); level++)
		run = unite(run, other);
	return run ? 0 : -ENOMEM;
}

static struct flist_run *unite_all(struct flist_runs *runs)
{
	struct flist_run *run = new_run(0);
	if (run)
		run->common = SIZE_MAX;
	for (int level = 0; level < FLIST_RUN_LEVELS && run; level++) {
		struct flist_run *other = runs->waiting[level];
		runs->waiting[level] = NULL;
		if (other)
			run = unite(run, other);
	}
	return run;
}

static int number_blocks(struct flist_runs *runs, struct flist_node *node,
			 struct flist_arena *arena)
{
	struct flist_order *order = flist_arena_alloc(arena, sizeof(*order));
	uint32_t i = runs->n_blocks;
	if (!order)
		return -ENOMEM;
	order->n_blocks = runs->n_blocks;
	order->blocks = flist_arena_alloc(arena, runs->n_blocks * sizeof(*order->blocks));
	order->places = flist_arena_alloc(arena, runs->n * sizeof(*order->places));
	if (!order->blocks || !order->places)
		return -ENOMEM;
	for (struct flist_block *block = runs->blocks; block; block = block->next)
		order->blocks[--i] = block;
	node->order = order;
	node->n = runs->n;
	return 0;
}

/*
 * Sets the places and the children. The children of a block are in the order of its entries, and
 * hence in that of the whole directory.
 */
static void place(struct flist_node *node, const struct flist_run *run)
{
	const struct flist_order *order = node->order;
	struct flist_node *children = NULL, **last = &children;
	for (uint32_t i = 0; i < node->n; i++) {
		const uint32_t at = run->names[i].number;
		struct flist_block *block = order->blocks[flist_place_block(at)];
		order->places[i] = at;
		if (!block->lines[flist_place_line(at)].entered)
			continue;
		struct flist_node *child = block->child;
		block->child = child->sibling;
		child->after = i;
		*last = child;
		last = &child->sibling;
	}
	*last = NULL;
	flist_node_settle(node, children);
}

int flist_runs_finish(struct flist_runs *runs, struct flist_node *node, struct flist_arena *arena)
{
	struct flist_run *run = unite_all(runs);
	int ret = run ? number_blocks(runs, node, arena) : -ENOMEM;
	if (!ret)
		place(node, run);
	free(run);
	return ret;
}
