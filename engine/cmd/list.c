/* statmark list: what there is to choose from, and why some of it cannot be had here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/shape/shape.h"
#include "datasets/tree/census.h"
#include "engine/base/arena.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/stats.h"
#include "engine/host/topology.h"
#include "engine/measure/select.h"

static void list_words(const struct param *param)
{
	for (size_t i = 0; param->words[i]; i++)
		printf("%s%s%s", i ? " | " : "", param->words[i],
		       (int64_t)i == param->initial ? "*" : "");
}

static void list_param(const struct param *param)
{
	printf("    %-11s %s\n%*s", param->name, param->help, 16, "");
	if (param->words)
		list_words(param);
	else
		printf("%lld..%lld, %lld*", (long long)param->min, (long long)param->max,
		       (long long)param->initial);
	putchar('\n');
}

static int list_strategies(struct err *unused)
{
	(void)unused;
	puts("Strategies (values with * are the initial ones):");
	for (size_t i = 0; strategies[i]; i++) {
		const struct strategy *s = strategies[i];
		struct err err = {0};
		if (s->flags & STRATEGY_SELFTEST)
			continue;
		printf("  %-11s %s\n", s->name, s->summary);
		if (s->probe && s->probe(&err))
			printf("    cannot run here: %s\n", err.text);
		for (size_t p = 0; p < PARAMS_MAX && s->params[p].name; p++)
			list_param(&s->params[p]);
	}
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
		printf("    %s\n", shape.summary);
	}
	return 0;
}

static int list_policy(const struct topology *topology, const char *policy, struct err *err)
{
	unsigned n = topology_allowed(topology);
	int *cpus = calloc(n, sizeof(*cpus));
	int error = cpus ? topology_place(topology, policy, n, cpus, err) : -ENOMEM;
	if (!error)
		printf("  %-11s", policy);
	for (unsigned i = 0; !error && i < n; i++)
		printf("%s%d", i ? "," : " ", cpus[i]);
	if (!error)
		putchar('\n');
	free(cpus);
	return error;
}

/* The CPUs in the order in which workers 1, 2, ... are placed on them. */
static int list_pins(struct err *err)
{
	struct topology *topology = NULL;
	int error = topology_open(&topology, NULL, err);
	if (error)
		return error;
	char *text = topology_text(topology), *allowed = topology_allowed_text(topology);
	printf("Pins (%s; this process may use CPUs %s):\n", text ? text : "?",
	       allowed ? allowed : "?");
	error = list_policy(topology, "compact", err);
	if (!error)
		error = list_policy(topology, "scatter", err);
	if (!error)
		puts("  none        wherever the scheduler puts them\n"
		     "  LIST        as you say, e.g. 0,2-3");
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
	return err_set(err, -EINVAL, "list knows strategies, shapes and pins, not '%s'%s%s%s", word,
		       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum exit_code list(const struct options *options, char **operands)
{
	struct err err = {0};
	bool found = false;
	int error = 0;
	(void)options;
	if (operands[0] && operands[1])
		error = err_set(&err, -EINVAL, "list takes one word, not also '%s'", operands[1]);
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
	.summary = "show what there is to choose from",
	.bit = CMD_LIST,
	.run = list,
};
