#include "engine/gate/comparison.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "engine/base/unnamed.h"
#include "engine/base/util.h"
#include "engine/gate/arm/identity.h"
#include "engine/measure/choose/select.h"

/* A quarter of the time is reserved for the second measurement. */
enum { CONFIRM_SHARE = 4 };

/*
 * A strategy is named by the id of its cell, so that different spellings of the same arm are equal.
 * For other programs this works only for strategies that this build has, too.
 */
static const char *canonical(const struct comparison *c, const char *text)
{
	const struct select_request request = {.strategies = c->strategies,
					       .cpus = topology_allowed(c->topology)};
	struct cell_spec spec;
	struct arm arm;
	if (arm_parse(&arm, text, c->arena, NULL) || arm.kind != ARM_STRATEGY ||
	    select_cell(&request, arm.cell, text, c->arena, &spec, NULL))
		return text;
	return spec.id;
}

static struct gate_arm side_of(const struct comparison *c, const struct arm *arm)
{
	bool other = arm->kind == ARM_BINARY;
	const char *text = other ? arm->inner : arm_unnamed(arm);
	return (struct gate_arm){
		.program = other ? arm->path : GATE_SELF,
		.text = text ? canonical(c, text) : NULL,
	};
}

static int add_cell(struct comparison *c, const struct arm *base, const struct arm *head,
		    const char *text, const char *label)
{
	struct gate_cell *cell = &c->cells[c->n++];
	*cell = (struct gate_cell){
		.label = label, .base = side_of(c, base), .head = side_of(c, head)};
	if (text)
		cell->base.text = cell->head.text = text;
	return label ? 0 : -ENOMEM;
}

/* Adds a cell for every strategy of the list, by the names that this build knows. */
static int add_list(struct comparison *c, const struct arm *base, const struct arm *head,
		    const struct comparison_arms *arms, struct err *err)
{
	const char *const lists[2] = {arms->list, NULL};
	struct selection selection;
	struct select_request request = {
		.strategies = c->strategies,
		.names = arms->list,
		.jobs = arms->jobs,
		.params = arms->params,
		.cpus = topology_allowed(c->topology),
	};
	if (base->kind != ARM_BINARY || head->kind != ARM_BINARY || base->inner || head->inner)
		return err_set(err, -EINVAL,
			       "--strategy is for two builds: --base bin:PATH --head bin:PATH");
	int error = 0;
	if (arms->stage < 0)
		error = stage_choose(c->strategies, lists, &request.stage, err);
	else
		request.stage = (enum stage)arms->stage;
	if (!error)
		error = select_cells(&request, c->arena, &selection, err);
	if (error)
		return error;
	c->cells = arena_alloc(c->arena, selection.n * sizeof(*c->cells));
	if (!c->cells)
		return err_errno(err, -ENOMEM, "%s", arms->list);
	for (size_t i = 0; i < selection.n && !error; i++) {
		const struct cell_spec *spec = &selection.cells[i];
		if (!spec->is_asked)
			continue;
		c->jobs = MAX(c->jobs, spec->jobs);
		error = add_cell(c, base, head, spec->id, spec->id);
	}
	c->is_list = true;
	return error;
}

/*
 * Counts the CPUs that an arm uses, and checks, before a tree is made, that this build has its
 * strategy. For plug-ins and outside programs only the worker can check this. option: "--base" or
 * "--head", for messages.
 */
static int count_jobs(struct comparison *c, const struct arm *arm, const char *option,
		      struct err *err)
{
	const struct select_request request = {.strategies = c->strategies,
					       .cpus = topology_allowed(c->topology)};
	struct cell_spec spec = {.jobs = arm->jobs};
	struct arm inner;
	int error = 0;
	switch (arm->kind) {
	case ARM_STRATEGY:
		error = select_cell(&request, arm->cell, option, c->arena, &spec, err);
		break;
	case ARM_BINARY:
		error = arm_parse(&inner, arm->inner, c->arena, err);
		if (!error && inner.kind == ARM_STRATEGY &&
		    select_cell(&request, inner.cell, inner.text, c->arena, &spec, NULL))
			spec.jobs = 1; /* or as many as it names */
		spec.jobs = MAX(spec.jobs, inner.jobs);
		break;
	case ARM_PLUGIN:
	case ARM_EXEC:
		break;
	}
	c->jobs = MAX(c->jobs, spec.jobs);
	return error;
}

/* Options for a list of strategies are applied to two arms, too, or refused. */
static int apply_to_arms(struct comparison *c, struct arm *base, struct arm *head,
			 const struct comparison_arms *arms, struct err *err)
{
	bool base_given = false, head_given = false;
	if (arms->stage >= 0)
		return err_set(err, -EINVAL,
			       "--stage is for --strategy; an arm is of its strategy's stage");
	if (arms->params && arms->params[0])
		return err_set(err, -EINVAL,
			       "--param is for --strategy; an arm has its parameters in brackets, "
			       "as in statx[mask=size]");
	if (!arms->jobs)
		return 0;
	if (strchr(arms->jobs, ','))
		return err_set(err, -EINVAL,
			       "--jobs: a list is for --strategy; two arms take one number, got "
			       "'%s'",
			       arms->jobs);
	int error = arm_give_jobs(base, arms->jobs, c->arena, &base_given, err);
	if (!error)
		error = arm_give_jobs(head, arms->jobs, c->arena, &head_given, err);
	if (error || base_given || head_given)
		return error;
	return err_set(err, -EINVAL,
		       "--jobs: both arms name their jobs already, %s and %s; leave out --jobs %s, "
		       "or the number of jobs of an arm",
		       arms->base, arms->head, arms->jobs);
}

/* A given name is shown instead of the text, unless two different texts have the same name. */
static const char *label_of(const struct gate_cell *cell, const char *base_name,
			    const char *head_name, struct arena *arena)
{
	const char *base = base_name ? base_name : cell->base.text;
	const char *head = head_name ? head_name : cell->head.text;
	const bool is_same = strcmp(cell->base.text, cell->head.text) == 0;
	if (!is_same && strcmp(base, head) == 0) {
		base = cell->base.text;
		head = cell->head.text;
	}
	return is_same ? base : arena_print(arena, "%s -> %s", base, head);
}

int comparison_cells(struct comparison *c, const struct comparison_arms *arms, struct err *err)
{
	struct arm base, head;
	int error = arm_parse(&base, arms->base, c->arena, err);
	if (!error)
		error = arm_parse(&head, arms->head, c->arena, err);
	if (!error)
		error = arm_check_name(&base, c->strategies, err);
	if (!error)
		error = arm_check_name(&head, c->strategies, err);
	if (error || arms->list)
		return error ? error : add_list(c, &base, &head, arms, err);
	if ((base.kind == ARM_BINARY && !base.inner) || (head.kind == ARM_BINARY && !head.inner))
		return err_set(err, -EINVAL,
			       "%s: expected bin:PATH:ARM, or bin:PATH with --strategy",
			       base.kind == ARM_BINARY && !base.inner ? arms->base : arms->head);
	error = apply_to_arms(c, &base, &head, arms, err);
	if (error)
		return err_errno(err, error, "cannot prepare %s", arms->base);
	c->cells = arena_alloc(c->arena, sizeof(*c->cells));
	error = c->cells ? add_cell(c, &base, &head, NULL, "") : -ENOMEM;
	if (!error)
		error = count_jobs(c, &base, "--base", err);
	if (!error)
		error = count_jobs(c, &head, "--head", err);
	if (!error) {
		c->cells[0].label = label_of(&c->cells[0], base.name, head.name, c->arena);
		error = c->cells[0].label ? 0 : -ENOMEM;
	}
	return error ? err_errno(err, error, "cannot prepare %s", arms->base) : 0;
}

int comparison_copy_program(const char *path, int *fd, const char **copy, struct arena *arena,
			    struct err *err)
{
	struct stat st;
	off_t at = 0;
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int error = from < 0 || fstat(from, &st) ? -errno : 0;
	*fd = unnamed_program("statmark");
	if (!error && *fd < 0)
		error = *fd;
	while (!error && at < st.st_size) {
		ssize_t n = sendfile(*fd, from, &at, (size_t)(st.st_size - at));
		error = n < 0 ? -errno : n == 0 ? -EIO : 0;
	}
	if (from >= 0)
		close(from);
	error = error ? error : unnamed_seal(fd);
	/* with this process's id, because in the worker "self" is the worker */
	*copy = arena_print(arena, "/proc/%d/fd/%d", (int)getpid(), *fd);
	error = error || *copy ? error : -ENOMEM;
	return error ? err_errno(err, error, "cannot copy %s", path) : 0;
}

/* A file that cannot be read cannot be started either: the cell fails, not the command. */
static int identify(struct comparison *c, struct gate_cell *cell, const char *side,
		    const char *program, struct identity *identity, struct err *err)
{
	struct err why = {0};
	int error = identity_of(identity, program, &why);
	if (!error || error == -ENOMEM)
		return error ? err_errno(err, error, "%s", program) : 0;
	snprintf(identity->text, sizeof(identity->text), "unknown");
	cell->skip = true;
	if (!cell->invalid)
		cell->invalid = arena_print(c->arena, "%s: %s", side, why.text);
	return cell->invalid ? 0 : err_errno(err, -ENOMEM, "%s", program);
}

/* If both sides are identical, only one is tried, and nothing is measured. */
static int find_identical(struct comparison *c, struct err *err)
{
	for (size_t i = 0; i < c->n; i++) {
		struct gate_cell *cell = &c->cells[i];
		struct identity base, head;
		int error = identify(c, cell, "base", cell->base.program, &base, err);
		if (!error)
			error = identify(c, cell, "head", cell->head.program, &head, err);
		if (error)
			return error;
		bool same = strcmp(base.text, head.text) == 0;
		cell->identical = same && !cell->skip && !c->is_selftest &&
				  strcmp(cell->base.text, cell->head.text) == 0;
		if (i > 0)
			continue;
		c->base = arena_copy(c->arena, base.text);
		c->head = arena_copy(c->arena, head.text);
		if (!c->base || !c->head)
			return err_errno(err, -ENOMEM, "%s", cell->label);
	}
	return 0;
}

struct verdict_input comparison_verdict_input(const struct comparison *c,
					      const struct gate_cell *cells, size_t n,
					      const struct gate_cell *cell)
{
	const struct estimate *control = gate_control(cells, n, cell);
	const double bound = gate_control_bound(control);
	struct verdict_input input = {
		.invalid = cell->invalid,
		.incomparable = cell->incomparable,
		.identical = cell->identical,
		.ratio = cell->ratio,
		.tolerance = MAX(MAX(GATE_PRECISION, bound), c->tolerance),
		.limit = c->limit,
	};
	if (!input.invalid && control && control->known &&
	    (control->lo > 1 + GATE_PRECISION || control->hi < 1 / (1 + GATE_PRECISION)))
		input.invalid = "the control, a copy of base, was not as fast as base itself";
	if (!input.invalid && control && !control->known && cell->ratio.known)
		input.no_verdict = "the control, a copy of base, was not measured precisely enough";
	return input;
}

static bool is_difference(enum verdict verdict)
{
	return verdict == VERDICT_REGRESSED || verdict == VERDICT_IMPROVED;
}

/* One of the two measurements. */
struct attempt {
	const struct workload *load;
	struct gate_cell *cells;
	struct gate_facts *facts;
	bool again;
	size_t compared; /* cells that share the family error */
	uint64_t budget_ns;
};

static int measure(struct comparison *c, const struct attempt *a, struct err *err)
{
	const struct gate_request request = {
		.load = a->load,
		.root = a->load->root_len ? a->load->root : "/",
		.topology = c->topology,
		.control = c->control,
		.jobs = MAX(c->jobs, 1),
		.other_cpus = a->again,
		.tolerant = c->is_list,
		.timeout_ns = c->timeout_ns,
		.budget_ns = a->budget_ns,
		.seed = rng_mix(c->seed ^ a->again),
		.confidence = verdict_confidence(COMPARISON_FAMILY_ERROR, a->compared),
		.progress = c->progress,
	};
	return gate_run(&request, a->cells, c->n, a->facts, c->arena, err);
}

/*
 * Copies the cells that differ for the second measurement; all others are marked skip. Returns how
 * many differ.
 */
static int copy_different(struct comparison *c)
{
	size_t different = 0;
	c->cells_again = arena_alloc(c->arena, c->n * sizeof(*c->cells_again));
	for (size_t i = 0; c->cells_again && i < c->n; i++) {
		const struct gate_cell *cell = &c->cells[i];
		struct verdict_input input = comparison_verdict_input(c, c->cells, c->n, cell);
		bool differs = is_difference(verdict_of(&input));
		c->cells_again[i] = (struct gate_cell){.label = cell->label,
						       .base = cell->base,
						       .head = cell->head,
						       .skip = !differs};
		different += differs;
	}
	return !c->cells_again ? -ENOMEM : (int)different;
}

static int confirm(struct comparison *c, size_t compared, struct err *err)
{
	struct attempt again = {.load = c->load,
				.facts = &c->again,
				.again = true,
				.compared = compared,
				.budget_ns = c->max_time_ns / CONFIRM_SHARE};
	int different = copy_different(c);
	if (different <= 0)
		return different ? err_errno(err, different, "cannot confirm the differences") : 0;
	again.cells = c->cells_again;
	int error = c->fresh ? c->fresh(c->arg, &again.load, err) : 0;
	if (!error)
		error = measure(c, &again, err);
	if (c->fresh)
		c->drop(c->arg);
	return error;
}

struct comparison_finding comparison_finding_of(const struct comparison *c, size_t i)
{
	struct comparison_finding found = {
		.input = comparison_verdict_input(c, c->cells, c->n, &c->cells[i])};
	found.verdict = verdict_of(&found.input);
	found.differs = is_difference(found.verdict);
	if (!found.differs)
		return found;
	struct verdict_input again =
		comparison_verdict_input(c, c->cells_again, c->n, &c->cells_again[i]);
	if (again.invalid || again.incomparable) {
		found.input.invalid = again.invalid;
		found.input.incomparable = again.incomparable;
		found.verdict = verdict_of(&found.input);
		found.differs = false;
		return found;
	}
	found.again = again.ratio;
	found.confirmed = verdict_of(&again) == found.verdict;
	return found;
}

int comparison_run(struct comparison *c, struct err *err)
{
	struct attempt first = {
		.load = c->load,
		.cells = c->cells,
		.facts = &c->facts,
		.budget_ns = c->max_time_ns - c->max_time_ns / CONFIRM_SHARE,
	};
	int error = find_identical(c, err);
	for (size_t i = 0; i < c->n; i++)
		first.compared += !c->cells[i].skip && !c->cells[i].identical;
	if (!error)
		error = measure(c, &first, err);
	if (!error)
		error = confirm(c, first.compared, err);
	return error ? err_errno(err, error, "cannot measure") : 0;
}
