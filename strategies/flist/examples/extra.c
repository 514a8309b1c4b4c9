/*
 * extra DIR: prints what a backup program saves in addition to contents and metadata: targets of
 * links, and extended attributes with their values, including ACLs. One walk fetches all of it.
 *
 *     cc extra.c $(pkg-config --cflags --libs flist) -o extra
 */
#include <flist.h>
#include <stdio.h>
#include <string.h>

static void print_item(const struct flist_item *item)
{
	const struct flist_extra *extra = item->extra;
	printf("%s", item->path);
	if (extra->link)
		printf(" -> %s", extra->link);
	printf("%s\n", extra->acl ? " (ACL)" : "");
	for (size_t i = 0; i < extra->n_xattrs; i++) {
		const struct flist_xattr *x = &extra->xattrs[i];
		if (x->value)
			printf("    %s: %zu bytes\n", x->name, x->size);
		else
			printf("    %s: %s\n", x->name, strerror(-x->status));
	}
}

static int print(const struct flist_list *list)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	int ret = flist_cursor_open(&cursor, list);
	if (ret)
		return ret;
	while ((item = flist_cursor_next(cursor)))
		print_item(item);
	flist_cursor_close(cursor);
	return 0;
}

static size_t print_failures(const struct flist_list *list)
{
	size_t n;
	const struct flist_failure *failures = flist_list_failures(list, &n);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "extra: %s: %s\n", failures[i].path, strerror(failures[i].error));
	return n;
}

int main(int argc, char **argv)
{
	const struct flist_collect_options options = {.extra = FLIST_XATTR_VALUES | FLIST_LINK};
	struct flist_list *list;
	int ret, failed;
	if (argc != 2) {
		fprintf(stderr, "usage: extra DIR\n");
		return 2;
	}
	ret = flist_collect(&list, argv[1], &options);
	if (!ret)
		ret = print(list);
	if (ret) {
		fprintf(stderr, "extra: %s: %s\n", argv[1], strerror(-ret));
		flist_list_free(list);
		return 1;
	}
	failed = print_failures(list) > 0;
	flist_list_free(list);
	return failed;
}
