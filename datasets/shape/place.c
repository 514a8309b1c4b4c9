#include "datasets/shape/place.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "engine/base/util.h"

static const char *const type_names[] = {
	[JSON_OBJECT] = "an object",   [JSON_ARRAY] = "a list",    [JSON_STRING] = "a text",
	[JSON_INTEGER] = "an integer", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
	[JSON_FALSE] = "false",        [JSON_NULL] = "null",
};

static const char *type_name(const struct place *at)
{
	return type_names[json_typeof(at->value)];
}

int place_open(struct place *document, const char *source, const char *text, size_t size,
	       struct err *err)
{
	json_error_t wrong;
	*document = (struct place){.source = source, .err = err};
	if (size > PLACE_TEXT_MAX)
		return err_set(err, -EFBIG, "%s: is %zu bytes; at most 1 MiB is read", source,
			       size);
	document->value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &wrong);
	if (document->value)
		return 0;
	if (json_error_code(&wrong) == json_error_out_of_memory)
		return err_set(err, -ENOMEM, "%s: out of memory", source);
	return err_set(err, -EINVAL, "%s:%d:%d: %s", source, wrong.line, wrong.column, wrong.text);
}

void place_close(struct place *document)
{
	json_decref(document->value);
	document->value = NULL;
}

/* Writes ".key" of every level above, then of this one. */
static size_t print_way(const struct place *at, char *way, size_t size)
{
	if (!at->up)
		return (size_t)snprintf(way, size, "$");
	size_t used = print_way(at->up, way, size);
	used = MIN(used, size - 1);
	if (!at->key)
		return used + (size_t)snprintf(way + used, size - used, "[%zu]", at->index);
	return used + (size_t)snprintf(way + used, size - used, ".%s", at->key);
}

int place_bad(const struct place *at, const char *format, ...)
{
	char way[256], words[512];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	print_way(at, way, sizeof(way));
	return err_set(at->err, -EINVAL, "%s: %s: %s", at->source, way, words);
}

struct place place_at(const struct place *up, const char *key)
{
	return (struct place){.source = up->source, .up = up, .key = key, .err = up->err};
}

bool place_is_object(const struct place *at)
{
	return json_is_object(at->value);
}

bool place_is_list(const struct place *at)
{
	return json_is_array(at->value);
}

bool place_is_text(const struct place *at)
{
	return json_is_string(at->value);
}

struct key_list {
	const char *const *keys;
	size_t n;
};

static const char *key_name(size_t i, const void *arg)
{
	return ((const struct key_list *)arg)->keys[i];
}

static bool is_known(const char *key, const struct key_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(key, list->keys[i]) == 0)
			return true;
	}
	return false;
}

static int unknown_key(const struct place *at, const char *key, const struct key_list *list)
{
	char all[512];
	size_t used = 0;
	const char *near = nearest(key, list->n, key_name, list);
	struct place member = place_at(at, key);
	if (near)
		return place_bad(&member, "no such key; did you mean '%s'?", near);
	for (size_t i = 0; i < list->n && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 list->keys[i]);
	return place_bad(&member, "no such key; there are %s", all);
}

int place_keys(const struct place *at, const char *const *keys, size_t n)
{
	struct key_list list = {keys, n};
	const char *key;
	json_t *value;
	if (!json_is_object(at->value))
		return place_bad(at, "must be an object, is %s", type_name(at));
	json_object_foreach(at->value, key, value)
	{
		if (!is_known(key, &list))
			return unknown_key(at, key, &list);
	}
	return 0;
}

bool place_member(const struct place *at, const char *key, struct place *member)
{
	*member = place_at(at, key);
	member->value = json_object_get(at->value, key);
	return member->value != NULL;
}

int place_need(const struct place *at, const char *key, struct place *member)
{
	return place_member(at, key, member) ? 0 : place_bad(at, "has no \"%s\"", key);
}

size_t place_length(const struct place *list)
{
	return json_array_size(list->value);
}

struct place *place_item(const struct place *list, size_t i, struct place *item)
{
	*item = place_at(list, NULL);
	item->index = i;
	item->value = json_array_get(list->value, i);
	return item;
}

int place_count(const struct place *at, uint64_t min, uint64_t max, uint64_t *count)
{
	if (!json_is_integer(at->value))
		return place_bad(at, "must be an integer, is %s", type_name(at));
	json_int_t value = json_integer_value(at->value);
	if (value < 0 || (uint64_t)value < min)
		return place_bad(at, "must be at least %" PRIu64 ", is %" JSON_INTEGER_FORMAT, min,
				 value);
	if ((uint64_t)value > max)
		return place_bad(at, "must be at most %" PRIu64 ", is %" JSON_INTEGER_FORMAT, max,
				 value);
	*count = (uint64_t)value;
	return 0;
}

int place_text(const struct place *at, const char **text)
{
	if (!json_is_string(at->value))
		return place_bad(at, "must be a text, is %s", type_name(at));
	*text = json_string_value(at->value);
	return 0;
}

int place_bool(const struct place *at, bool *value)
{
	if (!json_is_boolean(at->value))
		return place_bad(at, "must be true or false, is %s", type_name(at));
	*value = json_is_true(at->value);
	return 0;
}

void place_print_text(FILE *out, const char *text)
{
	putc('"', out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < ' ')
			fprintf(out, "\\u%04x", *c);
		else
			putc(*c, out);
	}
	putc('"', out);
}
