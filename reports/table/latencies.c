#include "reports/table/latencies.h"

#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"

enum column { CELL, JOBS, P50, P90, P99, P999, MAX_NS, COLUMNS };
enum { GAP = 2 };

static const char *const heads[COLUMNS] = {"cell", "jobs", "p50", "p90", "p99", "p99.9", "max"};

struct lines {
	FILE *to;
	const struct table_style *style;
	struct arena *arena;
	size_t widths[COLUMNS];
};

static bool has_latency(const struct cell_result *cell)
{
	return cell->latency.samples > 0;
}

static const char *figure(struct arena *arena, uint64_t ns)
{
	return ns == COUNT_UNKNOWN ? "-" : format_count(arena, ns);
}

static void fill(const struct lines *l, const struct cell_result *cell, const char *texts[COLUMNS])
{
	const struct latency_facts *facts = &cell->latency;
	const uint64_t figures[] = {facts->p50, facts->p90, facts->p99, facts->p999, facts->max};
	texts[CELL] = format_text(l->arena, cell->label);
	texts[JOBS] = format_count(l->arena, cell->jobs);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		texts[P50 + i] = figure(l->arena, figures[i]);
}

static void put_line(const struct lines *l, const char *const texts[COLUMNS])
{
	const char *label = text_shorten(l->arena, texts[CELL], l->widths[CELL]);
	label = label ? label : "?";
	fprintf(l->to, "%s%*s", label, (int)(l->widths[CELL] - text_width(label)), "");
	for (enum column i = JOBS; i < COLUMNS; i++)
		fprintf(l->to, "%*s", (int)(GAP + l->widths[i]), texts[i]);
	fputc('\n', l->to);
}

/* The cell's name gets what the figures leave of the width. */
static void set_widths(struct lines *l, const struct result *result)
{
	size_t others = 0;
	for (enum column i = CELL; i < COLUMNS; i++)
		l->widths[i] = strlen(heads[i]);
	for (size_t c = 0; c < result->n_cells; c++) {
		const char *texts[COLUMNS];
		if (!has_latency(&result->cells[c]))
			continue;
		fill(l, &result->cells[c], texts);
		for (enum column i = CELL; i < COLUMNS; i++)
			l->widths[i] = MAX(l->widths[i], text_width(texts[i]));
	}
	for (enum column i = JOBS; i < COLUMNS; i++)
		others += GAP + l->widths[i];
	size_t width = (size_t)MAX(l->style->width, TABLE_WIDTH_MIN);
	l->widths[CELL] = MIN(l->widths[CELL], MAX(width, others + 8) - others);
}

/* What the figures rest on; every cell was sampled alike. */
static void put_head(const struct lines *l, const struct result *result)
{
	const struct latency_facts *first = NULL;
	uint64_t least = UINT64_MAX;
	for (size_t i = 0; i < result->n_cells; i++) {
		const struct latency_facts *facts = &result->cells[i].latency;
		if (!has_latency(&result->cells[i]))
			continue;
		first = first ? first : facts;
		least = MIN(least, facts->samples);
	}
	const char *dim = l->style->color ? "\033[2m" : "", *plain = *dim ? "\033[0m" : "";
	fprintf(l->to, "\n%slatency in ns, the clock's %s included; %s or more, 1 in %s%s\n", dim,
		format_count(l->arena, first->timer_ns), COUNTED(least, "sample"),
		format_count(l->arena, first->gap), plain);
}

void latencies_print(FILE *to, const struct result *result, const struct table_style *style,
		     struct arena *arena)
{
	struct lines l = {.to = to, .style = style, .arena = arena};
	bool any = false;
	for (size_t i = 0; i < result->n_cells; i++)
		any |= has_latency(&result->cells[i]);
	if (!any)
		return;
	set_widths(&l, result);
	put_head(&l, result);
	put_line(&l, heads);
	for (size_t i = 0; i < result->n_cells; i++) {
		const char *texts[COLUMNS];
		if (!has_latency(&result->cells[i]))
			continue;
		fill(&l, &result->cells[i], texts);
		put_line(&l, texts);
	}
}
