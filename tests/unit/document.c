#include "reports/document/document.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "engine/json/json.h"
#include "tests/test.h"
#include "tests/unit/with_json.h"
#include "tests/unit/with_result.h"

enum { VALIDATOR_LACKING = 77 };

struct scratch {
	char dir[64], path[96];
};

static int open_scratch(void **state)
{
	struct scratch *s = calloc(1, sizeof(*s));
	snprintf(s->dir, sizeof(s->dir), "/tmp/statmark-document.XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	snprintf(s->path, sizeof(s->path), "%s/run.json", s->dir);
	*state = s;
	return 0;
}

static int close_scratch(void **state)
{
	struct scratch *s = *state;
	unlink(s->path);
	int left = rmdir(s->dir);
	free(s);
	return left;
}

static char *content(const char *path)
{
	char *text;
	size_t size;
	assert_int_equal(read_file(path, JSON_FILE_MAX, &text, &size), 0);
	return text;
}

static void write_result(const struct scratch *s, const struct result *result)
{
	struct err err = {0};
	if (document_write(NULL, s->path, result, &err))
		fail_msg("%s", err.text);
}

static struct result *read_result(const struct scratch *s)
{
	struct result *result;
	struct err err = {0};
	if (document_read(s->path, &result, &err))
		fail_msg("%s", err.text);
	return result;
}

static void round_trip_is_identical(void **state)
{
	struct scratch *s = *state;
	struct result *made = with_result();
	write_result(s, made);
	char *first = content(s->path);
	struct result *read = read_result(s);
	write_result(s, read);
	char *second = content(s->path);
	assert_string_equal(first, second);
	free(first);
	free(second);
	result_free(made);
	result_free(read);
}

/* One field of each kind: an identical document could still have lost the same field twice. */
static void reading_gives_what_was_written(void **state)
{
	struct scratch *s = *state;
	struct result *made = with_result();
	static const char *changed[] = {"spool/1", "spool/\377"};
	made->trees[0].crosses_mounts = true;
	made->trees[0].changed = 7;
	made->trees[0].changed_paths = changed;
	made->trees[0].n_changed_paths = 2;
	made->trees[0].unstable = "inode numbers";
	write_result(s, made);
	struct result *read = read_result(s);
	const struct cell_result *cell = &read->cells[CELL_CACHED];
	assert_true(read->complete);
	assert_string_equal(read->run.argv[2], made->run.argv[2]);
	assert_int_equal(read->run.seed, UINT64_MAX);
	assert_null(read->run.options[1].value);
	assert_string_equal(read->run.options[1].name, "output");
	assert_int_equal(read->fs[0].inodes, UINT64_MAX);
	assert_string_equal(read->trees[0].shape, made->trees[0].shape);
	assert_string_equal(read->trees[0].first_unreadable, "secret/\001\377");
	assert_true(read->trees[0].crosses_mounts);
	assert_int_equal(read->trees[0].n_changed_paths, 2);
	assert_string_equal(read->trees[0].changed_paths[1], "spool/\377");
	assert_string_equal(read->trees[0].unstable, "inode numbers");
	assert_int_equal(read->n_cells, CELLS);
	assert_int_equal(cell->extras[0].whole, 40000);
	assert_true(cell->extras[0].higher_is_better);
	assert_true(cell->syscalls_total == COUNT_UNKNOWN);
	assert_string_equal(cell->syscalls_reason, "somebody else makes them");
	assert_int_equal(read->cells[CELL_LSTAT].failures, 2);
	assert_string_equal(read->cells[CELL_LSTAT].failure_counts[0].path, "/a/\377");
	assert_true(cell->ns_per_entry.known);
	assert_true(fabs(cell->ns_per_entry.lo - 497 * 0.99) < 1e-6);
	assert_true(fabs(cell->p95 - 497 * 1.07) < 1e-6);
	assert_true(fabs(cell->median_of_passes - 497 * 1.02) < 1e-6);
	assert_true(cell->scaling.seen && !cell->scaling.known && cell->scaling.n == 3);
	assert_true(fabs(cell->scaling.median - 1.5) < 1e-9);
	assert_true(fabs(cell->scaling.lo - 1) < 1e-9 && fabs(cell->scaling.hi - 2) < 1e-9);
	assert_int_equal(cell->n_passes, 24);
	assert_int_equal(cell->passes[7].why, CAUSE_STOLEN);
	assert_int_equal(cell->passes[23].wall_ns, 497 * 20000 + 23000);
	assert_int_equal(cell->passes[4].read_bytes, 2048);
	assert_int_equal(cell->passes[5].read_bytes, COUNT_UNKNOWN);
	assert_int_equal(cell->passes[3].counted[COUNTER_CYCLES], 3);
	assert_int_equal(cell->passes[3].counted[COUNTER_DTLB_MISSES], COUNT_UNKNOWN);
	assert_int_equal(cell->latency.p99, 497 * 4);
	assert_int_equal(cell->latency.p999, COUNT_UNKNOWN);
	assert_int_equal(cell->latency.n_histogram, 3);
	assert_string_equal(cell->latency.slowest[1].path,
			    made->cells[CELL_CACHED].latency.slowest[1].path);
	assert_int_equal(cell->latency.passes[0].wall_ns, 497 * 20000);
	assert_int_equal(read->run.n_units, 2);
	assert_int_equal(read->run.units[1].first_round, 16);
	assert_int_equal(read->cells[CELL_INVALID].status, STATUS_INVALID);
	assert_false(read->cells[CELL_UNKNOWN].ratio.known);
	assert_string_equal(read->fastest[0].cell, "fstatat/j1");
	result_free(made);
	result_free(read);
}

static void the_way_that_a_cell_worked_is_read(void **state)
{
	struct scratch *s = *state;
	struct result *made = with_result();
	struct extra_fact *fact = &made->cells[CELL_CACHED].extras[0];
	fact->reason = "the other half is not cached";
	fact->other_way = "a call \377";
	fact->passes = 24;
	fact->passes_short = 12;
	write_result(s, made);
	struct result *read = read_result(s);
	const struct extra_fact *found = result_other_way(&read->cells[CELL_CACHED]);
	assert_non_null(found);
	assert_string_equal(found->reason, fact->reason);
	assert_string_equal(found->other_way, fact->other_way);
	assert_int_equal(found->passes, 24);
	assert_int_equal(found->passes_short, 12);
	result_free(made);
	result_free(read);
}

static void the_gain_of_more_jobs_is_read(void **state)
{
	struct scratch *s = *state;
	struct result *made = with_result();
	write_result(s, made);
	struct result *read = read_result(s);
	assert_int_equal(read->n_more_jobs, 1);
	assert_string_equal(read->more_jobs[0].baseline, "lstat/j1");
	assert_string_equal(read->more_jobs[0].one, "fstatat/j1");
	assert_string_equal(read->more_jobs[0].several, "threaded/j2");
	assert_true(read->more_jobs[0].over_one.known);
	assert_true(fabs(read->more_jobs[0].over_one.hi - 0.7714) < 1e-9);
	result_free(made);
	result_free(read);
}

static void an_empty_result_round_trips(void **state)
{
	struct scratch *s = *state;
	struct result *made = result_new();
	write_result(s, made);
	struct result *read = read_result(s);
	assert_false(read->complete);
	assert_int_equal(read->n_cells, 0);
	assert_null(read->tool.version);
	result_free(made);
	result_free(read);
}

/* A change to a good document: the value at a path becomes other JSON, or goes away. */
struct change {
	const char *path;  /* keys and indexes, "cells.3.jobs" */
	const char *value; /* JSON text; NULL: removed */
	const char *words; /* in the reader's message; NULL: it accepts that */
};

static json_t *step(json_t *json, const char *key)
{
	return json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
				   : json_object_get(json, key);
}

static void change_json(json_t *json, const struct change *change)
{
	char path[128], *rest = path;
	snprintf(path, sizeof(path), "%s", change->path);
	char *key = strsep(&rest, ".");
	while (rest) {
		json = step(json, key);
		assert_non_null(json);
		key = strsep(&rest, ".");
	}
	if (!change->value)
		assert_int_equal(json_object_del(json, key), 0);
	else
		assert_int_equal(
			json_object_set_new(json, key,
					    json_loads(change->value, JSON_DECODE_ANY, NULL)),
			0);
}

static void write_changed(const struct scratch *s, const struct change *change)
{
	struct result *result = with_result();
	json_t *json;
	write_result(s, result);
	assert_int_equal(json_read_file(s->path, &json, NULL), 0);
	change_json(json, change);
	assert_int_equal(json_write_file(NULL, s->path, json, NULL), 0);
	json_decref(json);
	result_free(result);
}

static const struct change changes[] = {
	{"schema", "\"statmark-run/2\"",
	 "$.schema: expected \"statmark-run/1\", found \"statmark-run/2\""},
	{"schema", NULL, "$.schema: is missing"},
	{"schema", "1", "$.schema: expected \"statmark-run/1\", found 1"},
	{"complete", "0", "$.complete: expected true or false, found 0"},
	{"run", "[]", "$.run: expected an object, found an array"},
	{"run.argv", "\"x\"", "$.run.argv: expected an array, found \"x\""},
	{"run.argv", "[\"a\", 1]", "$.run.argv[1]: expected a string, found 1"},
	{"run.options", "{\"jobs\": []}", "$.run.options.jobs: expected a string, found an array"},
	{"run.seed", "\"18446744073709551616\"", "$.run.seed: expected a whole number"},
	{"cells", "{}", "$.cells: expected an array, found an object"},
	{"cells", "[1]", "$.cells[0]: expected an object, found 1"},
	{"cells.3.jobs", "-3", "$.cells[3].jobs: expected a whole number, at least 0, found -3"},
	{"cells.3.jobs", "4294967296", "$.cells[3].jobs: expected a smaller number"},
	{"cells.3.jobs", "1.5", "$.cells[3].jobs: expected a whole number, at least 0, found 1.5"},
	{"cells.3.status", "\"good\"",
	 "$.cells[3].status: expected ok, skipped, invalid or failed"},
	{"cells.3.cache", "\"hot\"",
	 "$.cells[3].cache: expected as-is, warm, slab-cold or cold, found \"hot\""},
	{"cells.3.stage", NULL, "$.cells[3].stage: is missing"},
	{"cells.3.passes.7.why", "7", "$.cells[3].passes[7].why: expected a string, found 7"},
	{"cells.3.passes.7.why", "\"sunspots\"", NULL},
	{"cells.3.cache_evidence", "\"none\"",
	 "expected block reads, NFS requests, CIFS requests, time or the user's word, "},
	{"run.stopped", "\"no\"",
	 "$.run.stopped: expected time, interrupted or precision, found \"no\""},
	{"run.stopped", "\"bored\"",
	 "$.run.stopped: expected time, interrupted or precision, found \"bored\""},
	{"cells.3.status", "null", "$.cells[3].status: expected a value, found null"},
	{"cells.3.id", NULL, "$.cells[3].id: is missing"},
	{"cells.3.ns_per_entry.unit", "\"us/entry\"", "expected \"ns/entry\", found \"us/entry\""},
	{"cells.3.ns_per_entry.lo", "null",
	 "$.cells[3].ns_per_entry.lo: expected a number, as the median is one, found null"},
	{"cells.3.ratio.median", "null", "$.cells[3].ratio.lo: expected null"},
	{"cells.3.passes.5.wall_ns", "{}", "$.cells[3].passes[5].wall_ns: expected a whole number"},
	{"cells.4.extras.hit_rate.better", "\"up\"",
	 "$.cells[4].extras.hit_rate.better: expected \"higher\" or \"lower\", found \"up\""},
	{"cells.4.extras.hit_rate.other_way", "1",
	 "$.cells[4].extras.hit_rate.other_way: expected a string, found 1"},
	/* As documents of earlier versions are. */
	{"cells.4.extras.hit_rate",
	 "{\"unit\": \"x\", \"better\": \"lower\", \"part\": 1, \"whole\": 2}", NULL},
	{"cells.3.reason", "[]", "$.cells[3].reason: expected a string, found an array"},
	{"run.later", "{\"x\": 1}", NULL},
	{"later", "[1, 2]", NULL},
	{"host", NULL, NULL},
	{"cells.3.passes", NULL, NULL},
	{"trees", "null", NULL},
};

static void hostile_documents_are_refused_with_the_place(void **state)
{
	struct scratch *s = *state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct result *result;
		struct err err = {0};
		write_changed(s, &changes[i]);
		int error = document_read(s->path, &result, &err);
		if (!changes[i].words) {
			assert_int_equal(error, 0);
			result_free(result);
			continue;
		}
		assert_int_equal(error, -EINVAL);
		assert_int_equal(strncmp(err.text, s->path, strlen(s->path)), 0);
		if (!strstr(err.text, changes[i].words))
			fail_msg("'%s' lacks '%s'", err.text, changes[i].words);
	}
}

static void truncated_anywhere(void **state)
{
	struct scratch *s = *state;
	struct result *made = with_result(), *read;
	write_result(s, made);
	result_free(made);
	char *text = content(s->path);
	size_t size = strlen(text);
	free(text);
	/* The last two bytes are the closing brace and the newline. */
	for (size_t cut = 2; cut <= size; cut += 997) {
		struct err err = {0};
		assert_int_equal(truncate(s->path, (off_t)(size - cut)), 0);
		assert_int_equal(document_read(s->path, &read, &err), -EINVAL);
		assert_non_null(strstr(err.text, "invalid JSON"));
	}
}

/* Runs the schema's validator without its output; its exit code. */
static int validate(const char *path)
{
	char *const argv[] = {"reports/schema/validate.py", (char *)(uintptr_t)path, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	int error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		return VALIDATOR_LACKING;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What is not known of a machine is null, and read back as that. */
static void an_unknown_host_is_null(void **state)
{
	struct scratch *s = *state;
	struct named_text flaw = {"meltdown", NULL};
	struct result *made = with_result();
	struct host_facts *host = &made->host, *again;
	host->governor = host->turbo = host->smt = host->clocksource = host->cpus_busy = NULL;
	host->hypervisor = host->cgroup_cpu_max = host->cgroup_cpu_max_at = NULL;
	host->load_milli = COUNT_UNKNOWN;
	host->mitigations = &flaw;
	host->n_mitigations = 1;
	write_result(s, made);
	result_free(made);
	char *text = content(s->path);
	assert_non_null(strstr(text, "\"load_milli\": null"));
	assert_non_null(strstr(text, "\"mitigations\": {\"meltdown\": null}"));
	assert_non_null(strstr(text, "\"cpus_busy\": null"));
	assert_non_null(strstr(text, "\"cgroup_cpu_max\": null"));
	free(text);
	struct result *read = read_result(s);
	again = &read->host;
	assert_true(again->load_milli == COUNT_UNKNOWN);
	assert_null(again->cpus_busy);
	assert_int_equal(again->n_mitigations, 1);
	assert_null(again->mitigations[0].value);
	result_free(read);
	int code = validate(s->path);
	if (code != VALIDATOR_LACKING)
		assert_int_equal(code, 0);
}

static void schema_accepts_what_is_written(void **state)
{
	struct scratch *s = *state;
	struct result *made = with_result();
	write_result(s, made);
	result_free(made);
	int code = validate(s->path);
	if (code == VALIDATOR_LACKING)
		skip_because("needs python3-jsonschema");
	assert_int_equal(code, 0);
}

static void schema_refuses_what_is_wrong(void **state)
{
	static const struct change wrong[] = {
		{"schema", "\"statmark-run/2\"", NULL},
		{"cells.3.jobs", "0", NULL},
		{"cells.3.jobs", NULL, NULL},
		{"cells.3.job", "1", NULL},
		{"cells.3.ns_per_entry.unit", "\"us/entry\"", NULL},
		{"cells.3.ns_per_entry.lo", "null", NULL},
		{"cells.9.ratio.reason", "null", NULL},
		{"more_jobs.0.ratio.lo", "null", NULL},
		{"cells.9.latency.reason", "null", NULL},
		{"cells.3.latency.p50", "-1", NULL},
		{"cells.6.reason", "null", NULL},
		{"cells.3.passes.7.why", "null", NULL},
		{"cells.0.cache", "\"hot\"", NULL},
		{"run.seed", "1", NULL},
		{"run.id", "\"x\"", NULL},
		{"host.hostname", "\"a\\\\b\"", NULL},
		{"metrics.x", "{\"unit\": \"ns\", \"better\": \"more\"}", NULL},
	};
	struct scratch *s = *state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		write_changed(s, &wrong[i]);
		int code = validate(s->path);
		if (code == VALIDATOR_LACKING)
			skip_because("needs python3-jsonschema");
		if (code != 1)
			fail_msg("validate.py: exit code %d for %s = %s", code, wrong[i].path,
				 wrong[i].value ? wrong[i].value : "nothing");
	}
}

static void every_metric_has_unit_and_direction(void **state)
{
	struct scratch *s = *state;
	static const char *const some[] = {"cells.passes.wall_ns", "cells.syscalls.*",
					   "cells.errors.entries", "cells.ns_per_entry",
					   "cells.ratio",          "fastest.speedup"};
	struct result *made = with_result();
	json_t *json;
	write_result(s, made);
	result_free(made);
	assert_int_equal(json_read_file(s->path, &json, NULL), 0);
	json_t *metrics = json_object_get(json, "metrics");
	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		json_t *metric = json_object_get(metrics, some[i]);
		if (!json_is_string(json_object_get(metric, "unit")) ||
		    !json_is_string(json_object_get(metric, "better")))
			fail_msg("%s lacks unit or direction", some[i]);
	}
	json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(round_trip_is_identical),
		TEST(reading_gives_what_was_written),
		TEST(the_way_that_a_cell_worked_is_read),
		TEST(the_gain_of_more_jobs_is_read),
		TEST(an_empty_result_round_trips),
		TEST(hostile_documents_are_refused_with_the_place),
		TEST(truncated_anywhere),
		TEST(an_unknown_host_is_null),
		TEST(schema_accepts_what_is_written),
		TEST(schema_refuses_what_is_wrong),
		TEST(every_metric_has_unit_and_direction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
