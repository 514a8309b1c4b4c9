#include "engine/measure/verify/right_answer.h"

#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>

#include "engine/base/digest.h"
#include "engine/base/util.h"

enum { VIEW_METADATA = offsetof(struct view, xattrs) };

_Static_assert(VIEW_METADATA == 64 && sizeof(struct view) == 72, "no padding may be hashed");

void view_of(struct view *v, const struct record *r, uint32_t fields)
{
	bool is_dir = S_ISDIR(r->mode);
	memset(v, 0, sizeof(*v));
	v->status = r->status;
	if (r->status)
		return;
	/*
	 * If a promised field is not valid, the record counts as unanswered, so that it is not
	 * compared as 0.
	 */
	if ((r->fields & fields) != fields) {
		v->status = RECORD_UNANSWERED;
		return;
	}
	v->type = fields & FIELD_TYPE ? r->mode & S_IFMT : 0;
	v->mode = fields & FIELD_MODE ? r->mode & 07777 : 0;
	v->uid = fields & FIELD_UID ? r->uid : 0;
	v->gid = fields & FIELD_GID ? r->gid : 0;
	v->ino = fields & FIELD_INO ? r->ino : 0;
	v->rdev = fields & FIELD_RDEV ? r->rdev : 0;
	v->mtime_ns = fields & FIELD_MTIME ? r->mtime_ns : 0;
	v->nlink = fields & FIELD_NLINK && !is_dir ? r->nlink : 0;
	v->size = fields & FIELD_SIZE && !is_dir ? r->size : 0;
	v->blocks = fields & FIELD_BLOCKS && !is_dir ? r->blocks : 0;
	v->has_xattrs = (fields & FIELD_XATTRS) != 0;
	v->xattrs = v->has_xattrs ? r->xattrs : 0;
}

uint64_t view_hash(const struct view *v, uint64_t name_hash)
{
	const uint64_t hash = digest_hash(v, VIEW_METADATA, name_hash);
	return v->has_xattrs ? digest_hash(&v->xattrs, sizeof(v->xattrs), hash) : hash;
}

uint64_t hash_dir(const char *path, size_t len)
{
	const char *slash = len > PATH_MAX ? memchr(path + PATH_MAX, '/', len - PATH_MAX) : NULL;
	uint64_t hash = digest_hash(path, slash ? (size_t)(slash - path) : len, 0);
	while (slash) {
		const char *name = slash + 1;
		slash = memchr(name, '/', (size_t)(path + len - name));
		hash = workload_far_hash(name, (size_t)((slash ? slash : path + len) - name), hash);
	}
	return hash;
}

uint64_t hash_below(const struct workload *load, uint32_t entry, uint64_t dir_hash)
{
	const struct workload_entry *e = &load->entries[entry];
	const struct workload_dir *dir = &load->dirs[e->dir];
	if (dir->path_len >= PATH_MAX)
		return workload_far_hash(workload_name(load, entry), e->name_len, dir_hash);
	char path[2 * PATH_MAX + 1];
	size_t len = dir->path_len;
	memcpy(path, workload_dir_path(load, e->dir), len);
	if (len)
		path[len++] = '/';
	memcpy(path + len, workload_name(load, entry), MIN(e->name_len, PATH_MAX));
	return hash_dir(path, len + MIN(e->name_len, PATH_MAX));
}

uint64_t hash_name(const char *name, size_t len, uint64_t dir_hash)
{
	return digest_hash(name, len, dir_hash);
}

/* The error that opening the entry gives, 0 for none. */
static int try_open(const struct workload *load, int fd, uint32_t entry)
{
	int opened = openat(fd, workload_name(load, entry), open_flags(&load->entries[entry]));
	if (opened < 0)
		return errno;
	close(opened);
	return 0;
}

/* If an entry cannot be fetched, its type is the one in its directory. */
static void fetch_listed(const struct workload *load, int fd, uint32_t entry, struct record *r,
			 uint64_t *dev)
{
	struct stat st;
	mode_t type = load->entries[entry].type;
	if (fd >= 0 && fstatat(fd, workload_name(load, entry), &st, AT_SYMLINK_NOFOLLOW) == 0) {
		type = st.st_mode & S_IFMT;
		*dev = st.st_dev;
	} else if (!type) {
		record_fail(r, fd < 0 ? -fd : errno); /* no type listed: a walk fetches it */
		return;
	}
	record_type(r, type);
}

/* The errno for a name that does not exist; 0: it exists. */
static int ask_negative(const struct workload *load, int fd, uint32_t entry, int flags,
			struct stat *st)
{
	char *name = malloc((size_t)load->entries[entry].name_len + 2);
	if (!name)
		return ENOMEM;
	negative_name(load, entry, name);
	int error = fstatat(fd, name, st, flags) ? errno : 0;
	free(name);
	return error;
}

/* Length of the path that is used: a negative name is one byte longer, except at NAME_MAX. */
static size_t asked_len(const struct workload *load, uint32_t entry, const struct answer *answer)
{
	bool longer = answer->negative && load->entries[entry].name_len < NAME_MAX;
	return workload_path_len(load, entry) + longer;
}

enum { XATTRS_MOST = 65536 /* limit of the kernel, for the names and for a value */ };

/*
 * path: a name below the descriptor of its directory, composed by /proc, which every kernel
 * accepts.
 */
static int add_xattrs(const char *path, const struct answer *answer, struct record *r, char *names,
		      char *value)
{
	const ssize_t len = answer->follow ? listxattr(path, names, XATTRS_MOST)
					   : llistxattr(path, names, XATTRS_MOST);
	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : errno;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		if (!(answer->fields & FIELD_XATTR_VALUES)) {
			record_xattr(r, name, NULL, 0, 0);
			continue;
		}
		const ssize_t size = answer->follow ? getxattr(path, name, value, XATTRS_MOST)
						    : lgetxattr(path, name, value, XATTRS_MOST);
		record_xattr(r, name, value, size < 0 ? 0 : (size_t)size, size < 0 ? errno : 0);
	}
	return 0;
}

static void fetch_xattrs(int fd, const char *name, const struct answer *answer, struct record *r)
{
	char *names = malloc(2 * (size_t)XATTRS_MOST), *path = NULL;
	int error =
		names && asprintf(&path, "/proc/thread-self/fd/%d/%s", fd, name) >= 0 ? 0 : ENOMEM;
	r->xattrs = 0;
	r->fields |= answer->fields & (FIELD_XATTRS | FIELD_XATTR_VALUES);
	if (!error)
		error = add_xattrs(path, answer, r, names, names + XATTRS_MOST);
	if (error)
		record_fail(r, error);
	free(path);
	free(names);
}

static void fetch_asked(const struct workload *load, int fd, uint32_t entry,
			const struct answer *answer, struct record *r, uint64_t *dev)
{
	struct stat st = {.st_dev = *dev};
	const char *name = workload_name(load, entry);
	int error, flags = answer->follow ? 0 : AT_SYMLINK_NOFOLLOW;
	if (answer->addressing == ADDRESS_PATH && asked_len(load, entry, answer) >= PATH_MAX)
		record_fail(r, ENAMETOOLONG);
	/* In a directory that does not exist, the name does not exist either. */
	else if (fd < 0 && answer->negative)
		record_absent(r, -fd);
	else if (fd < 0)
		record_fail(r, -fd);
	else if (answer->opens && (error = try_open(load, fd, entry)))
		record_fail(r, error);
	else if (answer->negative)
		record_absent(r, ask_negative(load, fd, entry, flags, &st));
	else if (fstatat(fd, name, &st, flags))
		record_fail(r, errno);
	else
		record_stat(r, &st);
	if (answer->fields & FIELD_XATTRS && !r->status)
		fetch_xattrs(fd, name, answer, r);
	*dev = st.st_dev;
}

void right_answer(const struct workload *load, int fd, uint32_t entry, const struct answer *answer,
		  struct record *r, uint64_t *dev)
{
	*dev = load->dev;
	if (answer->listed)
		fetch_listed(load, fd, entry, r, dev);
	else
		fetch_asked(load, fd, entry, answer, r, dev);
}

/* Describes the first difference between two views. */
static void view_difference(const struct view *got, const struct view *want, char *why, size_t size)
{
	const struct {
		const char *what;
		uint64_t got, want;
	} rows[] = {
		{"inode", got->ino, want->ino},
		{"type", got->type, want->type},
		{"mode", got->mode, want->mode},
		{"links", got->nlink, want->nlink},
		{"owner", got->uid, want->uid},
		{"group", got->gid, want->gid},
		{"size", got->size, want->size},
		{"blocks", got->blocks, want->blocks},
		{"device", got->rdev, want->rdev},
		{"mtime", (uint64_t)got->mtime_ns, (uint64_t)want->mtime_ns},
		{"hash of extended attributes", got->xattrs, want->xattrs},
	};
	if (got->status == RECORD_UNANSWERED) {
		snprintf(why, size, "was not answered");
		return;
	}
	if (got->status != want->status) {
		snprintf(why, size, "gave %s, expected %s",
			 got->status ? strerrorname_np(-got->status) : "an answer",
			 want->status ? strerrorname_np(-want->status) : "an answer");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].got != rows[i].want) {
			snprintf(why, size, "%s %" PRIu64 ", should be %" PRIu64, rows[i].what,
				 rows[i].got, rows[i].want);
			return;
		}
	}
	snprintf(why, size, "differs");
}

bool answer_differs(const struct record *got, const struct record *want, uint32_t fields,
		    char *words, size_t size)
{
	struct view got_view, want_view;
	view_of(&got_view, got, fields);
	view_of(&want_view, want, fields);
	if (memcmp(&got_view, &want_view, sizeof(got_view)) == 0)
		return false;
	view_difference(&got_view, &want_view, words, size);
	return true;
}

void answer_say(char *why, size_t size, const char *path, const char *words)
{
	enum { PATH_SHOWN = 300 };
	size_t len = strlen(path), cut = len > PATH_SHOWN ? len - PATH_SHOWN : 0;
	snprintf(why, size, "%s%s: %s", cut ? "..." : "", path + cut, words);
}
