/* What walks by libflist deliver: every name that was listed, whatever asking for it said. */
#include <errno.h>

#include "strategies/walk/collect.h"
#include "tests/scratch.h"
#include "tests/test.h"

struct scene {
	struct scratch s;
	const char *gone; /* what vanishes between being listed and being asked for */
};

static enum flist_choice vanish(void *arg, unsigned worker, const struct flist_item *item)
{
	const struct scene *scene = arg;
	(void)worker;
	if (strcmp(item->name, scene->gone) == 0)
		unlinkat(scene->s.fd, item->path, 0);
	return FLIST_KEEP;
}

static void collect_vanishing(struct scene *scene, struct collected *collected)
{
	const struct flist_collect_options options = {
		.threads.jobs = 1, .filter = vanish, .arg = scene};
	assert_true(scratch_file(scene->s.fd, "b", 1));
	assert_int_equal(flist_collect(&collected->list, scene->s.path, &options), 0);
}

static void a_vanished_file_is_an_entry_with_its_errno(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct scene scene = {.gone = "b"};
	(void)state;
	assert_true(scratch_make(&scene.s));
	assert_true(scratch_file(scene.s.fd, "a", 1) && scratch_file(scene.s.fd, "c", 1));
	struct collected collected = {NULL};
	struct cell cell = {.state = &collected};
	struct sink *sink = sink_new();
	assert_non_null(sink);
	collect_vanishing(&scene, &collected);
	assert_int_equal(collect_deliver(&cell, sink), 0);
	assert_int_equal(sink_count(sink), 3);
	for (size_t k = 0; k < 3; k++) {
		size_t len;
		assert_string_equal(sink_path(sink, k, &len), names[k]);
		assert_int_equal(sink_record(sink, k)->status, k == 1 ? -ENOENT : 0);
	}
	assert_int_equal(sink_failures(sink), 0);
	collect_forget(&cell);
	sink_free(sink);
	scratch_remove(&scene.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vanished_file_is_an_entry_with_its_errno),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
