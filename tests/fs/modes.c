/* The misbehaving filesystem misbehaves as it says: seen by bare system calls, one row a mode. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fs/fs.h"
#include "tests/scratch.h"
#include "tests/test.h"

/* What getdents64 gives of one directory, up to a bound. */
struct seen {
	int error; /* of opening or reading, after what was read before it */
	unsigned n, f0, dots, empty;
	unsigned dirs, files; /* by the listing's types */
	size_t longest;
};

enum { MANY = 100000 };

static void note(struct seen *seen, const char *name, unsigned char type)
{
	size_t len = strlen(name);
	seen->n++;
	seen->f0 += strcmp(name, "f0") == 0;
	seen->dots += strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
	seen->empty += len == 0;
	seen->dirs += type == DT_DIR;
	seen->files += type == DT_REG;
	seen->longest = len > seen->longest ? len : seen->longest;
}

static struct seen list(const char *path)
{
	static char buf[65536];
	struct seen seen = {0};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got = fd < 0 ? -1 : 1;
	while (got > 0 && seen.n < MANY) {
		got = syscall(SYS_getdents64, fd, buf, sizeof(buf));
		for (long at = 0; at < got;) {
			const struct dirent64 *d = (const void *)(buf + at);
			note(&seen, d->d_name, d->d_type);
			at += d->d_reclen;
		}
	}
	seen.error = got < 0 ? errno : 0;
	close(fd);
	return seen;
}

static int asked(const char *path, struct stat *st)
{
	return lstat(path, st) ? errno : 0;
}

enum { FILES = 12, ROOT_ENTRIES = FILES + 3 };

static void check_listing(enum fs_fault fault)
{
	struct seen root = list("mnt"), d0 = list("mnt/d0");
	const bool broken = fault == FS_SLASH || fault == FS_EMPTY_NAME;
	assert_int_equal(root.error,
			 broken ? EIO : 0); /* by the kernel, which refuses such names */
	assert_int_equal(d0.error, fault == FS_READDIR_EINVAL   ? EINVAL
				   : fault == FS_READDIR_EIO    ? EIO
				   : fault == FS_OPENDIR_EACCES ? EACCES
				   : fault == FS_OPENDIR_ESTALE ? ESTALE
				   : fault == FS_ALL_VANISHING  ? ENOENT
								: 0);
	if (!broken)
		assert_int_equal(root.n, ROOT_ENTRIES + (fault == FS_LONG_NAMES ? 4 : 0) +
						 (fault == FS_VANISHING ? 4 : 0) +
						 (fault == FS_HANGING) + (fault == FS_HANGING_DIR) +
						 (fault == FS_DUPLICATES) + (fault == FS_NUL_NAME) +
						 (fault == FS_DOTS ? 4 : 0));
	assert_int_equal(root.f0, fault == FS_DUPLICATES ? 2 : 1);
	assert_int_equal(root.dots, fault == FS_DOTS ? 4 : 0);
	assert_int_equal(root.empty, fault == FS_NUL_NAME ? 1 : 0);
	assert_int_equal(root.longest, fault == FS_LONG_NAMES ? 4095 : 3);
	assert_int_equal(d0.n >= MANY, fault == FS_ENDLESS);
	if (fault == FS_UNKNOWN_TYPES)
		assert_int_equal(root.dirs + root.files, 0);
	if (fault == FS_WRONG_TYPES)
		assert_int_equal(root.dirs, FILES + 1);
}

static void check_answers(enum fs_fault fault)
{
	struct stat f0 = {0}, f1 = {0}, again = {0}, v0;
	int error = fault == FS_ALL_VANISHING ? ENOENT : fault == FS_TOO_LARGE_SIZE ? EIO : 0;
	assert_int_equal(asked("mnt/f0", &f0), error);
	assert_int_equal(asked("mnt/f0", &again), error);
	if (error)
		return;
	assert_int_equal(asked("mnt/f1", &f1), 0);
	assert_int_equal(f0.st_ino != again.st_ino, fault == FS_UNSTABLE_INODES);
	assert_int_equal(f0.st_size != again.st_size, fault == FS_UNSTABLE_SIZES);
	assert_int_equal(f0.st_nlink != again.st_nlink, fault == FS_UNSTABLE_LINKS);
	assert_int_equal(f0.st_mtime != again.st_mtime, fault == FS_UNSTABLE_TIMES);
	assert_int_equal(f0.st_mtime > INT64_C(1) << 34, fault == FS_LATE_TIMES);
	assert_int_equal(f0.st_size == INT64_MAX, fault == FS_LARGE_SIZE);
	assert_int_equal(f0.st_ino == 0 && f1.st_ino == UINT64_MAX, fault == FS_ODD_INODES);
	if (fault == FS_VANISHING)
		assert_int_equal(asked("mnt/v0", &v0), ENOENT);
	if (fault == FS_LONG_NAMES)
		assert_int_equal(asked("mnt/n0", &v0), ENOENT);
}

/* A mount ends with the process that made it, so each mode gets one. */
static void in_child(void (*check)(enum fs_fault), enum fs_fault fault)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		check(fault);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void check_mode(enum fs_fault fault)
{
	assert_int_equal(fs_mount("mnt", fault, 0), 0);
	check_listing(fault);
	check_answers(fault);
	fs_unmount("mnt");
}

static void may_mount(void)
{
	if (geteuid() != 0 || access("/dev/fuse", R_OK | W_OK))
		skip_because("needs root and /dev/fuse");
}

static void every_mode_does_what_it_says(void **state)
{
	struct scratch scratch;
	(void)state;
	may_mount();
	assert_true(scratch_make(&scratch));
	assert_int_equal(chdir(scratch.path), 0);
	assert_int_equal(mkdir("mnt", 0755), 0);
	for (size_t i = 0; i < FS_FAULTS; i++) {
		assert_int_equal(fs_modes[i].fault, i);
		print_message("# %s\n", fs_modes[i].name);
		in_child(check_mode, fs_modes[i].fault);
	}
	scratch_remove(&scratch);
}

static void hang(enum fs_fault fault)
{
	struct stat st;
	if (fs_mount("mnt", fault, 0))
		_exit(1);
	lstat("mnt/h0", &st);
	_exit(2); /* never reached */
}

/* A question that is never answered holds nobody up who is killed. */
static void a_hanging_request_ends_with_its_process(void **state)
{
	struct scratch scratch;
	int status;
	(void)state;
	may_mount();
	assert_true(scratch_make(&scratch));
	assert_int_equal(chdir(scratch.path), 0);
	assert_int_equal(mkdir("mnt", 0755), 0);
	pid_t pid = fork();
	if (pid == 0)
		hang(FS_HANGING);
	char path[64], call[64] = "";
	snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
	while (!strstr(call, "request_wait") && waitpid(pid, &status, WNOHANG) == 0) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = read(fd, call, sizeof(call) - 1);
		call[got > 0 ? got : 0] = '\0';
		close(fd);
	}
	assert_non_null(strstr(call, "request_wait"));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	scratch_remove(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mode_does_what_it_says),
		cmocka_unit_test(a_hanging_request_ends_with_its_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
