#include "reports/verdict/comparable.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "reports/words/format.h"

enum { NAMES = CONDITIONS /* names of conditions, which are never compared */ };

typedef const char *getter(const struct document_cell *s, struct arena *arena);

#define FACT(name, expression)                                                                     \
	static const char *name(const struct document_cell *s, struct arena *arena)                \
	{                                                                                          \
		(void)arena;                                                                       \
		return s->result->expression;                                                      \
	}

FACT(fingerprint, host.fingerprint)
FACT(cpu, host.cpu)
FACT(cpus_allowed, host.cpus_allowed)
FACT(governor, host.governor)
FACT(release, host.kernel)
FACT(kernel_build, host.kernel_version)
FACT(version, tool.version)
FACT(commit, tool.commit)
FACT(compiler, tool.compiler)
FACT(cflags, tool.cflags)

static const char *joined(const struct named_text *texts, size_t n, struct arena *arena)
{
	const char *all = "";
	for (size_t i = 0; i < n && all; i++)
		all = arena_print(arena, "%s%s%s: %s", all, i ? "; " : "", texts[i].name,
				  texts[i].value ? texts[i].value : "?");
	return all;
}

static const char *mitigations(const struct document_cell *s, struct arena *arena)
{
	const struct host_facts *h = &s->result->host;
	return h->n_mitigations ? joined(h->mitigations, h->n_mitigations, arena) : NULL;
}

/* "max 100000" is no limit either; its period has no effect. */
static const char *cgroup(const struct document_cell *s, struct arena *arena)
{
	const char *limit = s->result->host.cgroup_cpu_max;
	(void)arena;
	return limit && strncmp(limit, "max", 3) == 0 ? "max" : limit;
}

static const char *libraries(const struct document_cell *s, struct arena *arena)
{
	return joined(s->result->tool.libs, s->result->tool.n_libs, arena);
}

static const char *tax(const struct document_cell *s, struct arena *arena)
{
	return arena_print(arena, "%" PRIu32, s->result->host.tax_instructions);
}

static const struct fs_facts *fs_of(const struct document_cell *s)
{
	return result_fs(s->result, s->cell->fs);
}

static const char *fs_type(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return fs_of(s) ? fs_of(s)->type : NULL;
}

/* disk=hdd, mkfs=..: what the kernel's options do not show. */
static const char *fs_label(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return fs_of(s) ? fs_of(s)->label : NULL;
}

static const char *fs_options(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return fs_of(s) ? fs_of(s)->options : NULL;
}

static const char *fs_super_options(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return fs_of(s) ? fs_of(s)->super_options : NULL;
}

static const char *fs_block_size(const struct document_cell *s, struct arena *arena)
{
	return fs_of(s) ? arena_print(arena, "%" PRIu64, fs_of(s)->block_size) : NULL;
}

/* Of a network that was made for the run. */
static const char *round_trip(const struct document_cell *s, struct arena *arena)
{
	const struct result *r = s->result;
	return r->has_guest ? arena_print(arena, "%.12g ms", (double)r->guest.rtt_ns / 1e6) : NULL;
}

static const char *guest(const struct document_cell *s, struct arena *arena)
{
	const struct guest_facts *g = &s->result->guest;
	return s->result->has_guest ? arena_print(arena, "%s %s", g->program, g->kernel) : NULL;
}

static const struct tree_facts *tree_of(const struct document_cell *s)
{
	return result_tree(s->result, s->cell->tree);
}

static const char *tree_name(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return tree_of(s) ? tree_of(s)->name : NULL;
}

/* A directory that was there before has none. */
static const char *tree_seed(const struct document_cell *s, struct arena *arena)
{
	const struct tree_facts *tree = tree_of(s);
	return tree && tree->shape ? arena_print(arena, "%" PRIu64, tree->seed) : NULL;
}

static const char *tree_digest(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return tree_of(s) ? tree_of(s)->digest : NULL;
}

static const char *tree_order(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return tree_of(s) ? order_name(tree_of(s)->order) : NULL;
}

/* The length of the path to the root moves the ratio of absolute to relative calls. */
static const char *root_depth(const struct document_cell *s, struct arena *arena)
{
	return tree_of(s) ? arena_print(arena, "%" PRIu32, tree_of(s)->root_depth) : NULL;
}

static const char *entries(const struct document_cell *s, struct arena *arena)
{
	return arena_print(arena, "%" PRIu64, s->cell->entries);
}

static const char *cache(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return cache_state_name(s->cell->cache);
}

static const char *pin(const struct document_cell *s, struct arena *arena)
{
	(void)arena;
	return s->cell->pin;
}

/* NULL: the strategy has only one way, or the document does not say. */
static const char *way(const struct document_cell *s, struct arena *arena)
{
	const char *own = NULL;
	(void)arena;
	for (size_t i = 0; i < s->cell->n_extras; i++)
		own = s->cell->extras[i].other_way ? "its own" : own;
	return result_other_way(s->cell) ? result_other_way(s->cell)->other_way : own;
}

static const struct field {
	const char *name;
	int word;
	getter *get;
} fields[] = {
	{"host.fingerprint", CONDITION_HOST, fingerprint},
	{"host.cpus_allowed", CONDITION_HOST, cpus_allowed},
	{"host.governor", CONDITION_HOST, governor},
	{"host.cgroup_cpu_max", CONDITION_HOST, cgroup},
	{"host.tax_instructions", CONDITION_HOST, tax},
	{"kernel.release", CONDITION_KERNEL, release},
	{"kernel.build", CONDITION_KERNEL, kernel_build},
	{"kernel.mitigations", CONDITION_KERNEL, mitigations},
	{"kernel.guest", CONDITION_KERNEL, guest},
	{"tool.version", CONDITION_TOOL, version},
	{"tool.commit", CONDITION_TOOL, commit},
	{"tool.compiler", CONDITION_TOOL, compiler},
	{"tool.cflags", CONDITION_TOOL, cflags},
	{"tool.libs", CONDITION_TOOL, libraries},
	{"fs.type", CONDITION_FS, fs_type},
	{"fs.label", CONDITION_FS, fs_label},
	{"fs.options", CONDITION_FS, fs_options},
	{"fs.super_options", CONDITION_FS, fs_super_options},
	{"fs.block_size", CONDITION_FS, fs_block_size},
	{"fs.round_trip", CONDITION_FS, round_trip},
	{"tree.digest", CONDITION_TREE, tree_digest},
	{"tree.order", CONDITION_TREE, tree_order},
	{"tree.root_depth", CONDITION_TREE, root_depth},
	{"tree.entries", CONDITION_TREE, entries},
	{"cache", CONDITION_CACHE, cache},
	{"pin", CONDITION_PIN, pin},
	{"way", CONDITION_WAY, way},
	{"host.cpu", NAMES, cpu},
	{"tree.name", NAMES, tree_name},
	{"tree.seed", NAMES, tree_seed},
};

const char *condition_name(unsigned condition)
{
	static const char *const names[CONDITIONS] = {
		[CONDITION_HOST] = "host", [CONDITION_KERNEL] = "kernel",
		[CONDITION_TOOL] = "tool", [CONDITION_FS] = "fs",
		[CONDITION_TREE] = "tree", [CONDITION_CACHE] = "cache",
		[CONDITION_PIN] = "pin",   [CONDITION_WAY] = "way",
	};
	return word_of(names, CONDITIONS, condition);
}

/* Long ones (options, mitigations) are in the documents. */
static const char *shown(struct arena *arena, const char *value)
{
	const char *text = value ? text_shorten(arena, format_text(arena, value), 60) : "unknown";
	return or_unknown(text);
}

const char *comparable_differences(struct arena *arena, const struct document_cell *a,
				   const struct document_cell *b, unsigned mask)
{
	const char *all = NULL;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i].word == NAMES || mask >> fields[i].word & 1)
			continue;
		const char *x = fields[i].get(a, arena), *y = fields[i].get(b, arena);
		if (same_text(x, y))
			continue;
		all = arena_print(arena, "%s%s%s (%s in %s, %s in %s)", all ? all : "",
				  all ? ", " : "", fields[i].name, shown(arena, x), a->name,
				  shown(arena, y), b->name);
		if (!all)
			return "much (memory ran out)";
	}
	return all;
}

const char *comparable_field(size_t i, const struct document_cell *s, struct arena *arena,
			     const char **value)
{
	if (i >= ARRAY_LEN(fields) || fields[i].word == NAMES)
		return NULL;
	*value = fields[i].get(s, arena);
	return fields[i].name;
}

int comparable_facts(struct judgement *j, const struct document_cell *base,
		     const struct document_cell *head)
{
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(fields) && !error; i++) {
		error = judgement_fact(j, fields[i].name, fields[i].get(base, j->arena),
				       fields[i].get(head, j->arena));
		if (!error)
			j->facts[j->n_facts - 1].names = fields[i].word == NAMES;
	}
	return error;
}
