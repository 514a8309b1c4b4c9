#include "tests/shim/cmocka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

enum outcome { PASSED, FAILED, SKIPPED };

/* Where a test that cannot go on returns to. */
static jmp_buf end;

void shim_fail(const char *file, int line, const char *form, ...)
{
	va_list args;
	printf("# %s:%d: ", file, line);
	va_start(args, form);
	vprintf(form, args);
	va_end(args);
	printf("\n");
	longjmp(end, FAILED);
}

void skip(void)
{
	longjmp(end, SKIPPED);
}

void print_message(const char *form, ...)
{
	va_list args;
	va_start(args, form);
	vprintf(form, args);
	va_end(args);
}

/* Its state begins as that of the group. */
static enum outcome run_one(const struct CMUnitTest *test, void *state)
{
	enum outcome outcome;
	if (test->setup && test->setup(&state))
		return FAILED;
	outcome = setjmp(end);
	if (outcome == PASSED)
		test->test(&state);
	return test->teardown && test->teardown(&state) ? FAILED : outcome;
}

int shim_run(const struct CMUnitTest *tests, size_t n, int (*setup)(void **state),
	     int (*teardown)(void **state))
{
	static const char *const words[] = {"ok %zu - %s\n", "not ok %zu - %s\n",
					    "not ok %zu # SKIP %s\n"};
	void *state = NULL;
	int failed = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", n);
	if (setup && setup(&state))
		return 1;
	for (size_t i = 0; i < n; i++) {
		enum outcome outcome = run_one(&tests[i], state);
		failed += outcome == FAILED;
		printf(words[outcome], i + 1, tests[i].name);
	}
	return teardown && teardown(&state) ? 1 : failed;
}
