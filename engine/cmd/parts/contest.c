/*
 * A difference that was found is not believed at once: it is measured again with fresh workers, on
 * a tree made anew and on other CPUs where there are any. Only if it shows there, too, does it
 * stand; what it was before is then neither confirmed nor excluded.
 */
#include "engine/cmd/parts/contest.h"
#include "engine/base/count.h"
#include "engine/cmd/parts/counts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/tree/tree.h"
#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/base/unnamed.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/gate/arm/identity.h"
#include "engine/measure/choose/stage.h"

/* This very program, even if its file has been replaced meanwhile. */
#define SELF "/proc/self/exe"

/* How much of the time is kept for confirming. */
enum { CONFIRM_SHARE = 4 };

/*
 * Strategies are called by the id of their cell, so that the same looks the same however it was
 * written; those of other programs, as far as this one has the same.
 */
static const char *canonical(const struct contest *c, const char *text)
{
	const struct select_request request = {.strategies = strategies,
					       .cpus = topology_allowed(c->topology)};
	struct cell_spec spec;
	struct arm arm;
	if (arm_parse(&arm, text, c->arena, NULL) || arm.kind != ARM_STRATEGY ||
	    select_cell(&request, arm.cell, text, c->arena, &spec, NULL))
		return text;
	return spec.id;
}

static struct gate_arm side_of(const struct contest *c, const struct arm *arm)
{
	bool other = arm->kind == ARM_BINARY;
	const char *text = other ? arm->inner : arm_unnamed(arm);
	return (struct gate_arm){
		.program = other ? arm->path : SELF,
		.text = text ? canonical(c, text) : NULL,
	};
}

static int add_cell(struct contest *c, const struct arm *base, const struct arm *head,
		    const char *text, const char *label)
{
	struct gate_cell *cell = &c->cells[c->n++];
	*cell = (struct gate_cell){
		.label = label, .base = side_of(c, base), .head = side_of(c, head)};
	if (text)
		cell->base.text = cell->head.text = text;
	return label ? 0 : -ENOMEM;
}

/* A cell for every strategy of the list, by the names that this build knows. */
static int add_list(struct contest *c, const struct arm *base, const struct arm *head,
		    const char *list, struct err *err)
{
	const char *const lists[2] = {list, NULL};
	struct selection selection;
	struct select_request request = {
		.strategies = strategies,
		.names = list,
		.jobs = c->options->jobs,
		.params = (const char *const *)c->options->params,
		.cpus = topology_allowed(c->topology),
	};
	if (base->kind != ARM_BINARY || head->kind != ARM_BINARY || base->inner || head->inner)
		return err_set(err, -EINVAL,
			       "--strategy is for two builds: --base bin:PATH --head bin:PATH");
	int error = stage_choose(strategies, c->options->stage, lists, &request.stage, err);
	if (!error)
		error = select_cells(&request, c->arena, &selection, err);
	if (error)
		return error;
	c->cells = arena_alloc(c->arena, selection.n * sizeof(*c->cells));
	if (!c->cells)
		return err_errno(err, -ENOMEM, "%s", list);
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
 * How many CPUs an arm wants, and whether this build's strategies are what they should be: told
 * before a tree is made for them. Of other programs only their workers know.
 */
static int count_jobs(struct contest *c, const struct arm *arm, struct err *err)
{
	const struct select_request request = {.strategies = strategies,
					       .cpus = topology_allowed(c->topology)};
	struct cell_spec spec = {.jobs = arm->jobs};
	struct arm inner;
	int error = 0;
	switch (arm->kind) {
	case ARM_STRATEGY:
		error = select_cell(&request, arm->cell, arm->text, c->arena, &spec, err);
		break;
	case ARM_BINARY:
		error = arm_parse(&inner, arm->inner, c->arena, err);
		if (!error && inner.kind == ARM_STRATEGY &&
		    select_cell(&request, inner.cell, inner.text, c->arena, &spec, NULL))
			spec.jobs = 1;
		spec.jobs = MAX(spec.jobs, inner.jobs);
		break;
	case ARM_PLUGIN:
	case ARM_EXEC:
		break;
	}
	c->jobs = MAX(c->jobs, spec.jobs);
	return error;
}

/* Names stand for texts, unless two that differ would be called alike. */
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

int contest_cells(struct contest *c, const char *base_text, const char *head_text, const char *list,
		  struct err *err)
{
	struct arm base, head;
	int error = arm_parse(&base, base_text, c->arena, err);
	if (!error)
		error = arm_parse(&head, head_text, c->arena, err);
	if (!error)
		error = arm_check_name(&base, strategies, err);
	if (!error)
		error = arm_check_name(&head, strategies, err);
	if (error || list)
		return error ? error : add_list(c, &base, &head, list, err);
	if ((base.kind == ARM_BINARY && !base.inner) || (head.kind == ARM_BINARY && !head.inner))
		return err_set(err, -EINVAL, "%s wants an arm, bin:PATH:ARM, or --strategy",
			       base.kind == ARM_BINARY && !base.inner ? base_text : head_text);
	c->cells = arena_alloc(c->arena, sizeof(*c->cells));
	error = c->cells ? add_cell(c, &base, &head, NULL, "") : -ENOMEM;
	if (!error)
		error = count_jobs(c, &base, err);
	if (!error)
		error = count_jobs(c, &head, err);
	if (!error) {
		c->cells[0].label = label_of(&c->cells[0], base.name, head.name, c->arena);
		error = c->cells[0].label ? 0 : -ENOMEM;
	}
	return error ? err_errno(err, error, "%s", base_text) : 0;
}

int contest_copy(const char *path, int *fd, const char **copy, struct arena *arena, struct err *err)
{
	struct stat st;
	off_t at = 0;
	int from = open(path, O_RDONLY | O_CLOEXEC);
	*fd = unnamed_file("statmark");
	int error = *fd < 0 ? *fd : from < 0 || fstat(from, &st) ? -errno : 0;
	while (!error && at < st.st_size) {
		ssize_t n = sendfile(*fd, from, &at, (size_t)(st.st_size - at));
		error = n < 0 ? -errno : n == 0 ? -EIO : 0;
	}
	if (from >= 0)
		close(from);
	error = error ? error : unnamed_seal(fd);
	/* By our number, not by "self": the worker has no such descriptor any more. */
	*copy = arena_print(arena, "/proc/%d/fd/%d", (int)getpid(), *fd);
	error = error || *copy ? error : -ENOMEM;
	return error ? err_errno(err, error, "copying %s", path) : 0;
}

/* What cannot be read cannot be started either: a failed cell, not a mistake of the command. */
static int identify(struct contest *c, struct gate_cell *cell, const char *side,
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

/* Nothing needs to be measured of what is identical, once it is known to work. */
static int find_identical(struct contest *c, struct judgement *j, struct err *err)
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
		if (i == 0 && judgement_fact(j, "program", arena_copy(j->arena, base.text),
					     arena_copy(j->arena, head.text)))
			return err_errno(err, -ENOMEM, "%s", cell->label);
	}
	return 0;
}

struct evidence contest_weigh(const struct contest *c, const struct gate_cell *cells, size_t n,
			      const struct gate_cell *cell)
{
	const struct estimate *control = gate_control(cells, n, cell);
	const double told = (double)c->options->tolerance_ppm / 1e6;
	const double bound = gate_control_bound(control);
	struct evidence evidence = {
		.invalid = cell->invalid,
		.incomparable = cell->incomparable,
		.identical = cell->identical,
		.ratio = cell->ratio,
		.tolerance = MAX(MAX(GATE_PRECISION, bound), told),
		.limit = (double)c->options->limit_ppm / 1e6,
	};
	if (!evidence.invalid && control && control->known &&
	    (control->lo > 1 + GATE_PRECISION || control->hi < 1 / (1 + GATE_PRECISION)))
		evidence.invalid = "the control, a copy of base, was not as fast as base itself";
	if (!evidence.invalid && control && !control->known && cell->ratio.known)
		evidence.no_verdict = "the control, a copy of base, is not known well enough";
	return evidence;
}

static bool is_flag(enum verdict verdict)
{
	return verdict == VERDICT_REGRESSED || verdict == VERDICT_IMPROVED;
}

/* One way of measuring: once, and again to confirm. */
struct attempt {
	const struct subject *subject;
	struct gate_cell *cells;
	struct gate_facts facts;
	bool again;
	size_t compared; /* cells that share the family's error */
	uint64_t budget_ns;
};

static int measure(struct contest *c, struct attempt *a, struct err *err)
{
	const struct workload *load = a->subject->load;
	const struct gate_request request = {
		.load = load,
		.root = load->root_len ? load->root : "/",
		.topology = c->topology,
		.control = c->control,
		.jobs = MAX(c->jobs, 1),
		.other_cpus = a->again,
		.tolerant = c->is_list,
		.timeout_ns = c->options->timeout_s * NS_PER_SECOND,
		.budget_ns = a->budget_ns,
		.seed = rng_mix(c->seed ^ a->again),
		.confidence = verdict_confidence(CONTEST_FAMILY_ERROR, a->compared),
		.progress = c->progress,
	};
	return gate_run(&request, a->cells, c->n, &a->facts, c->arena, err);
}

/* A tree of ours is made anew beside the others; what was only read cannot be. */
static int fresh_subject(struct contest *c, struct subject *fresh, char *dir, size_t size,
			 struct err *err)
{
	struct options options = *c->options;
	*dir = '\0';
	if (!c->subject->tree.shape)
		return 0;
	snprintf(dir, size, "%s/confirm-%d", options.dir, (int)getpid());
	options.dir = dir;
	return subject_open(fresh, c->word, &options, NULL, 0, c->progress, c->arena, err);
}

/* All that lies in dir is a container of ours, also one whose making was cut short. */
static void drop_subject(struct subject *fresh, const char *dir)
{
	struct tree_counts gone;
	struct err err = {0};
	struct dirent *d;
	DIR *stream = *dir ? opendir(dir) : NULL;
	subject_close(fresh);
	if (!stream)
		return;
	while ((d = readdir(stream))) {
		char container[PATH_MAX + NAME_MAX + 2];
		snprintf(container, sizeof(container), "%s/%s", dir, d->d_name);
		if (d->d_name[0] != '.')
			tree_remove(container, 0, NULL, &gone, &err);
	}
	closedir(stream);
	if (rmdir(dir))
		fprintf(stderr, "statmark: left behind: %s\n", dir);
}

/* The cells that were flagged, for a second attempt; all others are skipped. */
static int copy_flagged(struct contest *c, const struct attempt *first, struct attempt *second)
{
	size_t flagged = 0;
	second->cells = arena_alloc(c->arena, c->n * sizeof(*second->cells));
	for (size_t i = 0; second->cells && i < c->n; i++) {
		const struct gate_cell *cell = &c->cells[i];
		struct evidence evidence = contest_weigh(c, first->cells, c->n, cell);
		bool flag = is_flag(verdict_of(&evidence));
		second->cells[i] = (struct gate_cell){.label = cell->label,
						      .base = cell->base,
						      .head = cell->head,
						      .skip = !flag};
		flagged += flag;
	}
	return !second->cells ? -ENOMEM : (int)flagged;
}

static int confirm(struct contest *c, const struct attempt *first, struct attempt *second,
		   struct err *err)
{
	char dir[PATH_MAX];
	struct subject fresh = {0};
	*second = (struct attempt){.again = true, .compared = first->compared};
	int flagged = copy_flagged(c, first, second);
	if (flagged <= 0)
		return flagged ? err_errno(err, flagged, "confirming") : 0;
	second->budget_ns = c->options->max_time_s * NS_PER_SECOND / CONFIRM_SHARE;
	int error = fresh_subject(c, &fresh, dir, sizeof(dir), err);
	second->subject = fresh.load ? &fresh : c->subject;
	if (!error)
		error = measure(c, second, err);
	second->subject = fresh.load ? NULL : c->subject;
	drop_subject(&fresh, dir);
	return error;
}

/* A flag that a second look did not show is no verdict, whatever the first look said. */
static int add_row(struct contest *c, struct judgement *j, const struct attempt *first,
		   const struct attempt *second, size_t i)
{
	const struct gate_cell *cell = &first->cells[i];
	struct evidence evidence = contest_weigh(c, first->cells, c->n, cell), again;
	enum verdict verdict = verdict_of(&evidence);
	struct judged row = {
		.cell = cell->label,
		.metric = "time",
		.unit = "ns/entry",
		.has_base = cell->n > 0,
		.has_head = cell->n > 0,
		.base = cell->ns[SIDE_BASE],
		.head = cell->ns[SIDE_HEAD],
	};
	if (is_flag(verdict)) {
		again = contest_weigh(c, second->cells, c->n, &second->cells[i]);
		const char *change = judgement_change(j->arena, again.ratio.median);
		if (verdict_of(&again) == verdict)
			row.reason =
				arena_print(j->arena,
					    "%s by at least %s; a second measurement, %s, "
					    "confirms it",
					    verdict == VERDICT_REGRESSED ? "slower" : "faster",
					    judgement_change(j->arena, verdict == VERDICT_REGRESSED
									       ? evidence.ratio.lo
									       : evidence.ratio.hi),
					    change);
		else
			evidence.no_verdict = arena_print(
				j->arena,
				"was %s at first, but not confirmed: %s when measured again",
				verdict == VERDICT_REGRESSED ? "slower" : "faster",
				again.ratio.known ? change : "not known");
	}
	return judgement_add(j, &row, &evidence);
}

static int add_notes(struct contest *c, struct judgement *j, const struct attempt *first,
		     const struct attempt *second)
{
	const struct gate_facts *f = &first->facts;
	int error = 0;
	if (f->units && strcmp(f->cpus, "none") == 0)
		error = judgement_note(j,
				       "Workers could not be bound to CPUs: %s of %d rounds each "
				       "side in %.1f s.",
				       COUNTED(f->units, "life"), TURNS_ROUNDS,
				       (double)f->spent_ns / 1e9);
	else if (f->units)
		error = judgement_note(j,
				       "Workers ran on CPU %s%s%s: %s of %d rounds each side in "
				       "%.1f s.",
				       f->cpus, second->facts.units ? ", then on " : "",
				       second->facts.units ? second->facts.cpus : "",
				       COUNTED(f->units, "life"), TURNS_ROUNDS,
				       (double)f->spent_ns / 1e9);
	for (size_t i = 0; i < c->n && !error; i++) {
		const struct estimate *control = &first->cells[i].control;
		if (first->cells[i].has_control && control->known)
			error = judgement_note(j,
					       "The control of %s, a copy of base, differed from "
					       "base by %s (%s to %s).",
					       first->cells[i].label,
					       judgement_change(j->arena, control->median),
					       judgement_change(j->arena, control->lo),
					       judgement_change(j->arena, control->hi));
	}
	if (!error && f->lost)
		error = judgement_note(j,
				       "%s %s left out, because the machine disturbed most of "
				       "%s rounds.",
				       COUNTED(f->lost, "life"), f->lost == 1 ? "was" : "were",
				       f->lost == 1 ? "its" : "their");
	if (!error && (f->out_of_time || second->facts.out_of_time))
		error = judgement_note(j, "The time was up before every interval was narrow; "
					  "--max-time grants more.");
	if (!error && second->facts.units && !c->subject->tree.shape)
		error = judgement_note(j,
				       "This tree is only read, so differences were confirmed on "
				       "the same one.");
	return error;
}

static int report(struct contest *c, struct judgement *j, const struct attempt *first,
		  const struct attempt *second)
{
	int error = 0;
	j->unit = "worker lives";
	j->unit_one = "worker life";
	j->family_error = CONTEST_FAMILY_ERROR;
	for (size_t i = 0; i < c->n && !error; i++) {
		j->n_base = MAX(j->n_base, c->cells[i].n);
		error = add_row(c, j, first, second, i);
		if (!error)
			error = c->is_selftest ? 0 : counts_judge(j, &c->cells[i]);
	}
	j->n_head = j->n_base;
	if (!error)
		error = add_notes(c, j, first, second);
	return error ? error : judgement_finish(j);
}

int contest_run(struct contest *c, struct judgement *j, struct err *err)
{
	struct attempt first = {.subject = c->subject, .cells = c->cells}, second = {0};
	const uint64_t all_ns = c->options->max_time_s * NS_PER_SECOND;
	first.budget_ns = all_ns - all_ns / CONFIRM_SHARE;
	int error = find_identical(c, j, err);
	for (size_t i = 0; i < c->n; i++)
		first.compared += !c->cells[i].skip && !c->cells[i].identical;
	if (!error)
		error = measure(c, &first, err);
	if (!error)
		error = confirm(c, &first, &second, err);
	if (!error)
		error = report(c, j, &first, &second);
	return error ? err_errno(err, error, "measuring") : 0;
}
