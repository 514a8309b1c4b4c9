/* Reading the names of a directory, from records that the test makes up. */
#include "engine/base/dents.h"

#include <fcntl.h>
#include <stdlib.h>

#include "tests/dents_script.h"
#include "tests/test.h"

/* Reads to the end; how many have a name, and with what it ended. */
static unsigned read_all(struct dents *dents, dents_fn *read, void *arg, int *ended)
{
	struct dent dent;
	unsigned n = 0;
	dents_begin(dents, -1, read, arg);
	while ((*ended = dents_next(dents, &dent)) > 0) {
		assert_true(!dent.len || strlen(dent.name) == dent.len);
		n += dent.len > 0;
	}
	return n;
}

static void dots_are_skipped_each_time(void **state)
{
	static const char *const names[] = {".", "a", ".", "..", ".", "..", "b", ".", NULL};
	struct dents_script script = {.names = names};
	struct dents dents;
	int ended;
	(void)state;
	assert_int_equal(read_all(&dents, dents_script_read, &script, &ended), 2);
	assert_int_equal(ended, 0);
	assert_int_equal(dents.bad, 0);
}

static void invalid_names_are_counted(void **state)
{
	static const char *const names[] = {"", "a", "b/c", "/", "", NULL};
	struct dents_script script = {.names = names};
	struct dents dents;
	int ended;
	(void)state;
	assert_int_equal(read_all(&dents, dents_script_read, &script, &ended), 1);
	assert_int_equal(ended, 0);
	assert_int_equal(dents.bad, 4);
}

static void a_name_may_have_4095_bytes_and_more(void **state)
{
	static const size_t lengths[] = {255, 256, 1024, 4095, 20000};
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *name = malloc(lengths[i] + 1);
		const char *const names[] = {name, NULL};
		struct dents_script script = {.names = names};
		struct dents dents;
		struct dent dent;
		assert_non_null(name);
		memset(name, 'n', lengths[i]);
		name[lengths[i]] = '\0';
		dents_begin(&dents, -1, dents_script_read, &script);
		assert_int_equal(dents_next(&dents, &dent), 1);
		assert_int_equal(dent.len, lengths[i]);
		assert_string_equal(dent.name, name);
		assert_int_equal(dents_next(&dents, &dent), 0);
		free(name);
	}
}

static void names_before_an_error_are_returned(void **state)
{
	static const char *const names[] = {"a", "b", NULL};
	struct dents_script script = {.names = names, .error = EIO};
	struct dents dents;
	int ended;
	(void)state;
	assert_int_equal(read_all(&dents, dents_script_read, &script, &ended), 2);
	assert_int_equal(ended, -EIO);
}

/* What the record at hand says of its own size, and what is behind its name. */
struct broken {
	uint16_t size;
	size_t given; /* bytes that are handed out */
	bool ends;    /* the name has a NUL */
};

static long read_broken(void *arg, int fd, void *buf, size_t size)
{
	const struct broken *b = arg;
	(void)fd;
	memset(buf, 'x', size);
	memcpy((char *)buf + 16, &b->size, sizeof(b->size));
	if (b->ends)
		((char *)buf)[20] = '\0';
	return (long)b->given;
}

static void malformed_lists_are_refused(void **state)
{
	static const struct broken cases[] = {
		{0, 24, true},   {19, 24, true}, {25, 24, true}, {UINT16_MAX, 24, true},
		{24, 24, false}, {24, 18, true}, {24, 1, true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct broken broken = cases[i];
		struct dents dents;
		int ended;
		assert_int_equal(read_all(&dents, read_broken, &broken, &ended), 0);
		assert_int_equal(ended, -EBADMSG);
	}
}

static void without_a_script_the_kernel_lists(void **state)
{
	int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	struct dents dents;
	struct dent dent;
	(void)state;
	assert_true(fd >= 0);
	dents_begin(&dents, fd, NULL, NULL);
	while (dents_next(&dents, &dent) > 0)
		n += dent.len > 0;
	assert_true(n >= 4);
	close(fd);
	assert_int_equal(dents_next(&dents, &dent), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dots_are_skipped_each_time),
		cmocka_unit_test(invalid_names_are_counted),
		cmocka_unit_test(a_name_may_have_4095_bytes_and_more),
		cmocka_unit_test(names_before_an_error_are_returned),
		cmocka_unit_test(malformed_lists_are_refused),
		cmocka_unit_test(without_a_script_the_kernel_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
