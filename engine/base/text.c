#include "engine/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t text_char(const char *s, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)s[0];
	size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead == 0 || lead > 0xf4 || length == 0)
		return 0;
	if (length == 1) {
		*code = lead;
		return 1;
	}
	*code = lead & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (!continues(s[i]))
			return 0;
		*code = *code << 6 | ((unsigned char)s[i] & 0x3fu);
	}
	bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
	return *code < least[length] || *code > 0x10ffff || surrogate ? 0 : length;
}

bool text_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static char *put_hex(char *out, const char *before, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";
	size_t length = strlen(before);
	memcpy(out, before, length);
	out[length] = hex[byte >> 4];
	out[length + 1] = hex[byte & 15];
	return out + length + 2;
}

/* In a quoted string the backslash of an escape is escaped itself. */
static char *put_escaped(char *out, const char *bytes, size_t length, enum text_reader reader)
{
	for (size_t i = 0; i < length; i++)
		out = put_hex(out, reader == TEXT_QUOTED ? "\\\\x" : "\\x",
			      (unsigned char)bytes[i]);
	return out;
}

/* Characters that JSON requires to be escaped, in the form that jansson writes. */
static char *put_quoted(char *out, char c)
{
	static const char plain[] = "\"\b\f\n\r\t", letters[] = "\"bfnrt";
	const char *found = strchr(plain, c);
	if (!found)
		return out + snprintf(out, sizeof("\\u0000"), "\\u%04X", (unsigned)c);
	*out++ = '\\';
	*out++ = letters[found - plain];
	return out;
}

/* jansson does not escape control characters beyond ASCII, but a terminal interprets them. */
static char *put_char(char *out, const char *bytes, size_t length, uint32_t code,
		      enum text_reader reader)
{
	if (reader == TEXT_QUOTED && (code == '"' || code < 0x20))
		return put_quoted(out, *bytes);
	if (reader == TEXT_QUOTED && text_is_control(code))
		return out + snprintf(out, sizeof("\\u0000"), "\\u%04X", (unsigned)code);
	memcpy(out, bytes, length);
	return out + length;
}

/* Plain ASCII, the common case, is never escaped. */
static bool is_simple(char c)
{
	return c >= ' ' && c < 0x7f && c != '\\' && c != '"';
}

size_t text_spell(char *out, const char *bytes, enum text_reader reader)
{
	const char *begin = out;
	if (reader == TEXT_QUOTED)
		*out++ = '"';
	while (*bytes) {
		if (is_simple(*bytes)) {
			*out++ = *bytes++;
			continue;
		}
		uint32_t code = 0;
		size_t length = text_char(bytes, &code);
		if (length && code != '\\' && !(reader == TEXT_PEOPLE && text_is_control(code)))
			out = put_char(out, bytes, length, code, reader);
		else
			out = put_escaped(out, bytes, length ? length : 1, reader);
		bytes += length ? length : 1;
	}
	if (reader == TEXT_QUOTED)
		*out++ = '"';
	return (size_t)(out - begin);
}

static char *spell(struct arena *arena, const char *bytes, enum text_reader reader)
{
	char *text = bytes ? arena_alloc(arena, 4 * strlen(bytes) + 1) : NULL;
	if (text)
		text[text_spell(text, bytes, reader)] = '\0';
	return text;
}

char *text_escape(struct arena *arena, const char *bytes)
{
	return spell(arena, bytes, TEXT_JSON);
}

char *text_visible(struct arena *arena, const char *bytes)
{
	return spell(arena, bytes, TEXT_PEOPLE);
}

/* The byte of the escape \xHH at s, or 0. */
static char escaped_byte(const char *s)
{
	if (s[0] != '\\' || s[1] != 'x' || !isxdigit((unsigned char)s[2]) ||
	    !isxdigit((unsigned char)s[3]))
		return 0;
	const char digits[] = {s[2], s[3], '\0'};
	return (char)strtoul(digits, NULL, 16);
}

char *text_unescape(struct arena *arena, const char *text)
{
	char *bytes = arena_copy(arena, text);
	char *out = bytes;
	if (!bytes)
		return NULL;
	for (const char *in = text; *in; out++) {
		char byte = escaped_byte(in);
		*out = byte ? byte : *in;
		in += byte ? 4 : 1;
	}
	*out = '\0';
	return bytes;
}

size_t text_width(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += !continues(*text);
	return width;
}

/* Pointer to character number n of text. */
static const char *at_char(const char *text, size_t n)
{
	while (*text && (n > 0 || continues(*text))) {
		n -= !continues(*text);
		text++;
	}
	return text;
}

char *text_cut(struct arena *arena, const char *text, size_t head, size_t max)
{
	size_t width = text_width(text);
	if (width <= max)
		return arena_copy(arena, text);
	size_t kept = max > 2 ? max - 2 : 0;
	head = MIN(head, kept);
	return arena_print(arena, "%.*s..%s", (int)(at_char(text, head) - text), text,
			   at_char(text, width - (kept - head)));
}

char *text_shorten(struct arena *arena, const char *text, size_t max)
{
	return text_cut(arena, text, max > 2 ? (max - 1) / 2 : 0, max);
}

const char *or_unknown(const char *text)
{
	return text ? text : "?";
}

bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}
