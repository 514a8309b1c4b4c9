/* The facts, of machines in a directory too, and their fingerprint. */
#include "engine/host/host.h"
#include "engine/base/util.h"
#include "engine/host/finding.h"

#include <string.h>

#include "tests/test.h"
#include "tests/unit/with_root.h"

static struct host_facts some_host(void)
{
	return (struct host_facts){.hostname = "a",
				   .kernel = "6.1.0",
				   .kernel_version = "#1",
				   .os = "Debian 12",
				   .machine = "x86_64",
				   .cpu = "Some CPU",
				   .hypervisor = "KVM",
				   .governor = "powersave",
				   .turbo = "on",
				   .smt = "on",
				   .clocksource = "tsc",
				   .cpus_allowed = "0-3",
				   .topology = "1 package, 2 cores, 4 CPUs, 1 NUMA node",
				   .n_cpus = 4,
				   .n_allowed = 4,
				   .memory_bytes = UINT64_C(8) << 30,
				   .timer_ps = 20000,
				   .load_milli = 100};
}

static bool same(struct arena *arena, const struct host_facts *a, const struct host_facts *b)
{
	const char *x = host_fingerprint(a, arena), *y = host_fingerprint(b, arena);
	assert_non_null(x);
	assert_non_null(y);
	assert_int_equal(strlen(x), 16);
	return strcmp(x, y) == 0;
}

static void changing_facts_do_not_change_the_fingerprint(void **state)
{
	const struct host_facts one = some_host();
	struct host_facts other = one;
	struct arena *arena = arena_new();
	(void)state;
	other.hostname = "b";
	other.kernel = "6.18.0";
	other.kernel_version = "#2";
	other.os = "Debian 13";
	other.governor = "performance";
	other.turbo = NULL;
	other.timer_ps = 31000;
	other.load_milli = 5000;
	other.memory_bytes -= 100 << 20; /* what the kernel keeps for itself varies */
	assert_true(same(arena, &one, &other));
	arena_free(arena);
}

static void fixed_facts_change_the_fingerprint(void **state)
{
	const struct host_facts one = some_host();
	struct host_facts others[8];
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < 8; i++)
		others[i] = one;
	others[0].cpu = "Another CPU";
	others[1].machine = "aarch64";
	others[2].hypervisor = "none";
	others[3].n_cpus = 8;
	others[4].n_allowed = 2;
	others[5].memory_bytes *= 2;
	others[6].smt = NULL;
	others[7].clocksource = "hpet";
	for (size_t i = 0; i < 8; i++)
		assert_false(same(arena, &one, &others[i]));
	arena_free(arena);
}

static void the_fingerprint_of_this_machine_is_stable(void **state)
{
	struct topology *topology = NULL;
	struct arena *arena = arena_new();
	struct host_facts first, second;
	(void)state;
	assert_int_equal(topology_open(&topology, NULL, NULL), 0);
	assert_int_equal(host_read(&first, "", topology, arena), 0);
	assert_int_equal(host_read(&second, "", topology, arena), 0);
	assert_string_equal(first.fingerprint, second.fingerprint);
	assert_true(first.timer_ps > 0);
	assert_true(first.n_allowed >= 1 && first.n_allowed <= first.n_cpus);
	topology_close(topology);
	arena_free(arena);
}

/* Pre-empted for twenty times as long as it ran, a try says nothing about the CPU's speed. */
static void an_interrupted_speed_probe_gives_no_speed(void **state)
{
	const struct speed_try tries[] = {
		{30000, 30000},  {600000, 30000}, {31000, 30900},  {29000, 29000},
		{650000, 31000}, {30500, 30400},  {700000, 30000}, {33900, 30000},
	};
	(void)state;
	assert_int_equal(host_undisturbed_ns(tries, 7), 30500);
	assert_int_equal(host_undisturbed_ns(tries, 8), 30500); /* the last one is 13 % longer */
	assert_int_equal(host_undisturbed_ns(tries, 3), 0);     /* two are too few */
	assert_int_equal(host_undisturbed_ns(tries, 0), 0);
}

#define CPU   "/sys/devices/system/cpu/"
#define CLOCK "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* A machine with every file that is looked at, and what is found there. */
static const char *const files[][2] = {
	{"/etc/os-release", "NAME=x\nPRETTY_NAME=\"Some OS\"\n"},
	{"/proc/cpuinfo", "processor : 0\nmodel name\t: Some CPU\n"},
	{"/proc/loadavg", "1.25 0.50 0.10 1/100 4711\n"},
	{"/proc/self/cgroup", "1:cpu:/box\n"},
	{"/proc/self/mountinfo", "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"},
	{"/sys/fs/cgroup/cpu/cgroup.procs", "1\n"},
	{"/sys/fs/cgroup/cpu/box/cgroup.procs", "1\n"},
	{"/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "30000\n"},
	{"/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n"},
	{CPU "cpu0/cpufreq/scaling_governor", "powersave\n"},
	{CPU "cpufreq/boost", "1\n"},
	{CPU "smt/control", "on\n"},
	{CPU "vulnerabilities/meltdown", "Mitigation: PTI\n"},
	{CPU "vulnerabilities/srbds", "Not affected\n"},
	{CLOCK, "tsc\n"},
};

static void look_below(struct host_facts *host, const struct fake_root *root, struct arena *arena)
{
	struct topology *topology = NULL;
	assert_int_equal(topology_open(&topology, "core:2 pu:1", NULL), 0);
	assert_int_equal(host_read(host, root->scratch.path, topology, arena), 0);
	topology_close(topology);
}

static void facts_are_read_from_files(void **state)
{
	struct arena *arena = arena_new();
	struct fake_root root;
	struct host_facts host;
	(void)state;
	assert_true(fake_root_make(&root));
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		fake_root_write(&root, files[i][0], files[i][1]);
	look_below(&host, &root, arena);
	assert_string_equal(host.os, "Some OS");
	assert_string_equal(host.cpu, "Some CPU");
	assert_string_equal(host.governor, "powersave");
	assert_string_equal(host.turbo, "on");
	assert_string_equal(host.smt, "on");
	assert_string_equal(host.clocksource, "tsc");
	assert_string_equal(host.cgroup_cpu_max, "30000 100000");
	assert_string_equal(host.cgroup_cpu_max_at, "/sys/fs/cgroup/cpu/box");
	assert_int_equal(host.load_milli, 1250);
	assert_int_equal(host.n_mitigations, 2);
	assert_string_equal(host.mitigations[0].name, "meltdown");
	assert_string_equal(host.mitigations[0].value, "Mitigation: PTI");
	fake_root_write(&root, CPU "intel_pstate/no_turbo", "1\n");
	fake_root_block(&root, CPU "vulnerabilities/meltdown");
	look_below(&host, &root, arena);
	assert_string_equal(host.turbo, "off");
	assert_int_equal(host.n_mitigations, 2);
	assert_null(host.mitigations[0].value);
	assert_string_equal(host.mitigations[1].value, "Not affected");
	fake_root_remove(&root);
	arena_free(arena);
}

/* No fact is made up, and nothing that is not known is fine. */
static void all_is_unknown(const struct fake_root *root)
{
	static const char *const codes[] = {"governor", "turbo",  "smt", "mitigations",
					    "timer",    "cgroup", "load"};
	struct arena *arena = arena_new();
	struct findings f = {.arena = arena};
	struct host_facts h;
	size_t found = 0;
	look_below(&h, root, arena);
	const char *const texts[] = {h.os,  h.cpu,         h.governor,       h.turbo,
				     h.smt, h.clocksource, h.cgroup_cpu_max, h.cgroup_cpu_max_at};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_null(texts[i]);
	assert_true(h.load_milli == COUNT_UNKNOWN);
	for (size_t i = 0; i < h.n_mitigations; i++)
		assert_null(h.mitigations[i].value);
	finding_host(&f, &h);
	for (size_t i = 0; i < f.n; i++) {
		const struct finding *finding = &f.items[i];
		for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
			if (strcmp(codes[c], finding->code) != 0)
				continue;
			found++;
			if (finding->severity == SEVERITY_FINE || !finding->advice ||
			    !strstr(finding->text, "unknown"))
				fail_msg("%s: %s", finding->code, finding->text);
		}
	}
	assert_int_equal(found, ARRAY_LEN(codes));
	arena_free(arena);
}

static void masked_files_give_unknown_facts(void **state)
{
	struct fake_root root;
	(void)state;
	assert_true(fake_root_make(&root));
	all_is_unknown(&root);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		fake_root_write(&root, files[i][0], "");
	all_is_unknown(&root);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		fake_root_write(&root, files[i][0], "\n");
	all_is_unknown(&root);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		fake_root_block(&root, files[i][0]);
	all_is_unknown(&root);
	fake_root_remove(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupted_speed_probe_gives_no_speed),
		cmocka_unit_test(changing_facts_do_not_change_the_fingerprint),
		cmocka_unit_test(fixed_facts_change_the_fingerprint),
		cmocka_unit_test(facts_are_read_from_files),
		cmocka_unit_test(masked_files_give_unknown_facts),
		cmocka_unit_test(the_fingerprint_of_this_machine_is_stable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
