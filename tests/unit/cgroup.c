/* Limits of CPU time and memory, on systems that are written into a directory. */
#include "engine/host/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tests/unit/with_root.h"

static struct fake_root root;
static struct arena *arena;

static int open_root(void **state)
{
	(void)state;
	arena = arena_new();
	return arena && fake_root_make(&root) ? 0 : -1;
}

static int close_root(void **state)
{
	(void)state;
	fake_root_remove(&root);
	arena_free(arena);
	return 0;
}

/* The groups that this process is in, and where their hierarchies are mounted. */
static void groups(const char *cgroup, const char *mountinfo)
{
	fake_root_write(&root, "/proc/self/cgroup", cgroup);
	fake_root_write(&root, "/proc/self/mountinfo", mountinfo);
}

static void group(const char *dir)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fake_root_write(&root, path, "1\n");
}

static void v2_group(const char *dir, const char *cpu_max)
{
	char path[256];
	group(dir);
	snprintf(path, sizeof(path), "%s/cpu.max", dir);
	if (cpu_max)
		fake_root_write(&root, path, cpu_max);
}

static void v1_group(const char *dir, const char *quota, const char *period)
{
	char path[256];
	group(dir);
	snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", dir);
	fake_root_write(&root, path, quota);
	snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", dir);
	fake_root_write(&root, path, period);
}

static void limit_is(const char *cpu_max, const char *at)
{
	struct cgroup_limit limit;
	cgroup_read(&limit, root.scratch.path, arena);
	if (!limit.cpu_max || !cpu_max)
		assert_ptr_equal(limit.cpu_max, cpu_max);
	else
		assert_string_equal(limit.cpu_max, cpu_max);
	if (!limit.at || !at)
		assert_ptr_equal(limit.at, at);
	else
		assert_string_equal(limit.at, at);
}

#define V2_MOUNT   "30 20 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MEMORY  "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
#define V1_SET     "36 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
#define V1_CPU     "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
#define V1_CPUACCT "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
#define V2_UNIFIED "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

static void the_tightest_of_the_groups_above_counts(void **state)
{
	(void)state;
	groups("0::/a/b/c\n", V2_MOUNT);
	group("/sys/fs/cgroup"); /* the root of all has no cpu.max */
	v2_group("/sys/fs/cgroup/a", "150000 100000\n");
	v2_group("/sys/fs/cgroup/a/b", "60000 200000\n");
	v2_group("/sys/fs/cgroup/a/b/c", "50000 100000\n");
	limit_is("60000 200000", "/sys/fs/cgroup/a/b");
	v2_group("/sys/fs/cgroup/a/b", "max 100000\n");
	limit_is("50000 100000", "/sys/fs/cgroup/a/b/c");
	v2_group("/sys/fs/cgroup/a/b/c", "max 100000\n");
	limit_is("150000 100000", "/sys/fs/cgroup/a");
	v2_group("/sys/fs/cgroup/a", "max 100000\n");
	limit_is("max", NULL);
}

static void a_group_without_the_controller_has_no_limit(void **state)
{
	(void)state;
	groups("0::/a/b\n", V2_MOUNT);
	group("/sys/fs/cgroup");
	v2_group("/sys/fs/cgroup/a", "200000 100000\n");
	group("/sys/fs/cgroup/a/b");
	limit_is("200000 100000", "/sys/fs/cgroup/a");
}

/* What a container sees: its own group is the root of all. */
static void the_root_of_a_namespace_may_limit(void **state)
{
	(void)state;
	groups("0::/\n", V2_MOUNT);
	v2_group("/sys/fs/cgroup", "25000 100000\n");
	limit_is("25000 100000", "/sys/fs/cgroup");
}

static void a_v1_quota_is_found_under_both_names(void **state)
{
	(void)state;
	groups("4:memory:/m\n3:cpuset:/s\n1:cpu:/box\n", V1_MEMORY V1_SET V1_CPU);
	v1_group("/sys/fs/cgroup/cpu", "-1\n", "100000\n");
	v1_group("/sys/fs/cgroup/cpu/box", "30000\n", "100000\n");
	limit_is("30000 100000", "/sys/fs/cgroup/cpu/box");
	groups("4:memory:/m\n3:cpuset:/s\n1:cpu,cpuacct:/box\n", V1_MEMORY V1_SET V1_CPUACCT);
	v1_group("/sys/fs/cgroup/cpu,cpuacct", "-1\n", "100000\n");
	v1_group("/sys/fs/cgroup/cpu,cpuacct/box", "15000\n", "50000\n");
	limit_is("15000 50000", "/sys/fs/cgroup/cpu,cpuacct/box");
	v1_group("/sys/fs/cgroup/cpu,cpuacct/box", "-1\n", "50000\n");
	limit_is("max", NULL);
}

static void a_v1_group_above_counts_too(void **state)
{
	(void)state;
	groups("1:cpu:/a/b\n", V1_CPU);
	v1_group("/sys/fs/cgroup/cpu", "-1\n", "100000\n");
	v1_group("/sys/fs/cgroup/cpu/a", "20000\n", "100000\n");
	v1_group("/sys/fs/cgroup/cpu/a/b", "30000\n", "100000\n");
	limit_is("20000 100000", "/sys/fs/cgroup/cpu/a");
}

/* A container without a namespace of its own: only its group is mounted, but named as outside. */
static void a_mount_may_show_a_part_of_the_hierarchy(void **state)
{
	(void)state;
	groups("1:cpu:/docker/0a1b/c\n",
	       "32 31 0:29 /docker/0a1b /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
	v1_group("/sys/fs/cgroup/cpu", "40000\n", "100000\n");
	v1_group("/sys/fs/cgroup/cpu/c", "-1\n", "100000\n");
	limit_is("40000 100000", "/sys/fs/cgroup/cpu");
	groups("1:cpu:/docker/0a1bcd\n",
	       "32 31 0:29 /docker/0a1b /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
	v1_group("/sys/fs/cgroup/cpucd", "10000\n", "100000\n");
	limit_is(NULL, NULL);
}

static void of_a_hybrid_system_the_one_with_the_controller_counts(void **state)
{
	(void)state;
	groups("2:memory:/\n1:cpu:/box\n0::/unit\n", V1_MEMORY V1_CPU V2_UNIFIED);
	v1_group("/sys/fs/cgroup/cpu", "-1\n", "100000\n");
	v1_group("/sys/fs/cgroup/cpu/box", "70000\n", "100000\n");
	group("/sys/fs/cgroup/unified");
	group("/sys/fs/cgroup/unified/unit");
	limit_is("70000 100000", "/sys/fs/cgroup/cpu/box");
	/* The other way round: v1 keeps only the memory. */
	groups("2:memory:/\n0::/unit\n", V1_MEMORY V2_UNIFIED);
	v2_group("/sys/fs/cgroup/unified/unit", "90000 100000\n");
	limit_is("90000 100000", "/sys/fs/cgroup/unified/unit");
	/* v2 need not be seen where v1 has the controller; v1 must be. */
	groups("1:cpu:/\n0::/unit\n", V1_CPU);
	limit_is("max", NULL);
	groups("1:cpu:/box\n0::/unit\n", V2_UNIFIED);
	v2_group("/sys/fs/cgroup/unified/unit", "max 100000\n");
	limit_is(NULL, NULL);
}

static void names_may_have_blanks(void **state)
{
	(void)state;
	groups("0::/a b\n", "30 20 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
	group("/my groups");
	v2_group("/my groups/a b", "10000 100000\n");
	limit_is("10000 100000", "/my groups/a b");
}

static void unreadable_limits_are_unknown(void **state)
{
	(void)state;
	limit_is(NULL, NULL); /* nothing at all */
	groups("", "");
	limit_is(NULL, NULL);
	groups("0::/a\n", "");
	limit_is(NULL, NULL);
	groups("0::/a\n", V2_MOUNT); /* the mount lies below another one, empty */
	limit_is(NULL, NULL);
	group("/sys/fs/cgroup");
	v2_group("/sys/fs/cgroup/a", "");
	limit_is(NULL, NULL);
	v2_group("/sys/fs/cgroup/a", "lots\n");
	limit_is(NULL, NULL);
	v2_group("/sys/fs/cgroup/a", "0 0\n");
	limit_is(NULL, NULL);
	fake_root_block(&root, "/sys/fs/cgroup/a/cpu.max");
	limit_is(NULL, NULL);
	/* But a limit that is seen holds, whatever else there is. */
	v2_group("/sys/fs/cgroup", "20000 100000\n");
	limit_is("20000 100000", "/sys/fs/cgroup");
	fake_root_block(&root, "/proc/self/cgroup");
	limit_is(NULL, NULL);
}

static void a_quota_without_its_period_is_not_known(void **state)
{
	(void)state;
	groups("1:cpu:/\n", V1_CPU);
	v1_group("/sys/fs/cgroup/cpu", "30000\n", "");
	limit_is(NULL, NULL);
	v1_group("/sys/fs/cgroup/cpu", "", "100000\n");
	limit_is(NULL, NULL);
	v1_group("/sys/fs/cgroup/cpu", "-1\n", "100000\n");
	limit_is("max", NULL);
}

/* The group lies outside of the namespace: a way by its name would lead elsewhere. */
static void a_group_outside_of_the_namespace_is_not_known(void **state)
{
	(void)state;
	groups("0::/../other\n", V2_MOUNT);
	group("/sys/fs/cgroup");
	v2_group("/sys/fs/other", "20000 100000\n");
	limit_is(NULL, NULL);
	groups("0::/\n", "30 20 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	limit_is(NULL, NULL);
}

static void a_limit_is_quota_over_period(void **state)
{
	(void)state;
	assert_true(cgroup_cpus("30000 100000") == 0.3);
	assert_true(cgroup_cpus("max") == 0);
	assert_true(cgroup_cpus("max 100000") == 0);
	assert_true(cgroup_cpus(NULL) == 0);
}

/* --- Memory ---------------------------------------------------------------------------------- */

#define MIB (UINT64_C(1) << 20)

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	group(dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fake_root_write(&root, path, text);
}

/* Of so many MiB, so many are used, some of them by files that can be dropped. */
static void v2_memory(const char *dir, unsigned most, unsigned used, unsigned files)
{
	char text[128];
	snprintf(text, sizeof(text), "%" PRIu64 "\n", most * MIB);
	put(dir, "memory.max", text);
	snprintf(text, sizeof(text), "%" PRIu64 "\n", used * MIB);
	put(dir, "memory.current", text);
	snprintf(text, sizeof(text), "anon 5\ninactive_file %" PRIu64 "\n", files * MIB);
	put(dir, "memory.stat", text);
}

static void available(const char *kib)
{
	char text[128];
	snprintf(text, sizeof(text), "MemTotal: 99999999 kB\nMemAvailable: %s kB\n", kib);
	fake_root_write(&root, "/proc/meminfo", text);
}

static void memory_is(uint64_t mib)
{
	assert_int_equal(memory_available(root.scratch.path, arena) / MIB, mib);
}

static void memory_is_what_the_machine_and_the_tightest_group_have_left(void **state)
{
	(void)state;
	available("2097152");
	groups("0::/a/b\n", V2_MOUNT);
	group("/sys/fs/cgroup");
	put("/sys/fs/cgroup/a", "memory.max", "max\n");
	put("/sys/fs/cgroup/a/b", "memory.max", "max\n");
	memory_is(2048);
	v2_memory("/sys/fs/cgroup/a", 1000, 400, 100);
	memory_is(700);
	v2_memory("/sys/fs/cgroup/a/b", 500, 600, 0);
	memory_is(0);
	available("1024");
	v2_memory("/sys/fs/cgroup/a/b", 900, 1, 0);
	memory_is(1);
}

static void a_v1_group_limits_memory_too(void **state)
{
	(void)state;
	available("2097152");
	groups("4:memory:/m\n1:cpu:/box\n", V1_MEMORY V1_CPU);
	put("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "9223372036854771712\n");
	put("/sys/fs/cgroup/memory", "memory.usage_in_bytes", "4096\n");
	put("/sys/fs/cgroup/memory/m", "memory.limit_in_bytes", "104857600\n");
	put("/sys/fs/cgroup/memory/m", "memory.usage_in_bytes", "62914560\n");
	memory_is(40);
	put("/sys/fs/cgroup/memory/m", "memory.stat", "total_inactive_file 10485760\n");
	memory_is(50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_tightest_of_the_groups_above_counts),
		TEST(a_group_without_the_controller_has_no_limit),
		TEST(the_root_of_a_namespace_may_limit),
		TEST(a_v1_quota_is_found_under_both_names),
		TEST(a_v1_group_above_counts_too),
		TEST(a_mount_may_show_a_part_of_the_hierarchy),
		TEST(of_a_hybrid_system_the_one_with_the_controller_counts),
		TEST(names_may_have_blanks),
		TEST(unreadable_limits_are_unknown),
		TEST(a_quota_without_its_period_is_not_known),
		TEST(a_group_outside_of_the_namespace_is_not_known),
		TEST(a_limit_is_quota_over_period),
		TEST(memory_is_what_the_machine_and_the_tightest_group_have_left),
		TEST(a_v1_group_limits_memory_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
