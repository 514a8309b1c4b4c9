#include "engine/base/err.h"

#include <errno.h>
#include <string.h>

#include "tests/test.h"

static void returns_the_code_it_was_given(void **state)
{
	(void)state;
	struct err err = {0};
	assert_int_equal(err_set(&err, -ENOENT, "no %s", "tree"), -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.text, "no tree");
}

static void first_message_wins(void **state)
{
	(void)state;
	struct err err = {0};
	err_set(&err, -EACCES, "cause");
	assert_int_equal(err_set(&err, -EIO, "consequence"), -EIO);
	assert_int_equal(err_errno(&err, -EPERM, "consequence"), -EPERM);
	assert_int_equal(err.code, -EACCES);
	assert_string_equal(err.text, "cause");
}

static void works_without_an_err(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, -EINVAL, "%d", 1), -EINVAL);
	assert_int_equal(err_errno(NULL, -EINVAL, "%d", 1), -EINVAL);
}

static void errno_words_follow(void **state)
{
	(void)state;
	struct err err = {0};
	assert_int_equal(err_errno(&err, -ENOSPC, "/mnt/x: cannot write %d", 3), -ENOSPC);
	assert_string_equal(err.text, "/mnt/x: cannot write 3: No space left on device");
}

static void long_messages_are_cut_before_the_errno(void **state)
{
	(void)state;
	struct err err = {0};
	char path[2 * sizeof(err.text)];
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	err_errno(&err, -ENAMETOOLONG, "%s", path);
	static const char words[] = "x...: File name too long";
	const size_t len = sizeof(err.text) - 1;
	assert_int_equal(strlen(err.text), len);
	assert_memory_equal(err.text, path, len - strlen(words));
	assert_string_equal(err.text + len - strlen(words), words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_the_code_it_was_given),
		cmocka_unit_test(first_message_wins),
		cmocka_unit_test(works_without_an_err),
		cmocka_unit_test(errno_words_follow),
		cmocka_unit_test(long_messages_are_cut_before_the_errno),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
