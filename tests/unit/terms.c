/* Words of closed sets: each is found by its name and by no other, and there is an end to them. */
#include "engine/terms.h"

#include <errno.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/base/word.h"
#include "tests/test.h"

static const struct {
	word_name *name;
	unsigned n;
} sets[] = {
	{stage_name, STAGES},   {status_name, STATUSES},
	{order_name, ORDERS},   {cache_state_name, CACHE_STATES},
	{cause_words, CAUSES},  {stop_name, STOPS},
	{axis_kind_name, AXES}, {evidence_name, EVIDENCES},
};

static void every_word_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sets); s++) {
		for (unsigned i = 0; i < sets[s].n; i++) {
			assert_non_null(sets[s].name(i));
			assert_int_equal(word_find(sets[s].name, sets[s].name(i)), i);
		}
		assert_null(sets[s].name(sets[s].n));
		assert_int_equal(word_find(sets[s].name, ""), -1);
		assert_int_equal(word_find(sets[s].name, NULL), -1);
	}
}

static const char *fruit_name(unsigned value)
{
	static const char *const names[] = {"apple", "pear", "quince"};
	return word_of(names, ARRAY_LEN(names), value);
}

static void unknown_words_are_refused_with_the_nearest(void **state)
{
	struct err err = {0};
	char all[64];
	(void)state;
	assert_int_equal(word_parse(fruit_name, "--fruit", "pear", &err), 1);
	assert_string_equal(word_list(fruit_name, 0, all, sizeof(all)), "apple, pear or quince");
	assert_string_equal(word_list(fruit_name, 1, all, sizeof(all)), "pear or quince");
	assert_int_equal(word_parse(fruit_name, "--fruit", "aple", &err), -EINVAL);
	assert_string_equal(err.text, "--fruit: expected apple, pear or quince, got 'aple'; did "
				      "you mean 'apple'?");
	err = (struct err){0};
	assert_int_equal(word_parse(fruit_name, "--fruit", "nuts", &err), -EINVAL);
	assert_string_equal(err.text, "--fruit: expected apple, pear or quince, got 'nuts'");
	err = (struct err){0};
	assert_int_equal(word_parse(fruit_name, "fruit", NULL, &err), -EINVAL);
	assert_string_equal(err.text, "fruit: expected apple, pear or quince, got nothing");
	assert_string_equal(word_list(fruit_name, 0, all, 8), "apple, ");
}

static void lists_of_words_are_sets(void **state)
{
	static const struct {
		const char *list, *got; /* the word that is none */
		unsigned set;
	} rows[] = {
		{"pear", NULL, 2},
		{"quince,apple,quince", NULL, 5},
		{"", "''", 0},
		{"apple,", "''", 0},
		{"apple,pea", "'pea'; did you mean 'pear'?", 0},
		{"a-word-that-is-longer-than-any-of-those-that-are-known,pear",
		 "'a-word-that-is-longer-than-any-of-those-that-are-known'", 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		unsigned set;
		const int error = word_parse_set(fruit_name, "--fruit", rows[i].list, &set, &err);
		assert_int_equal(error, rows[i].got ? -EINVAL : 0);
		if (!error)
			assert_int_equal(set, rows[i].set);
		else
			assert_string_equal(strstr(err.text, "got ") + 4, rows[i].got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_found_by_its_name),
		cmocka_unit_test(unknown_words_are_refused_with_the_nearest),
		cmocka_unit_test(lists_of_words_are_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
