/*
 * Writes structs as JSON and reads them back, by one table. The table has the JSON name, the kind
 * and the offset of each field of a struct. member_write and member_read use the same table, so
 * writer and reader always agree, and a new field is one line.
 *
 * Tables are trusted, documents are not: member_read checks every type and range, and its messages
 * have the path of the wrong value ("$.cells[3].jobs: expected a whole number, found \"x\""). Keys
 * that are not in the table are ignored, so that older programs can read newer documents, or
 * refused (member_read_strict) in documents written by users.
 */
#ifndef ENGINE_JSON_MEMBER_H
#define ENGINE_JSON_MEMBER_H

#include <stddef.h>

#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/base/word.h"
#include "engine/json/json.h"
#include "engine/json/json_node.h"

enum member_kind {
	MEMBER_END = 0, /* ends a table */
	MEMBER_TEXT,    /* const char *; NULL is null */
	MEMBER_BOOL,    /* bool */
	MEMBER_U32,     /* uint32_t */
	MEMBER_COUNT,   /* uint64_t */
	MEMBER_MAYBE,   /* uint64_t; COUNT_UNKNOWN is null */
	MEMBER_ID,      /* uint64_t, a string of digits */
	MEMBER_REAL,    /* double; a number if the bool at `count` is true, else null */
	MEMBER_OWN_IF,  /* MEMBER_OBJECT if the bool at `count` is true, else null */
	MEMBER_KNOWN,   /* bool: whether the member of this name is a number; not written itself */
	MEMBER_ENUM,    /* any enum, with the names of `word` */
	MEMBER_OR_NULL, /* the same, but 0 is null */
	MEMBER_BETTER,  /* bool: "higher" or "lower" */
	MEMBER_JSON,    /* const char *: JSON text, embedded as JSON */
	MEMBER_CONST,   /* no field: always the text `value`; any other is refused */
	MEMBER_OBJECT,  /* a struct inside this one, or (offset 0) some of its own fields */
	MEMBER_ARRAY,   /* items *, size_t: an array */
	MEMBER_MAP,     /* items *, size_t: an object; an item's first field is its key */
	MEMBER_CUSTOM,  /* read by `read`; only for tables that are not written */
};

struct member;

/* Reads the value at `at` into the field. 0, or -EINVAL by json_node_bad. */
typedef int member_read_fn(const struct json_node *at, const struct member *m, void *field);

struct member {
	const char *name; /* NULL: the item is this value itself, not an object with it */
	enum member_kind kind;
	bool required; /* reading: must exist and not be null */
	size_t offset;
	size_t count; /* ARRAY, MAP: offset of the number of items; REAL: see there */
	/* ARRAY: offset of its size_t room: items are malloced; 0: they are in the arena. */
	size_t room;
	size_t size;                  /* ARRAY, MAP: bytes of an item */
	const struct member *members; /* OBJECT, ARRAY, MAP */
	const char *value;            /* CONST */
	word_name *word;              /* ENUM, OR_NULL */
	unsigned other;               /* OR_NULL: the value of an unknown word; 0: one is refused */
	const char *unit, *better;    /* of a metric ("lower" or "higher"), else NULL */
	member_read_fn *read;         /* CUSTOM */
	const void *about;            /* CUSTOM: data for `read`; owned by the table */
};

/* A new reference. NULL: out of memory, or a MEMBER_JSON text is not JSON. */
json_t *member_write(const struct member *table, const void *base);

/*
 * Fills the struct at base from the value at `at`; texts and items are in the arena (NULL: the
 * table has neither). -EINVAL: the document is wrong; -ENOMEM.
 */
int member_read(const struct member *table, void *base, const struct json_node *at,
		struct arena *arena);

/* The same for documents written by users: a key that the table does not have is refused. */
int member_read_strict(const struct member *table, void *base, const struct json_node *at,
		       struct arena *arena);

/* {"cells.passes.wall_ns": {"unit": "ns", "better": "lower"}, ...}: every metric of the table. */
json_t *member_metrics(const struct member *table);

#endif
