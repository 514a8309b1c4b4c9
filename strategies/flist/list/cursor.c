/*
 * Goes through a list. The nodes know in which order, so there is nothing to compare and no stack:
 * a directory that is finished says where its parent goes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/list/list.h"
#include "strategies/flist/list/maker.h"

struct flist_cursor {
	const struct flist_node *node;  /* directory it is in; NULL: at the end */
	const struct flist_node *child; /* of it, that is entered next */
	size_t next;                    /* entry of the node */
	struct flist_item item;
	struct flist_meta meta;
	char path[]; /* room for the longest */
};

int flist_cursor_open(struct flist_cursor **cursor, const struct flist_list *list)
{
	struct flist_cursor *c = malloc(sizeof(*c) + list->path_most + 1);
	*cursor = c;
	if (!c)
		return -ENOMEM;
	*c = (struct flist_cursor){.node = list->root, .child = list->root->child};
	return 0;
}

void flist_cursor_close(struct flist_cursor *cursor)
{
	free(cursor);
}

static void descend(struct flist_cursor *c)
{
	const struct flist_node *node = c->child;
	char *name = c->path + node->path_len - node->name_len;
	flist_copy_name(name, node->name, node->name_len);
	c->path[node->path_len] = '/';
	c->node = node;
	c->child = node->child;
	c->next = 0;
}

static void ascend(struct flist_cursor *c)
{
	c->next = (size_t)c->node->after + 1;
	c->child = c->node->sibling;
	c->node = c->node->parent;
}

static int status_of(const struct flist_block *block, uint32_t i)
{
	switch (block->lines[i].state) {
	case FLIST_LINE_KNOWN:
		return 0;
	case FLIST_LINE_FAILED:
		return flist_block_error(block, i);
	default:
		return -ENODATA;
	}
}

static const struct flist_item *give(struct flist_cursor *c)
{
	const uint32_t prefix = flist_node_prefix(c->node);
	struct flist_item *item = &c->item;
	uint32_t i;
	const struct flist_block *block = flist_node_entry(c->node, (uint32_t)c->next++, &i);
	const struct flist_line *line = &block->lines[i];
	flist_copy_name(c->path + prefix, flist_block_name(block, i), line->len + 1U);
	item->path = c->path;
	item->name = c->path + prefix;
	item->path_len = prefix + line->len;
	item->depth = c->node->depth + 1;
	item->type = line->mode & S_IFMT;
	item->status = status_of(block, i);
	item->meta = item->status ? NULL : &c->meta;
	if (item->meta)
		flist_block_meta(block, i, &c->meta);
	return item;
}

const struct flist_item *flist_cursor_next(struct flist_cursor *c)
{
	while (c->node) {
		if (c->child && (size_t)c->child->after + 1 == c->next)
			descend(c);
		else if (c->next < c->node->n)
			return give(c);
		else if (c->node->parent)
			ascend(c);
		else
			c->node = NULL;
	}
	return NULL;
}
