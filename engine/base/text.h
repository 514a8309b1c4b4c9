/*
 * Text for documents and terminals. Names of files, labels and mount options are bytes that need
 * not be UTF-8 or printable; JSON accepts only UTF-8, and a terminal interprets control characters.
 *
 * One reversible escape is used everywhere: the four characters \xHH (two lower-case hex digits)
 * stand for a byte. A byte that is not part of valid UTF-8 is always escaped, and so is the
 * backslash. Text for people and tables also escapes control characters, because ESC could repaint
 * a terminal.
 */
#ifndef ENGINE_BASE_TEXT_H
#define ENGINE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/arena.h"

/*
 * The length of the UTF-8 character at s, 1 to 4 bytes, and its code point; 0 when there is none
 * (overlong forms, surrogates and values above U+10FFFF are not UTF-8; nor is the final NUL).
 */
size_t text_char(const char *s, uint32_t *code);

/* C0 and C1 controls, DEL, and the marks that turn the direction of the text around them. */
bool text_is_control(uint32_t code);

/* The reader of a text. */
enum text_reader {
	TEXT_JSON,   /* as a value that jansson will quote */
	TEXT_PEOPLE, /* no control characters */
	/*
	 * A whole JSON string, in quotes: what jansson would make of TEXT_JSON, but for characters
	 * that people are not shown either; these are \uHHHH, so that a terminal can show it.
	 */
	TEXT_QUOTED,
};

/* Most bytes that text_spell makes of len. */
#define TEXT_SPELLED_MAX(len) (6 * (len) + 2)

/* Spells bytes out for a reader into a buffer large enough; the length, there is no NUL. */
size_t text_spell(char *out, const char *bytes, enum text_reader reader);

/* Both return NULL only when memory is out; of NULL text too. */
char *text_escape(struct arena *arena, const char *bytes);  /* for JSON */
char *text_visible(struct arena *arena, const char *bytes); /* for people: no control characters */

/* Undoes either escape; a backslash that begins no \xHH stands for itself. \x00 is kept as text. */
char *text_unescape(struct arena *arena, const char *text);

/* Characters of UTF-8 text; what a terminal needs for it, as none of ours are wide. */
size_t text_width(const char *text);

/* At most max characters, the middle replaced by "..", since both ends tell names apart. */
char *text_shorten(struct arena *arena, const char *text, size_t max);

/* The same with that many characters before the "..". */
char *text_cut(struct arena *arena, const char *text, size_t head, size_t max);

/* Whether both are the same text, or both NULL. */
bool same_text(const char *a, const char *b);

/* The text, or "?" for NULL: it is not known, or memory is out. */
const char *or_unknown(const char *text);

#endif
