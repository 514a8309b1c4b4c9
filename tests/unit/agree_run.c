/*
 * Times and ratios of a run say the same wherever they are shown, whatever was measured: in the
 * table, the table as markdown, the document, the data of the plots and the closing sentences.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/rng.h"
#include "engine/base/util.h"
#include "engine/json/json.h"
#include "engine/measure/figures/estimate.h"
#include "reports/document/document.h"
#include "reports/exports/exports.h"
#include "reports/plots/columns.h"
#include "reports/plots/kinds.h"
#include "reports/table/summary.h"
#include "reports/table/table.h"
#include "tests/test.h"
#include "tests/unit/with_cells.h"

enum { TRIES = 200 };

/* A number as it is printed, and how far it may be from what it stands for. */
struct printed {
	double value, slack;
	bool known;
};

/* "1,614.6 +-3.1", "0.532", "1.43x" */
static struct printed printed(const char *text)
{
	char plain[64];
	size_t n = 0, decimals = 0;
	bool behind_point = false;
	for (; *text == ' '; text++)
		continue;
	for (; *text && strchr("0123456789.,", *text) && n + 1 < sizeof(plain); text++) {
		decimals += behind_point && *text != ',';
		behind_point |= *text == '.';
		if (*text != ',')
			plain[n++] = *text;
	}
	plain[n] = '\0';
	return (struct printed){strtod(plain, NULL), 0.5 * pow(10, -(double)decimals), n > 0};
}

static void is_printed(struct printed p, double value, const char *where, const char *what)
{
	if (!p.known || fabs(p.value - value) > p.slack + 1e-8 * value)
		fail_msg("%s: %s is %.10g, should be %.10g", where, what, p.value, value);
}

/* What one of them shows of each cell, by the index of the cell. */
struct view {
	const char *where;
	struct printed time[WITH_CELLS], ratio[WITH_CELLS];
	size_t order[WITH_CELLS], n; /* as its rows stand */
};

static size_t cell_named(const struct result *r, const char *text)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		const size_t len = strlen(r->cells[i].label);
		if (strncmp(text, r->cells[i].label, len) == 0 && strchr(" \t/(", text[len]))
			return i;
	}
	return r->n_cells;
}

/* What is shown of each is what was found, and what is shown together does not contradict. */
static void check_view(const struct view *v, const struct result *r)
{
	const struct cell_result *base = &r->cells[0];
	assert_int_equal(v->n, r->n_cells);
	is_printed(v->time[0], base->ns_per_entry.median, v->where, "the baseline's time");
	for (size_t i = 1; i < r->n_cells; i++) {
		const struct printed *t = v->time, *k = v->ratio;
		is_printed(t[i], r->cells[i].ns_per_entry.median, v->where, "a time");
		is_printed(k[i], r->cells[i].ratio.median, v->where, "a ratio");
		const double least = (t[i].value - t[i].slack) / (t[0].value + t[0].slack);
		const double most = (t[i].value + t[i].slack) / (t[0].value - t[0].slack);
		if (k[i].value < least - k[i].slack - 1e-9 || k[i].value > most + k[i].slack + 1e-9)
			fail_msg("%s: %.10g against %.10g, but ratio %.10g", v->where, t[i].value,
				 t[0].value, k[i].value);
		for (size_t j = 1; j < r->n_cells; j++)
			assert_false(t[i].value < t[j].value && k[i].value > k[j].value);
	}
}

/* Rows stand in the order of both. */
static void check_order(const struct view *v)
{
	for (size_t i = 2; i < v->n; i++) {
		const size_t a = v->order[i - 1], b = v->order[i];
		if (!a || !b)
			continue;
		assert_true(v->time[a].value <= v->time[b].value);
		assert_true(v->ratio[a].value <= v->ratio[b].value);
	}
}

static char *written(int (*write)(FILE *, const struct result *), const struct result *r)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(write(to, r), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static int write_table(FILE *to, const struct result *r)
{
	const struct table_style style = {.width = 200};
	return table_print(to, r, &style);
}

/* Calls fn with each line, whose end is a NUL. */
static void each_line(char *text, struct view *v, const struct result *r,
		      void (*fn)(char *line, struct view *v, const struct result *r))
{
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		fn(line, v, r);
}

/* "cell1   1   812.4 +-8.1   1.23 M   0.532 +-0.004": of few rounds a range in brackets */
static void read_table_row(char *line, struct view *v, const struct result *r)
{
	const size_t i = cell_named(r, line);
	if (i == r->n_cells || v->n == r->n_cells || !strstr(line, "1 "))
		return;
	char *at = line + strlen(r->cells[i].label);
	at += strspn(at, " ");
	at += strcspn(at, " "); /* jobs */
	v->time[i] = printed(at);
	v->order[v->n++] = i;
	const char *rate = strpbrk(at, "kMG");
	v->ratio[i] = rate ? printed(rate + 1) : (struct printed){0};
}

static void read_markdown_row(char *line, struct view *v, const struct result *r)
{
	char *at = line, *field[7];
	if (*line != '|')
		return;
	for (size_t k = 0; k < ARRAY_LEN(field); k++) {
		field[k] = strsep(&at, "|");
		if (!field[k])
			return;
	}
	const size_t i = cell_named(r, field[4] + strspn(field[4], " "));
	if (i == r->n_cells)
		return;
	v->time[i] = printed(field[5]);
	v->ratio[i] = printed(field[6]);
	v->order[v->n++] = i;
}

/* "row, cell, kind, median, ...", separated by tabs */
static size_t read_row(char *line, const struct result *r, struct printed *value)
{
	char *at = line;
	strsep(&at, "\t");
	const char *name = strsep(&at, "\t");
	char label[64];
	snprintf(label, sizeof(label), "%s ", name ? name : "");
	strsep(&at, "\t");
	const char *median = strsep(&at, "\t");
	const size_t i = cell_named(r, label);
	if (median && i < r->n_cells)
		*value = (struct printed){strtod(median, NULL), 1e-9 * strtod(median, NULL), true};
	return i;
}

static void read_cost_row(char *line, struct view *v, const struct result *r)
{
	struct printed value;
	const size_t i = read_row(line, r, &value);
	if (i == r->n_cells)
		return;
	v->time[i] = value;
	v->order[v->n++] = i;
}

static void read_ratio_row(char *line, struct view *v, const struct result *r)
{
	struct printed value;
	const size_t i = read_row(line, r, &value);
	if (i < r->n_cells)
		v->ratio[i] = value;
}

static char *rows_of(const struct result *r, const char *(*write)(struct plots *, FILE *))
{
	struct plots p = {.result = r, .arena = arena_new()};
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_true(p.arena && to);
	p.cells = arena_alloc(p.arena, (r->n_cells + 1) * sizeof(*p.cells));
	p.names = arena_alloc(p.arena, (r->n_cells + 1) * sizeof(*p.names));
	assert_true(groups_make(p.arena, r, &p.groups));
	const char *why = write(&p, to);
	if (why)
		fail_msg("%s", why);
	assert_int_equal(fclose(to), 0);
	arena_free(p.arena);
	return text;
}

/* The median, or where there is no interval that of the rounds that were seen. */
static struct printed median_of(const json_t *cell, const char *what)
{
	const json_t *estimate = json_object_get(cell, what);
	const json_t *range = json_object_get(estimate, "range");
	const json_t *median = json_object_get(json_is_object(range) ? range : estimate, "median");
	const double value = json_number_value(median);
	return (struct printed){value, 1e-8 * value, json_is_number(median)};
}

static void check_document(const struct result *r)
{
	struct view v = {.where = "document"};
	json_t *document = document_json(r), *cells = json_object_get(document, "cells");
	assert_int_equal(json_array_size(cells), r->n_cells);
	for (size_t i = 0; i < r->n_cells; i++) {
		const json_t *cell = json_array_get(cells, i);
		v.time[i] = median_of(cell, "ns_per_entry");
		v.ratio[i] = median_of(cell, "ratio");
		v.order[v.n++] = i;
	}
	check_view(&v, r);
	json_decref(document);
}

static void check_plots(const struct result *r)
{
	struct view v = {.where = "plots"};
	char *costs = rows_of(r, rows_write_costs), *ratios = rows_of(r, rows_write_ratios);
	each_line(costs, &v, r, read_cost_row);
	each_line(ratios, &v, r, read_ratio_row);
	check_view(&v, r);
	check_order(&v);
	free(costs);
	free(ratios);
}

static void check_texts(const struct result *r)
{
	struct view table = {.where = "table"}, markdown = {.where = "markdown"};
	char *text = written(write_table, r);
	each_line(text, &table, r, read_table_row);
	check_view(&table, r);
	check_order(&table);
	free(text);
	text = written(export_markdown, r);
	each_line(text, &markdown, r, read_markdown_row);
	check_view(&markdown, r);
	free(text);
}

/* "4.90 ms" in ns */
static struct printed duration(const char *text)
{
	struct printed p = printed(text);
	const char *unit = text + strspn(text, "0123456789., ");
	const double factor = *unit == 'n' ? 1 : *unit == 'u' ? 1e3 : *unit == 'm' ? 1e6 : 1e9;
	return (struct printed){p.value * factor, p.slack * factor, p.known};
}

/* Of one rival: what the sentences make of its speed-up is what its row shows. */
static void check_sentence(const struct result *r, const char *text)
{
	const struct cell_result *base = &r->cells[0], *rival = &r->cells[1];
	const double pass = base->ns_per_entry.median * ENTRIES;
	const char *is = strstr(text, "x ("), *saves = strstr(text, "it saves "), *of;
	if (!is)
		return;
	while (is > text && strchr("0123456789.,", is[-1]))
		is--;
	is_printed(printed(is), 1 / rival->ratio.median, "sentences", "a speed-up");
	if (!saves)
		return;
	saves += strlen("it saves ");
	of = strstr(saves, ") of ");
	assert_non_null(of);
	is_printed(duration(of + 5), pass, "sentences", "the baseline's pass");
	is_printed(duration(saves), pass - rival->ns_per_entry.median * ENTRIES, "sentences",
		   "what it saves");
}

static size_t check_sentences(const struct result *r)
{
	struct arena *arena = arena_new();
	assert_non_null(arena);
	struct sentence *s = arena_alloc(arena, SENTENCES_MAX * sizeof(*s));
	const size_t n = summary_make(r, arena, s);
	size_t saved = 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s[i].code, "fastest") != 0)
			continue;
		check_sentence(r, s[i].text);
		saved += strstr(s[i].text, "it saves ") != NULL;
	}
	arena_free(arena);
	return saved;
}

/* Random passes, disturbed at random, on a machine that drifts. */
static void measure(struct result *r, struct rng *rng, size_t cells)
{
	static const char *const names[WITH_CELLS] = {"base", "one", "two", "three", "four"};
	const uint32_t rounds = 1 + (uint32_t)rng_below(rng, 40);
	const uint64_t size = 1 + rng_below(rng, 1000);
	for (size_t c = 0; c < r->n_cells; c++)
		free(r->cells[c].passes);
	r->n_cells = 0;
	for (size_t c = 0; c < cells; c++) {
		struct cell_result *cell = add_cell(r, names[c]);
		const uint64_t speed = 40 + rng_below(rng, 100);
		cell->jobs = 1;
		cell->strategy = names[c];
		for (uint32_t round = 0; round < rounds; round++) {
			const uint64_t drift = 1000 + round * rng_below(rng, 100);
			struct pass *pass =
				add_pass(cell, round, size * drift * (speed + rng_below(rng, 20)));
			pass->clean = rng_below(rng, 4) > 0;
		}
	}
	assert_int_equal(estimate_cells(r), 0);
}

static void all_outputs_agree(void **state)
{
	struct result *r = *state;
	struct rng rng = {11};
	for (int i = 0; i < TRIES; i++) {
		measure(r, &rng, WITH_CELLS);
		check_texts(r);
		check_plots(r);
		check_document(r);
	}
}

static void sentences_agree_with_the_rows(void **state)
{
	struct result *r = *state;
	struct rng rng = {12};
	size_t saved = 0;
	for (int i = 0; i < TRIES; i++) {
		measure(r, &rng, 2);
		saved += check_sentences(r);
	}
	assert_true(saved > TRIES / 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_cells_set_up, with_cells_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_outputs_agree),
		TEST(sentences_agree_with_the_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
