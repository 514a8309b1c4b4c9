#include "engine/cmd/parts/axes.h"

#include <errno.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"

static size_t count_words(char **words)
{
	size_t n = 0;
	while (words[n])
		n++;
	return n;
}

static size_t n_sizes(const struct options *o)
{
	return MAX(o->sizes.n, 1);
}

size_t axes_count(char **words, const struct options *o)
{
	return MAX(count_words(words), 1) * n_sizes(o);
}

int axes_check(char **words, const struct options *o, struct err *err)
{
	const size_t n = axes_count(words, o);
	if (n > AXES_MAX)
		return err_set(err, -EINVAL, "%zu combinations of TREE and --entries; at most %d",
			       n, AXES_MAX);
	return 0;
}

/* "maildir,10k": what tells a tree from the others of this run; NULL: there is no other. */
static int set_label(struct axes *axes, size_t i, const struct axes_request *r, uint64_t entries,
		     bool several_trees)
{
	struct tree_facts *tree = &axes->subjects[i].tree;
	const bool several_sizes = r->options->sizes.n > 1;
	char size[COUNT_SHORT_SIZE];
	if (!several_trees && !several_sizes)
		return 0;
	tree->label = arena_print(r->arena, "%s%s%s", several_trees ? tree->name : "",
				  several_trees && several_sizes ? "," : "",
				  several_sizes ? count_short(entries, size) : "");
	return tree->label ? 0 : -ENOMEM;
}

/* Trees of one name are told apart by a number. */
static int number_label(struct axes *axes, size_t i, struct arena *arena)
{
	struct tree_facts *tree = &axes->subjects[i].tree;
	size_t same = 1;
	for (size_t k = 0; tree->label && k < i; k++) {
		const struct tree_facts *other = &axes->subjects[k].tree;
		same += strcmp(other->name, tree->name) == 0 && other->entries == tree->entries;
	}
	if (same > 1)
		tree->label = arena_print(arena, "%s#%zu", tree->label, same);
	return same == 1 || tree->label ? 0 : -ENOMEM;
}

static int open_one(struct axes *axes, const struct axes_request *r, const char *word,
		    uint64_t entries, size_t n, struct err *err)
{
	struct subject *subject = &axes->subjects[axes->n];
	struct options options = *r->options;
	options.entries = entries;
	int error = subject_open(subject, word, &options, r->skip_dir, r->share_ns / n, r->progress,
				 r->arena, err);
	if (error)
		return error;
	subject->tree.id = arena_print(r->arena, "tree%zu", axes->n);
	subject->fs.id = arena_print(r->arena, "fs%zu", axes->n);
	subject->tree.fs = subject->fs.id;
	axes->n++;
	error = subject->tree.id && subject->fs.id ? 0 : -ENOMEM;
	if (!error)
		error = set_label(axes, axes->n - 1, r, entries, count_words(r->words) > 1);
	return error ? error : number_label(axes, axes->n - 1, r->arena);
}

static bool is_same_fs(const struct fs_facts *a, const struct fs_facts *b)
{
	return same_text(a->mount_point, b->mount_point) && same_text(a->source, b->source) &&
	       same_text(a->type, b->type);
}

/* Trees on one filesystem name the same one. */
static void share_fs(struct axes *axes)
{
	for (size_t i = 0; i < axes->n; i++) {
		struct subject *s = &axes->subjects[i];
		for (size_t k = 0; k < i; k++) {
			if (!is_same_fs(&axes->subjects[k].fs, &s->fs))
				continue;
			s->tree.fs = axes->subjects[k].tree.fs;
			break;
		}
	}
}

static void set_targets(struct axes *axes, const struct cache_control *control)
{
	for (size_t i = 0; i < axes->n; i++) {
		const struct subject *s = &axes->subjects[i];
		axes->targets[i] = (struct target){
			.load = s->load,
			.where = &s->fs,
			.tree = s->tree.id,
			.fs = s->tree.fs,
			.label = s->tree.label,
			.control = control,
		};
	}
}

int axes_open(struct axes *axes, const struct axes_request *r, struct err *err)
{
	const size_t n_words = MAX(count_words(r->words), 1), sizes = n_sizes(r->options);
	const size_t n = n_words * sizes;
	axes->subjects = arena_alloc(r->arena, n * sizeof(*axes->subjects));
	axes->targets = arena_alloc(r->arena, n * sizeof(*axes->targets));
	int error = axes->subjects && axes->targets ? 0 : err_errno(err, -ENOMEM, "trees");
	for (size_t w = 0; w < n_words && !error; w++) {
		for (size_t s = 0; s < sizes && !error; s++)
			error = open_one(axes, r, r->words[0] ? r->words[w] : NULL,
					 r->options->sizes.values[s], n, err);
	}
	share_fs(axes);
	set_targets(axes, r->control);
	return error;
}

void axes_close(struct axes *axes)
{
	for (size_t i = 0; i < axes->n; i++)
		subject_close(&axes->subjects[i]);
	axes->n = 0;
}

uint64_t axes_made_ns(const struct axes *axes)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < axes->n; i++)
		sum += axes->subjects[i].made_ns;
	return sum;
}

int axes_describe(const struct axes *axes, const char *order, struct result *result)
{
	result->trees = arena_alloc(result->arena, axes->n * sizeof(*result->trees));
	result->fs = arena_alloc(result->arena, axes->n * sizeof(*result->fs));
	if (!result->trees || !result->fs)
		return -ENOMEM;
	for (size_t i = 0; i < axes->n; i++) {
		const struct subject *s = &axes->subjects[i];
		result->trees[i] = s->tree;
		result->trees[i].order = order;
		if (s->tree.fs == s->fs.id)
			result->fs[result->n_fs++] = s->fs;
	}
	result->n_trees = axes->n;
	return 0;
}
