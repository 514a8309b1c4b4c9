#include "tests/conformance/with_trees.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include "datasets/tree/tree.h"
#include "engine/base/util.h"

/* Several spans of one directory where a shape is flat. */
enum { PRESET_ENTRIES = 200 };

bool trees_are_few(void)
{
	const char *trees = getenv("STATMARK_TREES");
	return trees && strcmp(trees, "few") == 0;
}

static bool make_empty(const struct scratch *s)
{
	return s->fd >= 0;
}

static bool make_one(const struct scratch *s)
{
	return scratch_file(s->fd, "only", 1);
}

/* Fewer than workers, and one of them a directory without entries. */
static bool make_few(const struct scratch *s)
{
	return scratch_file(s->fd, "a", 1) && scratch_file(s->fd, "b", 2) &&
	       mkdirat(s->fd, "c", 0755) == 0;
}

/* Only directories, most of them empty: spans and directories do not go in step. */
static bool make_directories(const struct scratch *s)
{
	char name[32];
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (mkdirat(s->fd, name, 0755))
			return false;
		snprintf(name, sizeof(name), "%d/below", i);
		if (i % 7 == 0 && mkdirat(s->fd, name, 0700))
			return false;
	}
	return true;
}

static bool make_names(const struct scratch *s)
{
	static const char *const names[] = {"-rf",     "--",  "new\nline",  "\xff\xfe\x01", " ",
					    ".hidden", "...", "..x",        "a\tb",         "*",
					    "\\",      "%s",  "caf\xc3\xa9"};
	char longest[256], below[300];
	memset(longest, 'n', 255);
	longest[255] = '\0';
	snprintf(below, sizeof(below), "%s/\xff", longest);
	if (mkdirat(s->fd, longest, 0755) || !scratch_file(s->fd, below, 5))
		return false;
	longest[0] = '-';
	bool made = scratch_file(s->fd, longest, 255);
	for (size_t i = 0; made && i < ARRAY_LEN(names); i++)
		made = scratch_file(s->fd, names[i], (off_t)i);
	return made;
}

static bool make_links(const struct scratch *s)
{
	return mkdirat(s->fd, "dir", 0755) == 0 && scratch_file(s->fd, "dir/file", 4097) &&
	       symlinkat("dir/file", s->fd, "to-file") == 0 &&
	       symlinkat("dir", s->fd, "to-dir") == 0 &&
	       symlinkat("nowhere", s->fd, "dangling") == 0 &&
	       symlinkat("loop", s->fd, "loop") == 0 && symlinkat("ping", s->fd, "pong") == 0 &&
	       symlinkat("pong", s->fd, "ping") == 0 && symlinkat("..", s->fd, "dir/up") == 0 &&
	       linkat(s->fd, "dir/file", s->fd, "hard", 0) == 0 &&
	       linkat(s->fd, "dangling", s->fd, "dir/hard-dangling", 0) == 0;
}

/* Modes, sizes and times that do not fit into small or signed types. */
static bool make_special(const struct scratch *s)
{
	const struct timespec early[2] = {{.tv_sec = 1}, {.tv_sec = -86400, .tv_nsec = 999999999}};
	const struct timespec late[2] = {{.tv_sec = 1}, {.tv_sec = INT64_C(5000000000)}};
	return mkfifoat(s->fd, "fifo", 0600) == 0 &&
	       mknodat(s->fd, "socket", S_IFSOCK | 0600, 0) == 0 &&
	       scratch_file(s->fd, "huge", (off_t)5 << 30) && scratch_file(s->fd, "zero", 0) &&
	       scratch_file(s->fd, "early", 1) && scratch_file(s->fd, "late", 1) &&
	       utimensat(s->fd, "early", early, 0) == 0 && utimensat(s->fd, "late", late, 0) == 0 &&
	       fchmodat(s->fd, "zero", 07777, 0) == 0 && fchmodat(s->fd, "late", 0, 0) == 0;
}

/* Names of attributes need no permission to read the file, values do. */
static bool make_secret(const struct scratch *s)
{
	char path[PATH_MAX + 16];
	if (!scratch_file(s->fd, "open/secret", 1))
		return false;
	snprintf(path, sizeof(path), "%s/open/secret", s->path);
	setxattr(path, "user.secret", "x", 1, 0);
	return fchmodat(s->fd, "open/secret", 0, 0) == 0;
}

/* One directory that cannot be read, one that can be listed but not entered, one for passing. */
static bool make_closed(const struct scratch *s)
{
	static const struct {
		const char *name;
		mode_t mode;
	} dirs[] = {{"closed", 0}, {"listed", 0444}, {"passed", 0111}, {"open", 0755}};
	char file[32];
	bool made = true;
	for (size_t i = 0; made && i < ARRAY_LEN(dirs); i++) {
		made = mkdirat(s->fd, dirs[i].name, 0755) == 0;
		for (int k = 0; made && k < 3; k++) {
			snprintf(file, sizeof(file), "%s/%d", dirs[i].name, k);
			made = scratch_file(s->fd, file, k);
		}
		made = made && fchmodat(s->fd, dirs[i].name, dirs[i].mode, 0) == 0;
	}
	return made && make_secret(s);
}

/* Attributes of several kinds and sizes; without them it is a tree all the same. */
static bool make_attributes(const struct scratch *s)
{
	static const char large[3000];
	char path[PATH_MAX + 16];
	if (!scratch_file(s->fd, "file", 1) || !scratch_file(s->fd, "none", 1) ||
	    mkdirat(s->fd, "dir", 0755) || symlinkat("file", s->fd, "link") ||
	    mkfifoat(s->fd, "fifo", 0600))
		return false;
	snprintf(path, sizeof(path), "%s/file", s->path);
	setxattr(path, "user.large", large, sizeof(large), 0);
	setxattr(path, "user.\xff", "not UTF-8", 9, 0);
	setxattr(path, "user.empty", "", 0, 0);
	snprintf(path, sizeof(path), "%s/dir", s->path);
	setxattr(path, "user.dir", "d", 1, 0);
	snprintf(path, sizeof(path), "%s/link", s->path);
	lsetxattr(path, "trusted.of-link", "l", 1, 0); /* as root */
	return true;
}

/* So many that several workers share one directory. */
static bool make_large(const struct scratch *s)
{
	const int n = trees_are_few() ? 300 : 1000;
	char name[32];
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (!scratch_file(s->fd, name, i))
			return false;
	}
	return true;
}

/* Files whose absolute paths are PATH_MAX long, give or take a few bytes, in directory fd. */
static bool make_near_limit(int fd, size_t dir_len)
{
	bool made = true;
	for (size_t len = PATH_MAX - 4; made && len <= PATH_MAX + 3; len++) {
		char name[256] = {0};
		memset(name, 'f', len - dir_len - 1);
		made = scratch_file(fd, name, (off_t)len);
	}
	return made;
}

/* A chain far beyond PATH_MAX, and at the limit files on either side of it. */
static bool make_long(const struct scratch *s)
{
	enum { LINK = 251, STEP = sizeof("/shorter") - 1 };
	size_t len = strlen(s->path);
	char name[LINK] = {0};
	int at = dup(s->fd);
	memset(name, 'd', LINK - 1);
	bool made = scratch_chain(s->fd, 40);
	for (; made && len + LINK + 8 < PATH_MAX; len += LINK) {
		int below = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = below;
		made = at >= 0;
	}
	/* What is left must be a name's length: neither nothing nor more than 255 bytes. */
	if (made && PATH_MAX + 3 - len - 1 > 255) {
		made = mkdirat(at, "shorter", 0755) == 0;
		int below = made ? openat(at, "shorter", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
		close(at);
		at = below;
		made = at >= 0;
		len += STEP;
	}
	made = made && PATH_MAX - 4 > len + 1 && PATH_MAX + 3 - len - 1 <= 255;
	made = made && make_near_limit(at, len);
	if (at >= 0)
		close(at);
	return made;
}

static const struct tree edges[] = {
	{.name = "empty", .make = make_empty},
	{.name = "one", .make = make_one},
	{.name = "few", .make = make_few},
	{.name = "directories", .make = make_directories},
	{.name = "names", .make = make_names},
	{.name = "links", .make = make_links},
	{.name = "special", .make = make_special},
	{.name = "closed", .make = make_closed, .as_nobody = true},
	{.name = "attributes of all kinds", .make = make_attributes},
	{.name = "large", .make = make_large},
	{.name = "long", .make = make_long},
};

/* Two presets where trees are few: links of both kinds, and whatever else names may be. */
static bool is_wanted(const char *preset)
{
	return !trees_are_few() || strcmp(preset, "edge-cases") == 0 ||
	       strcmp(preset, "backup-farm") == 0;
}

bool tree_at(size_t i, struct tree *tree)
{
	size_t presets = 0;
	for (size_t k = 0; shape_preset(k); k++) {
		if (!is_wanted(shape_preset(k)) || presets++ != i)
			continue;
		*tree = (struct tree){.name = shape_preset(k)};
		return true;
	}
	if (i - presets >= ARRAY_LEN(edges))
		return false;
	*tree = edges[i - presets];
	return true;
}

static int make_preset(const char *name, const struct scratch *s, char *root, struct err *err)
{
	char dir[PATH_MAX + 8];
	struct shape shape;
	struct tree_info info;
	struct tree_counts counts;
	int error = shape_load(&shape, name, err);
	if (error)
		return error;
	shape.entries = PRESET_ENTRIES;
	snprintf(dir, sizeof(dir), "%s/made", s->path);
	error = tree_create(dir, &shape, 0, NULL, &counts, err);
	if (!error)
		error = tree_info(dir, &info, err);
	if (!error)
		memcpy(root, info.root, sizeof(info.root));
	return error;
}

int tree_make(const struct tree *tree, const struct scratch *s, char *root, struct err *err)
{
	if (!tree->make)
		return make_preset(tree->name, s, root, err);
	memcpy(root, s->path, sizeof(s->path));
	return tree->make(s) ? 0 : err_errno(err, -errno, "making the tree %s", tree->name);
}
