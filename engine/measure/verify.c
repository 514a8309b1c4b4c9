#include "engine/measure/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "engine/base/util.h"

/* What is digested of one entry: only what was promised, the rest zero. */
struct view {
	uint64_t ino, size, blocks, rdev;
	int64_t mtime_ns;
	uint32_t type, mode, nlink, uid, gid;
	int32_t status;
};

_Static_assert(sizeof(struct view) == 64, "no padding may be hashed");

static void view_of(struct view *v, const struct record *r, uint32_t fields)
{
	bool is_dir = S_ISDIR(r->mode);
	memset(v, 0, sizeof(*v));
	v->status = r->status;
	if (r->status)
		return;
	/* A promised field without an answer must not pass for a zero. */
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
}

static uint64_t hash_view(const struct view *v, uint64_t name_hash)
{
	return digest_hash(v, sizeof(*v), name_hash);
}

/* An entry's identity is its path below the root, so that digests compare across machines. */
static uint64_t hash_dir(const struct workload *load, uint32_t dir)
{
	return digest_hash(workload_dir_path(load, dir), load->dirs[dir].path_len, 0);
}

static uint64_t hash_name(const struct workload *load, uint32_t entry, uint64_t dir_hash)
{
	return digest_hash(workload_name(load, entry), load->entries[entry].name_len, dir_hash);
}

int reference_want(struct reference *ref, const struct answer *answer)
{
	for (unsigned i = 0; i < ref->n; i++) {
		if (memcmp(&ref->answers[i], answer, sizeof(*answer)) == 0)
			return 0;
	}
	if (ref->n == ANSWERS_MAX)
		return -E2BIG;
	ref->answers[ref->n++] = *answer;
	return 0;
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

/* What a right call would answer for one entry. */
static void look(const struct workload *load, int fd, uint32_t entry, const struct answer *answer,
		 struct record *r)
{
	char negative[NAME_MAX + 1];
	struct stat st;
	const char *name = workload_name(load, entry);
	int error, flags = answer->follow ? 0 : AT_SYMLINK_NOFOLLOW;
	size_t path_len = workload_path_len(load, entry);
	if (answer->negative) {
		negative_name(load, entry, negative);
		path_len += strlen(negative) - load->entries[entry].name_len;
		name = negative;
	}
	if (answer->addressing == ADDRESS_PATH && path_len >= PATH_MAX)
		record_fail(r, ENAMETOOLONG);
	else if (fd < 0 && answer->negative)
		record_absent(r, -fd); /* where nothing is, that name is not either */
	else if (fd < 0)
		record_fail(r, -fd);
	else if (answer->opens && (error = try_open(load, fd, entry)))
		record_fail(r, error);
	else if (answer->negative)
		record_absent(r, fstatat(fd, name, &st, flags) ? errno : 0);
	else if (fstatat(fd, name, &st, flags))
		record_fail(r, errno);
	else
		record_stat(r, &st);
}

/* Answers that differ only in their fields come from the same call. */
static bool same_call(const struct answer *a, const struct answer *b)
{
	return a->addressing == b->addressing && a->follow == b->follow && a->opens == b->opens &&
	       a->negative == b->negative;
}

static void take_entry(struct reference *ref, int fd, uint32_t entry, uint64_t name_hash)
{
	const struct answer *asked = NULL;
	struct record r;
	for (unsigned i = 0; i < ref->n; i++) {
		const struct answer *a = &ref->answers[i];
		struct view view;
		if (a->addressing == ADDRESS_NONE)
			continue;
		if (!asked || !same_call(a, asked))
			look(ref->load, fd, entry, a, &r);
		asked = a;
		view_of(&view, &r, a->fields);
		digest_add(&ref->digests[i], hash_view(&view, name_hash));
	}
}

int reference_take(struct reference *ref, const volatile int *stop)
{
	const struct workload *load = ref->load;
	memset(ref->digests, 0, sizeof(ref->digests));
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint64_t opens = 0, closes = 0, dir_hash = hash_dir(load, d);
		uint32_t end = load->dirs[d].first + load->dirs[d].count;
		if (stop && *stop)
			return -EINTR;
		if (!load->dirs[d].count)
			continue;
		int fd = workload_opendir(load, d, O_PATH, &opens, &closes);
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
			return fd;
		for (uint32_t i = load->dirs[d].first; i < end; i++)
			take_entry(ref, fd, i, hash_name(load, i, dir_hash));
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static void digest_records(const struct cell *cell, struct digest *digest)
{
	const struct workload *load = cell->load;
	*digest = (struct digest){0};
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint64_t dir_hash = load->dirs[d].count ? hash_dir(load, d) : 0;
		uint32_t end = load->dirs[d].first + load->dirs[d].count;
		for (uint32_t i = load->dirs[d].first; i < end; i++) {
			struct view view;
			view_of(&view, &cell->records[i], cell->answer.fields);
			digest_add(digest, hash_view(&view, hash_name(load, i, dir_hash)));
		}
	}
}

/* The first difference between two views, in words. */
static void say_difference(const struct view *got, const struct view *want, char *why, size_t size)
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
	};
	if (got->status == RECORD_UNANSWERED) {
		snprintf(why, size, "was not answered");
		return;
	}
	if (got->status != want->status) {
		snprintf(why, size, "gave %s, should give %s",
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

/* Looks at every entry again for the first one whose record is not what a right call answers. */
static bool find_difference(const struct cell *cell, char *why, size_t size)
{
	const struct workload *load = cell->load;
	for (uint32_t i = 0; i < load->n_entries; i++) {
		uint64_t opens = 0, closes = 0;
		struct record right;
		struct view got, want;
		int fd = workload_opendir(load, load->entries[i].dir, O_PATH, &opens, &closes);
		look(load, fd, i, &cell->answer, &right);
		if (fd >= 0)
			close(fd);
		view_of(&got, &cell->records[i], cell->answer.fields);
		view_of(&want, &right, cell->answer.fields);
		if (memcmp(&got, &want, sizeof(got)) != 0) {
			uint32_t dir = load->entries[i].dir;
			int used = snprintf(why, size, "%s%s%s: ", workload_dir_path(load, dir),
					    load->dirs[dir].path_len ? "/" : "",
					    workload_name(load, i));
			size_t at = MIN((size_t)used, size ? size - 1 : 0);
			say_difference(&got, &want, why + at, size - at);
			return true;
		}
	}
	return false;
}

static unsigned index_of(const struct reference *ref, const struct answer *answer)
{
	unsigned i = 0;
	while (i < ref->n && memcmp(&ref->answers[i], answer, sizeof(*answer)) != 0)
		i++;
	return i;
}

/* Nothing is promised, so nothing can be compared; but all work must have been taken. */
static enum verdict verify_floor(const struct cell *cell, char *why, size_t size)
{
	if (atomic_load(&cell->cursor->next) >= cell->load->n_spans)
		return VERDICT_RIGHT;
	snprintf(why, size, "returned before the work was done");
	return VERDICT_WRONG;
}

enum verdict verify_pass(struct reference *ref, const struct cell *cell, struct digest *digest,
			 char *why, size_t size)
{
	*digest = (struct digest){0};
	if (cell->answer.addressing == ADDRESS_NONE)
		return verify_floor(cell, why, size);
	unsigned i = index_of(ref, &cell->answer);
	digest_records(cell, digest);
	if (i < ref->n && digest_same(digest, &ref->digests[i]))
		return VERDICT_RIGHT;
	/* Either the strategy is wrong, or the tree is not what it was: look again. */
	struct digest before = ref->digests[i];
	if (reference_take(ref, NULL) == 0 && !digest_same(&before, &ref->digests[i])) {
		snprintf(why, size, "the tree changed during the run");
		return VERDICT_CHANGED;
	}
	if (!find_difference(cell, why, size))
		snprintf(why, size, "its digest does not match, its records do");
	return VERDICT_WRONG;
}

static struct failure *failure_slot(struct failure *failures, size_t *n, int error)
{
	for (size_t i = 0; i < *n; i++) {
		if (failures[i].error == error)
			return &failures[i];
	}
	if (*n == FAILURES_MAX)
		return NULL;
	failures[*n] = (struct failure){.error = error};
	return &failures[(*n)++];
}

size_t verify_failures(const struct cell *cell, struct failure failures[FAILURES_MAX],
		       uint64_t *total)
{
	size_t n = 0;
	*total = 0;
	for (uint32_t i = 0; i < cell->load->n_entries; i++) {
		int status = cell->records[i].status;
		if (status >= 0)
			continue;
		++*total;
		struct failure *f = failure_slot(failures, &n, -status);
		if (f && f->count++ == 0)
			f->first = i;
	}
	return n;
}
