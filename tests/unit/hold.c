/* While a command of the user's runs nothing of the tree is held; then all is there again. */
#include "engine/measure/pass/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/scratch.h"
#include "tests/test.h"

enum { WORKERS = 2 };

struct fixture {
	struct scratch scratch;
	struct topology *topology;
	struct crew *crew;
	struct workload load;
	int anywhere[WORKERS], opened[WORKERS];
	bool held[WORKERS], right[WORKERS];
	char root[PATH_MAX + 8];
};

/* Each has a descriptor that only it knows, and stands in the tree. */
static void settle(void *arg, unsigned i)
{
	struct fixture *f = arg;
	f->opened[i] = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	*state = f;
	if (!f || !scratch_make(&f->scratch) || topology_open(&f->topology, NULL, NULL))
		return -1;
	snprintf(f->root, sizeof(f->root), "%s/tree", f->scratch.path);
	if (mkdir(f->root, 0755))
		return -1;
	f->load.root = f->root;
	f->load.root_fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	memset(f->anywhere, -1, sizeof(f->anywhere));
	if (f->load.root_fd < 0 || crew_new(&f->crew, WORKERS, f->topology, NULL))
		return -1;
	return crew_run(f->crew, WORKERS, f->anywhere, settle, f);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	crew_free(f->crew);
	topology_close(f->topology);
	close(f->load.root_fd);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static bool is_root(const struct fixture *f, int fd)
{
	struct stat is, should;
	return fstat(fd, &is) == 0 && stat(f->root, &should) == 0 && is.st_ino == should.st_ino;
}

static void look(void *arg, unsigned i)
{
	struct fixture *f = arg;
	f->held[i] = fcntl(f->load.root_fd, F_GETFD) >= 0 || fcntl(f->opened[i], F_GETFD) >= 0;
	f->right[i] = is_root(f, f->load.root_fd) && is_root(f, f->opened[i]);
}

static void no_descriptor_is_held_during_a_command(void **state)
{
	struct fixture *f = *state;
	struct hold *hold;
	uint64_t dev = 0;
	assert_int_equal(hold_let_go(&hold, &f->load, f->crew, WORKERS, false, NULL), 0);
	assert_int_equal(fcntl(f->load.root_fd, F_GETFD), -1);
	assert_int_equal(crew_run(f->crew, WORKERS, f->anywhere, look, f), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_false(f->held[i]);
	assert_int_equal(hold_take_back(hold, &dev, NULL), 0);
	assert_true(is_root(f, f->load.root_fd));
	assert_int_equal(fcntl(f->load.root_fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(f->load.root_fd, F_GETFL) & O_PATH);
	assert_int_equal(crew_run(f->crew, WORKERS, f->anywhere, look, f), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		assert_true(f->right[i]);
}

/* A command of the user's may unmount the tree that statmark was started in. */
static void the_working_directory_is_left_during_a_command(void **state)
{
	struct fixture *f = *state;
	struct hold *hold;
	uint64_t dev = 0;
	char meanwhile[PATH_MAX], after[PATH_MAX];
	const int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(before >= 0);
	assert_int_equal(chdir(f->root), 0);
	int error = hold_let_go(&hold, &f->load, f->crew, WORKERS, false, NULL);
	const bool went = getcwd(meanwhile, sizeof(meanwhile));
	error = error ? error : hold_take_back(hold, &dev, NULL);
	const bool came = getcwd(after, sizeof(after));
	assert_int_equal(fchdir(before), 0);
	close(before);
	assert_int_equal(error, 0);
	assert_true(went && came);
	assert_string_equal(meanwhile, "/");
	assert_string_equal(after, f->root);
}

static void another_root_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hold *hold;
	struct err err = {0};
	struct stat st;
	uint64_t dev = 0;
	assert_int_equal(hold_let_go(&hold, &f->load, f->crew, WORKERS, false, NULL), 0);
	assert_int_equal(renameat(f->scratch.fd, "tree", f->scratch.fd, "other"), 0);
	assert_int_equal(mkdirat(f->scratch.fd, "tree", 0755), 0);
	assert_int_equal(hold_take_back(hold, &dev, &err), -ESTALE);
	assert_non_null(strstr(err.text, "is not the same directory as before the command"));
	/* The number is nobody else's, and leads nowhere. */
	assert_int_equal(fstat(f->load.root_fd, &st), 0);
	assert_false(S_ISDIR(st.st_mode));
}

/* An empty filesystem in memory always has the same root, and here another number each time. */
static int take_back_moved(struct fixture *f, bool may_move, uint64_t *dev)
{
	struct hold *hold;
	char other[PATH_MAX + 32];
	snprintf(other, sizeof(other), "%s/../spare", f->root);
	mkdir(other, 0755);
	assert_int_equal(mount("none", f->root, "tmpfs", 0, NULL), 0);
	struct workload load = f->load;
	load.root_fd = open(f->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(load.root_fd >= 0);
	assert_int_equal(hold_let_go(&hold, &load, NULL, 0, may_move, NULL), 0);
	assert_int_equal(umount2(f->root, 0), 0);
	assert_int_equal(mount("none", other, "tmpfs", 0, NULL), 0); /* takes the number */
	assert_int_equal(mount("none", f->root, "tmpfs", 0, NULL), 0);
	int error = hold_take_back(hold, dev, NULL);
	close(load.root_fd);
	umount2(f->root, 0);
	umount2(other, 0);
	return error;
}

static void another_device_is_refused_unless_mounted_anew(void **state)
{
	struct fixture *f = *state;
	uint64_t dev = 0;
	if (geteuid() != 0)
		skip_because("needs root");
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip_because("mounts are refused");
	assert_int_equal(take_back_moved(f, false, &dev), -ESTALE);
	assert_int_equal(dev, 0);
	assert_int_equal(take_back_moved(f, true, &dev), 0);
	assert_true(dev != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_descriptor_is_held_during_a_command, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_working_directory_is_left_during_a_command,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_root_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_device_is_refused_unless_mounted_anew,
						set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
