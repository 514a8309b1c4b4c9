/*
 * statmark collect: the library as a tool. The list is made whole and sorted whatever is asked for;
 * counting goes along with the walk, by the threads that walk.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/tree/census.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/listing.h"
#include "strategies/flist/flist.h"

enum { NUMBER_SIZE = 32, FAILURES_NAMED = 20, OUTPUT_BUFFER = 256 * 1024 };

/* A file that may have been found by other names, too. */
struct linked {
	uint64_t dev, ino, size;
};

/* What one thread has counted, on cache lines of its own. */
struct tally {
	const struct collection *collection;
	uint64_t types[CENSUS_TYPES];
	uint64_t mounts;         /* directories on other filesystems, not entered */
	unsigned __int128 bytes; /* in files with one name */
	struct linked *linked;
	size_t n_linked, linked_room;
} __attribute__((aligned(128)));

/* Bytes in files, each inode counted once, and how many names came on top. */
struct volume {
	unsigned __int128 bytes;
	uint64_t further;
};

struct collection {
	const struct options *options;
	const char *root;
	unsigned jobs;
	enum listing listing;
	struct tally *tallies;
	struct flist_list *list;
	uint64_t root_dev;
	uint64_t spent_ns;
};

static int count_linked(struct tally *tally, const struct flist_meta *meta)
{
	const size_t n = tally->n_linked;
	if (array_grow(&tally->linked, &tally->linked_room, n + 1, sizeof(*tally->linked)))
		return -ENOMEM;
	tally->linked[tally->n_linked++] = (struct linked){meta->dev, meta->ino, meta->size};
	return 0;
}

static int count(void *arg, unsigned worker, const struct flist_item *item)
{
	struct tally *tally = &((struct tally *)arg)[worker];
	const struct options *o = tally->collection->options;
	const struct flist_meta *meta = item->meta;
	tally->types[census_type_of(item->type)]++;
	if (S_ISDIR(item->type) && !o->cross_mounts)
		tally->mounts += meta->dev != tally->collection->root_dev;
	if (!S_ISREG(item->type))
		return 0;
	if (meta->nlink > 1 || o->follow)
		return count_linked(tally, meta);
	tally->bytes += meta->size;
	return 0;
}

static int by_inode(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* All that the threads have counted. 0 or -ENOMEM. */
static int measure_volume(const struct collection *c, struct volume *volume)
{
	struct linked *all;
	size_t n = 0;
	*volume = (struct volume){.bytes = 0};
	for (unsigned i = 0; i < c->jobs; i++)
		n += c->tallies[i].n_linked;
	all = malloc((n + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	n = 0;
	for (unsigned i = 0; i < c->jobs; i++) {
		const struct tally *tally = &c->tallies[i];
		volume->bytes += tally->bytes;
		for (size_t k = 0; k < tally->n_linked; k++)
			all[n++] = tally->linked[k];
	}
	qsort(all, n, sizeof(*all), by_inode);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && by_inode(&all[i - 1], &all[i]) == 0)
			volume->further++;
		else
			volume->bytes += all[i].size;
	}
	free(all);
	return 0;
}

static int choose_listing(const struct options *o, enum listing *listing, struct err *err)
{
	if (o->print0 + o->details + o->json > 1)
		return err_set(err, -EINVAL, "--print0, --long and --json exclude each other");
	*listing = o->print0    ? LISTING_PRINT0
		   : o->details ? LISTING_LONG
		   : o->json    ? LISTING_JSON
				: LISTING_NONE;
	return 0;
}

static int begin(struct collection *c, const struct options *options, char **operands,
		 struct err *err)
{
	const struct flist_threads wanted = {.jobs = (unsigned)MIN(options->tree_jobs, UINT16_MAX)};
	*c = (struct collection){.options = options, .root = operands[0] ? operands[0] : "."};
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "collect takes one DIR, not also '%s'", operands[1]);
	int error = choose_listing(options, &c->listing, err);
	if (error)
		return error;
	c->jobs = flist_jobs(&wanted);
	c->tallies = aligned_alloc(_Alignof(struct tally), c->jobs * sizeof(*c->tallies));
	if (!c->tallies)
		return err_errno(err, -ENOMEM, "collect");
	memset(c->tallies, 0, c->jobs * sizeof(*c->tallies));
	for (unsigned i = 0; i < c->jobs; i++)
		c->tallies[i].collection = c;
	return 0;
}

static int collect_list(struct collection *c, struct err *err)
{
	const struct flist_collect_options options = {
		.flags = (c->options->follow ? (unsigned)FLIST_FOLLOW : 0) |
			 (c->options->cross_mounts ? 0 : (unsigned)FLIST_ONE_FILESYSTEM),
		.threads.jobs = c->jobs,
		.each = count,
		.arg = c->tallies,
		.cancel = &cmd_stop,
	};
	struct stat root;
	if (stat(c->root, &root))
		return err_errno(err, -errno, "%s", c->root);
	c->root_dev = root.st_dev;
	uint64_t began = clock_ns();
	int error = flist_collect(&c->list, c->root, &options);
	c->spent_ns = MAX(clock_ns() - began, 1);
	if (error == -ECANCELED)
		return err_set(err, -EINTR, "%s: interrupted", c->root);
	return error ? err_errno(err, error, "%s", c->root) : 0;
}

static uint64_t count_mounts(const struct collection *c)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < c->jobs; i++)
		n += c->tallies[i].mounts;
	return n;
}

static void print_visible(FILE *to, const char *bytes)
{
	struct arena *arena = arena_new();
	const char *text = arena ? text_visible(arena, bytes) : NULL;
	fputs(text ? text : "?", to);
	arena_free(arena);
}

static void print_types(const struct collection *c)
{
	const char *between = "  ";
	for (size_t type = 0; type < CENSUS_TYPES; type++) {
		uint64_t n = 0;
		for (unsigned i = 0; i < c->jobs; i++)
			n += c->tallies[i].types[type];
		if (n == 0)
			continue;
		printf("%s%s", between, COUNTED(n, census_one[type]));
		between = ", ";
	}
	if (flist_list_length(c->list) > 0)
		putchar('\n');
}

/* As group_digits, for sums beyond 2^64: sizes are what filesystems say. */
static const char *group_wide(unsigned __int128 number, char *buf, size_t size)
{
	const uint64_t unit = 1000000000000000000; /* whole groups of three digits */
	char high[NUMBER_SIZE], low[NUMBER_SIZE];
	if (number < unit)
		return group_digits((uint64_t)number, buf, size);
	group_digits((uint64_t)(number / unit), high, sizeof(high));
	group_digits(unit + (uint64_t)(number % unit), low, sizeof(low));
	snprintf(buf, size, "%s%s", high, low + 1);
	return buf;
}

static void print_volume(const struct volume *volume)
{
	char bytes[2 * NUMBER_SIZE];
	printf("%s %s in files", group_wide(volume->bytes, bytes, sizeof(bytes)),
	       volume->bytes == 1 ? "byte" : "bytes");
	if (volume->further)
		printf(" (each inode counted once; %s)", COUNTED(volume->further, "further name"));
	putchar('\n');
}

static void print_mounts(FILE *to, const struct collection *c)
{
	const uint64_t n = count_mounts(c);
	if (n > 0)
		fprintf(to, "%s %s not entered (--cross-mounts enters %s)\n",
			COUNTED(n, "mount point"), n == 1 ? "was" : "were", n == 1 ? "it" : "them");
}

static int print_summary(const struct collection *c, struct err *err)
{
	const char *rate;
	const uint64_t n = flist_list_length(c->list), millis = c->spent_ns / 1000000;
	struct volume volume;
	int error = measure_volume(c, &volume);
	if (error)
		return err_errno(err, error, "%s", c->root);
	print_visible(stdout, c->root);
	printf(": %s, ", COUNTED(n, "entry"));
	print_volume(&volume);
	print_types(c);
	print_mounts(stdout, c);
	rate = GROUPED((uint64_t)((unsigned __int128)n * NS_PER_SECOND / c->spent_ns));
	printf("collected in %" PRIu64 ".%03" PRIu64 " s (%s entries/s): %s, by %s", millis / 1000,
	       millis % 1000, rate, COUNTED(c->jobs, "job"), flist_backend(0));
	if (n > 0)
		printf(", %s of memory per entry", COUNTED(flist_list_bytes(c->list) / n, "byte"));
	putchar('\n');
	return 0;
}

static size_t print_failures(const struct collection *c)
{
	size_t n;
	const struct flist_failure *failures = flist_list_failures(c->list, &n);
	for (size_t i = 0; i < n && i < FAILURES_NAMED; i++) {
		const char *slash = c->root[strlen(c->root) - 1] == '/' ? "" : "/";
		fputs("statmark: ", stderr);
		print_visible(stderr, c->root);
		fputs(*failures[i].path ? slash : "", stderr);
		print_visible(stderr, failures[i].path);
		fprintf(stderr, ": %s\n", strerror(failures[i].error));
	}
	if (n > FAILURES_NAMED)
		fprintf(stderr, "statmark: ... and %s\n",
			COUNTED(n - FAILURES_NAMED, "more failure"));
	return n;
}

/* A reader that has had enough ends this program without words, as it does other filters. */
static int print_list(const struct collection *c, struct err *err)
{
	signal(SIGPIPE, SIG_DFL);
	setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
	const struct listing_of of = {.list = c->list, .root = c->root, .mounts = count_mounts(c)};
	int error = listing_write(stdout, c->listing, &of, &cmd_stop);
	if (error == -EINTR)
		return err_set(err, error, "%s: interrupted", c->root);
	if (error == -EIO)
		return 0; /* of writing: is told when stdout is closed */
	return error ? err_errno(err, error, "%s", c->root) : 0;
}

static enum exit_code collect(const struct options *options, char **operands)
{
	struct collection c;
	struct err err = {0};
	size_t failures = 0;
	struct progress_line *line = progress_line_new(true);
	int error = begin(&c, options, operands, &err);
	if (!error)
		error = collect_list(&c, &err);
	progress_line_free(line);
	if (!error) {
		error = c.listing == LISTING_NONE ? print_summary(&c, &err) : print_list(&c, &err);
		fflush(stdout);
		if (c.listing != LISTING_NONE && count_mounts(&c) > 0) {
			fputs("statmark: ", stderr);
			print_mounts(stderr, &c);
		}
		failures = print_failures(&c);
	}
	for (unsigned i = 0; c.tallies && i < c.jobs; i++)
		free(c.tallies[i].linked);
	free(c.tallies);
	flist_list_free(c.list);
	if (error)
		return cmd_fail(&err);
	return failures ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_collect = {
	.name = "collect",
	.operands = "[DIR]",
	.summary = "list a directory tree with metadata, using the library",
	.details =
		"Walks DIR (default: .) once with libflist, the library that statmark measures.\n"
		"Prints a summary and the time it took. With --print0, --long or --json it lists\n"
		"all entries, sorted by the bytes of their paths. Entries that cannot be read are\n"
		"named on stderr, and the exit code is 4.\n",
	.bit = CMD_COLLECT,
	.run = collect,
};
