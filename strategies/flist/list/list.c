#include "strategies/flist/list/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	for (const struct flist_noted *noted = list->noted; noted; noted = noted->next)
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
