/*
 * JSON by jansson; no other file includes jansson. Values that jansson refuses or loses are
 * converted here: NaN and infinity become null; text that is not UTF-8 is escaped (text.h); a count
 * beyond 2^53, which JavaScript would round, becomes a string of digits.
 */
#ifndef ENGINE_JSON_JSON_H
#define ENGINE_JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/base/stats.h"

/*
 * Larger documents are refused when read, bytes. The documents of runs stay below it (PASSES_MAX).
 */
#define JSON_FILE_MAX ((size_t)128 << 20)

/*
 * An empty object takes forty times as much memory as its two characters, so the number of objects
 * and arrays, and of values, is limited, too. Documents of statmark have up to 300,000 and 6
 * million.
 */
enum { JSON_PARTS_MAX = 1000000, JSON_VALUES_MAX = 12000000 };

/* New references; NULL: out of memory. */
json_t *json_from_text(const char *bytes);       /* any bytes; NULL: null */
json_t *json_from_count(uint64_t count);         /* a number, or digits beyond 2^53 */
json_t *json_from_wide(unsigned __int128 count); /* the same */
json_t *json_from_id(uint64_t id);               /* always digits: for an inode number or a seed */
json_t *json_from_real(double number);           /* NaN and infinity: null */
/* null: there is no median; lo and hi are null if there are too few rounds for an interval. */
json_t *json_from_estimate(const struct estimate *estimate);

/* Set a member of an object and take over value; NULL (out of memory) leaves the member out. */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_text(json_t *object, const char *key, const char *bytes); /* NULL: null */
void json_put_count(json_t *object, const char *key, uint64_t count);   /* COUNT_UNKNOWN: null */

/* The reverse; false: the value has another type or is out of range. */
bool json_to_count(const json_t *json, uint64_t *count); /* reads ids, too */
/* The bytes of a string; NULL: out of memory. */
char *json_to_text(const json_t *json, struct arena *arena);

/* Describes a value for an error message: "an object", "-3". buf holds 64 bytes. */
const char *json_words(const json_t *json, char *buf);

/*
 * Writes text with one line for each object or array that contains no others (a pass, an estimate),
 * so that it is readable and suits diff. Numbers have at most 10 significant digits. *text is freed
 * by the caller. 0 or -ENOMEM.
 */
int json_print(const json_t *json, char **text, size_t *size);

/*
 * The same on a stream that may be a terminal, so all control characters are written as \uHHHH.
 * Stream errors are left to the caller (ferror). json is released. 0, or -ENOMEM, also if json is
 * NULL.
 */
int json_show(FILE *to, json_t *json);

/* Reads a document; errors give file, line and column. Duplicate keys are refused. */
int json_read_text(const char *path, char **text, size_t *size, struct err *err);
int json_parse(const char *name, const char *text, size_t size, json_t **json, struct err *err);

/* As outdir_write. */
int json_write_file(const struct outdir *dir, const char *name, const json_t *json,
		    struct err *err);

#endif
