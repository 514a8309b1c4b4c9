#include "datasets/shape/letters.h"

#include <stdbool.h>
#include <string.h>

static const char mixed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
static const char hex[] = "0123456789abcdef";

/* One to four bytes each, combining marks and right-to-left letters among them. */
static const char utf8[] =
	"aeio\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xb1\xc3\xa7\xc5\x82"
	"\xc5\xa1\xd0\xb6\xd1\x8f\xce\xb1\xce\xa9\xd7\xa9\xd8\xb3\xcc\x81"
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xed\x95\x9c\xe0\xb8\x81\xe2\x82\xac"
	"\xf0\x9f\x98\x80\xf0\x9d\x84\x9e";

/* In turns of consonant and vowel, so that people can read a path aloud. */
static void fill_syllables(struct rng *rng, char *text, size_t n)
{
	static const char consonants[] = "bcdfghjklmnprstv", vowels[] = "aeiou";
	for (size_t i = 0; i < n; i++) {
		if (i % 2)
			text[i] = vowels[rng_below(rng, sizeof(vowels) - 1)];
		else
			text[i] = consonants[rng_below(rng, sizeof(consonants) - 1)];
	}
}

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Whole characters while there is room; what is left takes a letter that is one byte long. */
static void fill_characters(const char *characters, size_t size, struct rng *rng, char *text,
			    size_t n)
{
	while (n > 0) {
		size_t first = rng_below(rng, size), length = 1;
		while (first > 0 && continues(characters[first]))
			first--;
		while (first + length < size && continues(characters[first + length]))
			length++;
		if (length > n) {
			memset(text, 'x', n);
			return;
		}
		memcpy(text, characters + first, length);
		text += length;
		n -= length;
	}
}

/* All but NUL, and but '/' and the digits behind it: these are the bytes 0x2f to 0x39. */
static void fill_bytes(struct rng *rng, char *text, size_t n)
{
	enum { GAP = 0x3a - 0x2f };
	for (size_t i = 0; i < n; i++) {
		uint64_t byte = 1 + rng_below(rng, 255 - GAP);
		text[i] = (char)(byte < '/' ? byte : byte + GAP);
	}
}

void letters_fill(enum letters letters, const char *characters, struct rng *rng, char *text,
		  size_t n)
{
	switch (letters) {
	case LETTERS_LOWER:
		fill_syllables(rng, text, n);
		return;
	case LETTERS_MIXED:
		fill_characters(mixed, sizeof(mixed) - 1, rng, text, n);
		return;
	case LETTERS_HEX:
		fill_characters(hex, sizeof(hex) - 1, rng, text, n);
		return;
	case LETTERS_UTF8:
		fill_characters(utf8, sizeof(utf8) - 1, rng, text, n);
		return;
	case LETTERS_ANY_BYTES:
		fill_bytes(rng, text, n);
		return;
	case LETTERS_CHARACTERS:
		fill_characters(characters, strlen(characters), rng, text, n);
		return;
	}
}
