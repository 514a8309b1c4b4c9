#include "reports/words/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/labels.h"

const char *format_text(struct arena *arena, const char *text)
{
	return or_unknown(text_visible(arena, text));
}

const char *format_plus_minus(bool utf8)
{
	return utf8 ? "\302\261" : "+-";
}

const char *format_signs(struct arena *arena, const char *text, bool utf8)
{
	const char *sign = format_plus_minus(true);
	const char *at = text && !utf8 ? strstr(text, sign) : NULL;
	for (; at; at = strstr(text, sign))
		text = or_unknown(arena_print(arena, "%.*s%s%s", (int)(at - text), text,
					      format_plus_minus(false), at + strlen(sign)));
	return or_unknown(text);
}

const char *format_count(struct arena *arena, uint64_t count)
{
	char buf[32];
	return or_unknown(arena_copy(arena, group_digits(count, buf, sizeof(buf))));
}

const char *format_counted(struct arena *arena, uint64_t count, const char *one)
{
	return or_unknown(arena_copy(arena, COUNTED(count, one)));
}

const char *format_fixed(struct arena *arena, double number, int decimals)
{
	char digits[64], grouped[32];
	if (!(fabs(number) < 1e15))
		return or_unknown(arena_print(arena, "%.3g", number));
	snprintf(digits, sizeof(digits), "%.*f", decimals, fabs(number));
	char *point = strchr(digits, '.');
	uint64_t whole = (uint64_t)strtoull(digits, NULL, 10);
	return or_unknown(arena_print(arena, "%s%s%s", number < 0 ? "-" : "",
				      group_digits(whole, grouped, sizeof(grouped)),
				      point ? point : ""));
}

/* Three significant digits of a number below 1000. */
static const char *three_digits(struct arena *arena, double number, const char *unit)
{
	int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
	return or_unknown(arena_print(arena, "%.*f%s%s", decimals, number, *unit ? " " : "", unit));
}

const char *format_si(struct arena *arena, double number)
{
	static const char *const units[] = {"", "k", "M", "G", "T"};
	size_t i = 0;
	for (; number >= 999.5 && i + 1 < ARRAY_LEN(units); i++)
		number /= 1000;
	return three_digits(arena, number, units[i]);
}

const char *format_duration(struct arena *arena, double ns)
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	size_t i = 0;
	for (; ns >= 999.5 && i + 1 < ARRAY_LEN(units); i++)
		ns /= 1000;
	return three_digits(arena, ns, units[i]);
}

int format_confidence(double confidence)
{
	return (int)floor(confidence * 100 + 1e-9);
}

double format_spread(const struct estimate *estimate)
{
	return fmax(estimate->median - estimate->lo, estimate->hi - estimate->median);
}

int format_decimals(const struct estimate *estimate)
{
	double spread = format_spread(estimate);
	int decimals = 0;
	while (spread > 0 && spread < 0.95 && decimals < 5) {
		spread *= 10;
		decimals++;
	}
	return decimals;
}

int format_common_confidence(const struct result *result)
{
	double least = 1;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->ns_per_entry.known)
			least = fmin(least, cell->ns_per_entry.confidence);
		if (cell->ratio.known)
			least = fmin(least, cell->ratio.confidence);
	}
	return least < 1 ? format_confidence(least) : 99;
}

const char *format_jobs(struct arena *arena, const struct cell_result *cell)
{
	return cell->finds_threads ? "auto" : format_count(arena, cell->jobs);
}

const char *format_tree_label(struct arena *arena, const struct result *result,
			      const struct cell_result *cell)
{
	const struct tree_facts *tree = result_tree(result, cell->tree);
	return format_text(arena, !tree ? cell->tree : tree->label ? tree->label : tree->name);
}

const char *format_group(struct arena *arena, const struct result *result,
			 const struct cell_result *cell)
{
	const bool one_tree = labels_one_tree(result), one_cache = labels_one_cache(result);
	const char *tree = one_tree ? "" : format_tree_label(arena, result, cell);
	const char *cache = one_cache ? "" : cache_state_name(cell->cache);
	return or_unknown(arena_print(arena, "%s%s%s", tree, *tree && *cache ? ", " : "", cache));
}

const char *format_cell_in_group(struct arena *arena, const struct result *result,
				 const struct cell_result *cell)
{
	const char *label =
		labels_one_tree(result) ? label_in(arena, result, cell) : label_plain(arena, cell);
	if (cell->jobs <= 1)
		return label;
	return or_unknown(arena_print(arena, "%s with %s", label, COUNTED(cell->jobs, "job")));
}

const char *format_cell(struct arena *arena, const struct result *result,
			const struct cell_result *cell)
{
	const char *name = format_cell_in_group(arena, result, cell);
	if (labels_one_tree(result))
		return name;
	return or_unknown(
		arena_print(arena, "%s on %s", name, format_tree_label(arena, result, cell)));
}

/* "12,000 of 300,000 entries", and what part of the tree they are. */
static const char *format_sample(struct arena *arena, const struct tree_facts *tree)
{
	const struct sample_facts *sample = &tree->sample;
	const char *more = sample->is_more ? "more than " : "";
	const char *part = arena_print(arena, "%s of %s%s", GROUPED(tree->entries), more,
				       COUNTED(sample->of_entries, "entry"));
	size_t above = sample->below ? strlen(sample->below) : 0;
	if (sample->below && tree->root && above < strlen(tree->root))
		return arena_print(arena, "measured below %s: %s",
				   format_text(arena, tree->root + above + (above > 1)), part);
	return arena_print(arena, "measured in part: %s, in %s of %s%s, seed %" PRIu64, part,
			   GROUPED(sample->directories), more,
			   COUNTED(sample->of_directories, "directory"), sample->seed);
}

const char *format_other_way(struct arena *arena, const struct extra_fact *fact)
{
	const bool whole = fact->part == 0 && fact->passes_short == fact->passes;
	const char *way = format_text(arena, fact->other_way);
	return whole ? way : or_unknown(arena_print(arena, "mostly %s", way));
}

const char *format_tree(struct arena *arena, const struct tree_facts *tree)
{
	if (tree->sample.of_entries)
		return or_unknown(arena_print(arena, "%s, %s", format_text(arena, tree->name),
					      or_unknown(format_sample(arena, tree))));
	double depth = tree->entries ? (double)tree->depth_sum / (double)tree->entries : 0;
	return or_unknown(
		arena_print(arena, "%s: %s, %s, mean depth %.1f", format_text(arena, tree->name),
			    format_counted(arena, tree->entries, "entry"),
			    format_counted(arena, tree->directories, "directory"), depth));
}

const char *format_fs(struct arena *arena, const struct fs_facts *fs)
{
	return or_unknown(arena_print(arena, "%s on %s (%s)", format_text(arena, fs->type),
				      format_text(arena, fs->source),
				      format_text(arena, fs->options)));
}

const char *format_host(struct arena *arena, const struct result *result)
{
	const struct host_facts *h = &result->host;
	const char *under =
		h->hypervisor && strcmp(h->hypervisor, "none") != 0 ? h->hypervisor : NULL;
	return or_unknown(arena_print(arena, "%s: %s, %" PRIu32 " of %s, Linux %s%s%s",
				      format_text(arena, h->hostname), format_text(arena, h->cpu),
				      h->n_allowed, COUNTED(h->n_cpus, "CPU"),
				      format_text(arena, h->kernel), under ? ", " : "",
				      under ? format_text(arena, under) : ""));
}

const char *format_guest(struct arena *arena, const struct guest_facts *g)
{
	return or_unknown(arena_print(arena, "%s %s: %s, %s with a round trip of %.12g ms",
				      format_text(arena, g->program), format_text(arena, g->kernel),
				      COUNTED(g->n_cpus, "CPU"), format_text(arena, g->serves),
				      (double)g->rtt_ns / 1e6));
}

/* Adds a word to a comma list unless a cell before i has it as well. */
static const char *add_word(struct arena *arena, const char *list, const char *word)
{
	if (!list)
		return format_text(arena, word);
	return or_unknown(arena_print(arena, "%s, %s", list, format_text(arena, word)));
}

/* Settings that slow the run down on purpose. */
static const char *format_specials(struct arena *arena, const struct result *result)
{
	const struct host_facts *host = &result->host;
	const char *words = "";
	for (size_t i = 0; i < result->n_trees; i++) {
		const enum order order = result->trees[i].order;
		if (order != ORDER_READDIR)
			words = arena_print(arena, "%s, %s order", or_unknown(words),
					    order_name(order));
	}
	if (host->tax_instructions)
		words = arena_print(arena, "%s, system calls taxed by %.0f ns", or_unknown(words),
				    (double)host->tax_ps / 1000);
	return or_unknown(words);
}

/*
 * The kinds of evidence of the cells in one cache state, each once: "time"; NULL: reads from disk
 * only.
 */
static const char *evidence_words(struct arena *arena, const struct result *result,
				  enum cache_state cache)
{
	bool has[EVIDENCES] = {false}, only_reads = true;
	const char *words = NULL;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		if (cell->status != STATUS_SKIPPED && cell->cache == cache)
			has[cell->evidence] = true;
	}
	for (unsigned by = EVIDENCE_READS; by < EVIDENCES; by++) {
		only_reads &= !has[by] || by == EVIDENCE_READS;
		if (has[by])
			words = add_word(arena, words, evidence_name(by));
	}
	return only_reads ? NULL : words;
}

/* "cold", or "cold (shown by time)" if the evidence is not reads from disk. */
static const char *cache_words(struct arena *arena, const struct result *result,
			       enum cache_state cache)
{
	const char *by = evidence_words(arena, result, cache);
	const char *name = cache_state_name(cache);
	return by ? or_unknown(arena_print(arena, "%s (shown by %s)", name, by)) : name;
}

const char *format_state(struct arena *arena, const struct result *result)
{
	const char *caches = NULL, *pins = NULL, *stage = "";
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		stage = cell->stage == STAGE_WALK ? "walks, " : stage;
		bool new_cache = true, new_pin = cell->pin;
		for (size_t j = 0; j < i; j++) {
			new_cache &= cell->cache != result->cells[j].cache;
			new_pin &= !same_text(cell->pin, result->cells[j].pin);
		}
		if (new_cache)
			caches = add_word(arena, caches, cache_words(arena, result, cell->cache));
		pins = new_pin ? add_word(arena, pins, cell->pin) : pins;
	}
	return or_unknown(arena_print(arena, "%s%s cache, pinned %s%s", stage, or_unknown(caches),
				      or_unknown(pins), format_specials(arena, result)));
}

/* The precision reached, compared with --precision. */
static const char *format_precision(struct arena *arena, const struct run_facts *run)
{
	double wanted = (double)run->precision_wanted_ppm / 1e4;
	if (run->precision_reached_ppm == COUNT_UNKNOWN)
		return or_unknown(
			arena_print(arena, " (precision not known, %.3g %% requested)", wanted));
	return or_unknown(arena_print(arena, " (precision %.3g %%, %.3g %% requested; widest %s)",
				      (double)run->precision_reached_ppm / 1e4, wanted,
				      format_text(arena, run->precision_cell)));
}

/* "flat,ext4, flat,xfs" */
static const char *format_sitting(struct arena *arena, const struct result *result,
				  uint32_t sitting)
{
	const char *text = NULL;
	for (size_t i = 0; i < result->n_trees; i++) {
		const struct tree_facts *tree = &result->trees[i];
		if (tree->sitting != sitting)
			continue;
		text = arena_print(arena, "%s%s%s", text ? text : "", text ? " with " : "",
				   format_text(arena, tree->label));
	}
	return text;
}

const char *format_sittings(struct arena *arena, const struct result *result)
{
	const size_t n = result->n_trees;
	const uint32_t last = n ? result->trees[n - 1].sitting : 0;
	const char *all = NULL;
	if (!last)
		return NULL;
	for (uint32_t i = 0; i <= last; i++)
		all = arena_print(arena, "%s%s%s", all ? all : "", all ? "; then " : "",
				  or_unknown(format_sitting(arena, result, i)));
	return or_unknown(arena_print(
		arena,
		"all trees at the same time do not fit into the %s that they may take, so "
		"they were measured in %" PRIu32 " sittings, one after the other: %s",
		MEMORY(result->run.memory_bytes), last + 1, or_unknown(all)));
}

/* " (stopped: time)", or "". */
static const char *format_stop(struct arena *arena, enum stop stopped)
{
	return stopped ? or_unknown(arena_print(arena, " (stopped: %s)", stop_name(stopped))) : "";
}

const char *format_rounds(struct arena *arena, const struct result *result)
{
	const struct run_facts *run = &result->run;
	const char *of = "";
	if (run->precision_wanted_ppm)
		of = format_precision(arena, run);
	else if (run->rounds_done < run->rounds_wanted)
		of = or_unknown(arena_print(arena, " of %s%s", GROUPED(run->rounds_wanted),
					    format_stop(arena, run->stopped)));
	return or_unknown(arena_print(arena, "%s%s in %s, seed %" PRIu64, GROUPED(run->rounds_done),
				      of, format_duration(arena, (double)run->duration_ns),
				      run->seed));
}

enum { CAUSES_MAX = 8 };

struct causes {
	enum cause why[CAUSES_MAX];
	uint64_t count[CAUSES_MAX];
	size_t n;
	uint64_t passes, disturbed;
};

static void add_cause(struct causes *causes, enum cause why)
{
	size_t i = 0;
	causes->disturbed++;
	while (i < causes->n && causes->why[i] != why)
		i++;
	if (i == CAUSES_MAX)
		return;
	causes->why[i] = why;
	causes->count[i]++;
	causes->n = MAX(causes->n, i + 1);
}

static void count_causes(struct causes *causes, const struct result *result)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct cell_result *cell = &result->cells[i];
		causes->passes += cell->n_passes;
		for (size_t j = 0; j < cell->n_passes; j++) {
			if (!cell->passes[j].clean)
				add_cause(causes, cell->passes[j].why);
		}
	}
}

const char *format_disturbed(struct arena *arena, const struct result *result)
{
	struct causes causes = {.n = 0};
	count_causes(&causes, result);
	if (!causes.disturbed)
		return NULL;
	const char *text =
		arena_print(arena, "%s of %s %s disturbed:", format_count(arena, causes.disturbed),
			    format_counted(arena, causes.passes, "pass"),
			    causes.disturbed == 1 ? "was" : "were");
	for (size_t i = 0; i < causes.n; i++)
		text = arena_print(arena, "%s%s %s x %s", or_unknown(text), i ? "," : "",
				   format_count(arena, causes.count[i]),
				   cause_shown(causes.why[i]));
	return or_unknown(text);
}

enum { ROOM_MIN = 20 };

static size_t room_after(size_t column, size_t width)
{
	return width > column + ROOM_MIN ? width - column : ROOM_MIN;
}

/* The last space within the room, or the first beyond it; 0: none. A % stays with its number. */
static size_t find_cut(const char *text, size_t room)
{
	size_t cut = 0, seen = 0;
	for (size_t i = 0; text[i] && (seen <= room || !cut); i++) {
		if (text[i] == ' ' && text[i + 1] != '%')
			cut = i;
		seen += ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return cut;
}

void wrap_print(FILE *to, const char *text, size_t at, size_t indent, size_t width)
{
	size_t room = room_after(at, width);
	while (text_width(text) > room) {
		size_t cut = find_cut(text, room);
		if (!cut)
			break;
		fprintf(to, "%.*s\n%*s", (int)cut, text, (int)indent, "");
		text += cut + 1;
		room = room_after(indent, width);
	}
	fputs(text, to);
}

void pad_print(FILE *to, const char *text, int width)
{
	const int pad = MAX(abs(width) - (int)text_width(text), 0);
	fprintf(to, "%*s%s%*s", width > 0 ? pad : 0, "", text, width < 0 ? pad : 0, "");
}
