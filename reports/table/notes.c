#include "reports/table/notes.h"

#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

struct notes {
	const struct result *result;
	const struct cell_result *cell;
	struct arena *arena;
	const char **texts;
	size_t n;
};

static void add_note(struct notes *n, const char *note)
{
	if (note && n->n < NOTES_MAX)
		n->texts[n->n++] = note;
}

/* Paths may be longer than PATH_MAX; the document has them whole. */
enum { PATH_SHOWN_MAX = 200 };

static void note_errors(struct notes *n)
{
	const struct cell_result *cell = n->cell;
	for (size_t i = 0; i < cell->n_error_counts; i++) {
		const struct error_count *e = &cell->error_counts[i];
		add_note(n, arena_print(n->arena, "%s failed with %s; the first: %s",
					format_counted(n->arena, e->count, "entry"),
					format_text(n->arena, e->name),
					text_shorten(n->arena, format_text(n->arena, e->path),
						     PATH_SHOWN_MAX)));
	}
}

/* Of a walk. */
static void note_found(struct notes *n)
{
	const struct cell_result *cell = n->cell;
	const struct tree_facts *tree = result_tree(n->result, cell->tree);
	if (tree && cell->entries != tree->entries)
		add_note(n, arena_print(n->arena, "found %s of %s", GROUPED(cell->entries),
					COUNTED(tree->entries, "entry")));
	for (size_t i = 0; i < cell->n_failure_counts; i++) {
		const struct error_count *e = &cell->failure_counts[i];
		add_note(n, arena_print(n->arena, "%s could not be read (%s); the first: %s",
					format_counted(n->arena, e->count, "directory"),
					format_text(n->arena, e->name),
					text_shorten(n->arena, format_text(n->arena, e->path),
						     PATH_SHOWN_MAX)));
	}
}

/* ", under half in 3 of 9 passes", unless the passes are alike; then ": " and the reason. */
static const char *passes_words(struct notes *n, const struct extra_fact *x)
{
	const char *passes = "";
	if (x->other_way && x->passes_short && x->passes_short < x->passes)
		passes = arena_print(n->arena, ", under half in %s of %s",
				     format_count(n->arena, x->passes_short),
				     COUNTED(x->passes, "pass"));
	if (!x->reason || !passes)
		return passes;
	return arena_print(n->arena, "%s: %s", passes, format_text(n->arena, x->reason));
}

static void note_extras(struct notes *n)
{
	for (size_t i = 0; i < n->cell->n_extras; i++) {
		const struct extra_fact *x = &n->cell->extras[i];
		double share = x->whole ? 100 * (double)x->part / (double)x->whole : 0;
		add_note(n, arena_print(n->arena, "%s %.1f %% (%s of %s %s)%s",
					format_text(n->arena, x->name), share,
					format_count(n->arena, x->part),
					format_count(n->arena, x->whole),
					format_text(n->arena, x->unit),
					or_unknown(passes_words(n, x))));
	}
}

static void note_decisions(struct notes *n)
{
	const struct cell_result *cell = n->cell;
	uint32_t peak = 1;
	if (cell->n_decisions == 0)
		return;
	for (size_t i = 0; i < cell->n_decisions; i++)
		peak = MAX(peak, cell->decisions[i].threads);
	const uint32_t last = cell->decisions[cell->n_decisions - 1].threads;
	add_note(n,
		 arena_print(n->arena, "%s at the end, %s at most, by %s", COUNTED(last, "thread"),
			     format_count(n->arena, peak), COUNTED(cell->n_decisions, "decision")));
}

/* With the disturbed passes the ratio would differ. */
static void note_disturbed(struct notes *n)
{
	const struct estimate *e = &n->cell->ratio, *all = &n->cell->ratio_all;
	if (!e->known || !all->known || (all->median >= e->lo && all->median <= e->hi))
		return;
	add_note(n, arena_print(n->arena, "with the disturbed passes: %.3f (%.3f to %.3f)",
				all->median, all->lo, all->hi));
}

/*
 * "no 99 % interval: needs 9 usable rounds, has 3", which is every row's, apart from what is this
 * one's: "780.1 to 850.2 ns, ratio 0.601 to 0.752".
 */
static void note_seen(struct notes *n)
{
	const struct estimate *e = &n->cell->ns_per_entry, *ratio = &n->cell->ratio;
	const char *of_ratio = "";
	if (!e->seen)
		return;
	if (ratio->seen)
		of_ratio = arena_print(n->arena, ", ratio %s to %s",
				       format_fixed(n->arena, ratio->lo, 3),
				       format_fixed(n->arena, ratio->hi, 3));
	add_note(n, format_text(n->arena, e->reason));
	add_note(n, arena_print(n->arena, "%s to %s ns%s", format_fixed(n->arena, e->lo, 1),
				format_fixed(n->arena, e->hi, 1), of_ratio ? of_ratio : ""));
}

static bool has_word(const char *answers, const char *word)
{
	return answers && strstr(answers, word);
}

/* Only cells that answer the baseline's question are ranked: why this one is not. */
static const char *why_unranked(const struct notes *n, const struct cell_result *baseline)
{
	const char *mine = n->cell->answers, *theirs = baseline->answers;
	const struct extra_fact *fact = result_other_way(n->cell);
	if (fact)
		return arena_print(n->arena, "it was %s", format_other_way(n->arena, fact));
	if (has_word(mine, "absence"))
		return "looks up names that do not exist";
	if (has_word(theirs, "absence"))
		return "looks up names that exist";
	if (has_word(mine, "symlinks") != has_word(theirs, "symlinks"))
		return has_word(mine, "symlinks") ? "follows symlinks" : "does not follow symlinks";
	return arena_print(n->arena, "returns less than %s (%s)", label_plain(n->arena, baseline),
			   format_text(n->arena, mine));
}

static void note_answers(struct notes *n)
{
	const struct cell_result *baseline = result_baseline_of(n->result, n->cell);
	if (n->cell->command || n->cell->is_floor || n->cell->is_rival || !n->cell->answers)
		return;
	add_note(n, arena_print(n->arena, "not ranked: %s",
				baseline ? why_unranked(n, baseline) : "there is no baseline"));
}

/* The command of an outside program, and whether its output is verified. */
static void note_program(struct notes *n)
{
	const struct cell_result *cell = n->cell;
	if (!cell->command)
		return;
	if (!cell->label || !strstr(cell->label, cell->command))
		add_note(n,
			 arena_print(n->arena, "runs: %s", format_text(n->arena, cell->command)));
	if (cell->is_output_verified)
		add_note(n, "its output is verified: as many lines as entries");
	else
		add_note(n, "not ranked: its output is not verified (exec[lines=verify]: counts "
			    "its lines)");
}

static void note_ratio(struct notes *n)
{
	if (!n->cell->is_baseline && !estimate_has_median(&n->cell->ratio))
		add_note(n, arena_print(n->arena, "no ratio: %s",
					format_text(n->arena, n->cell->ratio.reason)));
}

size_t notes_make(const struct result *result, const struct cell_result *cell, struct arena *arena,
		  const char *texts[NOTES_MAX])
{
	struct notes n = {result, cell, arena, texts, 0};
	note_ratio(&n);
	note_seen(&n);
	note_answers(&n);
	note_program(&n);
	note_found(&n);
	note_disturbed(&n);
	note_errors(&n);
	note_extras(&n);
	note_decisions(&n);
	return n.n;
}
