#include "engine/lab/mkfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/child.h"
#include "engine/base/count.h"
#include "engine/base/unnamed.h"
#include "engine/base/util.h"

#define MIB (UINT64_C(1) << 20)

enum {
	INODE_BYTES = 4096 + 1024, /* a last block that is not full, and the inode itself */
	NAME_BYTES = 384, /* in a directory that was split; btrfs stores each name three times */
	EXT4_INODE_RATIO = 16384,
	ARGS_MAX = 10, /* in addition to the user's, with the NULL */
};

/* The child has the image as its descriptor 3. */
#define IMAGE "/proc/self/fd/3"

int image_open(const struct lab_request *request, struct err *err)
{
	char name[40];
	int image;
	if (!request->image_dir) {
		/* losetup -a shows this name */
		snprintf(name, sizeof(name), "statmark-image-%d", (int)getpid());
		image = unnamed_file(name);
		return image < 0 ? err_errno(err, image, "cannot make an image in memory") : image;
	}
	image = unnamed_file_in(request->image_dir);
	return image < 0 ? err_errno(err, image, "cannot make an image in %s", request->image_dir)
			 : image;
}

static uint64_t bytes_needed(const struct lab_request *r)
{
	const uint64_t tree =
		r->bytes + r->inodes * (uint64_t)INODE_BYTES + r->entries * (uint64_t)NAME_BYTES;
	const uint64_t size = MAX(tree * 2 + 64 * MIB, r->spec->kind->size_min);
	return (size + MIB - 1) / MIB * MIB;
}

int image_size(int image, const struct lab_request *request, struct err *err)
{
	const uint64_t size = request->spec->size ? request->spec->size : bytes_needed(request);
	if (ftruncate(image, (off_t)size) == 0)
		return 0;
	return err_errno(err, -errno, "cannot make an image of %" PRIu64 " MiB", size / MIB);
}

/* The PATH of users other than root often lacks /usr/sbin. */
static int start(struct child *child, struct child_request *request)
{
	char path[64];
	int error = child_start(child, request);
	if (error != -ENOENT)
		return error;
	snprintf(path, sizeof(path), "/usr/sbin/%s", request->argv[0]);
	request->program = path;
	return child_start(child, request);
}

/*
 * The size of a packed image is known only afterwards: mkfs.erofs writes the holes of sparse files
 * as data. The limit is set before it has written anything.
 */
static bool is_bounded(const struct lab_request *r)
{
	return r->spec->kind->method == LAB_PACKED && r->memory && !r->image_dir;
}

static void bound_image(const struct child *child, const struct lab_request *r)
{
	const struct rlimit limit = {r->memory, r->memory};
	if (is_bounded(r))
		prlimit(child->pid, RLIMIT_FSIZE, &limit, NULL);
}

/* The last write before the limit is a short one, for which programs print various messages. */
static bool is_too_large(int image, const struct lab_request *r)
{
	enum { WRITE_MOST = 1 << 20 };
	struct stat st;
	return is_bounded(r) && !fstat(image, &st) && (uint64_t)st.st_size + WRITE_MOST > r->memory;
}

static int run(const char *const *argv, int image, const struct lab_request *r, struct err *err)
{
	const struct lab_kind *kind = r->spec->kind;
	char end_text[CHILD_END_MAX], words[CHILD_WORDS_MAX];
	int said = unnamed_file("statmark-mkfs"), status = 0;
	if (said < 0)
		return err_errno(err, said, "cannot make a file for the output of %s", argv[0]);
	struct child child;
	struct child_request request = {.argv = argv, .out = said, .err = said, .third = image};
	int error = start(&child, &request);
	if (!error)
		bound_image(&child, r);
	if (error == -ENOENT) {
		error = err_set(err, -ENOTSUP, "%s is made by %s, which is missing: install %s",
				kind->name, kind->program, kind->package);
	} else if (error) {
		error = err_errno(err, error, "cannot start %s", kind->program);
	} else if (child_wait(&child, 0, r->progress ? r->progress->stop : NULL, &status) !=
		   CHILD_ENDED) {
		error = err_errno(err, -EINTR, "%s", kind->program);
	} else if (status && is_too_large(image, r)) {
		error = err_set(err, -ENOTSUP,
				"%s: the image needs more than the %s of memory available "
				"for it; give --fs-dir a directory on a disk, or raise "
				"--memory",
				kind->program, MEMORY(r->memory));
	} else if (status) {
		child_words(said, words);
		error = err_set(err, -EINVAL, "%s %s%s%s", kind->program,
				child_end_text(status, end_text), *words ? ": " : "", words);
	}
	close(said);
	return error;
}

/*
 * ext4 creates all inodes at once; if the default number is too small, a larger one is requested.
 */
static size_t add_inodes(const char **argv, char number[32], const struct lab_request *r)
{
	const uint64_t usual = bytes_needed(r) / EXT4_INODE_RATIO;
	const uint64_t wanted = r->inodes + r->inodes / 4 + 1024;
	if (r->spec->size || wanted <= usual)
		return 0;
	snprintf(number, 32, "%" PRIu64, wanted);
	argv[0] = "-N";
	argv[1] = number;
	return 2;
}

int mkfs_run(int image, const struct lab_request *r, const char *tree, struct err *err)
{
	const struct lab_spec *spec = r->spec;
	const char *const *argument = spec->kind->arguments;
	const char **argv = calloc(ARGS_MAX + spec->n_mkfs, sizeof(*argv));
	char number[32];
	size_t n = 0;
	if (!argv)
		return err_set(err, -ENOMEM, "out of memory");
	argv[n++] = spec->kind->program;
	for (size_t i = 0; i < ARRAY_LEN(spec->kind->arguments) && argument[i]; i++) {
		if (strcmp(argument[i], MKFS_IMAGE) == 0)
			argv[n++] = IMAGE;
		else if (strcmp(argument[i], MKFS_TREE) == 0)
			argv[n++] = tree;
		else if (strcmp(argument[i], MKFS_INODES) == 0)
			n += add_inodes(argv + n, number, r);
		else if (strcmp(argument[i], MKFS_USER) == 0)
			for (size_t k = 0; k < spec->n_mkfs; k++)
				argv[n++] = spec->mkfs[k];
		else
			argv[n++] = argument[i];
	}
	progress_report(r->progress, argv[0], 0, 0);
	int error = run(argv, image, r, err);
	free(argv);
	return error;
}
