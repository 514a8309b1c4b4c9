/*
 * Small functions that the C library lacks.
 */
#ifndef ENGINE_BASE_UTIL_H
#define ENGINE_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

/* A count that is not known; null in documents. */
#define COUNT_UNKNOWN UINT64_MAX

struct arena;

/*
 * Grows *array to at least `need` items of `size` bytes, doubling *room. 0 or -ENOMEM; after a
 * failure the old array is intact.
 */
int array_grow(void *array, size_t *room, size_t need, size_t size);

/*
 * The name nearest to `word` by edit distance (insert, delete, replace, swap of neighbours), or
 * NULL if none is near enough to be a likely misspelling. name(i, arg) returns name i of n.
 */
const char *nearest(const char *word, size_t n, const char *(*name)(size_t i, const void *arg),
		    const void *arg);

/*
 * "; did you mean 'x'?" for the end of a message, x being the result of nearest(); "" if that is
 * NULL or empty. Returns buf. DID_YOU_MEAN: the text is valid until the end of the block.
 */
enum { SUGGESTION_SIZE = 96 };
const char *did_you_mean(const char *near, char buf[SUGGESTION_SIZE]);
#define DID_YOU_MEAN(near) did_you_mean((near), (char[SUGGESTION_SIZE]){0})

/* Like mkdir -p, with mode 0755. 0 or -errno. */
int make_dirs(const char *path);

/*
 * Reads the first line of a small file (/proc, /sys) without its newline; false: it cannot be read.
 */
bool read_line(const char *path, char *line, size_t size);

/*
 * Reads a whole file of at most `limit` bytes (else -EFBIG); *text is NUL-terminated, and freed by
 * the caller.
 */
int read_file(const char *path, size_t limit, char **text, size_t *size);

/*
 * A count: digits with an optional suffix k, m or g (powers of 1000), "100k". 0, -EINVAL or
 * -ERANGE.
 */
int parse_count(const char *text, uint64_t *count);

/* Digits only. 0, -EINVAL or -ERANGE. */
int parse_integer(const char *text, uint64_t *number);

/* Digits, optionally with a fraction; *rest is set to what follows. 0 or -EINVAL. */
int parse_decimal(const char *text, double *number, const char **rest);

/* A time with its unit, ns, us, ms or s: "1.5ms"; or "0". 0, -EINVAL, -ERANGE: more than `most`. */
int parse_time(const char *text, uint64_t most, uint64_t *ns);

/* "1.5ms" is "1500us": a whole number of the largest unit, in buf; returns buf. */
const char *time_text(uint64_t ns, char *buf, size_t size);

/* Bytes, as in mount options and mkfs programs: 64M is 64 * 1024 * 1024. 0 or -EINVAL. */
int parse_size(const char *text, uint64_t *bytes);

/*
 * Cuts the next item off a comma-separated list, in place; commas in brackets do not count. NULL at
 * the end.
 */
char *next_item(char **rest);

/* Writes "12,345" into buf; returns buf. */
const char *group_digits(uint64_t number, char *buf, size_t size);

#endif
