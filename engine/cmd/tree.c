/*
 * statmark tree: makes, verifies, removes or serves a tree, or prints its statistics.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datasets/shape/shape.h"
#include "datasets/sim/sim.h"
#include "datasets/tree/census.h"
#include "datasets/tree/distributions.h"
#include "datasets/tree/tree.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/err.h"
#include "engine/base/output.h"
#include "engine/base/progress.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/line/options.h"
#include "engine/cmd/parts/stats.h"
#include "engine/cmd/parts/subject.h"

/* statmark tree fit: fits a shape to a directory. */

static bool time_is_up(void *until_ns)
{
	return clock_ns() >= *(const uint64_t *)until_ns;
}

static int take(struct census *census, struct distributions *distributions, const char *dir,
		const struct tree_command *options, const struct progress *progress,
		struct err *err)
{
	uint64_t until_ns = clock_ns() + options->time.max_time_s * NS_PER_SECOND;
	const struct halt halt = {options->time.max_time_s ? time_is_up : NULL, &until_ns};
	struct tree_info info;
	distributions->wants_extensions = options->tree_command.extensions;
	int error = census_take_distributions(census, distributions, stats_root(dir, &info),
					      options->tree.cross_mounts, progress, &halt, err);
	progress_line_clear(progress->arg);
	return error;
}

/*
 * Sets the texts of a shape. None of them contains the path of the tree, which consists of names.
 */
static void describe(struct shape *shape, const struct census *census,
		     const struct tree_command *options)
{
	char day[16] = "";
	time_t now = time(NULL);
	struct tm utc;
	if (gmtime_r(&now, &utc))
		strftime(day, sizeof(day), "%Y-%m-%d", &utc);
	snprintf(shape->name, sizeof(shape->name), "fitted");
	if (options->output.out)
		shape_name_after(shape, options->output.out);
	snprintf(shape->summary, sizeof(shape->summary), "fitted by statmark tree fit");
	snprintf(shape->origin, sizeof(shape->origin), "a tree of %s, %s%s",
		 COUNTED(census->entries, "entry"), day,
		 census->halted ? ", as far as read in the time given" : "");
}

static int put(const char *json, const struct census *census, const struct tree_command *options,
	       struct err *err)
{
	if (!options->output.out) {
		fputs(json, stdout);
		return 0;
	}
	int error = output_write(options->output.out, json, strlen(json), err);
	if (!error)
		printf("%s: the shape of %s in %s\n", options->output.out,
		       COUNTED(census->entries, "entry"),
		       COUNTED(census->types[CENSUS_DIRECTORIES] + 1, "directory"));
	return error;
}

static int write_fit(struct distributions *distributions, const char *dir,
		     const struct tree_command *options, const struct progress *progress,
		     struct err *err)
{
	struct census census;
	struct shape shape;
	int error = take(&census, distributions, dir, options, progress, err);
	if (error)
		return error;
	fit_shape(&shape, distributions);
	describe(&shape, &census, options);
	error = shape_check(&shape, "the fitted shape", err);
	char *json = error ? NULL : shape_to_json(&shape);
	error = error || json ? error : -ENOMEM;
	error = error ? error : put(json, &census, options, err);
	free(json);
	if (error)
		return error;
	stats_missing(stderr, &census, options);
	if (census.halted)
		fputs("statmark: the time was up before the whole tree was read (--max-time)\n",
		      stderr);
	return 0;
}

/* Writes the shape to the file of -o, or prints it. */
static int fit_print(const char *dir, const struct tree_command *options,
		     const struct progress *progress, struct err *err)
{
	struct distributions *distributions = calloc(1, sizeof(*distributions));
	int error = distributions ? write_fit(distributions, dir, options, progress, err) : -ENOMEM;
	free(distributions);
	return error;
}

/* Faults that verify names; all are counted. */
enum { FAULTS_NAMED = 20 };

/* "VERB 20,000 entries in 1,108 directories in 0.42 s (47,619 entries/s)". */
static void print_work_in(uint64_t directories, const char *verb, const struct tree_counts *counts,
			  uint64_t spent_ns)
{
	uint64_t ns = MAX(spent_ns, 1), centis = ns / (NS_PER_SECOND / 100);
	uint64_t per_s = (uint64_t)((unsigned __int128)counts->entries * NS_PER_SECOND / ns);
	printf("%s %s in %s in %" PRIu64 ".%02" PRIu64 " s (%s entries/s)\n", verb,
	       COUNTED(counts->entries, "entry"), COUNTED(directories, "directory"), centis / 100,
	       centis % 100, GROUPED(per_s));
}

/* The tree's root, which is not an entry, is one of the directories. */
static void print_work(const char *verb, const struct tree_counts *counts, uint64_t spent_ns)
{
	print_work_in(counts->directories + 1, verb, counts, spent_ns);
}

static int create(const struct tree_command *options, char **operands,
		  const struct progress *progress, struct err *err)
{
	const char *word = operands[0], *dir = operands[1];
	struct tree_counts made;
	struct shape shape;
	int error = subject_shape(&shape, word, &options->tree, err);
	uint64_t began = clock_ns();
	error = error ? error
		      : tree_create(dir, &shape, (unsigned)options->tree.tree_jobs, progress, &made,
				    err);
	progress_line_clear(progress->arg);
	if (!error && made.entries == 0)
		printf("%s is complete: %s; nothing to do\n", dir, COUNTED(shape.entries, "entry"));
	else if (!error)
		print_work("created", &made, clock_ns() - began);
	return error;
}

struct faults {
	struct arena *arena;
	struct progress_line *line;
	uint64_t n;
};

static const char *const fault_names[TREE_FAULTS] = {
	[TREE_MISSING] = "missing",
	[TREE_UNEXPECTED] = "unexpected",
	[TREE_RENAMED] = "renamed",
	[TREE_RETYPED] = "of another type",
	[TREE_RESIZED] = "of another size",
	[TREE_RETARGETED] = "with another target",
	[TREE_UNLINKED] = "no longer hard-linked",
	[TREE_CHANGED] = "with a different mode, owner, time or attributes",
	[TREE_UNREADABLE] = "unreadable",
};

static void print_fault(void *arg, enum tree_fault fault, const char *path, const char *now)
{
	struct faults *faults = arg;
	progress_line_clear(faults->line);
	if (faults->n++ >= FAULTS_NAMED)
		return;
	printf("%s: %s%s%s\n", fault_names[fault], text_visible(faults->arena, path),
	       now ? ", now " : "", now ? text_visible(faults->arena, now) : "");
}

static int print_difference(const char *dir, const struct tree_verdict *verdict,
			    const struct faults *faults, struct err *err)
{
	char all[512];
	size_t used = 0;
	if (faults->n > FAULTS_NAMED)
		printf("... and %s more\n", GROUPED(faults->n - FAULTS_NAMED));
	for (size_t i = 0; i < TREE_FAULTS; i++) {
		if (verdict->faults[i] > 0)
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s %s",
						 used ? ", " : "", GROUPED(verdict->faults[i]),
						 fault_names[i]);
	}
	if (used == 0 && verdict->info.state == TREE_COMPLETE)
		return err_set(err, -EBADMSG,
			       "%s: the digest in its sentinel is not that of its shape", dir);
	return err_set(err, -EBADMSG, "%s: %s%s%s", dir,
		       verdict->info.state == TREE_COMPLETE ? "differs from its shape"
							    : "was not completed",
		       used ? ": " : "", used ? all : "");
}

static int verify(const struct tree_command *options, char **operands,
		  const struct progress *progress, struct err *err)
{
	struct faults faults = {.arena = arena_new(), .line = progress->arg};
	struct tree_verdict verdict;
	uint64_t began = clock_ns();
	(void)options;
	int error = faults.arena ? tree_verify(operands[0], print_fault, &faults, progress,
					       &verdict, err)
				 : -ENOMEM;
	progress_line_clear(progress->arg);
	if (!error && tree_verified(&verdict)) {
		char digest[DIGEST_TEXT_SIZE];
		print_work("verified", &verdict.counts, clock_ns() - began);
		printf("digest %s\n", digest_text(&verdict.found, digest));
	} else if (!error) {
		error = print_difference(operands[0], &verdict, &faults, err);
	}
	arena_free(faults.arena);
	return error;
}

/* Prints an entry that statmark did not make, or one that replaced an entry of the tree. */
static void print_stray(void *arg, enum tree_fault fault, const char *path, const char *now)
{
	if (fault == TREE_UNEXPECTED || fault == TREE_RENAMED || fault == TREE_RETYPED ||
	    fault == TREE_UNREADABLE)
		print_fault(arg, fault, path, now);
}

/* Prints the entries that are not in the tree's shape. */
static int print_strays(const char *dir, const struct progress *progress, struct err *err)
{
	struct faults strays = {.arena = arena_new(), .line = progress->arg};
	struct tree_verdict verdict;
	int error = strays.arena ? tree_verify(dir, print_stray, &strays, progress, &verdict, err)
				 : -ENOMEM;
	progress_line_clear(progress->arg);
	if (!error && strays.n > FAULTS_NAMED)
		printf("... and %s more\n", GROUPED(strays.n - FAULTS_NAMED));
	arena_free(strays.arena);
	return error;
}

static int remove_all(const struct tree_command *options, const char *dir,
		      const struct progress *progress, struct err *err)
{
	struct tree_counts gone;
	const uint64_t began = clock_ns();
	int error = tree_remove(dir, (unsigned)options->tree.tree_jobs, progress, &gone, err);
	progress_line_clear(progress->arg);
	if (!error)
		print_work("removed", &gone, clock_ns() - began);
	return error;
}

static int remove_made(const char *dir, const struct progress *progress, struct err *err)
{
	struct tree_counts gone;
	bool left;
	const uint64_t began = clock_ns();
	int error = tree_prune(dir, progress, &gone, &left, err);
	progress_line_clear(progress->arg);
	if (error)
		return error;
	print_work_in(gone.directories + !left, "removed", &gone, clock_ns() - began);
	error = left ? print_strays(dir, progress, err) : 0;
	if (error || !left)
		return error;
	return err_set(err, -EBADMSG,
		       "%s: files that statmark did not make were left; --force "
		       "removes them, too",
		       dir);
}

static int remove_tree(const struct tree_command *options, char **operands,
		       const struct progress *progress, struct err *err)
{
	return options->tree_command.force ? remove_all(options, operands[0], progress, err)
					   : remove_made(operands[0], progress, err);
}

static int stats(const struct tree_command *options, char **operands,
		 const struct progress *progress, struct err *err)
{
	if (operands[1])
		return pair_print(operands, options, progress, err);
	return stats_print(operands[0], options, progress, err);
}

/* Waits until the user stops it or unmounts the filesystem. */
static int wait_for_the_end(const struct sim *sim, const char *dir, struct err *err)
{
	const struct timespec moment = {.tv_nsec = NS_PER_SECOND / 20};
	struct sim_counts counts;
	for (sim_counts(sim, &counts); !cmd_stop && counts.state == SIM_SERVES;
	     sim_counts(sim, &counts))
		nanosleep(&moment, NULL);
	return counts.state == SIM_DIED ? err_set(err, -ENOTCONN, "%s: its server was killed", dir)
					: 0;
}

static int serve(const struct tree_command *options, char **operands,
		 const struct progress *progress, struct err *err)
{
	struct sim_options how;
	struct shape shape;
	struct sim *sim;
	char facts[SIM_FACTS_SIZE];
	(void)progress;
	int error = subject_shape(&shape, operands[0], &options->tree, err);
	error = error ? error : sim_parse(&how, options->tree_command.sim, err);
	error = error ? error : sim_start(&sim, &how, &shape, operands[1], err);
	if (error)
		return error;
	error = sim_facts(sim, facts, sizeof(facts));
	if (!error) {
		printf("%s serves %s read-only: %s\n", operands[1], COUNTED(shape.entries, "entry"),
		       facts);
		fflush(stdout);
		error = wait_for_the_end(sim, operands[1], err);
	}
	sim_stop(sim);
	return error ? err_errno(err, error, "cannot serve %s", operands[1]) : 0;
}

static int fit(const struct tree_command *options, char **operands, const struct progress *progress,
	       struct err *err)
{
	return fit_print(operands[0], options, progress, err);
}

static const struct action {
	const char *usage;
	size_t n_operands, n_more; /* numbers of required and of optional operands */
	int (*run)(const struct tree_command *options, char **operands,
		   const struct progress *progress, struct err *err);
} actions[] = {
	[TREE_CREATE] = {"create SHAPE DIR", 2, 0, create},
	[TREE_VERIFY] = {"verify DIR", 1, 0, verify},
	[TREE_REMOVE] = {"remove DIR", 1, 0, remove_tree},
	[TREE_SERVE] = {"serve SHAPE DIR", 2, 0, serve},
	[TREE_STATS] = {"stats DIR [OTHER]", 1, 1, stats},
	[TREE_FIT] = {"fit DIR", 1, 0, fit},
};

static int check_usage(const struct action *action, char **operands, struct err *err)
{
	size_t n = 0;
	while (operands[n])
		n++;
	if (n < action->n_operands || n > action->n_operands + action->n_more)
		return err_set(err, -EINVAL, "usage: statmark tree %s", action->usage);
	return 0;
}

static enum exit_code tree(const union options *all, char **operands)
{
	const struct tree_command *options = &all->tree;
	struct err err = {0};
	const int verb = word_parse(tree_verb_name, "tree", operands[0], &err);
	const struct action *action = verb < 0 ? NULL : &actions[verb];
	if (!action || check_usage(action, operands + 1, &err))
		return cmd_fail(&err);
	struct progress_line *line = progress_line_new(options->line.quiet);
	struct progress progress = {progress_line_report, line, &cmd_stop, progress_line_tell,
				    progress_line_busy};
	int error = action->run(options, operands + 1, &progress, &err);
	progress_line_free(line);
	if (!error)
		return EXIT_DONE;
	err_errno(&err, error, "tree %s", operands[0]);
	return cmd_fail(&err);
}

const struct command cmd_tree = {
	.name = "tree",
	.operands = "create SHAPE DIR | verify DIR | remove DIR | serve SHAPE DIR | stats DIR "
		    "[OTHER] | fit DIR",
	.summary = "make, verify, remove or serve a tree, or print its statistics or shape",
	.details =
		"SHAPE is a name (statmark list shapes) or the path of a shape file. DIR becomes\n"
		"a container: its sub-directory 'tree' is the tree, and statmark-tree.json\n"
		"describes it. Only such a container is ever completed or removed.\n"
		"\n"
		"'remove' keeps files that the shape does not have; it then names them and ends\n"
		"with exit code 4. It runs in one thread. With --force it removes them, too, in\n"
		"--jobs threads. 'stats' counts the entries of any directory and changes\n"
		"nothing; with two directories it also prints the distance between them. 'fit'\n"
		"writes the shape of any directory, to make trees like it. A shape contains\n"
		"numbers, but no names; with --extensions it contains the extensions of names.\n",
	.bit = CMD_TREE,
	.run = tree,
};
