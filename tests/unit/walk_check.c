/* Comparing what a walk found of a deep tree in which something moves. */
#include "engine/measure/verify/walk_check.h"

#include <stdlib.h>

#include "engine/base/digest.h"
#include "engine/measure/verify/right_answer.h"
#include "engine/measure/verify/still.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { LEVELS = 300, PATH_MOST = 2 * LEVELS + 8 };

static uint64_t hashed; /* bytes */

/* In place of the engine's, which is linked no more where all of its file is here. */
uint64_t digest_hash(const void *data, size_t size, uint64_t seed)
{
	const unsigned char *bytes = data;
	uint64_t hash = seed ^ UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	hashed += size;
	return hash ^ hash >> 29;
}

const char *digest_text(const struct digest *d, char *buf)
{
	(void)d;
	return strcpy(buf, "");
}

static const struct answer answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR};

static struct workload *loaded(const struct scratch *s)
{
	struct workload *load = NULL;
	assert_int_equal(workload_load(&load, s->path, NULL, NULL, NULL), 0);
	return load;
}

static int make_chain(const struct scratch *s)
{
	int fd = dup(s->fd);
	for (unsigned i = 0; i < LEVELS; i++) {
		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		int below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	return fd;
}

/* What a walk leaves that finds each entry, but asks none. */
static struct sink *listed(const struct workload *load)
{
	struct sink *sink = sink_new();
	char path[PATH_MAX * 2];
	assert_non_null(sink);
	assert_true(load->path_size <= sizeof(path));
	for (uint32_t i = 0; i < load->n_entries; i++) {
		const char *below = workload_path(load, i, path) + load->root_len + 1;
		assert_non_null(sink_add(sink, below, strlen(below)));
	}
	sink_sort(sink);
	return sink;
}

/* Each directory's path is hashed, so the square of the depth it is, but not the cube. */
static void changes_in_a_deep_chain_take_quadratic_time_at_most(void **state)
{
	const uint64_t most = 4 * (uint64_t)LEVELS * PATH_MOST;
	struct scratch s;
	struct still still = {0};
	struct walk_check right, found;
	(void)state;
	assert_true(scratch_make(&s));
	int lowest = make_chain(&s);
	struct workload *load = loaded(&s);
	assert_int_equal(still_read(&still, load, NULL), 0);
	workload_free(load);
	assert_int_equal(mkdirat(lowest, "new", 0755), 0);
	assert_true(scratch_file(lowest, "new/file", 1));
	close(lowest);
	load = loaded(&s);
	assert_int_equal(still_read(&still, load, NULL), 1);
	assert_true(still.open.n > 0);
	hashed = 0;
	assert_int_equal(walk_check_right(&right, load, &answer, &still, NULL), 0);
	assert_in_range(hashed, LEVELS, most);
	assert_int_equal(right.entries.count, LEVELS - 1);
	struct sink *sink = listed(load);
	const struct cell cell = {.load = load, .sink = sink, .answer = answer};
	hashed = 0;
	walk_check_list(&found, &cell, &still);
	assert_in_range(hashed, LEVELS, most);
	assert_int_equal(found.entries.count, right.entries.count);
	sink_free(sink);
	workload_free(load);
	still_release(&still);
	scratch_remove(&s);
}

/* By its path, as of a walk, or by its name and what it lies in: also far below. */
static void a_directory_has_one_hash(void **state)
{
	enum { LINKS = 40 };
	struct scratch s;
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_chain(s.fd, LINKS));
	struct workload *load = loaded(&s);
	assert_int_equal(load->n_dirs, LINKS + 1);
	for (uint32_t d = 0, below; d < load->n_dirs; d++) {
		char *path = workload_spell_dir(load, d);
		const uint64_t hash = hash_of_dir(load, d);
		assert_non_null(path);
		assert_true(hash_dir(path, strlen(path)) == hash);
		for (uint32_t i = 0; i < load->dirs[d].count; i++) {
			below = load->dirs[d].first + i;
			if (load->entries[below].type == S_IFDIR)
				assert_true(hash_below(load, below, hash) ==
					    hash_of_dir(load, d + 1));
		}
		free(path);
	}
	workload_free(load);
	scratch_remove(&s);
}

/* --- Far below ------------------------------------------------------------------------------- */

enum { LINKS = 200, LINK_LEN = 250 };

/* The same as above; paths that take no memory by the square of the depth. */
static struct sink *found(const struct workload *load)
{
	struct sink *sink = sink_new();
	assert_non_null(sink);
	for (uint32_t i = 0; i < load->n_entries; i++) {
		char *path = workload_spell(load, i);
		struct record *r = path ? sink_add(sink, path, strlen(path)) : NULL;
		const struct workload_entry *e = &load->entries[i];
		uint64_t opens = 0, closes = 0, dev;
		int fd = workload_opendir(load, e->dir, O_PATH, &opens, &closes);
		assert_true(r && fd >= 0);
		right_answer(load, fd, i, &answer, r, &dev);
		close(fd);
		free(path);
	}
	sink_sort(sink);
	return sink;
}

/* Bytes that may be hashed: records, names, and paths as far as they are whole. */
static uint64_t most_hashed(const struct workload *load)
{
	return load->n_entries * (uint64_t)(100 + 4 * LINK_LEN) + 20 * 4 * PATH_MAX;
}

static void a_chain_is_compared_by_its_names(void **state)
{
	struct scratch s;
	struct still still = {0};
	struct walk_check right, got;
	char why[512];
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_chain(s.fd, LINKS));
	struct workload *load = loaded(&s);
	struct sink *sink = found(load);
	const struct cell cell = {.load = load, .sink = sink, .answer = answer};
	assert_true(sink_has_far(sink));
	hashed = 0;
	assert_int_equal(walk_check_right(&right, load, &answer, &still, NULL), 0);
	assert_in_range(hashed, 1, most_hashed(load));
	hashed = 0;
	assert_int_equal(walk_check_list(&got, &cell, &still), 0);
	assert_in_range(hashed, 1, most_hashed(load));
	assert_true(walk_check_same(&got, &right));
	assert_int_equal(got.entries.count, 2 * LINKS);
	assert_true(walk_check_sorted(sink, why, sizeof(why)));
	assert_int_equal(walk_check_difference(&cell, load, &still, NULL, why, sizeof(why)),
			 -ENOENT);
	sink_free(sink);
	workload_free(load);
	scratch_remove(&s);
}

/* A file at the bottom that is wrong, gone, or came; in what was there before it is left out. */
static void a_deep_difference_is_named(void **state)
{
	struct scratch s;
	struct still still = {0};
	char why[512];
	(void)state;
	assert_true(scratch_make(&s));
	assert_true(scratch_chain(s.fd, LINKS));
	struct workload *load = loaded(&s);
	struct sink *sink = found(load);
	const struct cell cell = {
		.load = load,
		.sink = sink,
		.answer = {.fields = FIELD_TYPE | FIELD_INO, .addressing = ADDRESS_DIR}};
	const uint32_t lowest = load->n_dirs - 1;
	uint64_t opens = 0, closes = 0;
	int fd = workload_opendir(load, lowest, O_RDONLY, &opens, &closes);
	assert_int_equal(still_read(&still, load, NULL), 0);
	assert_true(scratch_file(fd, "came", 1));
	struct workload *now = loaded(&s);
	assert_int_equal(walk_check_difference(&cell, now, &still, NULL, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "/came: was not found"));
	assert_int_equal(still_read(&still, now, NULL), 1);
	assert_int_equal(walk_check_difference(&cell, now, &still, NULL, why, sizeof(why)),
			 -ENOENT);
	workload_free(now);
	assert_int_equal(unlinkat(fd, "came", 0), 0);
	/* Directories stand before files, which come from the bottom up. */
	assert_non_null(sink_far(sink, LINKS));
	((struct record *)sink_record(sink, LINKS))->ino++;
	still_release(&still);
	assert_int_equal(walk_check_difference(&cell, load, &still, NULL, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "/file: inode"));
	sink_free(sink);
	workload_free(load);
	close(fd);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_has_one_hash),
		cmocka_unit_test(a_chain_is_compared_by_its_names),
		cmocka_unit_test(a_deep_difference_is_named),
		cmocka_unit_test(changes_in_a_deep_chain_take_quadratic_time_at_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
