/*
 * Writes structs as JSON and reads them back, by one table. The table has the JSON name, the kind
 * and the offset of each field of a struct. member_write and member_read use the same table, so
 * writer and reader always agree, and a new field is one line.
 *
 * Tables are trusted, documents are not: member_read checks every type and range, and names the
 * place of what is wrong ("$.cells[3].jobs: expected a whole number, found \"x\""). Keys that a
 * table does not have are ignored, so that older programs read newer documents, or refused
 * (member_read_strict) where people write them.
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
	MEMBER_REAL,    /* double; a number exactly when the bool at `count` is true, else null */
	MEMBER_OWN_IF,  /* MEMBER_OBJECT when the bool at `count` is true, else null */
	MEMBER_KNOWN,   /* bool: whether the member of this name is a number; not written itself */
	MEMBER_ENUM,    /* any enum, by the names that `word` gives */
	MEMBER_OR_NULL, /* the same, but 0 is null */
	MEMBER_BETTER,  /* bool: "higher" or "lower" */
	MEMBER_JSON,    /* const char *: JSON text, embedded as what it means */
	MEMBER_CONST,   /* no field: always the text `value`; another one is refused */
	MEMBER_OBJECT,  /* a struct inside this one, or (offset 0) some of its own fields */
	MEMBER_ARRAY,   /* items *, size_t: an array */
	MEMBER_MAP,     /* items *, size_t: an object; an item's first field is its key */
	MEMBER_CUSTOM,  /* what `read` reads; not for tables that are written */
};

struct member;

/* Reads the value at `at` into the field. 0, or -EINVAL by json_node_bad. */
typedef int member_read_fn(const struct json_node *at, const struct member *m, void *field);

struct member {
	const char *name; /* NULL: the item is this value, not an object that has it */
	enum member_kind kind;
	bool required; /* reading: must be there and not null */
	size_t offset;
	size_t count; /* ARRAY, MAP: where the number of items lies; REAL: see there */
	size_t room;  /* ARRAY: where its size_t room lies: items are malloced; 0: in the arena */
	size_t size;  /* ARRAY, MAP: bytes of an item */
	const struct member *members; /* OBJECT, ARRAY, MAP */
	const char *value;            /* CONST */
	word_name *word;              /* ENUM, OR_NULL */
	unsigned other;               /* OR_NULL: the value of an unknown word; 0: one is refused */
	const char *unit, *better;    /* of a metric ("lower" or "higher"), else NULL */
	member_read_fn *read;         /* CUSTOM */
	const void *about;            /* CUSTOM: what `read` has to know; the table's own */
};

/* A new reference. NULL: out of memory, or text that should be JSON is none. */
json_t *member_write(const struct member *table, const void *base);

/*
 * Fills the struct at base from the value at `at`; texts and items lie in the arena (NULL: the
 * table has neither). -EINVAL for what is wrong with the document; -ENOMEM.
 */
int member_read(const struct member *table, void *base, const struct json_node *at,
		struct arena *arena);

/* The same for documents written by people: a key that the table does not have is refused. */
int member_read_strict(const struct member *table, void *base, const struct json_node *at,
		       struct arena *arena);

/* {"cells.passes.wall_ns": {"unit": "ns", "better": "lower"}, ...}: every metric of the tables. */
json_t *member_metrics(const struct member *table);

#endif
