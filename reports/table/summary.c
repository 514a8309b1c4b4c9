#include "reports/table/summary.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/groups/sizes.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

/* Cell names in one sentence before "and N more". */
enum { NAMES_MAX = 4, WALKS_MAX = 8, REQUESTS_MAX = 16 };

enum { WARNINGS_ROOM = 64 }; /* sentences that others leave to the warnings, which come last */

struct summary {
	const struct result *result;
	struct arena *arena;
	struct sentence *sentences;
	size_t n, left_out;
};

static void say(struct summary *s, const char *code, bool warning, const char *text)
{
	const size_t room = SENTENCES_MAX - (warning ? 0 : WARNINGS_ROOM);
	if (!text)
		return;
	if (s->n < room)
		s->sentences[s->n++] = (struct sentence){code, text, warning};
	else
		s->left_out++;
}

/* Before the warnings, which always have room for it. */
static void say_left_out(struct summary *s)
{
	const char *text = arena_print(s->arena, "%s left out here; the table has all figures.",
				       COUNTED(s->left_out, "more sentence"));
	if (s->left_out)
		s->sentences[s->n++] = (struct sentence){"left-out", or_unknown(text), false};
}

/* "a, b and 3 more" */
struct names {
	const char *text;
	size_t n;
};

static void add_name(struct summary *s, struct names *names, const char *name)
{
	if (names->n++ < NAMES_MAX)
		names->text = arena_print(s->arena, "%s%s%s", names->text ? names->text : "",
					  names->text ? ", " : "", name);
}

static const char *end_names(struct summary *s, const struct names *names)
{
	if (!names->text || names->n <= NAMES_MAX)
		return names->text;
	return arena_print(s->arena, "%s and %zu more", names->text, names->n - NAMES_MAX);
}

/*
 * "1.43x (99 % interval 1.41 to 1.45) as fast as lstat"; of few rounds "1.43x (1.2 to 1.6 in 3
 * rounds, no 99 % interval) as fast as lstat".
 */
static const char *speedup_words(struct summary *s, const struct fastest *fastest,
				 const struct cell_result *baseline)
{
	const struct estimate *e = &fastest->speedup;
	const char *name = format_cell_in_group(s->arena, s->result, baseline);
	if (e->seen)
		return arena_print(
			s->arena, "%.2fx (%.2f to %.2f in %s, no %d %% interval) as fast as %s",
			e->median, e->lo, e->hi, format_counted(s->arena, e->n, "round"), 99, name);
	return arena_print(s->arena, "%.2fx (%d %% interval %.2f to %.2f) as fast as %s", e->median,
			   format_confidence(e->confidence), e->lo, e->hi, name);
}

static bool is_walk(const struct cell_result *cell)
{
	return cell->stage == STAGE_WALK;
}

/* "; on this tree it saves 4.2 ms (4.1 to 4.3) of 14.0 ms per pass" */
static const char *saving_words(struct summary *s, const struct fastest *fastest,
				const struct cell_result *baseline)
{
	const struct estimate *e = &fastest->speedup;
	if (!baseline->ns_per_entry.known)
		return "";
	double pass = baseline->ns_per_entry.median * (double)baseline->entries;
	return arena_print(s->arena, "; on this tree it saves %s (%s to %s) of %s per %s",
			   format_duration(s->arena, pass * (1 - 1 / e->median)),
			   format_duration(s->arena, pass * (1 - 1 / e->lo)),
			   format_duration(s->arena, pass * (1 - 1 / e->hi)),
			   format_duration(s->arena, pass), is_walk(baseline) ? "walk" : "pass");
}

/* Why a cell is ranked or not. */
enum rank { RANKED, OTHER_WAY, ANSWERS_LESS };

static enum rank rank_of(const struct cell_result *cell)
{
	return cell->is_rival ? RANKED : result_other_way(cell) ? OTHER_WAY : ANSWERS_LESS;
}

/*
 * Whether the table has a cell, of those that the sentence is about, whose whole interval is below
 * 1.
 */
static bool shows_faster(const struct summary *s, const struct cell_result *baseline,
			 bool same_jobs, enum rank rank)
{
	for (size_t i = 0; i < s->result->n_cells; i++) {
		const struct cell_result *cell = &s->result->cells[i];
		if (cell->is_floor || cell->is_baseline || rank_of(cell) != rank ||
		    result_baseline_of(s->result, cell) != baseline ||
		    (same_jobs && (cell->jobs != baseline->jobs || cell->finds_threads)))
			continue;
		if (cell->status == STATUS_OK && cell->ratio.known && cell->ratio.hi < 1)
			return true;
	}
	return false;
}

/*
 * The sentence that no strategy is faster. It must not contradict a row of the table with a ratio
 * below 1.
 */
static const char *none_faster_words(struct summary *s, const struct cell_result *baseline,
				     bool same_jobs)
{
	const char *n = same_jobs ? "n" : "N"; /* of "no": inside a sentence, or its first word */
	const char *name = format_cell_in_group(s->arena, s->result, baseline);
	if (shows_faster(s, baseline, same_jobs, RANKED))
		return arena_print(
			s->arena,
			"%so strategy is confirmed as faster than %s: a ratio in the table is "
			"below 1 "
			"over all rounds, but not over the half of the rounds that is kept for "
			"scoring",
			n, name);
	if (shows_faster(s, baseline, same_jobs, OTHER_WAY))
		return arena_print(s->arena,
				   "%so strategy that is ranked was measurably faster than %s", n,
				   name);
	if (shows_faster(s, baseline, same_jobs, ANSWERS_LESS))
		return arena_print(s->arena,
				   "%so strategy that returns at least what %s returns was "
				   "measurably faster",
				   n, name);
	return arena_print(s->arena, "%so strategy was measurably faster than %s", n, name);
}

/* Whether its passes kept more than one CPU busy, on average. */
static bool is_busy(const struct cell_result *cell)
{
	uint64_t wall_ns = 0, cpu_ns = 0;
	for (size_t i = 0; i < cell->n_passes; i++) {
		wall_ns += cell->passes[i].wall_ns;
		cpu_ns += cell->passes[i].user_ns + cell->passes[i].sys_ns;
	}
	return !cpu_ns || cpu_ns > wall_ns; /* 0: not known */
}

/* ", by using 2 CPUs": a gain that comes from more CPUs, not from a better method. */
static const char *cpus_words(struct summary *s, const struct cell_result *cell,
			      const struct cell_result *baseline)
{
	/* Jobs that wait at the same time, for a disk or a server, gain without using CPUs. */
	if (!is_busy(cell))
		return "";
	const struct result *r = s->result;
	const uint32_t allowed = r->has_guest ? r->guest.n_cpus : r->host.n_allowed;
	const uint32_t cpus = cell->finds_threads ? allowed : MIN(cell->jobs, allowed);
	if (cpus <= baseline->jobs)
		return "";
	return arena_print(s->arena, ", by using %s", COUNTED(cpus, "CPU"));
}

/* "With as many jobs as lstat, " */
static const char *same_jobs_words(struct summary *s, const struct fastest *fastest,
				   const struct cell_result *baseline)
{
	if (!fastest->same_jobs)
		return "";
	return arena_print(s->arena, "With as many jobs as %s, ",
			   format_cell_in_group(s->arena, s->result, baseline));
}

static const char *winner_words(struct summary *s, const struct fastest *fastest,
				const struct cell_result *cell, const struct cell_result *baseline)
{
	const struct estimate *e = &fastest->speedup;
	const char *name = format_cell_in_group(s->arena, s->result, cell);
	if (cell == baseline)
		return arena_print(s->arena, "%s.",
				   none_faster_words(s, baseline, fastest->same_jobs));
	if (!estimate_has_median(e))
		return arena_print(s->arena, "%s looks fastest; by how much is not known: %s.",
				   name, format_text(s->arena, e->reason));
	if (e->seen)
		return arena_print(s->arena, "%s looks fastest: %s%s.", name,
				   speedup_words(s, fastest, baseline),
				   cpus_words(s, cell, baseline));
	if (e->lo <= 1)
		return arena_print(s->arena, "%s; the best, %s, is %s.",
				   none_faster_words(s, baseline, fastest->same_jobs), name,
				   speedup_words(s, fastest, baseline));
	return arena_print(s->arena, "%s is %s%s%s.", name, speedup_words(s, fastest, baseline),
			   cpus_words(s, cell, baseline), saving_words(s, fastest, baseline));
}

/* "flat,100: with as many jobs ..": after the group the sentence goes on, names as they are. */
static const char *behind_group(struct summary *s, const char *group, const char *sentence)
{
	static const char *const firsts[] = {"With ", "Which ", "No "};
	const char *text = arena_print(s->arena, "%s: %s", group, sentence);
	char *whole = *group && text ? arena_copy(s->arena, text) : NULL;
	if (!whole)
		return *group ? NULL : sentence;
	char *first = whole + strlen(group) + 2;
	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		if (strncmp(first, firsts[i], strlen(firsts[i])) == 0) {
			*first = (char)(*first | 0x20);
			break;
		}
	}
	return whole;
}

static const char *fastest_words(struct summary *s, const struct fastest *fastest)
{
	const struct cell_result *cell = result_cell(s->result, fastest->cell);
	const struct cell_result *baseline = result_cell(s->result, fastest->baseline);
	const bool one_tree = labels_one_tree(s->result);
	const char *group =
		one_tree || !baseline ? "" : format_group(s->arena, s->result, baseline);
	/* With several groups, the rows of one that was not measured have the reason. */
	if (*group && baseline->status == STATUS_SKIPPED)
		return NULL;
	if (!cell || !baseline)
		return behind_group(s, group,
				    arena_print(s->arena,
						"Which strategy is fastest is not known: %s.",
						format_text(s->arena, fastest->reason)));
	return behind_group(s, group,
			    arena_print(s->arena, "%s%s", same_jobs_words(s, fastest, baseline),
					winner_words(s, fastest, cell, baseline)));
}

static void say_fastest(struct summary *s)
{
	const struct fastest none = {0};
	const char *last = "";
	for (size_t i = 0; i < MAX(s->result->n_fastest, 1); i++) {
		const char *text =
			fastest_words(s, s->result->n_fastest ? &s->result->fastest[i] : &none);
		if (text && strcmp(text, last))
			say(s, "fastest", false, text);
		last = text ? text : last;
	}
}

/* How a cell worked and why, "mostly a walk by system calls: the tree is so small that ..". */
struct other_way {
	const char *words; /* NULL: in its own way, or it is in a sentence */
	const char *group; /* "" with one group */
};

static struct other_way other_way_of(struct summary *s, const struct cell_result *cell)
{
	const struct extra_fact *fact = result_other_way(cell);
	struct other_way way = {NULL, ""};
	if (!fact || cell->status != STATUS_OK)
		return way;
	way.words = format_other_way(s->arena, fact);
	if (fact->reason)
		way.words = arena_print(s->arena, "%s: %s", way.words,
					format_text(s->arena, fact->reason));
	if (!labels_one_tree(s->result))
		way.group = format_group(s->arena, s->result, cell);
	return way;
}

/* One sentence for the i-th cell and all later ones of its group that have the same words. */
static void say_other_way(struct summary *s, struct other_way *ways, size_t i)
{
	struct names names = {0};
	const struct other_way first = ways[i];
	for (size_t k = i; k < s->result->n_cells; k++) {
		if (!ways[k].words || strcmp(ways[k].words, first.words) ||
		    strcmp(ways[k].group, first.group))
			continue;
		ways[k].words = NULL;
		const struct cell_result *cell = &s->result->cells[k];
		add_name(s, &names, format_cell_in_group(s->arena, s->result, cell));
	}
	say(s, "other-way", false,
	    behind_group(s, first.group,
			 arena_print(s->arena, "%s %s %s.", or_unknown(end_names(s, &names)),
				     names.n == 1 ? "was" : "were each", first.words)));
}

static void say_other_ways(struct summary *s)
{
	const size_t n = s->result->n_cells;
	struct other_way *ways = arena_alloc(s->arena, n * sizeof(*ways));
	for (size_t i = 0; ways && i < n; i++)
		ways[i] = other_way_of(s, &s->result->cells[i]);
	for (size_t i = 0; ways && i < n; i++) {
		if (ways[i].words)
			say_other_way(s, ways, i);
	}
}

/* "2 jobs pay from about 700 entries on ext4, warm"; of several shapes each with its name. */
static void say_pays(struct summary *s)
{
	struct groups groups;
	struct sizes *sizes;
	double from;
	if (!groups_make(s->arena, s->result, &groups))
		return;
	const size_t n = sizes_make(s->arena, s->result, &groups, &sizes);
	bool one_shape = true;
	for (size_t i = 1; i < s->result->n_trees; i++)
		one_shape &= same_text(s->result->trees[i].name, s->result->trees[0].name);
	for (size_t i = 0; i < n; i++) {
		const char *text = sizes_pay(s->arena, s->result, &groups, &sizes[i], &from);
		if (text)
			say(s, "pays-from", false,
			    arena_print(s->arena, "%s%s%s.", one_shape ? "" : sizes[i].shape,
					one_shape ? "" : ": ", text));
	}
}

/* "walk-lstat found 20,000 entries in 31.4 ms, fts in 25.1 ms and 2 more" */
static void say_walks(struct summary *s)
{
	const struct cell_result *first = NULL;
	const char *text = NULL;
	size_t n = 0;
	for (size_t i = 0; i < s->result->n_cells; i++) {
		const struct cell_result *cell = &s->result->cells[i];
		if (!is_walk(cell) || cell->is_floor || !estimate_has_median(&cell->ns_per_entry) ||
		    n++ >= WALKS_MAX)
			continue;
		double walk = cell->ns_per_entry.median * (double)cell->entries;
		const char *found = "";
		if (!first || cell->entries != first->entries)
			found = arena_print(s->arena, " found %s",
					    format_counted(s->arena, cell->entries, "entry"));
		first = first ? first : cell;
		text = arena_print(s->arena, "%s%s%s%s in %s", text ? text : "", text ? ", " : "",
				   format_cell(s->arena, s->result, cell), found ? found : "",
				   format_duration(s->arena, walk));
	}
	if (text && n > WALKS_MAX)
		text = arena_print(s->arena, "%s and %zu more", text, n - WALKS_MAX);
	if (text)
		say(s, "walks", false, arena_print(s->arena, "%s.", text));
}

/*
 * Median number of requests to the server over the passes that count; COUNT_UNKNOWN: not counted.
 */
static uint64_t usual_requests(const struct summary *s, const struct cell_result *cell)
{
	uint64_t *counts = arena_alloc(s->arena, cell->n_passes * sizeof(*counts));
	size_t n = 0;
	for (size_t i = 0; counts && i < cell->n_passes; i++) {
		if (cell->passes[i].clean && cell->passes[i].requests != COUNT_UNKNOWN)
			counts[n++] = cell->passes[i].requests;
	}
	return n ? stats_median_u64(counts, n) : COUNT_UNKNOWN;
}

/* The evidence of cold cells, where it is requests: "Requests (..) per pass: walk-lstat 23,
 * fts 23." */
static void say_requests(struct summary *s)
{
	const char *text = NULL;
	size_t n = 0;
	for (size_t i = 0; i < s->result->n_cells; i++) {
		const struct cell_result *cell = &s->result->cells[i];
		const uint64_t requests = cell->evidence ? usual_requests(s, cell) : COUNT_UNKNOWN;
		if (cell->is_floor || requests == COUNT_UNKNOWN || n++ >= REQUESTS_MAX)
			continue;
		text = arena_print(s->arena, "%s%s%s %" PRIu64, text ? text : "", text ? ", " : "",
				   format_cell(s->arena, s->result, cell), requests);
	}
	if (text && n > REQUESTS_MAX)
		text = arena_print(s->arena, "%s and %zu more", text, n - REQUESTS_MAX);
	if (text)
		say(s, "requests", false,
		    arena_print(s->arena,
				"Requests to the server that the client counted per "
				"pass (NFS: names and listings alone; medians): %s.",
				text));
}

/* How a guest kernel distorts the figures. */
static void say_guest(struct summary *s)
{
	if (s->result->has_guest && s->result->guest.says)
		say(s, "guest", true, format_text(s->arena, s->result->guest.says));
}

/* CPU time per entry over all passes: of the cell's own threads, and of those of io_uring. */
struct cpu {
	double own_ns, kernel_ns;
	uint32_t kernel_threads; /* the most in a pass */
	bool known;              /* what those of io_uring took */
};

static struct cpu cpu_of(const struct cell_result *cell)
{
	const double asked = (double)cell->n_passes * (double)cell->entries;
	struct cpu cpu = {.known = true};
	for (size_t i = 0; i < cell->n_passes && asked > 0; i++) {
		const struct pass *pass = &cell->passes[i];
		cpu.known &= pass->io_worker_ns != COUNT_UNKNOWN;
		cpu.own_ns += (double)(pass->user_ns + pass->sys_ns) / asked;
		cpu.kernel_ns += (double)pass->io_worker_ns / asked;
		cpu.kernel_threads = MAX(cpu.kernel_threads, pass->io_workers);
	}
	return cpu;
}

/* Why io_uring is slower, with the figures of the first cell that is. */
static void say_kernel_threads(struct summary *s)
{
	for (size_t i = 0; i < s->result->n_cells; i++) {
		const struct cell_result *cell = &s->result->cells[i];
		const struct cell_result *baseline = result_baseline_of(s->result, cell);
		if (!baseline || !cell->ratio.known || cell->ratio.lo <= 1)
			continue;
		const struct cpu mine = cpu_of(cell), theirs = cpu_of(baseline);
		if (!mine.known || !mine.kernel_threads || theirs.kernel_threads)
			continue;
		const char *name = format_cell(s->arena, s->result, baseline);
		say(s, "kernel-threads", false,
		    arena_print(s->arena,
				"%s takes longer than %s because io_uring hands each of its calls "
				"to a thread of the kernel: %s used %s of CPU per entry and its "
				"own %s %s, where %s used %s.",
				format_cell(s->arena, s->result, cell), name,
				COUNTED(mine.kernel_threads, "such thread"),
				format_duration(s->arena, mine.kernel_ns),
				cell->jobs == 1 ? "thread" : "threads",
				format_duration(s->arena, mine.own_ns), name,
				format_duration(s->arena, theirs.own_ns)));
		return;
	}
}

static bool has_check(const struct summary *s, const struct cell_result *cell, const char *code)
{
	for (size_t i = 0; i < s->result->n_checks; i++) {
		const struct check *check = &s->result->checks[i];
		if (check->cell && strcmp(check->cell, cell->id) == 0 &&
		    strcmp(check->code, code) == 0)
			return true;
	}
	return false;
}

/* Names of the cells that have a check, "a, b and 3 more"; NULL when there are none. */
static const char *names_of(struct summary *s, const char *code)
{
	struct names names = {0};
	for (size_t i = 0; i < s->result->n_cells; i++) {
		const struct cell_result *cell = &s->result->cells[i];
		if (has_check(s, cell, code))
			add_name(s, &names, format_cell(s->arena, s->result, cell));
	}
	return end_names(s, &names);
}

static void warn_cells(struct summary *s, const char *code, const char *words)
{
	const char *names = names_of(s, code);
	if (names)
		say(s, code, true, arena_print(s->arena, "%s: %s.", words, names));
}

/* A check of the whole run has a sentence of its own. */
static void warn_run(struct summary *s)
{
	for (size_t i = 0; i < s->result->n_checks; i++) {
		const struct check *check = &s->result->checks[i];
		if (!check->cell)
			say(s, check->code, true,
			    arena_print(s->arena, "%s.", format_text(s->arena, check->text)));
	}
}

static void warn_floor_share(struct summary *s)
{
	const char *names = names_of(s, "floor-share");
	double least = 1, most = 0;
	for (size_t i = 0; names && i < s->result->n_cells; i++) {
		const struct cell_result *cell = &s->result->cells[i];
		const struct cell_result *floor = result_floor_of(s->result, cell);
		if (!floor || !has_check(s, cell, "floor-share"))
			continue;
		double share = floor->ns_per_entry.median / cell->ns_per_entry.median;
		least = fmin(least, share);
		most = fmax(most, share);
	}
	if (!names)
		return;
	const char *share = arena_print(s->arena, "%.0f to %.0f %%", least * 100, most * 100);
	if (most - least < 0.01)
		share = arena_print(s->arena, "%.0f %%", most * 100);
	say(s, "floor-share", true,
	    arena_print(s->arena,
			"the harness accounts for %s of the time of %s; the strategies differ by "
			"more than these ratios show.",
			share, names));
}

static void warn_interrupted(struct summary *s)
{
	const struct run_facts *run = &s->result->run;
	if (s->result->complete)
		return;
	say(s, "incomplete", true,
	    arena_print(s->arena, "the run is incomplete: %s of %s.", GROUPED(run->rounds_done),
			COUNTED(run->rounds_wanted, "round")));
}

/* One tree on several filesystems is measured in the same part on all of them. */
static bool is_told(const struct result *result, size_t i)
{
	const struct tree_facts *tree = &result->trees[i];
	for (size_t k = 0; k < i; k++) {
		const struct tree_facts *other = &result->trees[k];
		if (same_text(tree->name, other->name) && same_text(tree->digest, other->digest))
			return true;
	}
	return false;
}

/* Warnings about what was measured come before other warnings. */
static void warn_sample(struct summary *s)
{
	for (size_t i = 0; i < s->result->n_trees; i++) {
		const struct tree_facts *tree = &s->result->trees[i];
		if (tree->sample.of_entries && !is_told(s->result, i))
			say(s, "sample", true,
			    arena_print(
				    s->arena,
				    "there was no time for the whole tree (%s); raise --max-time.",
				    format_tree(s->arena, tree)));
	}
}

static void warn_unreadable(struct summary *s)
{
	for (size_t i = 0; i < s->result->n_trees; i++) {
		const struct tree_facts *tree = &s->result->trees[i];
		if (tree->unreadable)
			say(s, "unreadable", true,
			    arena_print(s->arena, "%s could not be read; the first: %s.",
					COUNTED(tree->unreadable, "directory"),
					format_text(s->arena, tree->first_unreadable)));
	}
}

size_t summary_make(const struct result *result, struct arena *arena,
		    struct sentence sentences[SENTENCES_MAX])
{
	struct summary s = {.result = result, .arena = arena, .sentences = sentences};
	say_walks(&s);
	say_requests(&s);
	say_fastest(&s);
	say_other_ways(&s);
	say_pays(&s);
	say_kernel_threads(&s);
	say_guest(&s);
	say_left_out(&s);
	warn_interrupted(&s);
	warn_sample(&s);
	warn_run(&s);
	warn_cells(&s, "wrong", "a cell failed, see its reason");
	warn_cells(&s, "few-rounds",
		   "too few rounds for an interval; raise --rounds and --max-time");
	warn_cells(&s, "disturbed",
		   "too few passes were undisturbed, so disturbed passes are included; stop other "
		   "work or raise --rounds and --max-time");
	warn_cells(&s, "not-steady",
		   "warm-up did not settle within 10 %; stop other work and run again");
	warn_floor_share(&s);
	warn_unreadable(&s);
	return s.n;
}
