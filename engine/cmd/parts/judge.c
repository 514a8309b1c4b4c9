#include "engine/cmd/parts/judge.h"

#include <errno.h>
#include <stdio.h>

#include "engine/base/count.h"
#include "engine/base/outdir.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/cmd/parts/formats.h"
#include "engine/gate/counts.h"
#include "reports/page/page.h"
#include "reports/plots/scripts.h"
#include "reports/present/present.h"
#include "reports/verdict/judgement.h"

int gate_rows_counts(struct judgement *j, const struct gate_cell *cell)
{
	struct count_pair pairs[COUNT_PAIRS_MAX];
	const size_t n = counts_compare(cell, pairs);
	int error = 0;
	for (size_t i = 0; i < n && !error; i++) {
		struct judged judged = {.cell = cell->label,
					.metric = arena_copy(j->arena, pairs[i].name),
					.unit = pairs[i].is_calls ? "calls/pass" : "entries/pass"};
		error = judged.metric
				? judgement_add_counts(j, &judged, pairs[i].base, pairs[i].head)
				: -ENOMEM;
	}
	return error;
}

/* Why the second measurement did not confirm a difference. */
static const char *not_confirmed(struct judgement *j, const struct comparison *c,
				 const struct comparison_finding *found)
{
	if (found->again.known)
		return arena_print(j->arena, "%s when measured again",
				   judgement_change(j->arena, found->again.median));
	return c->again.out_of_time
		       ? "the time was up before it was measured again; raise --max-time"
		       : "the second measurement gave no interval";
}

/* A difference that the second measurement did not confirm gives no verdict. */
static int add_row(struct judgement *j, const struct comparison *c, size_t i)
{
	const struct gate_cell *cell = &c->cells[i];
	struct comparison_finding found = comparison_finding_of(c, i);
	const bool slower = found.verdict == VERDICT_REGRESSED;
	struct judged row = {
		.cell = cell->label,
		.metric = "time",
		.unit = "ns/entry",
		.has_base = cell->n > 0,
		.has_head = cell->n > 0,
		.base = cell->ns[SIDE_BASE],
		.head = cell->ns[SIDE_HEAD],
	};
	const char *change = judgement_change(j->arena, found.again.median);
	const struct estimate *ratio = &found.input.ratio;
	if (found.confirmed)
		row.reason = arena_print(
			j->arena, "%s by at least %s; a second measurement, %s, confirms it",
			slower ? "slower" : "faster",
			judgement_percent(j->arena, (slower ? ratio->lo : ratio->hi) - 1), change);
	else if (found.differs)
		found.input.no_verdict =
			arena_print(j->arena, "was %s at first, but not confirmed: %s",
				    slower ? "slower" : "faster", not_confirmed(j, c, &found));
	return judgement_add(j, &row, &found.input);
}

static int note_cpus(struct judgement *j, const struct comparison *c)
{
	const struct gate_facts *f = &c->facts;
	const double seconds = (double)f->spent_ns / 1e9;
	if (!f->units)
		return 0;
	if (f->is_unbound)
		return judgement_note(j,
				      "Workers could not be bound to CPUs: %s x %d rounds in "
				      "%.1f s.",
				      COUNTED(f->units, "worker pair"), UNIT_ROUNDS, seconds);
	const bool moved = c->again.units && !same_text(f->cpus, c->again.cpus);
	return judgement_note(j, "Workers ran on CPU %s%s%s: %s x %d rounds in %.1f s.", f->cpus,
			      moved ? ", then on " : "", moved ? c->again.cpus : "",
			      COUNTED(f->units, "worker pair"), UNIT_ROUNDS, seconds);
}

static int note_control(struct judgement *j, const struct gate_cell *cell)
{
	const struct estimate *control = &cell->control;
	if (!cell->has_control || !control->known)
		return 0;
	return judgement_note(j,
			      "The control of %s, a copy of base, differed from base by %s (%s to "
			      "%s).",
			      cell->label, judgement_change(j->arena, control->median),
			      judgement_change(j->arena, control->lo),
			      judgement_change(j->arena, control->hi));
}

static int note_uncounted(struct judgement *j, const struct comparison *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += counts_are_missing(&c->cells[i]);
	if (!n || c->is_selftest)
		return 0;
	return judgement_note(j, "The tree changed: the calls of %s were not compared.",
			      COUNTED(n, "cell"));
}

/* Notes the sides that mostly worked in another way than their own: their times are of that. */
static int note_ways(struct judgement *j, const struct gate_cell *cell, const char *when)
{
	int error = 0;
	for (size_t side = 0; side < ARRAY_LEN(cell->ways) && !error; side++) {
		const struct gate_way *way = &cell->ways[side];
		if (way->units && way->units * 2 >= cell->n)
			error = judgement_note(j, "%s in %s was %s%s%s.", cell->label,
					       side == SIDE_HEAD ? "head" : "base",
					       way->units < cell->n ? "mostly " : "", way->words,
					       when);
	}
	return error;
}

static int add_notes(struct judgement *j, const struct comparison *c)
{
	int error = note_cpus(j, c);
	if (!error)
		error = note_uncounted(j, c);
	for (size_t i = 0; i < c->n && !error; i++)
		error = note_control(j, &c->cells[i]);
	for (size_t i = 0; i < c->n && !error; i++)
		error = note_ways(j, &c->cells[i], "");
	for (size_t i = 0; c->cells_again && i < c->n && !error; i++)
		error = note_ways(j, &c->cells_again[i], ", when measured again");
	/* If base cannot be read, nothing was measured, and its cell says so. */
	if (!error && !c->control && c->no_control && c->facts.units)
		error = judgement_note(j, "There was no control: %s.", c->no_control);
	if (!error && c->facts.lost)
		error = judgement_note(j, "%s %s left out: most of %s rounds were disturbed.",
				       COUNTED(c->facts.lost, "worker pair"),
				       c->facts.lost == 1 ? "was" : "were",
				       c->facts.lost == 1 ? "its" : "their");
	if (!error && (c->facts.out_of_time || c->again.out_of_time))
		error = judgement_note(j, "The time was up before every interval was narrow "
					  "enough; raise --max-time.");
	if (!error && c->again.units && !c->fresh)
		error = judgement_note(j, "A tree given by its path is only read: the second "
					  "measurement used the same tree, not a fresh one.");
	return error;
}

int gate_rows(struct judgement *j, const struct comparison *c)
{
	int error = judgement_fact(j, "program", c->base, c->head);
	j->unit = "worker pairs";
	j->unit_one = "worker pair";
	j->family_error = COMPARISON_FAMILY_ERROR;
	for (size_t i = 0; i < c->n && !error; i++) {
		j->n_base = MAX(j->n_base, c->cells[i].n);
		error = add_row(j, c, i);
		if (!error)
			error = c->is_selftest ? 0 : gate_rows_counts(j, &c->cells[i]);
	}
	j->n_head = j->n_base;
	if (!error)
		error = add_notes(j, c);
	return error ? error : judgement_finish(j);
}

struct judgement_output {
	const struct output_options *options;
	const struct judgement *judgement;
};

static int write_one(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct judgement_output *s = arg;
	const struct present_style style = {
		.width = formats_width(to, is_file),
		.color = !is_file && cmd_color(s->options, to),
		.utf8 = !is_file && cmd_utf8(),
	};
	return present_find(name)->write(to, s->judgement, &style);
}

int judge_check(const struct output_options *options, const struct limit_options *limits,
		struct err *err)
{
	const struct formats formats = {.list = options->format, .names = present_format_name};
	int error = formats_check(&formats, err);
	if (!error && options->gp_dir)
		error = scripts_check(options->gp_dir, err);
	if (error)
		return error;
	if (limits->tolerance_ppm > limits->limit_ppm)
		return err_set(err, -EINVAL,
			       "--tolerance %g is above --limit %g: a slowdown that is tolerated "
			       "cannot be excluded; raise --limit",
			       (double)limits->tolerance_ppm / 1e4,
			       (double)limits->limit_ppm / 1e4);
	return 0;
}

static enum exit_code exit_of(enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_REGRESSED:
		return EXIT_REGRESSED;
	case VERDICT_INVALID:
		return EXIT_FAILED;
	case VERDICT_INCOMPARABLE:
	case VERDICT_INCONCLUSIVE:
		return EXIT_UNSURE;
	default:
		return EXIT_DONE;
	}
}

/* Without gnuplot there is no plot, but verdict and page are written. */
static int draw(const struct output_options *options, const struct judgement *judgement,
		struct err *err)
{
	const struct drawing_terms terms = {stderr, options->gp_dir, &cmd_stop, 0,
					    options->theme == THEME_DARK};
	struct outdir out;
	cmd_catch_signals();
	int error = outdir_open(&out, options->out, options->force_output, err);
	if (!error)
		error = outdir_lock(&out, err);
	if (!error)
		error = page_write_judgement(&out, judgement, stderr, err);
	if (!error)
		error = judgement_plot(judgement, &out, &terms, err);
	outdir_close(&out);
	if (error != -ENOTSUP)
		return error;
	fprintf(stderr, "statmark: no plot: %s\n", err->text);
	*err = (struct err){0};
	return 0;
}

enum exit_code judge_show(const struct output_options *options, const struct judgement *judgement)
{
	struct judgement_output showing = {options, judgement};
	const struct formats formats = {
		.list = options->format,
		.names = present_format_name,
		.write = write_one,
		.arg = &showing,
	};
	struct err err = {0};
	int error = formats_write(&formats, &err);
	fflush(stdout);
	if (!error && options->out)
		error = draw(options, judgement, &err);
	return error ? cmd_fail(&err) : exit_of(judgement->overall);
}
