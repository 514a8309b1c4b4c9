#include "reports/words/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

/* C0 and C1 controls, DEL, and the marks that turn the direction of the text around them. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

static char *escape(struct arena *arena, const char *bytes, bool controls)
{
	static const char hex[] = "0123456789abcdef";
	char *text = bytes ? arena_alloc(arena, 4 * strlen(bytes) + 1) : NULL;
	char *out = text;
	if (!text)
		return NULL;
	while (*bytes) {
		uint32_t code = 0;
		size_t length = text_char(bytes, &code);
		bool plain = length && code != '\\' && !(controls && is_control(code));
		if (!length)
			length = 1;
		for (; length; length--, bytes++) {
			if (plain) {
				*out++ = *bytes;
				continue;
			}
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex[(unsigned char)*bytes >> 4];
			*out++ = hex[(unsigned char)*bytes & 15];
		}
	}
	*out = '\0';
	return text;
}

char *text_escape(struct arena *arena, const char *bytes)
{
	return escape(arena, bytes, false);
}

char *text_visible(struct arena *arena, const char *bytes)
{
	return escape(arena, bytes, true);
}

/* The byte that \xHH at s stands for, or 0. */
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

/* Where character number n of text begins. */
static const char *at_char(const char *text, size_t n)
{
	while (*text && (n > 0 || continues(*text))) {
		n -= !continues(*text);
		text++;
	}
	return text;
}

char *text_shorten(struct arena *arena, const char *text, size_t max)
{
	size_t width = text_width(text);
	if (width <= max)
		return arena_copy(arena, text);
	size_t kept = max > 2 ? max - 2 : 0, head = (kept + 1) / 2;
	return arena_print(arena, "%.*s..%s", (int)(at_char(text, head) - text), text,
			   at_char(text, width - (kept - head)));
}
