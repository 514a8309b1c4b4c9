#include "reports/groups/sizes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

/*
 * The text behind the value of "entries" in a shape's JSON; *before: offset of the key. NULL: no
 * such key.
 */
static const char *after_entries(const char *shape, size_t *before)
{
	static const char key[] = "\"entries\":";
	const char *at = strstr(shape, key);
	if (!at)
		return NULL;
	*before = (size_t)(at - shape);
	at += strlen(key);
	while (isspace((unsigned char)*at) || isdigit((unsigned char)*at))
		at++;
	return at;
}

/* Whether the shapes differ in nothing but the number of entries. */
static bool same_shape(const struct tree_facts *a, const struct tree_facts *b)
{
	size_t before_a, before_b;
	if (!a->shape || !b->shape)
		return false;
	const char *rest_a = after_entries(a->shape, &before_a);
	const char *rest_b = after_entries(b->shape, &before_b);
	return rest_a && rest_b && before_a == before_b &&
	       memcmp(a->shape, b->shape, before_a) == 0 && strcmp(rest_a, rest_b) == 0;
}

static bool is_one_series(const struct result *result, const struct cell_result *a,
			  const struct cell_result *b)
{
	const struct tree_facts *x = result_tree(result, a->tree),
				*y = result_tree(result, b->tree);
	return x && y && same_shape(x, y) && same_text(x->fs, y->fs) && x->order == y->order &&
	       a->cache == b->cache && a->stage == b->stage;
}

static double entries_of(const struct result *result, const struct cell_result *baseline)
{
	const struct tree_facts *tree = result_tree(result, baseline->tree);
	return tree ? (double)tree->entries : 0;
}

/* In order of sizes; of two trees that were cut to one size the first is shown. */
static void add_size(struct sizes *s, size_t group, double entries)
{
	size_t at = s->n;
	for (size_t i = 0; i < s->n; i++) {
		if (s->entries[i] == entries)
			return;
	}
	for (; at && s->entries[at - 1] > entries; at--) {
		s->entries[at] = s->entries[at - 1];
		s->groups[at] = s->groups[at - 1];
	}
	s->entries[at] = entries;
	s->groups[at] = group;
	s->n++;
}

/* "ext4, warm"; "ext4 at /mnt/a, warm" where there is another ext4. */
static const char *where_words(struct arena *arena, const struct result *result,
			       const struct cell_result *baseline)
{
	const struct tree_facts *tree = result_tree(result, baseline->tree);
	const struct fs_facts *fs = tree ? result_fs(result, tree->fs) : NULL;
	bool is_only = true;
	for (size_t i = 0; fs && i < result->n_fs; i++)
		is_only &= &result->fs[i] == fs || !same_text(result->fs[i].type, fs->type);
	return arena_print(arena, "%s%s%s, %s", fs ? format_text(arena, fs->type) : "?",
			   is_only ? "" : " at ",
			   is_only ? "" : format_text(arena, fs->mount_point),
			   cache_state_name(baseline->cache));
}

static bool make_one(struct arena *arena, const struct result *result, const struct groups *groups,
		     size_t first, bool *taken, struct sizes *s)
{
	const struct cell_result *baseline = groups->baselines[first];
	const struct tree_facts *tree = result_tree(result, baseline->tree);
	*s = (struct sizes){
		.shape = tree ? format_text(arena, tree->name) : "?",
		.where = where_words(arena, result, baseline),
		.groups = arena_alloc(arena, groups->n * sizeof(*s->groups)),
		.entries = arena_alloc(arena, groups->n * sizeof(*s->entries)),
	};
	if (!s->where || !s->groups || !s->entries)
		return false;
	for (size_t i = first; i < groups->n; i++) {
		if (taken[i] || !is_one_series(result, baseline, groups->baselines[i]))
			continue;
		taken[i] = true;
		add_size(s, i, entries_of(result, groups->baselines[i]));
	}
	return s->n >= SIZES_LEAST;
}

size_t sizes_make(struct arena *arena, const struct result *result, const struct groups *groups,
		  struct sizes **all)
{
	bool *taken = arena_alloc(arena, groups->n + 1);
	size_t n = 0;
	*all = arena_alloc(arena, (groups->n + 1) * sizeof(**all));
	for (size_t i = 0; taken && *all && i < groups->n; i++) {
		if (!taken[i])
			n += make_one(arena, result, groups, i, taken, &(*all)[n]);
	}
	return n;
}

/* --- From how many entries on ---------------------------------------------------------------- */

static const struct more_jobs *more_of(const struct result *result, const struct groups *groups,
				       const struct sizes *sizes, size_t i)
{
	const struct cell_result *baseline = groups->baselines[sizes->groups[i]];
	for (size_t k = 0; k < result->n_more_jobs; k++) {
		const struct more_jobs *more = &result->more_jobs[k];
		if (same_text(more->baseline, baseline->id) && more->over_one.known)
			return more;
	}
	return NULL;
}

/* "2 jobs", or "several jobs" where the best have different numbers of them. */
static const char *jobs_words(struct arena *arena, const struct result *result,
			      const struct groups *groups, const struct sizes *sizes)
{
	uint32_t jobs = 0;
	for (size_t i = 0; i < sizes->n; i++) {
		const struct more_jobs *more = more_of(result, groups, sizes, i);
		const struct cell_result *cell = more ? result_cell(result, more->several) : NULL;
		if (cell && jobs && cell->jobs != jobs)
			return "several jobs";
		jobs = cell ? cell->jobs : jobs;
	}
	return jobs ? format_counted(arena, jobs, "job") : "several jobs";
}

struct size_gain {
	size_t known, first; /* sizes with an interval; the first of them that pays, from 1; or 0 */
	size_t before;       /* the known one before that, from 1; 0: none */
	double from;
	const char *except, *unknown; /* "100,000 and 1,000,000": larger sizes; or NULL */
};

static const char *add_size_word(struct arena *arena, const char *list, double entries)
{
	const char *size = format_count(arena, (uint64_t)entries);
	return list ? arena_print(arena, "%s and %s", list, size) : size;
}

static struct size_gain find_paying(struct arena *arena, const struct result *result,
				    const struct groups *groups, const struct sizes *sizes)
{
	struct size_gain p = {0};
	double hi_before = 0;
	for (size_t i = 0; i < sizes->n; i++) {
		const struct more_jobs *more = more_of(result, groups, sizes, i);
		if (!more) {
			p.unknown = add_size_word(arena, p.unknown, sizes->entries[i]);
			continue;
		}
		const double hi = more->over_one.hi;
		p.known++;
		if (p.first && hi >= 1)
			p.except = add_size_word(arena, p.except, sizes->entries[i]);
		if (!p.first && hi < 1) {
			p.first = i + 1;
			p.from = sizes->entries[i];
			if (p.before)
				p.from = stats_crossing(sizes->entries[p.before - 1], hi_before,
							p.from, hi);
		}
		if (!p.first) {
			p.before = i + 1;
			hi_before = hi;
		}
	}
	return p;
}

const char *sizes_pay(struct arena *arena, const struct result *result, const struct groups *groups,
		      const struct sizes *sizes, double *from)
{
	const struct size_gain p = find_paying(arena, result, groups, sizes);
	const char *jobs = jobs_words(arena, result, groups, sizes), *text, *end = "";
	*from = p.from;
	if (!p.known)
		return NULL;
	if (p.except)
		end = arena_print(arena, ", but not at %s", p.except);
	if (p.unknown)
		end = arena_print(arena, "%s; not known at %s, with too few rounds", end,
				  p.unknown);
	if (!p.first)
		text = arena_print(
			arena, "%s pay at no size measured on %s, up to %s", jobs, sizes->where,
			format_counted(arena, (uint64_t)sizes->entries[sizes->n - 1], "entry"));
	else if (!p.before && p.except)
		text = arena_print(arena, "%s pay from %s on %s", jobs,
				   format_counted(arena, (uint64_t)p.from, "entry"), sizes->where);
	else if (p.before)
		text = arena_print(arena, "%s pay from about %s on %s", jobs,
				   format_counted(arena, stats_two_digits(p.from), "entry"),
				   sizes->where);
	else
		text = arena_print(arena, "%s pay at every size measured on %s, from %s", jobs,
				   sizes->where, format_counted(arena, (uint64_t)p.from, "entry"));
	return text && end ? arena_print(arena, "%s%s", text, end) : NULL;
}
