/*
 * A program that was built with the header of libflist 0.2.0, with today's library: every option
 * that it knew is where it was. The copy of the header stays as it is as long as the soname does.
 */
#include "tests/flist/flist.h.0.2.0"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/flist/with_today.h"
#include "tests/scratch.h"
#include "tests/test.h"

/* What callbacks were called with. */
struct account {
	int runs, filtered, seen, failed, fetched;
	uint64_t bytes;
};

static int run(void *arg, unsigned jobs, flist_job *job, void *job_arg)
{
	struct account *a = arg;
	a->runs++;
	for (unsigned i = 0; i < jobs; i++)
		job(job_arg, i);
	return 0;
}

static enum flist_choice filter(void *arg, unsigned worker, const struct flist_item *item)
{
	struct account *a = arg;
	assert_true(worker < 2);
	a->filtered++;
	return strcmp(item->name, "skipped") == 0 ? FLIST_SKIP : FLIST_KEEP;
}

static int each(void *arg, unsigned worker, const struct flist_item *item)
{
	struct account *a = arg;
	assert_true(worker < 2);
	assert_int_equal(item->status, 0);
	assert_int_equal(item->depth, strchr(item->path, '/') ? 2 : 1);
	assert_int_equal(item->path_len, strlen(item->path));
	a->seen++;
	a->bytes += S_ISREG(item->type) ? item->meta->size : 0;
	return 0;
}

static void failed(void *arg, unsigned worker, const struct flist_failure *failure)
{
	struct account *a = arg;
	assert_true(worker < 2);
	assert_string_equal(failure->path, "d/loop");
	assert_int_equal(failure->error, ELOOP);
	assert_int_equal(failure->step, FLIST_STEP_OPEN);
	a->failed++;
}

static int fetch(void *arg, const char *path, unsigned flags, struct flist_meta *meta)
{
	struct account *a = arg;
	a->fetched++;
	return strstr(path, "refused") ? -EPERM : flist_stat(path, flags, meta);
}

static int set_up(void **state)
{
	static struct scratch s;
	*state = &s;
	return scratch_make(&s) && scratch_file(s.fd, "file", 7) && !mkdirat(s.fd, "d", 0755) &&
			       scratch_file(s.fd, "d/file", 11) &&
			       scratch_file(s.fd, "skipped", 1) && !symlinkat("..", s.fd, "d/loop")
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	return 0;
}

static void structs_are_as_large_as_they_were(void **state)
{
	(void)state;
	assert_int_equal(today_sizes.meta, sizeof(struct flist_meta));
	assert_int_equal(today_sizes.threads, sizeof(struct flist_threads));
	assert_int_equal(today_sizes.where, sizeof(struct flist_where));
	assert_int_equal(today_sizes.many, sizeof(struct flist_many_options));
	assert_int_equal(today_sizes.cache, sizeof(struct flist_cache_options));
	assert_int_equal(today_sizes.failure, sizeof(struct flist_failure));
	assert_int_equal(today_sizes.collect, sizeof(struct flist_collect_options));
	assert_int_equal(today_sizes.fetch, sizeof(struct flist_fetch_options));
	assert_true(today_sizes.item >= sizeof(struct flist_item)); /* only the library makes it */
}

static void options_of_collect_have_the_old_layout(void **state)
{
	const struct scratch *s = *state;
	struct account a = {0};
	int cancel = 0;
	struct flist_collect_options options = {
		.flags = FLIST_FOLLOW,
		.threads = {.jobs = 2, .run = run, .arg = &a},
		.filter = filter,
		.each = each,
		.failed = failed,
		.arg = &a,
		.cancel = &cancel,
	};
	struct flist_list *list;
	assert_int_equal(flist_collect(&list, s->path, &options), 0);
	assert_int_equal(flist_list_length(list), 4); /* d, d/file, d/loop, file */
	flist_list_free(list);
	assert_int_equal(a.runs, 1);
	assert_int_equal(a.filtered, 5);
	assert_int_equal(a.seen, 4);
	assert_int_equal(a.failed, 1);
	assert_int_equal(a.bytes, 18);
	cancel = 1;
	assert_int_equal(flist_collect(&list, s->path, &options), -ECANCELED);
}

static void options_of_list_fetch_have_the_old_layout(void **state)
{
	const struct scratch *s = *state;
	struct account a = {0};
	int cancel = 1;
	const struct flist_collect_options lazy = {.flags = FLIST_LAZY};
	struct flist_fetch_options options = {.threads = {.jobs = 2, .run = run, .arg = &a},
					      .cancel = &cancel};
	struct flist_list *list;
	assert_int_equal(flist_collect(&list, s->path, &lazy), 0);
	assert_int_equal(flist_list_fetch(list, &options), -ECANCELED);
	cancel = 0;
	assert_int_equal(flist_list_fetch(list, &options), 0);
	assert_int_equal(a.runs, 2);
	flist_list_free(list);
}

static void options_of_caches_have_the_old_layout(void **state)
{
	struct account a = {0};
	const struct flist_cache_options options = {
		.capacity = 1, .keep_errors = 1, .fetch = fetch, .arg = &a};
	struct flist_cache *cache;
	const struct flist_meta *meta;
	(void)state;
	assert_int_equal(flist_cache_new(&cache, &options), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(flist_cache_get(cache, "/refused", 0, &meta), -EPERM);
	assert_int_equal(a.fetched, 1);
	assert_int_equal(flist_cache_get(cache, "/", 0, &meta), 0);
	assert_true(S_ISDIR(meta->mode));
	flist_meta_unref(meta);
	assert_int_equal(flist_cache_length(cache), 1);
	flist_cache_free(cache);
}

static void options_of_stat_many_have_the_old_layout(void **state)
{
	const struct flist_where wheres[] = {{NULL, "/"}, {NULL, "/proc/self/exe"}};
	struct account a = {0};
	struct flist_meta metas[2];
	int statuses[2], cancel = 0;
	struct flist_many_options options = {
		.flags = FLIST_FOLLOW,
		.fields = FLIST_TYPE | FLIST_SIZE,
		.threads = {.jobs = 2, .run = run, .arg = &a},
		.cancel = &cancel,
	};
	(void)state;
	assert_int_equal(flist_cache_new(&options.cache, NULL), 0);
	assert_int_equal(flist_stat_many(wheres, 2, &options, metas, statuses), 0);
	assert_true(S_ISDIR(metas[0].mode) && S_ISREG(metas[1].mode));
	assert_int_equal(flist_cache_length(options.cache), 2);
	assert_int_equal(a.runs, 1);
	cancel = 1;
	assert_int_equal(flist_stat_many(wheres, 2, &options, metas, statuses), -ECANCELED);
	flist_cache_free(options.cache);
}

/*
 * By a program that was built with a later header than the library's. The first is `extra` by now,
 * and of collect the second is `order`, which knows no such bit.
 */
static void options_of_newer_versions_are_refused(void **state)
{
	const struct scratch *s = *state;
	for (int i = 1; i < FLIST_RESERVED; i++) {
		struct flist_collect_options collect = {.flags = FLIST_LAZY};
		struct flist_fetch_options fetching = {.fields = 0};
		struct flist_many_options many = {.fields = 0};
		struct flist_cache_options caching = {.capacity = 0};
		struct flist_cache *cache = *state;
		struct flist_list *list;
		assert_int_equal(flist_collect(&list, s->path, &collect), 0);
		fetching.reserved[i] = many.reserved[i] = caching.reserved[i] = 1;
		assert_int_equal(flist_list_fetch(list, &fetching), -EINVAL);
		assert_int_equal(flist_stat_many(NULL, 0, &many, NULL, NULL), -EINVAL);
		assert_int_equal(flist_cache_new(&cache, &caching), -EINVAL);
		assert_null(cache);
		fetching.reserved[i] = many.reserved[i] = 0;
		flist_list_free(list);
		collect.reserved[i] = UINT64_C(1) << 40;
		assert_int_equal(flist_collect(&list, s->path, &collect), -EINVAL);
	}
}

static void options_of_newer_threads_are_refused(void **state)
{
	const struct scratch *s = *state;
	enum { KNOWN_BY_NOW = 2 }; /* of those that this header reserves */
	for (size_t i = KNOWN_BY_NOW; i < FLIST_RESERVED; i++) {
		struct flist_collect_options collect = {.flags = FLIST_LAZY};
		struct flist_fetch_options fetching = {.fields = 0};
		struct flist_many_options many = {.fields = 0};
		struct flist_list *list;
		assert_int_equal(flist_collect(&list, s->path, &collect), 0);
		fetching.threads.reserved[i] = many.threads.reserved[i] = 1;
		assert_int_equal(flist_list_fetch(list, &fetching), -EINVAL);
		assert_int_equal(flist_stat_many(NULL, 0, &many, NULL, NULL), -EINVAL);
		flist_list_free(list);
		collect.threads.reserved[i] = 1;
		assert_int_equal(flist_collect(&list, s->path, &collect), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structs_are_as_large_as_they_were),
		cmocka_unit_test(options_of_collect_have_the_old_layout),
		cmocka_unit_test(options_of_list_fetch_have_the_old_layout),
		cmocka_unit_test(options_of_caches_have_the_old_layout),
		cmocka_unit_test(options_of_stat_many_have_the_old_layout),
		cmocka_unit_test(options_of_newer_versions_are_refused),
		cmocka_unit_test(options_of_newer_threads_are_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
