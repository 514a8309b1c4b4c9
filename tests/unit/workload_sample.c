/* Parts of a tree that stand for all of it. */
#include "engine/workload_sample.h"

#include "engine/base/util.h"
#include "engine/order.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { DIRS = 40, PER_DIR = 25, BELOW = DIRS / 4 * (PER_DIR + 1) };

struct fixture {
	struct scratch scratch;
	struct workload *load;
};

/* Four groups of directories with as many files each, and a file at the top. */
static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	assert_true(scratch_make(&f->scratch));
	for (int d = 0; d < DIRS; d++) {
		char name[32];
		snprintf(name, sizeof(name), "g%d", d % 4);
		assert_true(mkdirat(f->scratch.fd, name, 0755) == 0 || errno == EEXIST);
		snprintf(name, sizeof(name), "g%d/d%d", d % 4, d);
		assert_int_equal(mkdirat(f->scratch.fd, name, 0755), 0);
		int fd = openat(f->scratch.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (int i = 0; i < PER_DIR; i++) {
			snprintf(name, sizeof(name), "f%d", i);
			assert_true(scratch_file(fd, name, i));
		}
		close(fd);
	}
	assert_true(scratch_file(f->scratch.fd, "top", 1));
	assert_int_equal(workload_load(&f->load, f->scratch.path, NULL, NULL, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	workload_free(f->load);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

static struct workload *sample_of(const struct workload *whole, uint32_t entries, uint64_t seed)
{
	struct workload *sample = NULL;
	assert_int_equal(workload_sample(&sample, whole, entries, seed), 0);
	assert_int_equal(sample->n_entries, MIN(entries, whole->n_entries));
	return sample;
}

static bool has_same_paths(const struct workload *a, const struct workload *b)
{
	char path_a[PATH_MAX], path_b[PATH_MAX];
	bool same = a->n_entries == b->n_entries;
	for (uint32_t i = 0; same && i < a->n_entries; i++)
		same = strcmp(workload_path(a, i, path_a), workload_path(b, i, path_b)) == 0;
	return same;
}

static void entries_are_as_many_as_wanted_and_whole_directories_but_one(void **state)
{
	const struct fixture *f = *state;
	for (uint32_t n = 1; n <= f->load->n_entries; n += 7) {
		struct workload *sample = sample_of(f->load, n, n);
		uint32_t cut = 0, counted = 0, spans = 0;
		for (uint32_t d = 0; d < sample->n_dirs; d++) {
			const char *path = workload_dir_path(sample, d);
			uint32_t w = 0;
			while (strcmp(workload_dir_path(f->load, w), path) != 0)
				w++;
			cut += sample->dirs[d].count < f->load->dirs[w].count;
			assert_int_equal(sample->dirs[d].first, counted);
			counted += sample->dirs[d].count;
		}
		for (uint32_t s = 0; s < sample->n_spans; s++)
			spans += sample->spans[s].end - sample->spans[s].first;
		assert_true(cut <= 1);
		assert_int_equal(counted, n);
		assert_int_equal(spans, n);
		workload_free(sample);
	}
}

static void entries_of_a_sample_exist(void **state)
{
	const struct fixture *f = *state;
	struct workload *sample = sample_of(f->load, 333, 5);
	for (uint32_t i = 0; i < sample->n_entries; i++) {
		char path[PATH_MAX];
		struct stat st;
		assert_int_equal(lstat(workload_path(sample, i, path), &st), 0);
		assert_int_equal(st.st_mode & S_IFMT, sample->entries[i].type);
	}
	workload_free(sample);
}

static void the_seed_decides(void **state)
{
	const struct fixture *f = *state;
	struct workload *a = sample_of(f->load, 100, 1), *b = sample_of(f->load, 100, 1),
			*c = sample_of(f->load, 100, 2);
	assert_true(has_same_paths(a, b));
	assert_false(has_same_paths(a, c));
	workload_free(a);
	workload_free(b);
	workload_free(c);
}

/* The same tree, made in the opposite order: a filesystem may list it in any. */
static int set_up_backwards(struct scratch *scratch, const struct workload *load)
{
	char path[PATH_MAX];
	bool ok = scratch_make(scratch);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "g%d", 3 - i);
		ok &= mkdirat(scratch->fd, path, 0755) == 0;
	}
	for (uint32_t i = load->n_entries; i-- > 0 && ok;) {
		const char *rest = workload_path(load, i, path) + load->root_len + 1;
		if (load->entries[i].type == S_IFDIR)
			ok = mkdirat(scratch->fd, rest, 0755) == 0 || errno == EEXIST;
	}
	for (uint32_t i = load->n_entries; i-- > 0 && ok;) {
		const char *rest = workload_path(load, i, path) + load->root_len + 1;
		if (load->entries[i].type != S_IFDIR)
			ok = scratch_file(scratch->fd, rest, 0);
	}
	return ok ? 0 : -1;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths below the root, sorted, in one text. */
static char *paths_below(const struct workload *load)
{
	char **paths = calloc(load->n_entries, sizeof(*paths)), *text, path[PATH_MAX];
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_true(paths && to);
	for (uint32_t i = 0; i < load->n_entries; i++)
		paths[i] = strdup(workload_path(load, i, path) + load->root_len);
	qsort(paths, load->n_entries, sizeof(*paths), by_text);
	for (uint32_t i = 0; i < load->n_entries; i++) {
		fprintf(to, "%s\n", paths[i]);
		free(paths[i]);
	}
	free(paths);
	fclose(to);
	return text;
}

static void the_part_does_not_depend_on_the_order_of_names(void **state)
{
	const struct fixture *f = *state;
	struct scratch other;
	struct workload *load;
	assert_int_equal(set_up_backwards(&other, f->load), 0);
	assert_int_equal(workload_load(&load, other.path, NULL, NULL, NULL), 0);
	for (uint32_t n = 10; n < 1000; n += 97) {
		struct workload *a = sample_of(f->load, n, n), *b = sample_of(load, n, n);
		char *paths_a = paths_below(a), *paths_b = paths_below(b);
		uint32_t dir_a, dir_b;
		assert_string_equal(paths_a, paths_b);
		assert_int_equal(workload_subtree(f->load, n, n, &dir_a), 0);
		assert_int_equal(workload_subtree(load, n, n, &dir_b), 0);
		assert_string_equal(workload_dir_path(f->load, dir_a),
				    workload_dir_path(load, dir_b));
		free(paths_a);
		free(paths_b);
		workload_free(a);
		workload_free(b);
	}
	workload_free(load);
	scratch_remove(&other);
}

static void an_empty_sample_is_refused(void **state)
{
	const struct fixture *f = *state;
	struct workload *sample;
	assert_int_equal(workload_sample(&sample, f->load, 0, 1), -EINVAL);
}

static const char *subtree_of(const struct workload *load, uint32_t entries, uint64_t seed)
{
	uint32_t dir;
	assert_int_equal(workload_subtree(load, entries, seed, &dir), 0);
	return workload_dir_path(load, dir);
}

static void a_walk_gets_a_directory_of_about_the_size(void **state)
{
	const struct fixture *f = *state;
	const char *group = subtree_of(f->load, BELOW, 1), *dir = subtree_of(f->load, PER_DIR, 1);
	assert_int_equal(group[0], 'g');
	assert_null(strchr(group, '/'));
	assert_non_null(strchr(dir, '/'));
	assert_string_equal(subtree_of(f->load, BELOW, 1), group);
}

static void a_walk_begins_at_the_root_when_nothing_is_near(void **state)
{
	const struct fixture *f = *state;
	assert_string_equal(subtree_of(f->load, BELOW * 9, 1), "");
	assert_string_equal(subtree_of(f->load, PER_DIR / 3, 1), "");
}

/* Of the last directories nothing is known, so no walk may begin above them. */
static void a_walk_begins_only_above_what_was_read(void **state)
{
	const struct fixture *f = *state;
	struct workload partial = *f->load;
	partial.is_partial = true;
	partial.n_unread = DIRS / 2;
	for (uint64_t seed = 0; seed < 50; seed++) {
		const char *dir = subtree_of(&partial, PER_DIR, seed);
		uint32_t d = 0;
		while (strcmp(workload_dir_path(&partial, d), dir) != 0)
			d++;
		assert_true(d < partial.n_dirs - DIRS / 2 - 1);
		assert_null(strchr(subtree_of(&partial, 4 * BELOW, seed), '/'));
	}
	partial.n_unread = partial.n_dirs - 1;
	assert_string_equal(subtree_of(&partial, PER_DIR, 1), "");
}

/* The lower ones of a chain of long names have no path that the kernel takes. */
static void a_walk_begins_at_a_path_that_can_be_opened(void **state)
{
	enum { LINKS = 40 };
	const struct fixture *f = *state;
	struct workload *load = NULL;
	uint32_t dir;
	assert_int_equal(mkdirat(f->scratch.fd, "chain", 0755), 0);
	int fd = openat(f->scratch.fd, "chain", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(scratch_chain(fd, LINKS));
	close(fd);
	assert_int_equal(workload_load(&load, f->scratch.path, NULL, NULL, NULL), 0);
	for (uint32_t entries = 2; entries < 3 * LINKS; entries++) {
		assert_int_equal(workload_subtree(load, entries, entries, &dir), 0);
		assert_true(load->root_len + 1 + load->dirs[dir].path_len < PATH_MAX);
	}
	workload_free(load);
}

static void small_trees_are_cut_finer_for_several_workers(void **state)
{
	const struct fixture *f = *state;
	struct workload *sample = sample_of(f->load, 64, 1);
	const uint32_t before = sample->n_spans;
	assert_int_equal(order_cut(sample, 1), 0);
	assert_int_equal(sample->n_spans, before);
	assert_int_equal(order_cut(sample, 8), 0);
	assert_true(sample->n_spans >= 8 * TAKES_LEAST);
	uint32_t entries = 0;
	for (uint32_t s = 0; s < sample->n_spans; s++) {
		assert_int_equal(sample->spans[s].first, entries);
		entries = sample->spans[s].end;
	}
	assert_int_equal(entries, 64);
	workload_free(sample);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_as_many_as_wanted_and_whole_directories_but_one),
		cmocka_unit_test(entries_of_a_sample_exist),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(the_part_does_not_depend_on_the_order_of_names),
		cmocka_unit_test(an_empty_sample_is_refused),
		cmocka_unit_test(a_walk_gets_a_directory_of_about_the_size),
		cmocka_unit_test(a_walk_begins_at_the_root_when_nothing_is_near),
		cmocka_unit_test(a_walk_begins_only_above_what_was_read),
		cmocka_unit_test(a_walk_begins_at_a_path_that_can_be_opened),
		cmocka_unit_test(small_trees_are_cut_finer_for_several_workers),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
