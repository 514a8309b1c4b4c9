/* The kernel's count of system calls: all of this thread, none of others, none of its own. */
#include "engine/measure/watch/syscall_tally.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/test.h"

static void mount_tracefs(void)
{
	if (access("/sys/kernel/tracing/events", F_OK) && !unshare(CLONE_NEWNS) &&
	    !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
}

static uint64_t found(void)
{
	mount_tracefs();
	const uint64_t tracepoint = syscall_tally_find();
	if (!tracepoint)
		skip_because("system calls are not counted here: that takes root and tracefs");
	return tracepoint;
}

static void ask(int times)
{
	struct stat st;
	for (int i = 0; i < times; i++)
		fstatat(AT_FDCWD, "/", &st, 0);
}

static void *ask_beside(void *arg)
{
	(void)arg;
	ask(7);
	return NULL;
}

static void calls_of_a_thread_are_counted(void **state)
{
	const uint64_t tracepoint = found();
	uint64_t counts[SYSCALL_KINDS] = {[SYSCALL_newfstatat] = 100};
	struct syscall_tally tally;
	pthread_t thread;
	(void)state;
	syscall_tally_open(&tally, tracepoint);
	ask(5);
	syscall_tally_start(&tally);
	ask(3);
	close(open("/", O_RDONLY | O_CLOEXEC));
	assert_int_equal(pthread_create(&thread, NULL, ask_beside, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(syscall_tally_close(&tally, counts), 0);
	assert_int_equal(counts[SYSCALL_newfstatat], 103);
	assert_int_equal(counts[SYSCALL_openat], 1);
	assert_int_equal(counts[SYSCALL_close], 1);
	assert_int_equal(counts[SYSCALL_statx] + counts[SYSCALL_fchdir], 0);
}

static void calls_that_cannot_be_counted_are_an_error(void **state)
{
	uint64_t counts[SYSCALL_KINDS] = {0};
	struct syscall_tally tally;
	(void)state;
	syscall_tally_open(&tally, 0);
	syscall_tally_start(&tally);
	assert_int_equal(syscall_tally_close(&tally, counts), -ENOENT);
	syscall_tally_open(&tally, UINT32_MAX);
	syscall_tally_start(&tally);
	assert_true(syscall_tally_close(&tally, counts) < 0);
	for (int kind = 0; kind < SYSCALL_KINDS; kind++)
		assert_int_equal(counts[kind], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_of_a_thread_are_counted),
		cmocka_unit_test(calls_that_cannot_be_counted_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
