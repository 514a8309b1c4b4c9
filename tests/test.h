/*
 * What every cmocka test includes: the headers that cmocka.h itself forgets, and a way to skip that
 * says why. tests/tap turns the printed reason into the skip's reason; a skip without one fails.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Ends the test as skipped. Say "needs root" where that is why: CI counts it as a failure. */
#define skip_because(...)                                                                          \
	do {                                                                                       \
		print_message("# skip: " __VA_ARGS__);                                             \
		print_message("\n");                                                               \
		skip();                                                                            \
	} while (0)

#endif
