/*
 * A profile as JSON: statmark-profile/1, reports/schema/profile.schema.json.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/profile/walk_profile.h"
#include "engine/json/json.h"

#define PROFILE_SCHEMA "statmark-profile/1"

static void put_percentile(json_t *object, const char *key, const struct hist *h, uint32_t ppm)
{
	uint64_t ns;
	json_put_count(object, key, hist_percentile(h, ppm, &ns) ? ns : COUNT_UNKNOWN);
}

static json_t *latency_json(const struct tally_sum *sum)
{
	const struct hist *h = &sum->hist;
	json_t *json = json_object();
	json_put_count(json, "n", h->n);
	json_put_count(json, "ns", sum->ns);
	put_percentile(json, "p50", h, HIST_P50);
	put_percentile(json, "p90", h, HIST_P90);
	put_percentile(json, "p99", h, HIST_P99);
	json_put_count(json, "max", h->n ? h->max : COUNT_UNKNOWN);
	return json;
}

static json_t *fault_json(const struct probe_fault *fault)
{
	return json_pack("{s:o,s:s}", "path", json_from_text(or_unknown(fault->path)), "error",
			 strerror(fault->error));
}

static json_t *walk_json(const struct walk_profile *f)
{
	const struct probe *p = &f->probe;
	json_t *json = json_object(), *faults = json_array();
	for (size_t i = 0; i < MIN(p->unreadable, PROBE_FAULTS_NAMED); i++)
		json_array_append_new(faults, fault_json(&p->faults[i]));
	json_put_count(json, "entries", tally_entries(f->tally));
	json_put_count(json, "directories", tally_directories(f->tally));
	json_put_count(json, "symlinks", p->symlinks);
	json_put(json, "complete", json_boolean(!p->is_cut && !p->is_interrupted));
	json_put_count(json, "wall_ns", p->wall_ns);
	json_put_count(json, "timer_ns", tally_timer_ns(f->tally));
	json_put_count(json, "block_reads", f->block_reads);
	json_put_count(json, "unreadable", p->unreadable);
	json_put(json, "unreadable_first", faults);
	json_put_count(json, "unasked", p->unasked);
	json_put(json, "unasked_first", p->unasked ? fault_json(&p->first_unasked) : json_null());
	json_put_count(json, "gone", p->gone);
	json_put_count(json, "mounts", p->mounts);
	json_put(json, "mounts_entered", json_boolean(f->options->tree.cross_mounts));
	json_put_count(json, "not_entered", p->not_entered);
	json_put_count(json, "bad_names", p->bad_names);
	return json;
}

static json_t *shares_json(const struct walk_profile *f)
{
	const struct shares s = probe_shares(&f->probe, f->tally);
	json_t *json = json_object();
	json_put_count(json, "enumeration_ns", s.enumeration_ns);
	json_put_count(json, "statx_ns", s.statx_ns);
	json_put_count(json, "own_ns", s.own_ns);
	return json;
}

static json_t *calls_json(const struct walk_profile *f)
{
	json_t *json = json_object();
	for (enum tally_call call = 0; call < TALLY_CALLS; call++) {
		json_t *one = latency_json(tally_sum(f->tally, call));
		json_put(one, "sampled",
			 json_boolean(call == TALLY_READLINK || call == TALLY_LISTXATTR));
		json_put(json, tally_call_names[call], one);
	}
	return json;
}

static void put_row(json_t *json, const struct tally_row *row)
{
	json_put_count(json, "directories", row->directories);
	json_put_count(json, "entries", row->entries);
	json_put_count(json, "ns", row->ns);
	for (enum tally_call call = 0; call < TALLY_SPLIT; call++)
		json_put(json, tally_call_names[call], latency_json(&row->calls[call]));
}

static json_t *depths_json(const struct walk_profile *f)
{
	json_t *json = json_array();
	for (size_t i = 0; i < TALLY_DEPTHS; i++) {
		const struct tally_row *row = tally_depth(f->tally, i);
		if (!row->directories)
			continue;
		json_t *one = json_object();
		json_put_count(one, "depth", i);
		json_put(one, "and_below", json_boolean(i == TALLY_DEPTHS - 1));
		put_row(one, row);
		json_array_append_new(json, one);
	}
	return json;
}

static json_t *sizes_json(const struct walk_profile *f)
{
	json_t *json = json_array();
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		const struct tally_row *row = tally_size(f->tally, i);
		uint64_t least, most;
		if (!row->directories)
			continue;
		json_t *one = json_object();
		tally_size_bounds(i, &least, &most);
		json_put_count(one, "least", least);
		json_put_count(one, "most", most);
		put_row(one, row);
		json_array_append_new(json, one);
	}
	return json;
}

static json_t *tops_json(const struct tops *tops)
{
	json_t *json = json_array();
	for (size_t i = 0; i < tops->n; i++) {
		json_t *one = json_object();
		json_put_text(one, "path", tops->items[i].path);
		json_put_count(one, "ns", tops->items[i].ns);
		json_put_count(one, "entries", tops->items[i].entries);
		json_array_append_new(json, one);
	}
	return json;
}

/* is_there: false: there is nothing to compare with. */
static json_t *estimate_json(const struct estimate *e, bool is_there)
{
	json_t *json = is_there ? json_from_estimate(e) : json_null();
	if (json_is_object(json))
		json_put_count(json, "rounds", e->n);
	return json;
}

static json_t *cell_json(const struct cell_result *cell)
{
	json_t *json = json_object();
	const bool is_ok = cell->status == STATUS_OK;
	json_put_text(json, "id", cell->id);
	json_put_text(json, "strategy", cell->strategy);
	json_put(json, "cache", json_string(cache_state_name(cell->cache)));
	json_put_count(json, "jobs", cell->jobs);
	json_put(json, "status", json_string(status_name(cell->status)));
	json_put_text(json, "reason", cell->reason);
	json_put_count(json, "entries", cell->entries);
	json_put(json, "ns_per_entry", estimate_json(&cell->ns_per_entry, is_ok));
	json_put(json, "ratio", estimate_json(&cell->ratio, is_ok && !cell->is_baseline));
	return json;
}

static json_t *crossover_json(const struct crossover *c)
{
	json_t *json = json_object();
	json_put_count(json, "jobs", c->known ? c->jobs : COUNT_UNKNOWN);
	json_put_count(json, "tried", c->tried);
	json_put(json, "reason", c->known ? json_null() : json_from_text(c->reason));
	json_put(json, "confidence", c->known ? json_from_real(c->confidence) : json_null());
	json_put(json, "gain", estimate_json(&c->gain, c->known && c->less));
	json_put_count(json, "gain_over", c->known && c->less ? c->less : COUNT_UNKNOWN);
	json_put(json, "beyond", estimate_json(&c->beyond, c->known && c->more));
	json_put_count(json, "beyond_jobs", c->known && c->more ? c->more : COUNT_UNKNOWN);
	return json;
}

static json_t *choice_json(const struct crossover *c)
{
	if (!c->choice)
		return json_null();
	return json_pack("{s:o,s:o}", "cell", json_from_text(c->choice->id), "speedup",
			 estimate_json(&c->speedup, true));
}

static json_t *walks_json(const struct walk_profile *f)
{
	const struct result *result = f->result;
	json_t *json = json_object(), *cells = json_array();
	json_put(json, "compared", json_boolean(f->walks.is_compared));
	json_put_text(json, "reason", f->walks.is_compared ? NULL : f->walks.not_compared);
	for (size_t i = 0; f->walks.is_compared && i < result->n_cells; i++)
		json_array_append_new(cells, cell_json(&result->cells[i]));
	json_put(json, "cells", cells);
	if (!f->walks.is_compared)
		return json;
	const struct tree_facts *tree = &result->trees[0];
	json_put_text(json, "root", tree->root);
	json_put_count(json, "entries", tree->entries);
	json_put_count(json, "of_entries",
		       tree->sample.of_entries ? tree->sample.of_entries : tree->entries);
	json_put_count(json, "rounds", result->run.rounds_done);
	json_put(json, "seed", json_from_id(result->run.seed));
	json_put(json, "baseline", json_string(PROFILE_PLAIN));
	json_put(json, "crossover", crossover_json(&f->walks.warm));
	json_put(json, "choice", choice_json(&f->walks.warm));
	json_put(json, "choice_cold", choice_json(&f->walks.cold));
	return json;
}

static json_t *advice_json(const struct advice *advice, size_t n)
{
	json_t *json = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(json, json_pack("{s:s,s:o}", "code", advice[i].code, "text",
						      json_from_text(advice[i].text)));
	return json;
}

json_t *walk_profile_json(const struct walk_profile *f, const struct advice *advice, size_t n)
{
	json_t *json = json_object();
	json_put(json, "schema", json_string(PROFILE_SCHEMA));
	json_put_text(json, "root", f->root);
	json_put(json, "seed", f->is_made ? json_from_id(f->seed) : json_null());
	json_put(json, "interrupted", json_boolean(f->is_interrupted));
	json_put(json, "walk", walk_json(f));
	json_put(json, "shares", shares_json(f));
	json_put(json, "calls", calls_json(f));
	json_put(json, "by_depth", depths_json(f));
	json_put(json, "by_size", sizes_json(f));
	json_put(json, "slowest", tops_json(tally_slowest(f->tally)));
	json_put(json, "largest", tops_json(tally_largest(f->tally)));
	json_put(json, "walks", walks_json(f));
	json_put(json, "advice", advice_json(advice, n));
	return json;
}
