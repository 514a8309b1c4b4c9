/*
 * Text for documents and terminals. Names of files, labels and mount options are bytes that need
 * not be UTF-8 or printable; JSON accepts only UTF-8, and a terminal interprets control characters.
 *
 * One reversible escape is used everywhere: the four characters \xHH (two lower-case hex digits)
 * represent a byte. A byte that is not part of valid UTF-8 is always escaped, and so is the
 * backslash. In text for terminals control characters are escaped, too, because ESC could repaint a
 * terminal.
 */
#ifndef ENGINE_BASE_TEXT_H
#define ENGINE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"

/*
 * The length of the UTF-8 character at s, 1 to 4 bytes; *code is its code point. 0: there is none
 * (overlong forms, surrogates and values above U+10FFFF are not UTF-8; nor is the final NUL).
 */
size_t text_char(const char *s, uint32_t *code);

/*
 * C0 and C1 controls, DEL, line and paragraph separators, and marks that change the direction of
 * text.
 */
bool text_is_control(uint32_t code);

/* What a text is for. */
enum text_reader {
	TEXT_JSON,   /* a value that jansson will quote */
	TEXT_PEOPLE, /* a terminal: no control characters */
	/*
	 * A whole JSON string, in quotes: what jansson would make of TEXT_JSON, except that control
	 * characters beyond ASCII are written as \uHHHH, so that a terminal can show it.
	 */
	TEXT_QUOTED,
};

/* The most bytes that text_spell writes for len bytes. */
#define TEXT_SPELLED_MAX(len) (6 * (len) + 2)

/*
 * Writes bytes in the form for a reader into a buffer that is large enough, without a NUL. Returns
 * the length.
 */
size_t text_spell(char *out, const char *bytes, enum text_reader reader);

/* Escaped copies in the arena. NULL: out of memory, or bytes is NULL. */
char *text_escape(struct arena *arena, const char *bytes); /* for JSON */
/* For terminals: no control characters. */
char *text_visible(struct arena *arena, const char *bytes);

/* Undoes either escape; a backslash not followed by xHH is kept, and so is \x00. */
char *text_unescape(struct arena *arena, const char *text);

/*
 * The number of characters in UTF-8 text, which is its width on a terminal, as no wide characters
 * are used.
 */
size_t text_width(const char *text);

/* Shortens to max characters by replacing the middle by "..", since both ends distinguish names. */
char *text_shorten(struct arena *arena, const char *text, size_t max);

/* The same with `head` characters before the "..". */
char *text_cut(struct arena *arena, const char *text, size_t head, size_t max);

/* Whether both are the same text, or both are NULL. */
bool same_text(const char *a, const char *b);

/* The text, or "?" for NULL (not known, or out of memory). */
const char *or_unknown(const char *text);

#endif
