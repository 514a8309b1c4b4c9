/*
 * A value of a JSON document together with its path, for error messages: "huge.json:
 * $.files_per_dir.min: must be at least 0, is -3". Every error in a document is -EINVAL with one
 * sentence in the node's err.
 */
#ifndef ENGINE_JSON_JSON_NODE_H
#define ENGINE_JSON_JSON_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/err.h"

struct json_t;

struct json_node {
	struct json_t *value;       /* owned by the node that json_node_open filled */
	const char *source;         /* file or preset that contains the document */
	const struct json_node *up; /* NULL: this is the whole document */
	const char *key;            /* key of this value in up; NULL: up is a list */
	size_t index;               /* in the list */
	struct err *err;
};

/* The longest text that json_node_open accepts, bytes. */
enum { JSON_NODE_TEXT_MAX = 1024 * 1024 };

/*
 * Parses a document. source and err must outlive the node. The message of a syntax error or a
 * duplicate key is "source:line:column: words". After success it has to be closed by
 * json_node_close.
 */
int json_node_open(struct json_node *document, const char *source, const char *text, size_t size,
		   struct err *err);
void json_node_close(struct json_node *document); /* accepts a zeroed one */

/* Stores the message "source: $.path.to.it: words" and returns -EINVAL. */
int json_node_bad(const struct json_node *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with the words "expected WHAT, found ..." and a description of the value. */
int json_node_expected(const struct json_node *at, const char *what);

/* A node without a value for a key in `up`, for messages about a value that was read from there. */
struct json_node json_node_child(const struct json_node *up, const char *key);

bool json_node_is_object(const struct json_node *at);
bool json_node_is_list(const struct json_node *at);

/* 0, or -EINVAL: `at` is not an object, or has a key that is not one of the n given. */
int json_node_keys(const struct json_node *at, const char *const *keys, size_t n);

/* Whether `at` has that key; if so, *member is its value. */
bool json_node_member(const struct json_node *at, const char *key, struct json_node *member);

/* The same for a required key: 0 or -EINVAL. */
int json_node_need(const struct json_node *at, const char *key, struct json_node *member);

/* The length of a list, and item i of it. Returns item. */
size_t json_node_length(const struct json_node *list);
struct json_node *json_node_item(const struct json_node *list, size_t i, struct json_node *item);

/*
 * The value as an integer in [min, max], or as text, valid until the document is closed. 0 or
 * -EINVAL.
 */
int json_node_count(const struct json_node *at, uint64_t min, uint64_t max, uint64_t *count);
int json_node_text(const struct json_node *at, const char **text);
int json_node_bool(const struct json_node *at, bool *value);

/* Writes text, which must be UTF-8, as a JSON string in quotes. */
void json_print_text(FILE *out, const char *text);

#endif
