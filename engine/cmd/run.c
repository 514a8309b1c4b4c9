/*
 * statmark run: measures cells on trees, verifies and saves the results, and prints them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/arms.h"
#include "engine/cmd/parts/axes.h"
#include "engine/cmd/parts/budget.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/results.h"
#include "engine/host/host.h"
#include "engine/host/tax.h"
#include "engine/host/tool.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/plan.h"
#include "engine/measure/figures/estimate.h"
#include "engine/measure/run.h"
#include "engine/order.h"
#include "reports/document/document.h"
#include "reports/page/page.h"
#include "reports/plots/plots.h"
#include "reports/plots/scripts.h"

enum { QUICK_ROUNDS = 20, QUICK_SECONDS = 25 };

/*
 * The document is rewritten during the run, so that little is lost if the run is killed; but so
 * rarely that it takes at most a twentieth of the time.
 */
#define SAVE_EVERY_NS (2 * NS_PER_SECOND)
enum { SAVE_SHARE = 20 };

/*
 * Shares of the budget: for reading the tree; for the figures after the last pass, at most
 * SAVING_NS; for plots at most this share, otherwise as long as the last ones took, or PLOTS_NS.
 */
enum { LOADING_SHARE = 5, SAVING_SHARE = 20, PLOTS_SHARE = 4 };
#define SAVING_NS NS_PER_SECOND
#define PLOTS_NS  (2 * NS_PER_SECOND)

/* The same part of a tree is measured every time, unless --seed is given. */
enum { SAMPLE_SEED = 1 };

/*
 * A pass takes about 500 bytes of the document, which must stay small enough to be read
 * (JSON_FILE_MAX).
 */
enum { PASSES_MAX = OPTION_ROUNDS_MAX };

struct run_job {
	struct run_command options;
	struct result *result;
	struct topology *topology;
	struct arms arms;
	struct selection selection;
	char **words; /* operands TREE */
	struct axes axes;
	struct cache_control control;
	unsigned states; /* mask of 1 << enum cache_state */
	enum order order;
	struct results results;
	bool linked;         /* `latest` points to this run */
	struct err link_err; /* why it does not */
	struct progress_line *line;
	struct progress progress;
	uint64_t began_ns, measuring_ns, next_save_ns;
	uint64_t plots_ns;   /* expected duration of drawing plots */
	struct err save_err; /* the first failure to save during the measurement */
};

static struct cache_control cache_control_of(const struct run_command *o)
{
	return (struct cache_control){
		.cold_command = o->caches.cold_command,
		.prepare_command = o->caches.prepare_command,
		.may_drop = o->caches.drop_caches,
		.trusts = o->caches.trust_cold,
		.timeout_ns = o->time.timeout_s * NS_PER_SECOND,
		.stop = &cmd_stop,
	};
}

static uint64_t random_number(void)
{
	uint64_t number = clock_ns();
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = clock_ns();
	return number;
}

static const char *utc_now(struct arena *arena)
{
	char text[32];
	struct tm tm;
	time_t now = time(NULL);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return arena_copy(arena, text);
}

static int describe_run(struct run_job *job, struct err *err)
{
	struct result *result = job->result;
	struct run_facts *run = &result->run;
	struct run_command *o = &job->options;
	run->id = arena_print(result->arena, "%016" PRIx64, random_number());
	run->started = utc_now(result->arena);
	run->n_argv = (size_t)o->line.argc + 1;
	run->argv = arena_alloc(result->arena, run->n_argv * sizeof(*run->argv));
	for (size_t i = 0; run->argv && i < run->n_argv; i++)
		run->argv[i] = i ? o->line.argv[i - 1] : "statmark";
	/* JSON readers keep integers below 2^53 exactly. */
	run->seed = o->tree.has_seed ? o->tree.seed : random_number() >> 11;
	run->budget_ns = o->time.max_time_s * NS_PER_SECOND;
	run->options = options_echo(&o->line, CMD_RUN, result->arena, &run->n_options);
	int error = run->id && run->started && run->argv && run->options ? 0 : -ENOMEM;
	if (!error)
		error = tool_read(&result->tool, result->arena);
	if (!error)
		error = host_read(&result->host, "", job->topology, result->arena);
	return error ? err_errno(err, error, "cannot describe the run") : 0;
}

/* Cold caches that cannot be made are refused at once, not in each row. */
static int check_means(const struct run_job *job, struct err *err)
{
	int error = 0;
	for (enum cache_state state = 0; state < CACHE_STATES && !error; state++) {
		/* Filesystems of --fs become cold by a remount, each separately. */
		if (job->states & 1U << state && !(state == CACHE_COLD && job->axes.n_specs))
			error = cache_state_probe(state, &job->control, NULL, err);
	}
	return error;
}

/* A pin policy, unlike a list of CPUs, is dropped if threads cannot be bound. */
static void set_policy(struct run_job *job)
{
	const struct pin *pin = topology_pin(job->topology, &job->options.place.pin);
	if (pin->policy != job->options.place.pin.policy)
		fputs("statmark: threads cannot be bound to CPUs here (sched_setaffinity is "
		      "refused), so workers run where the scheduler puts them\n",
		      stderr);
	job->options.place.pin = *pin;
}

static int choose_cells(struct run_job *job, struct err *err)
{
	const struct run_command *o = &job->options;
	struct select_request request = {
		.jobs = o->cells.jobs,
		.params = (const char *const *)o->cells.params,
		.baseline = o->cells.baseline,
		.cpus = topology_allowed(job->topology),
	};
	int cpus[1];
	job->order = (enum order)o->place.order;
	job->states = o->caches.cache;
	int error = check_means(job, err);
	if (!error)
		error = arms_gather(&job->arms, &o->cells, o->time.timeout_s * NS_PER_SECOND,
				    job->result->arena, err);
	request.strategies = job->arms.strategies;
	request.names = job->arms.names;
	request.stage = job->arms.stage;
	if (!error)
		error = arms_check_order(&job->arms, job->order, err);
	if (!error)
		error = topology_place(job->topology, &o->place.pin, 1, cpus, err);
	if (!error)
		set_policy(job);
	if (!error)
		error = select_cells(&request, job->result->arena, &job->selection, err);
	if (!error)
		error = arms_label(&job->arms, &job->selection, job->result->arena);
	return error;
}

/*
 * Each tree has a pass in each round and cache state, so the number of rounds is limited; with
 * --precision, to what the document can hold.
 */
static int limit_rounds(struct run_job *job, char **words, struct err *err)
{
	struct run_command *o = &job->options;
	const size_t states = (size_t)__builtin_popcount(job->states);
	const size_t passes =
		plan_length(job->selection.n) * states * axes_count(&job->axes, words, &o->fs);
	if (o->time.precision_ppm)
		o->time.rounds = MAX(PASSES_MAX / MAX(passes, 1), 1);
	if (o->time.rounds * passes <= PASSES_MAX)
		return 0;
	return err_set(err, -EINVAL, "--rounds: %s of %s each are more than a document holds (%s)",
		       COUNTED(o->time.rounds, "round"), COUNTED(passes, "pass"),
		       GROUPED(PASSES_MAX));
}

/* Applied last, so that it slows down only the measurement. */
static int apply_tax(struct run_job *job, struct err *err)
{
	struct host_facts *host = &job->result->host;
	struct tax tax;
	if (!job->options.place.syscall_tax)
		return 0;
	int error = tax_apply(&tax, (uint32_t)job->options.place.syscall_tax, err);
	if (!error) {
		host->tax_instructions = tax.instructions;
		host->tax_ps = tax.after_ps > tax.before_ps ? tax.after_ps - tax.before_ps : 0;
	}
	return error;
}

/* Finds CPUs that other processes use; workers are placed elsewhere if possible. */
static int find_busy_cpus(struct run_job *job, struct err *err)
{
	struct arena *arena = job->result->arena;
	if (!idle_measure(job->topology, IDLE_WINDOW_NS))
		return 0; /* unknown */
	char *busy = topology_busy_text(job->topology);
	job->result->host.cpus_busy = arena_copy(arena, busy);
	free(busy);
	return job->result->host.cpus_busy ? 0
					   : err_errno(err, -ENOMEM, "cannot look for idle CPUs");
}

/* As long as the last plots took: those of the previous run, or those in the same directory. */
static uint64_t expect_plots(const struct run_job *job)
{
	const struct results *r = &job->results;
	if (job->options.output.no_plots)
		return 0;
	const uint64_t took =
		r->all.fd >= 0 ? plots_took(r->all.fd, RESULTS_LATEST) : plots_took(r->dir.fd, ".");
	return took ? took : PLOTS_NS;
}

/* Opens the first sitting or, after its measurement, the next one. */
static int open_axes(struct run_job *job, struct err *err)
{
	const struct run_command *o = &job->options;
	const struct axes_request request = {
		.words = job->words,
		.tree = &o->tree,
		.fs = &o->fs,
		.skip_dir = job->results.skip,
		.share_ns = o->time.max_time_s * NS_PER_SECOND / LOADING_SHARE,
		.control = &job->control,
		.progress = &job->progress,
		.arena = job->result->arena,
	};
	return axes_open(&job->axes, &request, err);
}

/* All errors in the command are found before anything is made or measured. */
static int prepare(struct run_job *job, char **words, struct err *err)
{
	struct arena *arena = job->result->arena;
	struct run_command *o = &job->options;
	job->words = words;
	job->control = cache_control_of(o);
	int error = topology_open(&job->topology, NULL, err);
	if (!error)
		error = choose_cells(job, err);
	if (!error)
		error = limit_rounds(job, words, err);
	if (!error)
		error = describe_run(job, err);
	if (!error)
		error = results_open(&job->results, &o->output, words[0], SUBJECT_USUAL, arena,
				     err);
	if (!error)
		error = open_axes(job, err);
	if (!error)
		job->plots_ns = expect_plots(job);
	if (!error)
		error = find_busy_cpus(job, err);
	if (!error)
		error = apply_tax(job, err);
	return error;
}

static int save(struct run_job *job, struct err *err)
{
	uint64_t began = clock_ns();
	job->result->run.duration_ns = began - job->measuring_ns;
	int error = estimate_cells(job->result);
	error = error ? error : check_result(job->result);
	error = error ? err_errno(err, error, "cannot write %s", job->results.document)
		      : document_write(&job->results.dir, RESULTS_DOCUMENT, job->result, err);
	if (!error && !job->linked)
		job->linked = results_saved(&job->results, &job->link_err) == 0;
	uint64_t ended = clock_ns();
	job->next_save_ns = ended + MAX(SAVE_EVERY_NS, SAVE_SHARE * (ended - began));
	return error;
}

static void save_sometimes(void *arg)
{
	struct run_job *job = arg;
	if (clock_ns() >= job->next_save_ns)
		save(job, &job->save_err);
}

/* The budget counts from the program's start, without the time to make a tree. */
static uint64_t end_of_budget(const struct run_job *job)
{
	const uint64_t budget = job->result->run.budget_ns;
	return budget ? job->began_ns + axes_made_ns(&job->axes) + budget : 0;
}

/* Figures and plots are made after the last pass. */
static uint64_t end_of_measuring(const struct run_job *job)
{
	const uint64_t end = end_of_budget(job), budget = job->result->run.budget_ns;
	const uint64_t saving = MIN(budget / SAVING_SHARE, SAVING_NS);
	return end ? end - saving - MIN(budget / PLOTS_SHARE, job->plots_ns) : 0;
}

/* Each tree gets about the same share of the time left for it and all that follow. */
static uint64_t end_of_sitting(const struct run_job *job)
{
	const struct axes *axes = &job->axes;
	const uint64_t until = end_of_measuring(job), now = clock_ns();
	const uint64_t left = until - MIN(now, until);
	if (!until || !axes_are_left(axes))
		return until;
	return now + left / (axes->n_all - axes->first) * (axes->n - axes->first);
}

static int measure_sitting(struct run_job *job, struct err *err)
{
	uint64_t weights[CACHE_STATES] = {0};
	struct axes *axes = &job->axes;
	struct subject *subjects = axes->subjects + axes->first;
	struct target *targets = axes->targets + axes->first;
	struct run_request request = {
		.targets = targets,
		.n_targets = axes->n - axes->first,
		.topology = job->topology,
		.selection = &job->selection,
		.pin = &job->options.place.pin,
		.states = job->states,
		.weights = weights,
		.rounds = (uint32_t)job->options.time.rounds,
		.sample = (uint32_t)job->options.time.sample,
		.first_round = (uint32_t)job->options.time.rounds * (axes->sittings - 1) *
			       (uint32_t)__builtin_popcount(job->states),
		.until_ns = end_of_sitting(job),
		.precision_ppm = job->options.time.precision_ppm,
		.seed = job->result->run.seed,
		.progress = &job->progress,
		.saved = save_sometimes,
		.arg = job,
	};
	const struct budget budget = {
		.before = axes->subjects,
		.n_before = axes->first,
		.n_subjects = request.n_targets,
		.arms = &job->arms,
		.arena = job->result->arena,
		.request = &request,
		.weights = weights,
		.order = job->order,
		.seed = job->result->run.seed,
		.sample_seed = job->options.tree.has_seed ? job->options.tree.seed : SAMPLE_SEED,
	};
	int error = budget_fit(&budget, subjects, targets, err);
	if (!error && axes_describe(axes, job->order, job->result))
		error = err_errno(err, -ENOMEM, "cannot describe the run");
	if (axes->first == 0) {
		job->measuring_ns = clock_ns();
		job->next_save_ns = job->measuring_ns + SAVE_EVERY_NS;
	}
	return error ? error : run_cells(&request, job->result, err);
}

/*
 * Measures sitting after sitting: trees that do not fit into memory together are measured one after
 * the other.
 */
static int measure(struct run_job *job, struct err *err)
{
	int error = measure_sitting(job, err);
	while (!error && axes_are_left(&job->axes)) {
		error = open_axes(job, err);
		if (!error)
			error = measure_sitting(job, err);
	}
	return error;
}

/* Without gnuplot, or without time, there are no plots; the run does not fail. */
static enum exit_code draw_plots(const struct run_job *job)
{
	struct err err = {0};
	const struct page_run run = {job->results.dir.path, job->result};
	if (job->options.output.no_plots)
		return EXIT_DONE;
	if (page_write(&job->results.dir, &run, 1, stderr, &err))
		return cmd_fail(&err);
	const struct drawing_terms terms = {stderr, job->options.output.gp_dir, &cmd_stop,
					    end_of_budget(job),
					    job->options.output.theme == THEME_DARK};
	int error = plots_draw(job->result, &job->results.dir, &terms, &err);
	if (error == -ENOTSUP)
		fprintf(stderr, "statmark: no plots: %s\n", err.text);
	if (error == -ETIMEDOUT)
		fprintf(stderr,
			"plots left out: no time left; draw them with 'statmark report %s'\n",
			job->results.dir.path);
	return error && error != -ENOTSUP && error != -ETIMEDOUT ? cmd_fail(&err) : EXIT_DONE;
}

/* If a file could not be written, the rest is shown; the exit code reports it. */
static enum exit_code show(const struct run_job *job)
{
	struct err err = {0};
	progress_line_clear(job->line);
	const int error = show_result(&job->options.output, job->result, &err);
	fflush(stdout);
	return error ? cmd_fail(&err) : EXIT_DONE;
}

/*
 * 4 if a cell failed, or nothing that was requested has a figure; 77 if nothing of it can run here.
 */
static enum exit_code exit_code_of(const struct run_job *job)
{
	size_t asked = 0, measured = 0, skipped = 0;
	for (size_t i = 0; i < job->result->n_cells; i++) {
		const struct cell_result *cell = &job->result->cells[i];
		if (cell->status == STATUS_FAILED || cell->status == STATUS_INVALID)
			return EXIT_FAILED;
		if (!job->selection.cells[i % job->selection.n].is_asked)
			continue;
		asked++;
		measured += cell->status == STATUS_OK && estimate_has_median(&cell->ns_per_entry);
		skipped += cell->status == STATUS_SKIPPED;
	}
	if (measured || !asked)
		return EXIT_DONE;
	return skipped == asked ? EXIT_LACKING : EXIT_FAILED;
}

static enum exit_code finish(struct run_job *job, int measured, struct err *err)
{
	job->result->complete = measured == 0;
	struct err save_err = {0};
	if (measured && measured != -EINTR) {
		if (job->axes.first > 0) /* results of earlier sittings are kept */
			save(job, &save_err);
		return cmd_fail(err);
	}
	/* Figures that cannot be saved are still shown. */
	int unsaved = save(job, &save_err);
	const enum exit_code shown = show(job);
	if (unsaved)
		return cmd_fail(&save_err);
	fprintf(stderr, "results are in %s\n", job->results.document);
	if (!job->linked)
		fprintf(stderr, "statmark: %s\n", job->link_err.text);
	if (measured == -EINTR) {
		fputs("statmark: interrupted; the results so far are shown and "
		      "saved\n",
		      stderr);
		return EXIT_INTERRUPTED;
	}
	enum exit_code judged = exit_code_of(job), drawn = draw_plots(job);
	return judged ? judged : shown ? shown : drawn;
}

static void apply_quick(struct run_command *o)
{
	if (!o->time.quick)
		return;
	o->time.rounds = MIN(o->time.rounds, QUICK_ROUNDS);
	o->time.max_time_s =
		o->time.max_time_s ? MIN(o->time.max_time_s, QUICK_SECONDS) : QUICK_SECONDS;
}

static enum exit_code run(const union options *all, char **operands)
{
	const struct run_command *options = &all->run;
	struct err err = {0};
	struct run_job job = {.options = *options, .results = RESULTS_NONE, .began_ns = clock_ns()};
	enum exit_code code;
	apply_quick(&job.options);
	job.result = result_new();
	/* Before other threads exist. */
	int error = job.result ? axes_parse(&job.axes, operands, &job.options.fs, &job.options.tree,
					    &job.options.output, job.result->arena, &err)
			       : -ENOMEM;
	job.line = progress_line_new(options->line.quiet);
	job.progress = (struct progress){progress_line_report, job.line, &cmd_stop,
					 progress_line_tell, progress_line_busy};
	error = error ? error : show_check(&job.options.output, &err);
	if (!error && job.options.output.gp_dir)
		error = scripts_check(job.options.output.gp_dir, &err);
	error = error ? error : prepare(&job, operands, &err);
	if (error) {
		err_errno(&err, error, "cannot prepare the run");
		progress_line_clear(job.line);
		code = cmd_fail(&err);
	} else {
		code = finish(&job, measure(&job, &err), &err);
	}
	progress_line_free(job.line);
	axes_close(&job.axes);
	results_close(&job.results);
	topology_close(job.topology);
	arms_release(&job.arms);
	result_free(job.result);
	return code;
}

const struct command cmd_run = {
	.name = "run",
	.operands = "[TREE...]",
	.summary = "measure ways of fetching metadata over a tree",
	.details = "TREE is a shape (statmark list shapes), the path of a shape file, or an\n"
		   "existing directory, which is only read. Default: source-tree with 20,000\n"
		   "entries. Trees are made in --dir and reused by later runs. Results go into\n"
		   "--output: run.json, index.html (a page with everything) and plots.\n"
		   "With several TREEs, or several sizes in --entries, each round measures all of\n"
		   "them; each tree has its own baseline.\n"
		   "\n"
		   "--strategy also takes other programs, as exec:COMMAND or NAME=exec:COMMAND:\n"
		   "    -s 'walk-lstat,find=exec[lines=verify]:find {root}'\n"
		   "NAME is the name in the table. With lines=verify a pass must print as many\n"
		   "lines as the tree has entries; without it the program is not ranked.\n",
	.bit = CMD_RUN,
	.run = run,
};
