#include "engine/host/finding.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/host/cgroup.h"

/* A reading of the clock that takes longer does not use the vDSO. */
enum { TIMER_PS_MAX = 100000 };

const char *severity_name(enum severity severity)
{
	static const char *const names[] = {"fine", "note", "warning"};
	return names[severity];
}

void finding_add(struct findings *f, const char *code, enum severity severity, const char *text,
		 const char *advice)
{
	if (text && f->n < FINDINGS_MAX)
		f->items[f->n++] = (struct finding){code, severity, text, advice};
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static void judge_governor(struct findings *f, const struct host_facts *h)
{
	if (!h->governor)
		finding_add(
			f, "governor", SEVERITY_NOTE,
			"CPU frequency governor: unknown (a virtual machine, or /sys is hidden)",
			"compare within a run; a run reports when the speed of the CPUs changed");
	else if (is(h->governor, "performance"))
		finding_add(f, "governor", SEVERITY_FINE, "CPU frequency governor: performance",
			    NULL);
	else
		finding_add(f, "governor", SEVERITY_WARNING,
			    arena_print(f->arena, "CPU frequency governor: %s", h->governor),
			    "cpupower frequency-set -g performance");
}

static void judge_turbo(struct findings *f, const struct host_facts *h)
{
	if (is(h->turbo, "on"))
		finding_add(
			f, "turbo", SEVERITY_NOTE,
			"turbo is on: the CPU clock is faster while few CPUs are busy, and slower "
			"when they are warm",
			"echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or 0 into "
			"cpufreq/boost");
	else if (h->turbo)
		finding_add(f, "turbo", SEVERITY_FINE, "turbo is off", NULL);
	else
		finding_add(f, "turbo", SEVERITY_NOTE,
			    "whether turbo is on is unknown (a virtual machine, or /sys is hidden)",
			    "switch it off in the firmware, or on the host");
}

static void judge_smt(struct findings *f, const struct host_facts *h)
{
	if (is(h->smt, "on"))
		finding_add(f, "smt", SEVERITY_NOTE,
			    "hardware threads share cores: two workers on one core slow each other "
			    "down",
			    "compare jobs with --pin one-per-core");
	else if (!h->smt || is(h->smt, "notimplemented"))
		finding_add(f, "smt", SEVERITY_NOTE,
			    "whether hardware threads share cores is unknown: the kernel does not "
			    "report it, or /sys is hidden",
			    "see lscpu on the machine itself; compare jobs with --pin "
			    "one-per-core");
	else
		finding_add(
			f, "smt", SEVERITY_FINE,
			arena_print(f->arena, "no hardware threads share a core (SMT: %s)", h->smt),
			NULL);
}

static void judge_mitigations(struct findings *f, const struct host_facts *h)
{
	size_t active = 0, unknown = 0;
	for (size_t i = 0; i < h->n_mitigations; i++) {
		const char *value = h->mitigations[i].value;
		active += value && strncmp(value, "Mitigation", 10) == 0;
		unknown += !value;
	}
	const char *advice = "read /sys/devices/system/cpu/vulnerabilities on the machine itself; "
			     "compare only with this machine";
	if (!h->n_mitigations)
		finding_add(f, "mitigations", SEVERITY_NOTE,
			    "which mitigations of processor flaws are active is unknown: the "
			    "kernel's list cannot be read",
			    advice);
	else if (unknown)
		finding_add(f, "mitigations", SEVERITY_NOTE,
			    arena_print(f->arena,
					"whether they are mitigated is unknown for %s; of the "
					"others %zu %s",
					COUNTED(unknown, "processor flaw"), active,
					active == 1 ? "is" : "are"),
			    advice);
	else if (active)
		finding_add(f, "mitigations", SEVERITY_NOTE,
			    arena_print(f->arena,
					"%s of processor flaws %s active; system calls are slower "
					"than without",
					COUNTED(active, "mitigation"), active == 1 ? "is" : "are"),
			    "compare only with machines that have the same mitigations");
	else
		finding_add(f, "mitigations", SEVERITY_FINE,
			    "no mitigation of a processor flaw is active", NULL);
}

static void judge_hypervisor(struct findings *f, const struct host_facts *h)
{
	if (!h->hypervisor)
		finding_add(f, "hypervisor", SEVERITY_NOTE,
			    "whether there is a hypervisor is unknown: the CPU does not report it",
			    "see systemd-detect-virt; if there is one, trust ratios within a run, "
			    "not times across runs");
	else if (is(h->hypervisor, "none"))
		finding_add(f, "hypervisor", SEVERITY_FINE, "no hypervisor was detected", NULL);
	else
		finding_add(
			f, "hypervisor", SEVERITY_NOTE,
			arena_print(f->arena,
				    "a virtual machine (%s): other guests cannot be observed, only "
				    "the CPU time that they take",
				    h->hypervisor),
			"trust ratios within a run, not times across runs");
}

/* Clock sources that are read without a system call; see engine/base/clock.h. */
static void judge_timer(struct findings *f, const struct host_facts *h)
{
	static const char *const quick[] = {"tsc", "kvm-clock", "arch_sys_counter",
					    "hyperv_clocksource_tsc_page"};
	bool is_quick = !h->clocksource || !h->timer_ps;
	for (size_t i = 0; i < ARRAY_LEN(quick); i++)
		is_quick |= is(h->clocksource, quick[i]);
	is_quick &= h->timer_ps <= TIMER_PS_MAX;
	const char *text = arena_print(f->arena, "clock: %s, %" PRIu64 ".%" PRIu64 " ns a reading",
				       h->clocksource ? h->clocksource : "unknown",
				       h->timer_ps / 1000, h->timer_ps / 100 % 10);
	if (is_quick && !h->timer_ps)
		finding_add(f, "timer", SEVERITY_NOTE,
			    "the cost of a reading of the clock is unknown",
			    "sample latencies sparsely (--sample)");
	else if (is_quick && !h->clocksource)
		finding_add(f, "timer", SEVERITY_NOTE, text,
			    "read /sys/devices/system/clocksource/clocksource0/current_clocksource "
			    "on the machine itself: it should be tsc, or another that takes no "
			    "system call");
	else
		finding_add(f, "timer", is_quick ? SEVERITY_FINE : SEVERITY_WARNING, text,
			    is_quick ? NULL
				     : "boot with clocksource=tsc if the machine has a stable one; "
				       "sample "
				       "latencies sparsely (--sample)");
}

static void judge_cgroup(struct findings *f, const struct host_facts *h)
{
	const double cpus = cgroup_cpus(h->cgroup_cpu_max);
	const char *at = h->cgroup_cpu_max_at ? h->cgroup_cpu_max_at : "of this process";
	const char *limit =
		arena_print(f->arena, "cgroup %s limits the CPU time to that of %.4g CPUs (%s us)",
			    at, cpus, h->cgroup_cpu_max ? h->cgroup_cpu_max : "");
	if (!h->cgroup_cpu_max)
		finding_add(f, "cgroup", SEVERITY_NOTE,
			    "whether a cgroup limits the CPU time is unknown: the cgroups of this "
			    "process cannot be read",
			    "make /proc/self and /sys/fs/cgroup readable, or look from outside the "
			    "container for cpu.max (cgroup v1: cpu.cfs_quota_us)");
	else if (cpus <= 0)
		finding_add(f, "cgroup", SEVERITY_FINE,
			    "no cgroup that is visible here limits the CPU time", NULL);
	else if (limit && cpus >= h->n_allowed)
		finding_add(f, "cgroup", SEVERITY_FINE,
			    arena_print(f->arena, "%s, as many as this process may use", limit),
			    NULL);
	else if (limit)
		finding_add(f, "cgroup", SEVERITY_WARNING,
			    arena_print(f->arena, "%s: passes stop when it is used up", limit),
			    "raise its cpu.max (cgroup v1: cpu.cfs_quota_us), or measure outside "
			    "the container");
}

static void judge_cpus(struct findings *f, const struct host_facts *h)
{
	if (h->n_allowed > 1)
		finding_add(f, "cpus", SEVERITY_FINE,
			    arena_print(f->arena, "%" PRIu32 " of %s may be used", h->n_allowed,
					COUNTED(h->n_cpus, "CPU")),
			    NULL);
	else
		finding_add(f, "cpus", SEVERITY_WARNING,
			    "only one CPU may be used, and everything else runs on it, too",
			    "allow a second one (taskset, cpuset)");
}

/* A load of half a CPU for each two allowed CPUs already affects measurements. */
static void judge_load(struct findings *f, const struct host_facts *h)
{
	bool is_busy = h->load_milli > (uint64_t)h->n_allowed * 250;
	if (h->load_milli == COUNT_UNKNOWN) {
		finding_add(
			f, "load", SEVERITY_NOTE,
			"load of the last minute: unknown, /proc/loadavg cannot be read",
			"make it readable, or check on the machine itself that nothing else runs");
		return;
	}
	finding_add(f, "load", is_busy ? SEVERITY_WARNING : SEVERITY_FINE,
		    arena_print(f->arena, "load of the last minute: %" PRIu64 ".%02" PRIu64,
				h->load_milli / 1000, h->load_milli % 1000 / 10),
		    is_busy ? "stop other programs, or wait until they end" : NULL);
}

void finding_host(struct findings *f, const struct host_facts *h)
{
	judge_governor(f, h);
	judge_turbo(f, h);
	judge_smt(f, h);
	judge_mitigations(f, h);
	judge_hypervisor(f, h);
	judge_timer(f, h);
	judge_cgroup(f, h);
	judge_cpus(f, h);
	judge_load(f, h);
}

void finding_fs(struct findings *f, const struct fs_facts *fs, bool is_root)
{
	static const char *const in_memory[] = {"tmpfs", "ramfs"};
	static const char *const stacked[] = {"overlay", "fuse", "nfs",      "nfs4",
					      "cifs",    "9p",   "virtiofs", "ceph"};
	if (!fs->type || is(fs->type, "unknown")) {
		finding_add(
			f, "fs", SEVERITY_NOTE,
			"the filesystem that trees are made on is unknown: /proc/self/mountinfo "
			"cannot be read",
			"make it readable, or write down the filesystem with the figures");
		return;
	}
	const char *where = arena_print(f->arena, "trees are made on %s at %s", fs->type,
					or_unknown(fs->mount_point));
	for (size_t i = 0; i < ARRAY_LEN(in_memory); i++) {
		if (is(fs->type, in_memory[i])) {
			finding_add(f, "fs", SEVERITY_NOTE,
				    arena_print(f->arena, "%s, which has no cold state", where),
				    "--dir on a disk, for cold cells");
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(stacked); i++) {
		if (strncmp(fs->type, stacked[i], strlen(stacked[i])) == 0) {
			finding_add(
				f, "fs", SEVERITY_NOTE,
				arena_print(f->arena,
					    "%s: its data are on another filesystem or a server",
					    where),
				"--dir on a local filesystem, unless this one is to be measured");
			return;
		}
	}
	finding_add(f, "fs", SEVERITY_FINE, where, NULL);
	if (!is_root)
		finding_add(f, "cold", SEVERITY_NOTE,
			    "this user cannot empty caches, so there are no cold cells",
			    "give --cold-cmd, or run as root with --drop-caches");
}

static void judge_steal(struct findings *f, const struct run_facts *run)
{
	uint64_t wall = 0, stolen = 0;
	for (size_t i = 0; i < run->n_units; i++) {
		if (run->units[i].wall_ns < NS_PER_SECOND)
			continue; /* incomplete, so not judged */
		wall += run->units[i].wall_ns;
		stolen += run->units[i].steal_ns;
	}
	if (!wall) {
		finding_add(f, "steal", SEVERITY_NOTE,
			    run->n_units ? "the CPU time taken by the hypervisor is unknown: it is "
					   "counted over whole seconds, and none was measured"
					 : "the CPU time taken by the hypervisor is unknown: "
					   "/proc/stat cannot be read",
			    run->n_units ? "raise --max-time"
					 : "make it readable, or look at the host");
		return;
	}
	uint64_t per_mille = (uint64_t)((unsigned __int128)stolen * 2000 / wall + 1) / 2;
	const char *text =
		arena_print(f->arena, "the hypervisor took %" PRIu64 ".%" PRIu64 " %% of a CPU",
			    per_mille / 10, per_mille % 10);
	if (per_mille < 10)
		finding_add(f, "steal", SEVERITY_FINE, text, NULL);
	else
		finding_add(f, "steal", SEVERITY_WARNING, text,
			    "use a host with fewer guests, or a dedicated one");
}

/* Whether workers waited for a CPU is known only from the kernel's schedstat. */
static void judge_passes(struct findings *f, const struct result *result)
{
	size_t all = 0, disturbed = 0, unknown = 0;
	for (size_t i = 0; i < result->n_cells; i++) {
		all += result->cells[i].n_passes;
		for (size_t p = 0; p < result->cells[i].n_passes; p++) {
			const struct pass *pass = &result->cells[i].passes[p];
			disturbed += !pass->clean;
			unknown += pass->run_delay_ns == COUNT_UNKNOWN;
		}
	}
	const bool is_noisy = disturbed * 10 > all;
	const char *text = arena_print(f->arena, "%s of %s %s disturbed", GROUPED(disturbed),
				       COUNTED(all, "pass"), disturbed == 1 ? "was" : "were");
	if (text && unknown)
		text = arena_print(f->arena,
				   "%s, not counting waits for a CPU, which are unknown: "
				   "/proc/thread-self/schedstat cannot be read",
				   text);
	if (!all)
		finding_add(
			f, "disturbed", SEVERITY_NOTE,
			"whether passes are disturbed here is unknown: none was measured in time",
			"raise --max-time");
	else if (is_noisy)
		finding_add(f, "disturbed", SEVERITY_WARNING, text,
			    "stop other programs; the document of a run has the causes");
	else if (unknown)
		finding_add(f, "disturbed", SEVERITY_NOTE, text,
			    "make /proc readable, or use a kernel with CONFIG_SCHED_INFO; until "
			    "then see the load");
	else
		finding_add(f, "disturbed", SEVERITY_FINE, text, NULL);
}

void finding_run(struct findings *f, const struct result *result)
{
	const struct run_facts *run = &result->run;
	judge_steal(f, run);
	judge_passes(f, result);
	if (run->n_unsupported)
		finding_add(f, "counters", SEVERITY_NOTE,
			    arena_print(f->arena, "%s: %s", run->unsupported[0].name,
					run->unsupported[0].value),
			    "only to see cycles and cache misses: measure as root, on the machine "
			    "itself");
	else
		finding_add(f, "counters", SEVERITY_FINE, "the processor's counters can be read",
			    NULL);
}
