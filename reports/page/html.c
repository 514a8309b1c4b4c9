#include "reports/page/html.h"

#include <stdarg.h>
#include <string.h>

#include "engine/base/text.h"

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Marks that turn the direction of what follows, out of the text and into the page. */
static int is_turning(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0x200e || code == 0x200f || code == 0x2028 || code == 0x2029;
}

void html_text(FILE *to, const char *text)
{
	text = text ? text : "?";
	while (*text) {
		uint32_t code = 0;
		const size_t size = text_char(text, &code);
		const char *name = size == 1 ? entity(*text) : NULL;
		if (name)
			fputs(name, to);
		else if (size == 0 || code < 32 || (code >= 127 && code < 160))
			fprintf(to, "\\x%02x", (unsigned char)*text);
		else if (is_turning(code))
			fprintf(to, "\\u%04x", (unsigned)code);
		else
			fwrite(text, 1, size, to);
		/* Of a character that is shown by its first byte the others follow as bytes. */
		text += size && !(code >= 127 && code < 160) ? size : 1;
	}
}

void html_put(FILE *to, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	for (const char *at; (at = strstr(format, "%s")); format = at + 2) {
		fwrite(format, 1, (size_t)(at - format), to);
		html_text(to, va_arg(args, const char *));
	}
	va_end(args);
	fputs(format, to);
}
