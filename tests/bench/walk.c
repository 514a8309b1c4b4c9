/*
 * ninja bench-walk: how fast is a whole tree had? Warm, every walk in a process of its own, in
 * turn, round by round, on tmpfs and on ext4, with the peers found on this machine.
 *
 * Whole processes are timed from fork to wait, so starting, printing and giving memory back count;
 * walks by themselves from before their first call to after their last. A list that is made is
 * freed, too.
 *
 *   walk [ENTRIES [ROUNDS]]
 *   walk --one NAME DIR          one walk, for the above
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/stats.h"
#include "engine/base/util.h"
#include "strategies/flist/flist.h"
#include "tests/bench/with_walks.h"
#include "tests/loop.h"

enum { ROUNDS_MOST = 201, ARGS_MOST = 8, CELLS_MOST = 16, LARGE_ROUNDS = 11 };

/* What one walk says of itself, through a pipe. */
struct account {
	uint64_t wall_ns, cpu_ns, user_us, system_us; /* of the walk alone */
	struct walked walked;
};

/* What is walked. */
struct tree {
	char container[80], root[96];
	uint64_t entries;
};

struct cell {
	const struct tree *tree;
	const char *name;            /* as shown; of our own walks also on the command line */
	const char *args[ARGS_MOST]; /* a program, DIR where the tree is meant; NULL: our own */
	uint64_t whole_ns[ROUNDS_MOST];
	struct account accounts[ROUNDS_MOST];
};

struct bench {
	const char *self, *statmark;
	const char *fs;
	char dir[64];   /* where the tree is */
	char tree[128]; /* what is walked */
	uint64_t entries;
	int rounds;
};

static void die(const char *words)
{
	fprintf(stderr, "walk: %s\n", words);
	exit(1);
}

static uint64_t micros(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

static struct walked run_walk(const char *name, const char *dir)
{
	if (strcmp(name, "bare") == 0)
		return walk_bare(dir, 2);
	if (strcmp(name, "reference") == 0)
		return walk_reference(dir);
	if (strcmp(name, "fused-1") == 0)
		return walk_flist(dir, 1);
	if (strcmp(name, "fused-2") == 0)
		return walk_flist(dir, 2);
	die("no such walk");
	return (struct walked){0};
}

/* In a process of its own: the account goes to stdout. */
static int run_one(const char *name, const char *dir)
{
	struct account a;
	struct rusage before, after;
	struct timespec cpu;
	getrusage(RUSAGE_SELF, &before);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	const uint64_t cpu_began = (uint64_t)cpu.tv_sec * NS_PER_SECOND + (uint64_t)cpu.tv_nsec;
	const uint64_t began = clock_ns();
	a.walked = run_walk(name, dir);
	a.wall_ns = clock_ns() - began;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	a.cpu_ns = (uint64_t)cpu.tv_sec * NS_PER_SECOND + (uint64_t)cpu.tv_nsec - cpu_began;
	getrusage(RUSAGE_SELF, &after);
	a.user_us = micros(after.ru_utime) - micros(before.ru_utime);
	a.system_us = micros(after.ru_stime) - micros(before.ru_stime);
	return write(STDOUT_FILENO, &a, sizeof(a)) == sizeof(a) ? 0 : 1;
}

static void exec_cell(const struct bench *b, const struct cell *cell, int out)
{
	const char *own[] = {b->self, "--one", cell->name, cell->tree->root, NULL},
		   *args[ARGS_MOST] = {0};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (int i = 0; cell->args[i]; i++)
		args[i] = strcmp(cell->args[i], "DIR") == 0 ? cell->tree->root : cell->args[i];
	dup2(cell->args[0] ? null : out, STDOUT_FILENO);
	if (cell->args[0])
		execvp(args[0], (char *const *)(uintptr_t)args);
	else
		execv(b->self, (char *const *)(uintptr_t)own);
	_exit(127);
}

static void pass(const struct bench *b, struct cell *cell, int round)
{
	int fds[2], status;
	if (pipe2(fds, O_CLOEXEC))
		die("no pipe");
	const uint64_t began = clock_ns();
	pid_t child = fork();
	if (child == 0)
		exec_cell(b, cell, fds[1]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		die(cell->name);
	cell->whole_ns[round] = clock_ns() - began;
	close(fds[1]);
	struct account *a = &cell->accounts[round];
	if (!cell->args[0] && read(fds[0], a, sizeof(*a)) != sizeof(*a))
		die("no account");
	close(fds[0]);
	if (!cell->args[0] && a->walked.entries != cell->tree->entries)
		die("not all entries were seen");
}

/* Forwards and backwards in turn, so that no one is always behind the same neighbour. */
static void play(const struct bench *b, struct cell *cells, int n)
{
	for (int i = 0; i < n; i++)
		pass(b, &cells[i], 0);
	for (int round = 0; round < b->rounds; round++)
		for (int i = 0; i < n; i++)
			pass(b, &cells[round % 2 ? n - 1 - i : i], round);
}

static const uint64_t *times(const struct cell *cell, bool whole, int rounds, uint64_t *ns)
{
	for (int i = 0; i < rounds; i++)
		ns[i] = whole ? cell->whole_ns[i] : cell->accounts[i].wall_ns;
	return ns;
}

static double median_ms(const struct cell *cell, bool whole, int rounds)
{
	uint64_t ns[ROUNDS_MOST];
	times(cell, whole, rounds, ns);
	return (double)stats_median_u64(ns, (size_t)rounds) / 1e6;
}

static struct estimate ratio(const struct cell *a, const struct cell *b, bool whole, int rounds)
{
	uint64_t a_ns[ROUNDS_MOST], b_ns[ROUNDS_MOST];
	double values[ROUNDS_MOST];
	struct estimate estimate;
	stats_ratio(times(a, whole, rounds, a_ns), times(b, whole, rounds, b_ns), (size_t)rounds,
		    values, &estimate);
	return estimate;
}

/* Each cell's time, and how many times that of the one it is held against. */
static void print_cells(const struct bench *b, const struct cell *cells, int n,
			const struct cell *against, bool whole)
{
	for (int i = 0; i < n; i++) {
		const struct estimate e = ratio(&cells[i], against, whole, b->rounds);
		char words[80] = "";
		for (int k = 0; cells[i].args[k]; k++)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s",
				 k ? " " : "", k ? cells[i].args[k] : cells[i].name);
		printf("  %-34s %8.1f   %.2f [%.2f, %.2f]\n", *words ? words : cells[i].name,
		       median_ms(&cells[i], whole, b->rounds), e.median, e.lo, e.hi);
	}
	fflush(stdout);
}

/* What the fused walk's CPU time went into. */
static void print_shares(const struct cell *cell, int rounds, unsigned jobs)
{
	double efficiency[ROUNDS_MOST];
	struct estimate e;
	uint64_t user = 0, all = 0;
	for (int i = 0; i < rounds; i++) {
		const struct account *a = &cell->accounts[i];
		efficiency[i] = (double)a->cpu_ns / (double)a->wall_ns / jobs;
		user += a->user_us;
		all += a->user_us + a->system_us;
	}
	stats_median(efficiency, (size_t)rounds, STATS_CONFIDENCE, &e);
	printf("  %s: CPU time / (%u x wall) %.3f [%.3f, %.3f], user share of it %.1f %%\n",
	       cell->name, jobs, e.median, e.lo, e.hi, 100 * (double)user / (double)all);
}

static bool found(const char *program)
{
	char paths[4096], path[4200];
	snprintf(paths, sizeof(paths), "%s", getenv("PATH") ? getenv("PATH") : "");
	for (char *save, *dir = strtok_r(paths, ":", &save); dir;
	     dir = strtok_r(NULL, ":", &save)) {
		snprintf(path, sizeof(path), "%s/%s", dir, program);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static const struct cell peers[] = {
	{.name = "find", .args = {"find", "DIR", "-size", "+1000000"}},
	{.name = "du", .args = {"du", "-s", "DIR"}},
	{.name = "bfs", .args = {"bfs", "DIR", "-size", "+1000000"}},
	{.name = "fdfind", .args = {"fdfind", "-uu", "-S", "+1g", ".", "DIR"}},
	{.name = "fd", .args = {"fd", "-uu", "-S", "+1g", ".", "DIR"}},
};

static void compare_processes(const struct bench *b, const struct tree *tree)
{
	static struct cell cells[CELLS_MOST];
	int n = 0;
	cells[n++] = (struct cell){.name = "statmark",
				   .args = {b->statmark, "collect", "--jobs", "2", "DIR"}};
	cells[n++] = (struct cell){.name = "bare"};
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		if (found(peers[i].args[0]))
			cells[n++] = peers[i];
		else if (strcmp(peers[i].name, "fd") != 0)
			printf("  %s: not found here\n", peers[i].name);
	}
	for (int i = 0; i < n; i++)
		cells[i].tree = tree;
	play(b, cells, n);
	printf("whole processes                            ms   / statmark collect\n");
	print_cells(b, cells, n, &cells[0], true);
}

static void compare_walks(const struct bench *b, const struct tree *tree)
{
	static struct cell cells[CELLS_MOST];
	static const char *const names[] = {"fused-2", "fused-1", "reference", "bare"};
	const int n = (int)ARRAY_LEN(names);
	for (int i = 0; i < n; i++)
		cells[i] = (struct cell){.tree = tree, .name = names[i]};
	play(b, cells, n);
	printf("walks by themselves                        ms   / fused-2\n");
	print_cells(b, cells, n, &cells[0], false);
	for (int i = 1; i >= 0; i--) {
		const struct estimate e = ratio(&cells[2], &cells[i], false, b->rounds);
		printf("  %s: %.2f [%.2f, %.2f] times as fast as reference\n", cells[i].name,
		       e.median, e.lo, e.hi);
	}
	print_shares(&cells[0], b->rounds, 2);
}

/* What would be written back later, and disturb those that are measured meanwhile, is now. */
static void make_tree(const struct bench *b, const char *name, const char *text, uint64_t entries,
		      struct tree *tree)
{
	struct shape shape;
	struct tree_counts counts;
	struct err err = {0};
	if (shape_parse(&shape, "walk", text, strlen(text), &err))
		die(err.text);
	shape.entries = tree->entries = entries;
	snprintf(tree->container, sizeof(tree->container), "%s/%s", b->dir, name);
	snprintf(tree->root, sizeof(tree->root), "%s/tree", tree->container);
	if (tree_create(tree->container, &shape, 2, NULL, &counts, &err))
		die(err.text);
	sync();
}

static void remove_tree(const struct tree *tree)
{
	struct tree_counts counts;
	struct err err = {0};
	if (tree_remove(tree->container, 2, NULL, &counts, &err))
		die(err.text);
}

static const char bushy[] = "{\"schema\": \"statmark-shape/1\", \"name\": \"walk\", "
			    "\"summary\": \"50 files and 4 directories in each\", "
			    "\"files_per_dir\": 50, \"dirs_per_dir\": 4, "
			    "\"name_length\": {\"min\": 8, \"max\": 16}}";
static const char flat[] = "{\"schema\": \"statmark-shape/1\", \"name\": \"flat\", "
			   "\"summary\": \"one directory\", \"files_per_dir\": 100000000, "
			   "\"dirs_per_dir\": 0, \"depth\": 0}";

static void compare_all(const struct bench *b)
{
	struct tree tree;
	printf("%s, %" PRIu64 " entries, 50 files and 4 directories in each\n", b->fs, b->entries);
	make_tree(b, "walk", bushy, b->entries, &tree);
	compare_processes(b, &tree);
	compare_walks(b, &tree);
	remove_tree(&tree);
}

static void print_size(const struct bench *b, const char *words, const struct cell *cells)
{
	const double entries = (double)cells->tree->entries;
	printf("  %9" PRIu64 " %-22s %9.0f %9.0f %13.1f\n", cells->tree->entries, words,
	       median_ms(&cells[0], false, b->rounds) * 1e6 / entries,
	       median_ms(&cells[1], false, b->rounds) * 1e6 / entries,
	       (double)cells[1].accounts[0].walked.bytes / entries);
}

/* The fused walk over ten times as many entries, and over so many in one directory. */
static void compare_sizes(struct bench b)
{
	static struct cell cells[4];
	struct tree few, many;
	struct estimate e;
	b.rounds = b.rounds < LARGE_ROUNDS ? b.rounds : LARGE_ROUNDS;
	printf("%s, more entries        ns per entry: fused-1   fused-2   bytes/entry\n", b.fs);
	make_tree(&b, "few", bushy, b.entries, &few);
	make_tree(&b, "many", bushy, 10 * b.entries, &many);
	for (int i = 0; i < 4; i++)
		cells[i] = (struct cell){.tree = i < 2 ? &few : &many,
					 .name = i % 2 ? "fused-2" : "fused-1"};
	play(&b, cells, 4);
	remove_tree(&few);
	remove_tree(&many);
	print_size(&b, "", &cells[0]);
	print_size(&b, "", &cells[2]);
	e = ratio(&cells[3], &cells[1], false, b.rounds);
	printf("  ten times as many: %.2f [%.2f, %.2f] times as long per entry\n", e.median / 10,
	       e.lo / 10, e.hi / 10);
	make_tree(&b, "flat", flat, 10 * b.entries, &many);
	play(&b, &cells[2], 2);
	remove_tree(&many);
	print_size(&b, "in one directory", &cells[2]);
	e = ratio(&cells[2], &cells[3], false, b.rounds);
	printf("  one directory: %.2f [%.2f, %.2f] times as fast by two\n", e.median, e.lo, e.hi);
}

int main(int argc, char **argv)
{
	struct bench b = {.self = "/proc/self/exe", .fs = "tmpfs", .entries = 100000, .rounds = 31};
	char statmark[4096], load[64] = "?";
	if (argc == 4 && strcmp(argv[1], "--one") == 0)
		return run_one(argv[2], argv[3]);
	if (argc > 1)
		b.entries = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		b.rounds = (int)strtol(argv[2], NULL, 10);
	if (b.rounds < STATS_LEAST || b.rounds > ROUNDS_MOST || b.entries == 0)
		die("wants at least one entry and 8 to 201 rounds");
	if (!strchr(argv[0], '/'))
		die("wants to be called by its path, to find statmark");
	*strrchr(argv[0], '/') = '\0';
	snprintf(statmark, sizeof(statmark), "%.4000s/../../statmark", argv[0]);
	b.statmark = statmark;
	snprintf(b.dir, sizeof(b.dir), "/dev/shm/statmark-walk-%d", (int)getpid());
	if (mkdir(b.dir, 0755))
		die("cannot make a directory in /dev/shm");
	read_line("/proc/loadavg", load, sizeof(load));
	printf("warm, %d rounds in turn, medians with 99 %% intervals; load before: %s\n", b.rounds,
	       load);
	compare_all(&b);
	compare_sizes(b);
	b.fs = "ext4";
	int error = geteuid() == 0 ? loop_privacy() : -EPERM;
	error = error ? error
		      : loop_ext4(b.dir, "/dev/shm", 2048,
				  "-i 4096 -E lazy_itable_init=0,lazy_journal_init=0");
	if (error)
		printf("ext4: skipped: needs root, a loop device and mkfs.ext4 (%s)\n",
		       strerror(-error));
	else
		compare_all(&b);
	umount(b.dir);
	rmdir(b.dir);
	return 0;
}
