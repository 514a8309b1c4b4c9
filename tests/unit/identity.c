#include "engine/gate/arm/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

static struct scratch scratch;
static char *self;
static size_t self_size;

static int set_up(void **state)
{
	(void)state;
	return scratch_make(&scratch) &&
			       read_file("/proc/self/exe", 1 << 28, &self, &self_size) == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	(void)state;
	free(self);
	scratch_remove(&scratch);
	return 0;
}

static int identify(const void *bytes, size_t size, struct identity *identity)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/file", scratch.path);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return identity_of(identity, path, NULL);
}

static void a_copy_is_the_same(void **state)
{
	struct identity a, b;
	(void)state;
	assert_int_equal(identity_of(&a, "/proc/self/exe", NULL), 0);
	assert_int_equal(identify(self, self_size, &b), 0);
	assert_string_equal(a.text, b.text);
}

/* What is appended is no code; with a build id it does not count. */
static void the_build_id_counts_where_there_is_one(void **state)
{
	struct identity a, b;
	char *longer = malloc(self_size + 1);
	(void)state;
	assert_non_null(longer);
	memcpy(longer, self, self_size);
	longer[self_size] = 'x';
	assert_int_equal(identify(self, self_size, &a), 0);
	assert_int_equal(identify(longer, self_size + 1, &b), 0);
	if (strncmp(a.text, "build-id ", 9) == 0)
		assert_string_equal(a.text, b.text);
	else
		assert_string_not_equal(a.text, b.text);
	free(longer);
}

static void other_bytes_are_another_program(void **state)
{
	struct identity a, b;
	(void)state;
	assert_int_equal(identify("#!/bin/sh\n", 10, &a), 0);
	assert_int_equal(identify("#!/bin/sg\n", 10, &b), 0);
	assert_string_not_equal(a.text, b.text);
	assert_int_equal(identify("#!/bin/sh\n", 10, &b), 0);
	assert_string_equal(a.text, b.text);
}

static void files_that_are_no_program_are_refused(void **state)
{
	struct identity id;
	(void)state;
	assert_int_equal(identity_of(&id, "/no/such", NULL), -ENOENT);
	assert_int_equal(identity_of(&id, "/", NULL), -EINVAL);
	assert_int_equal(identity_of(&id, "/dev/null", NULL), -EINVAL);
	assert_int_equal(identify("", 0, &id), -EINVAL);
}

/* Headers changed and files cut at random: an identity or none, never a read outside. */
static void damaged_files_do_no_harm(void **state)
{
	struct rng rng = {3};
	struct identity id;
	size_t head = MIN(self_size, 4096);
	char *bytes = malloc(head);
	(void)state;
	assert_non_null(bytes);
	for (int i = 0; i < 2000; i++) {
		memcpy(bytes, self, head);
		for (int k = 0; k < 6; k++)
			bytes[rng_below(&rng, k < 3 ? 64 : head)] = (char)rng_below(&rng, 256);
		memcpy(bytes, self, i % 2 ? 20 : 0);
		identify(bytes, 1 + rng_below(&rng, head), &id);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_the_same),
		cmocka_unit_test(the_build_id_counts_where_there_is_one),
		cmocka_unit_test(other_bytes_are_another_program),
		cmocka_unit_test(files_that_are_no_program_are_refused),
		cmocka_unit_test(damaged_files_do_no_harm),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
