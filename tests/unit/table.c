#include "reports/table/table.h"
#include "reports/table/summary.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/measure/figures/estimate.h"
#include "reports/words/format.h"
#include "tests/test.h"
#include "tests/unit/with_groups.h"
#include "tests/unit/with_result.h"

/* with_result() at 80 columns in plain ASCII: every status, errors, extras, what is not known. */
/* clang-format off */
static const char golden[] =
	"tree     source-tree: 20,000 entries, 1,251 directories, mean depth 5.2\n"
	"         /var/tmp/trees/source-tree-20000-s1/tree\n"
	"on       ext4 on /dev/vda1 (rw,relatime)\n"
	"host     bookworm: AMD EPYC 9V74, 2 of 4 CPUs, Linux 6.18.0, kvm\n"
	"state    warm cache, pinned compact\n"
	"rounds   24 of 40 (stopped: time) in 12.3 s, seed 18446744073709551615\n"
	"         12 of 144 passes were disturbed: 12 x the hypervisor took the CPU for\n"
	"         more than 5 % of a second\n"
	"\n"
	"                         time/entry              time against  syscalls\n"
	"cell              jobs   ns, +-99 %  entries/s          lstat    /entry\n"
	"-----------------------------------------------------------------------\n"
	"lstat                1  812.4 +-8.1     1.23 M       baseline     1.000\n"
	"    2 directories could not be read (EIO); the first: /a/\\xff\n"
	"    3 entries failed with EACCES; the first: /a/b\\x1b[31m/c\n"
	"threaded             2  431.9 +-4.3     2.32 M  0.532 +-0.004     1.000\n"
	"cached[repeat=2]     1  497.0 +-5.0     2.01 M  0.612 +-0.005         -\n"
	"    hit_rate 50.0 % (20,000 of 40,000 lookups)\n"
	"fstatat              1  567.3 +-5.7     1.76 M  0.698 +-0.006     1.125\n"
	"statx                1  601.7 +-6.0     1.66 M  0.741 +-0.006     1.125\n"
	"    [addressing=dirfd,mask=size,sync=dont]\n"
	"few                  1  no figure: 3 clean passes; 8 are needed\n"
	"uring                1  skipped: io_uring_setup: Operation not permitted (a\n"
	"                        container's seccomp filter?)\n"
	"cold                 1  invalid: a cold pass that read nothing\n"
	"broken               1  failed: round 3: 2 of 20,000 answers differ from the\n"
	"                        reference, the first is \"a/b\": size 0, expected 12\n"
	"-----------------------------------------------------------------------\n"
	"floor 2.13 +-0.02 ns/entry: what the harness itself costs (noop)\n"
	"syscalls not counted: somebody else makes them; to count them, run as root after\n"
	"      mount -t tracefs tracefs /sys/kernel/tracing\n"
	"\n"
	"latency in ns, 23 of it clock reading; 9,987 samples or more, 1 in 16\n"
	"cell                    jobs  p50    p90    p99  p99.9     max\n"
	"lstat                      1  812  1,624  3,248      -  81,200\n"
	"fstatat                    1  567  1,134  2,268      -  56,700\n"
	"statx[dirfd,size,dont]     1  601  1,202  2,404      -  60,100\n"
	"cached[repeat=2]           1  497    994  1,988      -  49,700\n"
	"threaded                   2  431    862  1,724      -  43,100\n"
	"\n"
	"fstatat is 1.43x (99 % interval 1.41 to 1.45) as fast as lstat; on this tree it\n"
	"saves 4.90 ms (4.74 ms to 5.04 ms) of 16.2 ms per pass.\n"
	"\n"
	"warning: a cell failed, see its reason: broken.\n"
	"warning: too few rounds for an interval; raise --rounds and --max-time: few.\n"
	"warning: 3 directories could not be read; the first: secret/\\x01\\xff.\n";
/* clang-format on */

static char *render_in(const struct result *result, struct table_style style)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	assert_non_null(to);
	assert_int_equal(table_print(to, result, &style), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static char *render(const struct result *result, int width, bool color, bool utf8)
{
	return render_in(result, (struct table_style){width, color, utf8, false});
}

static char *render_bars(const struct result *result, int width, bool utf8)
{
	return render_in(result, (struct table_style){width, false, utf8, true});
}

/* The text without SGR sequences. */
static void strip_colors(char *text)
{
	char *out = text;
	for (const char *in = text; *in;) {
		if (*in == '\033')
			in += strcspn(in, "m") + 1;
		else
			*out++ = *in++;
	}
	*out = '\0';
}

static void assert_fits(char *text, size_t width)
{
	char *rest = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (text_width(line) > width)
			fail_msg("%zu columns: %s", text_width(line), line);
		assert_int_not_equal(line[strlen(line) - 1], ' ');
	}
}

static void the_table_in_ascii(void **state)
{
	(void)state;
	struct result *result = with_result();
	char *text = render(result, 80, false, false);
	assert_string_equal(text, golden);
	free(text);
	result_free(result);
}

/* Of so many groups that not every sentence has room the warnings are not the ones left out. */
static void many_groups_leave_room_for_the_warnings(void **state)
{
	enum { MANY = 301 };
	struct result *result = with_result();
	struct fastest *fastest = arena_alloc(result->arena, MANY * sizeof(*fastest));
	struct sentence *sentences = arena_alloc(result->arena, SENTENCES_MAX * sizeof(*sentences));
	(void)state;
	assert_true(fastest && sentences);
	for (size_t i = 0; i < MANY; i++) {
		fastest[i] = result->fastest[0];
		fastest[i].cell = i % 2 ? result->cells[CELL_STATX].id : fastest[i].cell;
	}
	result->fastest = fastest;
	result->n_fastest = MANY;
	const size_t n = summary_make(result, result->arena, sentences);
	assert_in_range(n, 4, SENTENCES_MAX);
	assert_string_equal(sentences[n - 4].text,
			    "109 more sentences left out here; the table has all figures.");
	assert_string_equal(sentences[n - 3].code, "wrong");
	assert_string_equal(sentences[n - 2].code, "few-rounds");
	assert_string_equal(sentences[n - 1].code, "unreadable");
	assert_true(sentences[n - 1].warning && !sentences[n - 4].warning);
	result_free(result);
}

/* A document may lack the path of a tree. */
static void a_part_of_a_tree_without_its_path(void **state)
{
	struct result *result = with_result();
	(void)state;
	result->trees[0].root = NULL;
	result->trees[0].sample = (struct sample_facts){
		.of_entries = 300000, .of_directories = 2000, .directories = 9, .below = "/x"};
	char *text = render(result, 200, false, false);
	assert_non_null(
		strstr(text, "measured in part: 20,000 of 300,000 entries, in 9 of 2,000 "));
	free(text);
	result_free(result);
}

static void ascii_only_without_utf8(void **state)
{
	struct result *result = with_result();
	struct check check = {.code = "precision", .text = "it is \302\2615% or \302\2616%"};
	struct check *checks = result->checks;
	const size_t n_checks = result->n_checks;
	(void)state;
	result->checks = &check;
	result->n_checks = 1;
	char *ascii = render(result, 80, false, false), *utf8 = render(result, 80, false, true);
	assert_non_null(strstr(ascii, "it is +-5% or +-6%."));
	assert_null(strstr(ascii, "\302\261"));
	assert_non_null(strstr(utf8, "it is \302\2615% or \302\2616%."));
	assert_null(strstr(utf8, "+-"));
	free(ascii);
	free(utf8);
	result->checks = checks;
	result->n_checks = n_checks;
	result_free(result);
}

static void colors_change_no_other_bytes(void **state)
{
	(void)state;
	struct result *result = with_result();
	char *plain = render(result, 80, false, true), *colored = render(result, 80, true, true);
	assert_string_not_equal(plain, colored);
	strip_colors(colored);
	assert_string_equal(plain, colored);
	free(plain);
	free(colored);
	result_free(result);
}

static void every_width_fits(void **state)
{
	(void)state;
	static const int widths[] = {WIDTH_MIN, 80, 100, 200};
	struct result *result = with_result();
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		char *text = render(result, widths[i], false, true);
		assert_fits(text, (size_t)widths[i]);
		free(text);
	}
	result_free(result);
}

static void assert_says(const struct result *result, const char *words)
{
	char *text = render(result, 200, false, false);
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
	free(text);
}

static void a_bar_is_as_long_as_the_time(void **state)
{
	(void)state;
	struct result *result = with_result();
	char *text = render_bars(result, 200, false);
	assert_non_null(strstr(text, "  share of\n"));
	assert_non_null(strstr(text, "baseline     1.000  ####################################"
				     "####\n"));
	/* 431.9 / 812.4 of 40 columns: 21.3 */
	assert_non_null(strstr(text, "0.532 +-0.004     1.000  #####################.\n"));
	free(text);
	text = render_bars(result, 200, true);
	assert_non_null(strstr(text, "     1.000  \342\226\210"));
	free(text);
	result_free(result);
}

/* Whatever the width, every line begins as it does without bars, blanks before a bar left out. */
static void bars_take_nothing_from_the_figures(void **state)
{
	struct result *result = with_result();
	size_t n_longer = 0;
	(void)state;
	for (int width = WIDTH_MIN; width <= 200; width++) {
		char *plain = render(result, width, false, false), *rest = plain, *rest2;
		char *bars = render_bars(result, width, false);
		assert_fits(strdupa(bars), (size_t)width);
		char *line = strtok_r(plain, "\n", &rest), *line2 = strtok_r(bars, "\n", &rest2);
		for (; line && line2; line = strtok_r(NULL, "\n", &rest)) {
			if (strncmp(line2, line, strlen(line)) != 0)
				fail_msg("%d columns: \"%s\" became \"%s\"", width, line, line2);
			n_longer += strlen(line2) > strlen(line);
			line2 = strtok_r(NULL, "\n", &rest2);
		}
		assert_true(!line && !line2);
		free(plain);
		free(bars);
	}
	assert_true(n_longer > 0);
	result_free(result);
}

static size_t count_in(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* Each group has a longest bar of its own. */
static void bars_are_of_a_group(void **state)
{
	static const char *const shapes[] = {"flat", "deep"};
	static const uint64_t sizes[] = {1000};
	static const char *const kinds[] = {"lstat", "fstatat", "statx"};
	static const struct grid grid = {shapes, 2, sizes, 1, kinds, 3, 1};
	struct result *result = with_groups(&grid);
	(void)state;
	for (size_t kind = 0; kind < grid.n_kinds; kind++) {
		struct estimate *e = &grid_cell(result, &grid, 1, kind, 1)->ns_per_entry;
		*e = with_estimate(e->median * 10, e->lo * 10, e->hi * 10, 22);
	}
	char *text = render_bars(result, 200, false);
	assert_int_equal(count_in(text, "  ########################################\n"), 2);
	free(text);
	result_free(result);
}

static void cells_without_figures_have_no_bars(void **state)
{
	struct result *result = with_result();
	(void)state;
	for (size_t i = 0; i < result->n_cells; i++) {
		if (i != CELL_LSTAT)
			result->cells[i].ns_per_entry = (struct estimate){.reason = "no reason"};
	}
	char *plain = render(result, 200, false, false), *bars = render_bars(result, 200, false);
	assert_string_equal(plain, bars);
	free(plain);
	free(bars);
	result_free(result);
}

/* The rate says what the time says, so the labels come first; where they do not fit even so it
 * stays. */
static void the_rate_is_left_out_if_labels_need_its_columns(void **state)
{
	struct result *result = with_result();
	bool is_whole = false;
	(void)state;
	for (int width = 75; width < 120; width++) {
		char *text = render(result, width, false, false);
		*strstr(text, "\nlatency") = '\0';
		const bool was_whole = is_whole, has_rate = strstr(text, "entries/s");
		is_whole = strstr(text, "\nstatx[addressing=dirfd,mask=size,sync=dont]  ");
		if (!is_whole)
			assert_true(has_rate);
		else if (!was_whole)
			assert_false(has_rate);
		free(text);
	}
	assert_true(is_whole);
	result_free(result);
}

/* Tenths of a nanosecond say nothing of a time that is known to tens of them. */
static void times_have_as_many_decimals_as_are_known(void **state)
{
	struct result *result = with_result();
	(void)state;
	for (size_t i = 0; i < result->n_cells; i++) {
		struct estimate *e = &result->cells[i].ns_per_entry;
		if (estimate_has_median(e))
			*e = with_estimate(e->median, e->median - 25, e->median + 25, 22);
	}
	assert_says(result, "  812 +-25  ");
	struct estimate *few = &result->cells[CELL_FSTATAT].ns_per_entry;
	*few = (struct estimate){.seen = true, .median = 567, .reason = "few rounds"};
	assert_says(result, "  812.4 +-25.0  ");
	few->median = 5670;
	assert_says(result, "  5,670       ");
	result_free(result);
}

static void narrow_terminals_get_the_least_width(void **state)
{
	(void)state;
	struct result *result = with_result();
	char *none = render(result, 0, false, false);
	char *least = render(result, WIDTH_MIN, false, false);
	assert_string_equal(none, least);
	free(none);
	free(least);
	result_free(result);
}

/* A name could repaint the terminal. */
static void control_characters_are_escaped(void **state)
{
	(void)state;
	struct result *result = with_result();
	result->cells[CELL_FSTATAT].label = "a\033]0;x\007\b\302\233[\377\nb";
	result->trees[0].root = "/\033[2J";
	result->cells[CELL_SKIPPED].reason = "\r\033[1A";
	char *text = render(result, 80, false, false);
	for (const char *s = text; *s; s++) {
		if (*s != '\n' && !isprint((unsigned char)*s))
			fail_msg("byte %#x is printed", (unsigned char)*s);
	}
	free(text);
	result_free(result);
}

static void sentences_claim_only_what_is_known(void **state)
{
	(void)state;
	struct result *result = with_result();
	result->fastest[0].speedup = with_estimate(1.01, 0.99, 1.03, 20);
	assert_says(result,
		    "No strategy is confirmed as faster than lstat: a ratio in the table is below "
		    "1 over all rounds, but not over the half of the rounds that is "
		    "kept for scoring; the best, fstatat, is 1.01x");
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].ratio = with_estimate(0.99, 0.97, 1.01, 20);
	assert_says(result, "No strategy was measurably faster than lstat; the best, fstatat, is "
			    "1.01x (99 % interval 0.99 to 1.03) as fast as lstat.");
	result->fastest[0].speedup = (struct estimate){.reason = "fewer than 8 usable rounds"};
	assert_says(result, "by how much is not known: fewer than 8 usable rounds.");
	result->fastest[0].cell = "lstat/j1";
	assert_says(result, "No strategy was measurably faster than lstat.");
	result->fastest[0] = (struct fastest){.reason = "the baseline was not measured"};
	assert_says(result, "is not known: the baseline was not measured.");
	result_free(result);
}

/* Of as many jobs no row is below 1: those of other jobs, or of those it finds, are not meant. */
static void only_rows_with_as_many_jobs_are_compared(void **state)
{
	(void)state;
	struct result *result = with_result();
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].ratio = with_estimate(0.99, 0.97, 1.01, 20);
	result->cells[CELL_THREADED].ratio = with_estimate(0.5, 0.4, 0.6, 20);
	result->cells[CELL_STATX].ratio = with_estimate(0.5, 0.4, 0.6, 20);
	result->cells[CELL_STATX].finds_threads = true;
	result->fastest[0].same_jobs = true;
	result->fastest[0].speedup = with_estimate(1.01, 0.99, 1.03, 20);
	assert_says(result, "With as many jobs as lstat, no strategy was measurably faster than "
			    "lstat; the best, fstatat, is 1.01x");
	result->fastest[0].same_jobs = false;
	assert_says(result, "a ratio in the table is below 1 over all rounds");
	result_free(result);
}

/* Medians and ranges, and no interval is claimed. */
static void few_rounds_are_shown_without_an_interval(void **state)
{
	(void)state;
	const char *why = "no 99 % interval: needs 9 usable rounds, has 3";
	struct result *result = with_result();
	struct cell_result *cell = &result->cells[CELL_FSTATAT];
	cell->ns_per_entry = (struct estimate){
		.seen = true, .median = 560, .lo = 550, .hi = 610, .n = 3, .reason = why};
	cell->ratio = (struct estimate){
		.seen = true, .median = 0.7, .lo = 0.68, .hi = 0.75, .n = 3, .reason = why};
	assert_says(result, "560.0           1.79 M  0.700             1.125");
	assert_says(result, "    no 99 % interval: needs 9 usable rounds, has 3\n"
			    "    550.0 to 610.0 ns, ratio 0.680 to 0.750\n");
	result->fastest[0].speedup = (struct estimate){
		.seen = true, .median = 1.43, .lo = 1.33, .hi = 1.47, .n = 3, .reason = why};
	assert_says(result, "fstatat looks fastest: 1.43x (1.33 to 1.47 in 3 rounds, no 99 % "
			    "interval) as fast as lstat.");
	result_free(result);
}

static void more_cpus_are_reported(void **state)
{
	(void)state;
	struct result *result = with_result();
	result->fastest[0].cell = "threaded/j2";
	assert_says(result, "as fast as lstat; on this tree it saves");
	struct cell_result *cell = &result->cells[CELL_THREADED];
	for (size_t i = 0; i < cell->n_passes; i++)
		cell->passes[i].user_ns = 2 * cell->passes[i].wall_ns;
	assert_says(result, "as fast as lstat, by using 2 CPUs; on this tree it saves");
	result->fastest[0].cell = "fstatat/j1";
	result->fastest[0].same_jobs = true;
	assert_says(result, "With as many jobs as lstat, fstatat is 1.43x");
	result_free(result);
}

static const char *said_about_threads(const struct result *result)
{
	static struct sentence sentences[SENTENCES_MAX];
	const size_t n = summary_make(result, result->arena, sentences);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(sentences[i].code, "kernel-threads") == 0)
			return sentences[i].text;
	}
	return "";
}

/* Only where the baseline has no such threads, and is faster. */
static void the_threads_of_io_uring_are_reported(void **state)
{
	static const char words[] =
		"threaded with 2 jobs takes longer than lstat because io_uring hands each of its "
		"calls to a thread of the kernel: 23 such threads used 575 ns of CPU per entry and "
		"its own threads 432 ns, where lstat used 812 ns.";
	(void)state;
	struct result *result = with_result();
	struct cell_result *cell = &result->cells[CELL_THREADED];
	for (size_t i = 0; i < cell->n_passes; i++)
		cell->passes[i].io_worker_ns = 575 * cell->entries;
	cell->ratio = with_estimate(1.5, 1.4, 1.6, 20);
	assert_string_equal(said_about_threads(result), "");
	struct cell_result *baseline = &result->cells[CELL_LSTAT];
	for (size_t i = 0; i < baseline->n_passes; i++)
		baseline->passes[i].io_workers = 0;
	assert_string_equal(said_about_threads(result), words);
	cell->ratio = with_estimate(1.1, 0.9, 1.2, 20);
	assert_string_equal(said_about_threads(result), "");
	result_free(result);
}

static void warnings_are_sentences(void **state)
{
	(void)state;
	struct result *result = with_result();
	result->complete = false;
	assert_says(result, "warning: the run is incomplete: 24 of 40 rounds.");
	result->run.units[1].step_ps = 1500;
	result->cells[CELL_FLOOR].ns_per_entry = with_estimate(100, 99, 101, 20);
	for (size_t i = 3; i < result->cells[CELL_CACHED].n_passes; i++)
		result->cells[CELL_CACHED].passes[i].clean = false;
	assert_int_equal(check_result(result), 0);
	assert_says(result, "warning: the CPU's speed changed by 20 % during the run;");
	assert_says(result, "warning: the harness accounts for 12 to 23 % of the time of lstat, "
			    "fstatat, statx[addressing=dirfd,mask=size,sync=dont], "
			    "cached[repeat=2] and 1 more;");
	assert_says(result, "--rounds and --max-time: cached[repeat=2].");
	result_free(result);
}

static void walks_name_what_they_found(void **state)
{
	(void)state;
	struct result *result = with_result();
	for (size_t i = 0; i < result->n_cells; i++)
		result->cells[i].stage = STAGE_WALK;
	result->cells[CELL_STATX].entries = 19000;
	result->cells[CELL_FLOOR].ns_per_entry = with_estimate(0.004, 0.003, 0.006, 20);
	assert_says(result, "state    walks, warm cache");
	assert_says(result, "found 19,000 of 20,000 entries\n");
	assert_says(result, "floor under 0.01 ns/entry: ");
	assert_says(result, "lstat found 20,000 entries in 16.2 ms, fstatat in 11.3 ms, "
			    "statx[addressing=dirfd,mask=size,sync=dont] found 19,000 entries in "
			    "11.4 ms, cached[repeat=2] in 9.94 ms, threaded with 2 jobs in 8.64 "
			    "ms.");
	assert_says(result, "of 16.2 ms per walk.");
	result_free(result);
}

static void programs_have_a_note_whether_they_are_ranked(void **state)
{
	(void)state;
	struct result *result = with_result();
	struct cell_result *cell = &result->cells[CELL_FSTATAT];
	cell->command = "find {root}";
	cell->is_rival = false;
	assert_says(result, "    runs: find {root}\n    not ranked: its output is not verified");
	cell->label = "exec:find {root}";
	cell->is_rival = cell->is_output_verified = true;
	assert_says(result, "1.125\n    its output is verified: as many lines as entries\n");
	result_free(result);
}

static void set_answers(struct result *result, const char *mine, const char *baseline)
{
	for (size_t i = 0; i < result->n_cells; i++) {
		struct cell_result *cell = &result->cells[i];
		if (cell->is_baseline)
			cell->answers = baseline;
	}
	result->cells[CELL_FSTATAT].answers = mine;
	result->cells[CELL_FSTATAT].is_rival = false;
}

static void cells_not_ranked_have_the_reason(void **state)
{
	(void)state;
	struct result *result = with_result();
	set_answers(result, "type,size", "all");
	assert_says(result, "    not ranked: returns less than lstat (type,size)\n");
	set_answers(result, "all, follows symlinks", "all");
	assert_says(result, "    not ranked: follows symlinks\n");
	set_answers(result, "all", "all, follows symlinks");
	assert_says(result, "    not ranked: does not follow symlinks\n");
	set_answers(result, "absence", "all");
	assert_says(result, "    not ranked: looks up names that do not exist\n");
	set_answers(result, "all", "absence");
	assert_says(result, "    not ranked: looks up names that exist\n");
	result_free(result);
}

/* What is to be said of several rows is said once, below all of them. */
static void a_note_of_several_rows_is_a_footnote(void **state)
{
	(void)state;
	static const int of[] = {CELL_FSTATAT, CELL_STATX, CELL_CACHED};
	struct result *result = with_result();
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		result->cells[of[i]].is_rival = false;
		result->cells[of[i]].answers = i < 2 ? "all, follows symlinks" : "type";
	}
	result->cells[CELL_LSTAT].answers = "all";
	char *text = render(result, 80, false, false);
	assert_fits(strdupa(text), 80);
	assert_ptr_equal(strstr(text, "follows symlinks"), strstr(text, "[1] not ranked") + 16);
	assert_null(strstr(strstr(text, "follows symlinks") + 1, "follows symlinks"));
	free(text);
	assert_says(result, "0.698 +-0.006     1.125  [1]\n");
	assert_says(result, "0.741 +-0.006     1.125  [1]\n");
	assert_says(result, "    not ranked: returns less than lstat (type)\n");
	assert_says(result, "--\n[1] not ranked: follows symlinks\nfloor ");
	result_free(result);
}

static void two_footnotes_of_a_row_have_two_marks(void **state)
{
	(void)state;
	const char *why = "no 99 % interval: needs 9 usable rounds, has 3";
	struct result *result = with_result();
	for (int i = CELL_FSTATAT; i <= CELL_CACHED; i++) {
		struct cell_result *cell = &result->cells[i];
		cell->is_rival = i == CELL_CACHED;
		cell->answers = i == CELL_CACHED ? "all" : "all, follows symlinks";
		cell->ns_per_entry = (struct estimate){
			.seen = true, .median = 560, .lo = 550, .hi = 610, .n = 3, .reason = why};
	}
	result->cells[CELL_LSTAT].answers = "all";
	/* The ranges of the three are alike, too. */
	assert_says(result, "  [1,2,3]\n");
	assert_says(result, "--\n[1] no 99 % interval: needs 9 usable rounds, has 3\n[2] 550.0 to");
	assert_says(result, "\n[3] not ranked: follows symlinks\n");
	result_free(result);
}

/* Of several jobs: against the same with one; in brackets what may be no gain. */
static void scaling_has_a_column(void **state)
{
	(void)state;
	struct result *result = with_result();
	struct cell_result *cell = &result->cells[CELL_THREADED];
	char *text = render(result, 80, false, false);
	assert_null(strstr(text, "1 job"));
	free(text);
	cell->scaling = with_estimate(1.8123, 1.7, 1.9, 22);
	assert_says(result, "time against  against  syscalls\n");
	assert_says(result, "lstat    1 job    /entry\n");
	assert_says(result, "0.532 +-0.004    1.81x     1.000\n");
	assert_says(result, "0.698 +-0.006              1.125\n");
	cell->scaling = with_estimate(1.02, 0.97, 1.06, 22);
	assert_says(result, "0.532 +-0.004  (1.02x)     1.000\n");
	cell->scaling = (struct estimate){.seen = true, .median = 1.5, .lo = 1.4, .hi = 1.6};
	assert_says(result, "0.532 +-0.004  (1.50x)     1.000\n");
	result_free(result);
}

/* Nobody measured what the harness costs. */
static void a_table_needs_no_floor(void **state)
{
	(void)state;
	struct result *result = with_result();
	result->cells[CELL_FLOOR].is_floor = false;
	char *text = render(result, 200, false, false);
	assert_null(strstr(text, "\nfloor"));
	free(text);
	result_free(result);
}

static void an_empty_result_has_a_table(void **state)
{
	(void)state;
	struct result *result = result_new();
	assert_says(result, "Which strategy is fastest is not known");
	result_free(result);
}

/* All that have no reason have one in common. */
static void passes_may_be_disturbed_without_a_reason(void **state)
{
	struct result *result = with_result();
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < result->n_cells; i++) {
		for (size_t j = 0; j < result->cells[i].n_passes; j++)
			result->cells[i].passes[j].why = CAUSE_NONE;
	}
	assert_string_equal(format_disturbed(arena, result),
			    "12 of 144 passes were disturbed: 12 x no reason given");
	arena_free(arena);
	result_free(result);
}

/* Below the head of a group that could not be made: one line, not one for each cell. */
static void a_group_without_figures_is_one_line(void **state)
{
	static const char *const shapes[] = {"flat", "deep"};
	static const uint64_t sizes[] = {1000};
	static const char *const kinds[] = {"lstat", "fstatat", "statx"};
	static const struct grid grid = {shapes, 2, sizes, 1, kinds, 3, 1};
	struct result *result = with_groups(&grid);
	(void)state;
	for (size_t kind = 0; kind < grid.n_kinds; kind++) {
		struct cell_result *cell = grid_cell(result, &grid, 1, kind, 1);
		cell->status = STATUS_SKIPPED;
		cell->reason = "mkfs.xfs is missing: install xfsprogs";
		cell->ratio = cell->ns_per_entry = (struct estimate){.reason = "was not measured"};
	}
	char *text = render(result, 120, false, false);
	assert_non_null(strstr(text, "\n3 cells skipped: mkfs.xfs is missing: install xfsprogs\n"));
	free(text);
	grid_cell(result, &grid, 1, 2, 1)->reason = "another reason";
	text = render(result, 120, false, false);
	assert_non_null(strstr(text, "\n2 cells skipped: mkfs.xfs is missing: install xfsprogs\n"));
	assert_non_null(strstr(text, "skipped: another reason\n"));
	free(text);
	result_free(result);
}

/* "flat: with as many jobs ..", as it is the middle of a sentence. */
static void a_sentence_after_a_group_begins_in_lower_case(void **state)
{
	static const char *const shapes[] = {"flat", "deep"};
	static const uint64_t sizes[] = {1000};
	static const char *const kinds[] = {"lstat", "fstatat"};
	static const struct grid grid = {shapes, 2, sizes, 1, kinds, 2, 1};
	struct result *result = with_groups(&grid);
	(void)state;
	const char *baseline = grid_cell(result, &grid, 0, 0, 1)->id;
	result->fastest[0].baseline = baseline;
	result->fastest[0].cell = grid_cell(result, &grid, 0, 1, 1)->id;
	result->fastest[0].same_jobs = true;
	assert_says(result, "flat,1k: with as many jobs as lstat, fstatat is 1.43x");
	result->fastest[0].cell = baseline;
	result->fastest[0].same_jobs = false;
	assert_says(result, "flat,1k: no strategy");
	result->fastest[0].cell = NULL;
	result->fastest[0].reason = "no round counts";
	assert_says(result, "flat,1k: which strategy is fastest is not known: no round counts.");
	result_free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_in_ascii),
		cmocka_unit_test(ascii_only_without_utf8),
		cmocka_unit_test(a_part_of_a_tree_without_its_path),
		cmocka_unit_test(many_groups_leave_room_for_the_warnings),
		cmocka_unit_test(colors_change_no_other_bytes),
		cmocka_unit_test(every_width_fits),
		cmocka_unit_test(a_bar_is_as_long_as_the_time),
		cmocka_unit_test(bars_take_nothing_from_the_figures),
		cmocka_unit_test(bars_are_of_a_group),
		cmocka_unit_test(cells_without_figures_have_no_bars),
		cmocka_unit_test(the_rate_is_left_out_if_labels_need_its_columns),
		cmocka_unit_test(times_have_as_many_decimals_as_are_known),
		cmocka_unit_test(a_note_of_several_rows_is_a_footnote),
		cmocka_unit_test(two_footnotes_of_a_row_have_two_marks),
		cmocka_unit_test(scaling_has_a_column),
		cmocka_unit_test(narrow_terminals_get_the_least_width),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(sentences_claim_only_what_is_known),
		cmocka_unit_test(passes_may_be_disturbed_without_a_reason),
		cmocka_unit_test(only_rows_with_as_many_jobs_are_compared),
		cmocka_unit_test(few_rounds_are_shown_without_an_interval),
		cmocka_unit_test(more_cpus_are_reported),
		cmocka_unit_test(the_threads_of_io_uring_are_reported),
		cmocka_unit_test(warnings_are_sentences),
		cmocka_unit_test(walks_name_what_they_found),
		cmocka_unit_test(programs_have_a_note_whether_they_are_ranked),
		cmocka_unit_test(cells_not_ranked_have_the_reason),
		cmocka_unit_test(a_table_needs_no_floor),
		cmocka_unit_test(an_empty_result_has_a_table),
		cmocka_unit_test(a_group_without_figures_is_one_line),
		cmocka_unit_test(a_sentence_after_a_group_begins_in_lower_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
