/* Trees made and removed by several threads: complete, bounded, and taken up again after anything.
 */
#include "datasets/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datasets/shape/generator.h"
#include "engine/base/util.h"
#include "tests/loop.h"
#include "tests/test.h"
#include "tests/unit/with_tree.h"

enum { ENTRIES = 5000 };

static void test_any_number_of_threads(void **state)
{
	static const unsigned jobs[] = {1, 2, 3, 8, 64};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		const struct shape shape = shape_of("source-tree", ENTRIES);
		struct tree_counts made, gone;
		struct err err = {0};
		assert_int_equal(tree_create("t", &shape, jobs[i], NULL, &made, &err), 0);
		assert_int_equal(made.entries, ENTRIES);
		const struct tree_verdict verdict = verdict_on("t");
		assert_true(tree_verified(&verdict));
		assert_int_equal(made.directories, verdict.counts.directories);
		assert_int_equal(tree_remove("t", jobs[i], NULL, &gone, &err), 0);
		assert_int_equal(gone.entries, ENTRIES);
		assert_int_equal(gone.directories, made.directories);
		assert_false(exists("t"));
	}
}

static struct rlimit limit_descriptors(rlim_t most)
{
	struct rlimit before, now;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	return before;
}

/* Deeper than PATH_MAX, and than descriptors that may be open. */
static void test_depth_needs_no_descriptors(void **state)
{
	static const rlim_t limits[] = {24, 64, 256};
	static const char text[] =
		"{\"name\":\"x\",\"entries\":2000,\"files_per_dir\":{\"min\":1,"
		"\"max\":9},\"dirs_per_dir\":{\"min\":1,\"max\":2},\"depth\":300,"
		"\"fill\":\"deep\",\"name_length\":60,\"long_paths\":true}";
	struct shape shape;
	struct err err = {0};
	(void)state;
	assert_int_equal(shape_parse(&shape, "x", text, strlen(text), &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct rlimit before = limit_descriptors(limits[i]);
		assert_int_equal(create_works("t", &shape), 2000);
		assert_true(is_verified("t"));
		assert_int_equal(remove_works("t"), 2000);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	}
}

/* However long the path is, what happened and what to do is still told. */
static void test_messages_hold_long_paths(void **state)
{
	static const char text[] = "{\"name\":\"x\",\"entries\":99,\"files_per_dir\":1,"
				   "\"dirs_per_dir\":1,\"depth\":49,\"name_length\":90,"
				   "\"long_paths\":true}";
	struct shape shape;
	struct err err = {0};
	struct stopper stopper = {.after = 99};
	struct progress progress = {.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts made;
	(void)state;
	assert_int_equal(shape_parse(&shape, "x", text, strlen(text), &err), 0);
	assert_int_equal(tree_create("t", &shape, 1, &progress, &made, &err), 0);
	/* a file where the deepest directory was */
	char *sentinel = get_file("t/statmark-tree.json"), *at = strstr(sentinel, "complete");
	memcpy(at, "creating", strlen("creating"));
	put_file("t/statmark-tree.json", sentinel);
	free(sentinel);
	int fd = open("t/tree", O_RDONLY | O_DIRECTORY);
	for (int depth = 0; depth < 48; depth++) {
		struct gen_dir dir, child;
		char name[GEN_NAME_SIZE];
		gen_root(&dir, &shape);
		for (int i = 0; i < depth; i++) {
			gen_child(&child, &dir, 0);
			dir = child;
		}
		gen_name(&dir, dir.files, name);
		int below = openat(fd, name, O_RDONLY | O_DIRECTORY);
		if (depth == 47) {
			gen_child(&child, &dir, 0);
			gen_name(&child, 0, name);
			unlinkat(below, name, 0);
			assert_int_equal(mkdirat(below, name, 0755), 0);
		}
		close(fd);
		fd = below;
	}
	close(fd);
	assert_int_equal(tree_create("t", &shape, 1, NULL, &made, &err), -EEXIST);
	assert_non_null(strstr(err.text, "..."));
	assert_non_null(strstr(err.text, "the same command continues from there"));
	remove_works("t");
}

static void test_presets_with_few_descriptors(void **state)
{
	struct rlimit before = limit_descriptors(64);
	(void)state;
	for (size_t i = 0; shape_preset(i); i++) {
		const struct shape shape = shape_of(shape_preset(i), ENTRIES);
		assert_int_equal(create_works("t", &shape), ENTRIES);
		assert_true(is_verified("t"));
		assert_int_equal(remove_works("t"), ENTRIES);
	}
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* Stops when so many entries are done, whoever did them. */
static void stop_from(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct stopper *stopper = arg;
	(void)what;
	(void)total;
	if (done >= stopper->after)
		stopper->stop = 1;
}

/* False if the others were done before the one who looks for a stop was given a CPU again. */
static bool all_stop(const struct shape *shape, unsigned jobs)
{
	struct stopper stopper = {.after = 20000};
	const struct progress progress = {
		.report = stop_from, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts made, gone;
	struct err err = {0};
	int error = tree_create("t", shape, jobs, &progress, &made, &err);
	if (!error)
		remove_works("t");
	if (!error)
		return false;
	assert_int_equal(error, -EINTR);
	assert_non_null(strstr(err.text, "t/tree: interrupted after"));
	assert_in_range(made.entries, 20000, shape->entries - 1);
	assert_int_equal(info_of("t").state, TREE_CREATING);
	stopper = (struct stopper){.after = 100};
	error = tree_remove("t", jobs, &progress, &gone, NULL);
	if (!error)
		return false;
	assert_int_equal(error, -EINTR);
	assert_in_range(gone.entries, 1, made.entries - 1);
	assert_int_equal(remove_works("t"), made.entries - gone.entries);
	return true;
}

static void test_all_threads_stop(void **state)
{
	const struct shape shape = shape_of("source-tree", 20 * ENTRIES);
	(void)state;
	for (unsigned jobs = 2; jobs < 6; jobs++) {
		bool stopped = false;
		for (int tries = 0; tries < 10 && !stopped; tries++)
			stopped = all_stop(&shape, jobs);
		assert_true(stopped);
	}
}

/* In a child, which is killed when as many entries exist; false if it was done before. */
static bool killed_while_creating(const struct shape *shape, uint64_t entries)
{
	struct err err;
	struct tree_counts counts;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(tree_create("t", shape, 2, NULL, &counts, &err) != 0);
	struct stat st;
	char path[64];
	int status = 0;
	/* any sign of life beyond the number is good enough */
	snprintf(path, sizeof(path), "t/tree");
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (stat(path, &st) == 0 && st.st_nlink >= entries)
			kill(child, SIGKILL);
	}
	return WIFSIGNALED(status);
}

static void test_going_on_after_sigkill(void **state)
{
	(void)state;
	for (size_t i = 0; shape_preset(i); i++) {
		const struct shape shape = shape_of(shape_preset(i), 4 * ENTRIES);
		bool killed = killed_while_creating(&shape, 1 + i % 3);
		/* the signal can come between the last word about the tree and the exit */
		if (killed && exists("t/statmark-tree.json"))
			assert_true(info_of("t").state == TREE_CREATING || is_verified("t"));
		create_works("t", &shape);
		assert_true(is_verified("t"));
		remove_works("t");
	}
}

/* Kills its own process when so many entries are done: in the middle of what the others do. */
static void die_from(void *arg, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	(void)total;
	if (done >= *(const uint64_t *)arg)
		kill(getpid(), SIGKILL);
}

static bool killed_while_removing(const struct shape *shape)
{
	uint64_t after = ENTRIES;
	const struct progress progress = {.report = die_from, .arg = &after};
	struct tree_counts counts;
	int status = 0;
	create_works("t", shape);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(tree_remove("t", 2, &progress, &counts, NULL) != 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status);
}

static void test_removal_goes_on_after_sigkill(void **state)
{
	const struct shape shape = shape_of("edge-cases", 20 * ENTRIES);
	bool killed = false;
	(void)state;
	for (int tries = 0; tries < 10 && !killed; tries++)
		killed = killed_while_removing(&shape);
	assert_true(killed);
	create_fails("t", &shape, -EEXIST,
		     "t: is partly removed; 'statmark tree remove' continues, "
		     "with --force it also removes files that statmark did not "
		     "make");
	remove_works("t");
}

/* What an interruption leaves of a file: made, but not yet of its size, mode and time. */
static void test_unfinished_files_are_made_anew(void **state)
{
	static const char text[] = "{\"name\":\"x\",\"entries\":300,\"files_per_dir\":300,"
				   "\"dirs_per_dir\":0,\"file_size\":9,\"modes\":\"0400\","
				   "\"mtime\":99,\"holes\":300}";
	struct shape shape;
	struct err err = {0};
	struct stopper stopper = {.after = 150};
	const struct progress progress = {
		.report = stop_after, .arg = &stopper, .stop = &stopper.stop};
	struct tree_counts made;
	(void)state;
	assert_int_equal(shape_parse(&shape, "x", text, strlen(text), &err), 0);
	assert_int_equal(tree_create("t", &shape, 1, &progress, &made, &err), -EINTR);
	put_file("t/tree/again", "");
	char path[PATH_MAX];
	memcpy(path, entry_of_t(7, false), sizeof(path));
	if (strstr(path, "hole") || strstr(path, "again"))
		memcpy(path, entry_of_t(8, false), sizeof(path));
	assert_int_equal(rename("t/tree/again", path), 0);
	create_works("t", &shape);
	assert_true(is_verified("t"));
}

/* Makes empty files in "small" until no inode is left, once creation has come to `after`. */
struct filler {
	uint64_t after;
	int made;
};

/* Leaves little more than a tree needs: then a few files of the filler suffice. */
static void leave_inodes(const char *dir, uint64_t spare)
{
	char path[64];
	struct statvfs fs;
	for (int i = 0; !statvfs(dir, &fs) && fs.f_favail > spare; i++) {
		snprintf(path, sizeof(path), "%s/taken%d", dir, i);
		assert_int_equal(mknod(path, S_IFREG | 0644, 0), 0);
	}
}

static void fill_up(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct filler *filler = arg;
	char path[64];
	(void)what;
	(void)total;
	for (int fd = 0; done >= filler->after && fd >= 0;) {
		snprintf(path, sizeof(path), "small/filler%d", filler->made);
		fd = open(path, O_WRONLY | O_CREAT, 0644);
		if (fd >= 0) {
			close(fd);
			filler->made++;
		}
	}
}

static void test_ext4_runs_out_of_inodes(void **state)
{
	const struct shape shape = shape_of("source-tree", 20000);
	struct filler filler = {.after = 64};
	const struct progress progress = {.report = fill_up, .arg = &filler};
	struct tree_counts made;
	struct err err = {0};
	(void)state;
	mkdir("small", 0755);
	if (geteuid() || loop_privacy())
		skip_because("needs root");
	if (loop_ext4("small", ".", 128, "-N 24576"))
		skip_because("no loop device or no mkfs.ext4");
	leave_inodes("small", 20010);
	assert_int_equal(tree_create("small/t", &shape, 3, &progress, &made, &err), -ENOSPC);
	assert_in_range(made.entries, 64, 19999);
	assert_non_null(strstr(err.text, ": No space left on device after "));
	assert_non_null(strstr(err.text, "the same command continues from there"));
	assert_int_equal(info_of("small/t").state, TREE_CREATING);
	for (int i = 0; i < filler.made; i++) {
		char path[64];
		snprintf(path, sizeof(path), "small/filler%d", i);
		unlink(path);
	}
	assert_int_equal(create_works("small/t", &shape), 20000 - made.entries);
	assert_true(is_verified("small/t"));
	remove_works("small/t");
	/* and told beforehand where it is hopeless */
	const struct shape larger = shape_of("source-tree", 30000);
	struct err words = {0};
	assert_int_equal(tree_create("small/t", &larger, 3, NULL, &made, &words), -ENOSPC);
	assert_non_null(strstr(words.text, "30,000 entries need 30,003 inodes"));
	assert_int_equal(umount("small"), 0);
}

/*
 * A filesystem that refuses names, here those of fifos, in all directories but the root: what
 * it is asked beforehand goes well.
 */
static void refuse_fifos(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mknodat, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, S_IFIFO | 0644, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 7, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(77);
}

static void names_are_refused(const struct shape *shape, int error)
{
	int pipes[2], status;
	struct err err = {0};
	assert_int_equal(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		struct tree_counts made;
		dup2(pipes[1], 3); /* so that the root of the tree is descriptor 6 */
		for (int fd = 4; fd < 64; fd++)
			close(fd);
		refuse_fifos(error);
		int result = tree_create("t", shape, 1, NULL, &made, &err);
		ssize_t put = write(3, &err, sizeof(err));
		_exit(result == -error && put == sizeof(err) ? 0 : 1);
	}
	close(pipes[1]);
	ssize_t got = read(pipes[0], &err, sizeof(err));
	close(pipes[0]);
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip_because("no seccomp filters here");
	assert_int_equal(status, 0);
	assert_int_equal(got, sizeof(err));
	assert_memory_equal(err.text, "t/tree/", strlen("t/tree/"));
	assert_non_null(strstr(err.text, strerror(error)));
	assert_non_null(strstr(err.text, "the same command continues from there"));
}

static void test_names_that_the_filesystem_refuses(void **state)
{
	static const char text[] = "{\"name\":\"x\",\"entries\":400,\"files_per_dir\":20,"
				   "\"dirs_per_dir\":3,\"fifos\":20}";
	struct shape shape;
	struct err err = {0};
	(void)state;
	assert_int_equal(shape_parse(&shape, "x", text, strlen(text), &err), 0);
	names_are_refused(&shape, EILSEQ);
	create_works("t", &shape);
	assert_true(is_verified("t"));
	remove_works("t");
	names_are_refused(&shape, ENAMETOOLONG);
	remove_works("t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(test_any_number_of_threads),
		SCRATCH_TEST(test_depth_needs_no_descriptors),
		SCRATCH_TEST(test_messages_hold_long_paths),
		SCRATCH_TEST(test_presets_with_few_descriptors),
		SCRATCH_TEST(test_all_threads_stop),
		SCRATCH_TEST(test_going_on_after_sigkill),
		SCRATCH_TEST(test_removal_goes_on_after_sigkill),
		SCRATCH_TEST(test_unfinished_files_are_made_anew),
		SCRATCH_TEST(test_ext4_runs_out_of_inodes),
		SCRATCH_TEST(test_names_that_the_filesystem_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
