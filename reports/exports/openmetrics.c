/*
 * Writes OpenMetrics 1.0 text: gauges in base units (seconds, ratios), with a label for each fact
 * of a cell. The textfile collector of node_exporter can read such a file, too: its parser is that
 * of the older text format of Prometheus, which ignores the other lines as comments but does not
 * know the type "info".
 */
#include <errno.h>
#include <inttypes.h>

#include "engine/base/text.h"
#include "reports/exports/exports.h"
#include "reports/words/format.h"

struct metrics {
	FILE *to;
	const struct result *result;
	struct arena *arena;
};

/* The value of a label: visible UTF-8, with backslash and quote escaped. */
static void put_label(const struct metrics *m, const char *name, const char *value)
{
	const char *at = value ? text_visible(m->arena, value) : NULL;
	fprintf(m->to, "%s=\"", name);
	for (; at && *at; at++) {
		if (*at == '\\' || *at == '"')
			fputc('\\', m->to);
		fputc(*at, m->to);
	}
	fputc('"', m->to);
}

static void put_labels(const struct metrics *m, const struct cell_result *cell)
{
	const struct tree_facts *tree = result_tree(m->result, cell->tree);
	const struct fs_facts *fs = result_fs(m->result, cell->fs);
	put_label(m, "cell", cell->id);
	fputc(',', m->to);
	put_label(m, "strategy", cell->strategy);
	fputc(',', m->to);
	put_label(m, "jobs", format_jobs(m->arena, cell));
	fputc(',', m->to);
	put_label(m, "cache", cache_state_name(cell->cache));
	fputc(',', m->to);
	put_label(m, "tree", tree ? tree->name : NULL);
	fputc(',', m->to);
	put_label(m, "fs", fs ? fs->label ? fs->label : fs->type : NULL);
}

static void put_value(const struct metrics *m, const char *name, const struct cell_result *cell,
		      const char *bound, double value)
{
	fprintf(m->to, "%s{", name);
	put_labels(m, cell);
	if (bound)
		fprintf(m->to, ",bound=\"%s\"", bound);
	fprintf(m->to, "} %.10g\n", value);
}

static void put_estimate(const struct metrics *m, const char *name, const struct cell_result *cell,
			 const struct estimate *e, double scale)
{
	if (!estimate_has_median(e))
		return;
	put_value(m, name, cell, "median", e->median * scale);
	if (!e->known)
		return;
	put_value(m, name, cell, "low", e->lo * scale);
	put_value(m, name, cell, "high", e->hi * scale);
}

static void put_head(const struct metrics *m, const char *name, const char *unit, const char *help)
{
	fprintf(m->to, "# TYPE %s gauge\n", name);
	if (unit)
		fprintf(m->to, "# UNIT %s %s\n", name, unit);
	fprintf(m->to, "# HELP %s %s\n", name, help);
}

static void put_info(const struct metrics *m)
{
	const struct result *r = m->result;
	put_head(m, "statmark_run_info", NULL, "What measured, and where; always 1.");
	fputs("statmark_run_info{", m->to);
	put_label(m, "version", r->tool.version);
	fputc(',', m->to);
	put_label(m, "commit", r->tool.commit);
	fputc(',', m->to);
	put_label(m, "host", r->host.hostname);
	fputc(',', m->to);
	put_label(m, "kernel", r->host.kernel);
	fputc(',', m->to);
	put_label(m, "run", r->run.id);
	fputs("} 1\n", m->to);
}

int export_openmetrics(FILE *to, const struct result *result)
{
	const struct metrics m = {.to = to, .result = result, .arena = arena_new()};
	const struct cell_result *cell;
	if (!m.arena)
		return -ENOMEM;
	put_info(&m);
	put_head(&m, "statmark_entry_seconds", "seconds",
		 "Time of a pass over its entries; low and high: a 99 percent interval.");
	for (size_t i = 0; (cell = export_next(result, &i));)
		put_estimate(&m, "statmark_entry_seconds", cell, &cell->ns_per_entry, 1e-9);
	put_head(&m, "statmark_baseline_ratio", "ratio",
		 "Time over the time of the baseline, paired by round.");
	for (size_t i = 0; (cell = export_next(result, &i));)
		put_estimate(&m, "statmark_baseline_ratio", cell, &cell->ratio, 1);
	put_head(&m, "statmark_entries", NULL, "Entries that a pass asks for.");
	for (size_t i = 0; (cell = export_next(result, &i));)
		put_value(&m, "statmark_entries", cell, NULL, (double)cell->entries);
	fputs("# EOF\n", to);
	arena_free(m.arena);
	return 0;
}
