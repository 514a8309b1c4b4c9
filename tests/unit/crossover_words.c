/* What crossover says and draws of what it measured: of series made by hand. */
#include "engine/cmd/crossover/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"
#include "tests/unit/with_plots.h"
#include "tests/unit/with_result.h"

struct said {
	struct crossover_job job;
	struct series series;
};

static void begin(struct said *said)
{
	*said = (struct said){0};
	said->job.arena = arena_new();
	assert_non_null(said->job.arena);
	axis_take(&said->job.axis, AXIS_ENTRIES);
	said->job.a_name = "lstat";
	said->job.b_name = "statx";
	said->job.from = said->series.search.bisect.from = 10;
	said->job.to = said->series.search.bisect.to = 1000;
	said->series.where = "ext4, warm";
}

static void end(struct said *said)
{
	arena_free(said->job.arena);
}

/* Rounds of which there are too few have a range, which is no interval. */
static struct axis_point *add(struct said *said, uint64_t x, double lo, double hi, bool known)
{
	struct series *series = &said->series;
	struct axis_point *point = &series->search.points[series->search.n++];
	*point = (struct axis_point){.x = x, .status = STATUS_OK, .rounds = 20, .pairs = 20};
	point->ratio = with_estimate((lo + hi) / 2, lo, hi, 20);
	point->a = with_estimate(100, 98, 102, 20);
	point->b = with_estimate(100 * point->ratio.median, 98 * lo, 102 * hi, 20);
	point->ratio.known = point->a.known = point->b.known = known;
	point->ratio.seen = point->a.seen = point->b.seen = !known;
	point->winner = !known ? WINNER_OPEN : hi < 1 ? WINNER_B : lo > 1 ? WINNER_A : WINNER_OPEN;
	bisect_add(&series->search.bisect,
		   (struct bisect_point){x, point->winner, point->ratio.median});
	return point;
}

static void add_without_figures(struct said *said, uint64_t x, const char *reason)
{
	struct series *series = &said->series;
	series->search.points[series->search.n++] = (struct axis_point){
		.x = x, .status = STATUS_OK, .winner = WINNER_UNKNOWN, .reason = reason};
	bisect_add(&series->search.bisect, (struct bisect_point){x, WINNER_UNKNOWN, 0});
}

static const char *say(struct said *said)
{
	bisect_answer(&said->series.search.bisect, &said->series.search.crossing);
	assert_true(crossover_word(&said->job, &said->series));
	return said->series.sentence;
}

static void no_difference_needs_intervals(void **state)
{
	struct said said;
	(void)state;
	begin(&said);
	add(&said, 10, 0.9, 1.1, true);
	add(&said, 1000, 0.95, 1.02, true);
	add_without_figures(&said, 100, "there was no time for a round");
	assert_string_equal(say(&said), "No difference between lstat and statx was measured on "
					"ext4, warm, at 10 and 1,000 entries.");
	end(&said);
}

static void without_intervals_nothing_is_claimed(void **state)
{
	struct said said;
	(void)state;
	begin(&said);
	add(&said, 10, 0.9, 1.1, true);
	add(&said, 1000, 0.4, 0.6, false);
	assert_string_equal(say(&said), "Where statx pays on ext4, warm is not known: too few "
					"rounds for an interval; raise --max-time.");
	said.job.is_interrupted = true;
	assert_string_equal(say(&said), "Where statx pays on ext4, warm is not known: too few "
					"rounds for an interval.");
	end(&said);
	begin(&said);
	add_without_figures(&said, 10, "interrupted");
	assert_string_equal(say(&said), "Where statx pays on ext4, warm is not known: "
					"interrupted.");
	end(&said);
}

/* 123.5 in two digits is 120, which the interval excludes. */
static void a_rounded_crossing_stays_in_its_interval(void **state)
{
	struct said said;
	(void)state;
	begin(&said);
	add(&said, 122, 1.01, 1.03, true);
	add(&said, 125, 0.97, 0.99, true);
	assert_contains(say(&said), "statx pays from 123 entries (99 %: 122 to 125) on ext4");
	end(&said);
	begin(&said);
	add(&said, 100, 1.1, 1.3, true);
	add(&said, 150, 0.7, 0.9, true);
	assert_contains(say(&said), "statx pays from 120 entries (99 %: 100 to 150) on ext4");
	end(&said);
}

static void different_answers_are_reported(void **state)
{
	struct said said;
	(void)state;
	begin(&said);
	add(&said, 10, 0.4, 0.6, true);
	said.series.unlike = "lstat returns all, access existence";
	assert_contains(say(&said), ". Not like for like: lstat returns all, access existence.");
	end(&said);
}

/* In the sentence both ends with what they rest on; in the title of a picture there is no room. */
static void a_title_names_the_ends_alone(void **state)
{
	struct said said;
	(void)state;
	begin(&said);
	add(&said, 10, 0.4, 0.6, true);
	add(&said, 1000, 0.5, 0.7, true);
	assert_contains(say(&said),
			"statx pays everywhere on ext4, warm, from 10 entries, where it "
			"takes 0.50 (0.40 to 0.60) times as long as lstat, to 1,000 ");
	assert_string_equal(said.series.answer,
			    "statx pays everywhere, from 10 entries to 1,000 entries");
	end(&said);
}

/* The first line of a file's second column is the head. */
static void few_rounds_have_no_band_and_the_title_its_filesystem(void **state)
{
	struct scratch *s = *state;
	struct said said;
	struct outdir out;
	struct err err = {0};
	begin(&said);
	add(&said, 10, 0.4, 0.6, false);
	add(&said, 1000, 0.5, 0.9, true);
	add(&said, 100, 0.4, 0.8, true);
	say(&said);
	said.job.words = (char *[]){(char[]){"flat"}};
	said.job.series = &said.series;
	said.job.n = 1;
	said.job.b_name = "a-name-of-a-plug-in-that-is-long[with=many,parameters=and,values=x]";
	say(&said);
	assert_int_equal(outdir_open(&out, s->out, false, &err), 0);
	const int error = crossover_draw(&said.job, &out, 0, &err); /* data even without gnuplot */
	outdir_close(&out);
	char *data = content(s, "plots/crossover.tsv");
	assert_contains(data, "\n10\t100\t100\t100\t1\t1\t1\t");
	assert_contains(data, "\n10\t50\t50\t50\t0.5\t0.5\t0.5\t");
	assert_contains(data, "\n100\t100\t98\t102\t1\t1\t1\t");
	assert_contains(data, "\text4, warm: a-name-of-a-plug-in-that-is-long[with=many");
	free(data);
	if (!error) {
		char *svg = content(s, "crossover.svg");
		assert_contains(svg, "<title>lstat at 1,000: 100.0 ns per entry (98.0 to 102.0), "
				     "the baseline</title>");
		assert_contains(svg, " at 1,000: 70.0 ns per entry (49.0 to 91.8), "
				     "0.700 of the baseline's time (0.500 to 0.900)</title>");
		assert_contains(svg, " at 10: 50.0 ns per entry (seen: 39.2 to 61.2), "
				     "0.500 of the baseline's time (seen: 0.400 to 0.600)</title>");
		assert_true(assert_words_inside(svg) > 8);
		free(svg);
	}
	assert_true(!error || error == -ENOTSUP);
	end(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_difference_needs_intervals),
		cmocka_unit_test(without_intervals_nothing_is_claimed),
		cmocka_unit_test(a_rounded_crossing_stays_in_its_interval),
		cmocka_unit_test(different_answers_are_reported),
		cmocka_unit_test(a_title_names_the_ends_alone),
		cmocka_unit_test_setup_teardown(
			few_rounds_have_no_band_and_the_title_its_filesystem, open_scratch,
			close_scratch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
