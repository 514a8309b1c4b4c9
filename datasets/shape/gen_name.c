/* The half of generator.h that makes names, and finds out from a name which entry it must be. */
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/gen_seed.h"
#include "datasets/shape/generator.h"
#include "datasets/shape/letters.h"

static size_t print_number(uint64_t number, char *text)
{
	char reversed[20];
	size_t n = 0, length = 0;
	do {
		reversed[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (n)
		text[length++] = reversed[--n];
	text[length] = '\0';
	return length;
}

/*
 * Hexadecimal names shall look like hashes, so their last digits are not the number itself but a
 * permutation of all numbers with as many digits: n * odd + offset, mod 16^digits.
 */
struct hex {
	unsigned digits;
	uint64_t mask, odd, offset;
};

static struct hex hex_of(const struct gen_dir *dir)
{
	struct hex hex = {.digits = 1, .mask = 15};
	for (uint64_t last = gen_entries(dir) - 1; last > hex.mask; hex.digits++)
		hex.mask = hex.mask << 4 | 15;
	hex.odd = derive(dir->seed, USE_NAME, UINT64_MAX - 1) | 1;
	hex.offset = rng_mix(hex.odd);
	return hex;
}

static size_t print_hex(const struct gen_dir *dir, uint64_t entry, char *text)
{
	const struct hex hex = hex_of(dir);
	uint64_t number = (entry * hex.odd + hex.offset) & hex.mask;
	for (unsigned i = hex.digits; i-- > 0; number >>= 4)
		text[i] = "0123456789abcdef"[number & 15];
	text[hex.digits] = '\0';
	return hex.digits;
}

static const char *draw_extension(const struct extensions *extensions, struct rng *rng)
{
	const struct extension *extension = extensions->at;
	uint64_t pick = rng_below(rng, extensions->total);
	while (pick >= extension->weight)
		pick -= extension++->weight;
	return extension->text;
}

static size_t copy_name(const char *from, char *name)
{
	size_t length = strlen(from);
	memcpy(name, from, length + 1);
	return length;
}

/* Letters of a length to come out at, the number, the extension. */
static size_t print_name(const struct gen_dir *dir, enum letters letters, bool is_dir,
			 uint64_t entry, char *name)
{
	const struct shape *shape = dir->shape;
	const struct special *special = dir->special;
	const char *extension = "";
	char number[24];
	struct rng rng = {derive(dir->seed, USE_NAME, entry)};
	size_t digits = letters == LETTERS_HEX ? print_hex(dir, entry, number)
					       : print_number(entry, number);
	size_t wanted =
		special ? special->name_length : quantity_draw(shape_lengths(shape, is_dir), &rng);
	if (!special && !is_dir && shape->extensions.n)
		extension = draw_extension(&shape->extensions, &rng);
	size_t tail = digits + strlen(extension), n = wanted > tail ? wanted - tail : 0;
	letters_fill(letters, shape->alphabet.characters, &rng, name, n);
	n += copy_name(number, name + n);
	return n + copy_name(extension, name + n);
}

/* Whether entry i of dir is the special itself, in the root. */
static bool is_special(const struct gen_dir *dir, uint64_t entry)
{
	return !dir->special && entry >= dir->files + dir->shared;
}

static enum letters letters_of(const struct gen_dir *dir)
{
	return dir->special ? dir->special->letters : dir->shape->alphabet.letters;
}

size_t gen_name(const struct gen_dir *dir, uint64_t entry, char *name)
{
	if (dir->literals)
		return copy_name(dir->literals[entry].name, name);
	if (is_special(dir, entry)) {
		uint32_t i = (uint32_t)(entry - dir->files - dir->shared);
		return copy_name(specials[special_at(dir->shape, i)].name, name);
	}
	return print_name(dir, letters_of(dir), entry >= dir->files, entry, name);
}

/* The number in a name, or none. */
static uint64_t read_number(const char *name, uint64_t none)
{
	const char *digit = name + strcspn(name, "0123456789");
	uint64_t number = 0;
	if (!*digit)
		return none;
	for (; *digit >= '0' && *digit <= '9' && number < none; digit++)
		number = number * 10 + (uint64_t)(*digit - '0');
	return number;
}

/* The number that print_hex turned into the last digits of a name. */
static uint64_t read_hex(const struct gen_dir *dir, const char *name, uint64_t none)
{
	const struct hex hex = hex_of(dir);
	size_t end = strspn(name, "0123456789abcdef");
	char digits[17] = "";
	if (end < hex.digits)
		return none;
	memcpy(digits, name + end - hex.digits, hex.digits);
	/* Newton's iteration doubles the right bits of the inverse; 3 are right from the start. */
	uint64_t inverse = hex.odd;
	for (int i = 0; i < 5; i++)
		inverse *= 2 - hex.odd * inverse;
	return ((strtoull(digits, NULL, 16) - hex.offset) * inverse) & hex.mask;
}

/* Where names are not made from numbers there are only a few. */
static uint64_t find_among(const struct gen_dir *dir, uint64_t first, const char *name)
{
	char other[GEN_NAME_SIZE];
	for (; first < gen_entries(dir); first++) {
		gen_name(dir, first, other);
		if (strcmp(name, other) == 0)
			break;
	}
	return first;
}

uint64_t gen_find(const struct gen_dir *dir, const char *name)
{
	char wanted[GEN_NAME_SIZE];
	uint64_t none = gen_entries(dir);
	if (dir->literals || none == 0)
		return find_among(dir, 0, name);
	uint64_t entry = letters_of(dir) == LETTERS_HEX ? read_hex(dir, name, none)
							: read_number(name, none);
	if (entry < dir->files + dir->shared) {
		gen_name(dir, entry, wanted);
		if (strcmp(name, wanted) == 0)
			return entry;
	}
	return dir->special ? none : find_among(dir, dir->files + dir->shared, name);
}
