#include "strategies/flist/list/node.h"

#include <stdbool.h>
#include <string.h>

/* Whether an entry's path comes before those below a sibling, although its name is behind it. */
static bool goes_before(const struct flist_node *node, uint32_t i, const struct flist_node *child)
{
	uint32_t line;
	const struct flist_block *block = flist_node_entry(node, i, &line);
	const char *name = flist_block_name(block, line);
	return block->lines[line].len > child->name_len &&
	       (unsigned char)name[child->name_len] < '/' &&
	       memcmp(name, child->name, child->name_len) == 0;
}

/*
 * What goes between a directory and its entries begins with its name, so such spans lie inside each
 * other or apart: children whose span is still open are a stack, which is linked by sibling, too.
 */
void flist_node_settle(struct flist_node *node, struct flist_node *children)
{
	struct flist_node *open = NULL, **last = &node->child;
	while (children || open) {
		if (!open || (children && children->after <= open->after)) {
			struct flist_node *child = children;
			children = child->sibling;
			while (child->after + 1 < node->n &&
			       goes_before(node, child->after + 1, child))
				child->after++;
			child->sibling = open;
			open = child;
		} else {
			*last = open;
			last = &open->sibling;
			open = open->sibling;
		}
	}
	*last = NULL;
}

struct flist_node *flist_node_next(struct flist_node *node)
{
	if (node->child)
		return node->child;
	while (node && !node->sibling)
		node = node->parent;
	return node ? node->sibling : NULL;
}
