/*
 * The results of crossover as JSON: statmark-crossover/1, crossover.schema.json.
 */
#include "engine/json/json.h"
#include "engine/cmd/crossover/search.h"

#define CROSSOVER_SCHEMA "statmark-crossover/1"

/* Takes over value, also NULL (out of memory): the whole document is checked at its end. */
static void put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

static void put_count(json_t *object, const char *key, uint64_t count)
{
	put(object, key, count == COUNT_UNKNOWN ? json_null() : json_from_count(count));
}

static void put_text(json_t *object, const char *key, const char *text)
{
	put(object, key, json_from_text(text));
}

/* null: there is no figure; lo and hi are null if there are too few rounds for an interval. */
static json_t *estimate_json(const struct estimate *e)
{
	json_t *json = json_object();
	if (!estimate_has_median(e)) {
		json_decref(json);
		return json_null();
	}
	put(json, "median", json_from_real(e->median));
	put(json, "lo", e->known ? json_from_real(e->lo) : json_null());
	put(json, "hi", e->known ? json_from_real(e->hi) : json_null());
	put(json, "confidence", e->known ? json_from_real(e->confidence) : json_null());
	return json;
}

static json_t *point_json(const struct axis_point *point)
{
	json_t *json = json_object();
	put_count(json, "x", point->x);
	put_text(json, "status", status_name(point->status));
	put_text(json, "reason", point->reason);
	put_text(json, "winner", winner_name(point->winner));
	put_count(json, "entries", point->entries);
	put_count(json, "rounds", point->rounds);
	put_count(json, "pairs", point->pairs);
	put_count(json, "spent_ns", point->spent_ns);
	put(json, "a_ns_per_entry", estimate_json(&point->a));
	put(json, "b_ns_per_entry", estimate_json(&point->b));
	put(json, "ratio", estimate_json(&point->ratio));
	return json;
}

static json_t *change_json(const struct winner_change *c)
{
	json_t *json = json_object();
	put_text(json, "winner", winner_name(c->to_b ? WINNER_B : WINNER_A));
	put(json, "at", c->has_at ? json_from_real(c->at) : json_null());
	put_count(json, "lo", c->has_lo ? c->lo : COUNT_UNKNOWN);
	put_count(json, "hi", c->hi);
	return json;
}

static json_t *fs_json(const struct series *series)
{
	json_t *json = json_object();
	put_text(json, "label", series->spec ? lab_spec_label(series->spec) : NULL);
	put_text(json, "type", series->fs.type);
	put_text(json, "options", series->fs.options);
	put_text(json, "made", series->fs.made);
	return json;
}

static json_t *series_json(const struct series *series)
{
	json_t *json = json_object(), *changes = json_array(), *points = json_array();
	for (size_t i = 0; i < series->crossing.n; i++)
		json_array_append_new(changes, change_json(&series->crossing.changes[i]));
	for (size_t i = 0; i < series->n; i++)
		json_array_append_new(points, point_json(&series->points[i]));
	put(json, "fs", fs_json(series));
	put_text(json, "cache", cache_state_name(series->state));
	put_text(json, "answer", crossing_name(series->crossing.kind));
	put_text(json, "sentence", series->sentence);
	put(json, "narrow", json_boolean(series->crossing.is_narrow));
	put_count(json, "to", series->bisect.to);
	put(json, "changes", changes);
	put(json, "places", points);
	return json;
}

static json_t *host_json(const struct search *s)
{
	json_t *json = json_object();
	put_text(json, "kernel", s->host.kernel);
	put_text(json, "cpu", s->host.cpu);
	put_count(json, "cpus", s->host.n_allowed);
	put_count(json, "tax_instructions", s->host.tax_instructions);
	put_text(json, "fingerprint", s->host.fingerprint);
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

json_t *search_json(const struct search *s)
{
	json_t *json = json_object(), *all = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(all, series_json(&s->series[i]));
	put_text(json, "schema", CROSSOVER_SCHEMA);
	put(json, "complete", json_boolean(!s->is_interrupted));
	put_text(json, "version", s->tool.version);
	put_text(json, "commit", s->tool.commit);
	put_text(json, "started", s->started);
	put(json, "argv", argv_json(&s->options));
	put(json, "seed", json_from_id(s->seed));
	put(json, "host", host_json(s));
	put_text(json, "a", s->a_name);
	put_text(json, "b", s->b_name);
	put_text(json, "over", s->axis.name);
	put_text(json, "parameter",
		 s->axis.kind == AXIS_BATCH ? s->b.strategy->params[s->param].name : NULL);
	put_text(json, "unit", s->axis.is_time ? "ns" : s->axis.unit);
	put_text(json, "tree", s->words[0]);
	put_count(json, "from", s->from);
	put_count(json, "to", s->to);
	put(json, "resolution", json_from_real(s->resolution));
	put(json, "confidence", json_from_real(CROSSOVER_CONFIDENCE));
	put(json, "series", all);
	return json;
}
