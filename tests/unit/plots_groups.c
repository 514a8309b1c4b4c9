/* Plots of runs over several trees and cache states: each group is named, and has its own figures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "reports/plots/plots.h"
#include "tests/test.h"
#include "tests/unit/with_groups.h"
#include "tests/unit/with_plots.h"
#include "tests/unit/with_result.h"

static const char *const two_shapes[] = {"flat", "deep"};
static const char *const kinds[] = {"lstat", "fstatat", "statx[mask=size]"};
static const uint64_t sizes[] = {1000, 10000, 100000};
static const struct grid six = {two_shapes, 2, sizes, 3, kinds, 3, 2};

/* Ten groups with twenty ways of asking: the most that a picture has to show at once. */
static const char *const five_shapes[] = {"flat", "deep", "maildir", "source-tree",
					  "photo-library"};
static const char *const ten_kinds[] = {"lstat",
					"fstatat",
					"statx[mask=size]",
					"threaded",
					"chdir-lstat",
					"openat-fstat",
					"dir-batch",
					"cached[repeat=2]",
					"access",
					"statx[addressing=dirfd,mask=size,sync=dont]"};
static const struct grid large = {five_shapes, 5, sizes, 2, ten_kinds, 10, 2};

/* How often a text with exactly these words is in the picture; titles, which are not shown, aside.
 */
static size_t count_texts(const struct scratch *s, const char *name, const char *words)
{
	static const char *const ends[] = {"</text>", "</tspan>"};
	char text[200], *svg = content(s, name);
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(text, sizeof(text), ">%s%s", words, ends[i]);
		for (const char *at = svg; (at = strstr(at, text)); at++)
			n++;
	}
	free(svg);
	return n;
}

static struct cell_result *skip_cell(struct result *r, const struct grid *grid, size_t tree,
				     const char *reason)
{
	struct cell_result *cell = grid_cell(r, grid, tree, 2, 2);
	cell->status = STATUS_SKIPPED;
	cell->reason = reason;
	cell->ratio = cell->ns_per_entry = (struct estimate){.reason = "was not measured"};
	return cell;
}

static void a_heat_map_has_the_ratios_of_every_group(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	grid_cell(r, &six, 4, 1, 1)->ratio = with_estimate(1.234, 1.2, 1.3, 22);
	grid_cell(r, &six, 5, 1, 1)->ratio = with_estimate(0.876, 0.7, 1.1, 22);
	must_draw(s, r);
	for (size_t i = 0; i < r->n_trees; i++)
		assert_int_equal(count_texts(s, "heat-map.svg", r->trees[i].label), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "statx[mask=size]/j2"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "0.50"), 4);     /* not the next two */
	assert_int_equal(count_texts(s, "heat-map.svg", "0.22"), 6 + 1); /* and the legend */
	assert_int_equal(count_texts(s, "heat-map.svg", "1.23"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "(0.88)"), 1); /* not told from 1 */
	assert_svg_contains(s, "heat-map.svg", "statmark 0.1.0");
	assert_svg_contains(s, "heat-map.svg", "paired by round; less is better");
	assert_svg_contains(s, "heat-map.svg",
			    "1.234 of the baseline's time (1.200 to 1.300; n = 22)<");
	assert_svg_contains(s, "heat-map.svg", ": the baseline</title>");
	/* White only where it is easier to read than black: on the darkest blue. */
	assert_int_equal(count_in_svg(s, "heat-map.svg", "fill=\"rgb(255,255,255)\" font"), 6);
	char *text = content(s, "plots/heat-map.tsv");
	assert_contains(text, "\n1\t1\t1\t0.2222222222\t1\t0.22\t"); /* the best of its row */
	assert_contains(text, "\n1\t6\t0\t1\t0\t1.00\t");            /* the baseline */
	free(text);
	assert_pictures_whole(s);
	result_free(r);
}

static void fields_without_a_figure_have_their_reasons_below(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	skip_cell(r, &six, 0, "no permission");
	skip_cell(r, &six, 1, "no permission");
	skip_cell(r, &six, 2, "answers differ")->status = STATUS_FAILED;
	must_draw(s, r);
	assert_int_equal(count_texts(s, "heat-map.svg", "\342\200\223 a"), 2);
	assert_int_equal(count_texts(s, "heat-map.svg", "\342\200\223 b"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "(a) skipped: no permission"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "(b) failed: answers differ"), 1);
	assert_svg_contains(s, "heat-map.svg", ": skipped: no permission</title>");
	assert_pictures_whole(s);
	result_free(r);
}

static void ten_groups_of_twenty_cells_are_readable(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&large);
	must_draw(s, r);
	assert_true(is_drawn(s, "heat-map.svg"));
	for (size_t i = 0; i < r->n_trees; i++)
		assert_int_equal(count_texts(s, "heat-map.svg", r->trees[i].label), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "0.50"), 10);
	/* In the style alone: a field of that colour would become lighter on a dark page. */
	assert_int_equal(count_in_svg(s, "heat-map.svg", "rgb(  0, 114, 178)"), 3);
	assert_pictures_whole(s);
	result_free(r);
}

static void one_group_has_no_heat_map(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_result();
	put(s->out, "heat-map.svg", "old", 0644);
	must_draw(s, r);
	assert_false(is_drawn(s, "heat-map.svg"));
	assert_null(strstr(s->log, "heat-map")); /* nobody misses it */
	result_free(r);
}

/* Each group's name stands once, above cells of its own only. */
static void rows_stand_below_the_name_of_their_group(void **state)
{
	static const char *const names[] = {"ns-per-entry", "ratio"};
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	must_draw(s, r);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char file[40];
		snprintf(file, sizeof(file), "%s.svg", names[i]);
		for (size_t k = 0; k < r->n_trees; k++)
			assert_int_equal(count_texts(s, file, r->trees[k].label), 1);
		assert_int_equal(count_texts(s, file, "fstatat/j2"), 6);
	}
	assert_svg_contains(s, "ratio.svg", "lstat of each group");
	char *text = content(s, "plots/ratio.tsv");
	assert_contains(text, "\n6\tlstat/j2\t-1\t0.6666666667\t0.66\t");
	assert_contains(text, "\n7\tflat,10k\t3\tNaN\t"); /* after a head and five cells */
	free(text);
	assert_pictures_whole(s);
	result_free(r);
}

/* Of many cells the best of each group and its baseline; the head says how many there are. */
static void of_many_cells_the_best_are_shown(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&large);
	must_draw(s, r);
	assert_int_equal(count_texts(s, "ns-per-entry.svg", "maildir,10k (7 of 20 cells)"), 1);
	assert_int_equal(count_texts(s, "ns-per-entry.svg", "lstat (baseline)"), 10);
	assert_int_equal(count_texts(s, "ns-per-entry.svg", "fstatat"), 0);
	assert_int_equal(count_texts(s, "ratio.svg", "maildir,10k (6 of 19 cells)"), 1);
	result_free(r);
}

/* So many that a row for each would make a picture higher than Cairo draws. */
static void of_very_many_groups_the_first_are_shown(void **state)
{
	static const uint64_t nine_sizes[] = {100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
	static const char *const shapes[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	static const struct grid very_many = {shapes, 10, nine_sizes, 9, kinds, 2, 1};
	struct scratch *s = *state;
	struct result *r = with_groups(&very_many);
	must_draw(s, r);
	assert_int_equal(count_texts(s, "heat-map.svg", "26 more rows not drawn"), 1);
	assert_int_equal(count_texts(s, "ns-per-entry.svg", "42 more groups not drawn"), 1);
	assert_int_equal(count_texts(s, "ratio.svg", "42 more groups not drawn"), 1);
	assert_pictures_whole(s);
	result_free(r);
}

/* Of 25 columns 24 are drawn; what has nothing but the slowest has no empty row. */
static void a_group_of_slow_columns_alone_has_no_row(void **state)
{
	enum { KINDS = 25 };
	static const uint64_t two_sizes[] = {100, 200};
	const char *names[KINDS];
	struct scratch *s = *state;
	const struct grid grid = {two_shapes, 2, two_sizes, 1, names, KINDS, 1};
	char text[KINDS][8];
	for (size_t i = 0; i < KINDS; i++) {
		snprintf(text[i], sizeof(text[i]), "way%zu", i);
		names[i] = text[i];
	}
	struct result *r = with_groups(&grid);
	r->n_cells = KINDS + 1; /* of the second tree only the baseline, which is the slowest */
	must_draw(s, r);
	assert_int_equal(count_texts(s, "heat-map.svg", "1 more column, the slowest, not drawn"),
			 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "1 more row not drawn"), 1);
	assert_int_equal(count_texts(s, "heat-map.svg", "deep,100"), 0);
	assert_pictures_whole(s);
	result_free(r);
}

/* A panel for each group, a legend for all, and no line through cells of two groups. */
static void lines_are_drawn_in_a_panel_of_their_group(void **state)
{
	static const char *const names[] = {"scaling", "latency"};
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	grid_cell(r, &six, 4, 1, 2)->scaling = with_estimate(1.25, 1.2, 1.3, 22);
	must_draw(s, r);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char file[40];
		snprintf(file, sizeof(file), "%s.svg", names[i]);
		for (size_t k = 0; k < r->n_trees; k++)
			assert_int_equal(count_texts(s, file, r->trees[k].label), 1);
		assert_int_equal(count_texts(s, file, "statx[mask=size]"), 1);
	}
	char *text = content(s, "plots/scaling.tsv");
	assert_contains(text, "\n2\t1.25\t1.2\t1.3\t22\t5\t2\tfstatat\tdeep,10k\t0\t");
	assert_contains(text, "\n2\t1.5\t1.4\t1.6\t22\t6\t2\tfstatat\tdeep,100k\t0\t");
	free(text);
	assert_pictures_whole(s);
	result_free(r);
}

/* One interval of a hundred must not press all lines flat: it is cut, and the axis says so. */
static void an_interval_that_is_too_wide_is_cut(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	must_draw(s, r);
	assert_int_equal(count_in_svg(s, "scaling.svg", "cut at the edge"), 0);
	grid_cell(r, &six, 0, 1, 2)->scaling = with_estimate(1.5, 0.5, 148, 22);
	must_draw(s, r);
	assert_int_equal(count_in_svg(s, "scaling.svg", "cut at the edge"), 1);
	assert_true(count_texts(s, "scaling.svg", "2") >= 6); /* of an axis that ends at 3 */
	assert_int_equal(count_texts(s, "scaling.svg", "20"), 0);
	assert_svg_contains(s, "scaling.svg", "(0.50 to 148.00; n = 22)</title>");
	assert_pictures_whole(s);
	result_free(r);
}

/* Every panel has every line, so that colours agree; what a group lacks is an empty block. */
static void a_line_that_a_group_lacks_keeps_its_place(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	for (uint32_t jobs = 1; jobs <= 2; jobs++) {
		grid_cell(r, &six, 0, 2, jobs)->scaling.known = false;
		grid_cell(r, &six, 0, 2, jobs)->latency.n_histogram = 0;
	}
	must_draw(s, r);
	char *text = content(s, "plots/scaling.tsv");
	assert_contains(text,
			"\nNaN\tNaN\tNaN\tNaN\t0\t1\t1\tstatx[mask=size]\tflat,1k\t0\t \t0\n");
	free(text);
	assert_int_equal(count_texts(s, "scaling.svg", "statx[mask=size]"), 1);
	assert_int_equal(count_texts(s, "latency.svg", "statx[mask=size]"), 1);
	assert_pictures_whole(s);
	result_free(r);
}

/* The heat map says why; an empty panel would take the place of one that shows something. */
static void a_group_without_figures_has_no_panel(void **state)
{
	static const char *const names[] = {"scaling", "latency"};
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	for (size_t kind = 0; kind < six.n_kinds; kind++) {
		for (uint32_t jobs = 1; jobs <= 2; jobs++) {
			struct cell_result *cell = grid_cell(r, &six, 0, kind, jobs);
			cell->scaling.known = false;
			cell->latency.n_histogram = 0;
		}
	}
	must_draw(s, r);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char file[40];
		snprintf(file, sizeof(file), "%s.svg", names[i]);
		assert_int_equal(count_texts(s, file, r->trees[0].label), 0);
		assert_int_equal(count_texts(s, file, r->trees[1].label), 1);
	}
	assert_pictures_whole(s);
	result_free(r);
}

/* One early decision says little by itself: beside it is what the whole pass came to. */
static void one_decision_is_shown_beside_the_mean_of_the_pass(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	struct decision_fact decision = {.at_ns = 1500000, .rate = 1000, .before = 1, .threads = 4};
	struct pass pass = {.wall_ns = 500000000, .verified = true, .clean = true};
	struct cell_result *cell = grid_cell(r, &six, 3, 1, 1); /* of 1,000 entries */
	cell->decisions = &decision;
	cell->n_decisions = cell->n_passes = 1;
	cell->passes = &pass;
	must_draw(s, r);
	char *text = content(s, "plots/decisions.tsv");
	assert_contains(text, "1,000 calls per second until then\t2000\t0\n");
	free(text);
	assert_svg_contains(s, "decisions.svg",
			    "<title>fstatat, at the end, 500 ms: 4 threads; "
			    "2,000 calls per second over the whole pass</title>");
	assert_svg_contains(s, "decisions.svg",
			    "mean rate before each decision, dashed: mean of the pass");
	assert_pictures_whole(s);
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].stage = STAGE_WALK; /* makes more calls than there are entries */
	must_draw(s, r);
	assert_int_equal(count_in_svg(s, "decisions.svg", "mean of the pass"), 0);
	assert_pictures_whole(s);
	cell->n_decisions = cell->n_passes = 0;
	cell->passes = NULL;
	result_free(r);
}

/* A line of which nothing is known in one panel, and one whose rates are not known at all. */
static void decisions_may_be_missing(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	struct decision_fact decisions[] = {
		{.at_ns = 1500000, .rate = 0, .before = 1, .threads = 4}};
	struct cell_result *cells[] = {grid_cell(r, &six, 3, 1, 1), grid_cell(r, &six, 3, 2, 1),
				       grid_cell(r, &six, 4, 1, 1)};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		cells[i]->decisions = decisions;
		cells[i]->n_decisions = ARRAY_LEN(decisions);
	}
	must_draw(s, r);
	char *text = content(s, "plots/decisions.tsv");
	assert_contains(text, "\nNaN\tNaN\tNaN\t2\t2\tstatx[mask=size]\t");
	free(text);
	assert_true(is_drawn(s, "decisions.svg"));
	assert_svg_contains(s, "decisions.svg",
			    "<title>statx[mask=size], at 1.50 ms: from 1 to 4 threads</title>");
	assert_pictures_whole(s);
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		cells[i]->n_decisions = 0;
	result_free(r);
}

/* From when on how many threads, and how many calls were answered until then; up to the end. */
static void decisions_are_steps_over_the_time_of_a_pass(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	struct decision_fact decisions[] = {
		{.at_ns = 1500000, .rate = 1000, .before = 1, .threads = 4},
		{.at_ns = 4000000, .rate = 0, .before = 4, .threads = 16},
		{.at_ns = 9000000, .rate = 12000, .before = 16, .threads = 8},
	};
	struct cell_result *cell = grid_cell(r, &six, 3, 1, 1);
	cell->decisions = decisions;
	cell->n_decisions = ARRAY_LEN(decisions);
	must_draw(s, r);
	char *text = content(s, "plots/decisions.tsv");
	assert_contains(text, "\n0\t1\tNaN\t1\t1\tfstatat\tdeep,1k\t");
	assert_contains(text, "\n1500000\t4\t1000\t1\t1\tfstatat\tdeep,1k\t");
	assert_contains(text, "\n4000000\t16\tNaN\t1\t1\tfstatat\tdeep,1k\t");
	assert_contains(text, "\n9000000\t8\t12000\t1\t1\tfstatat\tdeep,1k\t");
	free(text);
	assert_int_equal(count_texts(s, "decisions.svg", "deep,1k"), 1);
	assert_int_equal(count_texts(s, "decisions.svg", "deep,10k"), 0);
	assert_int_equal(count_texts(s, "decisions.svg", "fstatat"), 1);
	assert_int_equal(count_texts(s, "decisions.svg", "16"), 1);
	assert_svg_contains(s, "decisions.svg", "<title>fstatat, at the start: 1 thread</title>");
	assert_svg_contains(s, "decisions.svg",
			    "<title>fstatat, at 1.50 ms: from 1 to 4 threads, "
			    "1,000 calls per second until then</title>");
	assert_svg_contains(s, "decisions.svg",
			    "<title>fstatat, at 4.00 ms: from 4 to 16 threads</title>");
	assert_int_equal(count_in_svg(s, "decisions.svg", "dashed: mean of the pass"), 0);
	assert_pictures_whole(s);
	cell->n_decisions = 0;
	must_draw(s, r);
	assert_false(is_drawn(s, "decisions.svg"));
	result_free(r);
}

static void cache_states_are_groups_too(void **state)
{
	struct scratch *s = *state;
	const struct grid two = {two_shapes, 2, sizes, 1, kinds, 3, 2};
	struct result *r = with_groups(&two);
	for (size_t i = 0; i < r->n_cells; i++) {
		struct cell_result *cell = &r->cells[i];
		cell->cache = i < r->n_cells / 2 ? CACHE_WARM : CACHE_COLD;
		cell->tree = "tree0";
		if (i >= r->n_cells / 2) /* warm is the state that labels do not name */
			cell->label = arena_print(r->arena, "%s/cold", cell->label);
		if (i >= r->n_cells / 2)
			cell->ns_per_entry = with_estimate(1500, 1400, 1600, 22);
	}
	r->n_trees = 1;
	must_draw(s, r);
	assert_int_equal(count_texts(s, "heat-map.svg", "cold"), 1);
	assert_int_equal(count_texts(s, "ns-per-entry.svg", "warm"), 1);
	assert_int_equal(count_texts(s, "ns-per-entry.svg", "fstatat/j2"), 2);
	assert_int_equal(count_texts(s, "latency.svg", "cold"), 1);
	for (size_t i = 0; i < two.n_kinds; i++)
		assert_int_equal(count_texts(s, "cold-and-warm.svg", two.kinds[i]), 1);
	assert_svg_contains(
		s, "cold-and-warm.svg",
		"<title>fstatat, cold: 1,500.0 ns per entry (1,400.0 to 1,600.0; n = 22)</title>");
	assert_svg_contains(s, "cold-and-warm.svg", "<title>Cold against warm</title>");
	assert_int_equal(count_texts(s, "cold-and-warm.svg", "cold 3.00 \303\227 warm"), 1);
	assert_pictures_whole(s);
	result_free(r);
}

/* Time and ratio of every cell at every size, and from where on two jobs pay. */
static void sizes_have_a_row_for_each_shape(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	for (size_t i = 0; i < r->n_trees; i++) {
		const double hi = i == 0 ? 2 : 0.5; /* flat: not at 1,000 */
		grid_set_more(r, i, hi * 0.9, hi * 0.8, hi);
	}
	must_draw(s, r);
	assert_int_equal(count_texts(s, "sizes.svg",
				     "flat: 2 jobs pay from about 3,200 entries on ext4, warm"),
			 1);
	assert_int_equal(count_texts(s, "sizes.svg",
				     "deep: 2 jobs pay at every size measured on ext4, warm, "
				     "from 1,000 entries"),
			 1);
	assert_int_equal(count_texts(s, "sizes.svg", "more jobs pay from here on"), 1);
	assert_int_equal(count_texts(s, "sizes.svg", "fstatat/j2"), 1);
	assert_int_equal(count_texts(s, "sizes.svg", "ns per entry"), 2);
	assert_svg_contains(s, "sizes.svg", "fstatat/j2, 1,000 entries: ");
	assert_svg_contains(s, "sizes.svg", ", 0.500 of the baseline's time (0.495 to 0.505)<");
	assert_svg_contains(s, "sizes.svg", ", the baseline</title>");
	char *text = content(s, "plots/sizes.tsv");
	assert_contains(text, "\n10000\t500\t495\t505\t0.5\t0.495\t0.505\t1\t4\tfstatat\tflat: ");
	assert_contains(text, "\t3162.27766\t0\t0\t");
	assert_contains(text, "\n100000\t1000\t990\t1010\t1\t1\t1\t2\t6\tlstat\tdeep: ");
	free(text);
	assert_pictures_whole(s);
	result_free(r);
}

static void two_sizes_make_no_line(void **state)
{
	struct scratch *s = *state;
	const struct grid small = {two_shapes, 2, sizes, 2, kinds, 3, 2};
	struct result *r = with_groups(&small);
	must_draw(s, r);
	assert_contains(s->log, "no plot sizes: no shape was measured in three sizes or more");
	assert_false(is_drawn(s, "sizes.svg"));
	r->trees[1].sample.of_entries = 100000;
	must_draw(s, r);
	assert_contains(s->log, "trees were cut for lack of time; raise --max-time");
	result_free(r);
}

/* Of twenty kinds the eight best are lines, one of them the baseline. */
static void eight_lines_look_different(void **state)
{
	struct scratch *s = *state;
	const struct grid many = {two_shapes, 1, sizes, 3, ten_kinds, 10, 2};
	struct result *r = with_groups(&many);
	must_draw(s, r);
	char *text = content(s, "plots/sizes.tsv");
	assert_contains(text, "\t1\t8\tlstat\tflat on ext4, warm\t0\t0\t0\t");
	assert_null(strstr(text, "\t1\t9\t"));
	free(text);
	assert_pictures_whole(s);
	result_free(r);
}

/* Lines and rows that there is no room for are counted where the others stand. */
static void groups_not_drawn_are_named(void **state)
{
	static const char *const shapes[] = {"a", "b", "c", "d", "e", "f", "g"};
	static const struct {
		const char *picture, *words;
	} rows[] = {
		{"scaling.svg", "4 more not drawn"},
		{"latency.svg", "14 more not drawn"},
		{"sizes.svg", "12 more not drawn"},
		{"sizes.svg", "f on ext4, warm (1 more row not drawn)"},
		{"decisions.svg", "4 more not drawn"},
	};
	struct scratch *s = *state;
	const struct grid many = {shapes, 7, sizes, 3, ten_kinds, 10, 2};
	struct result *r = with_groups(&many);
	struct decision_fact decision = {.at_ns = 1500000, .before = 1, .threads = 4};
	for (size_t kind = 0; kind < many.n_kinds; kind++) {
		struct cell_result *cell = grid_cell(r, &many, 0, kind, 1);
		cell->decisions = &decision;
		cell->n_decisions = 1;
	}
	must_draw(s, r);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (count_texts(s, rows[i].picture, rows[i].words) != 1)
			fail_msg("%s has no \"%s\"", rows[i].picture, rows[i].words);
	}
	assert_pictures_whole(s);
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].n_decisions = 0;
	result_free(r);
}

static void hostile_groups_are_harmless(void **state)
{
	struct scratch *s = *state;
	struct result *r = with_groups(&six);
	r->trees[0].label = "`touch MARK`";
	r->trees[1].label = "\"; system(\"touch MARK\"); \"";
	r->trees[2].label = "$(touch MARK)\n\t\033[2J\377]]>";
	r->trees[3].label = "";
	r->trees[4].name = r->trees[5].name = "%s{a}_b^c @x \\n";
	r->trees[4].label = r->trees[5].label = "%s{a}_b^c @x \\n";
	for (size_t i = 0; i < 6; i++)
		skip_cell(r, &six, i, "'; system('touch MARK'); '");
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].label = i % 6 ? r->cells[i].label : "`touch MARK`; \"x\" %s{a}_b^c\\";
	must_draw(s, r);
	assert_true(is_drawn(s, "sizes.svg") && is_drawn(s, "scaling.svg"));
	assert_false(is_drawn(s, "MARK") || is_drawn(s, "plots/MARK"));
	assert_pictures_whole(s);
	assert_int_equal(count_texts(s, "heat-map.svg", "`touch MARK`"), 1);
	result_free(r);
}

/* --- One way of asking and thirty, one sample, long names, hostile ones ----------------------- */

static void set_samples(struct estimate *e, uint32_t samples)
{
	e->n = e->known ? samples : e->n;
	e->seen = e->known && samples < 8;
	e->known &= samples >= 8;
}

/* Two shapes in three sizes, each way of asking with one job and with two, and its decisions. */
static struct result *grid_of(const struct sort *sort, const struct grid *grid,
			      struct decision_fact *decision)
{
	struct result *r = with_groups(grid);
	for (size_t i = 0; i < r->n_cells; i++) {
		struct cell_result *cell = &r->cells[i];
		set_samples(&cell->ns_per_entry, sort->samples);
		set_samples(&cell->ratio, sort->samples);
		set_samples(&cell->scaling, sort->samples);
		cell->passes = calloc(2, sizeof(*cell->passes));
		assert_non_null(cell->passes);
		cell->n_passes = 2;
		cell->has_own_median = true;
		cell->median_of_passes = cell->ns_per_entry.median;
		for (uint32_t k = 0; k < 2; k++)
			cell->passes[k] =
				(struct pass){.round = k,
					      .wall_ns = (uint64_t)(cell->median_of_passes *
								    (double)cell->entries) +
							 k,
					      .verified = true,
					      .clean = true};
		cell->decisions = decision;
		cell->n_decisions = 1;
	}
	r->host.hostname = sort->names[0];
	r->fs[0].options = sort->names[0];
	return r;
}

static void make_cold(struct result *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		struct cell_result *cell = &r->cells[i];
		cell->tree = r->trees[0].id;
		cell->cache = i < r->n_cells / 2 ? CACHE_WARM : CACHE_COLD;
		if (cell->cache == CACHE_COLD)
			cell->id = arena_print(r->arena, "%s/cold", cell->id);
	}
	r->n_trees = 1;
}

static int draw_grids(const struct sort *sort, const struct outdir *out, struct err *err)
{
	const struct drawing_terms terms = {.log = NULL};
	const struct grid whole = {two_shapes, 2, sizes, 3, sort->names, sort->n, 2};
	struct decision_fact decision = {.at_ns = 500000, .rate = 1000, .before = 1, .threads = 4};
	struct result *r = grid_of(sort, &whole, &decision);
	int error = plots_draw(r, out, &terms, err);
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].n_decisions = 0;
	result_free(r);
	return error;
}

static int draw_states(const struct sort *sort, const struct outdir *out, struct err *err)
{
	const struct drawing_terms terms = {.log = NULL};
	const struct grid two = {two_shapes, 2, sizes, 1, sort->names, sort->n, 1};
	struct decision_fact decision = {.at_ns = 500000, .before = 1, .threads = 4};
	struct result *r = grid_of(sort, &two, &decision);
	make_cold(r);
	int error = plots_draw(r, out, &terms, err);
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].n_decisions = 0;
	result_free(r);
	return error;
}

static void all_but_cold_are_whole(const struct scratch *s)
{
	for (size_t i = 0; i < PICTURES; i++) {
		if (strcmp(pictures[i], "cold-and-warm.svg") == 0)
			continue;
		if (!is_drawn(s, pictures[i]))
			fail_msg("%s was not drawn", pictures[i]);
		assert_svg_contains(s, pictures[i], "; warm");
		assert_svg_contains(s, pictures[i], "seed 18446744073709551615");
		assert_svg_contains(s, pictures[i], "; statmark 0.1.0");
		assert_svg_contains(s, pictures[i], "<text>n = ");
	}
	assert_pictures_whole(s);
}

static void all_with_cold_are_whole(const struct scratch *s)
{
	assert_true(is_drawn(s, "cold-and-warm.svg"));
	assert_svg_contains(s, "cold-and-warm.svg", "seed 18446744073709551615");
	assert_pictures_whole(s);
}

static void every_plot_is_complete(void **state)
{
	draw_all_sorts(*state, draw_grids, all_but_cold_are_whole);
	assert_svg_contains(*state, "heat-map.svg", "`touch MARK`");
	draw_all_sorts(*state, draw_states, all_with_cold_are_whole);
	assert_svg_contains(*state, "cold-and-warm.svg", "`touch MARK`");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_plot_is_complete),
		TEST(a_heat_map_has_the_ratios_of_every_group),
		TEST(fields_without_a_figure_have_their_reasons_below),
		TEST(ten_groups_of_twenty_cells_are_readable),
		TEST(one_group_has_no_heat_map),
		TEST(rows_stand_below_the_name_of_their_group),
		TEST(of_many_cells_the_best_are_shown),
		TEST(of_very_many_groups_the_first_are_shown),
		TEST(a_group_of_slow_columns_alone_has_no_row),
		TEST(lines_are_drawn_in_a_panel_of_their_group),
		TEST(an_interval_that_is_too_wide_is_cut),
		TEST(a_line_that_a_group_lacks_keeps_its_place),
		TEST(a_group_without_figures_has_no_panel),
		TEST(decisions_are_steps_over_the_time_of_a_pass),
		TEST(decisions_may_be_missing),
		TEST(one_decision_is_shown_beside_the_mean_of_the_pass),
		TEST(cache_states_are_groups_too),
		TEST(sizes_have_a_row_for_each_shape),
		TEST(two_sizes_make_no_line),
		TEST(eight_lines_look_different),
		TEST(groups_not_drawn_are_named),
		TEST(hostile_groups_are_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
