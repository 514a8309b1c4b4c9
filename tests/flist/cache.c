/* The stat cache, asked by one thread. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strategies/flist/cache/cache.c"
#include "strategies/flist/flist.h"
#include "tests/flist/with_cache.h"
#include "tests/flist/with_meta.h"
#include "tests/test.h"

enum { ONE_SHARD = 64 /* so small a cache is not divided */ };

/* A directory with one file, one link to it and one link to nothing. */
struct files {
	char dir[PATH_MAX], file[PATH_MAX + 16], link[PATH_MAX + 16], dangling[PATH_MAX + 16],
		missing[PATH_MAX + 16];
};

static int make_files(void **state)
{
	struct files *s = calloc(1, sizeof(*s));
	const char *tmp = getenv("TMPDIR");
	int fd;
	assert_non_null(s);
	*state = s;
	snprintf(s->dir, sizeof(s->dir), "%s/statmark-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->file, sizeof(s->file), "%s/file", s->dir);
	snprintf(s->link, sizeof(s->link), "%s/link", s->dir);
	snprintf(s->dangling, sizeof(s->dangling), "%s/dangling", s->dir);
	snprintf(s->missing, sizeof(s->missing), "%s/missing", s->dir);
	fd = open(s->file, O_CREAT | O_WRONLY, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	close(fd);
	assert_int_equal(symlink("file", s->link), 0);
	assert_int_equal(symlink("nothing", s->dangling), 0);
	return 0;
}

static int drop_files(void **state)
{
	struct files *s = *state;
	unlink(s->file);
	unlink(s->link);
	unlink(s->dangling);
	unlink(s->missing);
	rmdir(s->dir);
	free(s);
	return 0;
}

static void second_get_shares_the_first_answer(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(NULL);
	struct stat st;
	const struct flist_meta *first = cache_get(cache, s->file, 0);
	cache_counts(cache, 1, 0, 1);
	const struct flist_meta *second = cache_get(cache, s->file, 0);
	cache_counts(cache, 1, 1, 1);
	assert_ptr_equal(first, second);
	assert_int_equal(lstat(s->file, &st), 0);
	meta_is(first, &st, FLIST_BASIC);
	flist_meta_unref(first);
	flist_meta_unref(second);
	flist_cache_free(cache);
}

static void following_is_another_question(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(NULL);
	const struct flist_meta *link = cache_get(cache, s->link, 0);
	const struct flist_meta *target = cache_get(cache, s->link, FLIST_FOLLOW);
	assert_true(S_ISLNK(link->mode));
	assert_true(S_ISREG(target->mode));
	cache_counts(cache, 2, 0, 2);
	flist_cache_remove(cache, s->link, FLIST_FOLLOW);
	assert_true(cache_peek(cache, s->link));
	cache_counts(cache, 1, 0, 2);
	flist_meta_unref(link);
	flist_meta_unref(target);
	flist_cache_free(cache);
}

static void errors_are_forgotten(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(NULL);
	cache_get_fails(cache, s->missing, 0, -ENOENT);
	cache_get_fails(cache, s->missing, 0, -ENOENT);
	cache_counts(cache, 0, 0, 2);
	assert_int_equal(link(s->file, s->missing), 0);
	flist_meta_unref(cache_get(cache, s->missing, 0));
	cache_counts(cache, 1, 0, 3);
	flist_cache_free(cache);
}

static void errors_are_kept_on_request(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(&(struct flist_cache_options){.keep_errors = 1});
	const struct flist_meta *meta;
	cache_get_fails(cache, s->missing, 0, -ENOENT);
	assert_int_equal(link(s->file, s->missing), 0);
	cache_get_fails(cache, s->missing, 0, -ENOENT);
	assert_int_equal(flist_cache_peek(cache, s->missing, 0, &meta), -ENOENT);
	assert_null(meta);
	cache_counts(cache, 1, 1, 1);
	flist_cache_remove(cache, s->missing, 0);
	flist_meta_unref(cache_get(cache, s->missing, 0));
	cache_counts(cache, 1, 1, 2);
	flist_cache_free(cache);
}

static void peek_never_asks(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(NULL);
	const struct flist_meta *meta, *got;
	assert_int_equal(flist_cache_peek(cache, s->file, 0, &meta), -ENODATA);
	assert_null(meta);
	cache_counts(cache, 0, 0, 0);
	got = cache_get(cache, s->file, 0);
	assert_int_equal(flist_cache_peek(cache, s->file, 0, &meta), 0);
	assert_ptr_equal(meta, got);
	cache_counts(cache, 1, 0, 1);
	flist_meta_unref(meta);
	flist_meta_unref(got);
	flist_cache_free(cache);
}

static void insert_replaces_for_later_users(void **state)
{
	struct flist_cache *cache = with_cache(NULL);
	const struct flist_meta *old, *new;
	(void)state;
	assert_int_equal(flist_cache_insert(cache, "a", 0, &(struct flist_meta){.ino = 1}), 0);
	old = cache_get(cache, "a", 0);
	assert_int_equal(flist_cache_insert(cache, "a", 0, &(struct flist_meta){.ino = 2}), 0);
	new = cache_get(cache, "a", 0);
	assert_int_equal(old->ino, 1);
	assert_int_equal(new->ino, 2);
	cache_counts(cache, 1, 2, 0);
	/* The answer itself may be what is put in, under the same name or another. */
	assert_int_equal(flist_cache_insert(cache, "a", 0, new), 0);
	assert_int_equal(flist_cache_insert(cache, "b", 0, old), 0);
	cache_counts(cache, 2, 2, 0);
	flist_meta_unref(old);
	flist_meta_unref(new);
	flist_cache_free(cache);
}

static void results_outlive_everything(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(NULL);
	const struct flist_meta *removed = cache_get(cache, s->file, 0), *cleared, *freed;
	flist_cache_remove(cache, s->file, 0);
	cleared = cache_get(cache, s->file, 0);
	assert_ptr_not_equal(removed, cleared);
	flist_cache_clear(cache);
	cache_counts(cache, 0, 0, 0);
	freed = flist_meta_ref(cache_get(cache, s->file, 0));
	assert_ptr_not_equal(cleared, freed);
	cache_counts(cache, 1, 0, 1);
	flist_meta_unref(freed);
	flist_cache_free(cache);
	assert_int_equal(removed->size, 5);
	assert_int_equal(cleared->size, 5);
	assert_int_equal(freed->size, 5);
	flist_meta_unref(removed);
	flist_meta_unref(cleared);
	flist_meta_unref(freed);
}

static void null_is_accepted(void **state)
{
	(void)state;
	flist_cache_free(NULL);
	flist_meta_unref(NULL);
}

static void unknown_flags_are_refused(void **state)
{
	struct flist_cache *cache = with_cache(NULL);
	const struct flist_meta *meta;
	(void)state;
	cache_get_fails(cache, "/", 2, -EINVAL);
	assert_int_equal(flist_cache_peek(cache, "/", ~0U, &meta), -EINVAL);
	assert_int_equal(flist_cache_insert(cache, "/", 2, &(struct flist_meta){0}), -EINVAL);
	flist_cache_remove(cache, "/", 2);
	cache_counts(cache, 0, 0, 0);
	flist_cache_free(cache);
}

/* Every byte but NUL, in every place of keys that otherwise are the same, is another key. */
static void keys_are_any_bytes(void **state)
{
	enum { LEN = 40, STEP = 13 };
	_Atomic uint64_t calls = 0;
	struct flist_cache *cache = with_cache(
		&(struct flist_cache_options){.fetch = cache_fetch_number, .arg = &calls});
	char key[LEN + 1];
	uint64_t n = 0;
	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int at = 0; at < LEN; at += STEP) {
			memset(key, '\xff', LEN);
			for (int byte = 1; byte < 255; byte++) {
				key[LEN] = '\0';
				key[at] = (char)byte;
				flist_meta_unref(cache_get(cache, key, 0));
				n++;
			}
		}
		assert_int_equal(calls, n / (uint64_t)(round + 1));
	}
	/* Keys that begin alike and end at different lengths. */
	memset(key, 'x', LEN);
	for (int len = 0; len <= LEN; len++) {
		key[len] = '\0';
		flist_meta_unref(cache_get(cache, key, 0));
		key[len] = 'x';
	}
	cache_counts(cache, n / 2 + LEN + 1, n / 2, n / 2 + LEN + 1);
	flist_cache_free(cache);
}

static void impossible_paths_are_refused_by_the_kernel(void **state)
{
	struct flist_cache *cache = with_cache(NULL);
	char *path = calloc(1, 100001);
	(void)state;
	assert_non_null(path);
	memset(path, '/', 100000);
	cache_get_fails(cache, path, 0, -ENAMETOOLONG);
	cache_get_fails(cache, "", 0, -ENOENT);
	cache_counts(cache, 0, 0, 2);
	free(path);
	flist_cache_free(cache);
}

static void a_full_cache_evicts_entries(void **state)
{
	static const size_t capacities[] = {1, 2, ONE_SHARD, 1000, 5000};
	char path[24];
	(void)state;
	for (size_t c = 0; c < sizeof(capacities) / sizeof(*capacities); c++) {
		size_t capacity = capacities[c];
		_Atomic uint64_t calls = 0;
		struct flist_cache *cache = with_cache(&(struct flist_cache_options){
			.capacity = capacity, .fetch = cache_fetch_number, .arg = &calls});
		for (uint64_t i = 0; i < 10 * capacity; i++) {
			const struct flist_meta *meta = cache_get(cache, cache_number(i, path), 0);
			assert_int_equal(meta->ino, i);
			flist_meta_unref(meta);
			assert_true(cache_peek(cache, path));
			assert_true(flist_cache_length(cache) <= capacity);
		}
		assert_int_equal(calls, 10 * capacity);
		assert_int_equal(flist_cache_length(cache), capacity);
		flist_cache_free(cache);
	}
}

static void entries_used_again_are_kept(void **state)
{
	_Atomic uint64_t calls = 0;
	struct flist_cache *cache = with_cache(&(struct flist_cache_options){
		.capacity = ONE_SHARD, .fetch = cache_fetch_number, .arg = &calls});
	char path[24];
	(void)state;
	for (uint64_t i = 0; i < 100 * ONE_SHARD; i++) {
		flist_meta_unref(cache_get(cache, cache_number(i, path), 0));
		flist_meta_unref(cache_get(cache, "0", 0));
	}
	assert_int_equal(calls, 100 * ONE_SHARD);
	flist_cache_free(cache);
}

static void a_failure_gives_up_nothing(void **state)
{
	struct files *s = *state;
	struct flist_cache *cache = with_cache(&(struct flist_cache_options){.capacity = 1});
	flist_meta_unref(cache_get(cache, s->file, 0));
	cache_get_fails(cache, s->missing, 0, -ENOENT);
	flist_meta_unref(cache_get(cache, s->file, 0));
	cache_counts(cache, 1, 1, 2);
	flist_cache_free(cache);
}

/* Only chance makes two hashes equal, so the index is asked directly. */
static void entries_with_equal_hashes_are_distinguished(void **state)
{
	static const struct cache_key keys[] = {
		{"a", 1, 0}, {"a", 1, FLIST_FOLLOW}, {"ab", 2, 0}, {"b", 1, 0}, {"", 0, 0}};
	enum { KEYS = sizeof(keys) / sizeof(*keys) };
	const uint32_t hash = UINT32_MAX; /* the last slot: the rest goes round the end */
	struct cache_index table;
	struct cache_entry *entries[KEYS];
	(void)state;
	assert_int_equal(table_init(&table), 0);
	for (int i = 0; i < KEYS; i++) {
		assert_null(table_find(&table, &keys[i], hash));
		entries[i] = entry_new(&keys[i]);
		assert_non_null(entries[i]);
		table_add(&table, entries[i], hash);
	}
	for (int gone = 0; gone < KEYS; gone++) {
		for (int i = gone; i < KEYS; i++)
			assert_ptr_equal(table_find(&table, &keys[i], hash)->entry, entries[i]);
		table_delete(&table, table_find(&table, &keys[gone], hash));
		assert_null(table_find(&table, &keys[gone], hash));
		entry_unref(entries[gone]);
	}
	assert_int_equal(table.used, 0);
	table_release(&table);
}

/* A long random history against the plainest model there is. */
static void every_entry_is_found_until_removed(void **state)
{
	enum { KEYS = 3000, OPS = 200000 };
	struct flist_cache *cache = with_cache(NULL);
	bool *there = calloc(KEYS, sizeof(*there));
	size_t length = 0;
	unsigned seed = 1;
	char path[24];
	(void)state;
	assert_non_null(there);
	for (int op = 0; op < OPS; op++) {
		size_t key = (size_t)rand_r(&seed) % KEYS;
		bool insert = rand_r(&seed) % 2;
		cache_number(key, path);
		assert_int_equal(cache_peek(cache, path), there[key]);
		length += (size_t)insert - there[key];
		there[key] = insert;
		if (insert)
			assert_int_equal(flist_cache_insert(cache, path, 0,
							    &(struct flist_meta){.ino = key}),
					 0);
		else
			flist_cache_remove(cache, path, 0);
	}
	assert_int_equal(flist_cache_length(cache), length);
	for (size_t key = 0; key < KEYS; key++)
		assert_int_equal(cache_peek(cache, cache_number(key, path)), there[key]);
	free(there);
	flist_cache_free(cache);
}

#define with_files(test) cmocka_unit_test_setup_teardown(test, make_files, drop_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_files(second_get_shares_the_first_answer),
		with_files(following_is_another_question),
		with_files(errors_are_forgotten),
		with_files(errors_are_kept_on_request),
		with_files(peek_never_asks),
		cmocka_unit_test(insert_replaces_for_later_users),
		with_files(results_outlive_everything),
		cmocka_unit_test(null_is_accepted),
		cmocka_unit_test(unknown_flags_are_refused),
		cmocka_unit_test(keys_are_any_bytes),
		cmocka_unit_test(impossible_paths_are_refused_by_the_kernel),
		cmocka_unit_test(a_full_cache_evicts_entries),
		cmocka_unit_test(entries_used_again_are_kept),
		with_files(a_failure_gives_up_nothing),
		cmocka_unit_test(entries_with_equal_hashes_are_distinguished),
		cmocka_unit_test(every_entry_is_found_until_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
