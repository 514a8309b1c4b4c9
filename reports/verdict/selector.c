#include "reports/verdict/selector.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"

enum { STRATEGY, LABEL, JOBS, STAGE, PIN, CACHE, TREE, FS, ENTRIES };
static const char *const names[SELECTOR_FIELDS] = {
	[STRATEGY] = "strategy", [LABEL] = "label", [JOBS] = "jobs",
	[STAGE] = "stage",       [PIN] = "pin",     [CACHE] = "cache",
	[TREE] = "tree",         [FS] = "fs",       [ENTRIES] = "entries",
};

static const char *name_of(size_t i, const void *arg)
{
	(void)arg;
	return names[i];
}

static int add_field(struct selector *s, char *field, struct err *err)
{
	char *value = strchr(field, '=');
	if (!value)
		return err_set(err, -EINVAL, "'%s': expected NAME=VALUE", field);
	*value++ = '\0';
	for (size_t i = 0; i < SELECTOR_FIELDS; i++) {
		if (strcmp(field, names[i]) == 0) {
			s->values[i] = value;
			return 0;
		}
	}
	const char *near = DID_YOU_MEAN(nearest(field, SELECTOR_FIELDS, name_of, NULL));
	return err_set(err, -EINVAL, "unknown field '%s' of cells%s", field,
		       *near ? near
			     : "; expected strategy, label, jobs, stage, pin, cache, tree, fs or "
			       "entries");
}

/* Parameters in brackets have '=' and ',' of their own: "statx[mask=size,sync=dont]/j1". */
static bool is_word(const char *text)
{
	return text[strcspn(text, "[=")] != '=';
}

int selector_parse(struct selector *s, const char *text, struct arena *arena, struct err *err)
{
	*s = (struct selector){.word = is_word(text) ? text : NULL};
	char *rest = arena_copy(arena, text);
	if (!rest)
		return err_errno(err, -ENOMEM, "%s", text);
	int error = 0;
	while (!s->word && !error && rest) {
		char *field = rest;
		size_t depth = 0;
		for (; *rest && (*rest != ',' || depth); rest++)
			depth += (*rest == '[') - (size_t)(*rest == ']' && depth);
		rest = *rest ? rest : NULL;
		if (rest)
			*rest++ = '\0';
		error = add_field(s, field, err);
	}
	return error;
}

/* Filesystems and trees go by their name as well as by their id. */
static const char *alias(const struct result *result, const struct cell_result *cell, int field)
{
	if (field == FS) {
		const struct fs_facts *fs = result_fs(result, cell->fs);
		return !fs ? NULL : fs->label ? fs->label : fs->type;
	}
	if (field == TREE) {
		const struct tree_facts *tree = result_tree(result, cell->tree);
		return tree ? tree->name : NULL;
	}
	return NULL;
}

/* Of a tree that was made: so many entries as it was to have, in short, "10k". */
static const char *size_of(const struct result *result, const struct cell_result *cell, char *buf)
{
	const struct tree_facts *tree = result_tree(result, cell->tree);
	if (!tree || !tree->shape)
		return NULL;
	return count_short(tree->sample.of_entries ? tree->sample.of_entries : tree->entries, buf);
}

/* buf holds COUNT_SHORT_SIZE bytes. */
static const char *value_of(const struct result *result, const struct cell_result *cell, int field,
			    char *buf)
{
	switch (field) {
	case STRATEGY:
		return cell->strategy;
	case LABEL:
		return cell->label;
	case JOBS:
		snprintf(buf, COUNT_SHORT_SIZE, "%" PRIu32, cell->jobs);
		return buf;
	case STAGE:
		return stage_name(cell->stage);
	case PIN:
		return cell->pin;
	case CACHE:
		return cache_state_name(cell->cache);
	case TREE:
		return cell->tree;
	case ENTRIES:
		return size_of(result, cell, buf);
	default:
		return cell->fs;
	}
}

/* "ext4" selects the filesystem of this name; if there is none, every ext4 with any options. */
static bool is_of_type(const struct result *result, const struct cell_result *cell,
		       const char *wanted)
{
	const struct fs_facts *fs = result_fs(result, cell->fs);
	for (size_t i = 0; i < result->n_fs; i++) {
		if (same_text(result->fs[i].label, wanted))
			return false;
	}
	return fs && same_text(fs->type, wanted);
}

bool selector_fits(const struct selector *s, const struct result *result,
		   const struct cell_result *cell)
{
	char buf[COUNT_SHORT_SIZE];
	if (s->word)
		return same_text(cell->id, s->word) || same_text(cell->label, s->word) ||
		       same_text(cell->strategy, s->word);
	for (int i = 0; i < SELECTOR_FIELDS; i++) {
		const char *wanted = s->values[i], *other = alias(result, cell, i);
		if (wanted && !same_text(value_of(result, cell, i, buf), wanted) &&
		    !(other && same_text(other, wanted)) &&
		    !(i == FS && is_of_type(result, cell, wanted)))
			return false;
	}
	return true;
}

/* The fields that a selector fixes: an id fixes all, a strategy fixes its labels. */
static bool settles(const struct selector *s, const struct cell_result *cell, int field)
{
	if (s->word)
		return same_text(cell->id, s->word) || field == STRATEGY || field == LABEL;
	return s->values[field] || (field == LABEL && s->values[STRATEGY]) ||
	       (field == STRATEGY && s->values[LABEL]);
}

/* Two filesystems have a tree of the same name each, with an id of its own. */
static bool agree(const struct result *result, const struct cell_result *a,
		  const struct cell_result *b, int field)
{
	char x[COUNT_SHORT_SIZE], y[COUNT_SHORT_SIZE];
	if (field == TREE && alias(result, a, TREE) && alias(result, b, TREE))
		return same_text(alias(result, a, TREE), alias(result, b, TREE));
	return same_text(value_of(result, a, field, x), value_of(result, b, field, y));
}

bool selector_pairs(const struct selector *one, const struct selector *other,
		    const struct result *result, const struct cell_result *a,
		    const struct cell_result *b)
{
	for (int i = 0; i < SELECTOR_FIELDS; i++) {
		if (!settles(one, a, i) && !settles(other, b, i) && !agree(result, a, b, i))
			return false;
	}
	return a != b;
}
