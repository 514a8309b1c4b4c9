#include "reports/document/document.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/json/fields.h"

/* An item that is the value itself. */
static const struct member text_members[] = {{.kind = MEMBER_TEXT}};
#define T struct named_text
static const struct member named_text_members[] = {{TEXT(NULL, value)}};
#undef T
#define T struct named_count
static const struct member calls_members[] = {{COUNT(NULL, count), COST("calls/pass")}};
#undef T

#define T struct tool_facts
static const struct member tool_members[] = {
	{TEXT("version", version)},
	{TEXT("commit", commit)},
	{TEXT("compiler", compiler)},
	{TEXT("cflags", cflags)},
	{MAP("libs", libs, named_text_members)},
	{0},
};
#undef T

#define T struct steal_period
static const struct member steal_period_members[] = {
	{U32("first_round", first_round)},
	{U32("rounds", rounds)},
	{COUNT("wall_ns", wall_ns)},
	{COUNT("steal_ns", steal_ns), COST("ns")},
	{COUNT("step_ps", step_ps), COST("ps")},
	{0},
};
#undef T

#define T struct run_facts
static const struct member run_members[] = {
	{TEXT("id", id)},
	{TEXT("started", started)},
	{ARRAY("argv", argv, text_members)},
	{MAP("options", options, named_text_members)},
	{ID("seed", seed)},
	{COUNT("duration_ns", duration_ns)},
	{COUNT("budget_ns", budget_ns)},
	{COUNT("memory_bytes", memory_bytes)},
	{U32("rounds_wanted", rounds_wanted)},
	{U32("rounds_done", rounds_done)},
	{OR_NULL("stopped", stopped, enum stop, stop_name)},
	{COUNT("precision_wanted_ppm", precision_wanted_ppm)},
	{MAYBE("precision_reached_ppm", precision_reached_ppm)},
	{TEXT("precision_cell", precision_cell)},
	{MAP("unsupported", unsupported, named_text_members)},
	{ARRAY("units", units, steal_period_members), .room = AT(room_units, size_t)},
	{0},
};
#undef T

#define T struct host_facts
static const struct member host_members[] = {
	{TEXT("fingerprint", fingerprint)},
	{TEXT("hostname", hostname)},
	{TEXT("os", os)},
	{TEXT("kernel", kernel)},
	{TEXT("kernel_version", kernel_version)},
	{TEXT("machine", machine)},
	{TEXT("cpu", cpu)},
	{TEXT("hypervisor", hypervisor)},
	{TEXT("governor", governor)},
	{TEXT("turbo", turbo)},
	{TEXT("smt", smt)},
	{TEXT("clocksource", clocksource)},
	{TEXT("cgroup_cpu_max", cgroup_cpu_max)},
	{TEXT("cgroup_cpu_max_at", cgroup_cpu_max_at)},
	{TEXT("cpus_allowed", cpus_allowed)},
	{TEXT("cpus_busy", cpus_busy)},
	{TEXT("topology", topology)},
	{U32("cpus", n_cpus)},
	{U32("cpus_allowed_count", n_allowed)},
	{COUNT("memory_bytes", memory_bytes)},
	{COUNT("timer_ps", timer_ps), COST("ps")},
	{U32("tax_instructions", tax_instructions)},
	{COUNT("tax_ps", tax_ps), COST("ps")},
	{MAYBE("load_milli", load_milli)},
	{MAP("mitigations", mitigations, named_text_members)},
	{0},
};
#undef T

#define T struct fs_facts
static const struct member fs_members[] = {
	{TEXT("id", id), REQUIRED},
	{TEXT("type", type)},
	{TEXT("label", label)},
	{TEXT("made", made)},
	{TEXT("source", source)},
	{TEXT("mount_point", mount_point)},
	{TEXT("options", options)},
	{TEXT("super_options", super_options)},
	{COUNT("block_size", block_size)},
	{COUNT("inodes", inodes)},
	{COUNT("inodes_free", inodes_free)},
	{COUNT("bytes", bytes)},
	{COUNT("bytes_free", bytes_free)},
	{0},
};
#undef T

#define T struct sample_facts
static const struct member sample_members[] = {
	{COUNT("of_entries", of_entries)},
	{COUNT("of_directories", of_directories)},
	{COUNT("directories", directories)},
	{ID("seed", seed)},
	{BOOL("is_more", is_more)},
	{TEXT("below", below)},
	{0},
};
#undef T

#define T struct tree_facts
static const struct member tree_members[] = {
	{TEXT("id", id), REQUIRED},
	{TEXT("name", name)},
	{TEXT("label", label)},
	{TEXT("root", root)},
	{TEXT("fs", fs)},
	{ENUM("order", order, enum order, order_name)},
	{JSON("shape", shape)},
	{TEXT("digest", digest)},
	{ID("seed", seed)},
	{COUNT("entries", entries)},
	{COUNT("directories", directories)},
	{COUNT("files", files)},
	{COUNT("symlinks", symlinks)},
	{COUNT("others", others)},
	{COUNT("unreadable", unreadable)},
	{TEXT("first_unreadable", first_unreadable)},
	{COUNT("mounts", mounts)},
	{BOOL("crosses_mounts", crosses_mounts)},
	{COUNT("bad_names", bad_names)},
	{TEXT("first_bad", first_bad)},
	{COUNT("changed", changed)},
	{ARRAY("changed_paths", changed_paths, text_members)},
	{TEXT("unstable", unstable)},
	{U32("root_depth", root_depth)},
	{U32("max_depth", max_depth)},
	{COUNT("depth_sum", depth_sum)},
	{COUNT("name_bytes", name_bytes)},
	{COUNT("view_bytes", view_bytes), COST("bytes")},
	{U32("sitting", sitting)},
	{OBJECT("sample", sample, sample_members)},
	{0},
};
#undef T

#define T struct pass
static const struct member pass_members[] = {
	{U32("round", round)},
	{U32("position", position)},
	{COUNT("wall_ns", wall_ns), COST("ns")},
	{COUNT("user_ns", user_ns), COST("ns")},
	{COUNT("sys_ns", sys_ns), COST("ns")},
	{COUNT("first_done_ns", first_done_ns), COST("ns")},
	{MAYBE("run_delay_ns", run_delay_ns), COST("ns")},
	{COUNT("minor_faults", minor_faults), COST("faults")},
	{COUNT("major_faults", major_faults), COST("faults")},
	{COUNT("block_reads", block_reads), COST("512-byte blocks")},
	{MAYBE("read_bytes", read_bytes), COST("bytes")},
	{MAYBE("requests", requests), COST("requests")},
	{COUNT("switches", switches), COST("switches")},
	{COUNT("preemptions", preemptions), COST("switches")},
	{MAYBE("migrations", migrations), COST("migrations")},
	{U32("threads", threads), COST("threads")},
	{U32("io_workers", io_workers), COST("threads")},
	{MAYBE("io_worker_ns", io_worker_ns), COST("ns")},
	{MAYBE("cycles", counted[COUNTER_CYCLES]), COST("cycles")},
	{MAYBE("instructions", counted[COUNTER_INSTRUCTIONS]), COST("instructions")},
	{MAYBE("cache_misses", counted[COUNTER_CACHE_MISSES]), COST("misses")},
	{MAYBE("dtlb_misses", counted[COUNTER_DTLB_MISSES]), COST("misses")},
	{BOOL("verified", verified)},
	{BOOL("clean", clean)},
	{OR_NULL("why", why, enum cause, cause_words), .other = CAUSE_OTHER},
	{0},
};
#undef T

#define T struct error_count
static const struct member error_members[] = {
	{COUNT("entries", count), COST("entries/pass")},
	{TEXT("first", path)},
	{0},
};
#undef T

#define T struct extra_fact
static const struct member extra_members[] = {
	{TEXT("unit", unit)},
	{BETTER("better", higher_is_better)},
	{COUNT("part", part)},
	{COUNT("whole", whole)},
	{TEXT("reason", reason)},
	{TEXT("other_way", other_way)},
	{U32("passes", passes)},
	{U32("passes_short", passes_short)},
	{0},
};
#undef T

#define T struct decision_fact
static const struct member decision_members[] = {
	{COUNT("at_ns", at_ns)}, {COUNT("wait_ns", wait_ns)}, {COUNT("rate", rate)},
	{U32("before", before)}, {U32("threads", threads)},   {0},
};
#undef T

#define T struct latency_bucket
static const struct member bucket_members[] = {
	{COUNT("ns", ns)},
	{COUNT("count", count)},
	{0},
};
#undef T

#define T struct slow_entry
static const struct member slow_members[] = {
	{COUNT("ns", ns), COST("ns")},
	{TEXT("path", path)},
	{0},
};
#undef T

#define T struct latency_facts
static const struct member latency_members[] = {
	{U32("gap", gap)},
	{COUNT("timer_ns", timer_ns), COST("ns")},
	{COUNT("samples", samples)},
	{COUNT("overflow", overflow)},
	{MAYBE("p50", p50), COST("ns")},
	{MAYBE("p90", p90), COST("ns")},
	{MAYBE("p99", p99), COST("ns")},
	{MAYBE("p999", p999), COST("ns")},
	{MAYBE("max", max), COST("ns")},
	{MAYBE("first_done_ns", first_done_ns), COST("ns")},
	{MAYBE("last_done_ns", last_done_ns), COST("ns")},
	{TEXT("reason", reason)},
	{ARRAY("slowest", slowest, slow_members)},
	{ARRAY("histogram", histogram, bucket_members)},
	{ARRAY("passes", passes, pass_members), .room = AT(room_passes, size_t)},
	{0},
};
#undef T

#define T struct cell_result
RANGE(ns_per_entry);
RANGE(ratio);
RANGE(ratio_all);
RANGE(scaling);
static const struct member ns_per_entry_members[] = {
	{CONST("unit", "ns/entry")},
	{CONST("better", "lower")},
	ESTIMATE(ns_per_entry),
	SEEN(ns_per_entry),
	{IS_NUMBER("min", has_passes)},
	{REAL_IF("min", min, has_passes)},
	{REAL_IF("p05", p05, has_passes)},
	{REAL_IF("p95", p95, has_passes)},
	{IS_NUMBER("median_of_passes", has_own_median)},
	{REAL_IF("median_of_passes", median_of_passes, has_own_median)},
	{0},
};
static const struct member ratio_members[] = {
	{CONST("unit", "time/time")},
	{CONST("better", "lower")},
	{TEXT("baseline", baseline)},
	ESTIMATE(ratio),
	SEEN(ratio),
	{0},
};
static const struct member ratio_all_members[] = {
	{CONST("unit", "time/time")},
	{CONST("better", "lower")},
	ESTIMATE(ratio_all),
	SEEN(ratio_all),
	{0},
};
static const struct member scaling_members[] = {
	{CONST("unit", "speed/speed")},
	{CONST("better", "higher")},
	ESTIMATE(scaling),
	SEEN(scaling),
	{0},
};
static const struct member kernel_time_members[] = {
	{CONST("unit", "ns")},
	{CONST("better", "lower")},
	{COUNT("part", kernel_ns)},
	{COUNT("whole", cpu_ns)},
	{0},
};
static const struct member cell_members[] = {
	{TEXT("id", id), REQUIRED},
	{TEXT("label", label), REQUIRED},
	{TEXT("strategy", strategy), REQUIRED},
	{ENUM("stage", stage, enum stage, stage_name), REQUIRED},
	{U32("jobs", jobs)},
	{BOOL("finds_threads", finds_threads)},
	{TEXT("pin", pin)},
	{TEXT("cpus", cpus)},
	{ENUM("cache", cache, enum cache_state, cache_state_name), REQUIRED},
	{TEXT("cache_by", cache_by)},
	{OR_NULL("cache_evidence", evidence, enum cold_evidence, evidence_name)},
	{BOOL("is_steady", is_steady)},
	{TEXT("tree", tree)},
	{TEXT("fs", fs)},
	{BOOL("is_floor", is_floor)},
	{BOOL("is_baseline", is_baseline)},
	{MAP("params", params, named_text_members)},
	{TEXT("command", command)},
	{BOOL("is_output_verified", is_output_verified)},
	{TEXT("answers", answers)},
	{BOOL("is_rival", is_rival)},
	{ENUM("status", status, enum status, status_name), REQUIRED},
	{TEXT("reason", reason)},
	{COUNT("entries", entries)},
	{COUNT("errors_total", errors), COST("entries/pass")},
	{MAP("errors", error_counts, error_members)},
	{COUNT("failures_total", failures), COST("directories/pass")},
	{MAP("failures", failure_counts, error_members)},
	{TEXT("digest", digest)},
	{MAYBE("syscalls_total", syscalls_total), COST("calls/pass")},
	{MAP("syscalls", syscalls, calls_members)},
	{TEXT("syscalls_reason", syscalls_reason)},
	{U32("live_threads", live_threads), COST("threads")},
	{MAP("extras", extras, extra_members)},
	{ARRAY("decisions", decisions, decision_members)},
	{U32("passes_clean", n_clean)},
	{OWN("kernel_time", kernel_time_members), COST("ns")},
	{OWN("ns_per_entry", ns_per_entry_members), COST("ns/entry")},
	{OWN("ratio", ratio_members), COST("time/time")},
	{OWN("ratio_all", ratio_all_members), COST("time/time")},
	{OWN("scaling", scaling_members), GAIN("speed/speed")},
	{OBJECT("latency", latency, latency_members)},
	{ARRAY("passes", passes, pass_members), .room = AT(room_passes, size_t)},
	{0},
};
#undef T

#define T struct fastest
RANGE(speedup);
static const struct member speedup_members[] = {
	{CONST("unit", "time/time")},
	{CONST("better", "higher")},
	ESTIMATE(speedup),
	SEEN(speedup),
	{0},
};
static const struct member fastest_members[] = {
	{TEXT("baseline", baseline)},
	{BOOL("same_jobs", same_jobs)},
	{TEXT("cell", cell)},
	{TEXT("reason", reason)},
	{OWN("speedup", speedup_members), GAIN("time/time")},
	{0},
};
#undef T

#define T struct more_jobs
RANGE(over_one);
static const struct member more_jobs_ratio_members[] = {
	{CONST("unit", "time/time")},
	{CONST("better", "lower")},
	ESTIMATE(over_one),
	SEEN(over_one),
	{0},
};
static const struct member more_jobs_members[] = {
	{TEXT("baseline", baseline)},
	{TEXT("one", one)},
	{TEXT("several", several)},
	{OWN("ratio", more_jobs_ratio_members), COST("time/time")},
	{0},
};
#undef T

#define T struct check
static const struct member check_members[] = {
	{TEXT("code", code), REQUIRED},
	{TEXT("text", text)},
	{TEXT("cell", cell)},
	{0},
};
#undef T

#define T struct result
static const struct member guest_members[] = {
	{TEXT("program", guest.program)},
	{TEXT("kernel", guest.kernel)},
	{TEXT("kernel_version", guest.kernel_version)},
	{TEXT("topology", guest.topology)},
	{U32("cpus", guest.n_cpus)},
	{COUNT("memory_bytes", guest.memory_bytes)},
	{COUNT("timer_ps", guest.timer_ps), COST("ps")},
	{TEXT("serves", guest.serves)},
	{COUNT("rtt_ns", guest.rtt_ns)},
	{TEXT("says", guest.says)},
	{0},
};
static const struct member result_members[] = {
	{CONST("schema", RESULT_SCHEMA), REQUIRED},
	{BOOL("complete", complete)},
	/* what was measured, where and how */
	{OBJECT("tool", tool, tool_members)},
	{OBJECT("run", run, run_members)},
	{OBJECT("host", host, host_members)},
	{OWN_IF("guest", has_guest, guest_members)},
	{ARRAY("fs", fs, fs_members)},
	{ARRAY("trees", trees, tree_members)},
	/* what was found */
	{ARRAY("fastest", fastest, fastest_members)},
	{ARRAY("more_jobs", more_jobs, more_jobs_members)},
	{ARRAY("cells", cells, cell_members)},
	{ARRAY("checks", checks, check_members), .room = AT(room_checks, size_t)},
	{0},
};
#undef T

json_t *document_json(const struct result *result)
{
	json_t *json = member_write(result_members, result);
	if (json_object_set_new(json, "metrics", member_metrics(result_members)) == 0)
		return json;
	json_decref(json);
	return NULL;
}

int document_write(const struct outdir *dir, const char *name, const struct result *result,
		   struct err *err)
{
	json_t *json = document_json(result);
	int error = json ? json_write_file(dir, name, json, err)
			 : err_errno(err, -ENOMEM, "cannot write %s", name);
	json_decref(json);
	return error;
}

int document_parse(const char *name, const char *text, size_t size, struct result **result,
		   struct err *err)
{
	struct json_node document = {.source = name, .err = err};
	int error = json_parse(name, text, size, &document.value, err);
	if (error)
		return error;
	*result = result_new();
	error = *result ? member_read(result_members, *result, &document, (*result)->arena)
			: err_errno(err, -ENOMEM, "cannot read %s", name);
	json_node_close(&document);
	if (error) {
		result_free(*result);
		*result = NULL;
	}
	return error;
}

int document_read(const char *path, struct result **result, struct err *err)
{
	char *text;
	size_t size;
	int error = json_read_text(path, &text, &size, err);
	if (error)
		return error;
	error = document_parse(path, text, size, result, err);
	free(text);
	return error;
}
