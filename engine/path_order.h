/*
 * Sorts nodes by the bytes of their whole paths without composing the paths: each node has a name
 * and a parent. '/' is compared like any other byte: "a" is followed by "a-b" and everything below
 * it, and then by "a/c". Time and memory grow with the number and the length of names, not of
 * paths.
 */
#ifndef ENGINE_PATH_ORDER_H
#define ENGINE_PATH_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A path, or with is_below the common beginning of all paths below it: the path and a slash.
 * path_compare returns <0, 0 or >0, as memcmp does; equal paths are equal.
 */
struct path_piece {
	const char *text;
	uint32_t len;
	bool is_below;
};

int path_compare(const struct path_piece *a, const struct path_piece *b);

enum { PATH_ORDER_NONE = UINT32_MAX };

struct path_node {
	const char *name; /* of a node without a parent: its whole path */
	uint32_t len;     /* bytes */
	uint32_t up;      /* number of its parent node; PATH_ORDER_NONE: it has none */
};

/*
 * Fills order with the numbers of n nodes, sorted by path. Nodes with equal paths come in any
 * order. A node below another one must have it as `up`; a path in a name is not taken apart. 0 or
 * -ENOMEM.
 */
int path_order(const struct path_node *nodes, uint32_t n, uint32_t *order);

#endif
