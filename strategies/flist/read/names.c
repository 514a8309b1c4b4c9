#include "strategies/flist/read/names.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategies/flist/read/reader.h"

enum {
	ROOM_MIN = 256,
	RUN = 16, /* names that are sorted at once */
};

_Static_assert(((offsetof(struct flist_dirent, name) + 2 + 7) & ~7U) == FLIST_RECORD_MIN,
	       "the name of one byte and its NUL, rounded up");

void flist_names_release(struct flist_names *names)
{
	free(names->all);
	free(names->spare);
	*names = (struct flist_names){0};
}

/* Those there are need not survive. */
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

int flist_names_gather(struct flist_names *names, const char *buffer, size_t used)
{
	const int ret = make_room(names, used / FLIST_RECORD_MIN);
	names->n = names->bytes = 0;
	names->nameless = false;
	if (ret)
		return ret;
	for (size_t at = 0; at < used;) {
		const struct flist_dirent *d = (const void *)(buffer + at);
		at += d->size;
		names->nameless |= !d->name[0];
		if (is_skipped(d->name))
			continue;
		size_t len = strlen(d->name);
		names->all[names->n++] =
			(struct flist_name){.text = d->name, .len = (uint16_t)len, .type = d->type};
		names->bytes += len + 1;
	}
	return 0;
}

/* Bytes that all names begin with. */
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

/* Up to eight bytes as a number that compares as they do; nothing outside of the text is read. */
uint64_t flist_name_key(const struct flist_name *name, size_t common)
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

/* A key that ends in 0 holds the end of its name. */
static bool is_before(const struct flist_name *a, const struct flist_name *b, size_t common)
{
	const size_t rest = common + sizeof(a->key);
	if (a->key != b->key)
		return a->key < b->key;
	return a->key & 0xff && strcmp(a->text + rest, b->text + rest) < 0;
}

/* Moves those with equal keys into order; others are already. */
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
 * Sorts a few names by counting for each how many go before it: more comparisons than others need,
 * but none that the processor has to guess the outcome of, which is what sorting costs.
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

/* Which name is next is chosen without a branch, too. */
void flist_names_merge(const struct flist_name *a, size_t n_a, const struct flist_name *b,
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

/* Pairs of runs become runs of twice the length. */
static void merge_pairs(const struct flist_name *from, struct flist_name *to, size_t n, size_t run,
			size_t common)
{
	for (size_t at = 0; at < n; at += 2 * run) {
		const size_t left = n - at;
		const size_t n_a = left < run ? left : run;
		const size_t n_b = left - n_a < run ? left - n_a : run;
		flist_names_merge(from + at, n_a, from + at + n_a, n_b, to + at, common);
	}
}

struct flist_name *flist_names_sort_run(struct flist_name *all, struct flist_name *spare, size_t n,
					size_t common)
{
	for (size_t i = 0; i < n; i++)
		all[i].key = flist_name_key(&all[i], common);
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
	sorted = flist_names_sort_run(names->all, names->spare, names->n, measure_common(names));
	if (sorted == names->spare) {
		names->spare = names->all;
		names->all = sorted;
	}
}
