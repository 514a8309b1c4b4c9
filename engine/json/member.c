#include "engine/json/member.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"

/* Addresses of a member's value, its number of items and its room in the struct at base. */
static const void *at(const struct member *m, const void *base)
{
	return (const char *)base + m->offset;
}

static size_t *size_at(void *base, size_t offset)
{
	return (size_t *)(void *)((char *)base + offset);
}

static const char *text_at(const struct member *m, const void *base)
{
	return *(const char *const *)at(m, base);
}

/* --- Writing ------------------------------------------------------------------------------- */

static json_t *write_items(const struct member *m, const void *base)
{
	const char *items = *(const char *const *)at(m, base);
	size_t n = *(const size_t *)(const void *)((const char *)base + m->count);
	json_t *all = m->kind == MEMBER_MAP ? json_object() : json_array();
	for (size_t i = 0; all && i < n; i++) {
		const void *item = items + i * m->size;
		json_t *value = member_write(m->members, item);
		int error;
		if (m->kind == MEMBER_MAP) {
			json_t *key = json_from_text(*(const char *const *)item);
			error = json_object_set_new(all, json_string_value(key), value);
			json_decref(key);
		} else {
			error = json_array_append_new(all, value);
		}
		if (error) {
			json_decref(all);
			all = NULL;
		}
	}
	return all;
}

static json_t *write_real(const struct member *m, const void *base)
{
	bool known = *((const bool *)base + m->count);
	return known ? json_from_real(*(const double *)at(m, base)) : json_null();
}

static json_t *write_maybe(uint64_t count)
{
	return count == COUNT_UNKNOWN ? json_null() : json_from_count(count);
}

static json_t *write_json(const char *text)
{
	return text ? json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL)
		    : json_null();
}

static json_t *write_value(const struct member *m, const void *base)
{
	const void *field = at(m, base);
	switch (m->kind) {
	case MEMBER_TEXT:
		return json_from_text(text_at(m, base));
	case MEMBER_BOOL:
		return json_boolean(*(const bool *)field);
	case MEMBER_U32:
		return json_from_count(*(const uint32_t *)field);
	case MEMBER_COUNT:
		return json_from_count(*(const uint64_t *)field);
	case MEMBER_MAYBE:
		return write_maybe(*(const uint64_t *)field);
	case MEMBER_ID:
		return json_from_id(*(const uint64_t *)field);
	case MEMBER_REAL:
		return write_real(m, base);
	case MEMBER_ENUM:
		return json_string(m->word(*(const unsigned *)field));
	case MEMBER_OR_NULL:
		return *(const unsigned *)field ? json_string(m->word(*(const unsigned *)field))
						: json_null();
	case MEMBER_BETTER:
		return json_string(*(const bool *)field ? "higher" : "lower");
	case MEMBER_JSON:
		return write_json(text_at(m, base));
	case MEMBER_CONST:
		return json_string(m->value);
	case MEMBER_OBJECT:
		return member_write(m->members, field);
	case MEMBER_OWN_IF:
		return *((const bool *)base + m->count) ? member_write(m->members, field)
							: json_null();
	case MEMBER_ARRAY:
	case MEMBER_MAP:
		return write_items(m, base);
	case MEMBER_CUSTOM:
	case MEMBER_KNOWN:
	case MEMBER_END:
		break;
	}
	return NULL;
}

json_t *member_write(const struct member *table, const void *base)
{
	if (!table->name)
		return write_value(table, base);
	json_t *object = json_object();
	for (const struct member *m = table; m->kind != MEMBER_END; m++) {
		if (m->kind == MEMBER_KNOWN)
			continue;
		if (json_object_set_new(object, m->name, write_value(m, base))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* --- Reading ------------------------------------------------------------------------------- */

static int read_struct(const struct member *table, void *base, const struct json_node *at,
		       struct arena *arena);

static int no_memory(const struct json_node *at)
{
	return err_errno(at->err, -ENOMEM, "cannot read %s", at->source);
}

static int read_text(const struct json_node *at, const char **text, struct arena *arena)
{
	if (json_is_null(at->value))
		return 0;
	if (!json_is_string(at->value))
		return json_node_expected(at, "a string");
	*text = json_to_text(at->value, arena);
	return *text ? 0 : no_memory(at);
}

static int read_count(const struct json_node *at, uint64_t max, uint64_t *count)
{
	if (!json_to_count(at->value, count))
		return json_node_expected(at, "a whole number, at least 0");
	return *count > max ? json_node_expected(at, "a smaller number") : 0;
}

static int read_better(const struct json_node *at, bool *is_higher)
{
	const char *word = json_string_value(at->value);
	*is_higher = word && strcmp(word, "higher") == 0;
	if (*is_higher || (word && strcmp(word, "lower") == 0))
		return 0;
	return json_node_expected(at, "\"higher\" or \"lower\"");
}

/* Enums have the size of an unsigned int, as with gcc and clang. */
static int read_enum(const struct json_node *at, const struct member *m, unsigned *value)
{
	const unsigned first = m->kind == MEMBER_OR_NULL; /* 0 is null, not a word */
	const int found = word_find(m->word, json_string_value(at->value));
	const bool known = found >= (int)first;
	char all[256];
	if (!known && m->other && !json_is_string(at->value))
		return json_node_expected(at, "a string");
	if (!known && !m->other)
		return json_node_expected(at, word_list(m->word, first, all, sizeof(all)));
	*value = known ? (unsigned)found : m->other;
	return 0;
}

static int read_real(const struct json_node *at, bool known, double *number)
{
	bool is_number = at->value && json_is_number(at->value);
	if (known && !is_number)
		return json_node_expected(at, "a number, as the median is one");
	if (!known && is_number)
		return json_node_expected(at, "null, as there is no median");
	*number = known ? json_number_value(at->value) : 0;
	return 0;
}

static int read_const(const struct json_node *at, const char *value)
{
	const char *word = json_string_value(at->value);
	char wanted[64];
	if (word && strcmp(word, value) == 0)
		return 0;
	snprintf(wanted, sizeof(wanted), "\"%s\"", value);
	return json_node_expected(at, wanted);
}

static int read_json(const struct json_node *at, const char **text, struct arena *arena)
{
	char *dump = json_dumps(at->value, JSON_ENCODE_ANY | JSON_COMPACT);
	*text = arena_copy(arena, dump);
	free(dump);
	return *text ? 0 : no_memory(at);
}

/* Allocates n zeroed items and stores them in the struct at base at once, so that it owns them. */
static char *make_items(const struct member *m, void *base, size_t n, struct arena *arena)
{
	size_t bytes;
	if (n == 0 || __builtin_mul_overflow(n, m->size, &bytes))
		return NULL;
	char *items = m->room ? calloc(1, bytes) : arena_alloc(arena, bytes);
	if (!items)
		return NULL;
	*(void **)(void *)((char *)base + m->offset) = items;
	*size_at(base, m->count) = n;
	if (m->room)
		*size_at(base, m->room) = n;
	return items;
}

static int read_array(const struct member *m, void *base, const struct json_node *at,
		      struct arena *arena)
{
	struct json_node item;
	int error = 0;
	if (!json_node_is_list(at))
		return json_node_expected(at, "an array");
	size_t n = json_node_length(at);
	char *items = make_items(m, base, n, arena);
	if (!items && n > 0)
		return no_memory(at);
	for (size_t i = 0; i < n && !error; i++)
		error = read_struct(m->members, items + i * m->size, json_node_item(at, i, &item),
				    arena);
	return error;
}

static int read_map(const struct member *m, void *base, const struct json_node *at,
		    struct arena *arena)
{
	const char *key;
	json_t *value;
	if (!json_node_is_object(at))
		return json_node_expected(at, "an object");
	size_t n = json_object_size(at->value);
	char *items = make_items(m, base, n, arena);
	if (!items && n > 0)
		return no_memory(at);
	json_object_foreach(at->value, key, value)
	{
		struct json_node item = json_node_child(at, key);
		item.value = value;
		int error = read_struct(m->members, items, &item, arena);
		char **name = (char **)(void *)items;
		if (error)
			return error;
		*name = text_unescape(arena, key);
		if (!*name)
			return no_memory(at);
		items += m->size;
	}
	return 0;
}

static int read_value(const struct member *m, void *base, const struct json_node *at,
		      struct arena *arena)
{
	void *field = (char *)base + m->offset;
	uint64_t count = 0;
	int error;
	switch (m->kind) {
	case MEMBER_TEXT:
		return read_text(at, field, arena);
	case MEMBER_BOOL:
		*(bool *)field = json_is_true(at->value);
		return json_is_boolean(at->value) ? 0 : json_node_expected(at, "true or false");
	case MEMBER_U32:
		error = read_count(at, UINT32_MAX, &count);
		*(uint32_t *)field = (uint32_t)count;
		return error;
	case MEMBER_COUNT:
	case MEMBER_MAYBE:
	case MEMBER_ID:
		return read_count(at, UINT64_MAX, field);
	case MEMBER_REAL:
		return read_real(at, *((bool *)base + m->count), field);
	case MEMBER_ENUM:
	case MEMBER_OR_NULL:
		return read_enum(at, m, field);
	case MEMBER_BETTER:
		return read_better(at, field);
	case MEMBER_JSON:
		return read_json(at, field, arena);
	case MEMBER_CONST:
		return read_const(at, m->value);
	case MEMBER_OBJECT:
		return read_struct(m->members, field, at, arena);
	case MEMBER_OWN_IF:
		*((bool *)base + m->count) = true;
		return read_struct(m->members, field, at, arena);
	case MEMBER_ARRAY:
		return read_array(m, base, at, arena);
	case MEMBER_MAP:
		return read_map(m, base, at, arena);
	case MEMBER_CUSTOM:
		return m->read(at, m, field);
	case MEMBER_KNOWN:
	case MEMBER_END:
		break;
	}
	return -EINVAL;
}

static int read_member(const struct member *m, void *base, const struct json_node *up,
		       struct arena *arena)
{
	struct json_node at;
	bool absent = !json_node_member(up, m->name, &at) || json_is_null(at.value);
	if (m->kind == MEMBER_KNOWN) {
		*((bool *)base + m->offset) = at.value && json_is_number(at.value);
		return 0;
	}
	if (absent && m->kind == MEMBER_MAYBE)
		*(uint64_t *)(void *)((char *)base + m->offset) = COUNT_UNKNOWN;
	if (absent && m->required)
		return at.value ? json_node_expected(&at, "a value")
				: json_node_bad(&at, "is missing");
	/* Which decides the meaning of null. */
	if (absent && m->kind == MEMBER_CUSTOM && at.value)
		return m->read(&at, m, (char *)base + m->offset);
	if (absent && m->kind != MEMBER_REAL)
		return 0;
	return read_value(m, base, &at, arena);
}

static int read_struct(const struct member *table, void *base, const struct json_node *at,
		       struct arena *arena)
{
	int error = 0;
	if (!table->name)
		return read_value(table, base, at, arena);
	if (!json_node_is_object(at))
		return json_node_expected(at, "an object");
	for (const struct member *m = table; m->kind != MEMBER_END && !error; m++)
		error = read_member(m, base, at, arena);
	return error;
}

int member_read(const struct member *table, void *base, const struct json_node *at,
		struct arena *arena)
{
	return read_struct(table, base, at, arena);
}

enum { KEYS_MAX = 64 };

int member_read_strict(const struct member *table, void *base, const struct json_node *at,
		       struct arena *arena)
{
	const char *keys[KEYS_MAX];
	size_t n = 0;
	for (const struct member *m = table; m->kind != MEMBER_END && n < KEYS_MAX; m++)
		keys[n++] = m->name;
	int error = json_node_keys(at, keys, n);
	return error ? error : read_struct(table, base, at, arena);
}

/* --- Metrics ------------------------------------------------------------------------------- */

static int add_metrics(json_t *all, const char *prefix, const struct member *table)
{
	for (const struct member *m = table; m->kind != MEMBER_END; m++) {
		char name[128];
		snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "",
			 m->name ? m->name : "*");
		if (m->unit && json_object_set_new(all, name,
						   json_pack("{s:s, s:s}", "unit", m->unit,
							     "better", m->better)))
			return -ENOMEM;
		if (m->members && add_metrics(all, name, m->members))
			return -ENOMEM;
		if (!m->name)
			break;
	}
	return 0;
}

json_t *member_metrics(const struct member *table)
{
	json_t *all = json_object();
	if (all && add_metrics(all, "", table)) {
		json_decref(all);
		return NULL;
	}
	return all;
}
