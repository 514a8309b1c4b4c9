/*
 * statmark crossover: finds the point of an axis from which one strategy is faster than another.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/crossover/job.h"
#include "engine/host/host.h"
#include "engine/host/tax.h"
#include "engine/host/tool.h"
#include "engine/json/json.h"

#define DOCUMENT "crossover.json"

/* Shares of the time: the most for the plot, and a reserve for printing. */
enum { PLOT_SHARE = 4, PRINTING_SHARE = 16 };
#define PLOT_NS     (3 * NS_PER_SECOND)
#define PRINTING_NS (NS_PER_SECOND / 4)

/* --- The request ------------------------------------------------------------------------------ */

/* Splits one item; arms_gather has replaced plug-ins and programs by plain names. */
static int split_items(struct crossover_job *j, const char **b_item, struct err *err)
{
	char *rest = arena_copy(j->arena, j->arms.names);
	if (!rest)
		return -ENOMEM;
	j->a_item = next_item(&rest);
	*b_item = next_item(&rest);
	if (!j->a_item || !*b_item || next_item(&rest))
		return err_set(err, -EINVAL, "--a and --b: expected one strategy each");
	return 0;
}

static int choose_cells(struct crossover_job *j, struct err *err)
{
	struct crossover_command *o = &j->options;
	const char *b_item = NULL;
	o->cells.strategies =
		arena_print(j->arena, "%s,%s", o->crossover.arm_a, o->crossover.arm_b);
	int error = o->cells.strategies
			    ? arms_gather(&j->arms, &o->cells, o->time.timeout_s * NS_PER_SECOND,
					  j->arena, err)
			    : -ENOMEM;
	if (!error)
		error = split_items(j, &b_item, err);
	const struct select_request request = {
		.strategies = j->arms.strategies,
		.stage = j->arms.stage,
		.jobs = NULL,
		.cpus = topology_allowed(j->topology),
	};
	if (!error)
		error = select_cell(&request, j->a_item, "--a", j->arena, &j->a, err);
	if (!error)
		error = select_cell(&request, b_item, "--b", j->arena, &j->b, err);
	if (!error && j->a.strategy->flags & j->b.strategy->flags & STRATEGY_FLOOR)
		error = err_set(err, -EINVAL, "--a and --b: at least one must make calls");
	/* With its own default number of jobs: the baseline of a run has one. */
	if (!error)
		j->a_item = arena_print(
			j->arena, "%s%s", j->a_item,
			strchr(j->a_item, '/') ? "" : arena_print(j->arena, "/j%u", j->a.jobs));
	return error || j->a_item ? error : -ENOMEM;
}

static const char *label_of(struct crossover_job *j, const struct cell_spec *spec, bool with_jobs)
{
	const char *name = spec->label;
	struct cell_spec cells[] = {*spec};
	struct selection one = {.cells = cells, .n = 1};
	if (j->arms.n_programs && arms_label(&j->arms, &one, j->arena) == 0)
		name = cells[0].label;
	const bool is_plain = spec->jobs == 1 || !with_jobs;
	return is_plain ? name : arena_print(j->arena, "%s/j%u", name, spec->jobs);
}

/* "uring[depth=8,batch=x]/j2": the parameter on the axis has no value. */
static const char *batch_label(struct crossover_job *j)
{
	const struct select_request request = {.strategies = j->arms.strategies,
					       .stage = j->arms.stage,
					       .cpus = topology_allowed(j->topology)};
	const struct param *param = &j->b.strategy->params[j->param];
	const char *item = axis_cell(&j->axis, &j->b, j->param, (uint64_t)param->initial, j->arena);
	struct cell_spec usual;
	if (!item || select_cell(&request, item, "--b", j->arena, &usual, NULL))
		return NULL;
	const size_t length = strcspn(usual.label, "]");
	return arena_print(j->arena, "%.*s%s%s=x]%s", (int)length, usual.label,
			   usual.label[length] ? "," : "[", param->name,
			   usual.jobs > 1 ? arena_print(j->arena, "/j%u", usual.jobs) : "");
}

static int name_cells(struct crossover_job *j)
{
	j->a_name = label_of(j, &j->a, true);
	j->b_name = j->axis.kind == AXIS_BATCH ? batch_label(j)
					       : label_of(j, &j->b, j->axis.kind != AXIS_JOBS);
	return j->a_name && j->b_name ? 0 : -ENOMEM;
}

/* If both are the same cell there is nothing to compare. */
static bool is_same_at(const struct crossover_job *j, uint64_t x)
{
	const struct cell_spec *a = &j->a, *b = &j->b;
	const bool over_jobs = j->axis.kind == AXIS_JOBS, over_batch = j->axis.kind == AXIS_BATCH;
	if (a->strategy != b->strategy || a->jobs != (over_jobs ? x : b->jobs))
		return false;
	for (size_t i = 0; i < PARAMS_MAX && a->strategy->params[i].name; i++) {
		const bool is_axis = over_batch && i == j->param;
		if (a->params[i] != (is_axis ? (int64_t)x : b->params[i]))
			return false;
	}
	return true;
}

/* Checks at which points of the axis B is the same cell as A: at all, at one or at none. */
static int check_same(struct crossover_job *j, struct err *err)
{
	const bool over_jobs = j->axis.kind == AXIS_JOBS, over_batch = j->axis.kind == AXIS_BATCH;
	const uint64_t x = over_jobs    ? j->a.jobs
			   : over_batch ? (uint64_t)j->a.params[j->param]
					: j->from;
	if (x < j->from || x > j->to || !is_same_at(j, x))
		return 0;
	if (!over_jobs && !over_batch)
		return err_set(err, -EINVAL, "--a and --b are both %s", j->a.id);
	if (x == j->from && !j->options.crossover.from) {
		j->from++;
		return 0;
	}
	return err_set(err, -EINVAL, "at %s B equals A; exclude it with --from or --to",
		       axis_words(&j->axis, j->arena, (double)x));
}

static int choose_axis(struct crossover_job *j, struct err *err)
{
	const struct crossover_command *o = &j->options;
	struct axis *axis = &j->axis;
	int error = 0;
	if (axis->kind == AXIS_BATCH)
		error = axis_find_batch(axis, &j->b, &j->param, j->arena, err);
	if (axis->kind == AXIS_JOBS && j->b.strategy->flags & STRATEGY_SEQUENTIAL)
		error = err_set(err, -EINVAL, "--over jobs: %s has one thread",
				j->b.strategy->name);
	j->from = axis->from;
	j->to = axis->to;
	if (!error && o->crossover.from)
		error = axis_read(axis, "--from", o->crossover.from, &j->from, err);
	if (!error && o->crossover.to)
		error = axis_read(axis, "--to", o->crossover.to, &j->to, err);
	if (!error)
		error = check_same(j, err);
	if (!error && j->from >= j->to)
		error = err_set(err, -EINVAL, "--from: expected less than --to, got %s and %s",
				axis_number(axis, j->arena, (double)j->from),
				axis_number(axis, j->arena, (double)j->to));
	return error;
}

static int choose_tree(struct crossover_job *j, char **operands, struct err *err)
{
	struct crossover_command *o = &j->options;
	const struct axis *axis = &j->axis;
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "crossover: expected one TREE, also got '%s'",
			       operands[1]);
	j->words = arena_alloc(j->arena, 2 * sizeof(*j->words));
	if (!j->words)
		return -ENOMEM;
	j->words[0] = operands[0] ? operands[0] : arena_copy(j->arena, axis->shape);
	if (axis->kind == AXIS_ENTRIES && o->tree.entries)
		return err_set(err, -EINVAL,
			       "--entries: leave it out; with --over entries, --from and --to give "
			       "the sizes");
	if (axis->kind == AXIS_RTT && !o->fs.fs)
		o->fs.fs = "sim";
	const bool is_read = operands[0] && subject_is_directory(operands[0]);
	if (is_read && !axis->same_tree)
		return err_set(err, -EINVAL,
			       "--over %s makes trees from shapes; '%s' is a directory, which is "
			       "only read",
			       axis->name, operands[0]);
	if (!is_read && !o->tree.entries)
		o->tree.entries = axis->entries;
	return 0;
}

/* A round trip can be set only for filesystems with one. */
static int check_specs(const struct crossover_job *j, struct err *err)
{
	for (size_t i = 0; j->axis.kind == AXIS_RTT && i < j->axes.n_specs; i++) {
		const char *type = lab_spec_label(j->axes.specs[i]);
		if (!lab_spec_has_rtt(j->axes.specs[i]))
			return err_set(err, -EINVAL,
				       "--over rtt: expected --fs sim or sshfs, got '%s'", type);
		if (strstr(type, "rtt="))
			return err_set(err, -EINVAL,
				       "--over rtt: leave out rtt= in '%s', which is the axis",
				       type);
	}
	return 0;
}

/* Checks whether the trees at both ends can be made, before anything is made. */
static int check_trees(const struct crossover_job *j, struct err *err)
{
	const uint64_t ends[] = {j->from, j->to};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(ends) && !error; i++) {
		struct crossover_command options = j->options;
		axis_set_tree(&j->axis, ends[i], &options);
		options.tree.entries = options.fs.sizes.values[0];
		error = subject_check(j->words[0], &options.tree, err);
	}
	return error;
}

static int make_series(struct crossover_job *j)
{
	const size_t n_specs = MAX(j->axes.n_specs, 1);
	j->series = arena_alloc(j->arena, n_specs * CACHE_STATES * sizeof(*j->series));
	for (size_t i = 0; j->series && i < n_specs; i++) {
		for (enum cache_state state = 0; state < CACHE_STATES; state++) {
			struct series *series = &j->series[j->n];
			if (!(j->states & 1U << state))
				continue;
			series->spec = j->axes.n_specs ? j->axes.specs[i] : NULL;
			series->state = state;
			series->search = (struct search){
				.to = j->to,
				.grows = j->axis.grows,
				.bisect = {.from = j->from,
					   .to = j->to,
					   .resolution = j->resolution},
			};
			j->n++;
		}
	}
	return j->series ? 0 : -ENOMEM;
}

static int parse(struct crossover_job *j, char **operands, struct err *err)
{
	struct crossover_command *o = &j->options;
	if (!o->crossover.arm_a || !o->crossover.arm_b || o->crossover.over < 0)
		return err_set(
			err, -EINVAL,
			"crossover: expected --a, --b and --over, as in crossover --a lstat --b "
			"threaded --over entries");
	j->order = (enum order)o->place.order;
	j->states = o->caches.cache;
	j->resolution = o->crossover.resolution;
	axis_take(&j->axis, (enum axis_kind)o->crossover.over);
	int error = choose_tree(j, operands, err);
	/* Before other threads exist. */
	struct fs_options fs = o->fs;
	fs.sizes = (struct option_counts){0};
	if (!error)
		error = axes_parse(&j->axes, j->words, &fs, &o->tree, &o->output, j->arena, err);
	return error ? error : check_specs(j, err);
}

/* --- Preparation ------------------------------------------------------------------------------ */

static int describe(struct crossover_job *j, struct err *err)
{
	char text[32];
	struct tm tm;
	time_t now = time(NULL);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	j->started = arena_copy(j->arena, text);
	j->seed = j->options.tree.has_seed ? j->options.tree.seed : clock_ns() >> 11;
	int error = j->started ? tool_read(&j->tool, j->arena) : -ENOMEM;
	if (!error)
		error = host_read(&j->host, "", j->topology, j->arena);
	return error ? err_errno(err, error, "cannot describe the run") : 0;
}

static int apply_tax(struct crossover_job *j, struct err *err)
{
	struct tax tax;
	if (!j->options.place.syscall_tax)
		return 0;
	int error = tax_apply(&tax, (uint32_t)j->options.place.syscall_tax, err);
	j->host.tax_instructions = error ? 0 : tax.instructions;
	return error;
}

static int prepare(struct crossover_job *j, char **operands, struct err *err)
{
	struct crossover_command *o = &j->options;
	int cpus[1];
	j->control = (struct cache_control){
		.cold_command = o->caches.cold_command,
		.may_drop = o->caches.drop_caches,
		.trusts = o->caches.trust_cold,
		.timeout_ns = o->time.timeout_s * NS_PER_SECOND,
		.stop = &cmd_stop,
	};
	int error = parse(j, operands, err);
	if (!error)
		error = topology_open(&j->topology, NULL, err);
	if (!error)
		error = topology_place(j->topology, &o->place.pin, 1, cpus, err);
	if (!error)
		o->place.pin = *topology_pin(j->topology, &o->place.pin);
	if (!error)
		error = choose_cells(j, err);
	if (!error)
		error = arms_check_order(&j->arms, j->order, err);
	if (!error)
		error = choose_axis(j, err);
	if (!error)
		error = check_trees(j, err);
	if (!error)
		error = name_cells(j);
	if (!error)
		error = make_series(j);
	if (!error)
		error = describe(j, err);
	return error ? error : apply_tax(j, err);
}

/* --- The end ---------------------------------------------------------------------------------- */

static int save(const struct crossover_job *j, const struct outdir *out, uint64_t end_ns,
		struct err *err)
{
	const struct crossover_command *o = &j->options;
	json_t *json = crossover_json(j);
	int error = json ? 0 : -ENOMEM;
	if (!error && out->fd >= 0)
		error = json_write_file(out, DOCUMENT, json, err);
	if (!error && out->fd >= 0)
		fprintf(stderr, "results are in %s/" DOCUMENT "\n", out->path);
	if (!error && o->line.json)
		error = json_show(stdout, json_incref(json));
	json_decref(json);
	if (error || out->fd < 0 || o->output.no_plots || j->is_interrupted)
		return error;
	error = crossover_draw(j, out, end_ns, err);
	if (error != -ENOTSUP && error != -ETIMEDOUT)
		return error;
	fprintf(stderr, "statmark: no plot: %s\n", err->text);
	*err = (struct err){0};
	return 0;
}

/* 4 if a result was wrong, or a series has no figures; 77 if nothing can run here. */
static enum exit_code exit_code_of(const struct crossover_job *j)
{
	size_t known = 0, skipped = 0;
	for (size_t i = 0; i < j->n; i++) {
		const struct series *series = &j->series[i];
		bool has_figure = false, is_skipped = false;
		for (size_t k = 0; k < series->search.n; k++) {
			const struct axis_point *point = &series->search.points[k];
			if (point->status == STATUS_FAILED)
				return EXIT_FAILED;
			has_figure |= point->winner != WINNER_UNKNOWN;
			is_skipped |= point->status == STATUS_SKIPPED;
		}
		known += has_figure;
		skipped += is_skipped && !has_figure;
	}
	return known + skipped < j->n ? EXIT_FAILED : known ? EXIT_DONE : EXIT_LACKING;
}

static enum exit_code finish(struct crossover_job *j, const struct outdir *out, uint64_t end_ns)
{
	struct err err = {0};
	int error = j->options.line.json ? 0 : crossover_show(j);
	fflush(stdout);
	error = error ? error : save(j, out, end_ns, &err);
	if (error) {
		err_errno(&err, error, "crossover");
		return cmd_fail(&err);
	}
	if (j->is_interrupted) {
		fputs("statmark: interrupted; the results so far are shown\n", stderr);
		return EXIT_INTERRUPTED;
	}
	return exit_code_of(j);
}

static int open_output(const struct crossover_command *o, struct outdir *out, struct err *err)
{
	if (!o->output.out)
		return 0;
	int error = outdir_open(out, o->output.out, o->output.force_output, err);
	return error ? error : outdir_lock(out, err);
}

static enum exit_code crossover(const union options *all, char **operands)
{
	const struct crossover_command *options = &all->crossover;
	const uint64_t budget = options->time.max_time_s * NS_PER_SECOND, end = clock_ns() + budget;
	struct err err = {0};
	struct outdir out = OUTDIR_NONE;
	struct crossover_job j = {.options = *options, .arena = arena_new()};
	struct progress_line *line = NULL;
	enum exit_code code;
	const bool draws = options->output.out && !options->output.no_plots;
	j.until_ns = end - MIN(PRINTING_NS, budget / PRINTING_SHARE) -
		     (draws ? MIN(PLOT_NS, budget / PLOT_SHARE) : 0);
	/*
	 * Before the progress line, which has a thread: with --fs the process gets mounts of its
	 * own.
	 */
	int error = j.arena ? prepare(&j, operands, &err) : -ENOMEM;
	if (!error)
		error = open_output(options, &out, &err);
	line = progress_line_new(options->line.quiet);
	const struct progress progress = {progress_line_report, line, &cmd_stop, progress_line_tell,
					  progress_line_busy};
	j.progress = &progress;
	error = error ? error : crossover_measure(&j, &err);
	progress_line_free(line);
	if (error) {
		err_errno(&err, error, "crossover");
		code = cmd_fail(&err);
	} else {
		code = finish(&j, &out, end);
	}
	outdir_close(&out);
	topology_close(j.topology);
	arms_release(&j.arms);
	arena_free(j.arena);
	return code;
}

const struct command cmd_crossover = {
	.name = "crossover",
	.operands = "[TREE]",
	.summary = "find the size from which one strategy is faster than another",
	.details =
		"Measures A and B in the same rounds, first at both ends of an axis, then by\n"
		"bisection where the winner changes. Ends with a sentence such as: threaded/j2\n"
		"pays from 480 entries (99 %: 320 to 700) on tmpfs, warm. At the lower bound A\n"
		"is significantly faster, at the upper bound B; the estimate between them is\n"
		"where the medians cross. Other results are that B is faster everywhere,\n"
		"nowhere, or only in a part.\n"
		"\n"
		"TREE is a shape (statmark list shapes) or the path of a shape file; over jobs\n"
		"and batch also an existing directory, which is only read. Default: source-tree\n"
		"with 10,000 entries; over depth, name-length and rtt flat, over rtt with 100\n"
		"entries. Each filesystem of --fs and each cache state has its own search.\n"
		"Ctrl-C prints the results so far.\n",
	.bit = CMD_CROSSOVER,
	.run = crossover,
};
