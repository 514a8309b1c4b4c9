/*
 * The part of cmocka that libflist's tests use, for C libraries that the system's cmocka is not
 * built for: the same tests, linked with musl, say the same TAP. Not for anything else: where
 * cmocka is to be had, it is used.
 */
#ifndef TESTS_SHIM_CMOCKA_H
#define TESTS_SHIM_CMOCKA_H

#include <stddef.h>
#include <stdint.h>

struct CMUnitTest {
	const char *name;
	void (*test)(void **state);
	int (*setup)(void **state);
	int (*teardown)(void **state);
};

/* Ends the test as failed, with what was wrong and where. */
_Noreturn void shim_fail(const char *file, int line, const char *form, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void skip(void);
void print_message(const char *form, ...) __attribute__((format(printf, 1, 2)));

/* Number of tests that failed. */
int shim_run(const struct CMUnitTest *tests, size_t n, int (*setup)(void **state),
	     int (*teardown)(void **state));

#define cmocka_unit_test(f)                cmocka_unit_test_setup_teardown(f, NULL, NULL)
#define cmocka_unit_test_teardown(f, down) cmocka_unit_test_setup_teardown(f, NULL, down)
#define cmocka_unit_test_setup_teardown(f, up, down)                                               \
	{                                                                                          \
#f, f, up, down                                                                    \
	}
#define cmocka_run_group_tests(tests, up, down)                                                    \
	shim_run(tests, sizeof(tests) / sizeof(*(tests)), up, down)

#define shim_check(holds, ...)                                                                     \
	do {                                                                                       \
		if (!(holds))                                                                      \
			shim_fail(__FILE__, __LINE__, __VA_ARGS__);                                \
	} while (0)

static inline void shim_equal(const char *file, int line, intmax_t a, intmax_t b, int wanted)
{
	if ((a == b) != wanted)
		shim_fail(file, line, "%#jx %s %#jx", (uintmax_t)a,
			  wanted ? "!=" : "==", (uintmax_t)b);
}

#define assert_true(c)             shim_check(c, "%s", #c)
#define assert_false(c)            shim_check(!(c), "not %s", #c)
#define assert_null(p)             shim_check(!(p), "%s is not NULL", #p)
#define assert_non_null(p)         shim_check(p, "%s is NULL", #p)
#define assert_int_equal(a, b)     shim_equal(__FILE__, __LINE__, (intmax_t)(a), (intmax_t)(b), 1)
#define assert_ptr_equal(a, b)     shim_equal(__FILE__, __LINE__, (intptr_t)(a), (intptr_t)(b), 1)
#define assert_ptr_not_equal(a, b) shim_equal(__FILE__, __LINE__, (intptr_t)(a), (intptr_t)(b), 0)
#define assert_memory_equal(a, b, n)                                                               \
	shim_check(!__builtin_memcmp(a, b, n), "%s and %s differ", #a, #b)
#define assert_string_equal(a, b) shim_check(!__builtin_strcmp(a, b), "\"%s\" != \"%s\"", a, b)
#define assert_in_range(a, low, high)                                                              \
	shim_check((intmax_t)(a) >= (intmax_t)(low) && (intmax_t)(a) <= (intmax_t)(high),          \
		   "%jd is not in %jd..%jd", (intmax_t)(a), (intmax_t)(low), (intmax_t)(high))

#endif
