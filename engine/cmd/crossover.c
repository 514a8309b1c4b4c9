/*
 * statmark crossover: from which point on is one strategy faster than another?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/crossover/search.h"
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
static int split_items(struct search *s, const char **b_item, struct err *err)
{
	char *rest = arena_copy(s->arena, s->arms.names);
	if (!rest)
		return -ENOMEM;
	s->a_item = next_item(&rest);
	*b_item = next_item(&rest);
	if (!s->a_item || !*b_item || next_item(&rest))
		return err_set(err, -EINVAL, "--a and --b: expected one strategy each");
	return 0;
}

static int choose_cells(struct search *s, struct err *err)
{
	struct crossover_command *o = &s->options;
	const char *b_item = NULL;
	o->cells.strategies =
		arena_print(s->arena, "%s,%s", o->crossover.arm_a, o->crossover.arm_b);
	int error = o->cells.strategies
			    ? arms_gather(&s->arms, &o->cells, o->time.timeout_s * NS_PER_SECOND,
					  s->arena, err)
			    : -ENOMEM;
	if (!error)
		error = split_items(s, &b_item, err);
	const struct select_request request = {
		.strategies = s->arms.strategies,
		.stage = s->arms.stage,
		.jobs = NULL,
		.cpus = topology_allowed(s->topology),
	};
	if (!error)
		error = select_cell(&request, s->a_item, "--a", s->arena, &s->a, err);
	if (!error)
		error = select_cell(&request, b_item, "--b", s->arena, &s->b, err);
	if (!error && s->a.strategy->flags & s->b.strategy->flags & STRATEGY_FLOOR)
		error = err_set(err, -EINVAL, "--a and --b: at least one must make calls");
	/* With its own default number of jobs: the baseline of a run has one. */
	if (!error)
		s->a_item = arena_print(
			s->arena, "%s%s", s->a_item,
			strchr(s->a_item, '/') ? "" : arena_print(s->arena, "/j%u", s->a.jobs));
	return error || s->a_item ? error : -ENOMEM;
}

static const char *label_of(struct search *s, const struct cell_spec *spec, bool with_jobs)
{
	const char *name = spec->label;
	struct cell_spec cells[] = {*spec};
	struct selection one = {.cells = cells, .n = 1};
	if (s->arms.n_programs && arms_label(&s->arms, &one, s->arena) == 0)
		name = cells[0].label;
	const bool is_plain = spec->jobs == 1 || !with_jobs;
	return is_plain ? name : arena_print(s->arena, "%s/j%u", name, spec->jobs);
}

/* "uring[depth=8,batch=x]/j2": the parameter on the axis has no value. */
static const char *batch_label(struct search *s)
{
	const struct select_request request = {.strategies = s->arms.strategies,
					       .stage = s->arms.stage,
					       .cpus = topology_allowed(s->topology)};
	const struct param *param = &s->b.strategy->params[s->param];
	const char *item = axis_cell(&s->axis, &s->b, s->param, (uint64_t)param->initial, s->arena);
	struct cell_spec usual;
	if (!item || select_cell(&request, item, "--b", s->arena, &usual, NULL))
		return NULL;
	const size_t length = strcspn(usual.label, "]");
	return arena_print(s->arena, "%.*s%s%s=x]%s", (int)length, usual.label,
			   usual.label[length] ? "," : "[", param->name,
			   usual.jobs > 1 ? arena_print(s->arena, "/j%u", usual.jobs) : "");
}

static int name_cells(struct search *s)
{
	s->a_name = label_of(s, &s->a, true);
	s->b_name = s->axis.kind == AXIS_BATCH ? batch_label(s)
					       : label_of(s, &s->b, s->axis.kind != AXIS_JOBS);
	return s->a_name && s->b_name ? 0 : -ENOMEM;
}

/* If both are the same cell there is nothing to compare. */
static bool is_same_at(const struct search *s, uint64_t x)
{
	const struct cell_spec *a = &s->a, *b = &s->b;
	const bool over_jobs = s->axis.kind == AXIS_JOBS, over_batch = s->axis.kind == AXIS_BATCH;
	if (a->strategy != b->strategy || a->jobs != (over_jobs ? x : b->jobs))
		return false;
	for (size_t i = 0; i < PARAMS_MAX && a->strategy->params[i].name; i++) {
		const bool is_axis = over_batch && i == s->param;
		if (a->params[i] != (is_axis ? (int64_t)x : b->params[i]))
			return false;
	}
	return true;
}

/* Checks at which points of the axis B is the same cell as A: at all, at one or at none. */
static int check_same(struct search *s, struct err *err)
{
	const bool over_jobs = s->axis.kind == AXIS_JOBS, over_batch = s->axis.kind == AXIS_BATCH;
	const uint64_t x = over_jobs    ? s->a.jobs
			   : over_batch ? (uint64_t)s->a.params[s->param]
					: s->from;
	if (x < s->from || x > s->to || !is_same_at(s, x))
		return 0;
	if (!over_jobs && !over_batch)
		return err_set(err, -EINVAL, "--a and --b are both %s", s->a.id);
	if (x == s->from && !s->options.crossover.from) {
		s->from++;
		return 0;
	}
	return err_set(err, -EINVAL, "at %s B equals A; exclude it with --from or --to",
		       axis_words(&s->axis, s->arena, (double)x));
}

static int choose_axis(struct search *s, struct err *err)
{
	const struct crossover_command *o = &s->options;
	struct axis *axis = &s->axis;
	int error = 0;
	if (axis->kind == AXIS_BATCH)
		error = axis_find_batch(axis, &s->b, &s->param, s->arena, err);
	if (axis->kind == AXIS_JOBS && s->b.strategy->flags & STRATEGY_SEQUENTIAL)
		error = err_set(err, -EINVAL, "--over jobs: %s has one thread",
				s->b.strategy->name);
	s->from = axis->from;
	s->to = axis->to;
	if (!error && o->crossover.from)
		error = axis_read(axis, "--from", o->crossover.from, &s->from, err);
	if (!error && o->crossover.to)
		error = axis_read(axis, "--to", o->crossover.to, &s->to, err);
	if (!error)
		error = check_same(s, err);
	if (!error && s->from >= s->to)
		error = err_set(err, -EINVAL, "--from: expected less than --to, got %s and %s",
				axis_number(axis, s->arena, (double)s->from),
				axis_number(axis, s->arena, (double)s->to));
	return error;
}

static int choose_tree(struct search *s, char **operands, struct err *err)
{
	struct crossover_command *o = &s->options;
	const struct axis *axis = &s->axis;
	if (operands[0] && operands[1])
		return err_set(err, -EINVAL, "crossover: expected one TREE, also got '%s'",
			       operands[1]);
	s->words = arena_alloc(s->arena, 2 * sizeof(*s->words));
	if (!s->words)
		return -ENOMEM;
	s->words[0] = operands[0] ? operands[0] : arena_copy(s->arena, axis->shape);
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
static int check_specs(const struct search *s, struct err *err)
{
	for (size_t i = 0; s->axis.kind == AXIS_RTT && i < s->axes.n_specs; i++) {
		const char *type = lab_spec_label(s->axes.specs[i]);
		if (!lab_spec_has_rtt(s->axes.specs[i]))
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
static int check_trees(const struct search *s, struct err *err)
{
	const uint64_t ends[] = {s->from, s->to};
	int error = 0;
	for (size_t i = 0; i < ARRAY_LEN(ends) && !error; i++) {
		struct crossover_command options = s->options;
		axis_set_tree(&s->axis, ends[i], &options);
		options.tree.entries = options.fs.sizes.values[0];
		error = subject_check(s->words[0], &options.tree, err);
	}
	return error;
}

static int make_series(struct search *s)
{
	const size_t n_specs = MAX(s->axes.n_specs, 1);
	s->series = arena_alloc(s->arena, n_specs * CACHE_STATES * sizeof(*s->series));
	for (size_t i = 0; s->series && i < n_specs; i++) {
		for (enum cache_state state = 0; state < CACHE_STATES; state++) {
			struct series *series = &s->series[s->n];
			if (!(s->states & 1U << state))
				continue;
			series->spec = s->axes.n_specs ? s->axes.specs[i] : NULL;
			series->state = state;
			series->bisect = (struct bisect){
				.from = s->from, .to = s->to, .resolution = s->resolution};
			s->n++;
		}
	}
	return s->series ? 0 : -ENOMEM;
}

static int parse(struct search *s, char **operands, struct err *err)
{
	struct crossover_command *o = &s->options;
	if (!o->crossover.arm_a || !o->crossover.arm_b || o->crossover.over < 0)
		return err_set(
			err, -EINVAL,
			"crossover: expected --a, --b and --over, as in crossover --a lstat --b "
			"threaded --over entries");
	s->order = (enum order)o->place.order;
	s->states = o->caches.cache;
	s->resolution = o->crossover.resolution;
	axis_take(&s->axis, (enum axis_kind)o->crossover.over);
	int error = choose_tree(s, operands, err);
	/* Before other threads exist. */
	struct fs_options fs = o->fs;
	fs.sizes = (struct option_counts){0};
	if (!error)
		error = axes_parse(&s->axes, s->words, &fs, &o->tree, &o->output, s->arena, err);
	return error ? error : check_specs(s, err);
}

/* --- Preparation ------------------------------------------------------------------------------ */

static int describe(struct search *s, struct err *err)
{
	char text[32];
	struct tm tm;
	time_t now = time(NULL);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	s->started = arena_copy(s->arena, text);
	s->seed = s->options.tree.has_seed ? s->options.tree.seed : clock_ns() >> 11;
	int error = s->started ? tool_read(&s->tool, s->arena) : -ENOMEM;
	if (!error)
		error = host_read(&s->host, "", s->topology, s->arena);
	return error ? err_errno(err, error, "cannot describe the run") : 0;
}

static int apply_tax(struct search *s, struct err *err)
{
	struct tax tax;
	if (!s->options.place.syscall_tax)
		return 0;
	int error = tax_apply(&tax, (uint32_t)s->options.place.syscall_tax, err);
	s->host.tax_instructions = error ? 0 : tax.instructions;
	return error;
}

static int prepare(struct search *s, char **operands, struct err *err)
{
	struct crossover_command *o = &s->options;
	int cpus[1];
	s->control = (struct cache_control){
		.cold_command = o->caches.cold_command,
		.may_drop = o->caches.drop_caches,
		.trusts = o->caches.trust_cold,
		.timeout_ns = o->time.timeout_s * NS_PER_SECOND,
		.stop = &cmd_stop,
	};
	int error = parse(s, operands, err);
	if (!error)
		error = topology_open(&s->topology, NULL, err);
	if (!error)
		error = topology_place(s->topology, &o->place.pin, 1, cpus, err);
	if (!error)
		o->place.pin = *topology_pin(s->topology, &o->place.pin);
	if (!error)
		error = choose_cells(s, err);
	if (!error)
		error = arms_check_order(&s->arms, s->order, err);
	if (!error)
		error = choose_axis(s, err);
	if (!error)
		error = check_trees(s, err);
	if (!error)
		error = name_cells(s);
	if (!error)
		error = make_series(s);
	if (!error)
		error = describe(s, err);
	return error ? error : apply_tax(s, err);
}

/* --- The end ---------------------------------------------------------------------------------- */

static int save(const struct search *s, const struct outdir *out, uint64_t end_ns, struct err *err)
{
	const struct crossover_command *o = &s->options;
	json_t *json = search_json(s);
	int error = json ? 0 : -ENOMEM;
	if (!error && out->fd >= 0)
		error = json_write_file(out, DOCUMENT, json, err);
	if (!error && out->fd >= 0)
		fprintf(stderr, "results are in %s/" DOCUMENT "\n", out->path);
	if (!error && o->line.json)
		error = json_show(stdout, json_incref(json));
	json_decref(json);
	if (error || out->fd < 0 || o->output.no_plots || s->is_interrupted)
		return error;
	error = search_draw(s, out, end_ns, err);
	if (error != -ENOTSUP && error != -ETIMEDOUT)
		return error;
	fprintf(stderr, "statmark: no plot: %s\n", err->text);
	*err = (struct err){0};
	return 0;
}

/* 4 if a result was wrong, or a series has no figures; 77 if nothing can run here. */
static enum exit_code exit_code_of(const struct search *s)
{
	size_t known = 0, skipped = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct series *series = &s->series[i];
		bool has_figure = false, is_skipped = false;
		for (size_t k = 0; k < series->n; k++) {
			const struct axis_point *point = &series->points[k];
			if (point->status == STATUS_FAILED)
				return EXIT_FAILED;
			has_figure |= point->winner != WINNER_UNKNOWN;
			is_skipped |= point->status == STATUS_SKIPPED;
		}
		known += has_figure;
		skipped += is_skipped && !has_figure;
	}
	return known + skipped < s->n ? EXIT_FAILED : known ? EXIT_DONE : EXIT_LACKING;
}

static enum exit_code finish(struct search *s, const struct outdir *out, uint64_t end_ns)
{
	struct err err = {0};
	int error = s->options.line.json ? 0 : search_show(s);
	fflush(stdout);
	error = error ? error : save(s, out, end_ns, &err);
	if (error) {
		err_errno(&err, error, "crossover");
		return cmd_fail(&err);
	}
	if (s->is_interrupted) {
		fputs("statmark: interrupted; the results so far are shown\n", stderr);
		return EXIT_INTERRUPTED;
	}
	return exit_code_of(s);
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
	struct search s = {.options = *options, .arena = arena_new()};
	struct progress_line *line = NULL;
	enum exit_code code;
	const bool draws = options->output.out && !options->output.no_plots;
	s.until_ns = end - MIN(PRINTING_NS, budget / PRINTING_SHARE) -
		     (draws ? MIN(PLOT_NS, budget / PLOT_SHARE) : 0);
	/*
	 * Before the progress line, which has a thread: with --fs the process gets mounts of its
	 * own.
	 */
	int error = s.arena ? prepare(&s, operands, &err) : -ENOMEM;
	if (!error)
		error = open_output(options, &out, &err);
	line = progress_line_new(options->line.quiet);
	const struct progress progress = {progress_line_report, line, &cmd_stop, progress_line_tell,
					  progress_line_busy};
	s.progress = &progress;
	error = error ? error : search_run(&s, &err);
	progress_line_free(line);
	if (error) {
		err_errno(&err, error, "crossover");
		code = cmd_fail(&err);
	} else {
		code = finish(&s, &out, end);
	}
	outdir_close(&out);
	topology_close(s.topology);
	arms_release(&s.arms);
	arena_free(s.arena);
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
