#include "datasets/shape/field.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "datasets/shape/part.h"
#include "engine/base/util.h"

struct field;

/* What can be done with a value; given: whether it says anything (NULL: always). */
struct kind {
	int (*read)(const struct place *at, const struct field *field, void *value);
	int (*check)(const struct place *at, const struct field *field, const void *value);
	void (*print)(FILE *out, const struct field *field, const void *value);
	bool (*given)(const void *value);
};

struct field {
	const char *key;
	const struct kind *kind;
	size_t offset;
	uint64_t max;            /* of a count; size of a text */
	const struct unit *unit; /* of a quantity */
};

static int read_schema(const struct place *at, const struct field *field, void *value)
{
	const char *text;
	(void)field;
	(void)value;
	if (place_text(at, &text))
		return -EINVAL;
	return strcmp(text, SHAPE_SCHEMA) == 0
		       ? 0
		       : place_bad(at, "must be \"" SHAPE_SCHEMA "\", is \"%s\"", text);
}

static void print_schema(FILE *out, const struct field *field, const void *value)
{
	(void)field;
	(void)value;
	place_print_text(out, SHAPE_SCHEMA);
}

static int read_text(const struct place *at, const struct field *field, void *value)
{
	const char *text;
	if (place_text(at, &text))
		return -EINVAL;
	if (strlen(text) >= field->max)
		return place_bad(at, "must be at most %" PRIu64 " bytes, is %zu", field->max - 1,
				 strlen(text));
	for (const char *c = text; *c; c++) {
		if (iscntrl((unsigned char)*c))
			return place_bad(at, "must be one line without control characters");
	}
	memcpy(value, text, strlen(text) + 1);
	return 0;
}

static void print_text(FILE *out, const struct field *field, const void *value)
{
	(void)field;
	place_print_text(out, value);
}

static int check_name(const struct place *at, const struct field *field, const void *value)
{
	const char *name = value;
	(void)field;
	if (*name && *name != '.' && *name != '-' && strspn(name, NAME_ALPHABET) == strlen(name))
		return 0;
	return place_bad(
		at, "must be letters, digits, '_', '.' and '-' (these two not first), is \"%s\"",
		name);
}

static int check_count(const struct place *at, const struct field *field, uint64_t value)
{
	return value <= field->max ? 0
				   : place_bad(at, "must be at most %" PRIu64 ", is %" PRIu64,
					       field->max, value);
}

static int read_count(const struct place *at, const struct field *field, void *value)
{
	return place_count(at, 0, field->max, value);
}

static int check_long(const struct place *at, const struct field *field, const void *value)
{
	return check_count(at, field, *(const uint64_t *)value);
}

static void print_count(FILE *out, const struct field *field, const void *value)
{
	(void)field;
	fprintf(out, "%" PRIu64, *(const uint64_t *)value);
}

static int read_short(const struct place *at, const struct field *field, void *value)
{
	uint64_t count;
	int error = place_count(at, 0, field->max, &count);
	if (!error)
		*(uint32_t *)value = (uint32_t)count;
	return error;
}

static int check_short(const struct place *at, const struct field *field, const void *value)
{
	return check_count(at, field, *(const uint32_t *)value);
}

static void print_short(FILE *out, const struct field *field, const void *value)
{
	(void)field;
	fprintf(out, "%" PRIu32, *(const uint32_t *)value);
}

/* Also of what begins with its number or share, or with a word whose first is the usual one. */
static bool short_given(const void *value)
{
	return *(const uint32_t *)value > 0;
}

static int read_bool(const struct place *at, const struct field *field, void *value)
{
	(void)field;
	return place_bool(at, value);
}

static void print_bool(FILE *out, const struct field *field, const void *value)
{
	(void)field;
	fputs(*(const bool *)value ? "true" : "false", out);
}

static bool bool_given(const void *value)
{
	return *(const bool *)value;
}

static int read_quantity(const struct place *at, const struct field *field, void *value)
{
	return quantity_read(at, field->unit, value);
}

static int check_quantity(const struct place *at, const struct field *field, const void *value)
{
	return quantity_check(at, field->unit, value);
}

static int check_optional(const struct place *at, const struct field *field, const void *value)
{
	const struct quantity *q = value;
	return q->n ? quantity_check(at, field->unit, q) : 0;
}

static void print_quantity(FILE *out, const struct field *field, const void *value)
{
	quantity_print(out, field->unit, value);
}

static bool quantity_given(const void *value)
{
	return ((const struct quantity *)value)->n > 0;
}

static int read_levels(const struct place *at, const struct field *field, void *value)
{
	return levels_read(at, field->unit, value);
}

static int check_levels(const struct place *at, const struct field *field, const void *value)
{
	return levels_check(at, field->unit, value);
}

static void print_levels(FILE *out, const struct field *field, const void *value)
{
	levels_print(out, field->unit, value);
}

/* Parts that only shapes have; part.h knows them. */
#define PART(name, type, given)                                                                    \
	static int read_##name(const struct place *at, const struct field *field, void *value)     \
	{                                                                                          \
		(void)field;                                                                       \
		return name##_read(at, (type *)value);                                             \
	}                                                                                          \
	static int check_##name(const struct place *at, const struct field *field,                 \
				const void *value)                                                 \
	{                                                                                          \
		(void)field;                                                                       \
		return name##_check(at, (const type *)value);                                      \
	}                                                                                          \
	static void print_##name(FILE *out, const struct field *field, const void *value)          \
	{                                                                                          \
		(void)field;                                                                       \
		name##_print(out, (const type *)value);                                            \
	}                                                                                          \
	static const struct kind kind_##name = {read_##name, check_##name, print_##name, given};

PART(fill, enum fill, NULL)
PART(alphabet, struct alphabet, short_given)
PART(extensions, struct extensions, short_given)
PART(symlinks, struct symlinks, short_given)
PART(hard_links, struct hard_links, short_given)
PART(xattrs, struct xattrs, short_given)
PART(specials, uint32_t, short_given)

static const struct kind schema = {read_schema, NULL, print_schema, NULL};
static const struct kind text = {read_text, NULL, print_text, NULL};
static const struct kind name_text = {read_text, check_name, print_text, NULL};
static const struct kind count = {read_count, check_long, print_count, NULL};
static const struct kind short_count = {read_short, check_short, print_short, NULL};
static const struct kind share = {read_short, check_short, print_short, short_given};
static const struct kind truth = {read_bool, NULL, print_bool, bool_given};
static const struct kind quantity = {read_quantity, check_quantity, print_quantity, NULL};
static const struct kind optional = {read_quantity, check_optional, print_quantity, quantity_given};
static const struct kind levels = {read_levels, check_levels, print_levels, NULL};

static const struct unit per_dir = {.min = 0, .max = ENTRIES_MAX};
static const struct unit name_bytes = {.min = 1, .max = NAME_BYTES};
static const struct unit file_bytes = {.min = 0, .max = UINT64_C(1) << 40};
static const struct unit seconds = {.min = 0, .max = UINT32_MAX};

#define AT(member) offsetof(struct shape, member)

/* In the order in which a shape is written. */
static const struct field fields[] = {
	{"schema", &schema, 0, 0, NULL},
	{"name", &name_text, AT(name), SHAPE_NAME_SIZE, NULL},
	{"summary", &text, AT(summary), SHAPE_SUMMARY_SIZE, NULL},
	{"entries", &count, AT(entries), ENTRIES_MAX, NULL},
	{"files_per_dir", &levels, AT(files_per_dir), 0, &per_dir},
	{"dirs_per_dir", &levels, AT(dirs_per_dir), 0, &per_dir},
	{"depth", &short_count, AT(depth), SHAPE_DEPTH_MAX, NULL},
	{"fill", &kind_fill, AT(fill), 0, NULL},
	{"long_paths", &truth, AT(long_paths), 0, NULL},
	{"name_length", &quantity, AT(name_length), 0, &name_bytes},
	{"dir_name_length", &optional, AT(dir_name_length), 0, &name_bytes},
	{"alphabet", &kind_alphabet, AT(alphabet), 0, NULL},
	{"extensions", &kind_extensions, AT(extensions), 0, NULL},
	{"file_size", &optional, AT(file_size), 0, &file_bytes},
	{"symlinks", &kind_symlinks, AT(symlinks), 0, NULL},
	{"hard_links", &kind_hard_links, AT(hard_links), 0, NULL},
	{"fifos", &share, AT(fifos), PER_MILLE, NULL},
	{"sockets", &share, AT(sockets), PER_MILLE, NULL},
	{"devices", &share, AT(devices), PER_MILLE, NULL},
	{"xattrs", &kind_xattrs, AT(xattrs), 0, NULL},
	{"modes", &optional, AT(modes), 0, &unit_mode},
	{"owners", &optional, AT(owners), 0, &unit_owner},
	{"mtime", &optional, AT(mtime), 0, &seconds},
	{"holes", &share, AT(holes), PER_MILLE, NULL},
	{"specials", &kind_specials, AT(specials), 0, NULL},
	{"seed", &count, AT(seed), SEED_MAX, NULL},
};

int fields_read(struct shape *shape, const struct place *at)
{
	const char *keys[ARRAY_LEN(fields)];
	struct place member;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		keys[i] = fields[i].key;
	int error = place_keys(at, keys, ARRAY_LEN(keys));
	for (size_t i = 0; i < ARRAY_LEN(fields) && !error; i++) {
		const struct field *field = &fields[i];
		if (place_member(at, field->key, &member))
			error = field->kind->read(&member, field, (char *)shape + field->offset);
	}
	return error;
}

int fields_check(const struct shape *shape, const struct place *at)
{
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(fields) && !error; i++) {
		const struct field *field = &fields[i];
		struct place member = place_at(at, field->key);
		if (field->kind->check)
			error = field->kind->check(&member, field,
						   (const char *)shape + field->offset);
	}
	return error;
}

void fields_print(const struct shape *shape, FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const struct field *field = &fields[i];
		const void *value = (const char *)shape + field->offset;
		if (field->kind->given && !field->kind->given(value))
			continue;
		fprintf(out, "%s  \"%s\": ", i ? ",\n" : "", field->key);
		field->kind->print(out, field, value);
	}
	putc('\n', out);
}
