#include "reports/words/escape.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether the character begins markup in markdown or in GitHub's extensions of it. */
static bool is_mark(const char *text, const char *at)
{
	switch (*at) {
	case ':': /* of a URL */
		return strncmp(at, "://", 3) == 0;
	case '.':
		return at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0;
	case '_': /* inside a word it is a plain character */
		return !(at > text && is_word(at[-1]) && is_word(at[1]));
	case '+':
	case '-':
	case '=': /* at the start of a line it begins a list or underlines a heading */
		return at == text;
	default:
		return strchr("&<>\\`*[#|~@$", *at);
	}
}

const char *escape_markdown(struct arena *arena, const char *text, size_t max)
{
	const char *in = text ? text_shorten(arena, format_text(arena, text), max) : "";
	char *out = in ? arena_alloc(arena, 6 * strlen(in) + 1) : NULL;
	size_t used = 0;
	if (!out)
		return "?";
	for (const char *at = in; *at; at++) {
		if (is_mark(in, at))
			used += (size_t)snprintf(out + used, 7, "&#%d;", *at);
		else
			out[used++] = *at;
	}
	out[used] = '\0';
	return out;
}

/* Spreadsheets skip blanks, and some accept the full-width forms of = + - @ (U+FF1D and others). */
static bool is_formula(const char *shown)
{
	static const char *const wide[] = {"\357\274\235", "\357\274\213", "\357\274\215",
					   "\357\274\240"};
	shown += strspn(shown, " ");
	for (size_t i = 0; i < ARRAY_LEN(wide); i++) {
		if (strncmp(shown, wide[i], strlen(wide[i])) == 0)
			return true;
	}
	return *shown && strchr("=+-@|%", *shown);
}

void escape_csv(FILE *to, struct arena *arena, const char *text)
{
	const char *shown = text ? text_visible(arena, text) : "";
	fputc('"', to);
	if (shown && is_formula(shown))
		fputc('\'', to);
	for (; shown && *shown; shown++) {
		if (*shown == '"')
			fputc('"', to);
		fputc(*shown, to);
	}
	fputc('"', to);
}
