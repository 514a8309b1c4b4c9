/*
 * JSON by jansson; no other file includes it. Values that jansson refuses or loses are converted
 * here: NaN and infinity become null; text that is not UTF-8 is escaped (text.h); a count beyond
 * 2^53, which JavaScript would round, becomes a string of digits.
 */
#ifndef ENGINE_JSON_JSON_H
#define ENGINE_JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/outdir.h"

/* Documents beyond this are refused when read, bytes. A run keeps below it (PASSES_MAX). */
#define JSON_FILE_MAX ((size_t)128 << 20)

/*
 * In memory an empty object is forty times as large as its two characters, so the number of objects
 * and arrays, and of values, is bounded, too. Documents of statmark have up to 300,000 and 6
 * million.
 */
enum { JSON_PARTS_MAX = 1000000, JSON_VALUES_MAX = 12000000 };

/* New references; NULL only when memory is out. */
json_t *json_from_text(const char *bytes);       /* any bytes; of NULL: null */
json_t *json_from_count(uint64_t count);         /* a number, or digits beyond 2^53 */
json_t *json_from_wide(unsigned __int128 count); /* the same */
json_t *json_from_id(uint64_t id);               /* always digits: an inode, a seed */
json_t *json_from_real(double number);           /* NaN and infinity: null */

/* The reverse: false when the value is of another type or out of range. */
bool json_to_count(const json_t *json, uint64_t *count);     /* reads ids, too */
char *json_to_text(const json_t *json, struct arena *arena); /* a string's bytes; NULL: no memory */

/* A value as an error message shows it: "an object", "-3". buf holds 64 bytes. */
const char *json_words(const json_t *json, char *buf);

/*
 * Text with a line for each object or array that holds no others (a pass, an estimate), so that it
 * reads well and diffs well. Numbers have at most 10 significant digits. The caller frees *text.
 */
int json_print(const json_t *json, char **text, size_t *size);

/* The same onto a stream that may be a terminal, so that all controls are \uHHHH; its errors are
 * left to the caller (ferror). json is released. -ENOMEM, also of NULL. */
int json_show(FILE *to, json_t *json);

/* Reads a document; errors name file, line and column. Duplicate keys are refused. */
int json_read_text(const char *path, char **text, size_t *size, struct err *err);
int json_parse(const char *name, const char *text, size_t size, json_t **json, struct err *err);

/* As outdir_write. */
int json_write_file(const struct outdir *dir, const char *name, const json_t *json,
		    struct err *err);

#endif
