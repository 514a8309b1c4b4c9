/* The kernel's count of system calls: all of this thread, none of others, none of its own. */
#include "engine/measure/watch/syscall_tally.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/test.h"

static const struct syscall_tally_calls *found(void)
{
	static struct syscall_tally_calls calls;
	if (!syscall_tally_find(&calls))
		skip_because("the kernel's count of calls cannot be seen here: that takes root and "
			     "a mounted tracefs");
	return &calls;
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

static void what_a_thread_calls_is_counted(void **state)
{
	const struct syscall_tally_calls *calls = found();
	uint64_t counts[SYSCALL_KINDS] = {[SYSCALL_newfstatat] = 100};
	struct syscall_tally syscall_tally;
	pthread_t thread;
	(void)state;
	syscall_tally_open(&syscall_tally, calls);
	ask(5);
	syscall_tally_start(&syscall_tally);
	ask(3);
	close(open("/", O_RDONLY | O_CLOEXEC));
	assert_int_equal(pthread_create(&thread, NULL, ask_beside, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(syscall_tally_close(&syscall_tally, counts), 0);
	assert_int_equal(counts[SYSCALL_newfstatat], 103);
	assert_int_equal(counts[SYSCALL_openat], 1);
	assert_int_equal(counts[SYSCALL_close], 1);
	assert_int_equal(counts[SYSCALL_statx] + counts[SYSCALL_fchdir], 0);
}

static void what_cannot_be_counted_is_an_error(void **state)
{
	const struct syscall_tally_calls none = {{0}}, wrong = {{[SYSCALL_statx] = UINT32_MAX}};
	uint64_t counts[SYSCALL_KINDS] = {0};
	struct syscall_tally syscall_tally;
	(void)state;
	syscall_tally_open(&syscall_tally, &none);
	syscall_tally_start(&syscall_tally);
	assert_int_equal(syscall_tally_close(&syscall_tally, counts), -ENOENT);
	syscall_tally_open(&syscall_tally, &wrong);
	syscall_tally_start(&syscall_tally);
	assert_true(syscall_tally_close(&syscall_tally, counts) < 0);
	for (int kind = 0; kind < SYSCALL_KINDS; kind++)
		assert_int_equal(counts[kind], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_thread_calls_is_counted),
		cmocka_unit_test(what_cannot_be_counted_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
