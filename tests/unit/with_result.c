#include "tests/unit/with_result.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/measure/figures/estimate.h"
#include "tests/test.h"

struct estimate with_estimate(double median, double lo, double hi, uint32_t n)
{
	return (struct estimate){
		.known = true, .median = median, .lo = lo, .hi = hi, .confidence = 0.9926, .n = n};
}

static void *alloc(struct result *r, size_t size)
{
	void *mem = arena_alloc(r->arena, size);
	assert_non_null(mem);
	return mem;
}

static struct named_text *texts(struct result *r, size_t n, const struct named_text *from)
{
	struct named_text *to = alloc(r, n * sizeof(*to));
	memcpy(to, from, n * sizeof(*to));
	return to;
}

static void set_tool(struct result *r)
{
	const struct named_text libs[] = {{"hwloc", "2.9.0"}, {"jansson", "2.14"}};
	r->tool = (struct tool_facts){.version = "0.1.0",
				      .commit = "0123456789ab",
				      .compiler = "gcc 12.2.0",
				      .cflags = "-O2 -g",
				      .libs = texts(r, 2, libs),
				      .n_libs = 2};
}

static void set_run(struct result *r)
{
	static const char *argv[] = {"statmark", "run", "caf\303\251 \377\\\"`id`\n\t%s"};
	const struct named_text options[] = {{"jobs", "1,2"}, {"output", NULL}};
	const struct named_text unsupported[] = {{"dtlb_misses", "not supported here"}};
	r->run = (struct run_facts){.id = "00112233445566ff",
				    .started = "2024-05-01T12:00:00Z",
				    .argv = argv,
				    .n_argv = ARRAY_LEN(argv),
				    .options = texts(r, 2, options),
				    .n_options = 2,
				    .seed = UINT64_MAX,
				    .duration_ns = 12345678901,
				    .budget_ns = 60000000000,
				    .rounds_wanted = 40,
				    .rounds_done = 24,
				    .stopped = STOP_TIME,
				    .unsupported = texts(r, 1, unsupported),
				    .n_unsupported = 1,
				    .units = calloc(2, sizeof(*r->run.units)),
				    .n_units = 2,
				    .room_units = 2};
	assert_non_null(r->run.units);
	r->run.units[0] = (struct steal_period){0, 16, 1040000000, 20000000, 1250};
	r->run.units[1] = (struct steal_period){16, 8, 520000000, 0, 0};
}

static void set_host(struct result *r)
{
	const struct named_text mitigations[] = {{"meltdown", "Not affected"},
						 {"spectre_v2", "Mitigation: IBRS"}};
	r->host = (struct host_facts){.fingerprint = "89abcdef01234567",
				      .hostname = "bookworm",
				      .os = "Debian GNU/Linux 12",
				      .kernel = "6.18.0",
				      .kernel_version = "#1 SMP",
				      .machine = "x86_64",
				      .cpu = "AMD EPYC 9V74",
				      .hypervisor = "kvm",
				      .governor = "performance",
				      .turbo = "off",
				      .smt = "on",
				      .clocksource = "tsc",
				      .cgroup_cpu_max = "400000 100000",
				      .cgroup_cpu_max_at = "/sys/fs/cgroup/box",
				      .cpus_allowed = "0-1",
				      .cpus_busy = "1",
				      .topology = "1 package, 2 cores, 2 CPUs, 1 NUMA node",
				      .n_cpus = 4,
				      .n_allowed = 2,
				      .memory_bytes = 8323227648,
				      .timer_ps = 25300,
				      .load_milli = 1250,
				      .mitigations = texts(r, 2, mitigations),
				      .n_mitigations = 2};
}

static void set_places(struct result *r)
{
	r->fs = alloc(r, sizeof(*r->fs));
	r->n_fs = 1;
	r->fs[0] = (struct fs_facts){.id = "fs0",
				     .type = "ext4",
				     .source = "/dev/vda1",
				     .mount_point = "/",
				     .options = "rw,relatime",
				     .super_options = "rw,errors=remount-ro",
				     .block_size = 4096,
				     .inodes = UINT64_MAX,
				     .inodes_free = 1000000,
				     .bytes = 1 << 30,
				     .bytes_free = 1 << 29};
	r->trees = alloc(r, sizeof(*r->trees));
	r->n_trees = 1;
	r->trees[0] = (struct tree_facts){.id = "tree0",
					  .order = ORDER_READDIR,
					  .name = "source-tree",
					  .root = "/var/tmp/trees/source-tree-20000-s1/tree",
					  .fs = "fs0",
					  .shape = "{\"name\":\"source-tree\",\"seed\":1}",
					  .digest = "20000-0123456789abcdef",
					  .seed = 1,
					  .entries = 20000,
					  .directories = 1251,
					  .files = 18749,
					  .symlinks = 1,
					  .others = 2,
					  .unreadable = 3,
					  .first_unreadable = "secret/\001\377",
					  .root_depth = 5,
					  .max_depth = 10,
					  .depth_sum = 104000,
					  .name_bytes = 240000,
					  .view_bytes = 280000};
}

static void set_passes(struct cell_result *cell, uint64_t wall_ns)
{
	cell->n_passes = cell->room_passes = 24;
	cell->passes = calloc(cell->room_passes, sizeof(*cell->passes));
	assert_non_null(cell->passes);
	for (uint32_t i = 0; i < 24; i++) {
		bool stolen = i == 7 || i == 11;
		cell->passes[i] = (struct pass){.round = i,
						.wall_ns = wall_ns + i * 1000,
						.user_ns = wall_ns / 5,
						.sys_ns = wall_ns / 5 * 4,
						.first_done_ns = wall_ns,
						.run_delay_ns = stolen ? 400000 : 0,
						.minor_faults = 2 * i,
						.major_faults = i % 2,
						.block_reads = i,
						.read_bytes = i == 5 ? COUNT_UNKNOWN : 512 * i,
						.requests = i == 6 ? COUNT_UNKNOWN : i,
						.switches = 1,
						.preemptions = stolen,
						.migrations = i % 3,
						.threads = 3 + i,
						.io_workers = i,
						.io_worker_ns = i == 9 ? COUNT_UNKNOWN : 1000 * i,
						.counted = {i, 0, 1, COUNT_UNKNOWN},
						.verified = true,
						.clean = !stolen,
						.why = stolen ? CAUSE_STOLEN : CAUSE_NONE};
	}
	cell->n_clean = 22;
	cell->cpu_ns = 22 * (wall_ns / 5 * 5);
	cell->kernel_ns = 22 * (wall_ns / 5 * 4);
}

static struct latency_facts no_latency(const char *reason)
{
	return (struct latency_facts){.p50 = COUNT_UNKNOWN,
				      .p90 = COUNT_UNKNOWN,
				      .p99 = COUNT_UNKNOWN,
				      .p999 = COUNT_UNKNOWN,
				      .max = COUNT_UNKNOWN,
				      .first_done_ns = COUNT_UNKNOWN,
				      .last_done_ns = COUNT_UNKNOWN,
				      .reason = reason};
}

/* As of 8 latency passes in which one entry in 16 was timed; too few for the last percentile. */
static void set_latency(struct result *r, struct cell_result *cell, uint64_t ns)
{
	struct latency_facts *l = &cell->latency;
	*l = (struct latency_facts){
		.gap = 16,
		.timer_ns = 23,
		.samples = 9987,
		.p50 = ns,
		.p90 = ns * 2,
		.p99 = ns * 4,
		.p999 = COUNT_UNKNOWN,
		.max = ns * 100,
		.first_done_ns = ns * 19000,
		.last_done_ns = ns * 20000,
		.reason = "fewer than 10 samples lie beyond the percentiles that are missing",
		.slowest = alloc(r, 2 * sizeof(*l->slowest)),
		.n_slowest = 2,
		.histogram = alloc(r, 3 * sizeof(*l->histogram)),
		.n_histogram = 3,
		.passes = calloc(1, sizeof(*l->passes)),
		.n_passes = 1,
		.room_passes = 1,
	};
	assert_non_null(l->passes);
	l->slowest[0] = (struct slow_entry){ns * 100, "/var/tmp/trees/tree/a\b"};
	l->slowest[1] = (struct slow_entry){ns * 90, "/var/tmp/trees/tree/\377"};
	l->histogram[0] = (struct latency_bucket){ns / 2, 4000};
	l->histogram[1] = (struct latency_bucket){ns, 5986};
	l->histogram[2] = (struct latency_bucket){ns * 100, 1};
	l->passes[0] = (struct pass){.wall_ns = ns * 20000, .verified = true, .clean = true};
}

/* A measured cell of one job whose median is ns, with an interval of +-1 %. */
static struct cell_result *measured(struct result *r, int index, const char *id, const char *label,
				    const char *strategy, double ns)
{
	struct cell_result *cell = &r->cells[index];
	*cell = (struct cell_result){.id = id,
				     .label = label,
				     .strategy = strategy,
				     .stage = STAGE_FETCH,
				     .pin = "compact",
				     .cache = CACHE_WARM,
				     .is_steady = true,
				     .tree = "tree0",
				     .fs = "fs0",
				     .jobs = 1,
				     .cpus = "0",
				     .entries = 20000,
				     .digest = "20000-fedcba9876543210",
				     .answers = "all",
				     .is_rival = true,
				     .live_threads = 2,
				     .baseline = "lstat/j1",
				     .has_passes = true,
				     .has_own_median = true,
				     .median_of_passes = ns * 1.02,
				     .min = ns * 0.95,
				     .p05 = ns * 0.98,
				     .p95 = ns * 1.07};
	cell->ns_per_entry = with_estimate(ns, ns * 0.99, ns * 1.01, 22);
	cell->ratio = with_estimate(ns / 812.4, ns / 812.4 * 0.992, ns / 812.4 * 1.007, 22);
	cell->ratio_all = cell->ratio;
	cell->scaling = with_estimate(1, 1, 1, 22);
	set_passes(cell, (uint64_t)(ns * 20000));
	set_latency(r, cell, (uint64_t)ns);
	return cell;
}

static void set_calls(struct result *r, struct cell_result *cell, const char *name, uint64_t count)
{
	cell->syscalls = alloc(r, sizeof(*cell->syscalls));
	cell->syscalls[0] = (struct named_count){name, count};
	cell->n_syscalls = 1;
	cell->syscalls_total = count;
}

static void set_statx(struct result *r)
{
	const struct named_text params[] = {
		{"addressing", "dirfd"}, {"mask", "size"}, {"sync", "dont"}};
	struct cell_result *cell =
		measured(r, CELL_STATX, "statx[addressing=dirfd,mask=size,sync=dont]/j1",
			 "statx[addressing=dirfd,mask=size,sync=dont]", "statx", 601.7);
	cell->params = texts(r, 3, params);
	cell->n_params = 3;
	set_calls(r, cell, "statx", 22502);
}

static void set_measured(struct result *r)
{
	struct cell_result *cell = measured(r, CELL_FLOOR, "noop/j1", "noop", "noop", 2.13);
	cell->is_floor = true;
	free(cell->latency.passes);
	cell->latency = no_latency("asks nothing");
	cell->ratio = (struct estimate){.reason = "the floor is not compared"};
	cell->ratio_all = cell->ratio;

	cell = measured(r, CELL_LSTAT, "lstat/j1", "lstat", "lstat", 812.4);
	cell->is_baseline = true;
	cell->ratio = (struct estimate){.reason = "is the baseline"};
	cell->ratio_all = cell->ratio;
	cell->baseline = NULL;
	cell->errors = 3;
	cell->error_counts = alloc(r, sizeof(*cell->error_counts));
	cell->error_counts[0] = (struct error_count){"EACCES", 3, "/a/b\033[31m/c"};
	cell->n_error_counts = 1;
	cell->failures = 2;
	cell->failure_counts = alloc(r, sizeof(*cell->failure_counts));
	cell->failure_counts[0] = (struct error_count){"EIO", 2, "/a/\377"};
	cell->n_failure_counts = 1;
	set_calls(r, cell, "newfstatat", 20000);

	set_calls(r, measured(r, CELL_FSTATAT, "fstatat/j1", "fstatat", "fstatat", 567.3),
		  "newfstatat", 22502);
	set_statx(r);

	cell = measured(r, CELL_CACHED, "cached[repeat=2]/j1", "cached[repeat=2]", "cached", 497);
	cell->scaling =
		(struct estimate){.seen = true,
				  .median = 1.5,
				  .lo = 1,
				  .hi = 2,
				  .n = 3,
				  .reason = "no 99% interval: needs 9 usable rounds, has 3"};
	cell->extras = alloc(r, sizeof(*cell->extras));
	cell->extras[0] = (struct extra_fact){.name = "hit_rate",
					      .unit = "lookups",
					      .higher_is_better = true,
					      .part = 20000,
					      .whole = 40000};
	cell->n_extras = 1;
	cell->syscalls_total = COUNT_UNKNOWN;
	cell->syscalls_reason = "somebody else makes them";

	cell = measured(r, CELL_THREADED, "threaded/j2", "threaded", "threaded", 431.9);
	cell->jobs = 2;
	cell->scaling = (struct estimate){.reason = "the same with one job was not measured"};
	cell->cpus = "0,1";
	set_calls(r, cell, "newfstatat", 20000);
}

/* A cell without numbers. */
static void set_other(struct result *r, int index, const char *id, const char *label,
		      enum status status, const char *reason)
{
	struct cell_result *cell = &r->cells[index];
	*cell = (struct cell_result){.id = id,
				     .label = label,
				     .strategy = label,
				     .stage = STAGE_FETCH,
				     .pin = "compact",
				     .cache = CACHE_WARM,
				     .is_steady = true,
				     .tree = "tree0",
				     .fs = "fs0",
				     .jobs = 1,
				     .entries = 20000,
				     .status = status,
				     .reason = reason,
				     .baseline = "lstat/j1"};
	cell->ns_per_entry.reason = reason ? "was not measured" : "3 clean passes; 8 are needed";
	cell->latency = no_latency("no latency pass was made");
	cell->ratio.reason = cell->scaling.reason = cell->ns_per_entry.reason;
	cell->ratio_all = cell->ratio;
}

struct result *with_result(void)
{
	struct result *r = result_new();
	assert_non_null(r);
	r->complete = true;
	set_tool(r);
	set_run(r);
	set_host(r);
	set_places(r);
	r->cells = alloc(r, CELLS * sizeof(*r->cells));
	r->n_cells = CELLS;
	set_measured(r);
	set_other(r, CELL_SKIPPED, "uring/j1", "uring", STATUS_SKIPPED,
		  "io_uring_setup: Operation not permitted (a container's seccomp filter?)");
	set_other(r, CELL_FAILED, "broken/j1", "broken", STATUS_FAILED,
		  "round 3: 2 of 20,000 answers differ from the reference, the first is "
		  "\"a/b\": size 0, expected 12");
	set_other(r, CELL_INVALID, "cold/j1", "cold", STATUS_INVALID,
		  "a cold pass that read nothing");
	set_other(r, CELL_UNKNOWN, "few/j1", "few", STATUS_OK, NULL);
	r->fastest = alloc(r, sizeof(*r->fastest));
	r->n_fastest = 1;
	r->fastest[0].baseline = "lstat/j1";
	r->fastest[0].cell = "fstatat/j1";
	r->fastest[0].speedup = with_estimate(1.4321, 1.4123, 1.4498, 11);
	r->more_jobs = alloc(r, sizeof(*r->more_jobs));
	r->n_more_jobs = 1;
	r->more_jobs[0] = (struct more_jobs){.baseline = "lstat/j1",
					     .one = "fstatat/j1",
					     .several = "threaded/j2",
					     .over_one = with_estimate(0.7613, 0.7512, 0.7714, 11)};
	assert_int_equal(check_result(r), 0);
	return r;
}
