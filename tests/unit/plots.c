#include "reports/plots/plots.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "tests/test.h"
#include "tests/unit/with_plots.h"
#include "tests/unit/with_result.h"

static void words_lie_inside_the_picture(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	result->cells[CELL_THREADED].label = "lstat";
	result->cells[CELL_THREADED].scaling = with_estimate(1.6, 1.5, 1.75, 20);
	must_draw(s, result);
	assert_pictures_whole(s);
	char *svg = content(s, "latency.svg");
	assert_contains(svg, "microseconds; less is better");
	assert_contains(svg, "percentile of entries; pale: rests on fewer than ten samples");
	free(svg);
	svg = content(s, "scaling.svg");
	assert_contains(svg, "entries per second, as a multiple of one job");
	free(svg);
	result_free(result);
}

/* Of a cell that is a copy of another one: result_free frees each cell's. */
static void own_passes(struct cell_result *cell)
{
	struct pass *own = calloc(cell->n_passes, sizeof(*own));
	assert_non_null(own);
	memcpy(own, cell->passes, cell->n_passes * sizeof(*own));
	cell->passes = own;
}

/* More cells with long names, with one job and two of each. */
static void add_cells(struct result *result, size_t more, double ratio, double cost)
{
	struct cell_result *cells = arena_alloc(result->arena, (more + CELLS) * sizeof(*cells));
	memcpy(cells, result->cells, CELLS * sizeof(*cells));
	for (size_t i = 0; i < more; i++) {
		struct cell_result *cell = &cells[CELLS + i];
		*cell = cells[CELL_FSTATAT];
		own_passes(cell);
		cell->latency.passes = NULL;
		cell->label = cell->id = arena_print(result->arena, LONG LONG "%zu", i / 2);
		cell->jobs = 1 + (uint32_t)i % 2;
		cell->ratio = with_estimate(ratio, ratio * 0.99, ratio * 1.01, 20);
		cell->scaling = with_estimate(1.5, 1.4, 1.6, 20);
		cell->ns_per_entry = with_estimate(cost, cost * 0.9, cost * 1.1, 20);
	}
	result->cells = cells;
	result->n_cells = CELLS + more;
}

/* Long names, large figures, a floor as high as what is measured, many lines. */
static void make_wide(struct result *result, double ratio, double cost)
{
	add_cells(result, 60, ratio, cost);
	struct cell_result *cells = result->cells;
	cells[CELL_LSTAT].label = LONG LONG;
	cells[CELL_SKIPPED].reason = LONG LONG;
	cells[CELL_FLOOR].ns_per_entry = with_estimate(cost, cost * 0.99, cost * 1.01, 20);
	result->host.hostname = result->trees[0].name = LONG LONG;
	result->fs[0].options = LONG LONG LONG;
}

static void wide_words_lie_inside_the_picture(void **state)
{
	struct scratch *s = *state;
	static const double terms[][2] = {{0.01, 1e9}, {100, 0.5}, {1.0001, 812.4}};
	for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
		struct result *result = with_result();
		make_wide(result, terms[i][0], terms[i][1]);
		must_draw(s, result);
		assert_true(is_drawn(s, "scaling.svg") && is_drawn(s, "latency.svg"));
		assert_pictures_whole(s);
		result_free(result);
	}
}

/* So many that a row for each would make a picture higher than Cairo draws. */
static void of_two_thousand_cells_the_best_are_drawn(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	add_cells(result, 2000, 0.9, 700);
	must_draw(s, result);
	assert_svg_contains(s, "ns-per-entry.svg", ">72 of 2,009 cells<");
	assert_svg_contains(s, "ns-per-entry.svg", ">lstat (baseline)<");
	assert_svg_contains(s, "ratio.svg", ">71 of 2,004 cells<");
	assert_pictures_whole(s);
	result_free(result);
}

/* One cell alone: gnuplot 5.4 dies of labels that are all NaN. */
static void one_cell_is_drawn(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].is_floor = i != CELL_LSTAT; /* of which nothing is drawn */
	must_draw(s, result);
	assert_true(is_drawn(s, "ns-per-entry.svg") && is_drawn(s, "ns-per-entry.png"));
	assert_pictures_whole(s);
	result->cells[CELL_LSTAT].ns_per_entry = with_estimate(1, 1, 1, 20);
	must_draw(s, result);
	assert_pictures_whole(s);
	result_free(result);
}

static void the_readmes_pictures_are_whole(void **state)
{
	static const char *const places[] = {"reports/example/*.svg", "reports/example/*/*.svg"};
	glob_t found = {0};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (glob(places[i], i ? GLOB_APPEND : 0, NULL, &found))
			skip_because("run it from the top of the source tree");
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *svg;
		size_t size;
		assert_int_equal(read_file(found.gl_pathv[i], 16 << 20, &svg, &size), 0);
		assert_true(assert_words_inside(svg) > 8);
		assert_titles_say_what_is_shown(svg);
		free(svg);
	}
	globfree(&found);
}

/* --- What is drawn --------------------------------------------------------------------------- */

static void a_result_is_drawn(void **state)
{
	struct scratch *s = *state;
	static const char *const words[] = {"Time per entry",
					    "source-tree: 20,000 entries",
					    "ext4 on /dev/vda1",
					    "bookworm: AMD EPYC",
					    "n = 22 passes of each cell",
					    "seed 18446744073709551615",
					    "lstat (baseline)",
					    "812.4 ±8.1",
					    "floor 2.13",
					    "99 % interval",
					    "skipped: io_uring_setup",
					    "no figure: 3 clean passes"};
	struct result *result = with_result();
	must_draw(s, result);
	char *svg = content(s, "ns-per-entry.svg"), *png = content(s, "ns-per-entry.png");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_contains(svg, words[i]);
	assert_memory_equal(png, "\211PNG", 4);
	assert_contains(s->log, "ratio.svg");
	free(svg);
	free(png);
	result_free(result);
}

static void see_only(struct estimate *e)
{
	e->seen = e->known || e->seen;
	e->known = false;
}

/* Whiskers of few rounds are no intervals, and the words below the axis do not call them so. */
static void the_axis_names_the_intervals(void **state)
{
	static const char *const few = "whiskers: range of few rounds, no interval<",
				 *const some =
					 "whiskers: 99 % interval; of few rounds their range<",
				 *const all = "whiskers: 99 % interval<";
	struct scratch *s = *state;
	struct result *result = with_result();
	struct cell_result *cells = result->cells;
	must_draw(s, result);
	assert_svg_contains(s, "ns-per-entry.svg", all);
	assert_svg_contains(s, "ratio.svg", all);
	for (size_t i = 0; i < result->n_cells; i++) {
		see_only(&cells[i].ns_per_entry);
		if (!cells[i].is_baseline)
			see_only(&cells[i].ratio);
	}
	must_draw(s, result);
	assert_svg_contains(s, "ns-per-entry.svg", few);
	assert_svg_contains(s, "ratio.svg", few);
	assert_pictures_whole(s);
	cells[CELL_LSTAT].ns_per_entry.seen = false;
	cells[CELL_LSTAT].ns_per_entry.known = true;
	must_draw(s, result);
	assert_svg_contains(s, "ns-per-entry.svg", some);
	result_free(result);
}

static void make_hostile(struct result *result)
{
	struct cell_result *cells =
		arena_alloc(result->arena, (HOSTILE * 2 + CELLS) * sizeof(*cells));
	memcpy(cells, result->cells, CELLS * sizeof(*cells));
	for (size_t i = 0; i < HOSTILE * 2; i++) {
		struct cell_result *cell = &cells[CELLS + i];
		*cell = cells[CELL_FSTATAT];
		own_passes(cell);
		cell->latency.passes = NULL;
		cell->label = cell->id = hostile[i / 2];
		cell->passes[0].clean = false;
		cell->passes[0].why = CAUSE_DELAYED;
		cell->jobs = 1 + (uint32_t)i % 2;
	}
	result->cells = cells;
	result->n_cells = CELLS + HOSTILE * 2;
	result->cells[CELL_LSTAT].label = hostile[0];
	result->cells[CELL_SKIPPED].reason = hostile[3];
	result->host.hostname = hostile[0];
	result->fs[0].options = hostile[3];
	result->trees[0].name = hostile[2];
}

/* Every line of a table has as many columns as its first one. */
static void assert_columns(const char *text)
{
	size_t columns = 0, first = 0;
	for (; *text; text++) {
		columns += *text == '\t';
		assert_true(*text == '\t' || *text == '\n' || (unsigned char)*text >= ' ');
		assert_true(*text != '"' && *text != '\\');
		if (*text == '\n') {
			first = first ? first : columns;
			assert_int_equal(columns, first);
			columns = 0;
		}
	}
}

static void hostile_names_are_harmless(void **state)
{
	struct scratch *s = *state;
	static const char *const files[] = {"plots/about.tsv", "plots/ns-per-entry.tsv",
					    "plots/ratio.tsv"};
	struct result *result = with_result();
	make_hostile(result);
	/* What a name could run would run here: gnuplot's folder is OUT/plots. */
	must_draw(s, result);
	assert_false(is_drawn(s, "MARK"));
	assert_false(is_drawn(s, "plots/MARK"));
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *text = content(s, files[i]);
		assert_columns(text);
		free(text);
	}
	char *svg = content(s, "scaling.svg");
	assert_contains(svg, "`touch MARK`");
	free(svg);
	svg = content(s, "ratio.svg");
	assert_contains(svg, "#comment &lt;b>&amp;amp;]]&lt;3e>");
	assert_contains(svg, "back&lt;5c>slash&lt;5c>n");
	free(svg);
	assert_pictures_whole(s);
	result_free(result);
}

static void scripts_hold_nothing_of_the_result(void **state)
{
	struct scratch *s = *state;
	struct result *one = with_result(), *other = with_result();
	make_hostile(other);
	draw(s, one);
	char *first = content(s, "plots/ns-per-entry.gp");
	draw(s, other);
	char *second = content(s, "plots/ns-per-entry.gp");
	assert_string_equal(first, second);
	free(first);
	free(second);
	result_free(one);
	result_free(other);
}

static void a_failed_plot_gives_a_reason_and_removes_the_old_one(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	put(s->out, "scaling.svg", "old", 0644);
	put(s->out, "scaling.png", "old", 0644);
	must_draw(s, result);
	assert_contains(s->log, "no plot scaling: no cell was measured with one job and with more");
	assert_false(is_drawn(s, "scaling.svg"));
	assert_false(is_drawn(s, "scaling.png"));
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].ns_per_entry.known = result->cells[i].ratio.known = false;
	must_draw(s, result);
	assert_contains(s->log, "no plot ns-per-entry: no cell has a figure");
	assert_false(is_drawn(s, "ns-per-entry.svg"));
	assert_false(is_drawn(s, "ratio.svg"));
	result_free(result);
}

static void scaling_is_drawn_as_it_was_paired(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	result->cells[CELL_THREADED].label = "lstat";
	result->cells[CELL_THREADED].scaling = with_estimate(1.6, 1.5, 1.75, 20);
	draw(s, result);
	char *text = content(s, "plots/scaling.tsv");
	assert_string_equal(text,
			    "# jobs\tspeedup\tlo\thi\tn\tpanel\tline\tcell\tgroup\tsplit\twords"
			    "\tleft_out\n"
			    "1\t1\t1\t1\t22\t1\t1\tlstat\t \t0\t"
			    "lstat, 1 job: 1.00 times one job's rate\t0\n"
			    "2\t1.6\t1.5\t1.75\t20\t1\t1\tlstat\t \t0\t"
			    "lstat, 2 jobs: 1.60 times one job's rate (1.50 to 1.75; n = 20)\t0\n");
	free(text);
	result_free(result);
}

/* Of many strategies the twelve fastest have a panel each; pointing at them gives the values. */
static void many_strategies_scale_in_panels_of_their_own(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	make_wide(result, 1.5, 900);
	for (size_t i = 0; i < 60; i++) {
		struct cell_result *cell = &result->cells[CELLS + i];
		cell->label = arena_print(result->arena, "way%02zu", i / 2);
		cell->ratio = with_estimate(2 + (double)i / 100, 1.9, 2.7, 20);
	}
	must_draw(s, result);
	assert_svg_contains(s, "scaling.svg", "jobs; the 12 fastest of 30, the others in grey");
	assert_svg_contains(s, "scaling.svg", "<text>way00</text>");
	assert_svg_contains(s, "scaling.svg", "<text>way11</text>");
	assert_svg_contains(s, "scaling.svg",
			    "<title>way11, 2 jobs: 1.50 times one job's rate "
			    "(1.40 to 1.60; n = 20)</title>");
	assert_svg_contains(s, "scaling.svg", "<title>Scaling with the number of jobs</title>");
	assert_svg_contains(s, "ratio.svg",
			    "<title>way29/j2: 2.590 of the baseline's time "
			    "(1.900 to 2.700; n = 20)</title>");
	char *svg = content(s, "scaling.svg");
	assert_null(strstr(svg, "way12"));
	free(svg);
	assert_pictures_whole(s);
	result_free(result);
}

/* By rounds as the document numbers them, as multiples of the cell's median; of the disturbed ones
 * why they do not count. */
static void passes_are_drawn_in_time_order(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	struct cell_result *cell = &result->cells[CELL_LSTAT];
	must_draw(s, result);
	char *text = content(s, "plots/passes.tsv");
	char expected[200];
	const struct pass *pass = &cell->passes[0];
	const double ns = (double)pass->wall_ns / (double)cell->entries;
	snprintf(expected, sizeof(expected), "hover\n%u\t%.10g\t%d\t1\t1\t", pass->round,
		 ns / cell->median_of_passes, pass->clean);
	assert_contains(text, expected);
	free(text);
	cell->passes[1].wall_ns = (uint64_t)(cell->median_of_passes * (double)cell->entries / 11);
	must_draw(s, result);
	assert_svg_contains(s, "passes.svg", "<text>1/8</text>"); /* 0.125 would be too wide */
	snprintf(expected, sizeof(expected), "<title>lstat, round %u: %.1f ns per entry",
		 pass->round, ns);
	assert_svg_contains(s, "passes.svg", expected);
	assert_svg_contains(s, "passes.svg", "ns per entry; does not count: ");
	assert_int_equal(count_in_svg(s, "passes.svg", "<text>-1</text>"), 0); /* no such round */
	assert_pictures_whole(s);
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].has_own_median = false;
	must_draw(s, result);
	assert_contains(s->log, "no plot passes: no cell has two passes that count");
	assert_false(is_drawn(s, "passes.svg"));
	result_free(result);
}

static size_t occurrences(const char *text, const char *words)
{
	size_t n = 0;
	for (; (text = strstr(text, words)); text++)
		n++;
	return n;
}

/* Fewer than nine rounds are undisturbed: the others that were verified count, too. */
static void disturbed_passes_count_where_too_few_others_are_left(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	must_draw(s, result);
	assert_svg_contains(s, "passes.svg", "round; dots count, rings were disturbed and do not");
	assert_int_equal(count_in_svg(s, "passes.svg", "ns per entry; disturbed: "), 0);
	struct cell_result *cell = &result->cells[CELL_LSTAT];
	for (size_t i = 0; i < cell->n_passes; i++) {
		cell->passes[i].clean = i < 8;
		cell->passes[i].why = i < 8 ? CAUSE_NONE : CAUSE_DELAYED;
		cell->passes[i].verified = i != 8;
	}
	must_draw(s, result);
	assert_svg_contains(s, "passes.svg", "round; rings were disturbed and count where too few");
	char *text = content(s, "plots/passes.tsv");
	*strstr(text, "\n\n") = '\0';
	assert_int_equal(occurrences(text, "; does not count: "), 1);
	assert_int_equal(occurrences(text, "ns per entry; disturbed: "), cell->n_passes - 9);
	free(text);
	assert_pictures_whole(s);
	result_free(result);
}

/* Of 9987 samples one is beyond the second bucket: the share of it is drawn as luck. */
static void latency_is_drawn_as_far_as_samples_reach(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	must_draw(s, result);
	char *text = content(s, "plots/latency.tsv");
	const char *end = strstr(text, "\n\n");
	assert_non_null(end);
	assert_contains(text, "\t1\t1\tlstat\t \t0\n");
	assert_contains(text, "\t1\tNaN\t ");
	assert_contains(text, "\t0.5994793231\t0.5994793231\t");
	assert_contains(text, "\tNaN\t0.0001001301692\t");
	assert_svg_contains(s, "latency.svg",
			    "<text>n = 9,987 single entries of each cell; rounds: ");
	assert_svg_contains(s, "latency.svg", "of 9,987 entries took at most ");
	free(text);
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].latency.n_histogram = 0;
	must_draw(s, result);
	assert_contains(s->log, "no plot latency: no cell has ten entries that were");
	assert_false(is_drawn(s, "latency.svg"));
	result_free(result);
}

/* A time in each bucket: of 9,500 samples ten are from the longest but nine on. */
static void make_tail(struct result *result)
{
	enum { EACH = 10 };
	struct latency_facts *l = &result->cells[CELL_LSTAT].latency;
	l->samples = 9500;
	l->histogram = arena_alloc(result->arena, (EACH + 1) * sizeof(*l->histogram));
	assert_non_null(l->histogram);
	l->n_histogram = EACH + 1;
	l->histogram[0] = (struct latency_bucket){500, 9490};
	for (size_t i = 1; i <= EACH; i++)
		l->histogram[i] = (struct latency_bucket){1000 * i, 1};
	l->p50 = l->p90 = l->p99 = 490; /* as of a greatest time that is below the bucket's */
}

/* What pointing at a line says are the percentiles of the document and no others. */
static void latencies_have_the_documents_percentiles(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	make_tail(result);
	must_draw(s, result);
	assert_svg_contains(s, "latency.svg", "lstat: half of 9,500 entries took at most 0.49 ");
	assert_int_equal(count_in_svg(s, "latency.svg", "99.9 % of 9,500 entries"), 0);
	result->cells[CELL_LSTAT].latency.p999 = 1000;
	must_draw(s, result);
	assert_svg_contains(s, "latency.svg", "lstat: 99.9 % of 9,500 entries took at most 1.00 ");
	result_free(result);
}

/* Of a small tree so few entries are timed that nothing but luck could be drawn. */
static void fewer_than_ten_latencies_are_not_drawn(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	for (size_t i = 0; i < result->n_cells; i++) {
		struct latency_facts *l = &result->cells[i].latency;
		l->samples = 3;
		l->n_histogram = MIN(l->n_histogram, 1);
		if (l->n_histogram)
			l->histogram[0].count = 3;
	}
	must_draw(s, result);
	assert_contains(s->log, "no plot latency: no cell has ten entries that were");
	assert_false(is_drawn(s, "latency.svg"));
	result_free(result);
}

static void without_gnuplot_data_are_written(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	setenv("PATH", s->bin, 1);
	assert_int_equal(draw(s, result), -ENOTSUP);
	assert_contains(s->err.text, "install gnuplot-nox, then: statmark report");
	assert_contains(s->err.text, s->out);
	assert_true(is_drawn(s, "plots/about.tsv"));
	assert_true(is_drawn(s, "plots/common.gp"));
	assert_true(is_drawn(s, "plots/ratio.tsv"));
	assert_true(is_drawn(s, "plots/ratio.gp"));
	result_free(result);
}

static void messages_of_gnuplot_are_passed_on(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	put(s->bin, "gnuplot",
	    "#!/bin/sh\necho >&2 'plot x'; echo >&2 '     ^'; echo >&2 bad; exit 1\n", 0755);
	setenv("PATH", s->bin, 1);
	assert_int_equal(draw(s, result), -EIO);
	assert_contains(s->err.text, "gnuplot failed in ns-per-entry.gp: bad");
	put(s->bin, "gnuplot", "#!/bin/sh\nkill -9 $$\n", 0755);
	assert_int_equal(draw(s, result), -EIO);
	assert_contains(s->err.text, "killed by signal 9");
	result_free(result);
}

static void when_the_time_is_up_nothing_is_drawn(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	put(s->bin, "gnuplot", "#!/bin/sh\n: > \"${0%/*}/called\"\nexit 1\n", 0755);
	setenv("PATH", s->bin, 1);
	s->until_ns = 1;
	assert_int_equal(draw(s, result), -ETIMEDOUT);
	assert_true(is_drawn(s, "plots/ratio.tsv"));
	assert_true(is_drawn(s, "plots/ratio.gp"));
	assert_false(is_drawn(s, "../bin/called"));
	result_free(result);
}

/* It would draw for half a minute, and then fail with another error. */
static void a_gnuplot_at_work_when_the_time_is_up_is_ended(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	put(s->bin, "gnuplot", "#!/bin/sh\nexec sleep 30\n", 0755);
	char path[4096];
	snprintf(path, sizeof(path), "%s:%s", s->bin, s->path);
	setenv("PATH", path, 1);
	s->until_ns = clock_ns() + NS_PER_SECOND / 5;
	assert_int_equal(draw(s, result), -ETIMEDOUT);
	assert_false(is_drawn(s, "ratio.png"));
	result_free(result);
}

static void set_time(const struct scratch *s, const char *name, time_t seconds)
{
	char path[128];
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
	snprintf(path, sizeof(path), "%s/%s", s->out, name);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* By the times of its files; pictures that are missing are taken to need as long as the others. */
static void the_time_of_drawing_is_stored(void **state)
{
	struct scratch *s = *state;
	char plots[100];
	snprintf(plots, sizeof(plots), "%s/plots", s->out);
	assert_int_equal(plots_took(AT_FDCWD, s->out), 0);
	assert_int_equal(mkdir(plots, 0755), 0);
	put(plots, "about.tsv", "", 0644);
	put(plots, "ratio.gp", "", 0644);
	put(plots, "latency.gp", "", 0644);
	put(s->out, "ratio.png", "", 0644);
	set_time(s, "plots/about.tsv", 1000);
	set_time(s, "ratio.png", 1002);
	assert_int_equal(plots_took(AT_FDCWD, s->out), 4 * NS_PER_SECOND);
	put(s->out, "latency.png", "", 0644);
	set_time(s, "latency.png", 1003);
	assert_int_equal(plots_took(AT_FDCWD, s->out), 3 * NS_PER_SECOND);
}

static void a_folder_that_cannot_be_written(void **state)
{
	struct scratch *s = *state;
	struct result *result = with_result();
	put(s->out, "plots", "a file", 0644);
	assert_int_equal(draw(s, result), -ENOTDIR);
	assert_contains(s->err.text, s->out);
	result_free(result);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_result_is_drawn),
		TEST(the_axis_names_the_intervals),
		TEST(words_lie_inside_the_picture),
		TEST(wide_words_lie_inside_the_picture),
		TEST(of_two_thousand_cells_the_best_are_drawn),
		TEST(one_cell_is_drawn),
		TEST(the_readmes_pictures_are_whole),
		TEST(hostile_names_are_harmless),
		TEST(scripts_hold_nothing_of_the_result),
		TEST(a_failed_plot_gives_a_reason_and_removes_the_old_one),
		TEST(scaling_is_drawn_as_it_was_paired),
		TEST(passes_are_drawn_in_time_order),
		TEST(disturbed_passes_count_where_too_few_others_are_left),
		TEST(many_strategies_scale_in_panels_of_their_own),
		TEST(latency_is_drawn_as_far_as_samples_reach),
		TEST(latencies_have_the_documents_percentiles),
		TEST(fewer_than_ten_latencies_are_not_drawn),
		TEST(without_gnuplot_data_are_written),
		TEST(messages_of_gnuplot_are_passed_on),
		TEST(when_the_time_is_up_nothing_is_drawn),
		TEST(a_gnuplot_at_work_when_the_time_is_up_is_ended),
		TEST(the_time_of_drawing_is_stored),
		TEST(a_folder_that_cannot_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
