/* The fingerprint: the same for the same machine, another for another one. */
#include "engine/host/host.h"

#include <string.h>

#include "tests/test.h"

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

static void what_comes_and_goes_is_not_in_it(void **state)
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

static void what_makes_another_machine_is(void **state)
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

static void this_machine_has_one_that_stays(void **state)
{
	struct topology *topology = NULL;
	struct arena *arena = arena_new();
	struct host_facts first, second;
	(void)state;
	assert_int_equal(topology_open(&topology, NULL, NULL), 0);
	assert_int_equal(host_look(&first, topology, arena), 0);
	assert_int_equal(host_look(&second, topology, arena), 0);
	assert_string_equal(first.fingerprint, second.fingerprint);
	assert_true(first.timer_ps > 0);
	assert_true(first.n_allowed >= 1 && first.n_allowed <= first.n_cpus);
	topology_close(topology);
	arena_free(arena);
}

/* Pre-empted for twenty times as long as it ran, a try says nothing about the CPU's speed. */
static void a_speed_probe_that_lost_its_cpu_is_none(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_speed_probe_that_lost_its_cpu_is_none),
		cmocka_unit_test(what_comes_and_goes_is_not_in_it),
		cmocka_unit_test(what_makes_another_machine_is),
		cmocka_unit_test(this_machine_has_one_that_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
