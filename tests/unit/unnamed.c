/* Files without a name, on kernels that refuse one in memory, or its execution. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int memory(const char *name, unsigned flags);
#define memfd_create memory
#include "engine/base/unnamed.c"
#undef memfd_create
#include "tests/scratch.h"
#include "tests/test.h"

enum kernel {
	OLD,     /* before 6.3 */
	FREE,    /* vm.memfd_noexec=0 */
	NOEXEC,  /* 1 */
	REFUSES, /* 2: a file that could be executed */
	LACKS,   /* memfd_create is missing */
	FULL,
	KERNELS,
};
static enum kernel kernel;
static bool was_in_memory;

/* The kernel's part, as in Documentation/userspace-api/mfd_noexec.rst. */
static int memory(const char *name, unsigned flags)
{
	static const int errors[KERNELS] = {[LACKS] = ENOSYS, [FULL] = EMFILE};
	static const int if_asked[KERNELS] = {[OLD] = EINVAL, [REFUSES] = EACCES};
	const bool asks = flags & MFD_EXEC;
	errno = asks && if_asked[kernel] ? if_asked[kernel] : errors[kernel];
	if (errno)
		return -1;
	int fd = memfd_create(name, flags & ~MFD_EXEC);
	was_in_memory = fd >= 0;
	if ((kernel == NOEXEC || kernel == REFUSES) && !asks && fd >= 0)
		fchmod(fd, 0666);
	return fd;
}

static struct scratch scratch;

static int set_up(void **state)
{
	(void)state;
	return scratch_make(&scratch) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	scratch_remove(&scratch);
	return 0;
}

static bool can_be_executed(int fd)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return access(path, X_OK) == 0;
}

static void a_program_can_be_executed_everywhere(void **state)
{
	(void)state;
	setenv("TMPDIR", scratch.path, 1);
	for (kernel = 0; kernel < KERNELS; kernel++) {
		was_in_memory = false;
		int fd = unnamed_program("program");
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "x", 1), 1);
		assert_int_equal(unnamed_seal(&fd), 0);
		if (!can_be_executed(fd))
			fail_msg("kernel %u", kernel);
		assert_int_equal(was_in_memory, kernel <= NOEXEC);
		close(fd);
	}
}

static void a_file_is_in_memory_if_it_can_be(void **state)
{
	(void)state;
	setenv("TMPDIR", scratch.path, 1);
	for (kernel = 0; kernel < FULL; kernel++) {
		was_in_memory = false;
		int fd = unnamed_file("file");
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "x", 1), 1);
		assert_int_equal(was_in_memory, kernel <= REFUSES);
		close(fd);
	}
	assert_int_equal(unnamed_file("file"), -EMFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_can_be_executed_everywhere),
		cmocka_unit_test(a_file_is_in_memory_if_it_can_be),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
