/*
 * The kernel reads the tables of btrfs and xfs itself; what it returns is checked all the same.
 * Bits of the results of tree searches and bulkstat are flipped: whatever they say, the list ends,
 * has no impossible names and not many entries that do not exist.
 *
 *   STATMARK_DAMAGE=10000 bulk_answers    so many lists of each filesystem
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "tests/test.h"
#include "tests/unit/with_bulk.h"

enum {
	ROUNDS = 100,
	FLIPS_MOST = 8,
	TRIES = 64, /* to find a byte that is set: flips elsewhere hardly matter */
};

/* Types and numbers of the two requests, and where results are. */
enum {
	BTRFS_TYPE = 0x94,
	TREE_SEARCH = 17,
	SEARCH_SIZE = 112 + 16 * 1024,
	XFS_TYPE = 'X',
	BULKSTAT = 127,
	BULKSTAT_N = 16, /* number of results, which follow in so many bytes */
	BULKSTAT_HEAD = 64,
	BULKSTAT_RESULT = 192,
};

static struct {
	bool is_on;
	struct rng rng;
	unsigned flips;
} damage;

static void flip(unsigned char *bytes, uint64_t size)
{
	for (unsigned i = 0; i < TRIES; i++) {
		unsigned char *byte = &bytes[rng_below(&damage.rng, size)];
		if (*byte == 0)
			continue;
		*byte ^= (unsigned char)(1U << rng_below(&damage.rng, 8));
		damage.flips++;
		return;
	}
}

static uint64_t size_of_bulkstat(const char *request)
{
	uint32_t n;
	memcpy(&n, request + BULKSTAT_N, sizeof(n));
	return BULKSTAT_HEAD + (uint64_t)n * BULKSTAT_RESULT;
}

/* Stands in for the library's own: some bits of each result are flipped. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	void *arg = va_arg(args, void *);
	va_end(args);
	const int ret = (int)syscall(SYS_ioctl, fd, request, arg);
	const bool is_search = _IOC_TYPE(request) == BTRFS_TYPE && _IOC_NR(request) == TREE_SEARCH;
	const bool is_bulkstat = _IOC_TYPE(request) == XFS_TYPE && _IOC_NR(request) == BULKSTAT;
	if (ret || !damage.is_on || !(is_search || is_bulkstat))
		return ret;
	const uint64_t size = is_search ? SEARCH_SIZE : size_of_bulkstat(arg);
	for (uint64_t n = rng_below(&damage.rng, FLIPS_MOST); n > 0; n--)
		flip(arg, size);
	return ret;
}

static bool make_all(const char *root)
{
	const int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool made = at >= 0 && make_dir(at, "nested", make_nested) &&
			  make_dir(at, "hundred", make_hundred_files) &&
			  make_dir(at, "another", make_hundred_files);
	if (at >= 0)
		close(at);
	return made;
}

/* Lists with damaged results. Returns the number of its entries, all of which have proper names. */
static size_t list_damaged(const struct place *p, uint64_t *by_tables)
{
	struct flist_cursor *cursor;
	const struct flist_item *item;
	const struct flist_collect_options alone = {.threads.jobs = 1};
	damage.is_on = true;
	struct flist_list *list = collect(p->root, &alone, FLIST_BULK);
	damage.is_on = false;
	hold(!flist_cursor_open(&cursor, list), "a cursor");
	while ((item = flist_cursor_next(cursor)) != NULL)
		hold(item->name[0] && !strchr(item->name, '/') && strcmp(item->name, ".") != 0 &&
			     strcmp(item->name, "..") != 0,
		     "a name: %s", item->name);
	flist_cursor_close(cursor);
	const size_t length = flist_list_length(list);
	*by_tables += flist_list_how(list)->by_tables;
	flist_list_free(list);
	return length;
}

static void flips_are_survived(const struct place *p)
{
	const char *wish = getenv("STATMARK_DAMAGE");
	const long rounds = wish ? strtol(wish, NULL, 10) : ROUNDS;
	uint64_t by_tables = 0;
	hold(make_all(p->root), "the tree cannot be made");
	sync();
	pause_ms(1100);
	struct flist_list *whole = collect(p->root, NULL, 0);
	const size_t length = flist_list_length(whole);
	damage.rng.state = 14;
	for (long i = 0; i < rounds && COMPILED_IN; i++) {
		const size_t n = list_damaged(p, &by_tables);
		hold(n <= 2 * length, "round %ld: %zu entries of %zu", i, n, length);
	}
	hold(!COMPILED_IN || (damage.flips > 0 && by_tables > 0), "%u flips, %ju by tables",
	     damage.flips, (uintmax_t)by_tables);
	struct flist_list *list = collect(p->root, NULL, FLIST_BULK);
	hold_same_lists(list, whole);
	flist_list_free(list);
	flist_list_free(whole);
}

static void flipped_bits_of_a_btrfs(void **state)
{
	(void)state;
	on("btrfs", "", flips_are_survived);
}

static void flipped_bits_of_an_xfs(void **state)
{
	(void)state;
	on("xfs", "", flips_are_survived);
	on_part("xfs", "", flips_are_survived);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flipped_bits_of_a_btrfs),
		cmocka_unit_test(flipped_bits_of_an_xfs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
