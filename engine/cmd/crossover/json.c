/*
 * The results of crossover as JSON: statmark-crossover/1, crossover.schema.json.
 */
#include "engine/json/json.h"
#include "engine/cmd/crossover/job.h"

#define CROSSOVER_SCHEMA "statmark-crossover/1"

static json_t *point_json(const struct axis_point *point)
{
	json_t *json = json_object();
	json_put_count(json, "x", point->x);
	json_put_text(json, "status", status_name(point->status));
	json_put_text(json, "reason", point->reason);
	json_put_text(json, "winner", winner_name(point->winner));
	json_put_count(json, "entries", point->entries);
	json_put_count(json, "rounds", point->rounds);
	json_put_count(json, "pairs", point->pairs);
	json_put_count(json, "spent_ns", point->spent_ns);
	json_put(json, "a_ns_per_entry", json_from_estimate(&point->a));
	json_put(json, "b_ns_per_entry", json_from_estimate(&point->b));
	json_put(json, "ratio", json_from_estimate(&point->ratio));
	return json;
}

static json_t *change_json(const struct winner_change *c)
{
	json_t *json = json_object();
	json_put_text(json, "winner", winner_name(c->to_b ? WINNER_B : WINNER_A));
	json_put(json, "at", c->has_at ? json_from_real(c->at) : json_null());
	json_put_count(json, "lo", c->has_lo ? c->lo : COUNT_UNKNOWN);
	json_put_count(json, "hi", c->hi);
	return json;
}

static json_t *fs_json(const struct series *series)
{
	json_t *json = json_object();
	json_put_text(json, "label", series->spec ? lab_spec_label(series->spec) : NULL);
	json_put_text(json, "type", series->fs.type);
	json_put_text(json, "options", series->fs.options);
	json_put_text(json, "made", series->fs.made);
	return json;
}

static json_t *series_json(const struct series *series)
{
	json_t *json = json_object(), *changes = json_array(), *points = json_array();
	for (size_t i = 0; i < series->search.crossing.n; i++)
		json_array_append_new(changes, change_json(&series->search.crossing.changes[i]));
	for (size_t i = 0; i < series->search.n; i++)
		json_array_append_new(points, point_json(&series->search.points[i]));
	json_put(json, "fs", fs_json(series));
	json_put_text(json, "cache", cache_state_name(series->state));
	json_put_text(json, "answer", crossing_name(series->search.crossing.kind));
	json_put_text(json, "sentence", series->sentence);
	json_put(json, "narrow", json_boolean(series->search.crossing.is_narrow));
	json_put_count(json, "to", series->search.bisect.to);
	json_put(json, "changes", changes);
	json_put(json, "places", points);
	return json;
}

static json_t *host_json(const struct crossover_job *j)
{
	json_t *json = json_object();
	json_put_text(json, "kernel", j->host.kernel);
	json_put_text(json, "cpu", j->host.cpu);
	json_put_count(json, "cpus", j->host.n_allowed);
	json_put_count(json, "tax_instructions", j->host.tax_instructions);
	json_put_text(json, "fingerprint", j->host.fingerprint);
	return json;
}

static json_t *argv_json(const struct crossover_command *o)
{
	json_t *json = json_array();
	json_array_append_new(json, json_string("statmark"));
	for (int i = 0; i < o->line.argc; i++)
		json_array_append_new(json, json_from_text(o->line.argv[i]));
	return json;
}

json_t *crossover_json(const struct crossover_job *j)
{
	json_t *json = json_object(), *all = json_array();
	for (size_t i = 0; i < j->n; i++)
		json_array_append_new(all, series_json(&j->series[i]));
	json_put_text(json, "schema", CROSSOVER_SCHEMA);
	json_put(json, "complete", json_boolean(!j->is_interrupted));
	json_put_text(json, "version", j->tool.version);
	json_put_text(json, "commit", j->tool.commit);
	json_put_text(json, "started", j->started);
	json_put(json, "argv", argv_json(&j->options));
	json_put(json, "seed", json_from_id(j->seed));
	json_put(json, "host", host_json(j));
	json_put_text(json, "a", j->a_name);
	json_put_text(json, "b", j->b_name);
	json_put_text(json, "over", j->axis.name);
	json_put_text(json, "parameter",
		      j->axis.kind == AXIS_BATCH ? j->b.strategy->params[j->param].name : NULL);
	json_put_text(json, "unit", j->axis.is_time ? "ns" : j->axis.unit);
	json_put_text(json, "tree", j->words[0]);
	json_put_count(json, "from", j->from);
	json_put_count(json, "to", j->to);
	json_put(json, "resolution", json_from_real(j->resolution));
	json_put(json, "confidence", json_from_real(CROSSOVER_CONFIDENCE));
	json_put(json, "series", all);
	return json;
}
