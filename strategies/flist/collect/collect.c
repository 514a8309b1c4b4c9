/* flist_collect: what both algorithms begin with and end in. */
#include <errno.h>

#include "strategies/flist/ask/ask.h"
#include "strategies/flist/collect/classic.h"
#include "strategies/flist/collect/fused.h"

enum { FLAGS = FLIST_FOLLOW | FLIST_ONE_FILESYSTEM | FLIST_LAZY };

static int check(const struct flist_collect_options *o)
{
	if (o->flags & ~(unsigned)FLAGS || o->fields & ~(uint32_t)FLIST_FIELDS)
		return -EINVAL;
	return o->algorithm == FLIST_FUSED || o->algorithm == FLIST_CLASSIC ? 0 : -EINVAL;
}

/*
 * Everything that is kept passes from the walk to the list. Entries go first: without memory for
 * the rest they go as a list does, before the memory that they lie in.
 */
static int make_list(struct flist_walk *walk, struct flist_classic *classic,
		     struct flist_list **list)
{
	struct flist_list *l = flist_list_new(walk->root_path, walk->options->flags);
	if (!l)
		return -ENOMEM;
	if (walk->options->algorithm == FLIST_CLASSIC) {
		flist_list_set_flat(l, classic->flats, classic->n);
		*classic = (struct flist_classic){.n = 0};
	} else {
		l->root = &walk->root->node;
	}
	if (flist_walk_pass(walk, l)) {
		flist_list_free(l);
		return -ENOMEM;
	}
	*list = l;
	return 0;
}

static int walk_and_list(struct flist_walk *walk, struct flist_list **list)
{
	struct flist_classic classic = {.n = 0};
	int ret;
	if (walk->options->algorithm == FLIST_CLASSIC)
		ret = flist_classic(walk, &classic);
	else
		ret = flist_fused(walk);
	if (!ret && list)
		ret = make_list(walk, &classic, list);
	flist_classic_release(&classic);
	return ret;
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
	ret = walk_and_list(walk, list);
	flist_walk_free(walk);
	return ret;
}
