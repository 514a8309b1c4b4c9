/*
 * Judgements in every format, with names that try to act on the reader: markup, workflow commands,
 * control characters, bytes that are no text.
 */
#include "reports/present/present.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/word.h"
#include "tests/scratch.h"
#include "tests/test.h"

#define HOSTILE                                                                                    \
	"a|b`c`<script>&\"'\\]]>\n::error::x\r\n##[group]%0A,:\033[31m\377\xef\xbf\xbe"            \
	"www.x.org @all **b**"

static const struct present_style plain = {.width = 80};

static void add(struct judgement *j, const char *cell, const struct verdict_input *e)
{
	const struct judged row = {.cell = cell,
				   .metric = "time",
				   .unit = "ns/entry",
				   .has_base = true,
				   .has_head = true,
				   .base = 800,
				   .head = 900};
	assert_int_equal(judgement_add(j, &row, e), 0);
}

static struct verdict_input at(double lo, double hi)
{
	return (struct verdict_input){.ratio = {.known = true,
						.lo = lo,
						.median = (lo + hi) / 2,
						.hi = hi,
						.confidence = 0.999,
						.n = 12},
				      .tolerance = 0.01,
				      .limit = 0.05};
}

static struct judgement *empty(void)
{
	struct judgement *j = judgement_new(JUDGEMENT_COMPARE);
	assert_non_null(j);
	j->base = HOSTILE;
	j->head = "head.json";
	j->unit = "documents";
	j->unit_one = "document";
	j->n_base = 1;
	j->n_head = 12;
	j->family_error = 0.01;
	return j;
}

/* Every verdict, counts, no interval, two rows of one name, and `more` regressions. */
static struct judgement *judged(size_t more)
{
	struct judgement *j = empty();
	const struct judged counts = {.cell = "lstat/j1", .metric = "calls", .unit = "calls/pass"};
	struct verdict_input e = at(1.02, 1.08), none = {.no_verdict = HOSTILE, .tolerance = 0.01};
	add(j, HOSTILE, &e);
	add(j, "none/j1", &none);
	for (size_t i = 0; i < more; i++)
		add(j, arena_print(j->arena, "%zu%s", i, HOSTILE), &e);
	e = at(0.99, 1.01);
	add(j, "lstat/j1", &e);
	add(j, "lstat/j1", &e);
	e = at(0.9, 0.95);
	add(j, "fast/j1", &e);
	e = at(0.9, 1.2);
	add(j, "wide/j1", &e);
	e.identical = true;
	add(j, "same/j1", &e);
	e.incomparable = HOSTILE;
	add(j, "other/j1", &e);
	e.invalid = HOSTILE;
	add(j, "wrong/j1", &e);
	assert_int_equal(judgement_add_counts(j, &counts, 20000, 22500), 0);
	assert_int_equal(judgement_fact(j, "host.governor", NULL, HOSTILE), 0);
	assert_int_equal(judgement_note(j, "%s.", HOSTILE), 0);
	assert_int_equal(judgement_finish(j), 0);
	return j;
}

static char *present_so(const char *format, struct judgement *j, const struct present_style *style,
			size_t *size)
{
	char *text;
	FILE *to = open_memstream(&text, size);
	const struct present_format *f = present_find(format);
	assert_non_null(f);
	assert_int_equal(f->write(to, j, style), 0);
	assert_int_equal(fclose(to), 0);
	judgement_free(j);
	return text;
}

static char *present(const char *format, struct judgement *j, size_t *size)
{
	return present_so(format, j, &plain, size);
}

static void no_format_lets_control_characters_through(void **state)
{
	(void)state;
	for (const struct present_format *f = present_formats; f->name; f++) {
		size_t size;
		char *text = present(f->name, judged(2), &size);
		for (size_t i = 0; i < size; i++) {
			unsigned char c = (unsigned char)text[i];
			if (c == 0x7f || (c < 0x20 && c != '\n'))
				fail_msg("%s: byte %02x at %zu", f->name, c, i);
		}
		assert_null(strstr(text, "\377"));
		free(text);
	}
}

/* A line is what a runner reads: no name may begin one, and no line of text is a command. */
static void no_name_begins_a_line(void **state)
{
	(void)state;
	for (const struct present_format *f = present_formats; f->name; f++) {
		size_t size;
		char *text = present(f->name, judged(2), &size);
		if (strcmp(f->name, "github") != 0) {
			assert_null(strstr(text, "\n::"));
			assert_null(strstr(text, "\n##["));
		}
		free(text);
	}
}

/* What GitHub's runner takes for a command: "::" after blanks of any kind, "##[" anywhere. */
static void assert_no_commands(char *text)
{
	char *rest = text;
	assert_null(strstr(text, "##["));
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *at = line;
		while (*at == ' ' || strncmp(at, "\302\240", 2) == 0)
			at += *at == ' ' ? 1 : 2;
		if (strncmp(at, "::", 2) == 0)
			fail_msg("a command: %s", line);
	}
}

/* Where a name is cut it stands on a line of its own, and any word may be the first of one. */
static void text_holds_no_command_at_any_width(void **state)
{
	static const char commands[] =
		"::error::a name longer than forty characters ::warning::x :::y \302\240::stop::z "
		"##[group]b ###[error]c a::b";
	(void)state;
	for (int width = 60; width < 160; width++) {
		const struct present_style style = {.width = width};
		struct judgement *j = empty();
		struct verdict_input e = at(1.02, 1.08);
		size_t size;
		j->base = j->head = commands;
		add(j, commands, &e);
		add(j, "lstat/j1", &e);
		e.incomparable = commands;
		add(j, "other/j1", &e);
		assert_int_equal(judgement_fact(j, "host.governor", NULL, commands), 0);
		assert_int_equal(judgement_note(j, "%s", commands), 0);
		assert_int_equal(judgement_finish(j), 0);
		char *text = present_so("text", j, &style, &size);
		assert_non_null(strstr(text, "a::b"));
		assert_no_commands(text);
		free(text);
	}
}

static void the_worst_comes_first(void **state)
{
	struct judgement *j = judged(0);
	(void)state;
	assert_int_equal(j->overall, VERDICT_REGRESSED);
	for (size_t i = 1; i < j->n_rows; i++)
		assert_true(verdict_severity(j->rows[i - 1].verdict) <=
			    verdict_severity(j->rows[i].verdict));
	assert_string_equal(j->words, "REGRESSED: of 10 comparisons 2 slower, 1 cannot be trusted, "
				      "1 incomparable, 2 inconclusive, 1 faster, 2 not slower, "
				      "1 identical");
	judgement_free(j);
}

static void fits(char *text, size_t width)
{
	char *rest = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (text_width(line) > width)
			fail_msg("%zu columns: %s", text_width(line), line);
	}
}

/* Columns are left out where there is no room for them, least of all what changed. */
static void every_width_fits(void **state)
{
	static const struct {
		int width;
		bool seen, base;
	} rows[] = {{100, true, true},
		    {72, true, true},
		    {65, false, true},
		    {60, false, false},
		    {10, false, false}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct present_style style = {.width = rows[i].width};
		struct judgement *j = empty();
		struct verdict_input e = at(1.02, 1.08);
		j->base = "base.json";
		add(j, "statx[addressing=dirfd,mask=size]/j16", &e);
		add(j, "lstat/j1", &e);
		assert_int_equal(judgement_finish(j), 0);
		size_t size;
		char *text = present_so("text", j, &style, &size);
		assert_int_equal(strstr(text, "could see") != NULL, rows[i].seen);
		assert_int_equal(strstr(text, " 800.0") != NULL, rows[i].base);
		assert_non_null(strstr(text, "change"));
		fits(text, (size_t)MAX(rows[i].width, 60));
		free(text);
	}
}

static void an_empty_comparison_does_not_pass(void **state)
{
	(void)state;
	for (const struct present_format *f = present_formats; f->name; f++) {
		struct judgement *j = empty();
		size_t size;
		assert_int_equal(judgement_finish(j), 0);
		assert_int_equal(j->overall, VERDICT_INCONCLUSIVE);
		free(present(f->name, j, &size));
	}
}

static void a_summary_fits_one_mebibyte(void **state)
{
	size_t size;
	char *text = present("markdown", judged(20000), &size);
	(void)state;
	assert_true(size < 1 << 20);
	assert_true(size > 900000);
	assert_non_null(strstr(text, " more rows do not fit here.\n"));
	assert_non_null(strstr(text, "</details>"));
	free(text);
}

static void csv_holds_no_formula(void **state)
{
	(void)state;
	struct judgement *j = empty();
	struct verdict_input e = at(1.02, 1.08);
	add(j, "=cmd|' /C calc'!A0\x1b[31m \"a\"", &e);
	assert_int_equal(judgement_finish(j), 0);
	size_t size;
	char *text = present("csv", j, &size);
	const char *row = "\n\"REGRESSED\",\"'=cmd|' /C calc'!A0\\x1b[31m \"\"a\"\"\",\"time\","
			  "\"ns/entry\",800,840,1.05,1.02,1.08,12,";
	if (!strstr(text, row))
		fail_msg("no %s in %s", row, text);
	assert_null(strchr(text, '\033'));
	free(text);
}

static void markdown_holds_no_markup_of_others(void **state)
{
	size_t size;
	char *text = present("markdown", judged(0), &size);
	(void)state;
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "`"));
	assert_null(strstr(text, "**"));
	assert_null(strstr(text, "@"));
	/* Every row has the columns of the head. */
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t bars = 0;
		for (char *c = line; *c; c++)
			bars += *c == '|';
		assert_true(bars == 0 || bars == 8);
	}
	free(text);
}

/* What a name of others becomes, and that plain text stays as it is. */
static void markdown_escapes_only_what_it_needs(void **state)
{
	struct judgement *j = empty();
	const struct verdict_input e = {.incomparable =
						"[x](y) <b> `c` a|b see https://x.y: io_uring"};
	size_t size;
	(void)state;
	add(j, "statx[mask=size]/j1 (cold): 50 %, _it_", &e);
	add(j, "one\ntwo", &e);
	assert_int_equal(judgement_finish(j), 0);
	char *text = present("markdown", j, &size);
	assert_non_null(strstr(text, "INCOMPARABLE: of 2 comparisons 2 incomparable\n"));
	assert_non_null(strstr(text, "head: head.json (12 documents)\n"));
	assert_non_null(
		strstr(text, "<code>statx&#91;mask=size]/j1 (cold): 50 %, &#95;it&#95;</code>"));
	assert_non_null(strstr(text, "<code>one&#92;x0atwo</code>"));
	assert_non_null(strstr(text, "&#91;x](y) &#60;b&#62; &#96;c&#96; a&#124;b see "
				     "https&#58;//x.y: io_uring"));
	free(text);
}

static void a_gate_passes_or_fails(void **state)
{
	static const struct {
		double lo, hi;
		const char *last;
	} rows[] = {{0.99, 1.01, "\nPASS: of 1 comparison 1 not slower\n"},
		    {0.9, 0.95, "\nPASS: of 1 comparison 1 faster\n"},
		    {1.02, 1.08, "\nFAIL: of 1 comparison 1 slower\n"},
		    {0.9, 1.2, "\nINCONCLUSIVE: of 1 comparison 1 inconclusive\n"}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct judgement *j = empty();
		const struct verdict_input e = at(rows[i].lo, rows[i].hi);
		size_t size;
		j->kind = JUDGEMENT_GATE;
		add(j, "lstat/j1", &e);
		assert_int_equal(judgement_finish(j), 0);
		char *text = present("text", j, &size);
		const char *last = strstr(text, rows[i].last);
		assert_non_null(last);
		assert_string_equal(last, rows[i].last);
		free(text);
	}
}

static void at_most_ten_annotations(void **state)
{
	size_t size, lines = 0;
	char *text = present("github", judged(50), &size);
	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		bool known = strncmp(line, "::error title=", 14) == 0 ||
			     strncmp(line, "::warning title=", 16) == 0 ||
			     strncmp(line, "::notice title=", 15) == 0;
		assert_true(known);
		/* One end of the properties: what follows is data. */
		char *data = strstr(line + 2, "::");
		assert_non_null(data);
		assert_null(memchr(line + 14, ',', (size_t)(data - line) - 14));
		for (char *c = strchr(line, '%'); c; c = strchr(c + 1, '%'))
			assert_true(strspn(c + 1, "0123456789ABCDEF") >= 2);
		lines++;
	}
	assert_int_equal(lines, 10);
	free(text);
}

static void equal_reasons_are_annotated_once(void **state)
{
	struct judgement *j = empty();
	const struct verdict_input e = {.incomparable = "kernel differs"};
	size_t size, lines = 0;
	(void)state;
	for (int i = 0; i < 5; i++)
		add(j, arena_print(j->arena, "cell%d", i), &e);
	assert_int_equal(judgement_finish(j), 0);
	char *text = present("github", j, &size);
	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	assert_int_equal(lines, 2);
	free(text);
}

/* Runs a program on a file of the scratch directory; its exit code. */
static int run_on(const char *const *program, const char *path)
{
	char *argv[8] = {0};
	pid_t pid;
	int status, n = 0;
	for (; program[n]; n++)
		argv[n] = (char *)(uintptr_t)program[n];
	argv[n] = (char *)(uintptr_t)path;
	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ))
		return 77;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void judge_file(const char *format, const char *const *program)
{
	struct scratch s;
	char path[PATH_MAX + 16];
	size_t size;
	assert_true(scratch_make(&s));
	char *text = present(format, judged(3), &size);
	snprintf(path, sizeof(path), "%s/file", s.path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	free(text);
	int code = run_on(program, path);
	scratch_remove(&s);
	if (code == 77)
		skip_because("needs python3-jsonschema");
	assert_int_equal(code, 0);
}

static void junit_is_xml_with_unique_names(void **state)
{
	static const char script[] =
		"import sys, xml.etree.ElementTree as x\n"
		"suite = x.parse(sys.argv[1]).getroot()[0]\n"
		"cases = suite.findall('testcase')\n"
		"names = {c.get('classname') + c.get('name') for c in cases}\n"
		"assert len(names) == len(cases) == int(suite.get('tests')) == 13, len(names)\n"
		"for tag, attribute in (('failure', 'failures'), ('error', 'errors'),\n"
		"                       ('skipped', 'skipped')):\n"
		"    assert len(suite.findall('.//' + tag)) == int(suite.get(attribute)), tag\n"
		"assert all(c[0].text for c in cases)\n";
	static const char *const program[] = {"/usr/bin/python3", "-c", script, NULL};
	(void)state;
	judge_file("junit", program);
}

static void json_fits_its_schema(void **state)
{
	static const char *const program[] = {"reports/schema/validate.py", NULL};
	(void)state;
	judge_file("json", program);
}

static void formats_are_found_by_name(void **state)
{
	struct err err = {0};
	(void)state;
	assert_ptr_equal(present_find("junit")->write, present_junit);
	assert_null(present_find("jnuit"));
	assert_int_equal(word_parse(present_format_name, "--format", "jnuit", &err), -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'junit'"));
}

static void changes_read_well(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	assert_string_equal(judgement_change(arena, 1.0324), "+3.2 %");
	assert_string_equal(judgement_change(arena, 0.9), "-10.0 %");
	assert_string_equal(judgement_change(arena, 0.9996), "0.0 %");
	assert_string_equal(judgement_change(arena, 13.5), "+1,250 %");
	assert_string_equal(judgement_percent(arena, -0.0123), "1.23 %");
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_format_lets_control_characters_through),
		cmocka_unit_test(no_name_begins_a_line),
		cmocka_unit_test(text_holds_no_command_at_any_width),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(every_width_fits),
		cmocka_unit_test(an_empty_comparison_does_not_pass),
		cmocka_unit_test(a_summary_fits_one_mebibyte),
		cmocka_unit_test(csv_holds_no_formula),
		cmocka_unit_test(markdown_holds_no_markup_of_others),
		cmocka_unit_test(markdown_escapes_only_what_it_needs),
		cmocka_unit_test(a_gate_passes_or_fails),
		cmocka_unit_test(at_most_ten_annotations),
		cmocka_unit_test(equal_reasons_are_annotated_once),
		cmocka_unit_test(junit_is_xml_with_unique_names),
		cmocka_unit_test(json_fits_its_schema),
		cmocka_unit_test(formats_are_found_by_name),
		cmocka_unit_test(changes_read_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
