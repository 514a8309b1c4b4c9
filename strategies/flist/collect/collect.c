/* flist_collect: what a walk begins with and ends in. */
#include <errno.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/fused.h"
#include "strategies/flist/threads.h"

enum { FLAGS = FLIST_FOLLOW | FLIST_ONE_FILESYSTEM | FLIST_LAZY };

static int check(const struct flist_collect_options *o)
{
	if (!flist_is_known(o->reserved) || !flist_is_known(o->threads.reserved))
		return -EINVAL;
	return o->flags & ~(unsigned)FLAGS || o->fields & ~(uint32_t)FLIST_FIELDS ? -EINVAL : 0;
}

/* Everything that is kept passes from the walk to the list. */
static int make_list(struct flist_walk *walk, struct flist_list **list)
{
	struct flist_list *l = flist_list_new(walk->root_path, walk->options->flags);
	if (!l)
		return -ENOMEM;
	l->root = &walk->root->node;
	if (flist_walk_pass(walk, l)) {
		flist_list_free(l);
		return -ENOMEM;
	}
	*list = l;
	return 0;
}

int flist_collect(struct flist_list **list, const char *root,
		  const struct flist_collect_options *options)
{
	static const struct flist_collect_options none;
	struct flist_walk *walk;
	int ret = options ? check(options) : 0;
	if (list)
		*list = NULL;
	if (!ret)
		ret = flist_walk_new(&walk, root, options ? options : &none, list != NULL);
	if (ret)
		return ret;
	ret = flist_fused(walk);
	if (!ret && list)
		ret = make_list(walk, list);
	flist_walk_free(walk);
	return ret;
}
