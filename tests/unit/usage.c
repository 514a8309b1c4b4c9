/* The kernel's accounts of work that is really done. No time is asserted. */
#include "engine/measure/watch/usage.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "tests/test.h"

/* A sleep that is over before it began, as on a CPU that was away, is no switch: twice as many. */
enum { PAGES = 64, SLEEPS = 5 };

static void touch_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(mem, MAP_FAILED);
	madvise(mem, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < PAGES; i++)
		mem[i * page] = 1;
	munmap(mem, size);
}

static void sleep_times(int n)
{
	const struct timespec briefly = {0, 1000000};
	for (int i = 0; i < n; i++)
		nanosleep(&briefly, NULL);
}

/* User time by counting, system time by calls: both are seen however coarse the kernel's ticks. */
static void burn(void)
{
	uint64_t until = clock_ns() + 30 * 1000000;
	while (clock_ns() < until)
		getppid();
}

/* Major faults are not looked at: the program's own text may have to be read in meanwhile. */
static void the_work_of_a_thread_is_in_its_pass(void **state)
{
	struct usage before, after;
	struct pass pass = {0};
	(void)state;
	usage_read(&before, NULL);
	touch_pages();
	sleep_times(2 * SLEEPS);
	burn();
	usage_read(&after, NULL);
	usage_add(&pass, &before, &after, NULL);
	assert_true(pass.minor_faults >= PAGES);
	assert_true(pass.switches >= SLEEPS);
	assert_true(pass.user_ns + pass.sys_ns > 0);
	assert_int_equal(pass.counted[COUNTER_CYCLES], COUNT_UNKNOWN);
}

static void workers_add_up(void **state)
{
	struct usage before, after;
	struct pass pass = {0};
	(void)state;
	usage_read(&before, NULL);
	sleep_times(3);
	usage_read(&after, NULL);
	usage_add(&pass, &before, &after, NULL);
	uint64_t one = pass.switches;
	usage_add(&pass, &before, &after, NULL);
	assert_int_equal(pass.switches, 2 * one);
	before.migrations = 5;
	after.migrations = 7;
	pass.migrations = 1;
	before.run_delay_ns = 40;
	after.run_delay_ns = 42;
	pass.run_delay_ns = 1;
	usage_add(&pass, &before, &after, NULL);
	assert_int_equal(pass.migrations, 3);
	assert_int_equal(pass.run_delay_ns, 3);
	before.run_delay_ns = COUNT_UNKNOWN;
	usage_add(&pass, &before, &after, NULL);
	assert_int_equal(pass.run_delay_ns, COUNT_UNKNOWN);
	before.migrations = 5;
	after.migrations = 7;
	pass.migrations = 1;
	usage_add(&pass, &before, &after, NULL);
	assert_int_equal(pass.migrations, 3);
	after.migrations = COUNT_UNKNOWN;
	usage_add(&pass, &before, &after, NULL);
	assert_int_equal(pass.migrations, COUNT_UNKNOWN);
	after.migrations = 8;
	usage_add(&pass, &before, &after, NULL);
	assert_int_equal(pass.migrations, COUNT_UNKNOWN);
}

/* To another CPU and back: the kernel counts the way. */
static void migrations_are_counted(void **state)
{
	cpu_set_t mine, one;
	struct usage before, after;
	struct pass pass = {0};
	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	if (CPU_COUNT(&mine) < 2)
		skip_because("only one CPU is allowed here");
	usage_read(&before, NULL);
	if (before.migrations == COUNT_UNKNOWN)
		skip_because("this kernel has no /proc/thread-self/sched");
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (CPU_ISSET(cpu, &mine))
			assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	}
	usage_read(&after, NULL);
	assert_int_equal(sched_setaffinity(0, sizeof(mine), &mine), 0);
	usage_add(&pass, &before, &after, NULL);
	assert_true(pass.migrations >= 1);
}

static void *wait_for_lock(void *arg)
{
	pthread_mutex_lock(arg);
	pthread_mutex_unlock(arg);
	return NULL;
}

/* Two threads by the name of io_uring's: both are there, one works when it is told to. */
struct pretender {
	pthread_t thread;
	pthread_mutex_t may_work, may_end;
	uint64_t worked_ns;
	int owner;
	pid_t tid; /* 0: it has not begun */
};

static uint64_t own_cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void *pretend(void *arg)
{
	struct pretender *p = arg;
	char name[16];
	snprintf(name, sizeof(name), "iou-wrk-%u", (unsigned)p->owner % 10000000);
	pthread_setname_np(pthread_self(), name);
	__atomic_store_n(&p->tid, gettid(), __ATOMIC_RELEASE);
	wait_for_lock(&p->may_work);
	const uint64_t began = own_cpu_ns();
	burn();
	__atomic_store_n(&p->worked_ns, own_cpu_ns() - began, __ATOMIC_RELEASE);
	return wait_for_lock(&p->may_end);
}

static void start(struct pretender *p, int owner)
{
	p->owner = owner;
	pthread_mutex_init(&p->may_work, NULL);
	pthread_mutex_init(&p->may_end, NULL);
	pthread_mutex_lock(&p->may_work);
	pthread_mutex_lock(&p->may_end);
	assert_int_equal(pthread_create(&p->thread, NULL, pretend, p), 0);
}

/* Until then it uses CPU time. */
static void wait_until_it_sleeps(const struct pretender *p)
{
	char path[64], state = 0;
	pid_t tid;
	while (!(tid = __atomic_load_n(&p->tid, __ATOMIC_ACQUIRE)))
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	while (state != 'S') {
		FILE *file = fopen(path, "re");
		assert_non_null(file);
		assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
		(void)fclose(file);
	}
}

static void end(struct pretender *p)
{
	pthread_mutex_unlock(&p->may_end);
	pthread_join(p->thread, NULL);
}

/* Names are set by the threads themselves, so we wait; a sanitizer may add one of its own. */
static struct usage_all look_until(uint32_t threads, size_t io_workers)
{
	struct usage_all all = {0};
	do {
		usage_release_all(&all);
		usage_read_all(&all);
	} while (all.threads < threads || all.n_io_workers != io_workers);
	return all;
}

/* What it used up is on its account once it sleeps again. */
static struct pass look_after_work(struct pretender *p, const struct usage_all *before,
				   struct usage_all *after)
{
	struct pass pass;
	pthread_mutex_unlock(&p->may_work);
	while (!__atomic_load_n(&p->worked_ns, __ATOMIC_ACQUIRE))
		sched_yield();
	do {
		usage_release_all(after);
		pass = (struct pass){0};
		usage_read_all(after);
		usage_add_all(&pass, before, after, &p->owner, 1);
	} while (pass.io_worker_ns < p->worked_ns);
	return pass;
}

static uint32_t counted(const struct usage_all *before, const struct usage_all *after, pid_t owner)
{
	struct pass pass = {0};
	usage_add_all(&pass, before, after, &owner, 1);
	return pass.io_workers;
}

/* An owner whose number is no thread's of ours: the kernel's numbers are others than ours. */
static void work_for(int owner, bool is_known)
{
	struct pretender works = {0}, waits = {0};
	struct usage_all before, after = {0};
	usage_read_all(&before);
	assert_int_equal(before.n_io_workers, 0);
	usage_release_all(&before);
	start(&waits, owner);
	start(&works, owner);
	wait_until_it_sleeps(&waits);
	wait_until_it_sleeps(&works);
	before = look_until(3, 2);
	assert_int_equal(counted(&before, &before, owner), 0);
	struct pass pass = look_after_work(&works, &before, &after);
	assert_int_equal(pass.io_workers, 1);
	assert_int_equal(pass.threads, after.threads);
	assert_int_equal(counted(&before, &after, owner + 1), is_known ? 0 : 1);
	pthread_mutex_unlock(&waits.may_work);
	end(&waits);
	end(&works);
	/* One that has ended takes its time with it. */
	usage_release_all(&after);
	after = look_until(1, 0);
	assert_int_equal(counted(&before, &after, owner), 0);
	usage_release_all(&before);
	usage_release_all(&after);
}

static void working_threads_of_io_uring_are_counted(void **state)
{
	(void)state;
	work_for(gettid(), true);
	work_for(1, false);
}

static void bytes_from_storage(void **state)
{
	struct pass pass = {0};
	struct usage_all before = {.read_bytes = 100}, after = {.read_bytes = 4196};
	(void)state;
	usage_add_all(&pass, &before, &after, NULL, 0);
	assert_int_equal(pass.read_bytes, 4096);
	after.read_bytes = COUNT_UNKNOWN;
	usage_add_all(&pass, &before, &after, NULL, 0);
	assert_int_equal(pass.read_bytes, COUNT_UNKNOWN);
}

/*
 * The kernel's own counters stand in for the processor's, so that it works where there is no PMU.
 * How many major faults there were depends on who else needs memory.
 */
static void software_is_counted_like_hardware(void **state)
{
	static const struct counter_event events[COUNTERS] = {
		{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
		{PERF_TYPE_SOFTWARE, 9999}, /* there is none */
		{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
		{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
	};
	struct counters counters;
	struct usage before, after;
	struct pass pass = {0};
	struct arena *arena = arena_new();
	(void)state;
	counters_open(&counters, events);
	if (counters.errors[0]) {
		const char *why = counters_why(&counters, 0, arena);
		assert_non_null(why);
		skip_because("%s", why);
	}
	assert_null(counters_why(&counters, 0, arena));
	assert_non_null(strstr(counters_why(&counters, 1, arena), "not supported here"));
	usage_read(&before, &counters);
	touch_pages();
	sleep_times(2 * SLEEPS);
	usage_read(&after, &counters);
	usage_add(&pass, &before, &after, &counters);
	counters_close(&counters);
	assert_true(pass.counted[0] >= PAGES);
	assert_int_equal(pass.counted[1], COUNT_UNKNOWN);
	assert_true(pass.counted[2] >= SLEEPS);
	assert_int_not_equal(pass.counted[3], COUNT_UNKNOWN);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_work_of_a_thread_is_in_its_pass),
		cmocka_unit_test(workers_add_up),
		cmocka_unit_test(migrations_are_counted),
		cmocka_unit_test(working_threads_of_io_uring_are_counted),
		cmocka_unit_test(bytes_from_storage),
		cmocka_unit_test(software_is_counted_like_hardware),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
