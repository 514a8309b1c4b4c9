/*
 * Reading JSON that strangers wrote, with complaints that name the place: "huge.json:
 * $.files_per_dir.min: must be at least 0, is -3". A place is a value of the document together with
 * the way that leads to it. This file's .c is the room's one door to jansson.
 *
 * Whatever is wrong with a document is -EINVAL and one sentence in the place's err.
 */
#ifndef DATASETS_SHAPE_PLACE_H
#define DATASETS_SHAPE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/err.h"

struct json_t;

struct place {
	struct json_t *value;   /* owned by the place that place_open filled */
	const char *source;     /* file or preset that the document came from */
	const struct place *up; /* NULL: this is the whole document */
	const char *key;        /* of this value in up; NULL: up is a list */
	size_t index;           /* in the list */
	struct err *err;
};

/* The longest text place_open takes, bytes. */
enum { PLACE_TEXT_MAX = 1024 * 1024 };

/*
 * Parses a document. source and err must outlive the place. A syntax error or a duplicate key is
 * told as "source:line:column: words". After success, end with place_close.
 */
int place_open(struct place *document, const char *source, const char *text, size_t size,
	       struct err *err);
void place_close(struct place *document); /* accepts a zeroed one */

/* Records "source: $.way.to.it: words" and returns -EINVAL. */
int place_bad(const struct place *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The place of a key in `up`, for complaints about what came from there; it has no value. */
struct place place_at(const struct place *up, const char *key);

bool place_is_object(const struct place *at);
bool place_is_list(const struct place *at);
bool place_is_text(const struct place *at);

/* -EINVAL unless `at` is an object whose every key is one of the n given. */
int place_keys(const struct place *at, const char *const *keys, size_t n);

/* Whether `at` has that key; if so, *member is its value. */
bool place_member(const struct place *at, const char *key, struct place *member);

/* The same for one that must be there: 0 or -EINVAL. */
int place_need(const struct place *at, const char *key, struct place *member);

/* Items of a list; i is below its length. Returns item. */
size_t place_length(const struct place *list);
struct place *place_item(const struct place *list, size_t i, struct place *item);

/* The value as an integer in [min, max], or as text (valid until the document is closed). */
int place_count(const struct place *at, uint64_t min, uint64_t max, uint64_t *count);
int place_text(const struct place *at, const char **text);
int place_bool(const struct place *at, bool *value);

/* Writes text, which must be UTF-8, as a JSON string with its quotes. */
void place_print_text(FILE *out, const char *text);

#endif
