#include "reports/document/member.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/result.h"
#include "reports/words/text.h"

/* Where a member's value, its number of items and its room lie in the struct at base. */
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

/* Where the reader is, as a chain on the stack: the words are only made when something is wrong. */
struct place {
	const struct place *up;
	const char *name; /* NULL: item number `index` */
	size_t index;
};

struct reader {
	struct arena *arena;
	struct err *err;
};

static int read_struct(struct reader *r, const struct place *where, const struct member *table,
		       void *base, const json_t *json);

static char *place_words(struct arena *arena, const struct place *where)
{
	char *up = where->up ? place_words(arena, where->up) : NULL;
	if (!up)
		return arena_copy(arena, where->name);
	if (where->name)
		return arena_print(arena, "%s.%s", up, where->name);
	return arena_print(arena, "%s[%zu]", up, where->index);
}

static int expected(struct reader *r, const struct place *where, const char *what,
		    const json_t *found)
{
	char buf[64];
	char *words = place_words(r->arena, where);
	return err_set(r->err, -EINVAL, "%s: expected %s, found %s", words ? words : "?", what,
		       json_words(found, buf));
}

static int read_text(struct reader *r, const struct place *where, const char **text,
		     const json_t *json)
{
	if (json_is_null(json))
		return 0;
	if (!json_is_string(json))
		return expected(r, where, "a string", json);
	*text = json_to_text(json, r->arena);
	return *text ? 0 : err_errno(r->err, -ENOMEM, "reading");
}

static int read_count(struct reader *r, const struct place *where, uint64_t max, uint64_t *count,
		      const json_t *json)
{
	if (!json_to_count(json, count))
		return expected(r, where, "a whole number, at least 0", json);
	if (*count > max)
		return expected(r, where, "a smaller number", json);
	return 0;
}

static int read_word(struct reader *r, const struct place *where, const char *a, const char *b,
		     bool *is_a, const json_t *json)
{
	const char *word = json_string_value(json);
	char both[64];
	*is_a = word && strcmp(word, a) == 0;
	if (*is_a || (word && strcmp(word, b) == 0))
		return 0;
	snprintf(both, sizeof(both), "\"%s\" or \"%s\"", a, b);
	return expected(r, where, both, json);
}

/* Enums have the size of an unsigned int, as gcc and clang make them. */
static int read_enum(struct reader *r, const struct place *where, const struct member *m,
		     unsigned *value, const json_t *json)
{
	const char *found = json_string_value(json), *all = NULL;
	unsigned n = 0;
	for (; m->word(n); n++) {
		if (found && strcmp(found, m->word(n)) == 0) {
			*value = n;
			return 0;
		}
	}
	for (unsigned i = 0; i < n; i++)
		all = arena_print(r->arena, "%s%s%s", all ? all : "",
				  i == 0      ? ""
				  : i + 1 < n ? ", "
					      : " or ",
				  m->word(i));
	return expected(r, where, all ? all : "a known word", json);
}

static int read_real(struct reader *r, const struct place *where, bool known, double *number,
		     const json_t *json)
{
	if (known && !json_is_number(json))
		return expected(r, where, "a number, as the median is one", json);
	if (!known && json_is_number(json))
		return expected(r, where, "null, as there is no median", json);
	*number = known ? json_number_value(json) : 0;
	return 0;
}

static int read_const(struct reader *r, const struct place *where, const char *value,
		      const json_t *json)
{
	const char *word = json_string_value(json);
	char wanted[64];
	if (word && strcmp(word, value) == 0)
		return 0;
	snprintf(wanted, sizeof(wanted), "\"%s\"", value);
	return expected(r, where, wanted, json);
}

static int read_json(struct reader *r, const char **text, const json_t *json)
{
	char *dump = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
	*text = arena_copy(r->arena, dump);
	free(dump);
	return *text ? 0 : err_errno(r->err, -ENOMEM, "reading");
}

/* Room for n zeroed items, owned by the struct at base from the start. */
static char *make_items(struct reader *r, const struct member *m, void *base, size_t n)
{
	size_t bytes;
	if (n == 0 || __builtin_mul_overflow(n, m->size, &bytes))
		return NULL;
	char *items = m->room ? calloc(1, bytes) : arena_alloc(r->arena, bytes);
	if (!items)
		return NULL;
	*(void **)(void *)((char *)base + m->offset) = items;
	*size_at(base, m->count) = n;
	if (m->room)
		*size_at(base, m->room) = n;
	return items;
}

static int read_array(struct reader *r, const struct place *where, const struct member *m,
		      void *base, const json_t *json)
{
	size_t n = json_array_size(json);
	int error = 0;
	if (!json_is_array(json))
		return expected(r, where, "an array", json);
	char *items = make_items(r, m, base, n);
	if (!items && n > 0)
		return err_errno(r->err, -ENOMEM, "reading %zu items", n);
	for (size_t i = 0; i < n && !error; i++) {
		struct place here = {.up = where, .index = i};
		error = read_struct(r, &here, m->members, items + i * m->size,
				    json_array_get(json, i));
	}
	return error;
}

static int read_map(struct reader *r, const struct place *where, const struct member *m, void *base,
		    const json_t *json)
{
	size_t n = json_object_size(json);
	const char *key;
	json_t *value;
	if (!json_is_object(json))
		return expected(r, where, "an object", json);
	char *items = make_items(r, m, base, n);
	if (!items && n > 0)
		return err_errno(r->err, -ENOMEM, "reading %zu items", n);
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		struct place here = {.up = where, .name = key};
		int error = read_struct(r, &here, m->members, items, value);
		char **name = (char **)(void *)items;
		if (error)
			return error;
		*name = text_unescape(r->arena, key);
		if (!*name)
			return err_errno(r->err, -ENOMEM, "reading");
		items += m->size;
	}
	return 0;
}

static int read_value(struct reader *r, const struct place *where, const struct member *m,
		      void *base, const json_t *json)
{
	void *field = (char *)base + m->offset;
	uint64_t count = 0;
	int error;
	switch (m->kind) {
	case MEMBER_TEXT:
		return read_text(r, where, field, json);
	case MEMBER_BOOL:
		*(bool *)field = json_is_true(json);
		return json_is_boolean(json) ? 0 : expected(r, where, "true or false", json);
	case MEMBER_U32:
		error = read_count(r, where, UINT32_MAX, &count, json);
		*(uint32_t *)field = (uint32_t)count;
		return error;
	case MEMBER_COUNT:
	case MEMBER_MAYBE:
	case MEMBER_ID:
		return read_count(r, where, UINT64_MAX, field, json);
	case MEMBER_REAL:
		return read_real(r, where, *((bool *)base + m->count), field, json);
	case MEMBER_ENUM:
		return read_enum(r, where, m, field, json);
	case MEMBER_BETTER:
		return read_word(r, where, "higher", "lower", field, json);
	case MEMBER_JSON:
		return read_json(r, field, json);
	case MEMBER_CONST:
		return read_const(r, where, m->value, json);
	case MEMBER_OBJECT:
		return read_struct(r, where, m->members, field, json);
	case MEMBER_OWN_IF:
		*((bool *)base + m->count) = true;
		return read_struct(r, where, m->members, field, json);
	case MEMBER_ARRAY:
		return read_array(r, where, m, base, json);
	case MEMBER_MAP:
		return read_map(r, where, m, base, json);
	case MEMBER_KNOWN:
	case MEMBER_END:
		break;
	}
	return -EINVAL;
}

static int read_member(struct reader *r, const struct place *up, const struct member *m, void *base,
		       const json_t *object)
{
	const json_t *json = json_object_get(object, m->name);
	struct place where = {.up = up, .name = m->name};
	if (m->kind == MEMBER_KNOWN) {
		*((bool *)base + m->offset) = json_is_number(json);
		return 0;
	}
	bool absent = !json || json_is_null(json);
	if (absent && m->kind == MEMBER_MAYBE)
		*(uint64_t *)(void *)((char *)base + m->offset) = COUNT_UNKNOWN;
	if (absent && m->required)
		return expected(r, &where, "a value", json);
	if (absent && m->kind != MEMBER_REAL)
		return 0;
	return read_value(r, &where, m, base, json);
}

static int read_struct(struct reader *r, const struct place *where, const struct member *table,
		       void *base, const json_t *json)
{
	int error = 0;
	if (!table->name)
		return read_value(r, where, table, base, json);
	if (!json_is_object(json))
		return expected(r, where, "an object", json);
	for (const struct member *m = table; m->kind != MEMBER_END && !error; m++)
		error = read_member(r, where, m, base, json);
	return error;
}

int member_read(const struct member *table, void *base, const json_t *json, struct arena *arena,
		struct err *err)
{
	struct reader reader = {arena, err};
	const struct place root = {.name = "$"};
	return read_struct(&reader, &root, table, base, json);
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
