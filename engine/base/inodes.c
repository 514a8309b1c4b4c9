#include "engine/base/inodes.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/base/util.h"

int inodes_add(struct inodes *inodes, struct inode inode)
{
	if (array_grow(&inodes->all, &inodes->room, inodes->n + 1, sizeof(*inodes->all)))
		return -ENOMEM;
	inodes->all[inodes->n++] = inode;
	return 0;
}

int inodes_add_all(struct inodes *inodes, const struct inodes *more)
{
	int error = 0;
	for (size_t i = 0; i < more->n && !error; i++)
		error = inodes_add(inodes, more->all[i]);
	return error;
}

static int by_number(const void *a, const void *b)
{
	const struct inode *x = a, *y = b;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

size_t inodes_unite(struct inodes *inodes)
{
	struct inode *all = inodes->all;
	const size_t names = inodes->n;
	size_t kept = 0;
	if (names)
		qsort(all, names, sizeof(*all), by_number);
	for (size_t i = 0; i < names; i++) {
		if (kept == 0 || by_number(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	}
	inodes->n = kept;
	return names - kept;
}

void inodes_release(struct inodes *inodes)
{
	free(inodes->all);
	*inodes = (struct inodes){0};
}
