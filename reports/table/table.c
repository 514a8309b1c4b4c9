#include "reports/table/table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/arena.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/result.h"
#include "reports/table/notes.h"
#include "reports/table/row_order.h"
#include "reports/table/summary.h"
#include "reports/words/bars.h"
#include "reports/words/color.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum column { CELL, CACHE, JOBS, COST, RATE, RATIO, SCALING, CALLS, MARKS, BAR, COLUMNS };
enum { GAP = 2, NOTE_INDENT = 4, FACT_INDENT = 9, NAME_LEAST = 8, NAME_FAIR = 12, BAR_MOST = 40 };

/* A median and the width of its interval, separate, so that a column can align both. */
struct median_text {
	const char *median, *spread; /* NULL: no figure */
};

struct row {
	const struct cell_result *cell;
	const char *columns[COLUMNS];
	const char *ratio_color;
	double share;                 /* of the time of the group's slowest; 0: no figure */
	const char *rest;             /* below the row: what of the label does not fit */
	const char *notes[NOTES_MAX]; /* further lines below the row */
	size_t n_notes;
};

struct table {
	FILE *to;
	const struct table_style *style;
	const struct result *result;
	struct arena *arena;
	struct row *rows;
	size_t n_rows;
	const char **footnotes; /* notes of several rows, in the order of their marks */
	size_t n_footnotes;
	size_t width;           /* columns of the terminal */
	size_t widths[COLUMNS]; /* 0: the column is left out */
	const char *heads[2][COLUMNS];
};

/* --- Printing ------------------------------------------------------------------------------ */

static void put(const struct table *t, const char *color, const char *text)
{
	color_put(t->to, t->style->color, color, text);
}

static const char *plus_minus(const struct table *t)
{
	return format_plus_minus(t->style->utf8);
}

static void put_spaces(const struct table *t, size_t n)
{
	fprintf(t->to, "%*s", (int)n, "");
}

static void put_wrapped(const struct table *t, const char *color, const char *text, size_t at,
			size_t indent)
{
	const char *end = color_begin(t->to, t->style->color, color);
	wrap_print(t->to, text, at, indent, t->width);
	fprintf(t->to, "%s\n", end);
}

static void put_column(const struct table *t, enum column column, const char *color,
		       const char *text)
{
	size_t pad = t->widths[column] - MIN(text_width(text), t->widths[column]);
	bool is_text = column < JOBS || column == BAR, is_last = column == BAR;
	/* No blanks end a line. */
	if (!t->widths[column] || (column == MARKS && !*text && !t->widths[BAR]))
		return;
	put_spaces(t, (column == CELL ? 0 : GAP) + (is_text ? 0 : pad));
	put(t, color, text);
	if (is_text && !is_last)
		put_spaces(t, pad);
}

/* The columns before `end` with the gaps between them. */
static size_t width_before(const struct table *t, enum column end)
{
	size_t width = 0;
	for (enum column i = CELL; i < end; i++)
		width += t->widths[i] ? (i == CELL ? 0 : GAP) + t->widths[i] : 0;
	return width;
}

/* name: of the group that begins below it, or "". */
static void put_rule(const struct table *t, const char *name)
{
	size_t width = width_before(t, COLUMNS), named = *name ? text_width(name) + GAP : 0;
	if (*name) {
		put(t, COLOR_BOLD, name);
		put_spaces(t, GAP);
	}
	width -= MIN(width, named);
	const char *end = color_begin(t->to, t->style->color, COLOR_DIM);
	while (width-- > 0)
		fputs(t->style->utf8 ? "\342\224\200" : "-", t->to);
	fprintf(t->to, "%s\n", end);
}

/* --- The block above: what was measured, where and how --------------------------------------- */

static void put_fact(const struct table *t, const char *name, const char *text)
{
	put(t, COLOR_BOLD, name);
	put_spaces(t, FACT_INDENT - strlen(name));
	put_wrapped(t, "", text, FACT_INDENT, FACT_INDENT);
}

/*
 * "flat: 1,000 entries ..; ext4 on /dev/loop1 (rw)"; a tree or filesystem that was not made is left
 * out.
 */
static const char *tree_words(const struct table *t, const struct tree_facts *tree, bool with_tree)
{
	const struct fs_facts *fs = result_fs(t->result, tree->fs);
	const char *what = with_tree ? format_tree(t->arena, tree) : "";
	const char *where = !fs ? "" : fs->mount_point ? format_fs(t->arena, fs) : "not made";
	const char *made = fs && fs->made ? format_text(t->arena, fs->made) : "";
	return arena_print(t->arena, "%s%s%s%s%s", what, *what && *where ? "; " : "", where,
			   *made ? "; " : "", made);
}

/* Of several trees a line each, after their labels; what they have in common comes first. */
static void put_trees(const struct table *t)
{
	const struct result *r = t->result;
	const struct tree_facts *only = result_only_tree(r);
	const bool one_shape = only;
	size_t longest = 0;
	if (only)
		put_fact(t, "tree", format_tree(t->arena, only));
	for (size_t i = 0; i < r->n_trees; i++)
		longest = MAX(longest, text_width(format_text(t->arena, r->trees[i].label)));
	for (size_t i = 0; i < r->n_trees; i++) {
		const char *label = format_text(t->arena, r->trees[i].label);
		const char *words = tree_words(t, &r->trees[i], !one_shape);
		put(t, COLOR_BOLD, i ? "" : one_shape ? "on" : "trees");
		put_spaces(t, FACT_INDENT - (i ? 0 : strlen(one_shape ? "on" : "trees")));
		fputs(label, t->to);
		put_spaces(t, longest - text_width(label) + GAP);
		put_wrapped(t, "", or_unknown(words), FACT_INDENT + longest + GAP,
			    FACT_INDENT + longest + GAP);
	}
}

static void put_tree(const struct table *t, const struct tree_facts *tree)
{
	const struct fs_facts *fs = result_fs(t->result, tree->fs);
	put_fact(t, "tree", format_tree(t->arena, tree));
	put_fact(t, "", format_text(t->arena, tree->root));
	if (fs)
		put_fact(t, "on", format_fs(t->arena, fs));
	if (fs && fs->made)
		put_fact(t, "", format_text(t->arena, fs->made));
}

static void put_facts(const struct table *t)
{
	const char *disturbed = format_disturbed(t->arena, t->result);
	const char *sittings = format_sittings(t->arena, t->result);
	if (t->result->n_trees > 1 && t->result->trees[0].label)
		put_trees(t);
	for (size_t i = 0; i < t->result->n_trees && !t->result->trees[0].label; i++)
		put_tree(t, &t->result->trees[i]);
	put_fact(t, "host", format_host(t->arena, t->result));
	if (t->result->has_guest)
		put_fact(t, "guest", format_guest(t->arena, &t->result->guest));
	put_fact(t, "state", format_state(t->arena, t->result));
	if (sittings)
		put_fact(t, "memory", sittings);
	put_fact(t, "rounds", format_rounds(t->arena, t->result));
	if (disturbed)
		put_fact(t, "", disturbed);
	fputc('\n', t->to);
}

/* --- Rows ------------------------------------------------------------------------------------ */

static const char *calls_per_entry(const struct table *t, const struct cell_result *cell)
{
	if (!cell->entries)
		return "";
	if (cell->syscalls_total == COUNT_UNKNOWN)
		return "-";
	return format_fixed(t->arena, (double)cell->syscalls_total / (double)cell->entries, 3);
}

/* "1.81x", in brackets where no interval excludes 1; "" of one job. */
static const char *scaling_words(const struct table *t, const struct cell_result *cell)
{
	const struct estimate *e = &cell->scaling;
	if (cell->jobs < 2 || !estimate_has_median(e))
		return "";
	const bool decided = e->known && (e->lo > 1 || e->hi < 1);
	return arena_print(t->arena, decided ? "%.2fx" : "(%.2fx)", e->median);
}

static void fill_row(const struct table *t, struct row *row, const struct cell_result *cell)
{
	*row = (struct row){.cell = cell, .ratio_color = ""};
	for (int i = 0; i < COLUMNS; i++)
		row->columns[i] = "";
	row->columns[CELL] = label_plain(t->arena, cell);
	if (labels_one_tree(t->result) && !labels_one_cache(t->result))
		row->columns[CACHE] = cache_state_name(cell->cache);
	row->columns[JOBS] = format_jobs(t->arena, cell);
	if (!estimate_has_median(&cell->ns_per_entry))
		return;
	row->columns[RATE] = format_si(t->arena, 1e9 / cell->ns_per_entry.median);
	row->columns[CALLS] = calls_per_entry(t, cell);
	row->columns[SCALING] = scaling_words(t, cell);
	if (cell->is_baseline)
		row->columns[RATIO] = "baseline";
	else if (cell->ratio.known)
		row->ratio_color = cell->ratio.hi < 1   ? COLOR_GREEN
				   : cell->ratio.lo > 1 ? COLOR_RED
							: "";
	row->n_notes = notes_make(t->result, cell, t->arena, row->notes);
}

/* --- Footnotes ------------------------------------------------------------------------------- */

static bool has_note(const struct row *row, const char *note)
{
	for (size_t i = 0; i < row->n_notes; i++) {
		if (strcmp(row->notes[i], note) == 0)
			return true;
	}
	return false;
}

/* The number of a note's mark, from 1 on; 0: it stays below its row, the only one that has it. */
static size_t mark_of(struct table *t, size_t row, const char *note)
{
	for (size_t i = 0; i < t->n_footnotes; i++) {
		if (strcmp(t->footnotes[i], note) == 0)
			return i + 1;
	}
	for (size_t i = row + 1; i < t->n_rows; i++) {
		if (has_note(&t->rows[i], note)) {
			t->footnotes[t->n_footnotes++] = note;
			return t->n_footnotes;
		}
	}
	return 0;
}

/* A note of several rows is printed once, below the table; its rows have a mark, "[1,2]". */
static int make_footnotes(struct table *t)
{
	size_t most = 1;
	for (size_t i = 0; i < t->n_rows; i++)
		most += t->rows[i].n_notes;
	t->footnotes = arena_alloc(t->arena, most * sizeof(*t->footnotes));
	if (!t->footnotes)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_rows; i++) {
		struct row *row = &t->rows[i];
		const char *marks = "";
		size_t n = 0;
		for (size_t k = 0; k < row->n_notes; k++) {
			const size_t mark = mark_of(t, i, row->notes[k]);
			if (!mark)
				row->notes[n++] = row->notes[k];
			else if (marks)
				marks = arena_print(t->arena, "%s%s%zu", marks, *marks ? "," : "",
						    mark);
		}
		row->n_notes = n;
		if (marks && *marks)
			marks = arena_print(t->arena, "[%s]", marks);
		row->columns[MARKS] = or_unknown(marks);
	}
	return 0;
}

static void put_footnotes(const struct table *t)
{
	for (size_t i = 0; i < t->n_footnotes; i++) {
		const char *text = arena_print(t->arena, "[%zu] %s", i + 1, t->footnotes[i]);
		put_wrapped(t, COLOR_DIM, text ? text : t->footnotes[i], 0, NOTE_INDENT);
	}
}

/* Cells with one baseline are together, in the order of the baselines. */
static const struct cell_result *group_of(const struct table *t, const struct row *row)
{
	return result_baseline_of(t->result, row->cell);
}

static int compare_rows(const void *a, const void *b, void *table)
{
	const struct row *x = a, *y = b;
	return row_order(((const struct table *)table)->result, x->cell, y->cell);
}

/* --- Bars ------------------------------------------------------------------------------------ */

/* Sets the shares of the rows that have a figure. Returns whether two or more can be compared. */
static bool set_shares(struct table *t)
{
	bool can_compare = false;
	for (size_t first = 0, end; first < t->n_rows; first = end) {
		const struct cell_result *group = group_of(t, &t->rows[first]);
		double slowest = 0;
		size_t n = 0;
		for (end = first; end < t->n_rows && group_of(t, &t->rows[end]) == group; end++) {
			const struct estimate *e = &t->rows[end].cell->ns_per_entry;
			t->rows[end].share = estimate_has_median(e) ? e->median : 0;
			slowest = fmax(slowest, t->rows[end].share);
			n += t->rows[end].share > 0;
		}
		for (size_t i = first; i < end && slowest > 0; i++)
			t->rows[i].share /= slowest;
		can_compare |= n > 1;
	}
	return can_compare;
}

/*
 * Width of the bars: what the other columns and the whole names leave, because a bar only repeats a
 * figure.
 */
static void set_bar_width(struct table *t)
{
	const size_t others = width_before(t, BAR);
	const size_t least = MAX(text_width(t->heads[0][BAR]), text_width(t->heads[1][BAR]));
	const size_t room = t->width > others + GAP ? t->width - others - GAP : 0;
	t->widths[BAR] = 0;
	if (t->style->bars && room >= least && set_shares(t))
		t->widths[BAR] = MIN(room, BAR_MOST);
}

static void put_bar(const struct table *t, const struct row *row)
{
	if (!t->widths[BAR] || row->share <= 0)
		return;
	put_spaces(t, GAP);
	const char *end = color_begin(t->to, t->style->color, row->ratio_color);
	bars_draw(t->to, row->share, t->widths[BAR], t->style->utf8);
	fputs(end, t->to);
}

/* --- Columns --------------------------------------------------------------------------------- */

static const struct estimate *estimate_of(const struct row *row, enum column column)
{
	const struct cell_result *cell = row->cell;
	const struct estimate *e = column == COST ? &cell->ns_per_entry : &cell->ratio;
	bool shown = estimate_has_median(&cell->ns_per_entry) && estimate_has_median(e) &&
		     (column == COST || !cell->is_baseline);
	return shown ? e : NULL;
}

/* Tenths of a nanosecond, unless every interval is too wide for them. */
static int cost_decimals(const struct table *t)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct estimate *e = estimate_of(&t->rows[i], COST);
		if (e && (e->known ? format_spread(e) < 10 : e->median < 1000))
			return 1;
	}
	return 0;
}

/*
 * "812.4 ±8.1": medians and spreads are aligned each, all with as many decimals as the smallest
 * spread needs, `least` or more.
 */
static void fill_estimates(struct table *t, enum column column, int least)
{
	struct median_text *pairs = arena_alloc(t->arena, (t->n_rows + 1) * sizeof(*pairs));
	size_t medians = 0, spreads = 0;
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct estimate *e = estimate_of(&t->rows[i], column);
		least = e && e->known ? MAX(least, format_decimals(e)) : least;
	}
	for (size_t i = 0; pairs && i < t->n_rows; i++) {
		const struct estimate *e = estimate_of(&t->rows[i], column);
		if (!e)
			continue;
		pairs[i].median = format_fixed(t->arena, e->median, least);
		pairs[i].spread = e->known ? format_fixed(t->arena, format_spread(e), least) : "";
		medians = MAX(medians, strlen(pairs[i].median));
		spreads = MAX(spreads, strlen(pairs[i].spread));
	}
	for (size_t i = 0; pairs && i < t->n_rows; i++) {
		if (!pairs[i].median)
			continue;
		const bool has_spread = *pairs[i].spread;
		const char *sign = has_spread ? plus_minus(t) : "";
		const int gap = has_spread || !spreads ? 0 : (int)text_width(plus_minus(t));
		const char *text =
			arena_print(t->arena, "%*s%s%s%*s", (int)medians, pairs[i].median,
				    spreads ? " " : "", sign, (int)spreads + gap, pairs[i].spread);
		t->rows[i].columns[column] = or_unknown(text);
	}
}

/* Shortened separately, because the baseline's row has it whole. */
static const char *baseline_name(const struct table *t)
{
	const struct cell_result *baseline = result_baseline(t->result);
	const char *name = baseline ? label_plain(t->arena, baseline) : "baseline";
	return text_shorten(t->arena, name, 16);
}

static bool has_column(const struct table *t, enum column column)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		if (*t->rows[i].columns[column])
			return true;
	}
	return false;
}

static void set_heads(struct table *t)
{
	const char *spread = arena_print(t->arena, "ns, %s%d %%", plus_minus(t),
					 format_common_confidence(t->result));
	const char *const heads[2][COLUMNS] = {
		{"", "", "", "time/entry", "", "time against", "", "syscalls", "", "share of"},
		{"cell", labels_one_cache(t->result) || !labels_one_tree(t->result) ? "" : "cache",
		 "jobs", spread, "entries/s", baseline_name(t), "", "/entry", "", "slowest"},
	};
	const bool scales = has_column(t, SCALING);
	for (int line = 0; line < 2; line++) {
		for (int i = 0; i < COLUMNS; i++)
			t->heads[line][i] = heads[line][i] ? heads[line][i] : "?";
	}
	t->heads[0][SCALING] = scales ? "against" : "";
	t->heads[1][SCALING] = scales ? "1 job" : "";
}

/* "[mask=size]" below the row, where the row has the label's head whole; else the whole label. */
static const char *rest_of(const char *label, const char *head)
{
	size_t len = strlen(head);
	return strncmp(label, head, len) == 0 && label[len] == '[' ? label + len : label;
}

/*
 * A label that does not fit keeps its strategy in the row and its parameters below; where that
 * is another row's label, the values of its parameters, too. One that cannot be cut is printed
 * above its row, see put_row.
 */
static int fit_labels(struct table *t, size_t room)
{
	const char **names = arena_alloc(t->arena, (t->n_rows + 1) * sizeof(*names));
	for (size_t i = 0; names && i < t->n_rows; i++)
		names[i] = t->rows[i].columns[CELL];
	if (!names)
		return -ENOMEM;
	labels_drop_params(t->arena, names, t->n_rows, room);
	labels_keep_values(t->arena, names, t->n_rows, room);
	labels_fit(t->arena, names, t->n_rows, room);
	t->widths[CELL] = text_width(t->heads[1][CELL]);
	for (size_t i = 0; i < t->n_rows; i++) {
		const char *label = t->rows[i].columns[CELL];
		const size_t width = text_width(names[i]);
		t->rows[i].rest = strcmp(label, names[i]) ? rest_of(label, names[i]) : NULL;
		t->rows[i].columns[CELL] = names[i];
		t->widths[CELL] = MAX(t->widths[CELL], width <= room ? width : 0);
	}
	return 0;
}

/* Without this column, how wide the others but the first are. */
static size_t leave_out(struct table *t, enum column column, size_t others)
{
	others -= t->widths[column] ? GAP + t->widths[column] : 0;
	t->widths[column] = 0;
	return others;
}

/*
 * On a narrow terminal columns are left out. The rate goes first, because it is the inverse of the
 * time: as soon as the labels fit without it.
 */
static int set_widths(struct table *t)
{
	static const enum column spared[] = {RATE, SCALING, CALLS};
	for (int i = 0; i < COLUMNS; i++) {
		size_t width = MAX(text_width(t->heads[0][i]), text_width(t->heads[1][i]));
		for (size_t r = 0; r < t->n_rows; r++)
			width = MAX(width, text_width(t->rows[r].columns[i]));
		t->widths[i] = width;
	}
	set_bar_width(t);
	const size_t whole = t->widths[CELL], least = MIN(whole, NAME_FAIR);
	size_t others = width_before(t, COLUMNS) - whole;
	if (others + whole > t->width && others + whole <= t->width + GAP + t->widths[RATE])
		others = leave_out(t, RATE, others);
	for (size_t i = 0; i < ARRAY_LEN(spared) && others + least > t->width; i++)
		others = leave_out(t, spared[i], others);
	size_t room = t->width > others + NAME_LEAST ? t->width - others : NAME_LEAST;
	return fit_labels(t, room);
}

/* --- The table itself ------------------------------------------------------------------------ */

/* If all rows have one tree, a column shows the other facts. */
static const char *group_name(const struct table *t, const struct row *row)
{
	return labels_one_tree(t->result) ? "" : format_group(t->arena, t->result, row->cell);
}

static void put_heads(const struct table *t)
{
	for (int line = 0; line < 2; line++) {
		for (enum column i = CELL; i < COLUMNS; i++)
			put_column(t, i, COLOR_BOLD, t->heads[line][i]);
		fputc('\n', t->to);
	}
	put_rule(t, t->n_rows ? group_name(t, t->rows) : "");
}

/* Instead of figures: why there are none. */
static void put_reason(const struct table *t, const struct cell_result *cell)
{
	bool ran = cell->status == STATUS_OK;
	const char *words = ran ? "no figure" : status_name(cell->status);
	const char *why = format_text(t->arena, ran ? cell->ns_per_entry.reason : cell->reason);
	const char *text = arena_print(t->arena, "%s: %s", words, why);
	size_t at = width_before(t, COST) + GAP;
	put_spaces(t, GAP);
	put_wrapped(t, cell->status == STATUS_FAILED ? COLOR_RED : COLOR_YELLOW,
		    text ? text : words, at, at);
}

static void put_note(const struct table *t, const char *note)
{
	put_spaces(t, NOTE_INDENT);
	put_wrapped(t, COLOR_DIM, note, NOTE_INDENT, NOTE_INDENT);
}

static void put_row(const struct table *t, const struct row *row)
{
	const struct cell_result *cell = row->cell;
	const char *name = row->columns[CELL], *color = cell->is_baseline ? COLOR_BOLD : "";
	if (text_width(name) > t->widths[CELL]) {
		put_wrapped(t, color, name, 0, NOTE_INDENT);
		name = "";
	}
	put_column(t, CELL, color, name);
	for (enum column i = CACHE; i < COST; i++)
		put_column(t, i, "", row->columns[i]);
	if (!estimate_has_median(&cell->ns_per_entry)) {
		put_reason(t, cell);
	} else {
		for (enum column i = COST; i < BAR; i++)
			put_column(t, i, i == RATIO ? row->ratio_color : "", row->columns[i]);
		put_bar(t, row);
		fputc('\n', t->to);
	}
	if (row->rest)
		put_note(t, row->rest);
	for (size_t i = 0; i < row->n_notes; i++)
		put_note(t, row->notes[i]);
}

/* How many rows from the first on are of its group and without figures, for the same reason. */
static size_t alike_from(const struct table *t, size_t first)
{
	const struct cell_result *cell = t->rows[first].cell;
	size_t n = 0;
	if (cell->status == STATUS_OK || labels_one_tree(t->result))
		return 1;
	while (first + n < t->n_rows &&
	       group_of(t, &t->rows[first + n]) == group_of(t, &t->rows[first]) &&
	       t->rows[first + n].cell->status == cell->status &&
	       same_text(t->rows[first + n].cell->reason, cell->reason))
		n++;
	return n;
}

/* Of several trees a group that could not be measured is one line. How many rows that is. */
static size_t put_rows(const struct table *t, size_t first)
{
	const size_t n = alike_from(t, first);
	const struct cell_result *cell = t->rows[first].cell;
	if (n == 1) {
		put_row(t, &t->rows[first]);
		return 1;
	}
	const char *text =
		arena_print(t->arena, "%s %s: %s", COUNTED(n, "cell"), status_name(cell->status),
			    format_text(t->arena, cell->reason));
	put_wrapped(t, cell->status == STATUS_FAILED ? COLOR_RED : COLOR_YELLOW, or_unknown(text),
		    0, NOTE_INDENT);
	return n;
}

/* In a walk the floor is one gate for the whole pass: almost 0 per entry. */
static const char *floor_words(const struct table *t, const struct estimate *e)
{
	if (e->hi < 0.01)
		return "under 0.01";
	if (!e->known)
		return format_fixed(t->arena, e->median, 2);
	return arena_print(t->arena, "%.2f %s%.2f", e->median, plus_minus(t), format_spread(e));
}

/* Why a column has "-": each reason once, and the remedy if there is one. */
static void put_uncounted(const struct table *t)
{
	static const char remedy[] =
		"to count them, run as root after mount -t tracefs tracefs /sys/kernel/tracing";
	const char *why = NULL;
	bool can_help = false;
	for (size_t i = 0; i < t->n_rows; i++) {
		const char *reason = t->rows[i].cell->syscalls_reason;
		can_help |= reason && strcmp(reason, UNCOUNTED_OUTSIDE) != 0;
		if (reason && !(why && strstr(why, format_text(t->arena, reason))))
			why = arena_print(t->arena, "%s%s%s",
					  why ? why : "syscalls not counted: ", why ? "; " : "",
					  format_text(t->arena, reason));
	}
	if (why && can_help)
		why = arena_print(t->arena, "%s; %s", why, remedy);
	if (why)
		put_wrapped(t, COLOR_DIM, why, 0, 6);
}

static void put_floor(const struct table *t, const struct cell_result *cell)
{
	const struct estimate *e = &cell->ns_per_entry;
	const char *name = format_cell(t->arena, t->result, cell), *text;
	if (estimate_has_median(e))
		text = arena_print(t->arena,
				   "floor %s ns/entry: what the harness itself costs (%s)",
				   floor_words(t, e), name);
	else
		text = arena_print(t->arena, "floor not known (%s): %s", name,
				   format_text(t->arena, cell->reason ? cell->reason : e->reason));
	put_wrapped(t, COLOR_DIM, text ? text : name, 0, 6);
}

/* Of several trees the range is enough: it is the harness's cost, not theirs. */
static bool put_floor_range(const struct table *t)
{
	double least = INFINITY, most = 0;
	const char *text, *name = NULL;
	for (size_t i = 0; i < t->result->n_cells; i++) {
		const struct cell_result *cell = &t->result->cells[i];
		if (!cell->is_floor || !estimate_has_median(&cell->ns_per_entry))
			continue;
		name = format_cell_in_group(t->arena, t->result, cell);
		least = fmin(least, cell->ns_per_entry.median);
		most = fmax(most, cell->ns_per_entry.median);
	}
	if (!name)
		return false;
	text = arena_print(t->arena, "floor %s to %s ns/entry: what the harness itself costs (%s)",
			   format_fixed(t->arena, least, 2), format_fixed(t->arena, most, 2), name);
	put_wrapped(t, COLOR_DIM, text ? text : name, 0, 6);
	return true;
}

static void put_floors(const struct table *t)
{
	if (!labels_one_tree(t->result) && put_floor_range(t))
		return;
	for (size_t i = 0; i < t->result->n_cells; i++) {
		if (t->result->cells[i].is_floor)
			put_floor(t, &t->result->cells[i]);
	}
}

static void put_sentences(const struct table *t)
{
	struct sentence sentences[SENTENCES_MAX];
	size_t n = summary_make(t->result, t->arena, sentences);
	for (size_t i = 0; i < n; i++) {
		bool warning = sentences[i].warning;
		size_t indent = warning ? strlen("warning: ") : 0;
		if (i == 0 || !sentences[i - 1].warning)
			fputc('\n', t->to);
		put(t, COLOR_YELLOW, warning ? "warning: " : "");
		put_wrapped(t, warning ? "" : COLOR_BOLD,
			    format_signs(t->arena, sentences[i].text, t->style->utf8), indent,
			    indent);
	}
}

static int make_rows(struct table *t)
{
	t->rows = arena_alloc(t->arena, (t->result->n_cells + 1) * sizeof(*t->rows));
	if (!t->rows)
		return -ENOMEM;
	for (size_t i = 0; i < t->result->n_cells; i++) {
		if (!t->result->cells[i].is_floor)
			fill_row(t, &t->rows[t->n_rows++], &t->result->cells[i]);
	}
	qsort_r(t->rows, t->n_rows, sizeof(*t->rows), compare_rows, t);
	if (make_footnotes(t))
		return -ENOMEM;
	fill_estimates(t, COST, cost_decimals(t));
	fill_estimates(t, RATIO, 3);
	set_heads(t);
	return set_widths(t);
}

int table_print(FILE *to, const struct result *result, const struct table_style *style)
{
	struct table t = {.to = to, .style = style, .result = result, .arena = arena_new()};
	t.width = (size_t)MAX(style->width, WIDTH_MIN);
	int error = t.arena ? make_rows(&t) : -ENOMEM;
	if (!error) {
		put_facts(&t);
		put_heads(&t);
		for (size_t i = 0; i < t.n_rows; i++) {
			if (i && group_of(&t, &t.rows[i]) != group_of(&t, &t.rows[i - 1]))
				put_rule(&t, group_name(&t, &t.rows[i]));
			i += put_rows(&t, i) - 1;
		}
		put_rule(&t, "");
		put_footnotes(&t);
		put_floors(&t);
		put_uncounted(&t);
		if (labels_one_tree(result)) /* of several the plot shows them */
			latencies_print(to, result, style, t.arena);
		matrix_print(to, result, style, t.arena);
		put_sentences(&t);
	}
	arena_free(t.arena);
	return error;
}
