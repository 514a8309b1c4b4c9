#include "engine/workload.h"

#include "datasets/tree/tree.h"
#include "engine/base/util.h"
#include "engine/order.h"
#include "tests/scratch.h"
#include "tests/test.h"

struct fixture {
	struct scratch scratch;
	struct workload *load;
};

/* Directories with 0, 1, 300 and 5 entries, so that spans end within and between them. */
static int set_up(void **state)
{
	static const int counts[] = {0, 1, 300, 5};
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	assert_true(scratch_make(&f->scratch));
	for (size_t d = 0; d < ARRAY_LEN(counts); d++) {
		char name[16];
		snprintf(name, sizeof(name), "d%zu", d);
		assert_int_equal(mkdirat(f->scratch.fd, name, 0755), 0);
		int fd = openat(f->scratch.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		for (int i = 0; i < counts[d]; i++) {
			snprintf(name, sizeof(name), "f%d", i);
			assert_true(scratch_file(fd, name, i));
		}
		close(fd);
	}
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

static struct workload *slice_of(const struct workload *whole, uint32_t first, uint32_t end)
{
	struct workload *slice = NULL;
	assert_int_equal(workload_slice(&slice, whole, first, end), 0);
	return slice;
}

/* What a slice says of its entries is what the whole says of them. */
static void assert_part(const struct workload *whole, const struct workload *slice, uint32_t first)
{
	char a[PATH_MAX], b[PATH_MAX];
	const uint32_t from = whole->spans[first].first;
	for (uint32_t s = 0; s < slice->n_spans; s++) {
		const struct workload_span *span = &slice->spans[s];
		assert_int_equal(span->first, s ? slice->spans[s - 1].end : 0);
		for (uint32_t i = span->first; i < span->end; i++) {
			assert_int_equal(slice->entries[i].dir, span->dir);
			assert_string_equal(workload_path(slice, i, a),
					    workload_path(whole, from + i, b));
			assert_int_equal(slice->entries[i].type, whole->entries[from + i].type);
		}
	}
	uint64_t counted = 0;
	for (uint32_t d = 0; d < slice->n_dirs; d++)
		counted += slice->dirs[d].count;
	assert_int_equal(counted, slice->n_entries);
}

static void every_slice_is_that_part_of_the_whole(void **state)
{
	const struct workload *whole = ((struct fixture *)*state)->load;
	assert_true(whole->n_spans > 4);
	for (uint32_t first = 0; first < whole->n_spans; first++) {
		for (uint32_t end = first + 1; end <= whole->n_spans; end++) {
			struct workload *slice = slice_of(whole, first, end);
			assert_part(whole, slice, first);
			workload_free(slice);
		}
	}
}

static void slices_that_meet_are_the_whole(void **state)
{
	const struct workload *whole = ((struct fixture *)*state)->load;
	struct digest want, sum = {0}, part;
	assert_int_equal(tree_digest(whole, &want), 0);
	for (uint32_t s = 0; s < whole->n_spans; s += 2) {
		struct workload *slice = slice_of(whole, s, MIN(s + 2, whole->n_spans));
		assert_int_equal(tree_digest(slice, &part), 0);
		digest_merge(&sum, &part);
		workload_free(slice);
	}
	assert_true(digest_same(&sum, &want));
}

static void directories_of_a_slice_open(void **state)
{
	const struct workload *whole = ((struct fixture *)*state)->load;
	struct workload *slice = slice_of(whole, whole->n_spans - 1, whole->n_spans);
	uint64_t opens = 0, closes = 0;
	struct stat st;
	int fd = workload_opendir(slice, slice->entries[0].dir, O_RDONLY, &opens, &closes);
	assert_true(fd >= 0);
	assert_int_equal(fstatat(fd, workload_name(slice, 0), &st, AT_SYMLINK_NOFOLLOW), 0);
	close(fd);
	workload_free(slice);
	/* The whole still has its own. */
	assert_int_equal(fcntl(whole->root_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void invalid_slices_are_refused(void **state)
{
	struct workload *whole = ((struct fixture *)*state)->load, *slice = NULL;
	assert_int_equal(workload_slice(&slice, whole, 2, 2), -EINVAL);
	assert_int_equal(workload_slice(&slice, whole, 3, 2), -EINVAL);
	assert_int_equal(workload_slice(&slice, whole, 0, whole->n_spans + 1), -EINVAL);
	assert_int_equal(order_apply(whole, ORDER_RANDOM, 1, NULL), 0);
	assert_int_equal(workload_slice(&slice, whole, 0, whole->n_spans), -EINVAL);
	assert_null(slice);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_slice_is_that_part_of_the_whole),
		TEST(slices_that_meet_are_the_whole),
		TEST(directories_of_a_slice_open),
		TEST(invalid_slices_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
