#include "engine/base/digest.h"

#include "tests/test.h"

/* XXH3's documented value for no input and seed 0; documents of other machines depend on it. */
static void hash_is_xxh3(void **state)
{
	(void)state;
	assert_int_equal(digest_hash("", 0, 0), UINT64_C(0x2d06800538d394c2));
	assert_int_equal(digest_hash("statmark", 8, 0), UINT64_C(0xdee1cd541aa1a0a3));
	assert_int_equal(digest_hash("statmark", 8, 1), UINT64_C(0x12fc2b16c11461b));
}

/* Of every length around the sizes at which XXH3 goes another way, in two pieces. */
static void stream_gives_the_hash_of_the_whole(void **state)
{
	(void)state;
	char text[2000];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 251);
	for (uint64_t seed = 0; seed < 2; seed++) {
		struct digest_stream *first = digest_stream_new(NULL, seed);
		assert_non_null(first);
		for (size_t kept = 0; kept < sizeof(text); kept++) {
			const size_t rest = (kept * 13) % (sizeof(text) - kept);
			assert_int_equal(digest_stream_hash(first, text + kept, rest),
					 digest_hash(text, kept + rest, seed));
			digest_stream_add(first, text + kept, 1);
		}
		struct digest_stream *copy = digest_stream_new(first, 0);
		assert_non_null(copy);
		digest_stream_add(first, "x", 1);
		assert_int_equal(digest_stream_hash(copy, "", 0),
				 digest_hash(text, sizeof(text), seed));
		digest_stream_free(copy);
		digest_stream_free(first);
	}
}

static struct digest of(const char *const *words)
{
	struct digest d = {0};
	for (; *words; words++)
		digest_add(&d, digest_hash(*words, 1, 0));
	return d;
}

static void order_does_not_matter(void **state)
{
	(void)state;
	struct digest forth = of((const char *const[]){"a", "b", "c", NULL});
	struct digest back = of((const char *const[]){"c", "b", "a", NULL});
	assert_true(digest_same(&forth, &back));
	assert_int_equal(forth.count, 3);
}

/* A XOR would take both of these for the digest of "a" alone, or of nothing. */
static void duplicates_and_swaps_are_seen(void **state)
{
	(void)state;
	struct digest once = of((const char *const[]){"a", NULL});
	struct digest thrice = of((const char *const[]){"a", "a", "a", NULL});
	struct digest aab = of((const char *const[]){"a", "a", "b", NULL});
	struct digest ccb = of((const char *const[]){"c", "c", "b", NULL});
	assert_false(digest_same(&once, &thrice));
	assert_int_not_equal(once.sum, thrice.sum);
	assert_int_equal(aab.count, ccb.count);
	assert_false(digest_same(&aab, &ccb));
}

static void count_is_part_of_it(void **state)
{
	(void)state;
	struct digest none = {0}, zero = {0};
	digest_add(&zero, 0);
	assert_false(digest_same(&none, &zero));
}

static void parts_merge_into_the_whole(void **state)
{
	(void)state;
	struct digest left = of((const char *const[]){"a", "d", NULL});
	struct digest right = of((const char *const[]){"c", "b", NULL});
	struct digest whole = of((const char *const[]){"a", "b", "c", "d", NULL});
	digest_merge(&left, &right);
	assert_true(digest_same(&left, &whole));
}

static void text_has_a_fixed_form(void **state)
{
	(void)state;
	char buf[DIGEST_TEXT_SIZE];
	const struct digest small = {.count = 2, .sum = 0xabc};
	assert_string_equal(digest_text(&small, buf), "2-0000000000000abc");
	const struct digest large = {.count = UINT64_MAX, .sum = UINT64_MAX};
	assert_string_equal(digest_text(&large, buf), "18446744073709551615-ffffffffffffffff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_xxh3),
		cmocka_unit_test(stream_gives_the_hash_of_the_whole),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(duplicates_and_swaps_are_seen),
		cmocka_unit_test(count_is_part_of_it),
		cmocka_unit_test(parts_merge_into_the_whole),
		cmocka_unit_test(text_has_a_fixed_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
