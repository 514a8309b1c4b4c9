#include "engine/measure/verify/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/measure/verify/right_answer.h"
#include "engine/workload_descent.h"

#define NO_MEMORY_WORDS "out of memory: the answers could not be verified; measure a smaller tree"

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

/*
 * Whether two answers need the same calls: they differ only in their fields, and not in extended
 * attributes.
 */
static bool same_call(const struct answer *a, const struct answer *b)
{
	const uint32_t apart = FIELD_XATTRS | FIELD_XATTR_VALUES;
	return (a->fields & apart) == (b->fields & apart) && a->addressing == b->addressing &&
	       a->follow == b->follow && a->opens == b->opens && a->negative == b->negative;
}

static void take_entry(struct reference *ref, int fd, uint32_t entry, uint64_t name_hash,
		       uint64_t dir_hash)
{
	const struct answer *asked = NULL;
	struct record r;
	uint64_t dev;
	if (!still_has(&ref->still, name_hash, dir_hash))
		return;
	for (unsigned i = 0; i < ref->n; i++) {
		const struct answer *a = &ref->answers[i];
		struct view view;
		if (a->addressing == ADDRESS_NONE)
			continue;
		if (!asked || !same_call(a, asked))
			right_answer(ref->load, fd, entry, a, &r, &dev);
		asked = a;
		view_of(&view, &r, a->fields & ~ref->still.unstable);
		digest_add(&ref->rights[i].entries, view_hash(&view, name_hash));
	}
}

static int take_fetches_from(struct reference *ref, struct descent *descent)
{
	const struct workload *load = ref->load;
	const struct halt *halt = ref->halt;
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint64_t dir_hash = hash_of_dir(load, d);
		uint32_t end = load->dirs[d].first + load->dirs[d].count;
		if (halt_is_due(halt))
			return -EINTR;
		if (!load->dirs[d].count)
			continue;
		int fd = descent_open(descent, d, O_PATH);
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
			return fd;
		for (uint32_t i = load->dirs[d].first; i < end && !halt_is_due(halt); i++)
			take_entry(ref, fd, i, hash_of_entry(load, i, dir_hash), dir_hash);
		if (fd >= 0)
			close(fd);
	}
	return halt_is_due(halt) ? -EINTR : 0;
}

static int take_fetches(struct reference *ref)
{
	struct descent descent;
	descent_begin(&descent, ref->load);
	int error = take_fetches_from(ref, &descent);
	descent_end(&descent);
	return error;
}

static const struct workload *tree_now(const struct reference *ref)
{
	return ref->now ? ref->now : ref->load;
}

static int take_walks(struct reference *ref)
{
	int error = 0;
	for (unsigned i = 0; i < ref->n && !error; i++) {
		if (ref->answers[i].addressing != ADDRESS_NONE)
			error = walk_check_right(&ref->rights[i], tree_now(ref), &ref->answers[i],
						 &ref->still, ref->halt);
	}
	return error;
}

static int take(struct reference *ref)
{
	memset(ref->rights, 0, sizeof(ref->rights));
	return ref->stage == STAGE_FETCH ? take_fetches(ref) : take_walks(ref);
}

int reference_take(struct reference *ref)
{
	int readings = ref->still.was_read ? 0 : 2, error = 0;
	for (; readings > 0 && error >= 0; readings--)
		error = still_read(&ref->still, tree_now(ref), ref->halt);
	return error < 0 ? error : take(ref);
}

/* Called if results are not right: 1: the tree has changed, 0: it has not, or -errno. */
static int find_change(struct reference *ref, unsigned i)
{
	struct walk_check before = ref->rights[i];
	int moved = still_read(&ref->still, tree_now(ref), ref->halt);
	int error = moved < 0 ? moved : take(ref);
	return error ? error : moved || !walk_check_same(&before, &ref->rights[i]);
}

/* Reads the tree again, for the list that a walk should find now. */
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
		.halt = ref->halt,
		.crosses_mounts = load->crosses_mounts,
	};
	int error = workload_load_as(&now, &request, NULL);
	free(skip);
	if (error)
		return error;
	workload_free(ref->now);
	ref->now = now;
	return 0;
}

void reference_release(struct reference *ref)
{
	workload_free(ref->now);
	ref->now = NULL;
	still_release(&ref->still);
}

static void digest_records(const struct cell *cell, const struct still *still,
			   struct digest *digest)
{
	const struct workload *load = cell->load;
	const uint32_t fields = cell->answer.fields & ~still->unstable;
	*digest = (struct digest){0};
	for (uint32_t d = 0; d < load->n_dirs; d++) {
		uint64_t dir_hash = load->dirs[d].count ? hash_of_dir(load, d) : 0;
		uint32_t end = load->dirs[d].first + load->dirs[d].count;
		for (uint32_t i = load->dirs[d].first; i < end; i++) {
			uint64_t hash = hash_of_entry(load, i, dir_hash);
			struct view view;
			if (!still_has(still, hash, dir_hash))
				continue;
			view_of(&view, &cell->records[i], fields);
			digest_add(digest, view_hash(&view, hash));
		}
	}
}

/* Fetches every entry again to find the first one whose record is wrong. */
static bool find_difference_from(const struct reference *ref, const struct cell *cell,
				 struct descent *descent, char *why, size_t size)
{
	const struct still *still = &ref->still;
	const struct workload *load = cell->load;
	const uint32_t fields = cell->answer.fields & ~still->unstable;
	for (uint32_t i = 0; i < load->n_entries && !halt_is_due(ref->halt); i++) {
		uint64_t dev;
		struct record right;
		char words[160];
		uint64_t dir_hash = hash_of_dir(load, load->entries[i].dir);
		if (!still_has(still, hash_of_entry(load, i, dir_hash), dir_hash))
			continue;
		int fd = descent_open(descent, load->entries[i].dir, O_PATH);
		right_answer(load, fd, i, &cell->answer, &right, &dev);
		if (fd >= 0)
			close(fd);
		if (answer_differs(&cell->records[i], &right, fields, words, sizeof(words))) {
			char *path = workload_spell(load, i);
			answer_say(why, size, path ? path : workload_name(load, i), words);
			free(path);
			return true;
		}
	}
	return false;
}

static bool find_difference(const struct reference *ref, const struct cell *cell, char *why,
			    size_t size)
{
	struct descent descent;
	descent_begin(&descent, cell->load);
	bool found = find_difference_from(ref, cell, &descent, why, size);
	descent_end(&descent);
	return found;
}

static unsigned index_of(const struct reference *ref, const struct answer *answer)
{
	unsigned i = 0;
	while (i < ref->n && memcmp(&ref->answers[i], answer, sizeof(*answer)) != 0)
		i++;
	return i;
}

/*
 * The floor promises no fields, so only this is checked: all spans must have been taken. In a walk
 * there are none.
 */
static enum verified verify_floor(const struct cell *cell, char *why, size_t size)
{
	if (atomic_load(&cell->cursor->next) >= cell->load->n_spans)
		return VERIFIED_RIGHT;
	snprintf(why, size, "returned before the work was done");
	return VERIFIED_WRONG;
}

/* The verdict on wrong results. changed: the result of reading the tree again. */
static enum verified verified_of(int changed, const struct halt *halt, char *why, size_t size)
{
	if (changed == -EINTR && halt_is_due(halt))
		return VERIFIED_OPEN;
	if (changed == -ENOMEM) {
		snprintf(why, size, NO_MEMORY_WORDS);
		return VERIFIED_NO_MEMORY;
	}
	if (!changed)
		return VERIFIED_WRONG;
	snprintf(why, size, TREE_CHANGED_WORDS); /* also if it could not be read again */
	return VERIFIED_CHANGED;
}

static enum verified verify_fetch(struct reference *ref, const struct cell *cell,
				  struct digest *digest, char *why, size_t size)
{
	unsigned i = index_of(ref, &cell->answer);
	digest_records(cell, &ref->still, digest);
	if (i < ref->n && digest_same(digest, &ref->rights[i].entries))
		return VERIFIED_RIGHT;
	/* Either the strategy is wrong, or the tree has changed: read it again. */
	enum verified verified = verified_of(find_change(ref, i), ref->halt, why, size);
	if (verified != VERIFIED_WRONG)
		return verified;
	if (!find_difference(ref, cell, why, size))
		snprintf(why, size, "its digest does not match");
	return VERIFIED_WRONG;
}

/* A tree that can no longer be read has changed, too. */
static enum verified verify_walk(struct reference *ref, const struct cell *cell,
				 struct digest *digest, char *why, size_t size)
{
	unsigned i = index_of(ref, &cell->answer);
	struct walk_check found;
	if (!walk_check_sorted(cell->sink, why, size))
		return VERIFIED_WRONG;
	if (walk_check_list(&found, cell, &ref->still)) {
		snprintf(why, size, NO_MEMORY_WORDS);
		return VERIFIED_NO_MEMORY;
	}
	*digest = found.entries;
	if (i < ref->n && walk_check_same(&found, &ref->rights[i]))
		return VERIFIED_RIGHT;
	int changed = read_again(ref);
	if (!changed)
		changed = find_change(ref, i);
	enum verified verified = verified_of(changed, ref->halt, why, size);
	if (verified != VERIFIED_WRONG)
		return verified;
	if (walk_check_difference(cell, tree_now(ref), &ref->still, ref->halt, why, size))
		snprintf(why, size, "its digest does not match");
	return VERIFIED_WRONG;
}

enum verified verify_pass(struct reference *ref, const struct cell *cell, struct digest *digest,
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

/* Counts the failure of entry i with that errno. */
static void count_failure(struct failures *f, int error, size_t i)
{
	struct failure *kind = failure_slot(f->kinds, &f->n, error);
	f->total++;
	if (kind && kind->count++ == 0)
		kind->first = (uint32_t)i;
}

size_t verify_failures(const struct cell *cell, struct failure kinds[FAILURES_MAX], uint64_t *total)
{
	struct failures f = {.kinds = kinds};
	size_t n = cell->sink ? sink_count(cell->sink) : cell->load->n_entries;
	for (size_t i = 0; i < n; i++) {
		const struct record *r =
			cell->sink ? sink_record(cell->sink, i) : &cell->records[i];
		if (r->status < 0 && !(cell->sink && walk_check_skips_entry(cell, i)))
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
		if (walk_check_unread(cell, path, len))
			count_failure(&f, error, i);
	}
	*total = f.total;
	return f.n;
}
