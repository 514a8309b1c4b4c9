#include "datasets/shape/part.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/field.h"
#include "datasets/shape/special.h"
#include "engine/base/util.h"

/* Values of xattrs share a block with their names on filesystems such as ext4. */
enum { XATTR_BYTES_MAX = 3072, XATTR_NAME_BYTES = 32 };

static const char *const fill_words[] = {[FILL_EVEN] = "even", [FILL_DEEP] = "deep"};

static const char *const letters_words[] = {
	[LETTERS_LOWER] = "lower", [LETTERS_MIXED] = "mixed",         [LETTERS_HEX] = "hex",
	[LETTERS_UTF8] = "utf8",   [LETTERS_ANY_BYTES] = "any-bytes",
};

static const char *const link_words[LINK_KINDS] = {
	[LINK_FILE] = "file",
	[LINK_DIRECTORY] = "directory",
	[LINK_DANGLING] = "dangling",
	[LINK_CHAIN] = "chain",
};

static const char *const first_words[] = {
	[FIRST_IN_DIRECTORY] = "directory",
	[FIRST_IN_PARENT] = "parent",
};

static const char *word_at(size_t i, const void *words)
{
	return ((const char *const *)words)[i];
}

/* One of n words, by its index. */
static int read_word(const struct place *at, const char *const *words, size_t n, uint32_t *index)
{
	char all[256];
	const char *text;
	size_t used = 0;
	if (place_text(at, &text))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, words[i]) == 0) {
			*index = (uint32_t)i;
			return 0;
		}
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s\"%s\"",
					 i == 0       ? ""
					 : i + 1 == n ? " or "
						      : ", ",
					 words[i]);
	}
	const char *near = nearest(text, n, word_at, words);
	if (near)
		return place_bad(at, "is \"%s\"; did you mean \"%s\"?", text, near);
	return place_bad(at, "must be %s, is \"%s\"", all, text);
}

int fill_read(const struct place *at, enum fill *fill)
{
	uint32_t index;
	int error = read_word(at, fill_words, ARRAY_LEN(fill_words), &index);
	if (!error)
		*fill = (enum fill)index;
	return error;
}

int fill_check(const struct place *at, const enum fill *fill)
{
	return (size_t)*fill < ARRAY_LEN(fill_words) ? 0 : place_bad(at, "is no way to fill");
}

void fill_print(FILE *out, const enum fill *fill)
{
	place_print_text(out, fill_words[*fill]);
}

int alphabet_read(const struct place *at, struct alphabet *alphabet)
{
	static const char *const keys[] = {"characters"};
	struct place member;
	const char *text;
	uint32_t index;
	if (!place_is_object(at)) {
		int error = read_word(at, letters_words, ARRAY_LEN(letters_words), &index);
		if (!error)
			alphabet->letters = (enum letters)index;
		return error;
	}
	if (place_keys(at, keys, ARRAY_LEN(keys)) || place_need(at, "characters", &member) ||
	    place_text(&member, &text))
		return -EINVAL;
	if (strlen(text) >= SHAPE_CHARACTERS_SIZE)
		return place_bad(&member, "must be at most %d bytes, is %zu",
				 SHAPE_CHARACTERS_SIZE - 1, strlen(text));
	alphabet->letters = LETTERS_CHARACTERS;
	memcpy(alphabet->characters, text, strlen(text) + 1);
	return 0;
}

int alphabet_check(const struct place *at, const struct alphabet *alphabet)
{
	struct place member = place_at(at, "characters");
	if (alphabet->letters != LETTERS_CHARACTERS)
		return 0;
	if (!*alphabet->characters)
		return place_bad(&member, "must not be empty");
	if (strpbrk(alphabet->characters, "/0123456789"))
		return place_bad(&member,
				 "must have no '/', and no digits: these number the names");
	return 0;
}

void alphabet_print(FILE *out, const struct alphabet *alphabet)
{
	if (alphabet->letters != LETTERS_CHARACTERS) {
		place_print_text(out, letters_words[alphabet->letters]);
		return;
	}
	fputs("{\"characters\": ", out);
	place_print_text(out, alphabet->characters);
	putc('}', out);
}

static int read_extension(const struct place *at, struct extension *extension)
{
	static const char *const keys[] = {"value", "weight"};
	struct place value, weight;
	const char *text;
	if (place_keys(at, keys, ARRAY_LEN(keys)) || place_need(at, "value", &value) ||
	    place_text(&value, &text) || place_need(at, "weight", &weight) ||
	    weight_read(&weight, &extension->weight))
		return -EINVAL;
	if (strlen(text) >= SHAPE_EXTENSION_SIZE)
		return place_bad(&value, "must be at most %d bytes, is %zu",
				 SHAPE_EXTENSION_SIZE - 1, strlen(text));
	memcpy(extension->text, text, strlen(text) + 1);
	return 0;
}

int extensions_read(const struct place *at, struct extensions *extensions)
{
	struct extensions read = {0};
	struct place item;
	size_t n = place_is_list(at) ? place_length(at) : 0;
	int error = 0;
	if (n < 1 || n > SHAPE_EXTENSIONS)
		return place_bad(at, "must be a list of 1 to %d", SHAPE_EXTENSIONS);
	for (size_t i = 0; i < n && !error; i++) {
		error = read_extension(place_item(at, i, &item), &read.at[i]);
		read.total += read.at[i].weight;
	}
	read.n = (uint32_t)n;
	if (!error)
		*extensions = read;
	return error;
}

/* A name is read back up to the end of its number, so what follows must not go on with it. */
int extensions_check(const struct place *at, const struct extensions *extensions)
{
	for (uint32_t i = 0; i < extensions->n; i++) {
		const char *text = extensions->at[i].text;
		if (isalnum((unsigned char)*text) || strchr(text, '/'))
			return place_bad(at,
					 "'%s' must begin with neither letter nor digit, and have "
					 "no '/'",
					 text);
	}
	return 0;
}

void extensions_print(FILE *out, const struct extensions *extensions)
{
	for (uint32_t i = 0; i < extensions->n; i++) {
		fputs(i ? ", {\"value\": " : "[{\"value\": ", out);
		place_print_text(out, extensions->at[i].text);
		fprintf(out, ", \"weight\": %" PRIu32 "}", extensions->at[i].weight);
	}
	putc(']', out);
}

static int read_share(const struct place *at, uint32_t *per_mille)
{
	struct place member;
	uint64_t count;
	int error = place_need(at, "per_mille", &member);
	error = error ? error : place_count(&member, 0, PER_MILLE, &count);
	if (!error)
		*per_mille = (uint32_t)count;
	return error;
}

static int check_share(const struct place *at, uint32_t per_mille)
{
	struct place member = place_at(at, "per_mille");
	return per_mille <= PER_MILLE ? 0 : place_bad(&member, "must be at most %d", PER_MILLE);
}

int symlinks_read(const struct place *at, struct symlinks *links)
{
	static const char *const keys[] = {"per_mille", "kinds"};
	struct symlinks read = {.weights = {[LINK_FILE] = 1}};
	struct place kinds, weight;
	int error = place_keys(at, keys, ARRAY_LEN(keys));
	error = error ? error : read_share(at, &read.per_mille);
	if (!error && place_member(at, "kinds", &kinds)) {
		error = place_keys(&kinds, link_words, LINK_KINDS);
		read.weights[LINK_FILE] = 0;
		for (size_t i = 0; i < LINK_KINDS && !error; i++) {
			if (place_member(&kinds, link_words[i], &weight))
				error = weight_read(&weight, &read.weights[i]);
		}
	}
	if (!error)
		*links = read;
	return error;
}

int symlinks_check(const struct place *at, const struct symlinks *links)
{
	struct place kinds = place_at(at, "kinds");
	uint64_t total = 0;
	for (size_t i = 0; i < LINK_KINDS; i++)
		total += links->weights[i];
	if (check_share(at, links->per_mille))
		return -EINVAL;
	if (links->per_mille && (total == 0 || total > QUANTITY_WEIGHT_MAX * LINK_KINDS))
		return place_bad(&kinds, "must have at least one kind");
	return 0;
}

void symlinks_print(FILE *out, const struct symlinks *links)
{
	const char *comma = "";
	fprintf(out, "{\"per_mille\": %" PRIu32 ", \"kinds\": {", links->per_mille);
	for (size_t i = 0; i < LINK_KINDS; i++) {
		if (links->weights[i] == 0)
			continue;
		fprintf(out, "%s\"%s\": %" PRIu32, comma, link_words[i], links->weights[i]);
		comma = ", ";
	}
	fputs("}}", out);
}

int hard_links_read(const struct place *at, struct hard_links *links)
{
	static const char *const keys[] = {"per_mille", "of", "group"};
	struct hard_links read = {.of = FIRST_IN_DIRECTORY, .group = 2};
	struct place member;
	uint64_t group;
	uint32_t word;
	if (place_keys(at, keys, ARRAY_LEN(keys)) || read_share(at, &read.per_mille))
		return -EINVAL;
	if (place_member(at, "of", &member)) {
		if (read_word(&member, first_words, ARRAY_LEN(first_words), &word))
			return -EINVAL;
		read.of = (enum first_name)word;
	}
	if (place_member(at, "group", &member)) {
		if (read.of == FIRST_IN_PARENT)
			return place_bad(&member, "is for links of a file of the same directory");
		if (place_count(&member, 2, SHAPE_GROUP_MAX, &group))
			return -EINVAL;
		read.group = (uint32_t)group;
	}
	*links = read;
	return 0;
}

int hard_links_check(const struct place *at, const struct hard_links *links)
{
	struct place group = place_at(at, "group");
	if (check_share(at, links->per_mille))
		return -EINVAL;
	if (links->per_mille && (links->group < 2 || links->group > SHAPE_GROUP_MAX))
		return place_bad(&group, "must be in 2 to %d", SHAPE_GROUP_MAX);
	return 0;
}

void hard_links_print(FILE *out, const struct hard_links *links)
{
	fprintf(out, "{\"per_mille\": %" PRIu32 ", \"of\": \"%s\"", links->per_mille,
		first_words[links->of]);
	if (links->of == FIRST_IN_DIRECTORY)
		fprintf(out, ", \"group\": %" PRIu32, links->group);
	putc('}', out);
}

static const struct unit xattr_count = {.min = 1, .max = SHAPE_XATTRS_MAX};
static const struct unit xattr_bytes = {.min = 0, .max = XATTR_BYTES_MAX};

int xattrs_read(const struct place *at, struct xattrs *xattrs)
{
	static const char *const keys[] = {"per_mille", "count", "size"};
	struct xattrs read = {.count = QUANTITY_RANGE(1, 1), .size = QUANTITY_RANGE(16, 16)};
	struct place member;
	if (place_keys(at, keys, ARRAY_LEN(keys)) || read_share(at, &read.per_mille))
		return -EINVAL;
	if (place_member(at, "count", &member) && quantity_read(&member, &xattr_count, &read.count))
		return -EINVAL;
	if (place_member(at, "size", &member) && quantity_read(&member, &xattr_bytes, &read.size))
		return -EINVAL;
	*xattrs = read;
	return 0;
}

int xattrs_check(const struct place *at, const struct xattrs *xattrs)
{
	struct place count = place_at(at, "count"), size = place_at(at, "size");
	if (check_share(at, xattrs->per_mille))
		return -EINVAL;
	if (xattrs->per_mille == 0)
		return 0;
	if (quantity_check(&count, &xattr_count, &xattrs->count) ||
	    quantity_check(&size, &xattr_bytes, &xattrs->size))
		return -EINVAL;
	uint64_t bytes =
		quantity_max(&xattrs->count) * (quantity_max(&xattrs->size) + XATTR_NAME_BYTES);
	if (bytes > XATTR_BYTES_MAX + XATTR_NAME_BYTES)
		return place_bad(at,
				 "%" PRIu64 " values of %" PRIu64
				 " bytes are more than every filesystem keeps; at most %d bytes "
				 "with %d for each name",
				 quantity_max(&xattrs->count), quantity_max(&xattrs->size),
				 XATTR_BYTES_MAX + XATTR_NAME_BYTES, XATTR_NAME_BYTES);
	return 0;
}

void xattrs_print(FILE *out, const struct xattrs *xattrs)
{
	fprintf(out, "{\"per_mille\": %" PRIu32 ", \"count\": ", xattrs->per_mille);
	quantity_print(out, &xattr_count, &xattrs->count);
	fputs(", \"size\": ", out);
	quantity_print(out, &xattr_bytes, &xattrs->size);
	putc('}', out);
}

int specials_read(const struct place *at, uint32_t *set)
{
	const char *words[SPECIAL_KINDS];
	uint32_t read = 0, word = 0;
	struct place item;
	if (!place_is_list(at))
		return place_bad(at, "must be a list");
	for (size_t i = 0; i < SPECIAL_KINDS; i++)
		words[i] = specials[i].name;
	for (size_t i = 0; i < place_length(at); i++) {
		if (read_word(place_item(at, i, &item), words, SPECIAL_KINDS, &word))
			return -EINVAL;
		if (read & 1u << word)
			return place_bad(&item, "\"%s\" is there twice", words[word]);
		read |= 1u << word;
	}
	*set = read;
	return 0;
}

int specials_check(const struct place *at, const uint32_t *set)
{
	return *set >> SPECIAL_KINDS ? place_bad(at, "has unknown specials") : 0;
}

void specials_print(FILE *out, const uint32_t *set)
{
	const char *comma = "";
	putc('[', out);
	for (size_t i = 0; i < SPECIAL_KINDS; i++) {
		if (!(*set & 1u << i))
			continue;
		fprintf(out, "%s\"%s\"", comma, specials[i].name);
		comma = ", ";
	}
	putc(']', out);
}

static int read_mode(const struct place *at, uint64_t *value)
{
	const char *text;
	if (place_text(at, &text))
		return -EINVAL;
	if (!*text || strlen(text) > 5 || strspn(text, "01234567") != strlen(text) ||
	    strtoull(text, NULL, 8) > unit_mode.max)
		return place_bad(at, "must be octal permissions such as \"0644\", is \"%s\"", text);
	*value = strtoull(text, NULL, 8);
	return 0;
}

static void print_mode(FILE *out, uint64_t value)
{
	fprintf(out, "\"%04" PRIo64 "\"", value);
}

static int read_owner(const struct place *at, uint64_t *value)
{
	const char *text;
	if (place_text(at, &text))
		return -EINVAL;
	size_t uid = strspn(text, "0123456789");
	size_t gid = text[uid] == ':' ? strspn(text + uid + 1, "0123456789") : 0;
	/* 2^32 - 1 is what the kernel takes for "nobody was named" */
	if (uid < 1 || uid > 10 || gid < 1 || gid > 10 || text[uid + 1 + gid] ||
	    strtoull(text, NULL, 10) >= UINT32_MAX ||
	    strtoull(text + uid + 1, NULL, 10) >= UINT32_MAX)
		return place_bad(at, "must be \"UID:GID\" in numbers, is \"%s\"", text);
	*value = strtoull(text, NULL, 10) << 32 | strtoull(text + uid + 1, NULL, 10);
	return 0;
}

static void print_owner(FILE *out, uint64_t value)
{
	fprintf(out, "\"%" PRIu64 ":%" PRIu64 "\"", value >> 32, value & UINT32_MAX);
}

const struct unit unit_mode = {.min = 0, .max = 07777, .read = read_mode, .print = print_mode};
const struct unit unit_owner = {
	.min = 0, .max = UINT64_MAX, .read = read_owner, .print = print_owner};
