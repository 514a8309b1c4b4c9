#include "strategies/flist/list/list.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "strategies/flist/list/block.h"
#include "strategies/flist/list/cursor.h"

struct list_cursor {
	struct flist_cursor cursor;     /* first; the public functions use only this */
	const struct flist_node *node;  /* current directory; NULL: at the end */
	const struct flist_node *child; /* child that is entered next */
	size_t next;                    /* index of the next entry of the node */
	struct flist_item item;
	struct flist_meta meta;
	char path[]; /* has room for the longest path */
};

/* ---- Directories ----------------------------------------------------------------------------- */

/*
 * Whether entry i comes before the entries below a child in the order of paths, although its name
 * comes after that of the child: "a-" comes before "a/b".
 */
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
 * The entries that come between a directory and its own entries begin with its name. So the spans
 * of two children are nested or disjoint: children whose span is still open form a stack, which is
 * linked by sibling, too.
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

/* ---- The list -------------------------------------------------------------------------------- */

struct flist_list *flist_list_new(const char *root_path, unsigned flags)
{
	const size_t len = strlen(root_path);
	struct flist_list *list = calloc(1, sizeof(*list) + len + 1);
	if (!list)
		return NULL;
	memcpy(list->root_path, root_path, len + 1);
	list->flags = flags;
	list->bytes = sizeof(*list) + len + 1;
	return list;
}

void flist_list_free(struct flist_list *list)
{
	if (!list)
		return;
	free(list->failures);
	flist_arena_release(&list->arena);
	free(list);
}

const struct flist_how *flist_list_how(const struct flist_list *list)
{
	return &list->how;
}

size_t flist_list_length(const struct flist_list *list)
{
	return list->length;
}

const struct flist_failure *flist_list_failures(const struct flist_list *list, size_t *n)
{
	*n = list->n_failures;
	return list->failures;
}

size_t flist_list_bytes(const struct flist_list *list)
{
	return list->bytes + list->arena.bytes;
}

static int by_path(const void *a, const void *b)
{
	const struct flist_failure *x = a, *y = b;
	const int order = strcmp(x->path, y->path);
	return order ? order : (int)x->step - (int)y->step;
}

int flist_list_settle(struct flist_list *list)
{
	struct flist_failure *all;
	size_t more = 0, n = list->n_failures;
	for (const struct flist_failure_node *noted = list->noted; noted; noted = noted->next)
		more++;
	if (more == 0)
		return 0;
	all = realloc(list->failures, (n + more) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (; list->noted; list->noted = list->noted->next)
		all[n++] = list->noted->failure;
	qsort(all, n, sizeof(*all), by_path);
	list->failures = all;
	list->n_failures = n;
	list->bytes += more * sizeof(*all);
	return 0;
}

/* ---- The cursor ------------------------------------------------------------------------------ */

/*
 * Iterates over a list. The order was determined by flist_node_settle, so nothing is compared, and
 * no stack is needed: a directory that is finished has the index of the entry at which its parent
 * continues.
 */

int flist_cursor_open(struct flist_cursor **cursor, const struct flist_list *list)
{
	struct list_cursor *c = malloc(sizeof(*c) + list->path_most + 1);
	*cursor = (struct flist_cursor *)c;
	if (!c)
		return -ENOMEM;
	*c = (struct list_cursor){.node = list->root, .child = list->root->child};
	return 0;
}

void flist_cursor_close(struct flist_cursor *cursor)
{
	if (cursor && cursor->kind)
		cursor->kind->close(cursor);
	else
		free(cursor);
}

static void descend(struct list_cursor *c)
{
	const struct flist_node *node = c->child;
	char *name = c->path + node->path_len - node->name_len;
	flist_copy_name(name, node->name, node->name_len);
	c->path[node->path_len] = '/';
	c->node = node;
	c->child = node->child;
	c->next = 0;
}

static void ascend(struct list_cursor *c)
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

static const struct flist_item *give(struct list_cursor *c)
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
	item->extra = item->meta && block->extras ? block->extras[i] : NULL;
	if (item->meta)
		flist_block_meta(block, i, &c->meta);
	return item;
}

int flist_cursor_error(const struct flist_cursor *cursor)
{
	return cursor->kind ? cursor->kind->error(cursor) : 0;
}

const struct flist_item *flist_cursor_next(struct flist_cursor *cursor)
{
	struct list_cursor *c = (struct list_cursor *)cursor;
	if (cursor->kind)
		return cursor->kind->next(cursor);
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
