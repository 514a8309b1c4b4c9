/* What a walk found: any paths, their order, memory that stays, and nothing left from last time. */
#include "engine/sink.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/test.h"

static int set_up(void **state)
{
	*state = sink_new();
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	sink_free(*state);
	return 0;
}

static struct record *add(struct sink *sink, const char *path)
{
	struct record *r = sink_add(sink, path, strlen(path));
	assert_non_null(r);
	return r;
}

static void is_path(const struct sink *sink, size_t i, const char *path, size_t len)
{
	size_t got_len;
	const char *got = sink_path(sink, i, &got_len);
	assert_int_equal(got_len, len);
	assert_memory_equal(got, path, len + 1);
}

static void entries_keep_their_paths_and_records(void **state)
{
	enum { ENTRIES = 10000 };
	struct sink *sink = *state;
	struct record *records[ENTRIES];
	char path[32];
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(path, sizeof(path), "dir-%d/%d", i % 7, i);
		records[i] = add(sink, path);
		records[i]->ino = (uint64_t)i;
	}
	assert_int_equal(sink_count(sink), ENTRIES);
	for (int i = 0; i < ENTRIES; i++) {
		int len = snprintf(path, sizeof(path), "dir-%d/%d", i % 7, i);
		is_path(sink, (size_t)i, path, (size_t)len);
		assert_ptr_equal(sink_record(sink, (size_t)i), records[i]);
		assert_int_equal(records[i]->ino, i);
	}
}

static void the_callers_path_may_change(void **state)
{
	struct sink *sink = *state;
	char path[] = "before-and-more";
	assert_non_null(sink_add(sink, path, 6));
	memset(path, 'x', sizeof(path) - 1);
	is_path(sink, 0, "before", 6);
}

static void a_record_begins_unanswered(void **state)
{
	struct sink *sink = *state;
	for (int pass = 0; pass < 3; pass++) {
		for (int i = 0; i < 5000; i++) {
			struct record *r = add(sink, "entry");
			assert_int_equal(r->status, RECORD_UNANSWERED);
			assert_int_equal(r->fields, FIELDS_NONE);
			assert_true(r->ino == UINT64_MAX);
			*r = (struct record){.fields = FIELDS_ALL};
		}
		sink_reset(sink);
		assert_int_equal(sink_count(sink), 0);
	}
}

static void records_lie_on_lines_of_their_own(void **state)
{
	struct sink *sink = *state;
	for (int i = 0; i < 9000; i++)
		assert_int_equal((uintptr_t)add(sink, "x") % CACHE_LINE, 0);
}

/* Bytes decide, not letters; a directory stands before what is in it, but not next to it. */
static void order_is_that_of_bytes(void **state)
{
	static const char *const sorted[] = {"\001", "-",    "A",   "a",        "a\nb",
					     "a-b",  "a/\t", "a/b", "a/b/c",    "a/c",
					     "a0",   "aa",   "b",   "\303\251", "\377"};
	struct sink *sink = *state;
	struct rng rng = {1};
	bool used[ARRAY_LEN(sorted)] = {false};
	for (size_t n = 0; n < ARRAY_LEN(sorted);) {
		size_t i = (size_t)rng_below(&rng, ARRAY_LEN(sorted));
		if (used[i])
			continue;
		used[i] = true;
		n++;
		add(sink, sorted[i])->ino = i;
	}
	sink_sort(sink);
	for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
		is_path(sink, i, sorted[i], strlen(sorted[i]));
		assert_int_equal(sink_record(sink, i)->ino, i);
	}
}

static void a_path_compares_before_what_continues_it(void **state)
{
	(void)state;
	assert_true(sink_compare("a", 1, "a/b", 3) < 0);
	assert_true(sink_compare("a/b", 3, "a", 1) > 0);
	assert_int_equal(sink_compare("a/bx", 3, "a/by", 3), 0);
	assert_true(sink_compare("\377", 1, "a", 1) > 0);
	assert_true(sink_compare("", 0, "a", 1) < 0);
}

static void failures_are_kept_apart_and_sorted(void **state)
{
	struct sink *sink = *state;
	size_t len;
	int error;
	assert_int_equal(sink_fail(sink, "b/x", 1, EACCES), 0);
	assert_int_equal(sink_fail(sink, "a", 1, EIO), 0);
	add(sink, "b");
	assert_int_equal(sink_count(sink), 1);
	assert_int_equal(sink_failures(sink), 2);
	sink_sort(sink);
	assert_string_equal(sink_failure(sink, 0, &len, &error), "a");
	assert_int_equal(error, EIO);
	assert_string_equal(sink_failure(sink, 1, &len, &error), "b");
	assert_int_equal(len, 1);
	assert_int_equal(error, EACCES);
	sink_reset(sink);
	assert_int_equal(sink_failures(sink), 0);
}

static void deferred_entries_come_back_once(void **state)
{
	struct sink *sink = *state;
	size_t len;
	assert_null(sink_next(sink, &len));
	add(sink, "one");
	assert_int_equal(sink_defer(sink), 0);
	add(sink, "not");
	add(sink, "two");
	assert_int_equal(sink_defer(sink), 0);
	assert_string_equal(sink_next(sink, &len), "two");
	assert_int_equal(len, 3);
	assert_string_equal(sink_next(sink, &len), "one");
	assert_null(sink_next(sink, &len));
	assert_int_equal(sink_defer(sink), 0);
	sink_reset(sink);
	assert_null(sink_next(sink, &len));
}

/* Longer than a block, which has to be made for it, also the second time. */
static void paths_may_have_any_length(void **state)
{
	enum { LONG = 3000000 };
	struct sink *sink = *state;
	char *path = malloc(LONG + 1);
	assert_non_null(path);
	memset(path, 'p', LONG);
	path[LONG] = '\0';
	for (int pass = 0; pass < 3; pass++) {
		for (size_t len = 1; len <= LONG; len = len * 7 + 3)
			assert_non_null(sink_add(sink, path, len));
		sink_sort(sink);
		size_t i = 0;
		for (size_t len = 1; len <= LONG; len = len * 7 + 3, i++) {
			size_t got_len;
			const char *got = sink_path(sink, i, &got_len);
			assert_int_equal(got_len, len);
			assert_int_equal(strlen(got), len);
		}
		sink_reset(sink);
	}
	free(path);
}

static void fill(struct sink *sink, int entries)
{
	char path[64];
	for (int i = 0; i < entries; i++) {
		snprintf(path, sizeof(path), "some/directory/%d/entry-%032d", i % 100, i);
		add(sink, path);
	}
}

static void memory_stays_and_does_not_grow(void **state)
{
	struct sink *sink = *state;
	fill(sink, 50000);
	uint64_t bytes = sink_bytes(sink);
	for (int pass = 0; pass < 5; pass++) {
		sink_reset(sink);
		fill(sink, 50000);
		assert_int_equal(sink_bytes(sink), bytes);
	}
}

/* What was reserved is enough, and per entry no more than record, list and path. */
static void reserved_memory_is_enough(void **state)
{
	enum { ENTRIES = 100000, PATH_LEN = 56 };
	struct sink *sink = *state;
	assert_int_equal(sink_reserve(sink, ENTRIES, ENTRIES * PATH_LEN), 0);
	uint64_t bytes = sink_bytes(sink);
	fill(sink, ENTRIES);
	assert_int_equal(sink_bytes(sink), bytes);
	assert_int_equal(sink_reserve(sink, ENTRIES, ENTRIES * PATH_LEN), 0);
	assert_int_equal(sink_bytes(sink), bytes);
	assert_in_range(bytes / ENTRIES, 64 + 16 + PATH_LEN, 64 + 16 + PATH_LEN + 16);
}

/* --- Far below: a chain of long names, with others about the slash next to each -------------- */

enum { LINKS = 300, NAME_LEN = 200, NEIGHBOURS = 5 };

static const char *const ends[NEIGHBOURS] = {"", "-", "-x", "0", "\377"};

struct chain {
	char *paths[LINKS * NEIGHBOURS]; /* in no order; one in NEIGHBOURS is a directory */
	size_t n;
};

static void make_chain(struct chain *c)
{
	char *dir = strdup("");
	for (int i = 0; i < LINKS; i++) {
		char name[NAME_LEN + 1] = {0};
		memset(name, 'd', NAME_LEN);
		for (int k = 0; k < NEIGHBOURS; k++)
			assert_true(asprintf(&c->paths[c->n++], "%s%s%s%s", dir, *dir ? "/" : "",
					     name, ends[k]) > 0);
		free(dir);
		dir = strdup(c->paths[c->n - NEIGHBOURS]);
	}
	free(dir);
}

static void forget_chain(struct chain *c)
{
	while (c->n)
		free(c->paths[--c->n]);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void is_sorted_chain(const struct sink *sink, const struct chain *c)
{
	const char *sorted[LINKS * NEIGHBOURS];
	memcpy(sorted, c->paths, sizeof(sorted));
	qsort(sorted, c->n, sizeof(*sorted), by_bytes);
	assert_int_equal(sink_count(sink), c->n);
	for (size_t i = 0; i < c->n; i++) {
		size_t len;
		is_path(sink, i, sorted[i], strlen(sorted[i]));
		assert_int_equal(sink_record(sink, i)->size, strlen(sorted[i]));
		assert_true(i == 0 || sink_step(sink, i) < 0);
		const char *head = sink_head(sink, i, &len);
		assert_int_equal(strncmp(head, sorted[i], len), 0);
		assert_true(len == strlen(sorted[i]) || len >= PATH_MAX);
	}
}

/* Names, 64 + 16 for each entry and 32 far below, arrays that double, and blocks of a kind. */
static void is_linear(const struct sink *sink)
{
	enum { ENTRIES = LINKS * NEIGHBOURS, BLOCKS = 2 * (1 << 20), BLOCK_OF_RECORDS = 4096 * 64 };
	const uint64_t whole = 21 * NEIGHBOURS * (uint64_t)PATH_MAX;
	const uint64_t far = (uint64_t)ENTRIES * (NAME_LEN + 3 + 2 * (16 + 32));
	const uint64_t by_len = 4 * 2 * LINKS * (NAME_LEN + 1) + 2 * LINKS * (NAME_LEN + 1);
	assert_true(sink_has_far(sink));
	assert_true(sink_bytes(sink) < whole + far + by_len + BLOCKS + BLOCK_OF_RECORDS);
}

static void deep_entries_are_stored_by_name_and_parent(void **state)
{
	struct sink *sink = *state;
	struct chain c = {.n = 0};
	make_chain(&c);
	for (int pass = 0; pass < 3; pass++) {
		for (size_t i = 0; i < c.n; i++)
			add(sink, c.paths[i])->size = strlen(c.paths[i]);
		for (size_t i = 0; i < c.n; i++)
			is_path(sink, i, c.paths[i], strlen(c.paths[i]));
		is_linear(sink);
		sink_sort(sink);
		is_sorted_chain(sink, &c);
		sink_reset(sink);
		assert_false(sink_has_far(sink));
	}
	forget_chain(&c);
}

static void it_is_found_by_the_number_of_its_directory(void **state)
{
	struct sink *sink = *state;
	struct chain c = {.n = 0};
	uint32_t number;
	make_chain(&c);
	for (size_t i = 0; i < c.n; i++) {
		const char *slash = strrchr(c.paths[i], '/'),
			   *name = slash ? slash + 1 : c.paths[i];
		const uint32_t dir = (uint32_t)((i / NEIGHBOURS - 1) * NEIGHBOURS);
		struct record *r = i < NEIGHBOURS ? sink_add(sink, name, strlen(name))
						  : sink_add_in(sink, dir, name, strlen(name));
		assert_non_null(r);
		r->size = strlen(c.paths[i]);
	}
	assert_false(sink_next_number(sink, &number));
	assert_int_equal(sink_defer(sink), 0);
	assert_true(sink_next_number(sink, &number));
	assert_int_equal(number, c.n - 1);
	is_linear(sink);
	sink_sort(sink);
	is_sorted_chain(sink, &c);
	forget_chain(&c);
}

static void in_order_it_is_found_by_length(void **state)
{
	struct sink *sink = *state;
	struct chain c = {.n = 0};
	make_chain(&c);
	qsort(c.paths, c.n, sizeof(*c.paths), by_bytes);
	for (size_t i = 0; i < c.n; i++) {
		const char *slash = strrchr(c.paths[i], '/');
		struct record *r = sink_add_next(sink, c.paths[i], strlen(c.paths[i]),
						 slash ? slash + 1 : c.paths[i]);
		assert_non_null(r);
		r->size = strlen(c.paths[i]);
	}
	is_linear(sink);
	is_sorted_chain(sink, &c);
	forget_chain(&c);
}

/* Each neighbour in turn: also where one is not where it should be, or there twice. */
static void neighbours_are_compared_far_below(void **state)
{
	struct sink *sink = *state;
	struct chain c = {.n = 0};
	make_chain(&c);
	for (size_t i = 0; i < c.n; i++)
		add(sink, c.paths[i]);
	for (size_t i = 1; i < c.n; i++) {
		const int order = strcmp(c.paths[i - 1], c.paths[i]), step = sink_step(sink, i);
		assert_int_equal((step > 0) - (step < 0), (order > 0) - (order < 0));
	}
	add(sink, c.paths[c.n - 1]);
	assert_int_equal(sink_step(sink, c.n), 0);
	add(sink, c.paths[0]);
	assert_true(sink_step(sink, c.n + 1) > 0);
	forget_chain(&c);
}

/* Of a directory that is no entry a long path stays whole. */
static void a_long_path_from_nowhere_is_kept(void **state)
{
	struct sink *sink = *state;
	struct chain c = {.n = 0};
	make_chain(&c);
	add(sink, c.paths[c.n - 1]);
	assert_false(sink_has_far(sink));
	is_path(sink, 0, c.paths[c.n - 1], strlen(c.paths[c.n - 1]));
	forget_chain(&c);
}

static void free_accepts_null(void **state)
{
	(void)state;
	sink_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(entries_keep_their_paths_and_records),
		TEST(the_callers_path_may_change),
		TEST(a_record_begins_unanswered),
		TEST(records_lie_on_lines_of_their_own),
		TEST(order_is_that_of_bytes),
		TEST(a_path_compares_before_what_continues_it),
		TEST(failures_are_kept_apart_and_sorted),
		TEST(deferred_entries_come_back_once),
		TEST(paths_may_have_any_length),
		TEST(memory_stays_and_does_not_grow),
		TEST(reserved_memory_is_enough),
		TEST(deep_entries_are_stored_by_name_and_parent),
		TEST(it_is_found_by_the_number_of_its_directory),
		TEST(in_order_it_is_found_by_length),
		TEST(neighbours_are_compared_far_below),
		TEST(a_long_path_from_nowhere_is_kept),
		TEST(free_accepts_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
