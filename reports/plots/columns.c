#include "reports/plots/columns.h"

#include <inttypes.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/words/format.h"
#include "reports/words/labels.h"

/*
 * The cell's name, with its jobs if the run has several numbers. The group's name gives tree and
 * cache.
 */
static const char *cell_name(struct plots *p, const struct cell_result *cell)
{
	const char *label =
		p->groups.n > 1 ? label_plain(p->arena, cell) : label_in(p->arena, p->result, cell);
	const char *name =
		cell->jobs > 1 ? arena_print(p->arena, "%s/j%" PRIu32, label, cell->jobs) : label;
	return name ? name : "?";
}

/* Call after sorting the cells: shortens their names so that they stay distinct. */
void name_cells(struct plots *p, size_t max)
{
	for (size_t i = 0; i < p->n; i++)
		p->names[i] = cell_name(p, p->cells[i]);
	labels_fit(p->arena, p->names, p->n, max);
}

void put_estimate(FILE *data, const struct estimate *e)
{
	if (estimate_has_median(e))
		fprintf(data, "\t%.10g\t%.10g\t%.10g\t%" PRIu32 "\t", e->median, e->lo, e->hi,
			e->n);
	else
		fprintf(data, "\tNaN\tNaN\tNaN\t0\t");
}

/* "812.4 ±8.1", with at least that many decimals, or without any if they are not significant. */
const char *figure(struct plots *p, const struct estimate *e, int decimals)
{
	if (e->seen)
		return arena_print(p->arena, "%s (%s to %s in %s)",
				   format_fixed(p->arena, e->median, decimals),
				   format_fixed(p->arena, e->lo, decimals),
				   format_fixed(p->arena, e->hi, decimals),
				   format_counted(p->arena, e->n, "round"));
	decimals = e->median < 10000 ? MAX(decimals, format_decimals(e)) : 0;
	return arena_print(p->arena, "%s \302\261%s", format_fixed(p->arena, e->median, decimals),
			   format_fixed(p->arena, format_spread(e), decimals));
}

/* "0.532 of it (0.521 to 0.544)"; of a range that is not an interval the text says so. */
static const char *with_range(struct arena *arena, const struct estimate *e, int decimals,
			      const char *unit)
{
	return arena_print(arena, "%s %s (%s%s to %s)", format_fixed(arena, e->median, decimals),
			   unit, e->known ? "" : "seen: ", format_fixed(arena, e->lo, decimals),
			   format_fixed(arena, e->hi, decimals));
}

const char *band_words(struct arena *arena, const char *head, const struct estimate *ns,
		       const struct estimate *ratio)
{
	const char *last = !ratio ? "the baseline"
			   : !estimate_has_median(ratio)
				   ? "no ratio"
				   : with_range(arena, ratio, 3, "of the baseline's time");
	if (!estimate_has_median(ns))
		return " "; /* the cell is not drawn */
	return arena_print(arena, "%s: %s, %s", head, with_range(arena, ns, 1, "ns per entry"),
			   last);
}

const char *bands_title(struct arena *arena, const char *title, size_t left_out)
{
	enum { ROOM = 30 }; /* of the words that are added */
	if (!left_out)
		return title;
	return arena_print(arena, "%s (%s not drawn)",
			   text_shorten(arena, or_unknown(title), BAND_TITLE_MAX_CHARS - ROOM),
			   COUNTED(left_out, "more row"));
}

const char *why_not(struct plots *p, const struct cell_result *cell)
{
	bool ran = cell->status == STATUS_OK;
	return arena_print(p->arena, "%s: %s", ran ? "no figure" : status_name(cell->status),
			   format_text(p->arena, ran ? cell->ns_per_entry.reason : cell->reason));
}
