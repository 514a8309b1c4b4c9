/* Plots of crossovers and profiles: of one thing and of thirty, of one sample, of long names and of
 * hostile ones. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"
#include "engine/cmd/crossover/job.h"
#include "engine/cmd/profile/walk_profile.h"
#include "tests/test.h"
#include "tests/unit/with_plots.h"
#include "tests/unit/with_result.h"

/* --- Crossover ------------------------------------------------------------------------------- */

static void add_place(struct series *series, uint64_t x, double ratio, uint32_t samples)
{
	struct axis_point *point = &series->search.points[series->search.n++];
	*point = (struct axis_point){
		.x = x, .status = STATUS_OK, .rounds = samples, .pairs = samples};
	point->ratio = with_estimate(ratio, ratio * 0.9, ratio * 1.1, samples);
	point->a = with_estimate(100, 98, 102, samples);
	point->b = with_estimate(100 * ratio, 90 * ratio, 110 * ratio, samples);
	point->ratio.known = point->a.known = point->b.known = samples > 8;
	point->ratio.seen = point->a.seen = point->b.seen = samples <= 8;
	point->winner = samples <= 8 ? WINNER_OPEN : ratio < 1 ? WINNER_B : WINNER_A;
	bisect_add(&series->search.bisect, (struct bisect_point){x, point->winner, ratio});
}

static void fill_series(struct series *series, const struct sort *sort, size_t i)
{
	series->where = sort->names[i];
	series->search.bisect.from = 10;
	series->search.bisect.to = 1000;
	series->answer = "statx pays from 100 entries (99 %: 80 to 125)";
	add_place(series, 10, 2, sort->samples);
	add_place(series, 80, 1.2, sort->samples);
	add_place(series, 125, 0.8, sort->samples);
	add_place(series, 1000, 0.5, sort->samples);
	bisect_answer(&series->search.bisect, &series->search.crossing);
}

static int draw_crossover(const struct sort *sort, const struct outdir *out, struct err *err)
{
	struct crossover_job *job = calloc(1, sizeof(*job));
	char *words[] = {(char *)sort->names[0], NULL};
	assert_non_null(job);
	job->arena = arena_new();
	job->series = calloc(sort->n, sizeof(*job->series));
	assert_true(job->arena && job->series);
	axis_take(&job->axis, AXIS_ENTRIES);
	job->a_name = sort->names[0];
	job->b_name = sort->names[sort->n - 1];
	job->words = words;
	job->seed = 4711;
	job->host =
		(struct host_facts){.hostname = sort->names[0], .cpu = "a-cpu", .kernel = "6.18.0"};
	job->tool.version = "0.1.0";
	job->n = sort->n;
	for (size_t i = 0; i < sort->n; i++)
		fill_series(&job->series[i], sort, i);
	int error = crossover_draw(job, out, 0, err);
	arena_free(job->arena);
	free(job->series);
	free(job);
	return error;
}

static void crossover_is_whole(const struct scratch *s)
{
	assert_picture_whole(s, "crossover.svg");
	assert_svg_contains(s, "crossover.svg", "; seed 4711<");
	assert_svg_contains(s, "crossover.svg", "a-cpu, Linux 6.18.0; statmark 0.1.0<");
	assert_svg_contains(s, "crossover.svg", " of passes at each point<");
}

static void a_crossover_is_drawn(void **state)
{
	struct scratch *s = *state;
	draw_all_sorts(s, draw_crossover, crossover_is_whole);
	assert_svg_contains(s, "crossover.svg", "`touch MARK`");
	must_draw_by(s, draw_crossover, &sort_of_one);
	assert_svg_contains(s, "crossover.svg", "n = 22 pairs of passes at each point");
	assert_svg_contains(s, "crossover.svg",
			    "<title>statx/j1 at 80: 120.0 ns per entry (108.0 to 132.0), 1.200 of "
			    "the baseline's time (1.080 to 1.320)</title>");
	assert_svg_contains(s, "crossover.svg",
			    "statx/j1: statx pays from 100 entries (99 %: 80 to 125)");
}

/* --- A profile ------------------------------------------------------------------------------- */

static void add_directory(struct tally *t, uint64_t depth, const char *path, uint64_t calls)
{
	tally_enter(t, depth);
	tally_call(t, TALLY_OPEN, 2000);
	tally_call(t, TALLY_GETDENTS, 3000);
	for (uint64_t i = 0; i < calls; i++) {
		tally_call(t, TALLY_STATX, 1000 + 10 * i);
		tally_entry(t);
	}
	assert_int_equal(tally_leave(t, path), 0);
}

/* A directory for each name, one below the other and ever larger. */
static struct tally *tally_of(const struct sort *sort)
{
	struct tally *t;
	assert_int_equal(tally_new(&t, 100, 20), 0);
	for (size_t i = 0; i < sort->n; i++)
		add_directory(t, i, sort->names[i],
			      sort->samples == 1 ? 1 : 30 + (i * i * i) % 12000);
	return t;
}

static void make_walks(struct result *r, const struct sort *sort)
{
	struct cell_result *from = &r->cells[CELL_FSTATAT];
	struct cell_result *cells = arena_alloc(r->arena, sort->n * sizeof(*cells));
	assert_non_null(cells);
	for (size_t i = 0; i < sort->n; i++) {
		cells[i] = *from;
		cells[i].passes = NULL;
		cells[i].latency.passes = NULL;
		cells[i].n_passes = cells[i].latency.n_passes = 0;
		cells[i].stage = STAGE_WALK;
		cells[i].label = cells[i].id = cells[i].strategy = sort->names[i];
		cells[i].ratio = with_estimate(0.5, 0.4, 0.625, sort->samples);
	}
	for (size_t i = 0; i < CELLS; i++) {
		free(r->cells[i].passes);
		free(r->cells[i].latency.passes);
	}
	r->cells = cells;
	r->n_cells = sort->n;
	r->host.hostname = sort->names[0];
	r->fs[0].options = sort->names[0];
	r->run.seed = 815;
}

static int draw_profile(const struct sort *sort, const struct outdir *out, struct err *err)
{
	static const struct profile_command options;
	struct walk_profile found = {
		.options = &options,
		.root = sort->names[0],
		.is_made = true,
		.seed = 77,
		.tally = tally_of(sort),
		.result = with_result(),
		.walks.is_compared = true,
	};
	found.probe.wall_ns = 1000000;
	make_walks(found.result, sort);
	int error = walk_profile_draw(&found, out, 0, err);
	tally_free(found.tally);
	result_free(found.result);
	return error;
}

static void profile_is_whole(const struct scratch *s)
{
	static const char *const names[] = {"profile-time.svg", "profile-latency.svg",
					    "profile-directories.svg", "profile-walks.svg"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (i == 1 && !is_drawn(s, names[i]))
			continue; /* of one sample there is no percentile */
		assert_picture_whole(s, names[i]);
		assert_svg_contains(s, names[i], "seed 77, walked in 1.00 ms");
		assert_svg_contains(s, names[i],
				    "caches as they were found: nothing read from disk");
		assert_svg_contains(s, names[i], "<text>n = ");
		assert_svg_contains(s, names[i], ", walks with seed 815<");
		assert_svg_contains(s, names[i], "; statmark ");
	}
}

static void a_profile_is_drawn(void **state)
{
	enum { IN_STYLE = 3 }; /* fill, color and stroke */
	struct scratch *s = *state;
	draw_all_sorts(s, draw_profile, profile_is_whole);
	assert_svg_contains(s, "profile-directories.svg", "`touch MARK`");
	must_draw_by(s, draw_profile, &sort_of_thirty);
	assert_true(is_drawn(s, "profile-latency.svg"));
	assert_int_equal(count_in_svg(s, "profile-walks.svg", "<g class=\"value\">"),
			 sort_of_thirty.n);
	assert_svg_contains(s, "profile-walks.svg",
			    "times as fast as walk-lstat: 2.00 (1.60 to 2.50), "
			    "n = 22</title>");
	/* Faster is blue, as in every plot; red would be slower. The style sheet names each. */
	assert_true(count_in_svg(s, "profile-walks.svg", "rgb(  0, 114, 178)") > IN_STYLE);
	assert_int_equal(count_in_svg(s, "profile-walks.svg", "rgb(213,  94,   0)"), IN_STYLE);
	/* Two blues side by side could not be told apart on a dark ground. */
	assert_int_equal(count_in_svg(s, "profile-time.svg", "rgb(  0, 114, 178)"), IN_STYLE);
	assert_svg_contains(s, "profile-time.svg", "open 1.98 us, getdents 2.98 us, statx ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scratch, close_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_crossover_is_drawn),
		TEST(a_profile_is_drawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
