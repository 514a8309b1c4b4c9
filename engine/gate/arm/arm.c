#include "engine/gate/arm/arm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/util.h"

enum { NAME_MAX_LEN = 40 };

static const struct {
	const char *name;
	enum arm_kind kind;
} kinds[] = {
	{"strategy", ARM_STRATEGY},
	{"plugin", ARM_PLUGIN},
	{"exec", ARM_EXEC},
	{"bin", ARM_BINARY},
};

static const char *kind_name(size_t i, const void *arg)
{
	(void)arg;
	return kinds[i].name;
}

static int parse_option(struct arm *arm, char *option, struct err *err)
{
	uint64_t jobs;
	if (strcmp(option, "lines=verify") == 0) {
		arm->verify_lines = true;
		return 0;
	}
	if (strncmp(option, "jobs=", 5) == 0 && !parse_integer(option + 5, &jobs) && jobs &&
	    jobs <= JOBS_MAX) {
		arm->jobs = (unsigned)jobs;
		arm->names_jobs = true;
		return 0;
	}
	return err_set(err, -EINVAL, "%s: exec: expected lines=verify or jobs=N, got '%s'",
		       arm->text, option);
}

/* Parses ":CMD" or "[a,b]:CMD", the text after exec. */
static int parse_exec(struct arm *arm, char *rest, struct err *err)
{
	char *save;
	arm->jobs = 1;
	if (*rest == '[') {
		char *close = strstr(rest, "]:");
		if (!close)
			return err_set(err, -EINVAL, "%s: expected ']:' before the command",
				       arm->text);
		*close = '\0';
		for (char *o = strtok_r(rest + 1, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
			int error = parse_option(arm, o, err);
			if (error)
				return error;
		}
		rest = close + 1;
	}
	arm->command = rest + 1;
	if (!arm->command[strspn(arm->command, " \t")])
		return err_set(err, -EINVAL, "%s: expected a command after the colon", arm->text);
	return 0;
}

/*
 * Notes N of a cell "NAME[param=value,..]/jN"; a bad number is refused later, when the cell is
 * parsed.
 */
static void parse_jobs(struct arm *arm)
{
	const char *slash = strrchr(arm->cell, '/');
	uint64_t jobs;
	arm->names_jobs = slash && slash[1] == 'j';
	if (arm->names_jobs && !parse_integer(slash + 2, &jobs) && jobs <= JOBS_MAX)
		arm->jobs = (unsigned)jobs;
}

/* Splits "PATH" or "PATH:MORE" at the first colon. Returns MORE or NULL. */
static char *split_path(struct arm *arm, char *rest)
{
	char *colon = strchr(rest, ':');
	arm->path = rest;
	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static int parse_plugin(struct arm *arm, char *rest, struct err *err)
{
	arm->cell = split_path(arm, rest);
	if (!*arm->path || (arm->cell && !*arm->cell))
		return err_set(err, -EINVAL, "%s: expected plugin:PATH or plugin:PATH:STRATEGY",
			       arm->text);
	if (arm->cell)
		parse_jobs(arm);
	return 0;
}

static int parse_binary(struct arm *arm, char *rest, struct arena *arena, struct err *err)
{
	struct arm inner;
	arm->inner = split_path(arm, rest);
	if (!*arm->path || (arm->inner && !*arm->inner))
		return err_set(err, -EINVAL,
			       "%s: expected bin:PATH:ARM, or bin:PATH with --strategy", arm->text);
	int error = arm->inner ? arm_parse(&inner, arm->inner, arena, err) : 0;
	if (!error && arm->inner && inner.kind == ARM_BINARY)
		error = err_set(err, -EINVAL, "%s: a build cannot run another build", arm->text);
	if (!error && arm->inner) {
		arm->name = inner.name;
		arm->names_jobs = inner.names_jobs;
		arm->jobs = inner.jobs;
		arm->inner = arm_unnamed(&inner);
	}
	return error;
}

static int parse_kind(struct arm *arm, char *word, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		arm->kind = kinds[i].kind;
		if (strcmp(kinds[i].name, word) == 0)
			return 0;
	}
	char prefix[16] = "";
	const char *near = nearest(word, ARRAY_LEN(kinds), kind_name, NULL);
	if (near)
		snprintf(prefix, sizeof(prefix), "%s:", near);
	return err_set(
		err, -EINVAL,
		"'%s': expected strategy:, plugin:, exec: or bin: at the beginning of an arm%s",
		arm->text, DID_YOU_MEAN(prefix));
}

const char *arm_unnamed(const struct arm *arm)
{
	bool has_prefix = arm->name && arm->kind == ARM_EXEC;
	return has_prefix ? arm->text + strlen(arm->name) + 1 : arm->text;
}

static int refuse_jobs(const struct arm *arm, const char *jobs, struct err *err)
{
	return err_set(err, -EINVAL,
		       "%s: --jobs needs the name of its strategy; write %s:STRATEGY/j%s",
		       arm->text, arm->text, jobs);
}

static int give_binary(struct arm *arm, const char *jobs, struct arena *arena, bool *given,
		       struct err *err)
{
	struct arm inner;
	int error = arm->inner ? arm_parse(&inner, arm->inner, arena, err) : -EINVAL;
	if (!error)
		error = arm_give_jobs(&inner, jobs, arena, given, NULL);
	if (error)
		return error == -EINVAL ? refuse_jobs(arm, jobs, err)
					: err_errno(err, error, "--jobs %s", jobs);
	arm->inner = arm_unnamed(&inner);
	arm->jobs = inner.jobs;
	return 0;
}

int arm_give_jobs(struct arm *arm, const char *jobs, struct arena *arena, bool *given,
		  struct err *err)
{
	uint64_t number;
	*given = false;
	if (arm->names_jobs)
		return 0;
	if (parse_integer(jobs, &number) || !number || number > JOBS_MAX)
		return err_set(err, -EINVAL, "--jobs: expected a number, got '%s'", jobs);
	switch (arm->kind) {
	case ARM_STRATEGY:
	case ARM_PLUGIN:
		if (!arm->cell)
			return refuse_jobs(arm, jobs, err);
		arm->text = arena_print(arena, "%s/j%s", arm->text, jobs);
		arm->cell = arena_print(arena, "%s/j%s", arm->cell, jobs);
		arm->jobs = (unsigned)number;
		break;
	case ARM_EXEC:
		arm->text = arena_print(arena, "%s%sexec[jobs=%s%s]:%s", arm->name ? arm->name : "",
					arm->name ? "=" : "", jobs,
					arm->verify_lines ? ",lines=verify" : "", arm->command);
		arm->jobs = (unsigned)number;
		break;
	case ARM_BINARY:
		return give_binary(arm, jobs, arena, given, err);
	}
	*given = true;
	return arm->text && (arm->cell || arm->kind == ARM_EXEC)
		       ? 0
		       : err_errno(err, -ENOMEM, "--jobs %s", jobs);
}

int arm_check_name(const struct arm *arm, const struct strategy *const *list, struct err *err)
{
	for (size_t i = 0; arm->name && list[i]; i++) {
		if (strcmp(list[i]->name, arm->name) == 0)
			return err_set(err, -EINVAL,
				       "%s: there is a strategy called '%s' already; give the "
				       "program another name",
				       arm->text, arm->name);
	}
	return 0;
}

/* Parses "NAME=" before exec. The name is used in tables, and in lists of strategies. */
static int parse_name(struct arm *arm, char **rest, struct err *err)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._+-";
	size_t len = strcspn(*rest, "=[:/");
	if ((*rest)[len] != '=')
		return 0;
	const char *behind = *rest + len + 1;
	if (strncmp(behind, "exec:", 5) && strncmp(behind, "exec[", 5))
		return err_set(err, -EINVAL,
			       "%s: only outside programs can have names: NAME=exec:COMMAND",
			       arm->text);
	if (!len || len > NAME_MAX_LEN || strspn(*rest, usual) != len || strchr("._+-", **rest))
		return err_set(err, -EINVAL,
			       "%s: a name has at most %d letters, digits and . _ + -, and begins "
			       "with a letter or digit, such as find=exec:find {root}",
			       arm->text, NAME_MAX_LEN);
	(*rest)[len] = '\0';
	arm->name = *rest;
	*rest += len + 1;
	return 0;
}

int arm_parse(struct arm *arm, const char *text, struct arena *arena, struct err *err)
{
	char word[16] = "", *copy = arena_copy(arena, text);
	*arm = (struct arm){.kind = ARM_STRATEGY, .text = arena_copy(arena, text), .cell = copy};
	if (!copy || !arm->text)
		return err_errno(err, -ENOMEM, "%s", text);
	if (!*copy)
		return err_set(err, -EINVAL, "expected an arm, such as lstat, got ''");
	int error = parse_name(arm, &copy, err);
	if (error)
		return error;
	size_t len = strspn(copy, "abcdefghijklmnopqrstuvwxyz");
	bool has_options = copy[len] == '[' && len == 4 && memcmp(copy, "exec", 4) == 0;
	if (copy[len] != ':' && !has_options) { /* a bare name */
		parse_jobs(arm);
		return 0;
	}
	snprintf(word, sizeof(word), "%.*s", (int)len, copy);
	error = parse_kind(arm, word, err);
	if (error)
		return error;
	arm->cell = NULL;
	switch (arm->kind) {
	case ARM_STRATEGY:
		arm->cell = copy + len + 1;
		parse_jobs(arm);
		return *arm->cell ? 0
				  : err_set(err, -EINVAL, "%s: expected a strategy after the colon",
					    text);
	case ARM_PLUGIN:
		return parse_plugin(arm, copy + len + 1, err);
	case ARM_EXEC:
		return parse_exec(arm, copy + len, err);
	case ARM_BINARY:
		return parse_binary(arm, copy + len + 1, arena, err);
	}
	return 0;
}

static int open_plugin(struct arm_spec *spec, const struct arm *arm,
		       const struct arm_request *request, struct arena *arena, struct err *err)
{
	int error = plugin_open(&spec->plugin, arm->path, err);
	if (error)
		return error;
	const struct select_request select = {
		.strategies = plugin_strategies(spec->plugin),
		.cpus = request->cpus,
	};
	const char *cell = arm->cell ? arm->cell : select.strategies[0]->name;
	return select_cell(&select, cell, arm->text, arena, &spec->cell, err);
}

/* The name in tables: the one given, or the text of the arm. */
static const char *label_of(const struct arm *arm)
{
	return arm->name ? arm->name : arm->text;
}

static int open_program(struct arm_spec *spec, const struct arm *arm,
			const struct arm_request *request, struct arena *arena, struct err *err)
{
	const struct program_request program = {
		.command = arm->command,
		.label = label_of(arm),
		.stage = request->stage,
		.verify_lines = arm->verify_lines,
		.timeout_ns = request->timeout_ns,
		.hangup_fd = request->hangup_fd,
	};
	int error = program_new(&spec->program, &program, err);
	if (!error)
		error = program_add_tree(spec->program, request->root, request->entries, err);
	if (error)
		return error;
	spec->cell = (struct cell_spec){
		.strategy = program_strategy(spec->program),
		.jobs = arm->jobs,
		.is_asked = true,
		.label = label_of(arm),
		.id = arena_print(arena, "%s/j%u", label_of(arm), arm->jobs),
	};
	return spec->cell.id ? 0 : err_errno(err, -ENOMEM, "%s", arm->text);
}

int arm_open(struct arm_spec *spec, const struct arm *arm, const struct arm_request *request,
	     struct arena *arena, struct err *err)
{
	const struct select_request select = {
		.strategies = request->strategies,
		.cpus = request->cpus,
	};
	int error = 0;
	*spec = (struct arm_spec){0};
	switch (arm->kind) {
	case ARM_STRATEGY:
		error = select_cell(&select, arm->cell, arm->text, arena, &spec->cell, err);
		break;
	case ARM_PLUGIN:
		error = open_plugin(spec, arm, request, arena, err);
		break;
	case ARM_EXEC:
		error = open_program(spec, arm, request, arena, err);
		break;
	case ARM_BINARY:
		error = err_set(err, -EINVAL,
				"%s: expected an arm of this build, not bin:", arm->text);
		break;
	}
	if (error)
		arm_close(spec);
	return error;
}

void arm_close(struct arm_spec *spec)
{
	plugin_close(spec->plugin);
	program_free(spec->program);
	*spec = (struct arm_spec){0};
}
