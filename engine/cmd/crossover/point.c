/*
 * Measures A and B at one point, in rounds, until it is certain which of them is faster.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/crossover/job.h"
#include "engine/cmd/line/terminal.h"
#include "engine/cmd/parts/budget.h"
#include "engine/measure/figures/estimate.h"
#include "engine/measure/run.h"
#include "reports/words/format.h"

enum { ROUNDS_MAX = 600 };

struct point_run {
	struct crossover_job *job;
	struct series *series;
	struct axis_point *point;
	struct result *result;
	struct selection selection;
	size_t a, b; /* cells */
	uint64_t until_ns;
	const char *where;  /* "480 entries on tmpfs" */
	volatile int *stop; /* stops making the tree; NULL: it is made */
};

/* --- The cells -------------------------------------------------------------------------------- */

static bool is_floor(const struct cell_spec *spec)
{
	return spec->strategy->flags & STRATEGY_FLOOR;
}

/* A is the baseline, whose passes are next to those of B, unless it cannot be a baseline. */
static int choose_cells(struct point_run *m, struct err *err)
{
	struct crossover_job *j = m->job;
	struct arena *arena = j->arena;
	const bool is_swapped = is_floor(&j->a);
	const char *b = axis_cell(&j->axis, &j->b, j->param, m->point->x, arena);
	const struct select_request request = {
		.strategies = j->arms.strategies,
		.stage = j->arms.stage,
		.names = b ? arena_print(arena, "%s,%s", j->a_item, b) : NULL,
		.baseline = is_swapped ? b : j->a_item,
		.cpus = topology_allowed(j->topology),
	};
	if (!request.names)
		return -ENOMEM;
	int error = select_cells(&request, arena, &m->selection, err);
	if (!error)
		error = arms_label(&j->arms, &m->selection, arena);
	for (size_t i = 0; i < m->selection.n; i++) {
		const struct cell_spec *cell = &m->selection.cells[i];
		if (cell->is_asked && cell->is_baseline != is_swapped)
			m->a = i;
		else if (cell->is_asked)
			m->b = i;
	}
	return error;
}

/* The filesystem of a point: that of the series, or a copy with the round trip of the point. */
static int find_spec(const struct point_run *m, struct lab_spec **spec, struct err *err)
{
	const struct crossover_job *j = m->job;
	struct lab_spec **specs;
	size_t n;
	*spec = m->series->spec;
	if (j->axis.kind != AXIS_RTT)
		return 0;
	const char *label = lab_spec_label(*spec);
	char *text = arena_print(j->arena, "%s%srtt=%" PRIu64 "ns", label,
				 strchr(label, ':') ? "," : ":", m->point->x);
	int error = text ? lab_parse(&specs, &n, text, j->arena, err) : -ENOMEM;
	if (!error)
		*spec = specs[0];
	return error;
}

/*
 * Progress messages begin with the series. Making a tree does not check the time, so the progress
 * callback stops it when time is up, as the user would.
 */
static void report(void *arg, const char *what, uint64_t done, uint64_t total)
{
	char words[96]; /* the length that a line keeps */
	struct point_run *m = arg;
	const struct progress *outer = m->job->progress;
	if (m->stop)
		*m->stop = progress_stopped(outer) || clock_ns() >= m->until_ns;
	snprintf(words, sizeof(words), "%s: %s", m->where, what);
	progress_report(outer, words, done, total);
}

static void tell(void *arg, const char *words)
{
	progress_tell(((struct point_run *)arg)->job->progress, words);
}

static void busy(void *arg, bool begins)
{
	progress_busy(((struct point_run *)arg)->job->progress, begins);
}

static int say_where(struct point_run *m)
{
	const struct crossover_job *j = m->job;
	m->where =
		arena_print(j->arena, "%s%s%s", axis_words(&j->axis, j->arena, (double)m->point->x),
			    m->series->spec ? " on " : "",
			    m->series->spec ? lab_spec_label(m->series->spec) : "");
	return m->where ? 0 : -ENOMEM;
}

static int open_tree(struct point_run *m, struct axes *open, struct err *err)
{
	struct crossover_job *j = m->job;
	struct crossover_command options = j->options;
	struct lab_spec **specs = arena_alloc(j->arena, sizeof(*specs));
	volatile int stop = 0;
	const struct progress progress = {.report = report, .arg = m, .stop = &stop};
	const uint64_t now = clock_ns();
	const struct axes_request request = {
		.words = j->words,
		.tree = &options.tree,
		.fs = &options.fs,
		.skip_dir = options.output.out,
		.share_ns = MAX(m->until_ns - MIN(now, m->until_ns), 1),
		.control = &j->control,
		.progress = &progress,
		.arena = j->arena,
	};
	axis_set_tree(&j->axis, m->point->x, &options);
	int error = specs ? find_spec(m, &specs[0], err) : -ENOMEM;
	*open = (struct axes){.specs = specs, .n_specs = specs && specs[0] ? 1 : 0};
	m->stop = &stop;
	if (!error)
		error = axes_open(open, &request, err);
	m->stop = NULL;
	if (error == -EINTR && !progress_stopped(j->progress)) {
		m->point->reason = "there was no time to make the tree";
		error = 0;
	}
	const struct workload *load = open->n ? open->subjects[0].load : NULL;
	if (load && load->is_partial)
		m->point->reason = "there was no time to read the tree";
	return error;
}

/* --- Measuring -------------------------------------------------------------------------------- */

static struct point_cells cells_of(const struct point_run *m)
{
	const struct cell_result *cells = m->result->cells;
	return (struct point_cells){&cells[m->a], &cells[m->b]};
}

static int enough(void *arg, bool *is_enough)
{
	struct point_run *m = arg;
	const struct point_cells cells = cells_of(m);
	return point_test(m->point, &cells, is_enough);
}

static int run_rounds(struct point_run *m, struct axes *open, struct err *err)
{
	struct crossover_job *j = m->job;
	const struct progress progress = {report, m, j->progress->stop, tell, busy};
	struct run_request request = {
		.targets = open->targets,
		.n_targets = 1,
		.topology = j->topology,
		.selection = &m->selection,
		.pin = &j->options.place.pin,
		.states = 1U << m->series->state,
		.rounds = ROUNDS_MAX,
		.enough = enough,
		.arg = m,
		.seed = j->seed + m->point->x,
		.progress = &progress,
	};
	/*
	 * Without a limit, so that the tree is not measured in part: another size would be another
	 * point.
	 */
	const struct budget budget = {
		.n_subjects = 1,
		.arms = &j->arms,
		.arena = j->arena,
		.request = &request,
		.order = j->order,
		.seed = j->seed,
	};
	int error = budget_fit(&budget, open->subjects, open->targets, err);
	if (!error && axes_describe(open, j->order, m->result))
		error = -ENOMEM;
	request.until_ns = m->until_ns;
	return error ? error : run_cells(&request, m->result, err);
}

/* Notes if A and B do not return the same metadata. */
static int compare_answers(struct point_run *m)
{
	const struct cell_result *cells = m->result->cells;
	const struct cell_result *both[] = {&cells[m->a], &cells[m->b]};
	const char *const names[] = {m->job->a_name, m->job->b_name};
	struct arena *arena = m->job->arena;
	const char **unlike = &m->series->unlike;
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		if (!both[i]->command || both[i]->is_output_verified)
			continue;
		*unlike = arena_print(arena, "the output of %s is not verified", names[i]);
		return *unlike ? 0 : -ENOMEM;
	}
	if (both[0]->command || both[1]->command || same_text(both[0]->answers, both[1]->answers))
		return 0;
	*unlike = arena_print(arena, "%s returns %s, %s %s", names[0],
			      format_text(arena, both[0]->answers), names[1],
			      format_text(arena, both[1]->answers));
	return *unlike ? 0 : -ENOMEM;
}

static int set_figures(struct point_run *m)
{
	if (!m->result->cells)
		return 0;
	const struct point_cells cells = cells_of(m);
	int error = estimate_cells(m->result);
	if (!error)
		error = point_finish(m->point, &cells, m->result->run.rounds_done, m->job->arena);
	return error ? error : compare_answers(m);
}

static int measure(struct point_run *m, struct axes *open, struct err *err)
{
	struct series *series = m->series;
	int error = choose_cells(m, err);
	if (!error)
		error = say_where(m);
	if (!error && !open->n)
		error = open_tree(m, open, err);
	if (error || m->point->reason)
		return error;
	struct err why = {0};
	error = run_rounds(m, open, &why);
	if (open->subjects[0].fs.type)
		series->fs = open->subjects[0].fs;
	if (error == -ENOMEM)
		return error;
	/*
	 * For example, so many threads that the kernel refuses them; with fewer it can be measured.
	 */
	if (error && error != -EINTR) {
		m->point->status = STATUS_INVALID;
		m->point->reason = arena_copy(m->job->arena, why.text);
		return m->point->reason ? 0 : -ENOMEM;
	}
	int unsettled = set_figures(m);
	return unsettled ? unsettled : error;
}

int crossover_measure_point(struct crossover_job *job, struct series *series, struct axes *open,
			    uint64_t x, uint64_t until_ns, struct axis_point *point,
			    struct err *err)
{
	const uint64_t began = clock_ns();
	struct point_run m = {
		.job = job,
		.series = series,
		.point = point,
		.result = result_new(),
		.until_ns = until_ns,
	};
	*point = (struct axis_point){.x = x, .status = STATUS_OK, .winner = WINNER_UNKNOWN};
	int error = m.result ? measure(&m, open, err) : -ENOMEM;
	if (!job->axis.same_tree || point->winner == WINNER_UNKNOWN) {
		axes_close(open);
		*open = (struct axes){0};
	}
	if (point->winner == WINNER_UNKNOWN && !point->reason)
		point->reason = error == -EINTR ? "interrupted" : "there was no time for a round";
	point->spent_ns = clock_ns() - began;
	result_free(m.result);
	return error;
}
