/*
 * sim_parse: parses the options of a simulation.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/sim/sim.h"
#include "engine/base/clock.h"
#include "engine/base/util.h"

enum { TEXT_SIZE = 512, SERVERS_MAX = 65536 };

#define MODEL_NOT_SAID ((enum sim_model)99)

#define RTT_MAX   (10 * NS_PER_SECOND)
#define CACHE_MAX (3600 * NS_PER_SECOND)

static const struct preset {
	const char *name, *text;
} presets[] = {
	{"lan-nfs", "rtt=300us,jitter=20%,model=lognormal,servers=64,attr-cache=3s,entry-cache=3s,"
		    "readdirplus=auto"},
	{"wan", "rtt=40ms,jitter=10%,model=lognormal,servers=256,attr-cache=30s,entry-cache=30s,"
		"readdirplus=always"},
};

struct option_word {
	const char *name;
	int value;
};

static const struct option_word models[] = {
	{"fixed", SIM_FIXED}, {"uniform", SIM_UNIFORM}, {"lognormal", SIM_LOGNORMAL}};

static const struct option_word pluses[] = {{"0", SIM_PLUS_OFF},         {"off", SIM_PLUS_OFF},
					    {"1", SIM_PLUS_ALWAYS},      {"on", SIM_PLUS_ALWAYS},
					    {"always", SIM_PLUS_ALWAYS}, {"auto", SIM_PLUS_AUTO}};

/* --- Values -------------------------------------------------------------------------------- */

static bool read_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	return parse_count(text, number) == 0 && *number >= min && *number <= max;
}

static bool read_word(const char *text, const struct option_word *words, size_t n, int *value)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text, words[i].name) == 0) {
			*value = words[i].value;
			return true;
		}
	}
	return false;
}

/* --- Options ------------------------------------------------------------------------------- */

static bool set_rtt(struct sim_options *o, const char *text)
{
	return parse_time(text, RTT_MAX, &o->rtt_ns) == 0;
}

static bool set_jitter(struct sim_options *o, const char *text)
{
	const char *unit;
	double percent;
	if (parse_decimal(text, &percent, &unit) || percent > 100 ||
	    (strcmp(unit, "%") != 0 && (percent != 0 || *unit)))
		return false;
	o->jitter = percent / 100;
	return true;
}

static bool set_model(struct sim_options *o, const char *text)
{
	int value = 0;
	bool known = read_word(text, models, ARRAY_LEN(models), &value);
	o->model = (enum sim_model)value;
	return known;
}

static bool set_servers(struct sim_options *o, const char *text)
{
	uint64_t number = 0;
	bool right = read_number(text, 0, SERVERS_MAX, &number);
	o->servers = (uint32_t)number;
	return right;
}

static bool set_attr_cache(struct sim_options *o, const char *text)
{
	return parse_time(text, CACHE_MAX, &o->attr_cache_ns) == 0;
}

static bool set_entry_cache(struct sim_options *o, const char *text)
{
	return parse_time(text, CACHE_MAX, &o->entry_cache_ns) == 0;
}

static bool set_readdirplus(struct sim_options *o, const char *text)
{
	int value = 0;
	bool known = read_word(text, pluses, ARRAY_LEN(pluses), &value);
	o->readdirplus = (enum sim_readdirplus)value;
	return known;
}

static bool set_eio(struct sim_options *o, const char *text)
{
	if (strcmp(text, "0") == 0) {
		o->eio_one_in = 0;
		return true;
	}
	return strncmp(text, "1/", 2) == 0 &&
	       read_number(text + 2, 1, UINT64_C(1) << 53, &o->eio_one_in);
}

static bool set_change(struct sim_options *o, const char *text)
{
	char time[32];
	const char *at = strchr(text, '@');
	if (!at || (size_t)(at - text) >= sizeof(time))
		return false;
	snprintf(time, sizeof(time), "%.*s", (int)(at - text), text);
	return parse_time(time, RTT_MAX, &o->change_rtt_ns) == 0 &&
	       read_number(at + 1, 1, UINT64_C(1) << 53, &o->change_at);
}

static bool set_seed(struct sim_options *o, const char *text)
{
	return read_number(text, 0, UINT64_C(1) << 53, &o->seed);
}

#define CACHE_WORDS "a time from 0 to 3600s"

static const struct key {
	const char *name, *wanted;
	bool (*set)(struct sim_options *o, const char *text);
} keys[] = {
	{"rtt", "a time from 0 to 10s, such as 1ms or 300us", set_rtt},
	{"jitter", "a share from 0% to 100%", set_jitter},
	{"model", "fixed, uniform or lognormal", set_model},
	{"servers", "a number from 0 (no limit) to 65536", set_servers},
	{"attr-cache", CACHE_WORDS, set_attr_cache},
	{"entry-cache", CACHE_WORDS, set_entry_cache},
	{"readdirplus", "off, always or auto", set_readdirplus},
	{"eio", "0, or 1/N: one request in N", set_eio},
	{"change", "TIME@N: the rtt from the N-th request on, such as 5ms@10000", set_change},
	{"seed", "a number below 2^53", set_seed},
};

static const char *word_name(size_t i, const void *arg)
{
	(void)arg;
	return i < ARRAY_LEN(keys) ? keys[i].name : presets[i - ARRAY_LEN(keys)].name;
}

static int unknown(const char *item, const char *word, struct err *err)
{
	const size_t n = ARRAY_LEN(keys) + ARRAY_LEN(presets);
	return err_set(err, -EINVAL,
		       "sim: expected a preset (lan-nfs, wan) first, then rtt, jitter, model, "
		       "servers, attr-cache, entry-cache, readdirplus, eio, change or seed, as in "
		       "rtt=1ms, got '%s'%s",
		       item, DID_YOU_MEAN(nearest(word, n, word_name, NULL)));
}

static int set(struct sim_options *o, const char *item, struct err *err)
{
	char word[TEXT_SIZE];
	size_t length = strcspn(item, "=");
	snprintf(word, sizeof(word), "%.*s", (int)length, item);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(word, keys[i].name) != 0)
			continue;
		const char *value = item[length] ? item + length + 1 : "";
		if (keys[i].set(o, value))
			return 0;
		return err_set(err, -EINVAL, "sim: %s: expected %s, got '%s'", word, keys[i].wanted,
			       value);
	}
	return unknown(item, word, err);
}

static const char *preset_text(const char *item)
{
	for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
		if (strcmp(item, presets[i].name) == 0)
			return presets[i].text;
	}
	return NULL;
}

static int set_all(struct sim_options *o, const char *text, bool preset_may_come, struct err *err)
{
	char copy[TEXT_SIZE], *rest = copy, *item;
	int error = 0;
	if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
		return err_set(err, -EINVAL, "sim: more than %d bytes of options", TEXT_SIZE - 1);
	for (bool first = true; !error && (item = next_item(&rest)); first = false) {
		const char *preset = preset_text(item);
		if (preset && first && preset_may_come)
			error = set_all(o, preset, false, err);
		else if (preset)
			error = err_set(err, -EINVAL,
					"sim: expected the preset '%s' first; the options after it "
					"change it",
					item);
		else
			error = set(o, item, err);
	}
	return error;
}

int sim_parse(struct sim_options *options, const char *text, struct err *err)
{
	*options = (struct sim_options){
		.rtt_ns = NS_PER_SECOND / 1000, .model = MODEL_NOT_SAID, .seed = 1};
	int error = text && *text ? set_all(options, text, true, err) : 0;
	if (!error && options->jitter > 0 && options->model == SIM_FIXED)
		error = err_set(err, -EINVAL,
				"sim: jitter needs model=uniform or model=lognormal, "
				"not model=fixed");
	if (options->model == MODEL_NOT_SAID)
		options->model = options->jitter > 0 ? SIM_UNIFORM : SIM_FIXED;
	return error;
}
