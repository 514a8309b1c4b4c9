#include "engine/cmd/line/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/base/word.h"
#include "engine/cmd/line/option_rows.h"
#include "reports/words/format.h"

static const char *row_name(size_t i, const void *command)
{
	return option_rows[i].commands & *(const int *)command ? option_rows[i].name : "";
}

static int set_xattrs(int *xattrs, const char *value)
{
	*xattrs = *value ? 2 : 1;
	return *value && strcmp(value, "values") != 0 ? -EINVAL : 0;
}

/* "2", "0.5" or "0.5%" in millionths. */
static int parse_percent(const char *text, uint64_t *ppm)
{
	const char *s = text;
	uint64_t value = 0, unit = 10000;
	for (; *s >= '0' && *s <= '9' && value < UINT64_MAX / 100; s++)
		value = 10 * value + (uint64_t)(*s - '0') * unit;
	if (s == text)
		return -EINVAL;
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++)
			value += (uint64_t)(*s - '0') * (unit /= 10);
	}
	s += *s == '%';
	*ppm = value;
	return *s ? -EINVAL : 0;
}

/* "5" or "5%" */
static int parse_whole(const char *text, uint64_t *percent)
{
	uint64_t ppm;
	int error = parse_percent(text, &ppm);
	*percent = error ? 0 : ppm / 10000;
	return error || ppm % 10000 ? -EINVAL : 0;
}

static int parse_ns(const char *text, uint64_t *ns)
{
	return parse_time(text, UINT64_MAX / 2, ns);
}

/* "2026-01-31" */
static bool is_date(const char *text)
{
	static const char form[] = "dddd-dd-dd";
	size_t i = 0;
	for (; form[i] && text[i]; i++) {
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	}
	return !form[i] && !text[i];
}

/* "90", "90s", "2m" or "1h" */
static int parse_seconds(const char *text, uint64_t *seconds)
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = {{"s", 1}, {"m", 60}, {"h", 3600}};
	const size_t digits = strspn(text, "0123456789");
	char number[24];
	if (digits >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, digits);
	number[digits] = '\0';
	int error = parse_integer(number, seconds);
	if (error || !text[digits])
		return error;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(text + digits, units[i].suffix) == 0)
			return __builtin_mul_overflow(*seconds, units[i].factor, seconds) ? -ERANGE
											  : 0;
	}
	return -EINVAL;
}

/* 0; -EDOM: it is below the range; -ERANGE: above. */
static int check_range(const struct option_row *row, uint64_t number)
{
	return number < row->least ? -EDOM : row->most && number > row->most ? -ERANGE : 0;
}

/* "1.25" or "1.25x" */
static int set_factor(double *factor, const struct option_row *row, const char *text)
{
	const char *rest;
	if (parse_decimal(text, factor, &rest) || (*rest && strcmp(rest, "x") != 0))
		return -EINVAL;
	return *factor * 100 < (double)row->least || *factor * 100 > (double)row->most ? -EDOM : 0;
}

/*
 * The first item of a comma-separated list that is not a number of jobs, and its length; NULL: all
 * are valid. An additional comma is accepted, but not a list of commas only.
 */
static const char *bad_job(const struct option_row *row, const char *list, size_t *length)
{
	for (const char *item = list + strspn(list, ",");; item += strspn(item, ",")) {
		char word[24] = "";
		uint64_t jobs;
		*length = strcspn(item, ",");
		if (*length < sizeof(word))
			memcpy(word, item, *length);
		if (parse_integer(word, &jobs) || check_range(row, jobs))
			return item;
		item += *length;
		if (!item[strspn(item, ",")])
			return NULL;
	}
}

static int add_param(const char **params, const char *value)
{
	size_t n = 0;
	while (params[n])
		n++;
	if (n == OPTION_PARAMS_MAX)
		return -E2BIG;
	params[n] = value;
	return 0;
}

static int set_number(uint64_t *field, const struct option_row *row, const char *value)
{
	static int (*const parse[])(const char *text, uint64_t *number) = {
		[OPTION_COUNT] = parse_count,     [OPTION_INTEGER] = parse_integer,
		[OPTION_SECONDS] = parse_seconds, [OPTION_TIME] = parse_ns,
		[OPTION_SIZE] = parse_size,       [OPTION_PERCENT] = parse_percent,
		[OPTION_WHOLE] = parse_whole,
	};
	int error = parse[row->kind](value, field);
	return error ? error : check_range(row, *field);
}

static int set_counts(struct option_counts *counts, const struct option_row *row, const char *list)
{
	*counts = (struct option_counts){0};
	for (const char *item = list; *item; item += *item == ',') {
		const size_t length = strcspn(item, ",");
		char word[24] = "";
		if (counts->n == OPTION_COUNTS_MAX)
			return -E2BIG;
		if (length < sizeof(word))
			memcpy(word, item, length);
		uint64_t *count = &counts->values[counts->n++];
		int error = parse_count(word, count);
		error = error ? error : check_range(row, *count);
		if (error)
			return error;
		item += length;
	}
	return counts->n ? 0 : -EINVAL;
}

static int set_value(struct all_options *o, const struct option_row *row, const char *value)
{
	void *field = (char *)o + row->offset;
	size_t length;
	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)field = value;
		return *value ? 0 : -EINVAL;
	case OPTION_JOBS:
		*(const char **)field = value;
		return bad_job(row, value, &length) ? -EINVAL : 0;
	case OPTION_COUNT:
	case OPTION_INTEGER:
	case OPTION_SECONDS:
	case OPTION_TIME:
	case OPTION_SIZE:
	case OPTION_PERCENT:
	case OPTION_WHOLE:
		return set_number(field, row, value);
	case OPTION_FACTOR:
		return set_factor(field, row, value);
	case OPTION_DATE:
		*(const char **)field = value;
		return is_date(value) ? 0 : -EINVAL;
	case OPTION_COUNTS:
		return set_counts(field, row, value);
	case OPTION_PARAMS:
		return strchr(value, '=') ? add_param(field, value) : -EINVAL;
	case OPTION_WORD:
		*(int *)field = word_find(row->names, value);
		return MIN(*(int *)field, 0);
	case OPTION_WORDS:
		return word_parse_set(row->names, row->name, value, field, NULL);
	case OPTION_PIN:
		return pin_parse(value, field, NULL);
	case OPTION_XATTRS:
		return set_xattrs(field, value);
	}
	return -EINVAL;
}

static void set_initial(struct all_options *o, int command)
{
	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < n_option_rows; i++) {
		if (option_rows[i].kind == OPTION_WORD)
			*(int *)(void *)((char *)o + option_rows[i].offset) = -1;
		if (option_rows[i].initial && option_rows[i].commands & command)
			set_value(o, &option_rows[i], option_rows[i].initial);
	}
}

enum { FIRST_VAL = 1000 }; /* getopt's val of the first row; above all letters */

/* A metavar in brackets is optional; getopt accepts such a value only after '='. */
static int argument_of(const struct option_row *row)
{
	if (!row->metavar)
		return no_argument;
	return *row->metavar == '[' ? optional_argument : required_argument;
}

/* Builds getopt's two descriptions of the rows for the subcommand. */
static void describe(int command, struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		if (!(row->commands & command))
			continue;
		*longs++ = (struct option){row->name, argument_of(row), NULL, (int)i + FIRST_VAL};
		if (row->letter) {
			*shorts++ = row->letter;
			if (row->metavar)
				*shorts++ = ':';
		}
	}
	*shorts = '\0';
}

static const struct option_row *find_row(int command, int val)
{
	if (val >= FIRST_VAL)
		return &option_rows[val - FIRST_VAL];
	for (size_t i = 0; i < n_option_rows; i++) {
		if (option_rows[i].letter == val && option_rows[i].commands & command)
			return &option_rows[i];
	}
	return NULL;
}

/*
 * Lists the options that begin with the given word: more than one, otherwise getopt would have
 * accepted it.
 */
static int ambiguous_option(int command, const char *word, const char *name, struct err *err)
{
	char all[256] = "";
	for (size_t i = 0; i < n_option_rows; i++) {
		if (!(option_rows[i].commands & command) ||
		    strncmp(option_rows[i].name, name, strlen(name)) != 0)
			continue;
		const size_t used = strlen(all);
		snprintf(all + used, sizeof(all) - used, "%s--%s", used ? " or " : "",
			 option_rows[i].name);
	}
	if (!*name || !strstr(all, " or "))
		return 0;
	return err_set(err, -EINVAL, "%s is ambiguous: it may be short for %s; write it out", word,
		       all);
}

static int unknown_option(int command, const char *word, struct err *err)
{
	char name[64];
	snprintf(name, sizeof(name), "%s", word + strspn(word, "-"));
	name[strcspn(name, "=")] = '\0';
	if (strncmp(word, "--", 2) == 0 && ambiguous_option(command, word, name, err))
		return err->code;
	const char *near = nearest(name, n_option_rows, row_name, &command);
	if (!near || !*near)
		return err_set(err, -EINVAL, "unknown option %s; --help lists them", word);
	snprintf(name, sizeof(name), "--%s", near);
	return err_set(err, -EINVAL, "unknown option %s%s", word, DID_YOU_MEAN(name));
}

/* Explains getopt's error: optopt is 0 for an unknown word, else a letter or the val of a flag. */
static int bad_option(int command, const char *word, struct err *err)
{
	char letter[3] = {'-', (char)optopt, '\0'};
	if (optopt >= FIRST_VAL)
		return err_set(err, -EINVAL, "--%s takes no value",
			       option_rows[optopt - FIRST_VAL].name);
	return unknown_option(command, optopt ? letter : word, err);
}

/* "an integer from 1 to 1024" */
static void describe_number(const struct option_row *row, char *words, size_t size)
{
	const unsigned long long least = row->least, most = row->most;
	char from[24], to[24];
	if (row->kind == OPTION_SECONDS)
		snprintf(words, size, "a time from %llus to %llus, such as 90, 90s, 2m or 1h",
			 least, most);
	else if (row->kind == OPTION_TIME)
		snprintf(words, size, "a time from %s to %s", time_text(least, from, sizeof(from)),
			 time_text(most, to, sizeof(to)));
	else if (row->kind == OPTION_PERCENT)
		snprintf(words, size, "per cent %s %llu, such as 2 or 0.5",
			 least ? "above 0, up to" : "from 0 to", most / 10000);
	else if (row->kind == OPTION_FACTOR)
		snprintf(words, size, "a factor from %.10g to %.10g, such as 1.25",
			 (double)least / 100, (double)most / 100);
	else if (most)
		snprintf(words, size, "an integer from %llu to %llu", least, most);
	else
		snprintf(words, size, "an integer from %llu, such as 20000 or 100k", least);
}

static int bad_value(const struct option_row *row, const char *value, int error, struct err *err)
{
	static const char *const wanted[] = {
		[OPTION_TEXT] = "a value that is not empty",
		[OPTION_SIZE] = "a size such as 512M or 2G",
		[OPTION_PARAMS] = "NAME=VALUE",
		[OPTION_XATTRS] = "values, or nothing",
		[OPTION_DATE] = "a date such as 2026-01-31",
	};
	char words[96], option[32];
	struct pin pin;
	unsigned set;
	size_t length = strlen(value);
	snprintf(option, sizeof(option), "--%s", row->name);
	if (row->kind == OPTION_WORD)
		return word_parse(row->names, option, value, err);
	if (row->kind == OPTION_PIN)
		return pin_parse(value, &pin, err);
	if (row->kind == OPTION_WORDS)
		return word_parse_set(row->names, option, value, &set, err);
	if (error == -ERANGE && !row->most)
		return err_set(err, -EINVAL, "--%s: %s is too large", row->name, value);
	if (error == -E2BIG && row->kind == OPTION_COUNTS)
		return err_set(err, -EINVAL, "--%s: more than %d numbers", row->name,
			       OPTION_COUNTS_MAX);
	if (error == -E2BIG)
		return err_set(err, -EINVAL, "--%s: given more than %d times", row->name,
			       OPTION_PARAMS_MAX);
	if (row->kind == OPTION_JOBS)
		value = bad_job(row, value, &length);
	if (row->kind < ARRAY_LEN(wanted) && wanted[row->kind])
		snprintf(words, sizeof(words), "%s", wanted[row->kind]);
	else
		describe_number(row, words, sizeof(words));
	const char *hint = error == -EDOM ? row->hint : NULL;
	return err_set(err, -EINVAL, "--%s: expected %s, got '%.*s'%s%s", row->name, words,
		       (int)length, value, hint ? "; " : "", hint ? hint : "");
}

static int lacks_value(int command, const char *word, struct err *err)
{
	const struct option_row *row = find_row(command, optopt);
	if (!row)
		return err_set(err, -EINVAL, "%s: needs a value", word);
	if (strncmp(word, "--", 2) == 0)
		return err_set(err, -EINVAL, "--%s: needs a value: --%s %s", row->name, row->name,
			       row->metavar);
	return err_set(err, -EINVAL, "-%c: needs a value: -%c %s", row->letter, row->letter,
		       row->metavar);
}

/*
 * If "--" separates operands (compare A... -- B...) it does not end the options. getopt would
 * remove it and lose its position, so it is replaced by an empty word during parsing, which is
 * removed afterwards.
 */
static char *mark_separator(int argc, char **argv)
{
	static const char mark[] = "";
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return argv[i] = (char *)(uintptr_t)mark;
	}
	return NULL;
}

static int take_separator(char **operands, const char *mark)
{
	int n = 0, after = -1;
	for (char **o = operands; *o; o++) {
		if (mark && *o == mark)
			after = 0;
		else
			operands[n++] = *o;
		after += after >= 0 && *o != mark;
	}
	operands[n] = NULL;
	return after;
}

/* Copies the subcommand's groups out of all, or into it. */
static void share(struct all_options *all, void *own, int command, bool is_out)
{
	for (size_t i = 0; i < n_option_shares; i++) {
		const struct option_share *s = &option_shares[i];
		char *inside = (char *)all + s->from, *outside = (char *)own + s->to;
		if ((int)s->command == command)
			memcpy(is_out ? outside : inside, is_out ? inside : outside, s->size);
	}
}

/* "history show and history check", "slab-cold or cold": the words of a set, each after `before`.
 */
static const char *set_words(word_name *name, unsigned set, const char *before, const char *last,
			     char *words, size_t size)
{
	size_t used = 0;
	*words = '\0';
	for (unsigned i = 0; set >> i && name(i) && used < size; i++) {
		const char *between = !used ? "" : set >> i == 1 ? last : ", ";
		if (set >> i & 1)
			used += (size_t)snprintf(words + used, size - used, "%s%s%s", between,
						 before, name(i));
	}
	return words;
}

static const struct option_row *row_named(int command, const char *name)
{
	size_t i = 0;
	while (!(option_rows[i].commands & command) || strcmp(option_rows[i].name, name) != 0)
		i++;
	return &option_rows[i];
}

/* "--strategy", "--path run", "--cache slab-cold or cold": what the row is accepted with. */
static const char *required_words(const struct option_row *row, int command, char *words,
				  size_t size)
{
	const struct option_row *other = row_named(command, row->with);
	char values[64] = "";
	if (row->with_values)
		set_words(other->names, row->with_values, "", " or ", values, sizeof(values));
	snprintf(words, size, "--%s%s%s", other->name, *values ? " " : "", values);
	return words;
}

/* A set that was not given is the subcommand's choice, and contains what it needs. */
static bool has_required(const struct all_options *o, const struct option_row *row, int command,
			 const bool *given)
{
	const struct option_row *other = row_named(command, row->with);
	const void *field = (const char *)o + other->offset;
	if (!row->with_values)
		return given[other - option_rows];
	if (other->kind == OPTION_WORD)
		return row->with_values >> *(const unsigned *)field & 1;
	const unsigned set = *(const unsigned *)field;
	return !set || set & row->with_values;
}

/* Options that would have no effect are refused. An unknown verb is left to the subcommand. */
static int check_given(const struct all_options *o, int command, const bool *given,
		       const char *operand, struct err *err)
{
	word_name *verbs = option_verbs(command);
	const int verb = verbs ? word_find(verbs, operand) : -1;
	char words[128], before[32];
	snprintf(before, sizeof(before), "%s ", o->line.argv[0]);
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		if (!given[i])
			continue;
		if (verb >= 0 && row->verbs && !(row->verbs >> verb & 1))
			return err_set(err, -EINVAL, "--%s is for %s", row->name,
				       set_words(verbs, row->verbs, before, " and ", words,
						 sizeof(words)));
		if (row->with && !has_required(o, row, command, given))
			return err_set(err, -EINVAL, "--%s is for %s", row->name,
				       required_words(row, command, words, sizeof(words)));
	}
	return 0;
}

static int read_given(struct all_options *options, int command, bool *given, int argc, char **argv,
		      struct err *err)
{
	struct option longs[OPTION_ROWS_MAX + 1] = {{0}};
	char shorts[2 * OPTION_ROWS_MAX + 2];
	int val;
	describe(command, longs, shorts);
	optind = 0; /* glibc: start anew, also after an earlier call */
	while ((val = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = find_row(command, val);
		if (val == ':')
			return lacks_value(command, argv[optind - 1], err);
		if (!row)
			return bad_option(command, argv[optind - 1], err);
		int error = set_value(options, row, optarg ? optarg : "");
		if (error)
			return bad_value(row, optarg ? optarg : "", error, err);
		given[row - option_rows] = true;
		options->tree.has_seed |= strcmp(row->name, "seed") == 0;
	}
	return 0;
}

int options_parse(union options *options, enum command_bit command, int argc, char **argv,
		  char ***operands, struct err *err)
{
	struct all_options all;
	bool given[OPTION_ROWS_MAX] = {false};
	memset(options, 0, sizeof(*options));
	set_initial(&all, (int)command);
	const char *mark = command == CMD_COMPARE ? mark_separator(argc, argv) : NULL;
	int error = read_given(&all, (int)command, given, argc, argv, err);
	if (error)
		return error;
	*operands = argv + optind;
	all.sides.n_after = take_separator(*operands, mark);
	all.line.argv = argv;
	all.line.argc = argc;
	error = all.line.help ? 0 : check_given(&all, (int)command, given, **operands, err);
	share(&all, options, (int)command, true);
	return error;
}

/* Rules for several options; manual.py puts them at the end of the page. */
static void help_rules(FILE *to, bool has_time)
{
	fputs("\nA long option name may be shortened if it stays unique.\n", to);
	if (has_time)
		fputs("TIME is in seconds, or with a unit s, m or h: 90, 90s, 2m, 1h.\n", to);
}

/* The verbs and the other option that the row is accepted with, and its help and default. */
static void describe_row(const struct option_row *row, int command, char *words, size_t size)
{
	word_name *verbs = option_verbs(command);
	char list[64] = "", with[64] = "";
	if (verbs && row->verbs)
		set_words(verbs, row->verbs, "", ", ", list, sizeof(list));
	if (row->with)
		required_words(row, command, with, sizeof(with));
	snprintf(words, size, "%s%s%s%s%s%s%s%s%s", list, *list ? ": " : "", *with ? "with " : "",
		 with, *with ? ": " : "", row->help, row->initial ? " (default: " : "",
		 row->initial ? row->initial : "", row->initial ? ")" : "");
}

enum { HELP_AT = 26, HELP_WIDTH = 79 };

void options_help(FILE *to, enum command_bit command)
{
	bool has_time = false;
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *row = &option_rows[i];
		char left[64], right[512], letter[5] = "    ";
		if (!(row->commands & (int)command))
			continue;
		if (row->letter)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
			 argument_of(row) == required_argument ? " " : "",
			 row->metavar ? row->metavar : "");
		if (strlen(left) > 22)
			fprintf(to, "  %s\n  %22s", left, "");
		else
			fprintf(to, "  %-22s", left);
		describe_row(row, (int)command, right, sizeof(right));
		fputs("  ", to);
		wrap_print(to, right, HELP_AT, HELP_AT, HELP_WIDTH);
		fputc('\n', to);
		has_time |= row->kind == OPTION_SECONDS;
	}
	help_rules(to, has_time);
}

static const char *echo_params(const char *const *params, struct arena *arena)
{
	char *all = NULL;
	for (; *params; params++)
		all = arena_print(arena, "%s%s%s", all ? all : "", all ? " " : "", *params);
	return all;
}

static const char *echo_counts(const struct option_counts *counts, struct arena *arena)
{
	const char *all = counts->n ? "" : "0";
	for (size_t i = 0; all && i < counts->n; i++)
		all = arena_print(arena, "%s%s%llu", all, i ? "," : "",
				  (unsigned long long)counts->values[i]);
	return all;
}

static const char *echo_words(unsigned set, word_name *names, struct arena *arena)
{
	char text[256];
	return set ? arena_copy(arena, word_set_text(names, set, text, sizeof(text))) : NULL;
}

static const char *echo_value(const struct all_options *o, const struct option_row *row,
			      struct arena *arena)
{
	const void *field = (const char *)o + row->offset;
	char text[24];
	switch (row->kind) {
	case OPTION_FLAG:
		return *(const bool *)field ? "yes" : "no";
	case OPTION_TEXT:
	case OPTION_JOBS:
	case OPTION_DATE:
		return *(const char *const *)field;
	case OPTION_COUNT:
	case OPTION_INTEGER:
	case OPTION_SECONDS:
	case OPTION_SIZE:
	case OPTION_WHOLE:
		return arena_print(arena, "%llu", *(const unsigned long long *)field);
	case OPTION_TIME:
		return arena_copy(arena, time_text(*(const uint64_t *)field, text, sizeof(text)));
	case OPTION_FACTOR:
		return arena_print(arena, "%.10g", *(const double *)field);
	case OPTION_PERCENT:
		return arena_print(arena, "%.10g", (double)*(const uint64_t *)field / 10000);
	case OPTION_COUNTS:
		return echo_counts(field, arena);
	case OPTION_PARAMS:
		return echo_params(field, arena);
	case OPTION_WORDS:
		return echo_words(*(const unsigned *)field, row->names, arena);
	case OPTION_PIN:
		return pin_text(field);
	case OPTION_XATTRS:
		return (const char *const[]){"no", "names", "values"}[*(const int *)field];
	case OPTION_WORD:
		return *(const int *)field < 0 ? NULL : row->names(*(const unsigned *)field);
	}
	return NULL;
}

/* The size of the subcommand's struct, up to the end of its last group. */
static size_t size_of(int command)
{
	size_t size = 0;
	for (size_t i = 0; i < n_option_shares; i++) {
		if ((int)option_shares[i].command == command)
			size = MAX(size, option_shares[i].to + option_shares[i].size);
	}
	return size;
}

struct named_text *options_echo(const struct line_options *line, enum command_bit command,
				struct arena *arena, size_t *n)
{
	struct all_options all = {0};
	union options own;
	struct named_text *echo = arena_alloc(arena, n_option_rows * sizeof(*echo));
	*n = 0;
	memcpy(&own, line, size_of((int)command));
	share(&all, &own, (int)command, false);
	for (size_t i = 0; echo && i < n_option_rows; i++) {
		if (option_rows[i].commands & (int)command)
			echo[(*n)++] = (struct named_text){
				option_rows[i].name, echo_value(&all, &option_rows[i], arena)};
	}
	return echo;
}
