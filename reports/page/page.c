#include "reports/page/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/page/frame.h"
#include "reports/page/parts.h"
#include "reports/table/row_order.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

/* --- What the parts share ---------------------------------------------------------------------
 */

void page_begin_section(const struct page *p, const char *id, const char *title)
{
	fprintf(p->to, "<section aria-labelledby=\"r%zu-%s\" class=\"%s\">\n", p->number, id, id);
	fprintf(p->to, "<h%d id=\"r%zu-%s\">", p->level + 1, p->number, id);
	html_put(p->to, "%s", title);
	fprintf(p->to, "</h%d>\n", p->level + 1);
}

void page_end_section(const struct page *p)
{
	fputs("</section>\n", p->to);
}

/* "3 trees"; a tree that was made on several filesystems is one. */
static const char *trees_words(struct arena *arena, const struct result *result)
{
	const struct tree_facts *trees = result->trees, *only = result_only_tree(result);
	size_t n = 0;
	for (size_t i = 0; i < result->n_trees; i++) {
		size_t k = 0;
		while (k < i && !(same_text(trees[k].name, trees[i].name) &&
				  same_text(trees[k].shape, trees[i].shape)))
			k++;
		n += k == i;
	}
	return only ? format_text(arena, only->name) : format_counted(arena, n, "tree");
}

/* "tmpfs, ext4"; of more than three kinds how many there are. */
static const char *kinds_words(struct arena *arena, const struct result *result)
{
	enum { NAMED_MOST = 3 };
	const struct fs_facts *fs = result->fs;
	const char *names = "";
	size_t n = 0;
	for (size_t i = 0; i < result->n_fs && names; i++) {
		size_t k = 0;
		while (k < i && !same_text(fs[k].type, fs[i].type))
			k++;
		if (k == i)
			names = arena_print(arena, "%s%s%s", names, n++ ? ", " : "",
					    format_text(arena, fs[i].type));
	}
	return n && n <= NAMED_MOST ? names : format_counted(arena, n, "filesystem");
}

/* Names the shape and the filesystems, or counts them if there are several. */
const char *page_title(struct arena *arena, const struct result *result)
{
	const char *title = arena_print(arena, "%s on %s", trees_words(arena, result),
					kinds_words(arena, result));
	return title ? title : "?";
}

const char *page_cell_name(const struct page *p, const struct cell_result *cell)
{
	return format_cell_in_group(p->arena, p->result, cell);
}

const char *page_estimate_words(struct arena *arena, const struct estimate *e, int decimals,
				const char *unit)
{
	const char *words;
	if (!estimate_has_median(e))
		return format_text(arena, e->reason);
	decimals = e->known ? MAX(decimals, format_decimals(e)) : decimals;
	const char *median = format_fixed(arena, e->median, decimals);
	const char *lo = format_fixed(arena, e->lo, decimals);
	const char *hi = format_fixed(arena, e->hi, decimals);
	if (e->known)
		words = arena_print(arena, "%s%s (%d %% interval %s to %s, n = %s)", median, unit,
				    format_confidence(e->confidence), lo, hi, GROUPED(e->n));
	else
		words = arena_print(arena, "%s%s (%s to %s in %s, no interval)", median, unit, lo,
				    hi, COUNTED(e->n, "round"));
	return words ? words : "?";
}

enum ratio_side page_ratio_side(const struct estimate *ratio)
{
	if (!ratio->known)
		return RATIO_EVEN;
	return ratio->hi < 1 ? RATIO_FASTER : ratio->lo > 1 ? RATIO_SLOWER : RATIO_EVEN;
}

const char *page_ratio_class(const struct estimate *ratio)
{
	static const char *const classes[] = {
		[RATIO_EVEN] = "even", [RATIO_FASTER] = "faster", [RATIO_SLOWER] = "slower"};
	return classes[page_ratio_side(ratio)];
}

const char *page_number(struct arena *arena, const struct estimate *e)
{
	const char *text = estimate_has_median(e) ? arena_print(arena, "%.10g", e->median) : "";
	return text ? text : "";
}

/* --- One run --------------------------------------------------------------------------------- */

static int compare_cells(const void *a, const void *b, void *result)
{
	return row_order(result, *(const struct cell_result *const *)a,
			 *(const struct cell_result *const *)b);
}

static int collect(struct page *p)
{
	const struct result *r = p->result;
	p->cells = arena_alloc(p->arena, (r->n_cells + 1) * sizeof(*p->cells));
	if (!p->cells || !groups_make(p->arena, r, &p->groups))
		return -ENOMEM;
	for (size_t i = 0; i < r->n_cells; i++) {
		if (!r->cells[i].is_floor)
			p->cells[p->n++] = &r->cells[i];
	}
	qsort_r(p->cells, p->n, sizeof(*p->cells), compare_cells, (void *)r);
	return 0;
}

static int put_run(FILE *to, const struct page_run *run, size_t number, int level)
{
	struct page p = {.to = to,
			 .run = run,
			 .result = run->result,
			 .arena = arena_new(),
			 .number = number,
			 .level = level};
	int error = p.arena ? collect(&p) : -ENOMEM;
	if (!error) {
		fprintf(to,
			"<section class=\"run\" id=\"run%zu\" aria-labelledby=\"r%zu-title\">\n",
			number, number);
		page_put_answer(&p);
		page_put_matrix(&p);
		page_put_table(&p);
		page_put_figures(&p);
		page_put_cells(&p);
		page_put_facts(&p);
		error = page_put_document(&p);
		fputs("</section>\n", to);
	}
	arena_free(p.arena);
	return error;
}

void page_begin_alone(const struct page *p, const char *title, const char *kind)
{
	frame_open(p->to, title);
	html_put(p->to,
		 "<section class=\"run\" id=\"run1\" data-kind=\"%s\" "
		 "aria-labelledby=\"r1-title\">\n",
		 kind);
}

void page_end_alone(const struct page *p)
{
	fputs("</section>\n", p->to);
	frame_close(p->to, NULL);
}

/* --- The whole ------------------------------------------------------------------------------- */

/* Without a script these are links to the runs below. */
static void put_tabs(FILE *to, struct arena *arena, const struct page_run *runs, size_t n)
{
	fputs("<nav class=\"tabs\" aria-label=\"Runs\">\n<a href=\"#across\">Comparison</a>\n", to);
	for (size_t i = 0; i < n; i++) {
		fprintf(to, "<a href=\"#run%zu\">", i + 1);
		html_put(to, "<bdi>%s</bdi></a>\n",
			 text_shorten(arena, format_text(arena, runs[i].name), 40));
	}
	fputs("</nav>\n", to);
}

int page_print(FILE *to, const struct page_run *runs, size_t n)
{
	struct arena *arena = arena_new();
	int error = arena ? 0 : -ENOMEM;
	if (error)
		return error;
	frame_open(to,
		   n == 1 ? page_title(arena, runs[0].result) : format_counted(arena, n, "run"));
	if (n > 1) {
		html_put(to, "<h1>%s side by side</h1>\n", format_counted(arena, n, "run"));
		put_tabs(to, arena, runs, n);
		page_put_across(to, arena, runs, n);
	}
	for (size_t i = 0; i < n && !error; i++)
		error = put_run(to, &runs[i], i + 1, n > 1 ? 2 : 1);
	frame_close(to, n ? format_text(arena, runs[0].result->tool.version) : NULL);
	arena_free(arena);
	return error;
}

struct all_runs {
	const struct page_run *runs;
	size_t n;
};

static int print_all(FILE *to, const void *arg)
{
	const struct all_runs *all = arg;
	return page_print(to, all->runs, all->n);
}

int page_write(const struct outdir *out, const struct page_run *runs, size_t n, FILE *log,
	       struct err *err)
{
	const struct all_runs all = {runs, n};
	return frame_write(out, PAGE_FILE, print_all, &all, log, err);
}
