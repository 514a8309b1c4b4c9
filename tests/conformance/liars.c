/*
 * Strategies that cheat, each in its own way, are held to the same rules as real ones, and are
 * caught: the error names the rule, the liar, the cell, and where it can the first entry that was
 * lied about. All are honest where they do not lie, so that nothing else can be the reason.
 *
 * Who lies about system calls is statmark_lying.c; who allocates while the clock runs, hooks.c.
 */
#include <errno.h>
#include <stdio.h>

#include "engine/base/util.h"
#include "tests/conformance/with_files.h"
#include "tests/conformance/with_rules.h"
#include "tests/test.h"

/* What a worker remembers; what a cell does. */
struct memory {
	unsigned passes;
	uint32_t last;
	int dir_fd;
	struct record records[FILES_ENTRIES];
};

static int run_nothing(struct worker *w)
{
	(void)w;
	return 0;
}

static int run_first_for_all(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		files_ask(w, span.first);
		for (uint32_t i = span.first + 1; i < span.end; i++)
			w->records[i] = w->records[span.first];
	}
	return 0;
}

static int run_one_path(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			files_ask_into(w->load, 0, AT_SYMLINK_NOFOLLOW, &w->records[i]);
	}
	return 0;
}

static int run_forget_last(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i + 1 < span.end; i++)
			files_ask(w, i);
	}
	return 0;
}

static int run_swap(struct worker *w)
{
	int error = files_run(w);
	struct record other = w->records[2];
	w->records[2] = w->records[4];
	w->records[4] = other;
	return error;
}

/* Honest, but then each answer is doctored. */
static int run_doctored(struct worker *w, void (*doctor)(struct worker *w, uint32_t entry))
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++) {
			files_ask(w, i);
			doctor(w, i);
		}
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

static void take_back(struct worker *w, uint32_t i)
{
	w->records[i].fields = FIELD_TYPE | FIELD_SIZE;
}

static int run_promise_more(struct worker *w)
{
	return run_doctored(w, take_back);
}

static int run_follow(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			files_ask_into(w->load, i, 0, &w->records[i]);
	}
	return 0;
}

/* An error is an answer like any other: nothing, quickly. */
static void hide_error(struct worker *w, uint32_t i)
{
	if (w->records[i].status < 0)
		w->records[i] = (struct record){.fields = FIELDS_ALL};
}

static int run_hide_errors(struct worker *w)
{
	return run_doctored(w, hide_error);
}

static int run_fail_all(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span))
		record_fail_span(w, &span, EACCES);
	return 0;
}

/* Works in the first pass only; what it found still lies in the records. */
static int run_once(struct worker *w)
{
	struct memory *memory = w->state;
	return memory->passes++ ? run_nothing(w) : files_run(w);
}

/* Calls the records of the last pass answers of this one. */
static int run_once_and_revive(struct worker *w)
{
	struct memory *memory = w->state;
	if (memory->passes++ == 0)
		return files_run(w);
	for (uint32_t i = 0; i < w->load->n_entries; i++) {
		w->records[i].status = 0;
		w->records[i].fields = FIELDS_ALL;
	}
	return 0;
}

/* Asks before the clock starts, and only copies when it runs. */
static void ask_ahead(const struct workload *load, struct memory *memory)
{
	for (uint32_t i = 0; i < load->n_entries; i++)
		files_ask_into(load, i, AT_SYMLINK_NOFOLLOW, &memory->records[i]);
}

static int open_ahead(struct worker *w)
{
	ask_ahead(w->load, w->state);
	return 0;
}

static int prepare_ahead(struct cell *cell)
{
	ask_ahead(cell->load, cell->state);
	return 0;
}

static int run_copy(struct worker *w)
{
	const bool prepared = w->cell->strategy->cell_size;
	const struct memory *memory = prepared ? w->cell->state : w->state;
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			w->records[i] = memory->records[i];
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

/* What an entry is was known when the tree was loaded: why ask again? */
static void trust_type(struct worker *w, uint32_t i)
{
	w->records[i].mode = (uint16_t)((w->records[i].mode & 07777) | w->load->entries[i].type);
}

static int run_trust_type(struct worker *w)
{
	return run_doctored(w, trust_type);
}

/* A directory that was opened once saves the way to it. */
static int open_dir(struct worker *w)
{
	struct memory *memory = w->state;
	memory->dir_fd = openat(w->load->root_fd, "dir", O_PATH | O_CLOEXEC);
	return memory->dir_fd < 0 ? -errno : 0;
}

static void close_dir(struct worker *w)
{
	const struct memory *memory = w->state;
	close(memory->dir_fd);
}

static void ask_in_dir(struct worker *w, uint32_t i)
{
	const struct memory *memory = w->state;
	struct stat st;
	if (w->load->entries[i].dir != 0 && !fstatat(memory->dir_fd, "below", &st, 0))
		record_stat(&w->records[i], &st);
}

static int run_in_dir(struct worker *w)
{
	return run_doctored(w, ask_in_dir);
}

static int run_alone_only(struct worker *w)
{
	return w->cell->jobs == 2 ? run_nothing(w) : files_run(w);
}

static int run_unless_crowded(struct worker *w)
{
	return w->cell->jobs > FILES ? run_nothing(w) : files_run(w);
}

static const char *const moods[] = {"honest", "lying", NULL};

static int run_by_mood(struct worker *w)
{
	return w->cell->params[0] ? run_nothing(w) : files_run(w);
}

/* Leaves out what it believes to have passed. */
static int run_forward_only(struct worker *w)
{
	struct memory *memory = w->state;
	struct workload_span span;
	memory->last = 0;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end && i >= memory->last; i++)
			files_ask(w, i);
		memory->last = span.first;
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}

static int run_uncounted(struct worker *w)
{
	int error = files_run(w);
	w->syscalls[SYSCALL_newfstatat] = 0;
	return error;
}

static int run_count_passes(struct worker *w)
{
	struct memory *memory = w->state;
	worker_count(w, SYSCALL_newfstatat, memory->passes++);
	return files_run(w);
}

static int run_leave_open(struct worker *w)
{
	worker_count(w, SYSCALL_openat, 1);
	return files_run(w);
}

/* Attributes would be one more call. */
static void hide_attributes(struct worker *w, uint32_t i)
{
	w->records[i].fields |= w->records[i].status ? 0 : FIELD_XATTRS;
	w->records[i].xattrs = 0;
}

static int run_hide_attributes(struct worker *w)
{
	return run_doctored(w, hide_attributes);
}

#define LIAR(...)                                                                                  \
	{                                                                                          \
		.worker_size = sizeof(struct memory),                                              \
		.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH}, __VA_ARGS__          \
	}
#define ANSWERS "answers are right", "/j1: a pass is judged wrong, not right: "

enum { SOME_ENTRY = -1 };

static const struct row {
	struct strategy liar;
	const char *rule, *cell; /* that must catch it */
	int entry;               /* that must be named */
	const char *words;
} rows[] = {
	{LIAR(.name = "returns-early", .run = run_nothing), ANSWERS, 0, "was not answered"},
	{LIAR(.name = "one-for-all", .run = run_first_for_all), ANSWERS, 1, "inode "},
	{LIAR(.name = "one-path", .run = run_one_path), ANSWERS, 1, "inode "},
	{LIAR(.name = "forgets-last", .run = run_forget_last), ANSWERS, FILES + 1,
	 "was not answered"},
	{LIAR(.name = "swaps-two", .run = run_swap), ANSWERS, 2, "inode "},
	{LIAR(.name = "promises-more", .run = run_promise_more), ANSWERS, 0, "was not answered"},
	{LIAR(.name = "follows", .run = run_follow), ANSWERS, SOME_ENTRY, "link: inode "},
	{LIAR(.name = "fails-all", .run = run_fail_all), ANSWERS, 0,
	 "gave EACCES, expected an answer"},
	{LIAR(.name = "rests", .run = run_once), ANSWERS, 0, "was not answered"},
	{LIAR(.name = "revives", .run = run_once_and_revive), ANSWERS, 0, "inode "},
	{LIAR(.name = "alone-only", .run = run_alone_only), "answers are right",
	 "/j2: a pass is judged wrong", 0, "was not answered"},
	{LIAR(.name = "fears-crowds", .run = run_unless_crowded), "answers are right",
	 "/j7: a pass is judged wrong", 0, "was not answered"},
	{LIAR(.name = "moody", .run = run_by_mood, .params = {{"mood", "", 0, 0, 1, moods}}),
	 "answers are right", "/j1 mood=lying: a pass is judged wrong", 0, "was not answered"},
	{LIAR(.name = "forward-only", .run = run_forward_only), "any order is right",
	 "/j1: ", SOME_ENTRY, "was not answered"},
	{{.name = "idle-floor", .answer = {.addressing = ADDRESS_NONE}, .run = run_nothing},
	 ANSWERS,
	 SOME_ENTRY,
	 "returned before the work was done"},
	{LIAR(.name = "counts-nothing", .run = run_uncounted), "calls are counted",
	 "/j1: ", SOME_ENTRY, "0 calls for 9 entries"},
	{LIAR(.name = "counts-passes", .run = run_count_passes), "calls are counted",
	 "/j1: ", SOME_ENTRY, "counts differ from pass to pass"},
	{LIAR(.name = "leaves-open", .run = run_leave_open), "calls are counted",
	 "/j1: ", SOME_ENTRY, "1 times openat, 0 times close"},
	{LIAR(.name = "asks-in-open", .open = open_ahead, .run = run_copy), "changes are seen",
	 "/j1: ", SOME_ENTRY, "a pass is judged right, not changed"},
	{LIAR(.name = "asks-in-prepare", .cell_size = sizeof(struct memory),
	      .prepare = prepare_ahead, .run = run_copy),
	 "changes are seen", "/j1: ", SOME_ENTRY, "a pass is judged right, not changed"},
	{{.name = "hides-attributes",
	  .answer = {.fields = FIELDS_ALL | FIELD_XATTRS, .addressing = ADDRESS_PATH},
	  .run = run_hide_attributes},
	 "attributes that come and go are seen",
	 "/j1: ",
	 SOME_ENTRY,
	 "a pass is judged right, not changed"},
	{LIAR(.name = "hides-errors", .run = run_hide_errors), "what vanishes is seen",
	 "/j1: ", SOME_ENTRY, "gave an answer, expected ENOENT"},
	{LIAR(.name = "trusts-type", .run = run_trust_type), "what vanishes is seen",
	 "/j1: ", SOME_ENTRY, "type 32768, should be 16384"},
	{LIAR(.name = "keeps-directory", .open = open_dir, .close = close_dir, .run = run_in_dir),
	 "directories that go are seen", "/j1: ", SOME_ENTRY,
	 "dir/below: gave an answer, expected ENOENT"},
};

static void is_caught(void **state)
{
	const struct row *row = *state;
	char caught[256], words[256];
	struct err err = {0};
	void *files = NULL;
	assert_int_equal(files_set_up(&files), 0);
	struct bench *b = &((struct files *)files)->bench;
	const char *entry = row->entry < 0 ? "" : workload_name(b->load, (uint32_t)row->entry);
	snprintf(caught, sizeof(caught), "%s: %s%s", row->rule, row->liar.name, row->cell);
	snprintf(words, sizeof(words), "%s%s%s", entry, *entry ? ": " : "", row->words);
	int error = rules_hold(b, &row->liar, true, &err);
	files_tear_down(&files);
	if (error != -EBADMSG || strncmp(err.text, caught, strlen(caught)) != 0 ||
	    !strstr(err.text, words))
		fail_msg("'%s' is not '%s' ... '%s'", err.text, caught, words);
}

static void honest_walks_pass(void **state)
{
	static const struct strategy honest = LIAR(.name = "honest", .run = files_run);
	struct files *f = *state;
	struct err err = {0};
	if (rules_hold(&f->bench, &honest, true, &err))
		fail_msg("%s", err.text);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {
		cmocka_unit_test_setup_teardown(honest_walks_pass, files_set_up, files_tear_down)};
	char names[ARRAY_LEN(rows)][64];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(names[i], sizeof(names[i]), "%s is caught", rows[i].liar.name);
		tests[i + 1] = (struct CMUnitTest){names[i], is_caught, NULL, NULL,
						   (void *)(uintptr_t)&rows[i]};
	}
	return cmocka_run_group_tests_name("liars", tests, NULL, NULL);
}
