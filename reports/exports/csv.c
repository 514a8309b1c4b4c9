/*
 * Writes tidy data: a row for each pass, a column for each variable, and a value for every variable
 * in every row. RFC 4180, but lines end in LF. A text that a spreadsheet would take for a formula
 * begins with an apostrophe.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "reports/exports/exports.h"
#include "reports/words/escape.h"

struct csv {
	FILE *to;
	const struct result *result;
	struct arena *arena;
};

static void put_text(struct csv *c, const char *text)
{
	escape_csv(c->to, c->arena, text);
	fputc(',', c->to);
}

static const char *params_text(struct csv *c, const struct cell_result *cell)
{
	const char *all = "";
	for (size_t i = 0; i < cell->n_params; i++)
		all = arena_print(c->arena, "%s%s%s=%s", all ? all : "", *all ? "," : "",
				  cell->params[i].name, cell->params[i].value);
	return all;
}

static void put_cell(struct csv *c, const struct cell_result *cell)
{
	const struct result *r = c->result;
	const struct tree_facts *tree = cell->tree ? result_tree(r, cell->tree) : NULL;
	const struct fs_facts *fs = cell->fs ? result_fs(r, cell->fs) : NULL;
	put_text(c, r->run.id);
	put_text(c, r->run.started);
	put_text(c, r->host.hostname);
	put_text(c, r->host.kernel);
	put_text(c, r->tool.commit);
	put_text(c, tree ? tree->name : NULL);
	put_text(c, fs ? fs->label ? fs->label : fs->type : NULL);
	put_text(c, cache_state_name(cell->cache));
	put_text(c, stage_name(cell->stage));
	put_text(c, cell->id);
	put_text(c, cell->strategy);
	put_text(c, params_text(c, cell));
	fprintf(c->to, "%" PRIu32 ",%d,%d,%" PRIu64 ",", export_jobs(cell), cell->is_baseline,
		cell->is_floor, cell->entries);
}

static const char *const columns =
	"run,started,host,kernel,commit,tree,fs,cache,stage,cell,strategy,params,jobs,is_baseline,"
	"is_floor,entries,round,position,wall_ns,ns_per_entry,user_ns,sys_ns,run_delay_ns,"
	"major_faults,bytes_read,preemptions,why_disturbed,verified,clean";

/* Prints nothing if the count is unknown. */
static void put_count(const struct csv *c, uint64_t count)
{
	if (count != COUNT_UNKNOWN)
		fprintf(c->to, "%" PRIu64, count);
	fputc(',', c->to);
}

static void put_pass(struct csv *c, const struct cell_result *cell, const struct pass *pass)
{
	put_cell(c, cell);
	fprintf(c->to, "%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",", pass->round, pass->position,
		pass->wall_ns);
	if (cell->entries)
		fprintf(c->to, "%.10g", (double)pass->wall_ns / (double)cell->entries);
	fprintf(c->to, ",%" PRIu64 ",%" PRIu64 ",", pass->user_ns, pass->sys_ns);
	put_count(c, pass->run_delay_ns);
	fprintf(c->to, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", pass->major_faults,
		pass->block_reads * 512, pass->preemptions);
	put_text(c, pass->why ? cause_words(pass->why) : NULL);
	fprintf(c->to, "%d,%d\n", pass->verified, pass->clean);
}

int export_csv(FILE *to, const struct result *result)
{
	struct csv c = {.to = to, .result = result, .arena = arena_new()};
	if (!c.arena)
		return -ENOMEM;
	fprintf(to, "%s\n", columns);
	for (size_t i = 0; i < result->n_cells; i++) {
		for (size_t k = 0; k < result->cells[i].n_passes; k++)
			put_pass(&c, &result->cells[i], &result->cells[i].passes[k]);
	}
	arena_free(c.arena);
	return 0;
}
