/*
 * Words of a closed set: an enum and one function that names its values. A word is parsed once,
 * where it enters the program (command line, document, protocol); inside the program it is the
 * enum.
 */
#ifndef ENGINE_BASE_WORD_H
#define ENGINE_BASE_WORD_H

#include <stddef.h>

#include "engine/base/err.h"

/* The name of a value; NULL after the last. */
typedef const char *word_name(unsigned value);

/* names[value]; NULL if value is n or more. */
const char *word_of(const char *const *names, size_t n, unsigned value);

/* The value with that name; -1: there is none. */
int word_find(word_name *name, const char *word);

/* The name nearest to a word; NULL: none is near. */
const char *word_nearest(word_name *name, const char *word);

/*
 * "fetch or walk", "text, json or csv": the names of `first` and above, written into buf; returns
 * buf.
 */
const char *word_list(word_name *name, unsigned first, char *buf, size_t size);

/*
 * The value with that name, or -EINVAL with the message "WHAT: expected fetch or walk, got 'WORD'",
 * with the nearest name if one is near; word NULL: "got nothing". what: "--stage", or a
 * subcommand; NULL: the message begins with "expected". -ENOMEM.
 */
int word_parse(word_name *name, const char *what, const char *word, struct err *err);

/*
 * Parses a comma-separated list of names into a set of bits, 1 << value. 0, or the errors of
 * word_parse.
 */
int word_parse_set(word_name *name, const char *what, const char *list, unsigned *set,
		   struct err *err);

/* Writes the names of a set, separated by commas, into buf; returns buf. */
const char *word_set_text(word_name *name, unsigned set, char *buf, size_t size);

#endif
