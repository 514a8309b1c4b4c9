/* Facts of machines that we do not have, and what is found about them. */
#include "engine/host/finding.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "tests/test.h"

static struct arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return arena ? 0 : -1;
}

static int close_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* A bare machine with nothing to complain about. */
static struct host_facts good_host(void)
{
	static struct named_text unaffected = {"meltdown", "Not affected"};
	return (struct host_facts){.governor = "performance",
				   .turbo = "off",
				   .smt = "off",
				   .hypervisor = "none",
				   .clocksource = "tsc",
				   .cgroup_cpu_max = "max 100000",
				   .n_cpus = 8,
				   .n_allowed = 8,
				   .timer_ps = 18500,
				   .load_milli = 50,
				   .mitigations = &unaffected,
				   .n_mitigations = 1};
}

static const struct finding *find(const struct findings *f, const char *code)
{
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->items[i].code, code) == 0)
			return &f->items[i];
	}
	return NULL;
}

static void is_found(const struct findings *f, const char *code, enum severity severity,
		     const char *words)
{
	const struct finding *finding = find(f, code);
	if (!finding)
		fail_msg("no finding '%s'", code);
	if (finding->severity != severity || !strstr(finding->text, words))
		fail_msg("%s: %s: %s, should be %s with '%s'", code,
			 severity_name(finding->severity), finding->text, severity_name(severity),
			 words);
	if (severity != SEVERITY_FINE)
		assert_non_null(finding->advice);
}

static void host_is(const struct host_facts *host, const char *code, enum severity severity,
		    const char *words)
{
	struct findings f = {.arena = arena};
	finding_host(&f, host);
	is_found(&f, code, severity, words);
}

static void a_good_machine_is_fine(void **state)
{
	struct findings f = {.arena = arena};
	const struct host_facts host = good_host();
	(void)state;
	finding_host(&f, &host);
	assert_true(f.n >= 9);
	for (size_t i = 0; i < f.n; i++) {
		if (f.items[i].severity != SEVERITY_FINE)
			fail_msg("%s: %s", f.items[i].code, f.items[i].text);
		assert_null(f.items[i].advice);
	}
}

static void frequency(void **state)
{
	struct host_facts h = good_host();
	(void)state;
	h.governor = "powersave";
	host_is(&h, "governor", SEVERITY_WARNING, "powersave");
	h.governor = NULL;
	host_is(&h, "governor", SEVERITY_NOTE, "unknown");
	h.turbo = "on";
	host_is(&h, "turbo", SEVERITY_NOTE, "turbo is on");
	h.turbo = NULL;
	host_is(&h, "turbo", SEVERITY_NOTE, "unknown");
}

static void other_users_of_the_machine(void **state)
{
	struct host_facts h = good_host();
	(void)state;
	h.smt = "on";
	host_is(&h, "smt", SEVERITY_NOTE, "share cores");
	h.smt = NULL;
	host_is(&h, "smt", SEVERITY_NOTE, "unknown");
	h.smt = "notimplemented";
	host_is(&h, "smt", SEVERITY_NOTE, "unknown");
	h.smt = "notsupported";
	host_is(&h, "smt", SEVERITY_FINE, "notsupported");
	h.hypervisor = "KVM";
	host_is(&h, "hypervisor", SEVERITY_NOTE, "KVM");
	h.hypervisor = NULL;
	host_is(&h, "hypervisor", SEVERITY_NOTE, "unknown");
	h.n_allowed = 1;
	host_is(&h, "cpus", SEVERITY_WARNING, "one CPU");
	h.load_milli = 1230;
	host_is(&h, "load", SEVERITY_WARNING, "1.23");
	h.n_allowed = 8;
	host_is(&h, "load", SEVERITY_FINE, "1.23");
	h.load_milli = 2010;
	host_is(&h, "load", SEVERITY_WARNING, "2.01");
	h.load_milli = COUNT_UNKNOWN;
	host_is(&h, "load", SEVERITY_NOTE, "unknown");
}

static void a_cgroup_that_limits_is_named(void **state)
{
	struct host_facts h = good_host();
	(void)state;
	host_is(&h, "cgroup", SEVERITY_FINE, "no cgroup that is visible");
	h.cgroup_cpu_max = "max";
	host_is(&h, "cgroup", SEVERITY_FINE, "no cgroup that is visible");
	h.cgroup_cpu_max = "30000 100000";
	h.cgroup_cpu_max_at = "/sys/fs/cgroup/cpu/box";
	host_is(&h, "cgroup", SEVERITY_WARNING,
		"cgroup /sys/fs/cgroup/cpu/box limits the CPU time to that of 0.3 CPUs");
	h.cgroup_cpu_max = "800000 100000"; /* as many as may be used: no pass waits for it */
	host_is(&h, "cgroup", SEVERITY_FINE, "8 CPUs");
	h.n_allowed = 9;
	host_is(&h, "cgroup", SEVERITY_WARNING, "8 CPUs");
	h.cgroup_cpu_max = NULL;
	host_is(&h, "cgroup", SEVERITY_NOTE, "unknown");
}

static void mitigations_are_counted(void **state)
{
	struct named_text texts[] = {{"meltdown", "Not affected"},
				     {"spectre_v2", "Mitigation: Enhanced IBRS"},
				     {"srbds", "Vulnerable: no microcode"},
				     {"retbleed", "Mitigation; untrained return thunk"}};
	struct host_facts h = good_host();
	(void)state;
	h.mitigations = texts;
	h.n_mitigations = ARRAY_LEN(texts);
	host_is(&h, "mitigations", SEVERITY_NOTE, "2 mitigations");
	texts[1].value = NULL;
	host_is(&h, "mitigations", SEVERITY_NOTE,
		"unknown for 1 processor flaw; of the others 1 is");
	h.n_mitigations = 0;
	host_is(&h, "mitigations", SEVERITY_NOTE, "unknown");
}

static void the_clock(void **state)
{
	struct host_facts h = good_host();
	(void)state;
	host_is(&h, "timer", SEVERITY_FINE, "tsc, 18.5 ns");
	h.clocksource = "hpet";
	host_is(&h, "timer", SEVERITY_WARNING, "hpet");
	h.clocksource = "tsc"; /* but no vDSO: a system call each time */
	h.timer_ps = 250000;
	host_is(&h, "timer", SEVERITY_WARNING, "250.0 ns");
	h.clocksource = NULL;
	h.timer_ps = 20000;
	host_is(&h, "timer", SEVERITY_NOTE, "unknown, 20.0 ns");
	h.timer_ps = 0;
	host_is(&h, "timer", SEVERITY_NOTE, "the clock is unknown");
}

static void fs_is(const char *type, bool is_root, const char *code, enum severity severity,
		  const char *words)
{
	const struct fs_facts fs = {.type = type, .mount_point = "/mnt"};
	struct findings f = {.arena = arena};
	finding_fs(&f, &fs, is_root);
	is_found(&f, code, severity, words);
	assert_int_equal(find(&f, "cold") != NULL, strcmp(code, "cold") == 0);
}

static void filesystems(void **state)
{
	(void)state;
	fs_is("ext4", true, "fs", SEVERITY_FINE, "ext4 at /mnt");
	fs_is("ext4", false, "cold", SEVERITY_NOTE, "cannot empty caches");
	fs_is("tmpfs", true, "fs", SEVERITY_NOTE, "no cold state");
	fs_is("overlay", true, "fs", SEVERITY_NOTE, "on another filesystem");
	fs_is("fuse.sshfs", true, "fs", SEVERITY_NOTE, "on another filesystem");
	fs_is("unknown", true, "fs", SEVERITY_NOTE, "is unknown");
}

static void findings_of_a_run(void **state)
{
	struct findings quiet = {.arena = arena}, noisy = {.arena = arena};
	struct steal_period units[] = {{0, 5, 1000000000, 0, 0}, {5, 5, 1000000000, 18000000, 0}};
	struct named_text lacking[] = {{"cycles", "not supported here: no PMU"}};
	struct pass passes[10] = {{0}};
	struct cell_result cell = {.passes = passes, .n_passes = 10};
	struct result result = {.cells = &cell, .n_cells = 1};
	(void)state;
	result.run.units = units;
	result.run.n_units = 2;
	for (int i = 0; i < 9; i++)
		passes[i].clean = true;
	finding_run(&quiet, &result);
	is_found(&quiet, "steal", SEVERITY_FINE, "0.9 %");
	is_found(&quiet, "disturbed", SEVERITY_FINE, "1 of 10");
	is_found(&quiet, "counters", SEVERITY_FINE, "can be read");
	units[0].steal_ns = 11000000;
	passes[0].clean = false;
	result.run.unsupported = lacking;
	result.run.n_unsupported = 1;
	finding_run(&noisy, &result);
	is_found(&noisy, "steal", SEVERITY_WARNING, "1.5 %");
	is_found(&noisy, "disturbed", SEVERITY_WARNING, "2 of 10");
	is_found(&noisy, "counters", SEVERITY_NOTE, "no PMU");
}

static void waits_of_passes_may_be_unknown(void **state)
{
	struct findings none = {.arena = arena}, known = {.arena = arena}, some = {.arena = arena};
	struct pass passes[2] = {{.clean = true}, {.clean = true}};
	struct cell_result cell = {.passes = passes};
	struct result result = {.cells = &cell, .n_cells = 1};
	(void)state;
	finding_run(&none, &result);
	is_found(&none, "disturbed", SEVERITY_NOTE, "none was measured");
	cell.n_passes = 2;
	finding_run(&known, &result);
	is_found(&known, "disturbed", SEVERITY_FINE, "0 of 2");
	passes[1].run_delay_ns = COUNT_UNKNOWN;
	finding_run(&some, &result);
	is_found(&some, "disturbed", SEVERITY_NOTE, "waits for a CPU, which are unknown");
	assert_non_null(find(&some, "disturbed")->advice);
}

/* A second is what is looked at: less of it, or no account at all, says nothing. */
static void steal_may_be_unknown(void **state)
{
	struct findings none = {.arena = arena}, brief = {.arena = arena}, some = {.arena = arena};
	struct steal_period units[] = {{0, 5, 999999999, 0, 0}, {5, 5, 1000000000, 15000000, 0}};
	struct result result = {.run = {.units = units}};
	(void)state;
	finding_run(&none, &result);
	is_found(&none, "steal", SEVERITY_NOTE, "unknown: /proc/stat");
	result.run.n_units = 1;
	finding_run(&brief, &result);
	is_found(&brief, "steal", SEVERITY_NOTE, "whole seconds");
	result.run.n_units = 2;
	finding_run(&some, &result);
	is_found(&some, "steal", SEVERITY_WARNING, "1.5 %");
}

static void the_number_of_findings_is_limited(void **state)
{
	struct findings f = {.arena = arena};
	(void)state;
	finding_add(&f, "none", SEVERITY_FINE, NULL, NULL);
	assert_int_equal(f.n, 0);
	for (int i = 0; i < 2 * FINDINGS_MAX; i++)
		finding_add(&f, "one", SEVERITY_FINE, "words", NULL);
	assert_int_equal(f.n, FINDINGS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_machine_is_fine),
		TEST(frequency),
		TEST(other_users_of_the_machine),
		TEST(a_cgroup_that_limits_is_named),
		TEST(mitigations_are_counted),
		TEST(the_clock),
		TEST(filesystems),
		TEST(findings_of_a_run),
		TEST(steal_may_be_unknown),
		TEST(waits_of_passes_may_be_unknown),
		TEST(the_number_of_findings_is_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
