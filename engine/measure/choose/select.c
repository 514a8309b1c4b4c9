#include "engine/measure/choose/select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/count.h"
#include "engine/base/text.h"
#include "engine/base/util.h"

/* The stages of all strategies that an item names, as a mask. */
static unsigned stages_of(const struct strategy *const *strategies, const char *item)
{
	unsigned stages = 0;
	for (; *strategies; strategies++) {
		if (fnmatch(item, (*strategies)->name, 0) == 0)
			stages |= 1U << (*strategies)->stage;
	}
	return stages;
}

/* The first item that decided the stage. */
struct choice {
	const char *item;
	enum stage stage;
};

static int decide_stage(struct choice *choice, const struct strategy *const *strategies, char *list,
			struct err *err)
{
	for (char *item; (item = next_item(&list));) {
		item[strcspn(item, "/")] = '\0'; /* cuts off /jN of --baseline */
		if (strchr(item, '='))
			item[strcspn(item, "[")] = '\0';
		unsigned stages = stages_of(strategies, item);
		if (stages != 1U << STAGE_FETCH && stages != 1U << STAGE_WALK)
			continue; /* of no stage, or of any */
		enum stage stage = stages == 1U << STAGE_WALK ? STAGE_WALK : STAGE_FETCH;
		if (choice->item && choice->stage != stage)
			return err_set(
				err, -EINVAL,
				"'%s' is of stage %s and '%s' of stage %s; a run measures one "
				"stage",
				choice->item, stage_name(choice->stage), item, stage_name(stage));
		if (!choice->item)
			*choice = (struct choice){item, stage};
	}
	return 0;
}

int stage_choose(const struct strategy *const *strategies, const char *const lists[2],
		 enum stage *stage, struct err *err)
{
	struct choice choice = {NULL, STAGE_FETCH};
	char *copies[2] = {NULL, NULL};
	int error = 0;
	for (int i = 0; i < 2 && !error; i++) {
		if (!lists[i])
			continue;
		copies[i] = strdup(lists[i]);
		error = copies[i] ? decide_stage(&choice, strategies, copies[i], err) : -ENOMEM;
	}
	*stage = choice.stage;
	free(copies[0]);
	free(copies[1]);
	return error ? err_errno(err, error, "cannot choose the stage") : 0;
}

enum { PARAM_OPTIONS_MAX = 64 }; /* how often -p may be given */

struct cell_selector {
	const struct select_request *request;
	const char *what; /* the option that names cells, for messages */
	struct arena *arena;
	struct selection *out;
	struct err *err;
	bool param_used[PARAM_OPTIONS_MAX]; /* which of request->params at least one strategy has */
	bool is_asking;                     /* the cells being added were named in request->names */
	const char *jobs; /* /jN of the item being added, used instead of request->jobs */
};

/* The values that each parameter of a strategy takes. */
enum { VALUES_MAX = 32 };
struct param_axis {
	int64_t values[VALUES_MAX];
	size_t n;
};

/* "" for a strategy of the other stage, which the item cannot name. */
static const char *strategy_name(size_t i, const void *arg)
{
	const struct select_request *request = arg;
	const struct strategy *strategy = request->strategies[i];
	return strategy->stage == request->stage ? strategy->name : "";
}

static size_t count_strategies(const struct select_request *request)
{
	size_t n = 0;
	while (request->strategies[n])
		n++;
	return n;
}

static const char *word_at(size_t i, const void *words)
{
	return ((const char *const *)words)[i];
}

static const char *param_name(size_t i, const void *strategy)
{
	return ((const struct strategy *)strategy)->params[i].name;
}

static size_t count_params(const struct strategy *strategy)
{
	size_t n = 0;
	while (n < PARAMS_MAX && strategy->params[n].name)
		n++;
	return n;
}

const char *param_text(const struct param *param, int64_t value, struct arena *arena)
{
	if (param->words)
		return param->words[value];
	return arena_print(arena, "%lld", (long long)value);
}

static int parse_word(const struct cell_selector *s, const struct strategy *strategy,
		      const struct param *param, const char *text, int64_t *value)
{
	size_t n = 0;
	for (; param->words[n]; n++) {
		if (strcmp(param->words[n], text) == 0) {
			*value = (int64_t)n;
			return 0;
		}
	}
	const char *near = DID_YOU_MEAN(nearest(text, n, word_at, param->words));
	char all[160] = "";
	for (size_t i = 0; i < n; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			 !i          ? ""
			 : i + 1 < n ? ", "
				     : " or ",
			 param->words[i]);
	return err_set(s->err, -EINVAL, "%s: %s: expected %s, got '%s'%s", strategy->name,
		       param->name, all, text, near);
}

static int parse_value(const struct cell_selector *s, const struct strategy *strategy,
		       const struct param *param, const char *text, int64_t *value)
{
	char *end;
	if (param->words)
		return parse_word(s, strategy, param, text, value);
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (end == text || *end || errno || number < param->min || number > param->max)
		return err_set(s->err, -EINVAL,
			       "%s: %s: expected an integer from %lld to %lld, got '%s'",
			       strategy->name, param->name, (long long)param->min,
			       (long long)param->max, text);
	*value = number;
	return 0;
}

/* Adds the comma-separated values in text to an axis. */
static int add_values(struct cell_selector *s, const struct strategy *strategy,
		      const struct param *param, const char *text, struct param_axis *axis)
{
	char *copy = arena_copy(s->arena, text), *save;
	if (!copy)
		return -ENOMEM;
	char *word = strtok_r(copy, ",", &save);
	if (!word)
		return err_set(s->err, -EINVAL, "%s: %s: needs a value", strategy->name,
			       param->name);
	for (; word; word = strtok_r(NULL, ",", &save)) {
		if (axis->n == VALUES_MAX)
			return err_set(s->err, -E2BIG, "%s: more than %d values for %s",
				       strategy->name, VALUES_MAX, param->name);
		int error = parse_value(s, strategy, param, word, &axis->values[axis->n]);
		if (error)
			return error;
		axis->n++;
	}
	return 0;
}

/* Splits "name=value" in place; returns the value or NULL. */
static char *split_assignment(char *text)
{
	char *equals = strchr(text, '=');
	if (equals)
		*equals++ = '\0';
	return equals;
}

/*
 * A parameter in brackets has one value: -p, and a repetition in the brackets, must give the same
 * value.
 */
static int check_twice(struct cell_selector *s, const struct strategy *strategy, size_t i,
		       const char *value, const struct param_axis *axis, unsigned given)
{
	const struct param *param = &strategy->params[i];
	int64_t number;
	if (axis->n == 0)
		return 0;
	int error = parse_value(s, strategy, param, value, &number);
	for (size_t k = 0; k < axis->n && !error; k++) {
		const char *other = param_text(param, axis->values[k], s->arena);
		if (axis->values[k] == number)
			continue;
		error = err_set(s->err, -EINVAL, "%s: %s is given twice: %s[%s=%s] and %s%s=%s",
				strategy->name, param->name, strategy->name, param->name, value,
				given & 1U << i ? "" : "-p ", param->name, or_unknown(other));
	}
	return error;
}

/* Parses the brackets after a name: exactly one value per parameter. */
static int apply_brackets(struct cell_selector *s, const struct strategy *strategy, char *text,
			  struct param_axis axes[PARAMS_MAX])
{
	char *save;
	size_t n = count_params(strategy);
	unsigned given = 0;
	for (char *item = strtok_r(text, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *value = split_assignment(item);
		size_t i = 0;
		while (i < n && strcmp(strategy->params[i].name, item) != 0)
			i++;
		if (i == n) {
			const char *near = nearest(item, n, param_name, strategy);
			return err_set(s->err, -EINVAL, "%s has no parameter '%s'%s",
				       strategy->name, item, DID_YOU_MEAN(near));
		}
		if (!value)
			return err_set(s->err, -EINVAL, "%s: %s: needs a value: %s[%s=..]",
				       strategy->name, item, strategy->name, item);
		int error = check_twice(s, strategy, i, value, &axes[i], given);
		if (error)
			return error;
		given |= 1U << i;
		axes[i].n = 0;
		error = add_values(s, strategy, &strategy->params[i], value, &axes[i]);
		if (error)
			return error;
	}
	return 0;
}

/* Applies -p to the parameters that this strategy has. */
static int apply_params(struct cell_selector *s, const struct strategy *strategy,
			struct param_axis axes[PARAMS_MAX])
{
	for (size_t p = 0; s->request->params && s->request->params[p]; p++) {
		char *name = arena_copy(s->arena, s->request->params[p]);
		char *value = name ? split_assignment(name) : NULL;
		if (!value)
			return -ENOMEM;
		for (size_t i = 0; i < count_params(strategy); i++) {
			if (strcmp(strategy->params[i].name, name) != 0)
				continue;
			s->param_used[p] = true;
			int error = add_values(s, strategy, &strategy->params[i], value, &axes[i]);
			if (error)
				return error;
		}
	}
	return 0;
}

static const char *label_of(const struct cell_spec *spec, struct arena *arena)
{
	const struct strategy *strategy = spec->strategy;
	const char *inside = NULL;
	for (size_t i = 0; i < count_params(strategy); i++) {
		const struct param *param = &strategy->params[i];
		if (spec->params[i] == param->initial)
			continue;
		inside = arena_print(arena, "%s%s%s=%s", inside ? inside : "", inside ? "," : "",
				     param->name, param_text(param, spec->params[i], arena));
	}
	return inside ? arena_print(arena, "%s[%s]", strategy->name, inside) : strategy->name;
}

/* Adds a cell unless it is in the list; *index is set to its index. */
static int add_cell(struct cell_selector *s, struct cell_spec spec, size_t *index)
{
	struct selection *out = s->out;
	spec.is_floor = spec.strategy->flags & STRATEGY_FLOOR;
	spec.label = label_of(&spec, s->arena);
	spec.id = arena_print(s->arena, "%s/j%u", spec.label, spec.jobs);
	if (!spec.id)
		return -ENOMEM;
	for (*index = 0; *index < out->n; ++*index) {
		if (strcmp(out->cells[*index].id, spec.id) == 0) {
			out->cells[*index].is_asked |= s->is_asking;
			return 0;
		}
	}
	spec.is_asked = s->is_asking;
	if (out->n == CELLS_MAX)
		return err_set(s->err, -E2BIG, "more than %d cells; select fewer", CELLS_MAX);
	out->cells[out->n++] = spec;
	out->max_jobs = MAX(out->max_jobs, spec.jobs);
	return 0;
}

/* Adds the strategy with one number of jobs and every combination of its parameters' values. */
static int add_combinations(struct cell_selector *s, const struct strategy *strategy, unsigned jobs,
			    const struct param_axis axes[PARAMS_MAX])
{
	size_t at[PARAMS_MAX] = {0}, n = count_params(strategy), i;
	do {
		struct cell_spec spec = {.strategy = strategy, .jobs = jobs};
		size_t index;
		for (i = 0; i < n; i++)
			spec.params[i] = axes[i].values[at[i]];
		int error = add_cell(s, spec, &index);
		if (error)
			return error;
		for (i = 0; i < n && ++at[i] == axes[i].n; i++)
			at[i] = 0;
	} while (i < n);
	return 0;
}

static int bad_jobs(struct cell_selector *s, const char *word)
{
	return err_set(s->err, -EINVAL, "--jobs: expected an integer from 1 to %d, got '%s'",
		       JOBS_MAX, word);
}

/* Calls add_combinations for each number in --jobs. */
static int add_jobs(struct cell_selector *s, const struct strategy *strategy,
		    const struct param_axis axes[PARAMS_MAX])
{
	unsigned usual = strategy->flags & STRATEGY_ALL_CORES ? s->request->cpus : 1;
	const char *list = s->jobs ? s->jobs : s->request->jobs;
	if (!list || strategy->flags & STRATEGY_SEQUENTIAL)
		return add_combinations(s, strategy, usual, axes);
	char *copy = arena_copy(s->arena, list), *save;
	if (!copy)
		return -ENOMEM;
	char *word = strtok_r(copy, ",", &save);
	if (!word)
		return bad_jobs(s, list);
	for (; word; word = strtok_r(NULL, ",", &save)) {
		uint64_t jobs;
		if (parse_integer(word, &jobs) || jobs < 1 || jobs > JOBS_MAX)
			return bad_jobs(s, word);
		int error = add_combinations(s, strategy, (unsigned)jobs, axes);
		if (error)
			return error;
	}
	return 0;
}

static int add_strategy(struct cell_selector *s, const struct strategy *strategy,
			const char *brackets)
{
	struct param_axis axes[PARAMS_MAX] = {0};
	int error = apply_params(s, strategy, axes);
	if (!error && brackets) {
		char *copy = arena_copy(s->arena, brackets);
		error = copy ? apply_brackets(s, strategy, copy, axes) : -ENOMEM;
	}
	for (size_t i = 0; i < count_params(strategy); i++) {
		if (!axes[i].n)
			axes[i] = (struct param_axis){{strategy->params[i].initial}, 1};
	}
	return error ? error : add_jobs(s, strategy, axes);
}

/* Cuts "name[inside]" in place; *inside is set to the text in brackets, NULL if there are none. */
static int split_brackets(struct cell_selector *s, char *item, char **inside)
{
	char *open = strchr(item, '[');
	size_t len = strlen(item);
	*inside = NULL;
	if (!open || strchr(open, '=') == NULL)
		return 0; /* a glob may have brackets, too, but no equals sign */
	if (item[len - 1] != ']')
		return err_set(s->err, -EINVAL, "'%s': expected a closing bracket", item);
	item[len - 1] = '\0';
	*open = '\0';
	*inside = open + 1;
	return 0;
}

/* No strategy of this stage has that name: it is misspelled, or is one of the other stage. */
static int unknown_item(struct cell_selector *s, const char *item)
{
	const struct select_request *request = s->request;
	for (size_t i = 0; request->strategies[i]; i++) {
		const struct strategy *strategy = request->strategies[i];
		if (fnmatch(item, strategy->name, 0) == 0)
			return err_set(s->err, -EINVAL,
				       "'%s' is of stage %s, this run is of stage %s; see --stage",
				       item, stage_name(strategy->stage),
				       stage_name(request->stage));
	}
	const char *colon = strchr(item, ':');
	if (colon && strchr(colon, '='))
		return err_set(s->err, -EINVAL,
			       "%s: expected a strategy, got '%s'; parameters go in brackets: "
			       "'%.*s[%s]'",
			       s->what, item, (int)(colon - item), item, colon + 1);
	const char *near =
		DID_YOU_MEAN(nearest(item, count_strategies(request), strategy_name, request));
	return err_set(s->err, -EINVAL, "%s: expected a strategy, got '%s'%s", s->what, item,
		       *near ? near : "; statmark list strategies shows them");
}

/* Cuts "/jN" off; an item without it is measured with all numbers in --jobs. */
static int split_jobs(struct cell_selector *s, char *item)
{
	char *slash = strrchr(item, '/');
	s->jobs = NULL;
	if (!slash)
		return 0;
	if (slash[1] != 'j')
		return err_set(s->err, -EINVAL, "'%s': expected NAME or NAME/jN, such as lstat/j1",
			       item);
	*slash = '\0';
	s->jobs = slash + 2;
	return 0;
}

/*
 * A strategy with one job is measured once whatever --jobs lists, and so if a glob selects it; but
 * an item that names it with another number asks for a cell that does not exist.
 */
static int check_own_jobs(struct cell_selector *s, const struct strategy *strategy)
{
	uint64_t jobs;
	if (!s->jobs || !(strategy->flags & STRATEGY_SEQUENTIAL))
		return 0;
	if (parse_integer(s->jobs, &jobs) || jobs < 1 || jobs > JOBS_MAX)
		return bad_jobs(s, s->jobs);
	return jobs == 1 ? 0
			 : err_set(s->err, -EINVAL, "%s %s: it cannot be measured with %s",
				   strategy->name,
				   strategy->flags & STRATEGY_MAKES_THREADS
					   ? "has one job, with threads of its own"
					   : "runs in one thread",
				   COUNTED(jobs, "job"));
}

static int add_item(struct cell_selector *s, char *item)
{
	const struct select_request *request = s->request;
	char *inside;
	bool found = false;
	int error = split_jobs(s, item);
	error = error ? error : split_brackets(s, item, &inside);
	for (size_t i = 0; !error && request->strategies[i]; i++) {
		const struct strategy *strategy = request->strategies[i];
		/* The floor is always added; further cells of it only if it is named. */
		const unsigned by_name_only = STRATEGY_FLOOR | STRATEGY_SELFTEST |
					      (request->names ? 0 : (unsigned)STRATEGY_ON_REQUEST);
		bool by_name = strcmp(item, strategy->name) == 0;
		bool by_glob =
			!(strategy->flags & by_name_only) && fnmatch(item, strategy->name, 0) == 0;
		if (strategy->stage != request->stage || !(by_name || by_glob))
			continue;
		found = true;
		error = by_name ? check_own_jobs(s, strategy) : 0;
		error = error ? error : add_strategy(s, strategy, inside);
	}
	return error || found ? error : unknown_item(s, item);
}

static int add_names(struct cell_selector *s)
{
	char *rest = arena_copy(s->arena, s->request->names ? s->request->names : "*");
	if (!rest)
		return -ENOMEM;
	for (char *item; (item = next_item(&rest));) {
		int error = add_item(s, item);
		if (error)
			return error;
	}
	return 0;
}

static int add_floor(struct cell_selector *s)
{
	const struct strategy *const *all = s->request->strategies;
	for (size_t i = 0; all[i]; i++) {
		struct cell_spec spec = {.strategy = all[i], .jobs = 1};
		size_t index;
		if (all[i]->stage != s->request->stage || !(all[i]->flags & STRATEGY_FLOOR))
			continue;
		for (size_t p = 0; p < count_params(all[i]); p++)
			spec.params[p] = all[i]->params[p].initial;
		return add_cell(s, spec, &index);
	}
	return 0;
}

/*
 * Adds exactly the cell that NAME[..][/jN] names. name is modified. what: the option, for messages.
 */
static int add_named(struct cell_selector *s, char *name, const char *what)
{
	struct select_request request = *s->request;
	struct cell_selector only = {
		.request = &request, .what = what, .arena = s->arena, .out = s->out, .err = s->err};
	const size_t before = s->out->n;
	const char *jobs = strrchr(name, '/');
	request.params = NULL;
	if (jobs && jobs[1] != 'j')
		return err_set(s->err, -EINVAL,
			       "%s: expected NAME or NAME/jN, such as lstat/j1, got '%s'", what,
			       name);
	int error = add_item(&only, name);
	if (!error && s->out->n != before + 1)
		error = err_set(s->err, -EINVAL, "%s: expected one cell, not the floor", what);
	return error;
}

/* Adds only the first strategy of the stage, or exactly the cell that --baseline names. */
static int add_baseline(struct cell_selector *s)
{
	struct select_request request = *s->request;
	struct cell_selector one = {
		.request = &request, .arena = s->arena, .out = s->out, .err = s->err};
	size_t before = s->out->n, first = 0;
	while (request.strategies[first] && request.strategies[first]->stage != request.stage)
		first++;
	if (!request.strategies[first])
		return err_set(s->err, -EINVAL, "there is no strategy of stage %s",
			       stage_name(s->request->stage));
	char *name = arena_copy(s->arena, request.baseline ? request.baseline
							   : request.strategies[first]->name);
	request.jobs = "1";
	int error = name ? add_named(&one, name, "--baseline") : -ENOMEM;
	if (error)
		return error;
	s->out->cells[before].is_baseline = true;
	return 0;
}

static int check_params_used(const struct cell_selector *s)
{
	for (size_t p = 0; s->request->params && s->request->params[p]; p++) {
		if (!s->param_used[p])
			return err_set(s->err, -EINVAL,
				       "no chosen strategy has the parameter of -p %s; "
				       "statmark list strategies shows them",
				       s->request->params[p]);
	}
	return 0;
}

int select_cells(const struct select_request *request, struct arena *arena,
		 struct selection *selection, struct err *err)
{
	struct cell_selector s = {.request = request,
				  .what = "--strategy",
				  .arena = arena,
				  .out = selection,
				  .err = err};
	*selection = (struct selection){
		.cells = arena_alloc(arena, CELLS_MAX * sizeof(*selection->cells))};
	size_t n_params = 0;
	while (request->params && request->params[n_params])
		n_params++;
	if (n_params > PARAM_OPTIONS_MAX)
		return err_set(err, -E2BIG, "-p: given more than %d times", PARAM_OPTIONS_MAX);
	int error = selection->cells ? add_floor(&s) : -ENOMEM;
	if (!error)
		error = add_baseline(&s);
	s.is_asking = true;
	if (!error)
		error = add_names(&s);
	if (!error)
		error = check_params_used(&s);
	return error ? err_errno(err, error, "cannot choose cells") : 0;
}

/* The stage of the strategy with exactly this name; if there is none, that of the request. */
static enum stage stage_of(const struct select_request *request, const char *text)
{
	size_t len = strcspn(text, "[/");
	for (size_t i = 0; request->strategies[i]; i++) {
		const char *name = request->strategies[i]->name;
		if (strlen(name) == len && strncmp(name, text, len) == 0)
			return request->strategies[i]->stage;
	}
	return request->stage;
}

int select_cell(const struct select_request *wanted, const char *text, const char *what,
		struct arena *arena, struct cell_spec *spec, struct err *err)
{
	struct select_request request = *wanted;
	struct cell_spec cells[CELLS_MAX];
	struct selection selection = {.cells = cells};
	struct cell_selector s = {
		.request = &request, .arena = arena, .out = &selection, .err = err};
	char *copy = arena_copy(arena, text);
	request.stage = stage_of(wanted, text);
	s.is_asking = true;
	int error = copy ? add_named(&s, copy, what) : -ENOMEM;
	if (error)
		return err_errno(err, error, "%s", what);
	*spec = cells[0];
	return 0;
}
