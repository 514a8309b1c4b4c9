#include "engine/json/json_node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/json/json.h"

int json_node_open(struct json_node *document, const char *source, const char *text, size_t size,
		   struct err *err)
{
	*document = (struct json_node){.source = source, .err = err};
	if (size > JSON_NODE_TEXT_MAX)
		return err_set(err, -EFBIG, "%s: %zu bytes, larger than 1 MiB, the limit", source,
			       size);
	return json_parse(source, text, size, &document->value, err);
}

void json_node_close(struct json_node *document)
{
	json_decref(document->value);
	document->value = NULL;
}

/* Writes ".key" of every level above, then of this one. */
static size_t print_path(const struct json_node *at, char *path, size_t size)
{
	if (!at->up)
		return (size_t)snprintf(path, size, "$");
	size_t used = print_path(at->up, path, size);
	used = MIN(used, size - 1);
	if (!at->key)
		return used + (size_t)snprintf(path + used, size - used, "[%zu]", at->index);
	return used + (size_t)snprintf(path + used, size - used, ".%s", at->key);
}

int json_node_bad(const struct json_node *at, const char *format, ...)
{
	char path[256], words[512];
	va_list args;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	print_path(at, path, sizeof(path));
	return err_set(at->err, -EINVAL, "%s: %s: %s", at->source, path, words);
}

int json_node_expected(const struct json_node *at, const char *what)
{
	char found[64];
	return json_node_bad(at, "expected %s, found %s", what, json_words(at->value, found));
}

struct json_node json_node_child(const struct json_node *up, const char *key)
{
	return (struct json_node){.source = up->source, .up = up, .key = key, .err = up->err};
}

bool json_node_is_object(const struct json_node *at)
{
	return json_is_object(at->value);
}

bool json_node_is_list(const struct json_node *at)
{
	return json_is_array(at->value);
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

static int unknown_key(const struct json_node *at, const char *key, const struct key_list *list)
{
	char all[528] = "; there are ";
	size_t used = strlen(all);
	const char *near = DID_YOU_MEAN(nearest(key, list->n, key_name, list));
	struct json_node member = json_node_child(at, key);
	for (size_t i = 0; i < list->n && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 list->keys[i]);
	return json_node_bad(&member, "no such key%s", *near ? near : all);
}

int json_node_keys(const struct json_node *at, const char *const *keys, size_t n)
{
	struct key_list list = {keys, n};
	const char *key;
	json_t *value;
	if (!json_is_object(at->value))
		return json_node_expected(at, "an object");
	json_object_foreach(at->value, key, value)
	{
		if (!is_known(key, &list))
			return unknown_key(at, key, &list);
	}
	return 0;
}

bool json_node_member(const struct json_node *at, const char *key, struct json_node *member)
{
	*member = json_node_child(at, key);
	member->value = json_object_get(at->value, key);
	return member->value != NULL;
}

int json_node_need(const struct json_node *at, const char *key, struct json_node *member)
{
	return json_node_member(at, key, member) ? 0 : json_node_bad(at, "has no \"%s\"", key);
}

size_t json_node_length(const struct json_node *list)
{
	return json_array_size(list->value);
}

struct json_node *json_node_item(const struct json_node *list, size_t i, struct json_node *item)
{
	*item = json_node_child(list, NULL);
	item->index = i;
	item->value = json_array_get(list->value, i);
	return item;
}

int json_node_count(const struct json_node *at, uint64_t min, uint64_t max, uint64_t *count)
{
	if (!json_is_integer(at->value))
		return json_node_expected(at, "a whole number");
	json_int_t value = json_integer_value(at->value);
	if (value < 0 || (uint64_t)value < min)
		return json_node_bad(at, "must be at least %" PRIu64 ", is %" JSON_INTEGER_FORMAT,
				     min, value);
	if ((uint64_t)value > max)
		return json_node_bad(at, "must be at most %" PRIu64 ", is %" JSON_INTEGER_FORMAT,
				     max, value);
	*count = (uint64_t)value;
	return 0;
}

int json_node_text(const struct json_node *at, const char **text)
{
	if (!json_is_string(at->value))
		return json_node_expected(at, "a string");
	*text = json_string_value(at->value);
	return 0;
}

int json_node_bool(const struct json_node *at, bool *value)
{
	if (!json_is_boolean(at->value))
		return json_node_expected(at, "true or false");
	*value = json_is_true(at->value);
	return 0;
}

void json_print_text(FILE *out, const char *text)
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
