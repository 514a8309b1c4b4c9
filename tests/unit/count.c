/* Numbers with what they count: one of it, several, and the separators. */
#include "engine/base/count.h"

#include "tests/test.h"

static void one_takes_the_singular(void **state)
{
	(void)state;
	assert_string_equal(COUNTED(1, "entry"), "1 entry");
	assert_string_equal(COUNTED(1, "directory"), "1 directory");
	assert_string_equal(COUNTED(1, "file"), "1 file");
	assert_string_equal(COUNTED(1, "worker"), "1 worker");
	assert_string_equal(COUNTED(1, "series"), "1 series");
}

static void several_have_a_plural(void **state)
{
	(void)state;
	assert_string_equal(COUNTED(0, "entry"), "0 entries");
	assert_string_equal(COUNTED(2, "directory"), "2 directories");
	assert_string_equal(COUNTED(3, "day"), "3 days");
	assert_string_equal(COUNTED(12, "worker pair"), "12 worker pairs");
	assert_string_equal(COUNTED(7, "pass"), "7 passes");
	assert_string_equal(COUNTED(9, "series"), "9 series");
	assert_string_equal(COUNTED(2, "CPU"), "2 CPUs");
	assert_string_equal(COUNTED(2, "mount point"), "2 mount points");
}

static void large_ones_are_grouped(void **state)
{
	(void)state;
	assert_string_equal(GROUPED(1994), "1,994");
	assert_string_equal(COUNTED(20000, "entry"), "20,000 entries");
	assert_string_equal(COUNTED(UINT64_MAX, "byte"), "18,446,744,073,709,551,615 bytes");
	const unsigned __int128 beyond = (unsigned __int128)UINT64_MAX + 1;
	assert_string_equal(COUNTED_WIDE(beyond, "byte"), "18,446,744,073,709,551,616 bytes");
	assert_string_equal(COUNTED_WIDE(beyond / UINT64_MAX, "byte"), "1 byte");
}

static void shares_are_rounded(void **state)
{
	(void)state;
	assert_int_equal(count_percent(59, 3000), 2);
	assert_int_equal(count_percent(2, 3), 67);
	assert_int_equal(count_percent(1, 3), 33);
	assert_int_equal(count_percent(1, 200), 1);
	assert_int_equal(count_percent(0, 7), 0);
	assert_int_equal(count_percent(7, 7), 100);
	assert_int_equal(count_percent(0, 0), 0);
	assert_int_equal(count_percent(UINT64_MAX, UINT64_MAX), 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_takes_the_singular),
		cmocka_unit_test(several_have_a_plural),
		cmocka_unit_test(large_ones_are_grouped),
		cmocka_unit_test(shares_are_rounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
