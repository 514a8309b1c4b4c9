/*
 * Sorts nodes by the bytes of their whole paths without composing the paths: each node has a name
 * and a parent. '/' is a byte like others: "a" is followed by "a-b" and what is below that, and
 * only then by "a/c". Time and memory grow with the number and the length of names, not of paths.
 */
#ifndef ENGINE_PATH_ORDER_H
#define ENGINE_PATH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Compares two paths, or what is below them: that of something that is below begins with the path
 * and a slash. As memcmp does; two that are the same path are equal.
 */
struct path_piece {
	const char *text;
	uint32_t len;
	bool is_below;
};

int path_compare(const struct path_piece *a, const struct path_piece *b);

enum { PATH_ORDER_NONE = UINT32_MAX };

struct path_node {
	const char *name; /* of one that lies in no other its whole path */
	uint32_t len;     /* bytes */
	uint32_t up;      /* number of the one it lies in; PATH_ORDER_NONE: in none */
};

/*
 * Fills order with the numbers of n nodes, in their order; of two that are the same path, in any.
 * What is below one that lies in no other is a node with an `up`. 0 or -ENOMEM.
 */
int path_order(const struct path_node *nodes, uint32_t n, uint32_t *order);

#endif
