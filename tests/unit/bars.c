/* Bars and sparks: the largest fills its room, what is not zero is seen. */
#include "reports/words/bars.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static char *print_bars(const struct bar *bars, size_t n, int width, bool utf8)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bars_print(out, bars, n, width, utf8);
	fclose(out);
	return text;
}

static void draws(double share, size_t columns, bool utf8, const char *wanted)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bars_draw(out, share, columns, utf8);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void sparks(const uint64_t *counts, size_t n, bool utf8, const char *wanted)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bars_spark(out, counts, n, utf8);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_bars(void **state)
{
	static const struct bar bars[] = {{"one", 1}, {"none", 0}, {"half", 500}, {"all", 1000}};
	(void)state;
	char *text = print_bars(bars, ARRAY_LEN(bars), 31, false);
	assert_string_equal(text, "   one      1  <1 %  .\n"
				  "  none      0   0 %\n"
				  "  half    500  33 %  #####\n"
				  "   all  1,000  67 %  ##########\n");
	free(text);
	text = print_bars(bars, ARRAY_LEN(bars), 31, true);
	assert_non_null(strstr(text, "   one      1  <1 %  \xe2\x96\x8f\n"));
	free(text);
}

static void test_shares_are_rounded(void **state)
{
	static const struct bar bars[] = {{"some", 59}, {"most", 2941}};
	static const struct bar thirds[] = {{"one", 1}, {"two", 2}};
	static const struct bar nearly[] = {{"few", 1}, {"all", 999}};
	(void)state;
	char *text = print_bars(bars, ARRAY_LEN(bars), 31, false);
	assert_non_null(strstr(text, "some     59   2 %"));
	assert_non_null(strstr(text, "most  2,941  98 %"));
	free(text);
	text = print_bars(thirds, ARRAY_LEN(thirds), 31, false);
	assert_non_null(strstr(text, "one  1  33 %"));
	assert_non_null(strstr(text, "two  2  67 %"));
	free(text);
	text = print_bars(nearly, ARRAY_LEN(nearly), 31, false);
	assert_non_null(strstr(text, "few    1  <1 %"));
	assert_non_null(strstr(text, "all  999 >99 %"));
	free(text);
}

static void test_too_narrow(void **state)
{
	static const struct bar bars[] = {{"a", UINT64_MAX}};
	(void)state;
	char *text = print_bars(bars, 1, 0, false);
	assert_string_equal(text, "  a  18,446,744,073,709,551,615 100 %  ########\n");
	free(text);
	free(print_bars(bars, 0, 80, true));
}

static void test_one_bar(void **state)
{
	(void)state;
	draws(1, 4, false, "####");
	draws(0.5, 4, false, "##");
	draws(0.66, 4, false, "###");
	draws(1e-9, 4, false, ".");
	draws(0, 4, false, "");
	draws(2, 4, false, "####");
	draws(1, 0, true, "");
	draws(0.5, 3, true, "\xe2\x96\x88\xe2\x96\x8c");
	draws(1e-9, 3, true, "\xe2\x96\x8f");
}

static void test_sparks(void **state)
{
	static const uint64_t counts[] = {0, 1, 500, 1000};
	static const uint64_t zeros[] = {0, 0};
	(void)state;
	sparks(counts, 4, false, " .=#");
	sparks(counts, 4, true, " \xe2\x96\x81\xe2\x96\x84\xe2\x96\x88");
	sparks(zeros, 2, true, "  ");
	sparks(zeros, 0, true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bars),       cmocka_unit_test(test_shares_are_rounded),
		cmocka_unit_test(test_too_narrow), cmocka_unit_test(test_one_bar),
		cmocka_unit_test(test_sparks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
