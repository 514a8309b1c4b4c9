#include "engine/json/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"

static const uint64_t exact_max = UINT64_C(1) << 53;

json_t *json_from_text(const char *bytes)
{
	if (!bytes)
		return json_null();
	struct arena *scratch = arena_new();
	char *text = scratch ? text_escape(scratch, bytes) : NULL;
	json_t *json = text ? json_string(text) : NULL;
	arena_free(scratch);
	return json;
}

json_t *json_from_id(uint64_t id)
{
	return json_sprintf("%" PRIu64, id);
}

json_t *json_from_wide(unsigned __int128 count)
{
	const uint64_t unit = 1000000000000000000;
	if (count <= UINT64_MAX)
		return json_from_count((uint64_t)count);
	return json_sprintf("%" PRIu64 "%018" PRIu64, (uint64_t)(count / unit),
			    (uint64_t)(count % unit));
}

json_t *json_from_count(uint64_t count)
{
	return count > exact_max ? json_from_id(count) : json_integer((json_int_t)count);
}

json_t *json_from_real(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

json_t *json_from_estimate(const struct estimate *estimate)
{
	const bool known = estimate->known;
	if (!estimate_has_median(estimate))
		return json_null();
	json_t *json = json_object();
	json_put(json, "median", json_from_real(estimate->median));
	json_put(json, "lo", known ? json_from_real(estimate->lo) : json_null());
	json_put(json, "hi", known ? json_from_real(estimate->hi) : json_null());
	json_put(json, "confidence", known ? json_from_real(estimate->confidence) : json_null());
	return json;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

void json_put_text(json_t *object, const char *key, const char *bytes)
{
	json_put(object, key, json_from_text(bytes));
}

void json_put_count(json_t *object, const char *key, uint64_t count)
{
	json_put(object, key, count == COUNT_UNKNOWN ? json_null() : json_from_count(count));
}

static bool read_digits(const char *text, uint64_t *count)
{
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	errno = 0;
	*count = strtoull(text, NULL, 10);
	return errno == 0;
}

bool json_to_count(const json_t *json, uint64_t *count)
{
	if (json_is_string(json))
		return read_digits(json_string_value(json), count);
	*count = (uint64_t)json_integer_value(json);
	return json_is_integer(json) && json_integer_value(json) >= 0;
}

char *json_to_text(const json_t *json, struct arena *arena)
{
	return text_unescape(arena, json_string_value(json));
}

const char *json_words(const json_t *json, char *buf)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		snprintf(buf, 64, "\"%.40s\"", json_string_value(json));
		return buf;
	case JSON_INTEGER:
		snprintf(buf, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		return buf;
	case JSON_REAL:
		snprintf(buf, 64, "%.10g", json_real_value(json));
		return buf;
	case JSON_TRUE:
	case JSON_FALSE:
		return json_is_true(json) ? "true" : "false";
	case JSON_NULL:
		break;
	}
	return json ? "null" : "nothing";
}

static bool is_container(const json_t *json)
{
	return json_is_object(json) || json_is_array(json);
}

static bool is_flat(json_t *json)
{
	const char *key;
	json_t *value;
	size_t i;
	json_object_foreach(json, key, value)
	{
		if (is_container(value))
			return false;
	}
	json_array_foreach(json, i, value)
	{
		if (is_container(value))
			return false;
	}
	return true;
}

static const size_t print_flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(10);

/* print_members and print_value are mutually recursive; jansson's parser limits the depth. */
static int print_value(FILE *to, json_t *json, int depth);

static int print_members(FILE *to, json_t *json, int depth)
{
	const char *key, *between = "";
	json_t *value;
	size_t i;
	int error = 0;
	json_object_foreach(json, key, value)
	{
		json_t *name = json_string(key);
		fprintf(to, "%s\n%*s", between, 2 * (depth + 1), "");
		error = error || !name || json_dumpf(name, to, print_flags);
		fputs(": ", to);
		json_decref(name);
		error = error || print_value(to, value, depth + 1);
		between = ",";
	}
	json_array_foreach(json, i, value)
	{
		fprintf(to, "%s\n%*s", between, 2 * (depth + 1), "");
		error = error || print_value(to, value, depth + 1);
		between = ",";
	}
	return error ? -ENOMEM : 0;
}

static int print_value(FILE *to, json_t *json, int depth)
{
	if (is_flat(json))
		return json_dumpf(json, to, print_flags) ? -ENOMEM : 0;
	fputc(json_is_object(json) ? '{' : '[', to);
	int error = print_members(to, json, depth);
	fprintf(to, "\n%*s%c", 2 * depth, "", json_is_object(json) ? '}' : ']');
	return error;
}

int json_print(const json_t *json, char **text, size_t *size)
{
	FILE *to = open_memstream(text, size);
	if (!to)
		return -ENOMEM;
	/* jansson's iterators take no const, but change nothing. */
	int error = print_value(to, (json_t *)(uintptr_t)json, 0);
	fputc('\n', to);
	if (ferror(to))
		error = -ENOMEM;
	if (fclose(to))
		error = -ENOMEM;
	if (error)
		free(*text);
	return error;
}

/* Written like TEXT_QUOTED, because jansson does not escape control characters beyond ASCII. */
static void put_shown(FILE *to, const char *text)
{
	while (*text) {
		uint32_t code = 0;
		const size_t length = MAX(text_char(text, &code), 1);
		if (code >= 0x7f && text_is_control(code))
			fprintf(to, "\\u%04X", (unsigned)code);
		else
			fwrite(text, 1, length, to);
		text += length;
	}
}

int json_show(FILE *to, json_t *json)
{
	char *text;
	size_t size;
	int error = json ? json_print(json, &text, &size) : -ENOMEM;
	json_decref(json);
	if (error)
		return error;
	put_shown(to, text);
	free(text);
	return 0;
}

int json_write_file(const struct outdir *dir, const char *name, const json_t *json, struct err *err)
{
	char *text;
	size_t size;
	int error = json_print(json, &text, &size);
	if (error)
		return err_errno(err, error, "cannot write %s", name);
	error = outdir_write(dir, name, text, size, err);
	free(text);
	return error;
}

/* Counts opening brackets and commas outside strings. */
static void count_parts(const char *text, size_t size, size_t *parts, size_t *values)
{
	bool inside = false;
	*parts = *values = 0;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"')
			inside = !inside;
		else if (inside)
			i += text[i] == '\\';
		else if (text[i] == '{' || text[i] == '[')
			++*parts;
		else
			*values += text[i] == ',';
	}
}

static int check_size(const char *name, const char *text, size_t size, struct err *err)
{
	size_t parts, values;
	count_parts(text, size, &parts, &values);
	if (parts > JSON_PARTS_MAX)
		return err_set(err, -EFBIG, "%s: %zu objects and arrays; at most %d are read", name,
			       parts, JSON_PARTS_MAX);
	if (values > JSON_VALUES_MAX)
		return err_set(err, -EFBIG, "%s: %zu values; at most %d are read", name, values,
			       JSON_VALUES_MAX);
	return 0;
}

int json_parse(const char *name, const char *text, size_t size, json_t **json, struct err *err)
{
	json_error_t where;
	int error = check_size(name, text, size, err);
	if (error)
		return error;
	*json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (*json)
		return 0;
	if (json_error_code(&where) == json_error_out_of_memory)
		return err_errno(err, -ENOMEM, "cannot read %s", name);
	return err_set(err, -EINVAL, "%s:%d:%d: invalid JSON: %s", name, where.line, where.column,
		       where.text);
}

int json_read_text(const char *path, char **text, size_t *size, struct err *err)
{
	int error = read_file(path, JSON_FILE_MAX, text, size);
	if (error == -EFBIG)
		return err_set(err, error,
			       "%s: larger than %zu MiB, the most that is read; statmark writes no "
			       "file that large, so this may be the wrong file",
			       path, JSON_FILE_MAX >> 20);
	return error ? err_errno(err, error, "cannot read %s", path) : 0;
}
