/*
 * Memory that is freed all at once: strings and arrays that live exactly as long as their owner (a
 * result, a plan) and are never freed individually.
 */
#ifndef ENGINE_BASE_ARENA_H
#define ENGINE_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);        /* NULL: out of memory */
void arena_free(struct arena *arena); /* accepts NULL */

/* Zeroed, aligned for any type; NULL: out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const char *text); /* of NULL: NULL */
char *arena_print(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
