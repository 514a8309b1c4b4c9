/* The door to FUSE: one file, served by a thread of the process that looks at it. */
#include "engine/lab/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/child.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { SIZE = 12345, NODE_INO = 77 };

static const struct fuse_mount_options wanted = {
	.name = "statmark-test",
	.what = "a test",
	.root = S_IFREG,
	.features = FUSE_PARALLEL_DIROPS | FUSE_ASYNC_DIO | FUSE_MAX_PAGES | FUSE_ASYNC_READ,
	.max_write = 128 * 1024,
	.background = 500,
};

static void answer(const struct fuse *fuse, const struct fuse_request *request)
{
	static const char text[SIZE] = "what is in the file";
	const struct fuse_attr_out attr = {
		.attr = {.ino = NODE_INO, .size = SIZE, .mode = S_IFREG | 0640, .nlink = 1}};
	const struct fuse_open_out opened = {.open_flags = FOPEN_DIRECT_IO};
	const struct fuse_read_in *read = request->body;
	const uint64_t unique = request->in->unique;
	switch (request->in->opcode) {
	case FUSE_GETATTR:
		fuse_answer(fuse, unique, 0, &attr, sizeof(attr));
		return;
	case FUSE_OPEN:
		fuse_answer(fuse, unique, 0, &opened, sizeof(opened));
		return;
	case FUSE_READ:
		if (read->offset >= SIZE)
			fuse_answer(fuse, unique, -EIO, NULL, 0);
		else
			fuse_answer(fuse, unique, 0, text,
				    sizeof(text) < read->size ? SIZE : read->size);
		return;
	default:
		fuse_answer(fuse, unique, -ENOSYS, NULL, 0);
	}
}

static void *serve(void *arg)
{
	const struct fuse *fuse = arg;
	char *buffer = malloc(fuse->room);
	struct fuse_request request;
	intptr_t got;
	while ((got = fuse_next(fuse, buffer, &request)) > 0)
		answer(fuse, &request);
	free(buffer);
	return (void *)got;
}

/* The number of the first thing that is not as it should be, else 0. */
static int look_at(const char *path, struct fuse *fuse)
{
	char text[64];
	struct stat st;
	void *left;
	pthread_t thread;
	if (pthread_create(&thread, NULL, serve, fuse))
		return 10;
	if (stat(path, &st) || st.st_size != SIZE || st.st_ino != NODE_INO || st.st_mode != 0100640)
		return 11;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, text, sizeof(text), 0) != sizeof(text) ||
	    strcmp(text, "what is in the file") != 0)
		return 12;
	if (pread(fd, text, sizeof(text), SIZE) != -1 || errno != EIO)
		return 13;
	fuse_unmount(path);
	if (pread(fd, text, sizeof(text), 0) != -1 || (errno != ENOTCONN && errno != ECONNABORTED))
		return 14;
	if (pthread_join(thread, &left) || left)
		return 15;
	close(fd);
	close(fuse->fd);
	return stat(path, &st) || st.st_size != 0 ? 16 : 0;
}

static int mount_and_look(const void *path)
{
	struct fuse fuse;
	struct err err = {0};
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return 1;
	int error = fuse_mount(&fuse, path, &wanted, &err);
	if (error)
		return error == -ENOTSUP ? 1 : 2;
	if ((fuse.features & wanted.features) != wanted.features)
		return 3;
	return look_at(path, &fuse);
}

static void a_file_is_served_until_it_is_unmounted(void **state)
{
	struct scratch scratch;
	char path[PATH_MAX + 8];
	(void)state;
	assert_true(scratch_make(&scratch));
	assert_true(scratch_file(scratch.fd, "file", 0));
	snprintf(path, sizeof(path), "%s/file", scratch.path);
	int failed = in_child(mount_and_look, path);
	scratch_remove(&scratch);
	if (failed == 1)
		skip_because("needs root and /dev/fuse");
	assert_int_equal(failed, 0);
}

static int mount_as_nobody(const void *path)
{
	struct fuse fuse;
	struct err err = {0};
	if (!become_nobody())
		return 1;
	int error = fuse_mount(&fuse, path, &wanted, &err);
	return error == -ENOTSUP && strstr(err.text, "/dev/fuse") ? 0
	       : error == -ENOTSUP && strstr(err.text, "be root") ? 0
								  : 2;
}

static void without_permission_the_reason_is_given(void **state)
{
	(void)state;
	assert_int_equal(in_child(mount_as_nobody, "/tmp"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_served_until_it_is_unmounted),
		cmocka_unit_test(without_permission_the_reason_is_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
