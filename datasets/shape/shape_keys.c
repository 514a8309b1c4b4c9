/*
 * The keys of a shape's JSON: one table for reading, checking and writing them. First the parts
 * whose values have a form of their own, then the kinds of values, then the table.
 */
#include "datasets/shape/shape_keys.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/special.h"
#include "engine/base/util.h"
#include "engine/json/member.h"

/* The values of extended attributes share a block with their names on filesystems such as ext4. */
enum { XATTR_BYTES_MAX = 3072, XATTR_NAME_BYTES = 32, MODE_MAX = 07777 };

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

/* Reads one of n words as its index. */
static int read_word(const struct json_node *at, const char *const *words, size_t n,
		     uint32_t *index)
{
	char all[256];
	const char *text;
	size_t used = 0;
	if (json_node_text(at, &text))
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
	const char *near = DID_YOU_MEAN(nearest(text, n, word_at, words));
	if (*near)
		return json_node_bad(at, "is \"%s\"%s", text, near);
	return json_node_bad(at, "must be %s, is \"%s\"", all, text);
}

static int read_fill(const struct json_node *at, enum fill *fill)
{
	uint32_t index;
	int error = read_word(at, fill_words, ARRAY_LEN(fill_words), &index);
	if (!error)
		*fill = (enum fill)index;
	return error;
}

static int check_fill(const struct json_node *at, const enum fill *fill)
{
	return (size_t)*fill < ARRAY_LEN(fill_words)
		       ? 0
		       : json_node_bad(at, "expected even or deep, got %u", (unsigned)*fill);
}

static void print_fill(FILE *out, const enum fill *fill)
{
	json_print_text(out, fill_words[*fill]);
}

static int read_alphabet(const struct json_node *at, struct alphabet *alphabet)
{
	static const char *const keys[] = {"characters"};
	struct json_node member;
	const char *text;
	uint32_t index;
	if (!json_node_is_object(at)) {
		int error = read_word(at, letters_words, ARRAY_LEN(letters_words), &index);
		if (!error)
			alphabet->letters = (enum letters)index;
		return error;
	}
	if (json_node_keys(at, keys, ARRAY_LEN(keys)) ||
	    json_node_need(at, "characters", &member) || json_node_text(&member, &text))
		return -EINVAL;
	if (strlen(text) >= SHAPE_CHARACTERS_SIZE)
		return json_node_bad(&member, "must be at most %d bytes, is %zu",
				     SHAPE_CHARACTERS_SIZE - 1, strlen(text));
	alphabet->letters = LETTERS_CHARACTERS;
	memcpy(alphabet->characters, text, strlen(text) + 1);
	return 0;
}

static int check_alphabet(const struct json_node *at, const struct alphabet *alphabet)
{
	struct json_node member = json_node_child(at, "characters");
	if (alphabet->letters != LETTERS_CHARACTERS)
		return 0;
	if (!*alphabet->characters)
		return json_node_bad(&member, "must not be empty");
	if (strpbrk(alphabet->characters, "/0123456789"))
		return json_node_bad(
			&member, "must contain neither '/' nor digits, as digits number the names");
	return 0;
}

static void print_alphabet(FILE *out, const struct alphabet *alphabet)
{
	if (alphabet->letters != LETTERS_CHARACTERS) {
		json_print_text(out, letters_words[alphabet->letters]);
		return;
	}
	fputs("{\"characters\": ", out);
	json_print_text(out, alphabet->characters);
	putc('}', out);
}

static int read_one_extension(const struct json_node *at, struct extension *extension)
{
	static const char *const keys[] = {"value", "weight"};
	struct json_node value, weight;
	const char *text;
	if (json_node_keys(at, keys, ARRAY_LEN(keys)) || json_node_need(at, "value", &value) ||
	    json_node_text(&value, &text) || json_node_need(at, "weight", &weight) ||
	    weight_read(&weight, &extension->weight))
		return -EINVAL;
	if (strlen(text) >= SHAPE_EXTENSION_SIZE)
		return json_node_bad(&value, "must be at most %d bytes, is %zu",
				     SHAPE_EXTENSION_SIZE - 1, strlen(text));
	memcpy(extension->text, text, strlen(text) + 1);
	return 0;
}

static int read_extensions(const struct json_node *at, struct extensions *extensions)
{
	struct extensions read = {0};
	struct json_node item;
	size_t n = json_node_is_list(at) ? json_node_length(at) : 0;
	int error = 0;
	if (n < 1 || n > SHAPE_EXTENSIONS)
		return json_node_bad(at, "must be a list of 1 to %d", SHAPE_EXTENSIONS);
	for (size_t i = 0; i < n && !error; i++) {
		error = read_one_extension(json_node_item(at, i, &item), &read.at[i]);
		read.total += read.at[i].weight;
	}
	read.n = (uint32_t)n;
	if (!error)
		*extensions = read;
	return error;
}

/*
 * A number in a name is read up to its end, so the first character of an extension must not be a
 * digit.
 */
static int check_extensions(const struct json_node *at, const struct extensions *extensions)
{
	for (uint32_t i = 0; i < extensions->n; i++) {
		const char *text = extensions->at[i].text;
		if (isalnum((unsigned char)*text) || strchr(text, '/'))
			return json_node_bad(
				at,
				"'%s' must begin with neither letter nor digit, and have "
				"no '/'",
				text);
	}
	return 0;
}

static void print_extensions(FILE *out, const struct extensions *extensions)
{
	for (uint32_t i = 0; i < extensions->n; i++) {
		fputs(i ? ", {\"value\": " : "[{\"value\": ", out);
		json_print_text(out, extensions->at[i].text);
		fprintf(out, ", \"weight\": %" PRIu32 "}", extensions->at[i].weight);
	}
	putc(']', out);
}

static int read_share(const struct json_node *at, uint32_t *per_mille)
{
	struct json_node member;
	uint64_t count;
	int error = json_node_need(at, "per_mille", &member);
	error = error ? error : json_node_count(&member, 0, PER_MILLE, &count);
	if (!error)
		*per_mille = (uint32_t)count;
	return error;
}

static int check_share(const struct json_node *at, uint32_t per_mille)
{
	struct json_node member = json_node_child(at, "per_mille");
	return per_mille <= PER_MILLE ? 0 : json_node_bad(&member, "must be at most %d", PER_MILLE);
}

static int read_symlinks(const struct json_node *at, struct symlinks *links)
{
	static const char *const keys[] = {"per_mille", "kinds"};
	struct symlinks read = {.weights = {[LINK_FILE] = 1}};
	struct json_node kinds, weight;
	int error = json_node_keys(at, keys, ARRAY_LEN(keys));
	error = error ? error : read_share(at, &read.per_mille);
	if (!error && json_node_member(at, "kinds", &kinds)) {
		error = json_node_keys(&kinds, link_words, LINK_KINDS);
		read.weights[LINK_FILE] = 0;
		for (size_t i = 0; i < LINK_KINDS && !error; i++) {
			if (json_node_member(&kinds, link_words[i], &weight))
				error = weight_read(&weight, &read.weights[i]);
		}
	}
	if (!error)
		*links = read;
	return error;
}

static int check_symlinks(const struct json_node *at, const struct symlinks *links)
{
	struct json_node kinds = json_node_child(at, "kinds");
	uint64_t total = 0;
	for (size_t i = 0; i < LINK_KINDS; i++)
		total += links->weights[i];
	if (check_share(at, links->per_mille))
		return -EINVAL;
	if (links->per_mille && (total == 0 || total > QUANTITY_WEIGHT_MAX * LINK_KINDS))
		return json_node_bad(&kinds, "must have at least one kind");
	return 0;
}

static void print_symlinks(FILE *out, const struct symlinks *links)
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

static int read_hard_links(const struct json_node *at, struct hard_links *links)
{
	static const char *const keys[] = {"per_mille", "of", "group"};
	struct hard_links read = {.of = FIRST_IN_DIRECTORY, .group = 2};
	struct json_node member;
	uint64_t group;
	uint32_t word;
	if (json_node_keys(at, keys, ARRAY_LEN(keys)) || read_share(at, &read.per_mille))
		return -EINVAL;
	if (json_node_member(at, "of", &member)) {
		if (read_word(&member, first_words, ARRAY_LEN(first_words), &word))
			return -EINVAL;
		read.of = (enum first_name)word;
	}
	if (json_node_member(at, "group", &member)) {
		if (read.of == FIRST_IN_PARENT)
			return json_node_bad(&member,
					     "is only for links of a file in the same directory");
		if (json_node_count(&member, 2, SHAPE_GROUP_MAX, &group))
			return -EINVAL;
		read.group = (uint32_t)group;
	}
	*links = read;
	return 0;
}

static int check_hard_links(const struct json_node *at, const struct hard_links *links)
{
	struct json_node group = json_node_child(at, "group");
	if (check_share(at, links->per_mille))
		return -EINVAL;
	if (links->per_mille && (links->group < 2 || links->group > SHAPE_GROUP_MAX))
		return json_node_bad(&group, "must be in 2 to %d", SHAPE_GROUP_MAX);
	return 0;
}

static void print_hard_links(FILE *out, const struct hard_links *links)
{
	fprintf(out, "{\"per_mille\": %" PRIu32 ", \"of\": \"%s\"", links->per_mille,
		first_words[links->of]);
	if (links->of == FIRST_IN_DIRECTORY)
		fprintf(out, ", \"group\": %" PRIu32, links->group);
	putc('}', out);
}

static const struct quantity_form xattr_count = {.min = 1, .max = SHAPE_XATTRS_MAX};
static const struct quantity_form xattr_bytes = {.min = 0, .max = XATTR_BYTES_MAX};

static int read_xattrs(const struct json_node *at, struct xattrs *xattrs)
{
	static const char *const keys[] = {"per_mille", "count", "size"};
	struct xattrs read = {.count = QUANTITY_RANGE(1, 1), .size = QUANTITY_RANGE(16, 16)};
	struct json_node member;
	if (json_node_keys(at, keys, ARRAY_LEN(keys)) || read_share(at, &read.per_mille))
		return -EINVAL;
	if (json_node_member(at, "count", &member) &&
	    quantity_read(&member, &xattr_count, &read.count))
		return -EINVAL;
	if (json_node_member(at, "size", &member) &&
	    quantity_read(&member, &xattr_bytes, &read.size))
		return -EINVAL;
	*xattrs = read;
	return 0;
}

static int check_xattrs(const struct json_node *at, const struct xattrs *xattrs)
{
	struct json_node count = json_node_child(at, "count"), size = json_node_child(at, "size");
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
		return json_node_bad(
			at,
			"%" PRIu64 " values of %" PRIu64
			" bytes are more than every filesystem keeps; at most %d bytes "
			"with %d for each name",
			quantity_max(&xattrs->count), quantity_max(&xattrs->size),
			XATTR_BYTES_MAX + XATTR_NAME_BYTES, XATTR_NAME_BYTES);
	return 0;
}

static void print_xattrs(FILE *out, const struct xattrs *xattrs)
{
	fprintf(out, "{\"per_mille\": %" PRIu32 ", \"count\": ", xattrs->per_mille);
	quantity_print(out, &xattr_count, &xattrs->count);
	fputs(", \"size\": ", out);
	quantity_print(out, &xattr_bytes, &xattrs->size);
	putc('}', out);
}

static int read_specials(const struct json_node *at, uint32_t *set)
{
	const char *words[SPECIAL_KINDS];
	uint32_t read = 0, word = 0;
	struct json_node item;
	if (!json_node_is_list(at))
		return json_node_bad(at, "must be a list");
	for (size_t i = 0; i < SPECIAL_KINDS; i++)
		words[i] = specials[i].name;
	for (size_t i = 0; i < json_node_length(at); i++) {
		if (read_word(json_node_item(at, i, &item), words, SPECIAL_KINDS, &word))
			return -EINVAL;
		if (read & 1u << word)
			return json_node_bad(&item, "\"%s\" is given twice", words[word]);
		read |= 1u << word;
	}
	*set = read;
	return 0;
}

static int check_specials(const struct json_node *at, const uint32_t *set)
{
	return *set >> SPECIAL_KINDS
		       ? json_node_bad(at, "expected kinds of specials, got the bits 0x%x", *set)
		       : 0;
}

static void print_specials(FILE *out, const uint32_t *set)
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

static int read_mode(const struct json_node *at, uint64_t *value)
{
	const char *text;
	if (json_node_text(at, &text))
		return -EINVAL;
	if (!*text || strlen(text) > 5 || strspn(text, "01234567") != strlen(text) ||
	    strtoull(text, NULL, 8) > MODE_MAX)
		return json_node_bad(at, "must be octal permissions such as \"0644\", is \"%s\"",
				     text);
	*value = strtoull(text, NULL, 8);
	return 0;
}

static void print_mode(FILE *out, uint64_t value)
{
	fprintf(out, "\"%04" PRIo64 "\"", value);
}

static int read_owner(const struct json_node *at, uint64_t *value)
{
	const char *text;
	if (json_node_text(at, &text))
		return -EINVAL;
	size_t uid = strspn(text, "0123456789");
	size_t gid = text[uid] == ':' ? strspn(text + uid + 1, "0123456789") : 0;
	/* 2^32 - 1 means "no change" to chown(2) */
	if (uid < 1 || uid > 10 || gid < 1 || gid > 10 || text[uid + 1 + gid] ||
	    strtoull(text, NULL, 10) >= UINT32_MAX ||
	    strtoull(text + uid + 1, NULL, 10) >= UINT32_MAX)
		return json_node_bad(at, "must be \"UID:GID\" in numbers, is \"%s\"", text);
	*value = strtoull(text, NULL, 10) << 32 | strtoull(text + uid + 1, NULL, 10);
	return 0;
}

static void print_owner(FILE *out, uint64_t value)
{
	fprintf(out, "\"%" PRIu64 ":%" PRIu64 "\"", value >> 32, value & UINT32_MAX);
}

static const struct quantity_form mode_form = {
	.min = 0, .max = MODE_MAX, .read = read_mode, .print = print_mode};
static const struct quantity_form owner_form = {
	.min = 0, .max = UINT64_MAX, .read = read_owner, .print = print_owner};

struct shape_key;

/* The operations on a kind of value. given: whether it is set (NULL: always). */
struct value_kind {
	int (*read)(const struct json_node *at, const struct shape_key *key, void *value);
	int (*check)(const struct json_node *at, const struct shape_key *key, const void *value);
	void (*print)(FILE *out, const struct shape_key *key, const void *value);
	bool (*given)(const void *value);
};

/* The properties of a key that member.h has no field for. */
struct shape_key {
	const struct value_kind *kind;
	uint64_t max;                     /* largest count; size of a text */
	const struct quantity_form *form; /* for a quantity */
};

static int read_text(const struct json_node *at, const struct shape_key *key, void *value)
{
	const char *text;
	if (json_node_text(at, &text))
		return -EINVAL;
	if (strlen(text) >= key->max)
		return json_node_bad(at, "must be at most %" PRIu64 " bytes, is %zu", key->max - 1,
				     strlen(text));
	for (const char *c = text; *c; c++) {
		if (iscntrl((unsigned char)*c))
			return json_node_bad(at, "must be one line without control characters");
	}
	memcpy(value, text, strlen(text) + 1);
	return 0;
}

static void print_text(FILE *out, const struct shape_key *key, const void *value)
{
	(void)key;
	json_print_text(out, value);
}

static bool text_given(const void *value)
{
	return *(const char *)value != '\0';
}

static int check_name(const struct json_node *at, const struct shape_key *key, const void *value)
{
	const char *name = value;
	(void)key;
	if (*name && *name != '.' && *name != '-' && strspn(name, NAME_ALPHABET) == strlen(name))
		return 0;
	return json_node_bad(
		at, "must be letters, digits, '_', '.' and '-' (these two not first), is \"%s\"",
		name);
}

static int check_count(const struct json_node *at, const struct shape_key *key, uint64_t value)
{
	return value <= key->max ? 0
				 : json_node_bad(at, "must be at most %" PRIu64 ", is %" PRIu64,
						 key->max, value);
}

static int read_count(const struct json_node *at, const struct shape_key *key, void *value)
{
	return json_node_count(at, 0, key->max, value);
}

static int check_long(const struct json_node *at, const struct shape_key *key, const void *value)
{
	return check_count(at, key, *(const uint64_t *)value);
}

static void print_count(FILE *out, const struct shape_key *key, const void *value)
{
	(void)key;
	fprintf(out, "%" PRIu64, *(const uint64_t *)value);
}

static int read_short(const struct json_node *at, const struct shape_key *key, void *value)
{
	uint64_t count;
	int error = json_node_count(at, 0, key->max, &count);
	if (!error)
		*(uint32_t *)value = (uint32_t)count;
	return error;
}

static int check_short(const struct json_node *at, const struct shape_key *key, const void *value)
{
	return check_count(at, key, *(const uint32_t *)value);
}

static void print_short(FILE *out, const struct shape_key *key, const void *value)
{
	(void)key;
	fprintf(out, "%" PRIu32, *(const uint32_t *)value);
}

/*
 * Also for structs that begin with a number or share, or with a word whose first value is the
 * default.
 */
static bool short_given(const void *value)
{
	return *(const uint32_t *)value > 0;
}

static int read_bool(const struct json_node *at, const struct shape_key *key, void *value)
{
	(void)key;
	return json_node_bool(at, value);
}

static void print_bool(FILE *out, const struct shape_key *key, const void *value)
{
	(void)key;
	fputs(*(const bool *)value ? "true" : "false", out);
}

static bool bool_given(const void *value)
{
	return *(const bool *)value;
}

static int read_quantity(const struct json_node *at, const struct shape_key *key, void *value)
{
	return quantity_read(at, key->form, value);
}

static int check_quantity(const struct json_node *at, const struct shape_key *key,
			  const void *value)
{
	return quantity_check(at, key->form, value);
}

static int check_optional(const struct json_node *at, const struct shape_key *key,
			  const void *value)
{
	const struct quantity *q = value;
	return q->n ? quantity_check(at, key->form, q) : 0;
}

static void print_quantity(FILE *out, const struct shape_key *key, const void *value)
{
	quantity_print(out, key->form, value);
}

static bool quantity_given(const void *value)
{
	return ((const struct quantity *)value)->n > 0;
}

static int read_levels(const struct json_node *at, const struct shape_key *key, void *value)
{
	return levels_read(at, key->form, value);
}

static int check_levels(const struct json_node *at, const struct shape_key *key, const void *value)
{
	return levels_check(at, key->form, value);
}

static void print_levels(FILE *out, const struct shape_key *key, const void *value)
{
	levels_print(out, key->form, value);
}

/* Kinds for the types above that have a type of their own. */
#define PART(name, type, given)                                                                    \
	static int read_##name##_key(const struct json_node *at, const struct shape_key *key,      \
				     void *value)                                                  \
	{                                                                                          \
		(void)key;                                                                         \
		return read_##name(at, (type *)value);                                             \
	}                                                                                          \
	static int check_##name##_key(const struct json_node *at, const struct shape_key *key,     \
				      const void *value)                                           \
	{                                                                                          \
		(void)key;                                                                         \
		return check_##name(at, (const type *)value);                                      \
	}                                                                                          \
	static void print_##name##_key(FILE *out, const struct shape_key *key, const void *value)  \
	{                                                                                          \
		(void)key;                                                                         \
		print_##name(out, (const type *)value);                                            \
	}                                                                                          \
	static const struct value_kind kind_##name = {read_##name##_key, check_##name##_key,       \
						      print_##name##_key, given};

PART(fill, enum fill, NULL)
PART(alphabet, struct alphabet, short_given)
PART(extensions, struct extensions, short_given)
PART(symlinks, struct symlinks, short_given)
PART(hard_links, struct hard_links, short_given)
PART(xattrs, struct xattrs, short_given)
PART(specials, uint32_t, short_given)

static int read_profile(const struct json_node *at, const struct shape_key *key, void *value)
{
	(void)key;
	return profile_read(at, value);
}

static int check_profile(const struct json_node *at, const struct shape_key *key, const void *value)
{
	(void)key;
	return profile_check(at, value);
}

static void print_profile(FILE *out, const struct shape_key *key, const void *value)
{
	(void)key;
	profile_print(out, value);
}

static const struct value_kind kind_profile = {read_profile, check_profile, print_profile,
					       short_given};

static const struct value_kind text = {read_text, NULL, print_text, NULL};
static const struct value_kind optional_text = {read_text, NULL, print_text, text_given};
static const struct value_kind name_text = {read_text, check_name, print_text, NULL};
static const struct value_kind count = {read_count, check_long, print_count, NULL};
static const struct value_kind short_count = {read_short, check_short, print_short, NULL};
static const struct value_kind share = {read_short, check_short, print_short, short_given};
static const struct value_kind truth = {read_bool, NULL, print_bool, bool_given};
static const struct value_kind quantity = {read_quantity, check_quantity, print_quantity, NULL};
static const struct value_kind optional = {read_quantity, check_optional, print_quantity,
					   quantity_given};
static const struct value_kind levels = {read_levels, check_levels, print_levels, NULL};

static const struct quantity_form per_dir = {.min = 0, .max = ENTRIES_MAX};
static const struct quantity_form name_bytes = {.min = 1, .max = NAME_BYTES};
static const struct quantity_form file_bytes = {.min = 0, .max = UINT64_C(1) << 40};
static const struct quantity_form seconds = {.min = 0, .max = UINT32_MAX};

static int read_key(const struct json_node *at, const struct member *m, void *value)
{
	const struct shape_key *key = m->about;
	return key->kind->read(at, key, value);
}

#define KEY(name_, field, ...)                                                                     \
	{                                                                                          \
		.name = name_, .kind = MEMBER_CUSTOM, .offset = offsetof(struct shape, field),     \
		.read = read_key, .about = &(const struct shape_key){__VA_ARGS__},                 \
	}

/* In the order in which a shape is written. */
static const struct member shape_members[] = {
	{.name = "schema", .kind = MEMBER_CONST, .value = SHAPE_SCHEMA},
	KEY("name", name, .kind = &name_text, .max = SHAPE_NAME_SIZE),
	KEY("summary", summary, .kind = &text, .max = SHAPE_SUMMARY_SIZE),
	KEY("origin", origin, .kind = &optional_text, .max = SHAPE_SUMMARY_SIZE),
	KEY("entries", entries, .kind = &count, .max = ENTRIES_MAX),
	KEY("files_per_dir", files_per_dir, .kind = &levels, .form = &per_dir),
	KEY("dirs_per_dir", dirs_per_dir, .kind = &levels, .form = &per_dir),
	KEY("depth", depth, .kind = &short_count, .max = SHAPE_DEPTH_MAX),
	KEY("fill", fill, .kind = &kind_fill),
	KEY("profile", profile, .kind = &kind_profile),
	KEY("fixed_depths", profile.fixed, .kind = &share, .max = PROFILE_DEPTHS),
	KEY("long_paths", long_paths, .kind = &truth),
	KEY("name_length", name_length, .kind = &quantity, .form = &name_bytes),
	KEY("dir_name_length", dir_name_length, .kind = &optional, .form = &name_bytes),
	KEY("alphabet", alphabet, .kind = &kind_alphabet),
	KEY("extensions", extensions, .kind = &kind_extensions),
	KEY("file_size", file_size, .kind = &optional, .form = &file_bytes),
	KEY("symlinks", symlinks, .kind = &kind_symlinks),
	KEY("hard_links", hard_links, .kind = &kind_hard_links),
	KEY("fifos", fifos, .kind = &share, .max = PER_MILLE),
	KEY("sockets", sockets, .kind = &share, .max = PER_MILLE),
	KEY("devices", devices, .kind = &share, .max = PER_MILLE),
	KEY("xattrs", xattrs, .kind = &kind_xattrs),
	KEY("modes", modes, .kind = &optional, .form = &mode_form),
	KEY("owners", owners, .kind = &optional, .form = &owner_form),
	KEY("mtime", mtime, .kind = &optional, .form = &seconds),
	KEY("holes", holes, .kind = &share, .max = PER_MILLE),
	KEY("specials", specials, .kind = &kind_specials),
	KEY("seed", seed, .kind = &count, .max = SEED_MAX),
	{0},
};

int shape_members_read(struct shape *shape, const struct json_node *at)
{
	return member_read_strict(shape_members, shape, at, NULL);
}

int shape_members_check(const struct shape *shape, const struct json_node *at)
{
	int error = 0;
	for (const struct member *m = shape_members + 1; m->name && !error; m++) {
		const struct shape_key *key = m->about;
		struct json_node member = json_node_child(at, m->name);
		if (key->kind->check)
			error = key->kind->check(&member, key, (const char *)shape + m->offset);
	}
	return error;
}

void shape_members_print(const struct shape *shape, FILE *out)
{
	fputs("  \"schema\": \"" SHAPE_SCHEMA "\"", out);
	for (const struct member *m = shape_members + 1; m->name; m++) {
		const struct shape_key *key = m->about;
		const void *value = (const char *)shape + m->offset;
		if (key->kind->given && !key->kind->given(value))
			continue;
		fprintf(out, ",\n  \"%s\": ", m->name);
		key->kind->print(out, key, value);
	}
	putc('\n', out);
}
