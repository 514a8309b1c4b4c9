/* statmark list: what there is to choose from, and why some of it cannot be had here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "datasets/tree/census.h"
#include "engine/base/arena.h"
#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/stats.h"
#include "engine/host/topology.h"
#include "engine/measure/choose/select.h"
#include "reports/words/format.h"

/* Narrower ones are treated as if they were so wide. */
enum { WIDTH_MIN = 60 };

/* "NAME   words", the words beginning at the same column in all lines. */
static void put_item(int indent, const char *name, const char *words, int at)
{
	const int written = printf("%*s%-*s ", indent, "", at - indent - 1, name);
	wrap_print(stdout, words, (size_t)written, (size_t)at,
		   (size_t)MAX(cmd_width(stdout), WIDTH_MIN));
	putchar('\n');
}

static void put_lines(const char *words, int indent)
{
	printf("%*s", indent, "");
	wrap_print(stdout, words, (size_t)indent, (size_t)indent,
		   (size_t)MAX(cmd_width(stdout), WIDTH_MIN));
	putchar('\n');
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

static void list_strategy(const struct strategy *s, struct arena *arena)
{
	struct err err = {0};
	put_item(2, s->name, s->summary, WORDS_AT);
	if (s->probe && s->probe(&err)) {
		const char *why = arena_print(arena, "cannot run here: %s", err.text);
		put_lines(why ? why : "cannot run here", 4);
	}
	for (size_t p = 0; p < PARAMS_MAX && s->params[p].name; p++) {
		const char *words = words_of(&s->params[p], arena);
		put_item(4, s->params[p].name, s->params[p].help, PARAMS_AT);
		put_lines(words ? words : "?", PARAMS_AT);
	}
}

static int list_strategies(struct err *unused)
{
	static const char *const knows[] = {
		[STAGE_FETCH] = "the paths are known", [STAGE_WALK] = "only the root is known"};
	struct arena *arena = arena_new();
	if (!arena)
		return -ENOMEM;
	(void)unused;
	for (enum stage stage = STAGE_FETCH; stage <= STAGE_WALK; stage++) {
		printf("%sStrategies of stage %s: %s\n(values with * are the initial ones):\n",
		       stage == STAGE_FETCH ? "" : "\n", stage_name(stage), knows[stage]);
		for (size_t i = 0; strategies[i]; i++) {
			if (strategies[i]->stage == stage &&
			    !(strategies[i]->flags & STRATEGY_SELFTEST))
				list_strategy(strategies[i], arena);
		}
	}
	arena_free(arena);
	return 0;
}

static int list_shapes(struct err *err)
{
	puts("Shapes (means, and how they are spread):");
	stats_sketch_head();
	for (size_t i = 0; shape_preset(i); i++) {
		struct shape shape;
		struct census census;
		int error = shape_load(&shape, shape_preset(i), err);
		if (error)
			return error;
		census_of_shape(&census, &shape);
		stats_sketch(shape.name, &census);
		put_lines(shape.summary, 4);
		if (*shape.origin) {
			fputs("    fitted to ", stdout);
			wrap_print(stdout, shape.origin, 14, 6,
				   (size_t)MAX(cmd_width(stdout), WIDTH_MIN));
			putchar('\n');
		}
	}
	return 0;
}

enum { POLICIES_MAX = 8, CPUS_SHOWN = 64 };

/* The machine, CPU by CPU in compact order, and which worker (1, 2, ...) each policy puts there. */
struct plan {
	size_t n; /* CPUs */
	struct cpu_place *places;
	size_t n_policies;
	const struct pin_policy *policies[POLICIES_MAX];
	unsigned *workers; /* n for each policy; 0: no worker */
};

static int fill_plan(struct plan *plan, const struct topology *topology, struct err *err)
{
	unsigned allowed = topology_allowed(topology);
	int *cpus = calloc(allowed, sizeof(*cpus)), error = cpus ? 0 : -ENOMEM;
	topology_list(topology, plan->places);
	for (size_t p = 0; pin_policies[p].name && !error; p++) {
		unsigned *workers = plan->workers + plan->n_policies * plan->n;
		error = topology_place(topology, pin_policies[p].name, allowed, cpus, err);
		if (error || cpus[0] < 0)
			continue; /* puts nobody anywhere */
		plan->policies[plan->n_policies++] = &pin_policies[p];
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

/* A number where it is another one than in the row above. */
static void put_number(bool shown, unsigned number, int width)
{
	if (shown)
		printf("%*u", width, number);
	else
		printf("%*s", width, "");
}

static void put_plan(const struct plan *plan)
{
	printf("  node package core  CPU ");
	for (size_t p = 0; p < plan->n_policies; p++)
		printf("  %s", plan->policies[p]->name);
	putchar('\n');
	for (size_t i = 0; i < plan->n && i < CPUS_SHOWN; i++) {
		const struct cpu_place *at = &plan->places[i], *above = i ? at - 1 : NULL;
		bool node = !above || above->node != at->node;
		bool package = node || above->package != at->package;
		put_number(node, at->node, 6);
		put_number(package, at->package, 8);
		put_number(package || above->core != at->core, at->core, 5);
		printf("%5d ", at->cpu);
		for (size_t p = 0; p < plan->n_policies; p++) {
			unsigned worker = plan->workers[p * plan->n + i];
			int width = 2 + (int)strlen(plan->policies[p]->name);
			if (worker)
				printf("%*u", width, worker);
			else
				printf("%*s", width, "-");
		}
		puts(at->allowed ? "" : "   not allowed");
	}
	if (plan->n > CPUS_SHOWN)
		printf("  ... and %s\n", COUNTED(plan->n - CPUS_SHOWN, "more CPU"));
}

static int draw_plan(const struct topology *topology, struct err *err)
{
	struct plan plan = {.n = topology_cpus(topology)};
	plan.places = calloc(plan.n, sizeof(*plan.places));
	plan.workers = calloc(plan.n * POLICIES_MAX, sizeof(*plan.workers));
	int error = plan.places && plan.workers ? fill_plan(&plan, topology, err) : -ENOMEM;
	if (!error)
		put_plan(&plan);
	free(plan.places);
	free(plan.workers);
	return error;
}

static int list_pins(struct err *err)
{
	struct topology *topology = NULL;
	int error = topology_open(&topology, NULL, err);
	if (error)
		return error;
	char *text = topology_text(topology), *allowed = topology_allowed_text(topology);
	printf("Pins (%s;\n      this process may use CPUs %s):\n", text ? text : "?",
	       allowed ? allowed : "?");
	for (size_t p = 0; pin_policies[p].name; p++)
		put_item(2, pin_policies[p].name, pin_policies[p].summary, WORDS_AT + 1);
	puts("  LIST          as you say, e.g. 0,2-3\n\nWhich worker goes where:");
	error = draw_plan(topology, err);
	free(text);
	free(allowed);
	topology_close(topology);
	return error;
}

static const struct {
	const char *name;
	int (*list)(struct err *err);
} topics[] = {
	{"strategies", list_strategies},
	{"shapes", list_shapes},
	{"pins", list_pins},
};

static const char *topic_name(size_t i, const void *arg)
{
	(void)arg;
	return topics[i].name;
}

static int unknown_topic(const char *word, struct err *err)
{
	const char *near = nearest(word, ARRAY_LEN(topics), topic_name, NULL);
	return err_set(err, -EINVAL, "list: expected strategies, shapes or pins, got '%s'%s%s%s",
		       word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum exit_code list(const struct options *options, char **operands)
{
	struct err err = {0};
	bool found = false;
	int error = 0;
	(void)options;
	if (operands[0] && operands[1])
		error = err_set(&err, -EINVAL, "list: expected one word, also got '%s'",
				operands[1]);
	for (size_t i = 0; i < ARRAY_LEN(topics) && !error; i++) {
		if (operands[0] && strcmp(operands[0], topics[i].name) != 0)
			continue;
		if (found)
			putchar('\n');
		found = true;
		error = topics[i].list(&err);
	}
	if (!found && !error)
		error = unknown_topic(operands[0], &err);
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
