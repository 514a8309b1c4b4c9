/*
 * Reads and writes the sentinel (container.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "datasets/tree/container.h"
#include "engine/base/output.h"
#include "engine/base/util.h"
#include "engine/json/member.h"

#define SENTINEL_SCHEMA "statmark-tree/1"

/* All have the same length: sentinel_write needs that. */
static const char *const state_names[] = {
	[TREE_CREATING] = "creating",
	[TREE_COMPLETE] = "complete",
	[TREE_REMOVING] = "removing",
};

static const char *state_name(unsigned state)
{
	return state < ARRAY_LEN(state_names) ? state_names[state] : NULL;
}

/* The birth time of the directory, and that in the sentinel; empty: not known. */
struct birth_times {
	char ours[TREE_BORN_SIZE], theirs[TREE_BORN_SIZE];
};

struct sentinel {
	struct birth_times born;
	enum tree_state state;
	struct digest digest;
	struct shape shape;
	ino_t inode; /* of the directory that it names */
};

static int read_digest(const struct json_node *at, const struct member *m, void *value)
{
	struct digest *digest = value;
	const char *text;
	char *rest, again[DIGEST_TEXT_SIZE];
	(void)m;
	if (json_node_text(at, &text))
		return -EINVAL;
	digest->count = strtoull(text, &rest, 10);
	digest->sum = *rest ? strtoull(rest + 1, NULL, 16) : 0;
	if (strcmp(digest_text(digest, again), text) != 0)
		return json_node_expected(at, "a digest");
	return 0;
}

static int check_inode(const struct json_node *at, const struct member *m, void *value)
{
	const ino_t *inode = value;
	const char *text;
	char ours[24];
	(void)m;
	if (json_node_text(at, &text))
		return -EINVAL;
	snprintf(ours, sizeof(ours), "%ju", (uintmax_t)*inode);
	if (strcmp(text, ours) != 0)
		return json_node_bad(at,
				     "is \"%s\", but this directory's is \"%s\": this is a copy "
				     "of a tree, which statmark does not touch",
				     text, ours);
	return 0;
}

/* Directories of two filesystems may have the same inode number, but hardly the same age. */
static int check_born(const struct json_node *at, const struct member *m, void *value)
{
	struct birth_times *born = value;
	const char *text;
	(void)m;
	if (json_node_text(at, &text))
		return -EINVAL;
	if (!*text || strlen(text) >= sizeof(born->theirs))
		return json_node_expected(at, "a time");
	if (*born->ours && strcmp(text, born->ours) != 0)
		return json_node_bad(at,
				     "is \"%s\", but this directory's is \"%s\": this is a copy "
				     "of a tree, which statmark does not touch",
				     text, born->ours);
	memcpy(born->theirs, text, strlen(text) + 1);
	return 0;
}

static int read_shape(const struct json_node *at, const struct member *m, void *value)
{
	(void)m;
	return shape_read(value, at);
}

#define AT(field) .required = true, .offset = offsetof(struct sentinel, field)

static const struct member sentinel_members[] = {
	{.name = "schema", .kind = MEMBER_CONST, .value = SENTINEL_SCHEMA, .required = true},
	{.name = "state", .kind = MEMBER_ENUM, .word = state_name, AT(state)},
	{.name = "inode", .kind = MEMBER_CUSTOM, .read = check_inode, AT(inode)},
	{.name = "born",
	 .kind = MEMBER_CUSTOM,
	 .read = check_born,
	 .offset = offsetof(struct sentinel, born)},
	{.name = "digest", .kind = MEMBER_CUSTOM, .read = read_digest, AT(digest)},
	{.name = "shape", .kind = MEMBER_CUSTOM, .read = read_shape, AT(shape)},
	{0},
};

/*
 * Filesystems that store birth times in their inodes, so that they never change. Others may make
 * them up from times that do.
 */
static bool keeps_births(int fd)
{
	static const uint32_t known[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
					 F2FS_SUPER_MAGIC, TMPFS_MAGIC};
	struct statfs fs;
	if (fstatfs(fd, &fs))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if ((uint32_t)fs.f_type == known[i])
			return true;
	}
	return false;
}

void sentinel_birth(const struct container *c, char born[TREE_BORN_SIZE])
{
	struct statx st;
	*born = '\0';
	if (keeps_births(c->fd) && statx(c->fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) == 0 &&
	    st.stx_mask & STATX_BTIME)
		snprintf(born, TREE_BORN_SIZE, "%jd.%09u", (intmax_t)st.stx_btime.tv_sec,
			 st.stx_btime.tv_nsec);
}

static int read_document(const struct json_node *at, const struct container *c, ino_t inode,
			 struct tree_info *info)
{
	struct sentinel sentinel = {.inode = inode};
	sentinel_birth(c, sentinel.born.ours);
	int error = member_read_strict(sentinel_members, &sentinel, at, NULL);
	if (!error) {
		memcpy(info->born, sentinel.born.theirs, sizeof(info->born));
		info->state = sentinel.state;
		info->digest = sentinel.digest;
		info->shape = sentinel.shape;
	}
	return error;
}

static int read_all(int fd, char *text, size_t size)
{
	size_t used = 0;
	while (used < size) {
		ssize_t got = TEMP_FAILURE_RETRY(read(fd, text + used, size - used));
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO; /* it is shorter than fstat reported */
		used += (size_t)got;
	}
	return 0;
}

/*
 * The file may be anything: a link must not be followed, a pipe must not block, a gigabyte must not
 * fill memory.
 */
static int load(const struct container *c, const char *path, char **text, size_t *size,
		struct err *err)
{
	struct stat st;
	int fd = openat(c->fd, SENTINEL_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : err_errno(err, -errno, "cannot open %s", path);
	int error = fstat(fd, &st) ? err_errno(err, -errno, "cannot stat %s", path) : 0;
	if (!error && !S_ISREG(st.st_mode))
		error = err_set(err, -EINVAL, "%s: is not a regular file", path);
	if (!error && st.st_size > JSON_NODE_TEXT_MAX)
		error = err_set(err, -EFBIG,
				"%s: %jd bytes, larger than 1 MiB, the limit of a sentinel", path,
				(intmax_t)st.st_size);
	if (!error) {
		*size = (size_t)st.st_size;
		*text = malloc(*size + 1);
		error = *text ? read_all(fd, *text, *size) : -ENOMEM;
		if (error)
			err_errno(err, error, "cannot read %s", path);
	}
	close(fd);
	return error;
}

int sentinel_read(const struct container *c, struct tree_info *info, struct err *err)
{
	struct json_node document = {0};
	struct stat st;
	char path[PATH_MAX + 32], *text = NULL;
	size_t size = 0;
	snprintf(path, sizeof(path), "%s/" SENTINEL_NAME, c->dir);
	int error = fstat(c->fd, &st) ? err_errno(err, -errno, "cannot stat %s", c->dir) : 0;
	error = error ? error : load(c, path, &text, &size, err);
	error = error ? error : json_node_open(&document, path, text, size, err);
	error = error ? error : read_document(&document, c, st.st_ino, info);
	if (!error && snprintf(info->root, sizeof(info->root), "%s/" TREE_NAME, c->dir) >= PATH_MAX)
		error = err_errno(err, -ENAMETOOLONG, "cannot use %s", c->dir);
	json_node_close(&document);
	free(text);
	return error;
}

static char *print(const struct tree_info *info, ino_t inode, size_t *size)
{
	char digest[DIGEST_TEXT_SIZE], *text = NULL;
	char *shape = shape_to_json(&info->shape);
	FILE *out = shape ? open_memstream(&text, size) : NULL;
	if (out) {
		fprintf(out, "{\n\"schema\": \"" SENTINEL_SCHEMA "\",\n\"state\": \"%s\",\n",
			state_names[info->state]);
		fprintf(out, "\"inode\": \"%ju\",\n", (uintmax_t)inode);
		if (*info->born)
			fprintf(out, "\"born\": \"%s\",\n", info->born);
		fprintf(out, "\"digest\": \"%s\",\n\"shape\": %s}\n",
			digest_text(&info->digest, digest), shape);
		if (fclose(out)) {
			free(text);
			text = NULL;
		}
	}
	free(shape);
	return text;
}

static int replace(int dir, const char *text, size_t size)
{
	const struct replacement replacement = {
		.dir = dir, .name = SENTINEL_NAME, .temp = SENTINEL_TEMP, .mode = 0644};
	if (unlinkat(dir, SENTINEL_TEMP, 0) && errno != ENOENT)
		return -errno;
	int error = output_replace(&replacement, text, size);
	if (!error)
		fsync(dir); /* some filesystems do not support it; the file itself is synced */
	return error;
}

/*
 * A tree must be removable from a full disk, and removal begins by writing the state "removing".
 * Without space for a second file, the text overwrites the old one: only the eight letters of the
 * state differ, so no partial write can damage it.
 */
int sentinel_write(const struct container *c, const struct tree_info *info, struct err *err)
{
	struct stat st;
	size_t size;
	char *text = fstat(c->fd, &st) ? NULL : print(info, st.st_ino, &size);
	if (!text)
		return err_set(err, -ENOMEM, "%s: out of memory", c->dir);
	int error = replace(c->fd, text, size);
	if (error == -ENOSPC || error == -EDQUOT) {
		int second = output_overwrite(c->fd, SENTINEL_NAME, text, size);
		error = second ? error : 0;
	}
	free(text);
	return error ? err_errno(err, error, "cannot write %s/" SENTINEL_NAME, c->dir) : 0;
}
