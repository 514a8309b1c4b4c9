/*
 * Walks that cheat, each in its own way, held to the same rules as real ones: the error names the
 * rule, the liar, the cell, and the first path that was lied about. All are honest where they do
 * not lie, so that nothing else can be the reason. They walk like the strategy walk-lstat.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

#include "engine/base/util.h"
#include "tests/conformance/with_files.h"
#include "tests/conformance/with_rules.h"
#include "tests/test.h"

extern const struct strategy strategy_walk_lstat;

/* A list of a cell's own; what it remembers of earlier passes. */
struct memory {
	struct sink *list;
	unsigned passes;
};

static int setup(struct cell *cell, struct err *err)
{
	struct memory *memory = cell->state;
	memory->list = sink_new();
	return memory->list ? 0 : err_errno(err, -ENOMEM, "list");
}

static void finish(struct cell *cell)
{
	struct memory *memory = cell->state;
	sink_free(memory->list);
}

static int walk(struct worker *w)
{
	return strategy_walk_lstat.run(w);
}

/* Copies the list from one sink to another: entry `leave` (a path, NULL: none) is left out. */
static int copy(struct sink *to, const struct sink *from, const char *leave)
{
	for (size_t i = 0; i < sink_count(from); i++) {
		size_t len;
		const char *path = sink_path(from, i, &len);
		if (leave && strcmp(path, leave) == 0)
			continue;
		struct record *r = sink_add(to, path, len);
		if (!r)
			return -ENOMEM;
		*r = *sink_record(from, i);
	}
	return 0;
}

/* Walks into the cell's own list, which is then what it was given. */
static int walk_aside(struct worker *w)
{
	struct memory *memory = w->cell->state;
	struct cell cell = *w->cell;
	struct worker worker = *w;
	sink_reset(memory->list);
	cell.sink = memory->list;
	worker.cell = &cell;
	return walk(&worker);
}

static int deliver_list(struct cell *cell, struct sink *sink)
{
	const struct memory *memory = cell->state;
	return copy(sink, memory->list, NULL);
}

static int run_nothing(struct worker *w)
{
	(void)w;
	return 0;
}

static int run_forget(struct worker *w)
{
	const struct memory *memory = w->cell->state;
	int error = walk_aside(w);
	return error ? error : copy(w->cell->sink, memory->list, "file-3");
}

static struct record *add(struct worker *w, const char *path)
{
	return sink_add(w->cell->sink, path, strlen(path));
}

static int run_invent(struct worker *w)
{
	int error = walk(w);
	struct record *r = add(w, "invented");
	if (r)
		*r = *sink_record(w->cell->sink, 0);
	sink_sort(w->cell->sink);
	return error;
}

static int run_twice(struct worker *w)
{
	int error = walk(w);
	struct record *r = add(w, "file-1");
	if (r)
		*r = *sink_record(w->cell->sink, 0);
	sink_sort(w->cell->sink);
	return error;
}

/* As the directory lists them. */
static int run_unsorted(struct worker *w)
{
	const struct memory *memory = w->cell->state;
	struct sink *sink = w->cell->sink;
	size_t len;
	int error = walk_aside(w);
	for (size_t i = sink_count(memory->list); !error && i-- > 0;) {
		const char *path = sink_path(memory->list, i, &len);
		struct record *r = sink_add(sink, path, len);
		if (!r)
			return -ENOMEM;
		*r = *sink_record(memory->list, i);
	}
	return error;
}

static int run_unanswered(struct worker *w)
{
	int error = run_forget(w);
	if (!error && !add(w, "file-3"))
		error = -ENOMEM;
	sink_sort(w->cell->sink);
	return error;
}

/* Delivers the list of the first pass for ever. */
static int run_once(struct worker *w)
{
	struct memory *memory = w->cell->state;
	return memory->passes++ ? 0 : walk_aside(w);
}

/* Walks before the clock starts. */
static int prepare_walk(struct cell *cell)
{
	char path[WALK_PATH_SIZE];
	struct worker w = {.cell = cell, .load = cell->load, .path = path};
	return walk_aside(&w);
}

/* And behind it. */
static int deliver_walk(struct cell *cell, struct sink *sink)
{
	int error = prepare_walk(cell);
	return error ? error : deliver_list(cell, sink);
}

static int run_own_size(struct worker *w)
{
	int error = walk(w);
	for (size_t i = 0; i < sink_count(w->cell->sink); i++) {
		struct record *r = (struct record *)(uintptr_t)sink_record(w->cell->sink, i);
		r->size = S_ISREG(r->mode) ? 7 : r->size;
	}
	return error;
}

/* Follows links, and so finds entries under two names or walks in circles. */
static int run_follow(struct worker *w)
{
	static const char *const below[] = {"round/below", "round/round", "round/round/below"};
	int error = walk(w);
	for (size_t i = 0; !error && i < ARRAY_LEN(below); i++) {
		char path[PATH_MAX + 32];
		struct stat st;
		snprintf(path, sizeof(path), "%s/dir/%s", w->load->root, below[i]);
		if (stat(path, &st))
			continue;
		snprintf(path, sizeof(path), "dir/%s", below[i]);
		struct record *r = add(w, path);
		if (r)
			record_stat(r, &st);
	}
	sink_sort(w->cell->sink);
	return error;
}

/* What cannot be read is empty. */
static int run_swallow(struct worker *w)
{
	const struct memory *memory = w->cell->state;
	int error = walk_aside(w);
	return error ? error : copy(w->cell->sink, memory->list, NULL);
}

static int run_complain(struct worker *w)
{
	int error = walk(w);
	return error ? error : sink_fail(w->cell->sink, "dir", 3, EACCES);
}

static int run_misname(struct worker *w)
{
	const struct memory *memory = w->cell->state;
	int error = walk_aside(w);
	if (!error)
		error = copy(w->cell->sink, memory->list, NULL);
	return error ? error : sink_fail(w->cell->sink, "closed", 6, ENOENT);
}

static int run_count(struct worker *w)
{
	worker_count(w, SYSCALL_newfstatat, 1);
	return walk(w);
}

static int run_count_passes(struct worker *w)
{
	struct memory *memory = w->cell->state;
	worker_count(w, SYSCALL_newfstatat, ++memory->passes);
	return walk(w);
}

static int run_leave_open(struct worker *w)
{
	worker_count(w, SYSCALL_openat, 1);
	return walk(w);
}

/* Found in the view of the tree that fetches get. */
static int run_look_up(struct worker *w)
{
	for (uint32_t i = 0; i < w->load->n_entries; i++)
		add(w, workload_name(w->load, i));
	sink_sort(w->cell->sink);
	return 0;
}

#define LIAR(...)                                                                                  \
	{                                                                                          \
		.stage = STAGE_WALK, .flags = STRATEGY_SEQUENTIAL,                                 \
		.cell_size = sizeof(struct memory), .setup = setup, .finish = finish,              \
		.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH}, __VA_ARGS__          \
	}
#define CALLS_NOT_TOLD .uncounted = "the C library makes them"
#define ANSWERS        "answers are right", "/j1: a pass is judged wrong, not right: "
#define SEEN           "a pass is judged right, not changed"

static const struct row {
	struct strategy liar;
	const char *rule, *cell; /* that must catch it */
	const char *words;       /* with the path that must be named */
	bool needs_closed;       /* a directory that cannot be read */
} rows[] = {
	{LIAR(.name = "finds-nothing", .run = run_nothing), ANSWERS, "dir: was not found", false},
	{LIAR(.name = "looks-up", .run = run_look_up), ANSWERS, "dir: was not found", false},
	{LIAR(.name = "forgets-one", .run = run_forget), ANSWERS, "file-3: was not found", false},
	{LIAR(.name = "invents-one", .run = run_invent), ANSWERS, "invented: is not in the tree",
	 false},
	{LIAR(.name = "lists-twice", .run = run_twice), ANSWERS, "file-1: is listed twice", false},
	{LIAR(.name = "keeps-order", .run = run_unsorted), ANSWERS,
	 "file-5: comes after link, out of order", false},
	{LIAR(.name = "does-not-ask", .run = run_unanswered), ANSWERS, "file-3: was not answered",
	 false},
	{LIAR(.name = "invents-sizes", .run = run_own_size), ANSWERS,
	 "dir/below: size 7, should be 1", false},
	{LIAR(.name = "runs-in-circles", .run = run_follow), ANSWERS,
	 "dir/round/below: is not in the tree", false},
	{LIAR(.name = "complains", .run = run_complain), ANSWERS,
	 "dir: was reported as unreadable (EACCES), but can be read", false},
	{LIAR(.name = "swallows", .run = run_swallow), ANSWERS,
	 "closed: cannot be read (EACCES), which was not reported", true},
	{LIAR(.name = "misnames", .run = run_misname), ANSWERS,
	 "closed: reading it gave ENOENT, expected EACCES", true},
	{LIAR(.name = "cannot-count", .run = run_count, CALLS_NOT_TOLD), "calls are counted",
	 "/j1: ", "cannot count calls, but does", false},
	{LIAR(.name = "counts-nothing", .run = walk), "calls are counted",
	 "/j1: ", "0 calls for 10 entries", false},
	{LIAR(.name = "counts-passes", .run = run_count_passes), "calls are counted",
	 "/j1: ", "counts differ from pass to pass", false},
	{LIAR(.name = "leaves-open", .run = run_leave_open), "calls are counted",
	 "/j1: ", "1 times openat, 0 times close", false},
	{LIAR(.name = "stale-list", .run = run_once, .deliver = deliver_list, CALLS_NOT_TOLD),
	 "changes are seen", "/j1: ", SEEN, false},
	{LIAR(.name = "walks-in-prepare", .prepare = prepare_walk, .run = run_nothing,
	      .deliver = deliver_list, CALLS_NOT_TOLD),
	 "changes are seen", "/j1: ", SEEN, false},
	{LIAR(.name = "walks-in-deliver", .run = run_nothing, .deliver = deliver_walk,
	      CALLS_NOT_TOLD),
	 "late changes go unseen", "/j1: ", "a pass is judged changed, not right", false},
};

static int set_up(void **state)
{
	int error = files_set_up(state);
	struct files *f = *state;
	if (error || symlinkat("../dir", f->scratch.fd, "dir/round"))
		return -1;
	bench_close(&f->bench);
	return bench_open(&f->bench, f->scratch.path, NULL);
}

/*
 * In a child, who is an ordinary user: root may read everything. Its words come back in err. No
 * threads are left behind: not every variant lets a child have more of them.
 */
static int hold_as_nobody(struct files *f, const struct strategy *liar, struct err *err)
{
	enum { NOBODY = 65534 };
	int fds[2], status;
	bench_close(&f->bench);
	if (mkdirat(f->scratch.fd, "closed", 0) || pipe(fds))
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		struct bench bench;
		if ((geteuid() == 0 && (setgid(NOBODY) || setuid(NOBODY))) ||
		    bench_open(&bench, f->scratch.path, err))
			_exit(1);
		rules_hold(&bench, liar, false, err);
		_exit(write(fds[1], err, sizeof(*err)) != sizeof(*err));
	}
	close(fds[1]);
	ssize_t got = read(fds[0], err, sizeof(*err));
	close(fds[0]);
	waitpid(pid, &status, 0);
	if (bench_open(&f->bench, f->scratch.path, NULL))
		return -EIO;
	return got == sizeof(*err) && status == 0 ? err->code : -ECHILD;
}

static void is_caught(void **state)
{
	const struct row *row = *state;
	char caught[256];
	struct err err = {0};
	void *files = NULL;
	assert_int_equal(set_up(&files), 0);
	struct files *f = files;
	int error = row->needs_closed ? hold_as_nobody(f, &row->liar, &err)
				      : rules_hold(&f->bench, &row->liar, true, &err);
	snprintf(caught, sizeof(caught), "%s: %s%s", row->rule, row->liar.name, row->cell);
	files_tear_down(&files);
	if (error != -EBADMSG || strncmp(err.text, caught, strlen(caught)) != 0 ||
	    !strstr(err.text, row->words))
		fail_msg("'%s' is not '%s' ... '%s'", err.text, caught, row->words);
}

/* The same ways, without a lie in them. */
static void honest_walks_pass(void **state)
{
	static const struct strategy honest[] = {
		LIAR(.name = "honest", .run = walk, CALLS_NOT_TOLD),
		LIAR(.name = "honest-list", .run = walk_aside, .deliver = deliver_list,
		     CALLS_NOT_TOLD),
	};
	struct files *f = *state;
	struct err err = {0};
	for (size_t i = 0; i < ARRAY_LEN(honest); i++) {
		if (rules_hold(&f->bench, &honest[i], true, &err))
			fail_msg("%s", err.text);
	}
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows) + 1] = {
		cmocka_unit_test_setup_teardown(honest_walks_pass, set_up, files_tear_down)};
	char names[ARRAY_LEN(rows)][64];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(names[i], sizeof(names[i]), "%s is caught", rows[i].liar.name);
		tests[i + 1] = (struct CMUnitTest){names[i], is_caught, NULL, NULL,
						   (void *)(uintptr_t)&rows[i]};
	}
	return cmocka_run_group_tests_name("walk_liars", tests, NULL, NULL);
}
