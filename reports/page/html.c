#include "reports/page/html.h"

#include <math.h>
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

/* Whether the mark changes the direction of text, which could reach beyond its field. */
static int is_turning(uint32_t code)
{
	return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
	       code == 0x200e || code == 0x200f || code == 0x2028 || code == 0x2029;
}

static void html_text(FILE *to, const char *text)
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
		/*
		 * A control character is escaped by its first byte here; the loop then escapes its
		 * other bytes.
		 */
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

void html_open_table(FILE *to, const char *what, const char *class, const char *noun)
{
	html_put(
		to,
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of %s\">\n"
		"<table class=\"%s\"",
		what, class);
	if (noun)
		html_put(to, " data-noun=\"%s\"", noun);
	fputs(">\n", to);
}

void html_close_table(FILE *to)
{
	fputs("</tbody></table></div>\n", to);
}

void html_put_column(FILE *to, const char *key, const char *words, int span)
{
	html_put(to, "<th scope=\"col\" data-key=\"%s\"", key);
	if (span > 1)
		fprintf(to, " colspan=\"%d\"", span);
	html_put(to, ">%s</th>\n", words);
}

void html_put_number(FILE *to, const char *class, double value, const char *words)
{
	html_put(to, "<td class=\"n %s\" data-v=\"", class);
	if (!isnan(value))
		fprintf(to, "%.10g", value);
	html_put(to, "\">%s</td>", isnan(value) ? "" : words);
}
