#include "engine/measure/verify/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/measure/verify/look.h"

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
	uint64_t dev;
	for (unsigned i = 0; i < ref->n; i++) {
		const struct answer *a = &ref->answers[i];
		struct view view;
		if (a->addressing == ADDRESS_NONE)
			continue;
		if (!asked || !same_call(a, asked))
			look(ref->load, fd, entry, a, &r, &dev);
		asked = a;
		view_of(&view, &r, a->fields);
		digest_add(&ref->rights[i].entries, view_hash(&view, name_hash));
	}
}

static int take_fetches(struct reference *ref, const volatile int *stop)
{
	const struct workload *load = ref->load;
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint64_t opens = 0, closes = 0, dir_hash = look_hash_of_dir(load, d);
		uint32_t end = load->dirs[d].first + load->dirs[d].count;
		if (stop && *stop)
			return -EINTR;
		if (!load->dirs[d].count)
			continue;
		int fd = workload_opendir(load, d, O_PATH, &opens, &closes);
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
			return fd;
		for (uint32_t i = load->dirs[d].first; i < end && !(stop && *stop); i++)
			take_entry(ref, fd, i, look_hash_of_entry(load, i, dir_hash));
		if (fd >= 0)
			close(fd);
	}
	return stop && *stop ? -EINTR : 0;
}

static const struct workload *tree_now(const struct reference *ref)
{
	return ref->now ? ref->now : ref->load;
}

/*
 * What came and went during a walk leaves no entry, but another time in its directory: so whether a
 * tree has changed is judged by all metadata, also where little of it was asked for, and the root.
 */
static int take_state(struct reference *ref, const volatile int *stop)
{
	static const struct answer all = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR};
	struct found found;
	struct stat root;
	int error = found_right(&found, tree_now(ref), &all, stop);
	if (!error && fstat(tree_now(ref)->root_fd, &root))
		error = -errno;
	if (error)
		return error;
	ref->state = found.entries;
	digest_add(&ref->state, digest_hash(&root.st_mtim, sizeof(root.st_mtim), 0));
	return 0;
}

static int take_walks(struct reference *ref, const volatile int *stop)
{
	int error = take_state(ref, stop);
	for (unsigned i = 0; i < ref->n && !error; i++) {
		if (ref->answers[i].addressing != ADDRESS_NONE)
			error = found_right(&ref->rights[i], tree_now(ref), &ref->answers[i], stop);
	}
	return error;
}

int reference_take(struct reference *ref, const volatile int *stop)
{
	memset(ref->rights, 0, sizeof(ref->rights));
	return ref->stage == STAGE_FETCH ? take_fetches(ref, stop) : take_walks(ref, stop);
}

/* Reads the tree again, to see what a walk should find by now. */
static int read_again(struct reference *ref)
{
	const struct workload *load = ref->load;
	struct workload *now;
	char *skip = NULL;
	if (load->skipped && asprintf(&skip, "%s/%s", load->root, load->skipped) < 0)
		return -ENOMEM;
	const struct workload_request request = {
		.path = load->root_len ? load->root : "/",
		.skip_dir = skip,
		.crosses_mounts = load->crosses_mounts,
	};
	int error = workload_load_as(&now, &request, NULL);
	free(skip);
	if (error)
		return error;
	workload_free(ref->now);
	ref->now = now;
	return reference_take(ref, NULL);
}

void reference_release(struct reference *ref)
{
	workload_free(ref->now);
	ref->now = NULL;
}

static void digest_records(const struct cell *cell, struct digest *digest)
{
	const struct workload *load = cell->load;
	*digest = (struct digest){0};
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint64_t dir_hash = load->dirs[d].count ? look_hash_of_dir(load, d) : 0;
		uint32_t end = load->dirs[d].first + load->dirs[d].count;
		for (uint32_t i = load->dirs[d].first; i < end; i++) {
			struct view view;
			view_of(&view, &cell->records[i], cell->answer.fields);
			digest_add(digest, view_hash(&view, look_hash_of_entry(load, i, dir_hash)));
		}
	}
}

/* Looks at every entry again for the first one whose record is not what a right call answers. */
static bool find_difference(const struct cell *cell, char *why, size_t size)
{
	const struct workload *load = cell->load;
	for (uint32_t i = 0; i < load->n_entries; i++) {
		uint64_t opens = 0, closes = 0, dev;
		struct record right;
		struct view got, want;
		int fd = workload_opendir(load, load->entries[i].dir, O_PATH, &opens, &closes);
		look(load, fd, i, &cell->answer, &right, &dev);
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
			view_difference(&got, &want, why + at, size - at);
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

/*
 * Nothing is promised, so nothing can be compared; but all work must have been taken. For a walk
 * there is none to take.
 */
static enum verdict verify_floor(const struct cell *cell, char *why, size_t size)
{
	if (atomic_load(&cell->cursor->next) >= cell->load->n_spans)
		return VERDICT_RIGHT;
	snprintf(why, size, "returned before the work was done");
	return VERDICT_WRONG;
}

static enum verdict verify_fetch(struct reference *ref, const struct cell *cell,
				 struct digest *digest, char *why, size_t size)
{
	unsigned i = index_of(ref, &cell->answer);
	digest_records(cell, digest);
	if (i < ref->n && digest_same(digest, &ref->rights[i].entries))
		return VERDICT_RIGHT;
	/* Either the strategy is wrong, or the tree is not what it was: look again. */
	struct digest before = ref->rights[i].entries;
	if (reference_take(ref, NULL) == 0 && !digest_same(&before, &ref->rights[i].entries)) {
		snprintf(why, size, VERDICT_CHANGED_WHY);
		return VERDICT_CHANGED;
	}
	if (!find_difference(cell, why, size))
		snprintf(why, size, "its digest does not match, its records do");
	return VERDICT_WRONG;
}

/* A tree that cannot be read any more has changed, too. */
static enum verdict verify_walk(struct reference *ref, const struct cell *cell,
				struct digest *digest, char *why, size_t size)
{
	unsigned i = index_of(ref, &cell->answer);
	struct found found;
	if (!found_sorted(cell->sink, why, size))
		return VERDICT_WRONG;
	found_look(&found, cell);
	*digest = found.entries;
	if (i < ref->n && found_same(&found, &ref->rights[i]))
		return VERDICT_RIGHT;
	struct digest before = ref->state;
	if (read_again(ref) || !digest_same(&before, &ref->state)) {
		snprintf(why, size, VERDICT_CHANGED_WHY);
		return VERDICT_CHANGED;
	}
	if (found_difference(cell, tree_now(ref), why, size))
		snprintf(why, size, "its digest does not match, its entries do");
	return VERDICT_WRONG;
}

enum verdict verify_pass(struct reference *ref, const struct cell *cell, struct digest *digest,
			 char *why, size_t size)
{
	*digest = (struct digest){0};
	if (cell->answer.addressing == ADDRESS_NONE)
		return verify_floor(cell, why, size);
	if (cell->sink)
		return verify_walk(ref, cell, digest, why, size);
	return verify_fetch(ref, cell, digest, why, size);
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

struct failures {
	struct failure *kinds;
	size_t n;
	uint64_t total;
};

/* Number i failed with that errno. */
static void count_failure(struct failures *f, int error, size_t i)
{
	struct failure *kind = failure_slot(f->kinds, &f->n, error);
	f->total++;
	if (kind && kind->count++ == 0)
		kind->first = (uint32_t)i;
}

static bool is_skipped(const struct cell *cell, size_t i)
{
	size_t len = 0;
	const char *path = cell->sink ? sink_path(cell->sink, i, &len) : NULL;
	return path && found_skips(cell->load, path, len);
}

size_t verify_failures(const struct cell *cell, struct failure kinds[FAILURES_MAX], uint64_t *total)
{
	struct failures f = {.kinds = kinds};
	size_t n = cell->sink ? sink_count(cell->sink) : cell->load->n_entries;
	for (size_t i = 0; i < n; i++) {
		const struct record *r =
			cell->sink ? sink_record(cell->sink, i) : &cell->records[i];
		if (r->status < 0 && !is_skipped(cell, i))
			count_failure(&f, -r->status, i);
	}
	*total = f.total;
	return f.n;
}

size_t verify_unread(const struct cell *cell, struct failure kinds[FAILURES_MAX], uint64_t *total)
{
	struct failures f = {.kinds = kinds};
	size_t n = cell->sink ? sink_failures(cell->sink) : 0, len;
	for (size_t i = 0; i < n; i++) {
		int error;
		const char *path = sink_failure(cell->sink, i, &len, &error);
		if (found_unread(cell, path, len))
			count_failure(&f, error, i);
	}
	*total = f.total;
	return f.n;
}
