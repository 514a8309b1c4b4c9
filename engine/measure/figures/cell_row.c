#include "engine/measure/figures/cell_row.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/host/topology.h"
#include "engine/measure/verify/verify.h"

static const char *const syscall_names[SYSCALL_KINDS] = {
#define X(name) [SYSCALL_##name] = #name,
	SYSCALL_LIST(X)
#undef X
};

static int describe_params(const struct cell_spec *spec, struct cell_result *cell,
			   struct arena *arena)
{
	cell->params = arena_alloc(arena, PARAMS_MAX * sizeof(*cell->params));
	if (!cell->params)
		return -ENOMEM;
	for (; cell->n_params < PARAMS_MAX; cell->n_params++) {
		const struct param *param = &spec->strategy->params[cell->n_params];
		if (!param->name)
			break;
		const struct named_text fact = {
			arena_copy(arena, param->name),
			arena_copy(arena, param_text(param, spec->params[cell->n_params], arena))};
		if (!fact.name)
			return -ENOMEM;
		cell->params[cell->n_params] = fact;
	}
	return 0;
}

int cell_row_spec(struct cell_result *cell, const struct cell_spec *spec, const char *target,
		  const int *cpus, struct arena *arena)
{
	cell->strategy = arena_copy(arena, spec->strategy->name);
	cell->stage = spec->strategy->stage;
	cell->jobs = spec->jobs;
	cell->command = spec->command;
	cell->is_output_verified = spec->is_output_verified;
	const bool is_pinned = cpus[0] >= 0;
	cell->cpus = is_pinned ? pin_list_text(cpus, spec->jobs, arena) : NULL;
	cell->is_floor = spec->is_floor;
	cell->finds_threads = spec->strategy->flags & STRATEGY_MAKES_THREADS;
	cell->is_baseline = spec->is_baseline;
	cell->syscalls_reason = arena_copy(arena, spec->strategy->uncounted);
	cell->syscalls_total = spec->strategy->uncounted ? COUNT_UNKNOWN : 0;
	cell->label = spec->label;
	if (cell->cache != CACHE_WARM)
		cell->label =
			arena_print(arena, "%s/%s", spec->label, cache_state_name(cell->cache));
	cell->id = arena_print(arena, "%s/j%u%s%s", cell->label ? cell->label : "", spec->jobs,
			       target ? "@" : "", target ? target : "");
	if (!cell->strategy || !cell->label || !cell->id || (is_pinned && !cell->cpus) ||
	    (spec->strategy->uncounted && !cell->syscalls_reason))
		return -ENOMEM;
	return describe_params(spec, cell, arena);
}

bool cell_row_alloc(struct cell_result *cell, struct arena *arena)
{
	cell->syscalls = arena_alloc(arena, SYSCALL_KINDS * sizeof(*cell->syscalls));
	cell->error_counts = arena_alloc(arena, FAILURES_MAX * sizeof(*cell->error_counts));
	cell->failure_counts = arena_alloc(arena, FAILURES_MAX * sizeof(*cell->failure_counts));
	cell->extras = arena_alloc(arena, EXTRAS_MAX * sizeof(*cell->extras));
	cell->decisions = arena_alloc(arena, DECISIONS_MAX * sizeof(*cell->decisions));
	return cell->syscalls && cell->error_counts && cell->failure_counts && cell->extras &&
	       cell->decisions;
}

static const char *answers_text(const struct answer *answer, struct arena *arena)
{
	static const struct {
		uint32_t field;
		const char *name;
	} rows[] = {
		{FIELD_TYPE, "type"}, {FIELD_MODE, "mode"}, {FIELD_NLINK, "nlink"},
		{FIELD_UID, "uid"},   {FIELD_GID, "gid"},   {FIELD_MTIME, "mtime"},
		{FIELD_INO, "ino"},   {FIELD_SIZE, "size"}, {FIELD_BLOCKS, "blocks"},
		{FIELD_RDEV, "rdev"},
	};
	const char *text = NULL;
	if (answer->addressing == ADDRESS_NONE)
		return "nothing";
	if (answer->fields == FIELDS_NONE)
		return answer->negative ? "absence" : "existence";
	if (answer->fields == FIELDS_ALL)
		return answer->follow ? "all, follows symlinks" : "all";
	if (answer->fields & FIELD_XATTR_VALUES)
		return "all, extended attributes with values";
	if (answer->fields & FIELD_XATTRS)
		return "all, names of extended attributes";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (answer->fields & rows[i].field)
			text = arena_print(arena, "%s%s%s", text ? text : "", text ? "," : "",
					   rows[i].name);
	}
	return text;
}

/* Only cells that return the same metadata are ranked. */
static bool is_rival(const struct answer *answer, const struct answer *baseline)
{
	return answer->addressing != ADDRESS_NONE && answer->follow == baseline->follow &&
	       answer->negative == baseline->negative &&
	       (answer->fields & baseline->fields) == baseline->fields;
}

void cell_row_answer(struct cell_result *cell, const struct answer *answer,
		     const struct answer *baseline, struct arena *arena)
{
	/* What a program reads is unknown; it can be verified only that it found every entry. */
	if (cell->command) {
		cell->answers = cell->is_output_verified ? "existence" : "nothing";
		cell->is_rival = baseline && cell->is_output_verified;
		return;
	}
	cell->answers = answers_text(answer, arena);
	cell->is_rival = baseline && is_rival(answer, baseline);
}

const char *cell_row_path(const char *root, const char *path, struct arena *arena)
{
	const size_t len = strlen(path);
	if (len <= 2 * PATH_MAX)
		return arena_print(arena, "%s/%s", root, path);
	const char *slash = strchr(path + len - PATH_MAX, '/');
	return arena_print(arena, "...%s", slash ? slash : path + len - PATH_MAX);
}

/* Returns the path of the first failure of a kind; NULL: out of memory. */
typedef const char *name_fn(const struct cell *cell, size_t i, struct arena *arena);

static const char *name_entry(const struct cell *cell, size_t i, struct arena *arena)
{
	size_t len;
	if (cell->sink)
		return cell_row_path(cell->load->root, sink_path(cell->sink, i, &len), arena);
	char *path = workload_spell(cell->load, (uint32_t)i);
	const char *copy = path ? cell_row_path(cell->load->root, path, arena) : NULL;
	free(path);
	return copy;
}

static const char *name_unread(const struct cell *cell, size_t i, struct arena *arena)
{
	size_t len;
	int error;
	return cell_row_path(cell->load->root, sink_failure(cell->sink, i, &len, &error), arena);
}

/* Strings are reused if a kind is the same as in the last pass, because an arena only grows. */
static void store_kinds(struct error_count *counts, const struct failure *kinds, size_t n,
			const struct cell *cell, name_fn *name_of, struct arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = strerrorname_np(kinds[i].error);
		bool same = counts[i].name && name && strcmp(counts[i].name, name) == 0;
		counts[i].count = kinds[i].count;
		if (same)
			continue;
		counts[i].name = name ? name : "unknown";
		counts[i].path = name_of(cell, kinds[i].first, arena);
	}
}

static void store_failures(struct cell_result *result, const struct cell *cell, struct arena *arena)
{
	struct failure kinds[FAILURES_MAX];
	result->n_error_counts = verify_failures(cell, kinds, &result->errors);
	store_kinds(result->error_counts, kinds, result->n_error_counts, cell, name_entry, arena);
	result->n_failure_counts = verify_unread(cell, kinds, &result->failures);
	store_kinds(result->failure_counts, kinds, result->n_failure_counts, cell, name_unread,
		    arena);
}

void cell_row_syscalls(struct cell_result *cell, const struct meter *meter)
{
	uint64_t counts[SYSCALL_KINDS];
	cell->n_syscalls = 0;
	cell->syscalls_total = 0;
	cell->syscalls_reason = NULL;
	meter_syscalls(meter, counts);
	for (int kind = 0; kind < SYSCALL_KINDS; kind++) {
		if (counts[kind])
			cell->syscalls[cell->n_syscalls++] =
				(struct named_count){syscall_names[kind], counts[kind]};
		cell->syscalls_total += counts[kind];
	}
}

/*
 * Strings of a plug-in are copied, because it may be unloaded. Those of the last pass are reused,
 * because an arena only grows.
 */
static const char *keep_word(const char *kept, const char *word, struct arena *arena)
{
	return same_text(kept, word) ? kept : arena_copy(arena, word);
}

/*
 * Strings of the kept fact are reused. The reason is that of the last pass that had one: the median
 * may be of other passes than the last.
 */
static bool store_extra(struct extra_fact *fact, const struct extra *extra, struct arena *arena)
{
	const bool is_new = fact->passes == 0;
	const char *reason = extra->reason || is_new ? extra->reason : fact->reason;
	const bool is_short =
		extra->part < extra->whole && extra->part < extra->whole - extra->part;
	*fact = (struct extra_fact){
		.name = keep_word(fact->name, extra->name, arena),
		.unit = keep_word(fact->unit, extra->unit, arena),
		.higher_is_better = extra->higher_is_better,
		.part = extra->part,
		.whole = extra->whole,
		.reason = keep_word(fact->reason, reason, arena),
		.other_way = keep_word(fact->other_way, extra->other_way, arena),
		.passes = fact->passes + 1,
		.passes_short = fact->passes_short + is_short,
	};
	return fact->name && (fact->unit || !extra->unit) && (fact->reason || !reason) &&
	       (fact->other_way || !extra->other_way);
}

void cell_row_extras(struct cell_result *result, const struct meter *meter, struct arena *arena)
{
	const struct cell *cell = meter_cell(meter);
	struct extra extras[EXTRAS_MAX] = {0};
	const unsigned n = cell->strategy->extras ? cell->strategy->extras(cell, extras) : 0;
	result->n_extras = 0;
	/* Out of memory: the figure is left out. */
	while (result->n_extras < n &&
	       store_extra(&result->extras[result->n_extras], &extras[result->n_extras], arena))
		result->n_extras++;
}

static void store_decisions(struct cell_result *result, const struct meter *meter)
{
	const struct cell *cell = meter_cell(meter);
	const struct decision *all = NULL;
	size_t n = cell->strategy->decisions ? cell->strategy->decisions(cell, &all) : 0;
	result->n_decisions = MIN(n, DECISIONS_MAX);
	for (size_t i = 0; i < result->n_decisions; i++)
		result->decisions[i] = (struct decision_fact){
			all[i].at_ns, all[i].wait_ns, all[i].rate, all[i].before, all[i].threads};
}

static void store_digest(struct cell_result *cell, const struct digest *digest, struct arena *arena)
{
	char text[DIGEST_TEXT_SIZE];
	if (!digest->count ||
	    (cell->digest && strcmp(cell->digest, digest_text(digest, text)) == 0))
		return;
	cell->digest = arena_copy(arena, digest_text(digest, text));
}

/* Entries that a walk found, whether they are compared or not. */
static uint64_t entries_found(const struct cell *cell)
{
	uint64_t n = sink_count(cell->sink), skipped = 0;
	for (size_t i = 0; cell->load->skipped && i < n; i++)
		skipped += walk_check_skips_entry(cell, i);
	return n - skipped;
}

void cell_row_pass(struct cell_result *cell, const struct meter *meter, const struct digest *digest,
		   struct arena *arena)
{
	if (meter_cell(meter)->sink && digest->count)
		cell->entries = entries_found(meter_cell(meter));
	store_failures(cell, meter_cell(meter), arena);
	if (!meter_cell(meter)->strategy->uncounted)
		cell_row_syscalls(cell, meter);
	store_decisions(cell, meter);
	store_digest(cell, digest, arena);
}
