/* Prints the table of latencies, below that of times. */
#include "reports/table/table.h"

#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/color.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

enum latency_column { CELL, CACHE, JOBS, P50, P90, P99, P999, MAX_NS, COLUMNS };
enum { GAP = 2 };

static const char *const heads[COLUMNS] = {"cell", "cache", "jobs",  "p50",
					   "p90",  "p99",   "p99.9", "max"};

struct latency_table {
	FILE *to;
	const struct table_style *style;
	const struct result *result;
	struct arena *arena;
	const char *(*texts)[COLUMNS]; /* of the head and every cell that has figures */
	size_t n;
	size_t widths[COLUMNS]; /* 0: left out */
};

static bool has_latency(const struct cell_result *cell)
{
	return cell->latency.samples > 0;
}

static const char *figure(struct arena *arena, uint64_t ns)
{
	return ns == COUNT_UNKNOWN ? "-" : format_count(arena, ns);
}

static void fill(const struct latency_table *l, const struct cell_result *cell,
		 const char *texts[COLUMNS])
{
	const struct latency_facts *facts = &cell->latency;
	const uint64_t figures[] = {facts->p50, facts->p90, facts->p99, facts->p999, facts->max};
	texts[CELL] = label_plain(l->arena, cell);
	texts[CACHE] = cache_state_name(cell->cache);
	texts[JOBS] = format_jobs(l->arena, cell);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		texts[P50 + i] = figure(l->arena, figures[i]);
}

static bool fill_all(struct latency_table *l)
{
	l->texts = arena_alloc(l->arena, (l->result->n_cells + 1) * sizeof(*l->texts));
	if (!l->texts)
		return false;
	memcpy(l->texts[l->n++], heads, sizeof(heads));
	for (size_t i = 0; i < l->result->n_cells; i++) {
		if (has_latency(&l->result->cells[i]))
			fill(l, &l->result->cells[i], l->texts[l->n++]);
	}
	return true;
}

static void put_line(const struct latency_table *l, const char *const texts[COLUMNS])
{
	const char *name = texts[CELL];
	if (text_width(name) > l->widths[CELL]) {
		fprintf(l->to, "%s\n", name);
		name = "";
	}
	pad_print(l->to, name, -(int)l->widths[CELL]);
	for (enum latency_column i = CACHE; i < COLUMNS; i++) {
		const int width = (int)l->widths[i];
		if (!width)
			continue;
		fprintf(l->to, "%*s", GAP, "");
		pad_print(l->to, texts[i], i < JOBS ? -width : width);
	}
	fputc('\n', l->to);
}

static void fit_names(struct latency_table *l, size_t room)
{
	const char **names = arena_alloc(l->arena, l->n * sizeof(*names));
	for (size_t i = 0; names && i < l->n; i++)
		names[i] = l->texts[i][CELL];
	if (names) {
		labels_keep_values(l->arena, names, l->n, room);
		labels_fit(l->arena, names, l->n, room);
	}
	l->widths[CELL] = 0;
	for (size_t i = 0; names && i < l->n; i++) {
		const size_t width = text_width(names[i]);
		l->texts[i][CELL] = names[i];
		l->widths[CELL] = MAX(l->widths[CELL], width <= room ? width : 0);
	}
}

/* The cell's name gets what the figures leave of the width. */
static void set_widths(struct latency_table *l)
{
	size_t others = 0;
	for (enum latency_column i = CELL; i < COLUMNS; i++) {
		for (size_t line = 0; line < l->n; line++)
			l->widths[i] = MAX(l->widths[i], text_width(l->texts[line][i]));
		if (i == CACHE && labels_one_cache(l->result))
			l->widths[i] = 0;
		others += i > CELL && l->widths[i] ? GAP + l->widths[i] : 0;
	}
	size_t width = (size_t)MAX(l->style->width, WIDTH_MIN);
	fit_names(l, MAX(width, others + 8) - others);
}

/* Number of samples and sampling rate; all cells have the same rate. */
static void put_head(const struct latency_table *l, const struct result *result)
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
	const char *text =
		arena_print(l->arena, "latency in ns, %s of it clock reading; %s or more, 1 in %s",
			    format_count(l->arena, first->timer_ns), COUNTED(least, "sample"),
			    format_count(l->arena, first->gap));
	fputc('\n', l->to);
	const char *end = color_begin(l->to, l->style->color, COLOR_DIM);
	wrap_print(l->to, text ? text : "latency in ns", 0, 0,
		   (size_t)MAX(l->style->width, WIDTH_MIN));
	fprintf(l->to, "%s\n", end);
}

void latencies_print(FILE *to, const struct result *result, const struct table_style *style,
		     struct arena *arena)
{
	struct latency_table l = {.to = to, .style = style, .result = result, .arena = arena};
	bool any = false;
	for (size_t i = 0; i < result->n_cells; i++)
		any |= has_latency(&result->cells[i]);
	if (!any || !fill_all(&l))
		return;
	set_widths(&l);
	put_head(&l, result);
	for (size_t i = 0; i < l.n; i++)
		put_line(&l, l.texts[i]);
}
