#include "reports/exports/exports.h"

#include <string.h>

#include "engine/base/util.h"
#include "engine/json/json.h"
#include "reports/document/document.h"

/* The document, as in run.json. */
static int export_json(FILE *to, const struct result *result)
{
	return json_show(to, document_json(result));
}

const struct export_format export_formats[] = {
	{"markdown", "GitHub and other readers of markdown", export_markdown},
	{"json", "jq; the document itself", export_json},
	{"csv", "R, pandas, spreadsheets", export_csv},
	{"google-benchmark", "compare.py of google-benchmark", export_google_benchmark},
	{"go-benchmark", "benchstat", export_go_benchmark},
	{"hyperfine", "the scripts of hyperfine", export_hyperfine},
	{"github-action-smaller", "github-action-benchmark, time", export_github_smaller},
	{"github-action-bigger", "github-action-benchmark, rates", export_github_bigger},
	{"bencher", "Bencher", export_bencher},
	{"openmetrics", "Prometheus", export_openmetrics},
	{"fio", "readers of fio --minimal", export_fio},
	{"io500", "readers of IO500's result.txt", export_io500},
	{NULL, NULL, NULL},
};

const struct export_format *export_find(const char *name)
{
	for (const struct export_format *f = export_formats; f->name; f++) {
		if (strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

const struct cell_result *export_next(const struct result *result, size_t *i)
{
	while (*i < result->n_cells) {
		const struct cell_result *cell = &result->cells[(*i)++];
		if (!cell->is_floor && cell->status == STATUS_OK && cell->entries &&
		    estimate_has_median(&cell->ns_per_entry))
			return cell;
	}
	return NULL;
}

const struct pass *export_pass(const struct cell_result *cell, size_t *i)
{
	const bool counts_disturbed = result_counts_disturbed(cell);
	while (*i < cell->n_passes) {
		const struct pass *pass = &cell->passes[(*i)++];
		if (result_pass_counts(pass, counts_disturbed))
			return pass;
	}
	return NULL;
}

uint32_t export_jobs(const struct cell_result *cell)
{
	uint32_t most = cell->jobs;
	for (size_t i = 0; cell->finds_threads && i < cell->n_decisions; i++)
		most = MAX(most, cell->decisions[i].threads);
	return most;
}
