/* Names are sorted by their bytes, whatever they begin with and however many there are. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "strategies/flist/names/names.h"
#include "strategies/flist/names/reader.h"
#include "tests/test.h"

enum { BUFFER = 1 << 20 };

/* A reader's buffer being written. */
struct buffer {
	char *data;
	size_t used, n;
};

static void add(struct buffer *b, const char *name, uint8_t type)
{
	const size_t size = (offsetof(struct flist_dirent, name) + strlen(name) + 8) & ~(size_t)7;
	struct flist_dirent *d = (struct flist_dirent *)(void *)(b->data + b->used);
	assert_true(b->used + size <= BUFFER);
	*d = (struct flist_dirent){.size = (uint16_t)size, .type = type};
	memcpy(d->name, name, strlen(name) + 1);
	b->used += size;
	b->n++;
}

static void is_sorted(struct flist_names *names, const struct buffer *b, size_t n)
{
	size_t bytes = 0;
	assert_int_equal(flist_names_gather(names, b->data, b->used), 0);
	assert_int_equal(names->n, n);
	flist_names_sort(names);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(names->all[i].len, strlen(names->all[i].text));
		bytes += names->all[i].len + 1U;
		if (i > 0)
			assert_true(strcmp(names->all[i - 1].text, names->all[i].text) <= 0);
	}
	assert_int_equal(names->bytes, bytes);
}

static void random_name(struct rng *rng, const char *prefix, int letters, char *name)
{
	const size_t len = strlen(prefix), more = rng_below(rng, 20);
	memcpy(name, prefix, len);
	for (size_t i = 0; i < more; i++)
		name[len + i] = (char)(0x7f - rng_below(rng, (uint64_t)letters));
	name[len + more] = '\0';
	if (len + more == 0)
		memcpy(name, "x", 2);
}

/* Few letters make many names that begin alike, or are the same; many reach beyond 0x7f. */
static void any_names_are_sorted(void **state)
{
	static const char *const prefixes[] = {"", "p", "seven--", "eight---", "more than eight"};
	struct flist_names names = {0};
	struct rng rng = {3};
	struct buffer b = {.data = malloc(BUFFER)};
	(void)state;
	for (int round = 0; round < 400; round++) {
		const size_t n = rng_below(&rng, round % 40 ? 100 : 5000);
		const int letters = round % 3 ? 2 : 200;
		b.used = b.n = 0;
		for (size_t i = 0; i < n; i++) {
			char name[64];
			const char *prefix = prefixes[round % 5];
			random_name(&rng, rng_below(&rng, 500) ? prefix : "", letters, name);
			if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && *name)
				add(&b, name, DT_REG);
		}
		is_sorted(&names, &b, b.n);
	}
	flist_names_release(&names);
	free(b.data);
}

static void only_dot_and_dot_dot_are_left_out(void **state)
{
	struct flist_names names = {0};
	struct buffer b = {.data = malloc(BUFFER)};
	(void)state;
	add(&b, "..", DT_DIR);
	add(&b, "b", DT_REG);
	add(&b, "...", DT_DIR);
	add(&b, ".", DT_DIR);
	add(&b, ".a", DT_LNK);
	add(&b, "..a", DT_UNKNOWN);
	is_sorted(&names, &b, 4);
	assert_string_equal(names.all[0].text, "...");
	assert_int_equal(names.all[0].type, DT_DIR);
	assert_string_equal(names.all[1].text, "..a");
	assert_int_equal(names.all[1].type, DT_UNKNOWN);
	assert_string_equal(names.all[2].text, ".a");
	assert_string_equal(names.all[3].text, "b");
	b.used = 0;
	is_sorted(&names, &b, 0);
	flist_names_release(&names);
	free(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_names_are_sorted),
		cmocka_unit_test(only_dot_and_dot_dot_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
