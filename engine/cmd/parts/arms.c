#include "engine/cmd/parts/arms.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/cmd/parts/registry.h"
#include "engine/gate/arm/arm.h"

struct arms_parser {
	struct arms *arms;
	uint64_t timeout_ns; /* for outside programs */
	struct arena *arena;
	struct err *err;
	const struct strategy **all; /* array in the arena, which is extended */
	size_t n;
	const char *ours; /* the other items, for choosing the stage */
	struct arm programs[ARMS_MAX];
	size_t n_programs;
};

/* A list in the arena with one more item. */
static const char *joined(const char *list, const char *item, struct arena *arena)
{
	return arena_print(arena, "%s%s%s", list ? list : "", list ? "," : "", item);
}

static int add_strategy(struct arms_parser *g, const struct strategy *strategy, const char *whose)
{
	const struct strategy **more = arena_alloc(g->arena, (g->n + 2) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	for (size_t i = 0; i < g->n; i++) {
		more[i] = g->all[i];
		if (strcmp(more[i]->name, strategy->name) == 0)
			return err_set(g->err, -EINVAL,
				       "%s: there is a strategy called '%s' already", whose,
				       strategy->name);
	}
	more[g->n++] = strategy;
	g->all = more;
	return 0;
}

static int add_plugin(struct arms_parser *g, const struct arm *arm)
{
	struct arms *arms = g->arms;
	if (arms->n_plugins == ARMS_MAX)
		return err_set(g->err, -E2BIG, "more than %d plug-ins", ARMS_MAX);
	if (arm->cell && strchr(arm->cell, '/'))
		return err_set(g->err, -EINVAL, "%s: give the number of jobs with --jobs",
			       arm->text);
	int error = plugin_open(&arms->plugins[arms->n_plugins], arm->path, g->err);
	if (error)
		return error;
	const struct strategy *const *theirs = plugin_strategies(arms->plugins[arms->n_plugins++]);
	for (size_t i = 0; theirs[i] && !error; i++)
		error = add_strategy(g, theirs[i], arm->path);
	const char *cell = arm->cell ? arm->cell : theirs[0]->name;
	if (!error) {
		arms->names = joined(arms->names, cell, g->arena);
		g->ours = joined(g->ours, cell, g->arena);
	}
	return error || arms->names ? error : -ENOMEM;
}

/*
 * If two programs have the same name in lists of strategies or in tables, the second gets a number
 * appended.
 */
static const char *numbered(const struct arms_parser *g, const char *name, bool in_tables)
{
	for (size_t i = 0; name && i < g->n_programs; i++) {
		const char *other = in_tables ? g->arms->labels[i].label : g->programs[i].text;
		if (strcmp(other, name) == 0)
			return arena_print(g->arena, "%s#%zu", name, g->n_programs + 1);
	}
	return name;
}

/*
 * "exec:find", from the program's name, without characters that have a meaning in lists of
 * strategies.
 */
static const char *name_of(struct arms_parser *g, const char *command)
{
	char name[48];
	const char *word = command + strspn(command, " \t");
	size_t len = strcspn(word, " \t"), n = 0;
	for (size_t i = 0; i < len; i++) {
		bool usual = isalnum((unsigned char)word[i]) || strchr("._+-", word[i]);
		if (word[i] == '/' && i + 1 < len)
			n = 0;
		else if (n < sizeof(name) - 1)
			name[n++] = usual ? word[i] : '_';
	}
	name[n] = '\0';
	return numbered(g, arena_print(g->arena, "exec:%s", name), false);
}

/* "exec:find {root} -ls", as shown in tables. */
static const char *label_of(struct arms_parser *g, const struct arm *arm)
{
	if (arm->name)
		return arm->name;
	return numbered(g, arena_print(g->arena, "exec:%s", arm->command), true);
}

static int check_name(const struct arms_parser *g, const struct arm *arm)
{
	int error = arm_check_name(arm, g->all, g->err);
	for (size_t i = 0; arm->name && !error && i < g->n_programs; i++) {
		if (strcmp(g->programs[i].text, arm->name) == 0)
			error = err_set(g->err, -EINVAL,
					"%s: another program is called '%s' already", arm->text,
					arm->name);
	}
	return error;
}

static int add_program(struct arms_parser *g, const struct arm *arm)
{
	if (g->n_programs == ARMS_MAX)
		return err_set(g->err, -E2BIG, "more than %d outside programs", ARMS_MAX);
	if (arm->names_jobs)
		return err_set(g->err, -EINVAL, "%s: give the number of jobs with --jobs",
			       arm->text);
	int error = check_name(g, arm);
	if (error)
		return error;
	const char *name = arm->name ? arm->name : name_of(g, arm->command);
	const char *label = label_of(g, arm);
	if (!name || !label)
		return -ENOMEM;
	g->arms->labels[g->n_programs] =
		(struct arms_label){label, arm->command, arm->verify_lines};
	g->programs[g->n_programs] = *arm;
	g->programs[g->n_programs++].text = name;
	g->arms->names = joined(g->arms->names, name, g->arena);
	return g->arms->names ? 0 : -ENOMEM;
}

/* "exec:.." or "exec[..", after an optional "NAME=". */
static bool is_program(const char *item)
{
	size_t len = strcspn(item, "=[:/");
	item += item[len] == '=' ? len + 1 : 0;
	return strncmp(item, "exec:", 5) == 0 || strncmp(item, "exec[", 5) == 0;
}

static int gather_item(struct arms_parser *g, const char *item)
{
	struct arm arm;
	const bool is_named = item[strcspn(item, "=[:/")] == '=';
	if (strncmp(item, "plugin:", 7) && !is_program(item) && !is_named) {
		g->arms->names = joined(g->arms->names, item, g->arena);
		g->ours = joined(g->ours, item, g->arena);
		return g->arms->names && g->ours ? 0 : -ENOMEM;
	}
	int error = arm_parse(&arm, item, g->arena, g->err);
	if (error)
		return error;
	return arm.kind == ARM_PLUGIN ? add_plugin(g, &arm) : add_program(g, &arm);
}

static bool has_open_quote(const char *text)
{
	char quote = '\0';
	for (; *text; text++) {
		if (*text == '\\' && quote != '\'' && text[1])
			text++;
		else if (quote ? *text == quote : *text == '\'' || *text == '"')
			quote = quote ? '\0' : *text;
	}
	return quote;
}

/* Commas in the quotes of a command are part of it. */
static char *whole_item(char **rest)
{
	char *item = next_item(rest);
	while (item && is_program(item) && has_open_quote(item) && **rest) {
		item[strlen(item)] = ',';
		next_item(rest);
	}
	return item;
}

/* Called when the stage in which they take part is known. */
static int make_programs(struct arms_parser *g)
{
	struct arms *arms = g->arms;
	int error = 0;
	for (size_t i = 0; i < g->n_programs && !error; i++) {
		const struct arm *arm = &g->programs[i];
		const struct program_request request = {
			.command = arm->command,
			.label = arm->text,
			.stage = arms->stage,
			.verify_lines = arm->verify_lines,
			.timeout_ns = g->timeout_ns,
			.hangup_fd = -1,
		};
		error = program_new(&arms->programs[i], &request, g->err);
		if (!error)
			arms->n_programs = i + 1;
		if (!error)
			error = add_strategy(g, program_strategy(arms->programs[i]), arm->text);
	}
	return error;
}

int arms_gather(struct arms *arms, const struct cell_options *cells, uint64_t timeout_ns,
		struct arena *arena, struct err *err)
{
	struct arms_parser g = {.arms = arms, .timeout_ns = timeout_ns, .arena = arena, .err = err};
	char *rest = arena_copy(arena, cells->strategies);
	int error = 0;
	*arms = (struct arms){0};
	for (size_t i = 0; strategies[i] && !error; i++)
		error = add_strategy(&g, strategies[i], "statmark");
	for (char *item; !error && rest && (item = whole_item(&rest));)
		error = gather_item(&g, item);
	if (!error && cells->strategies && !cells->strategies[strspn(cells->strategies, ",")])
		error = err_set(err, -EINVAL,
				"--strategy: expected a strategy, such as lstat, got '%s'",
				cells->strategies);
	const char *const lists[2] = {g.ours, cells->baseline};
	const bool only_programs = g.n_programs && !g.ours && !cells->baseline;
	arms->stage = cells->stage >= 0 ? (enum stage)cells->stage : STAGE_WALK;
	/* NULL-terminated, because the arena is zeroed. */
	if (!error && cells->stage < 0 && !only_programs)
		error = stage_choose(g.all, lists, &arms->stage, err);
	if (!error)
		error = make_programs(&g);
	arms->strategies = g.all;
	return error ? err_errno(err, error, "--strategy") : 0;
}

int arms_check_order(const struct arms *arms, enum order order, struct err *err)
{
	if (arms->stage != STAGE_WALK || order == ORDER_READDIR)
		return 0;
	return err_set(
		err, -EINVAL,
		"--order is for stage fetch: a walk has its own; leave out --order, or choose "
		"strategies of stage fetch, such as lstat");
}

static int label_cell(const struct arms_label *l, struct cell_spec *spec, struct arena *arena)
{
	spec->label = l->label;
	spec->id = arena_print(arena, "%s/j%u", l->label, spec->jobs);
	spec->command = l->command;
	spec->is_output_verified = l->is_verified;
	return spec->id ? 0 : -ENOMEM;
}

int arms_label(const struct arms *arms, struct selection *selection, struct arena *arena)
{
	int error = 0;
	for (size_t i = 0; i < selection->n && !error; i++) {
		struct cell_spec *spec = &selection->cells[i];
		for (size_t k = 0; k < arms->n_programs && !error; k++) {
			if (program_strategy(arms->programs[k]) == spec->strategy)
				error = label_cell(&arms->labels[k], spec, arena);
		}
	}
	return error;
}

int arms_aim(struct arms *arms, const char *root, uint64_t entries, struct err *err)
{
	int error = 0;
	for (size_t i = 0; i < arms->n_programs && !error; i++)
		error = program_add_tree(arms->programs[i], root, entries, err);
	return error;
}

void arms_release(struct arms *arms)
{
	for (size_t i = 0; i < arms->n_plugins; i++)
		plugin_close(arms->plugins[i]);
	for (size_t i = 0; i < arms->n_programs; i++)
		program_free(arms->programs[i]);
}
