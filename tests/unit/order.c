/* Orders: what each promises, and that none loses, doubles or mixes up an entry. */
#include "engine/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/base/util.h"
#include "tests/scratch.h"
#include "tests/test.h"

enum { DIRS = 5, FILES = 300 };

/* Directories "d3" etc. of FILES files whose names come in neither sorted nor created order. */
static int set_up(void **state)
{
	struct scratch *s = malloc(sizeof(*s));
	*state = s;
	if (!s || !scratch_make(s))
		return -1;
	for (int i = 0; i < DIRS * FILES; i++) {
		char path[32];
		snprintf(path, sizeof(path), "d%d", (i * 3) % DIRS);
		mkdirat(s->fd, path, 0755);
		snprintf(path, sizeof(path), "d%d/%x", (i * 3) % DIRS, (unsigned)i * 2654435761u);
		if (!scratch_file(s->fd, path, 0))
			return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	free(*state);
	return 0;
}

static struct workload *in_order(const struct scratch *s, enum order order, uint64_t seed)
{
	struct workload *load = NULL;
	struct err err = {0};
	assert_int_equal(workload_load(&load, s->path, NULL, NULL, &err), 0);
	int error = order_apply(load, order, seed, &err);
	if (error == -ENOTSUP) {
		workload_free(load);
		skip_because("%s", err.text);
	}
	assert_int_equal(error, 0);
	return load;
}

/* Entries in the order in which a single worker meets them. */
static uint32_t *visited(const struct workload *load)
{
	uint32_t *entries = calloc(load->n_entries, sizeof(*entries)), n = 0;
	bool *seen = calloc(load->n_entries, sizeof(*seen));
	assert_true(entries && seen);
	for (uint32_t s = 0; s < load->n_spans; s++) {
		for (uint32_t i = load->spans[s].first; i < load->spans[s].end; i++) {
			assert_true(i < load->n_entries && !seen[i]);
			assert_int_equal(load->entries[i].dir, load->spans[s].dir);
			seen[i] = true;
			entries[n++] = i;
		}
	}
	assert_int_equal(n, load->n_entries);
	assert_int_equal(n, DIRS + DIRS * FILES);
	free(seen);
	return entries;
}

static struct stat stat_of(const struct workload *load, uint32_t entry)
{
	struct stat st;
	char *buf = malloc(load->path_size);
	assert_non_null(buf);
	assert_int_equal(lstat(workload_path(load, entry, buf), &st), 0);
	free(buf);
	return st;
}

static void every_order_visits_every_entry_once(void **state)
{
	for (enum order order = 0; order < ORDERS; order++) {
		struct workload *load = in_order(*state, order, 7);
		free(visited(load));
		workload_free(load);
	}
}

static void sorted_is_by_bytes_of_names(void **state)
{
	struct workload *load = in_order(*state, ORDER_SORTED, 0);
	uint32_t *entries = visited(load);
	for (uint32_t i = 1; i < load->n_entries; i++) {
		const struct workload_entry *a = &load->entries[entries[i - 1]];
		const struct workload_entry *b = &load->entries[entries[i]];
		const char *x = a->dir == b->dir ? workload_name(load, entries[i - 1])
						 : workload_dir_path(load, a->dir);
		const char *y = a->dir == b->dir ? workload_name(load, entries[i])
						 : workload_dir_path(load, b->dir);
		assert_true(strcmp(x, y) < 0);
	}
	free(entries);
	workload_free(load);
}

static void inode_is_by_number_within_a_directory(void **state)
{
	struct workload *load = in_order(*state, ORDER_INODE, 0);
	uint32_t *entries = visited(load);
	for (uint32_t i = 1; i < load->n_entries; i++) {
		if (load->entries[entries[i - 1]].dir == load->entries[entries[i]].dir)
			assert_true(stat_of(load, entries[i - 1]).st_ino <
				    stat_of(load, entries[i]).st_ino);
	}
	free(entries);
	workload_free(load);
}

static struct statx birth_of(const struct workload *load, uint32_t entry)
{
	uint64_t opens = 0, closes = 0;
	struct statx stx;
	int fd = workload_opendir(load, load->entries[entry].dir, O_PATH, &opens, &closes);
	assert_int_equal(statx(fd, workload_name(load, entry), AT_SYMLINK_NOFOLLOW,
			       STATX_BTIME | STATX_INO, &stx),
			 0);
	close(fd);
	return stx;
}

/* Born in the same tick of the clock, they are in the order of their inodes, which may be recycled.
 */
static bool are_twins(const struct workload *load, uint32_t entry, uint32_t next)
{
	const struct statx a = birth_of(load, entry), b = birth_of(load, next);
	return a.stx_btime.tv_sec == b.stx_btime.tv_sec &&
	       a.stx_btime.tv_nsec == b.stx_btime.tv_nsec && a.stx_ino < b.stx_ino;
}

/* Names hold the number of the creating step, scrambled by a multiplication that can be undone. */
static void creation_is_by_birth(void **state)
{
	struct workload *load = in_order(*state, ORDER_CREATION, 0);
	uint32_t *entries = visited(load), undo = 244002641u, wrong = 0;
	for (uint32_t i = 1; i < load->n_entries; i++) {
		const struct workload_entry *a = &load->entries[entries[i - 1]];
		const struct workload_entry *b = &load->entries[entries[i]];
		if (a->dir != b->dir || a->type == S_IFDIR)
			continue;
		uint32_t x = (uint32_t)strtoul(workload_name(load, entries[i - 1]), NULL, 16);
		uint32_t y = (uint32_t)strtoul(workload_name(load, entries[i]), NULL, 16);
		wrong += x * undo > y * undo && !are_twins(load, entries[i - 1], entries[i]);
	}
	assert_int_equal(2654435761u * undo, 1);
	assert_int_equal(wrong, 0);
	free(entries);
	workload_free(load);
}

static void random_follows_its_seed(void **state)
{
	struct workload *a = in_order(*state, ORDER_RANDOM, 1);
	struct workload *b = in_order(*state, ORDER_RANDOM, 1);
	struct workload *c = in_order(*state, ORDER_RANDOM, 2);
	size_t size = a->n_entries * sizeof(uint32_t);
	uint32_t *x = visited(a), *y = visited(b), *z = visited(c), changes = 0;
	assert_memory_equal(x, y, size);
	assert_int_not_equal(memcmp(x, z, size), 0);
	for (uint32_t i = 1; i < a->n_entries; i++)
		changes += a->entries[x[i - 1]].dir != a->entries[x[i]].dir;
	/* In a shuffle of five directories four of five neighbours are strangers. */
	assert_in_range(changes, a->n_entries * 7 / 10, a->n_entries * 9 / 10);
	free(x);
	free(y);
	free(z);
	workload_free(a);
	workload_free(b);
	workload_free(c);
}

/* A tree of so many entries in directories of `each`, with the spans that order_apply would cut. */
static struct workload made_of(uint32_t entries, uint32_t each)
{
	struct workload load = {.n_entries = entries};
	struct workload_span *spans = calloc(entries, sizeof(*spans));
	assert_non_null(spans);
	for (uint32_t first = 0; first < entries;) {
		const uint32_t dir = first / each;
		const uint32_t end = MIN(MIN((dir + 1) * each, first + SPAN_MAX), entries);
		spans[load.n_spans++] = (struct workload_span){dir, first, end};
		first = end;
	}
	load.spans = spans;
	return load;
}

static void each_worker_finds_work_several_times(void **state)
{
	static const uint32_t chunks[] = {1, 16, SPAN_MAX, 100000}, widths[] = {1, 3, 100, 1000000};
	(void)state;
	for (uint32_t entries = 1; entries < 20000; entries += 1 + entries / 16) {
		for (size_t i = 0; i < ARRAY_LEN(widths) * 4; i++) {
			const unsigned jobs = (const unsigned[]){2, 3, 8, 64}[i % 4];
			struct workload load = made_of(entries, widths[i / 4]);
			assert_int_equal(order_cut(&load, jobs), 0);
			for (size_t k = 0; k < ARRAY_LEN(chunks); k++) {
				uint32_t step = order_take(&load, jobs, chunks[k]);
				uint32_t takes = (load.n_spans + step - 1) / step;
				if (takes < MIN(entries, TAKES_LEAST * jobs))
					fail_msg("%u takes of %u entries for %u workers", takes,
						 entries, jobs);
			}
			free((void *)load.spans);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_visits_every_entry_once),
		cmocka_unit_test(sorted_is_by_bytes_of_names),
		cmocka_unit_test(inode_is_by_number_within_a_directory),
		cmocka_unit_test(creation_is_by_birth),
		cmocka_unit_test(random_follows_its_seed),
		cmocka_unit_test(each_worker_finds_work_several_times),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
