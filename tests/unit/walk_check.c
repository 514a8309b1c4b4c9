/* Comparing what a walk found of a deep tree in which something moves. */
#include "engine/measure/verify/walk_check.h"

#include <stdlib.h>

#include "engine/base/digest.h"
#include "engine/measure/verify/look.h"
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
static void moving_at_the_bottom_costs_no_look_at_each_part_of_each_path(void **state)
{
	const uint64_t most = 4 * (uint64_t)LEVELS * PATH_MOST;
	struct scratch s;
	struct still still = {0};
	struct walk_check right, found;
	(void)state;
	assert_true(scratch_make(&s));
	int lowest = make_chain(&s);
	struct workload *load = loaded(&s);
	assert_int_equal(still_look(&still, load, NULL), 0);
	workload_free(load);
	assert_int_equal(mkdirat(lowest, "new", 0755), 0);
	assert_true(scratch_file(lowest, "new/file", 1));
	close(lowest);
	load = loaded(&s);
	assert_int_equal(still_look(&still, load, NULL), 1);
	assert_true(still.open.n > 0);
	hashed = 0;
	assert_int_equal(walk_check_right(&right, load, &answer, &still, NULL), 0);
	assert_in_range(hashed, LEVELS, most);
	assert_int_equal(right.entries.count, LEVELS - 1);
	struct sink *sink = listed(load);
	const struct cell cell = {.load = load, .sink = sink, .answer = answer};
	hashed = 0;
	walk_check_look(&found, &cell, &still);
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
		const uint64_t hash = look_hash_of_dir(load, d);
		assert_non_null(path);
		assert_true(look_hash_dir(path, strlen(path)) == hash);
		for (uint32_t i = 0; i < load->dirs[d].count; i++) {
			below = load->dirs[d].first + i;
			if (load->entries[below].type == S_IFDIR)
				assert_true(look_hash_below(load, below, hash) ==
					    look_hash_of_dir(load, d + 1));
		}
		free(path);
	}
	workload_free(load);
	scratch_remove(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_has_one_hash),
		cmocka_unit_test(moving_at_the_bottom_costs_no_look_at_each_part_of_each_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
