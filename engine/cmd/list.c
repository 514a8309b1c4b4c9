/*
 * statmark list: lists what can be chosen, and why some of it is not available here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "datasets/tree/census.h"
#include "engine/base/arena.h"
#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/formats.h"
#include "engine/cmd/parts/registry.h"
#include "engine/cmd/parts/stats.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/select.h"
#include "reports/words/format.h"
#include "reports/words/grid.h"

/* "NAME   words", with the words aligned in all lines. */
static void put_item(FILE *to, int indent, const char *name, const char *words, int at)
{
	const int written = fprintf(to, "%*s%-*s ", indent, "", at - indent - 1, name);
	wrap_print(to, words, (size_t)written, (size_t)at, (size_t)cmd_width(to));
	fputc('\n', to);
}

static void put_lines(FILE *to, const char *words, int indent)
{
	fprintf(to, "%*s", indent, "");
	wrap_print(to, words, (size_t)indent, (size_t)indent, (size_t)cmd_width(to));
	fputc('\n', to);
}

enum { WORDS_AT = 15, PARAMS_AT = 16 };

/* "path* | dirfd" */
static const char *words_of(const struct param *param, struct arena *arena)
{
	const char *text = "";
	if (!param->words)
		return arena_print(arena, "%lld..%lld, %lld*", (long long)param->min,
				   (long long)param->max, (long long)param->initial);
	for (size_t i = 0; param->words[i] && text; i++)
		text = arena_print(arena, "%s%s%s%s", text, i ? " | " : "", param->words[i],
				   (int64_t)i == param->initial ? "*" : "");
	return text;
}

static void list_strategy(FILE *to, const struct strategy *s, struct arena *arena)
{
	struct err err = {0};
	put_item(to, 2, s->name, s->summary, WORDS_AT);
	if (s->probe && s->probe(&err)) {
		const char *why = arena_print(arena, "cannot run here: %s", err.text);
		put_lines(to, why ? why : "cannot run here", 4);
	}
	for (size_t p = 0; p < PARAMS_MAX && s->params[p].name; p++) {
		const char *words = words_of(&s->params[p], arena);
		put_item(to, 4, s->params[p].name, s->params[p].help, PARAMS_AT);
		put_lines(to, or_unknown(words), PARAMS_AT);
	}
}

static int list_strategies(FILE *to, struct err *unused)
{
	static const char *const knows[] = {
		[STAGE_FETCH] = "the paths are known", [STAGE_WALK] = "only the root is known"};
	struct arena *arena = arena_new();
	if (!arena)
		return -ENOMEM;
	(void)unused;
	for (enum stage stage = STAGE_FETCH; stage <= STAGE_WALK; stage++) {
		fprintf(to, "%sStrategies of stage %s: %s\n(* marks the default value):\n",
			stage == STAGE_FETCH ? "" : "\n", stage_name(stage), knows[stage]);
		for (size_t i = 0; strategies[i]; i++) {
			if (strategies[i]->stage == stage &&
			    !(strategies[i]->flags & STRATEGY_SELFTEST))
				list_strategy(to, strategies[i], arena);
		}
	}
	arena_free(arena);
	return 0;
}

static int list_shapes(FILE *to, struct err *err)
{
	fputs("Shapes (means and spread):\n", to);
	stats_sketch_head(to);
	for (size_t i = 0; shape_preset(i); i++) {
		struct shape shape;
		struct census census;
		int error = shape_load(&shape, shape_preset(i), err);
		if (error)
			return error;
		census_of_shape(&census, &shape);
		stats_sketch(to, shape.name, &census);
		put_lines(to, shape.summary, 4);
		if (*shape.origin) {
			fputs("    fitted to ", to);
			wrap_print(to, shape.origin, 14, 6, (size_t)cmd_width(to));
			fputc('\n', to);
		}
	}
	return 0;
}

enum { POLICIES_MAX = 8, CPUS_SHOWN = 64 };

/*
 * The machine, CPU by CPU in compact order, and which worker (1, 2, ...) each policy places there.
 */
struct plan {
	size_t n; /* CPUs */
	struct cpu_place *places;
	size_t n_policies;
	enum pin_policy policies[POLICIES_MAX];
	unsigned *workers; /* n for each policy; 0: no worker */
};

static int fill_plan(struct plan *plan, const struct topology *topology, struct err *err)
{
	unsigned allowed = topology_allowed(topology);
	int *cpus = calloc(allowed, sizeof(*cpus)), error = cpus ? 0 : -ENOMEM;
	topology_list(topology, plan->places);
	for (enum pin_policy p = 0; p < PIN_LIST && !error; p++) {
		unsigned *workers = plan->workers + plan->n_policies * plan->n;
		error = topology_place(topology, pin_of(p), allowed, cpus, err);
		if (error || cpus[0] < 0)
			continue; /* it places no worker */
		plan->policies[plan->n_policies++] = p;
		for (unsigned w = 0; w < allowed; w++) {
			for (size_t i = 0; i < plan->n; i++) {
				if (plan->places[i].cpu == cpus[w])
					workers[i] = w + 1;
			}
		}
	}
	free(cpus);
	return error;
}

/* Prints a number if it differs from the one in the row above. */
static void put_number(FILE *to, bool shown, unsigned number, int width)
{
	if (shown)
		fprintf(to, "%*u", width, number);
	else
		fprintf(to, "%*s", width, "");
}

static void put_plan(FILE *to, const struct plan *plan)
{
	fprintf(to, "  node package core  CPU ");
	for (size_t p = 0; p < plan->n_policies; p++)
		fprintf(to, "  %s", pin_policy_name(plan->policies[p]));
	fputc('\n', to);
	for (size_t i = 0; i < plan->n && i < CPUS_SHOWN; i++) {
		const struct cpu_place *at = &plan->places[i], *above = i ? at - 1 : NULL;
		bool node = !above || above->node != at->node;
		bool package = node || above->package != at->package;
		put_number(to, node, at->node, 6);
		put_number(to, package, at->package, 8);
		put_number(to, package || above->core != at->core, at->core, 5);
		fprintf(to, "%5d ", at->cpu);
		for (size_t p = 0; p < plan->n_policies; p++) {
			unsigned worker = plan->workers[p * plan->n + i];
			int width = 2 + (int)strlen(pin_policy_name(plan->policies[p]));
			if (worker)
				fprintf(to, "%*u", width, worker);
			else
				fprintf(to, "%*s", width, "-");
		}
		fputs(at->allowed ? "\n" : "   not allowed\n", to);
	}
	if (plan->n > CPUS_SHOWN)
		fprintf(to, "  ... and %s\n", COUNTED(plan->n - CPUS_SHOWN, "more CPU"));
}

static int draw_plan(FILE *to, const struct topology *topology, struct err *err)
{
	struct plan plan = {.n = topology_cpus(topology)};
	plan.places = calloc(plan.n, sizeof(*plan.places));
	plan.workers = calloc(plan.n * POLICIES_MAX, sizeof(*plan.workers));
	int error = plan.places && plan.workers ? fill_plan(&plan, topology, err) : -ENOMEM;
	if (!error)
		put_plan(to, &plan);
	free(plan.places);
	free(plan.workers);
	return error;
}

static int list_pins(FILE *to, struct err *err)
{
	struct topology *topology = NULL;
	int error = topology_open(&topology, NULL, err);
	if (error)
		return error;
	char *text = topology_text(topology), *allowed = topology_allowed_text(topology);
	fprintf(to, "Pins (%s;\n      this process may use CPUs %s):\n", or_unknown(text),
		or_unknown(allowed));
	for (enum pin_policy p = 0; p < PIN_LIST; p++)
		put_item(to, 2, pin_policy_name(p), pin_policy_summary(p), WORDS_AT + 1);
	fputs("  LIST          the CPUs listed, e.g. 0,2-3\n\nWhich worker "
	      "goes where:\n",
	      to);
	error = draw_plan(to, topology, err);
	free(text);
	free(allowed);
	topology_close(topology);
	return error;
}

/* --- Rows for other programs ----------------------------------------------------------------- */

static const struct grid_column columns[] = {
	{"kind", false}, {"name", false}, {"stage", false}, {"summary", false}, {"why_not", false},
};

static void strategy_rows(struct grid *grid)
{
	for (size_t i = 0; strategies[i]; i++) {
		const struct strategy *s = strategies[i];
		struct err err = {0};
		const bool runs = !s->probe || s->probe(&err) == 0;
		if (!(s->flags & STRATEGY_SELFTEST))
			grid_row(grid,
				 (const char *const[]){"strategy", s->name, stage_name(s->stage),
						       s->summary, runs ? NULL : err.text});
	}
}

static void shape_rows(struct grid *grid)
{
	for (size_t i = 0; shape_preset(i); i++) {
		struct err err = {0};
		struct shape shape;
		const bool loads = shape_load(&shape, shape_preset(i), &err) == 0;
		grid_row(grid, (const char *const[]){"shape", shape_preset(i), NULL,
						     loads ? shape.summary : NULL,
						     loads ? NULL : err.text});
	}
}

static void pin_rows(struct grid *grid)
{
	for (enum pin_policy i = 0; i < PIN_LIST; i++)
		grid_row(grid, (const char *const[]){"pin", pin_policy_name(i), NULL,
						     pin_policy_summary(i), NULL});
}

static const struct {
	const char *name;
	int (*list)(FILE *to, struct err *err);
	void (*rows)(struct grid *grid);
} topics[] = {
	{"strategies", list_strategies, strategy_rows},
	{"shapes", list_shapes, shape_rows},
	{"pins", list_pins, pin_rows},
};

static const char *topic_name(unsigned i)
{
	return i < ARRAY_LEN(topics) ? topics[i].name : NULL;
}

/* What was requested: one topic, or all. */
struct list_output {
	int topic; /* -1: all */
	struct err *err;
};

static bool is_wanted(const struct list_output *l, size_t i)
{
	return l->topic < 0 || (size_t)l->topic == i;
}

static int write_rows(const struct list_output *l, FILE *to, enum grid_format format)
{
	struct grid grid;
	int error = grid_begin(&grid, to, format, columns, ARRAY_LEN(columns));
	if (error)
		return error;
	for (size_t i = 0; i < ARRAY_LEN(topics); i++) {
		if (is_wanted(l, i))
			topics[i].rows(&grid);
	}
	grid_end(&grid);
	return 0;
}

static int write_listing(void *arg, const char *name, FILE *to, bool is_file)
{
	const struct list_output *l = arg;
	bool found = false;
	int error = 0;
	const enum grid_format format = grid_find(name);
	(void)is_file;
	if (format != GRID_TEXT)
		return write_rows(l, to, format);
	for (size_t i = 0; i < ARRAY_LEN(topics) && !error; i++) {
		if (!is_wanted(l, i))
			continue;
		if (found)
			fputc('\n', to);
		found = true;
		error = topics[i].list(to, l->err);
	}
	return error;
}

static int find_topic(char **operands, int *topic, struct err *err)
{
	*topic = -1;
	if (!operands[0])
		return 0;
	if (operands[1])
		return err_set(err, -EINVAL, "list: expected one word, also got '%s'", operands[1]);
	*topic = word_parse(topic_name, "list", operands[0], err);
	return MIN(*topic, 0);
}

static enum exit_code list(const union options *all, char **operands)
{
	const struct list_command *options = &all->list;
	struct err err = {0};
	struct list_output listing = {.err = &err};
	const struct formats formats = {
		.list = options->output.format,
		.names = grid_format_name,
		.write = write_listing,
		.arg = &listing,
	};
	int error = find_topic(operands, &listing.topic, &err);
	if (!error)
		error = formats_check(&formats, &err);
	if (!error)
		error = formats_write(&formats, &err);
	if (!error)
		return EXIT_DONE;
	err_errno(&err, error, "list");
	return cmd_fail(&err);
}

const struct command cmd_list = {
	.name = "list",
	.operands = "[strategies|shapes|pins]",
	.summary = "list strategies, shapes of trees and pin policies",
	.bit = CMD_LIST,
	.ends_at_once = true,
	.run = list,
};
