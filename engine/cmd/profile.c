/*
 * statmark profile: finds where a tree is slow, and which walk would be faster.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/outdir.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/profile/walk_profile.h"
#include "engine/measure/pass/sampler.h"
#include "engine/measure/verify/cache_state.h"

/* The timed walk may take this share of the time, in per cent. A reserve is kept for printing. */
enum { WALK_PERCENT = 40, PLOTS_SHARE = 4 };
#define PRINTING_NS (NS_PER_SECOND / 4)
#define PLOTS_NS    (4 * NS_PER_SECOND) /* at most, and a share of a short time */

static uint64_t block_reads(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_inblock;
}

/* The profile is of this system call. The C library would emulate it by another one. */
static bool has_statx(int *error)
{
	struct statx st;
	*error =
		syscall(SYS_statx, AT_FDCWD, "/", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st) ? errno : 0;
	return *error != EPERM && *error != ENOSYS;
}

static int walk(struct walk_profile *f, uint64_t until_ns, const struct progress *progress,
		struct err *err)
{
	struct probe_real real;
	int refused;
	if (!has_statx(&refused))
		return err_set(err, -ENOTSUP,
			       "profile times the call statx, which is refused here: %s. It needs "
			       "Linux 4.11 or later, and a container that allows statx.",
			       strerror(refused));
	probe_real_begin(&real, f->root);
	const struct probe_request request = {
		.calls = &real.calls,
		.crosses_mounts = f->options->tree.cross_mounts,
		.until_ns = until_ns,
		.progress = progress,
	};
	const uint64_t before = block_reads();
	int error = tally_new(&f->tally, f->options->profile.top, sampler_timer_ns());
	error = error ? error : probe_walk(&f->probe, &request, f->tally);
	f->block_reads = block_reads() - before;
	f->is_interrupted = f->probe.is_interrupted;
	probe_real_end(&real);
	return error ? err_errno(err, error, "cannot walk %s", f->root) : 0;
}

/* A cold state that cannot be made is refused before the walk. */
static int check_cold(const struct profile_command *o, struct err *err)
{
	const struct cache_control control = {.cold_command = o->caches.cold_command,
					      .may_drop = o->caches.drop_caches,
					      .trusts = o->caches.trust_cold,
					      .timeout_ns = o->time.timeout_s * NS_PER_SECOND,
					      .stop = &cmd_stop};
	if (!o->caches.drop_caches && !o->caches.cold_command)
		return 0;
	return cache_state_probe(CACHE_COLD, &control, NULL, err);
}

static uint64_t budget_of(const struct profile_command *o)
{
	return o->time.max_time_s * NS_PER_SECOND;
}

/* The time reserved for printing and, if plots are requested, for drawing. */
static uint64_t left_for_showing(const struct profile_command *o)
{
	const uint64_t budget = budget_of(o);
	const bool draws = o->output.out && !o->output.no_plots;
	return MIN(PRINTING_NS, budget / 8) + (draws ? MIN(PLOTS_NS, budget / PLOTS_SHARE) : 0);
}

/*
 * The figures of the timed walk are reported even if the comparison of walks was stopped or failed.
 */
static int walk_and_compare(struct walk_profile *f, uint64_t began, const struct progress *progress,
			    struct err *err)
{
	const uint64_t budget = budget_of(f->options);
	int error = check_cold(f->options, err);
	if (!error)
		error = walk(f, began + budget / 100 * WALK_PERCENT, progress, err);
	if (error || f->is_interrupted) {
		f->walks.not_compared = "interrupted";
		return error;
	}
	error = walk_profile_compare(f, began + budget - left_for_showing(f->options), progress,
				     err);
	f->is_interrupted = error == -EINTR;
	if (error && !f->walks.is_compared)
		f->walks.not_compared = error == -EINTR ? "interrupted"
					: err->code     ? arena_copy(f->result->arena, err->text)
							: "out of memory";
	return error == -EINTR ? 0 : error;
}

/* Opened before the walk, so that a directory that is not writable is reported first. */
static int open_output(const struct profile_command *o, struct outdir *out, struct err *err)
{
	*out = OUTDIR_NONE;
	if (!o->output.out)
		return 0;
	int error = outdir_open(out, o->output.out, o->output.force_output, err);
	return error ? error : outdir_lock(out, err);
}

static int save(const struct walk_profile *f, const struct advice *advice, size_t n,
		const struct outdir *out, uint64_t end_ns, struct err *err)
{
	json_t *json = walk_profile_json(f, advice, n);
	int error = json_write_file(out, PROFILE_DOCUMENT, json, err);
	json_decref(json);
	if (error)
		return error;
	fprintf(stderr, "%s/" PROFILE_DOCUMENT "\n", out->path);
	if (f->options->output.no_plots)
		return 0;
	error = walk_profile_draw(f, out, end_ns, err);
	if (error != -ENOTSUP && error != -ETIMEDOUT)
		return error;
	/* Without gnuplot, or without time, there is only the document. */
	fprintf(stderr, "statmark: no plots: %s\n", err->text);
	*err = (struct err){0};
	return 0;
}

static int print(const struct walk_profile *f, const struct advice *advice, size_t n)
{
	if (f->options->line.json)
		return json_show(stdout, walk_profile_json(f, advice, n));
	walk_profile_print(f, advice, n);
	return 0;
}

static int report_profile(const struct walk_profile *f, const struct outdir *out, uint64_t end_ns,
			  struct err *err)
{
	struct advice advice[ADVICE_MAX];
	const size_t n = walk_profile_advise(f, advice);
	int error = print(f, advice, n);
	fflush(stdout);
	return error || out->fd < 0 ? error : save(f, advice, n, out, end_ns, err);
}

/*
 * Every name means a directory here, even if a shape has it; in a container made by statmark, its
 * tree is used.
 */
static int find_root(struct walk_profile *f, char **operands, struct err *err)
{
	const char *dir = operands[0] ? operands[0] : ".";
	struct tree_info info;
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "profile: expected one DIR, also got '%s'",
			       operands[1]);
	if (!*dir)
		return err_errno(err, -ENOENT, "cannot open ''");
	f->is_made = tree_info(dir, &info, NULL) == 0;
	if (f->is_made) {
		dir = info.root;
		f->seed = info.shape.seed;
	}
	char *path = realpath(dir, NULL);
	f->root = path ? arena_copy(f->result->arena, path) : NULL;
	int error = f->root ? 0 : err_errno(err, path ? -ENOMEM : -errno, "cannot open %s", dir);
	free(path);
	return error;
}

static enum exit_code profile(const union options *all, char **operands)
{
	const struct profile_command *options = &all->profile;
	const uint64_t began = clock_ns();
	struct err err = {0};
	struct walk_profile profile = {.options = options, .result = result_new()};
	struct outdir out = OUTDIR_NONE;
	struct progress_line *line = progress_line_new(options->line.quiet);
	const struct progress progress = {progress_line_report, line, &cmd_stop, progress_line_tell,
					  progress_line_busy};
	int error = profile.result ? find_root(&profile, operands, &err) : -ENOMEM;
	error = error ? error : open_output(options, &out, &err);
	if (!error)
		error = walk_and_compare(&profile, began, &progress, &err);
	progress_line_free(line);
	const bool is_walked = profile.tally && tally_directories(profile.tally) > 0;
	int untold =
		is_walked ? report_profile(&profile, &out, began + budget_of(options), &err) : 0;
	if (profile.is_interrupted)
		fputs("statmark: interrupted; the results so far are shown\n", stderr);
	if (error || untold)
		err_errno(&err, error ? error : untold, "profile");
	enum exit_code code = error || untold          ? cmd_fail(&err)
			      : profile.is_interrupted ? EXIT_INTERRUPTED
						       : EXIT_DONE;
	outdir_close(&out);
	probe_free(&profile.probe);
	tally_free(profile.tally);
	result_free(profile.result);
	return code;
}

const struct command cmd_profile = {
	.name = "profile",
	.operands = "[DIR]",
	.summary = "find where a tree is slow, and what would be faster",
	.details =
		"Walks DIR (default: .) once and times every system call: by call, by depth and\n"
		"by size of directory. Names the directories that take longest. Then compares\n"
		"walks of DIR, or of a part of it if time is short: walk-lstat, the walk of\n"
		"ordinary programs; walk-fused, the walk of libflist, with several numbers of\n"
		"jobs; and readdir, which reads names only. Ends with a summary in sentences.\n"
		"DIR is only read.\n"
		"\n"
		"Directories that cannot be read are counted and named; they are not an error.\n"
		"Ctrl-C prints the results so far. Caches are left as they are, unless\n"
		"--drop-caches or --cold-cmd empties them; then the walks are also compared\n"
		"cold.\n"
		"\n"
		"With -o DIR, profile.json and plots are written into DIR.\n",
	.bit = CMD_PROFILE,
	.run = profile,
};
