#include "tests/unit/with_run.h"

#include "tests/test.h"

static const struct fs_facts on_tmpfs = {.type = "tmpfs"};

struct driven driven;

static uint64_t driven_clock(void *arg)
{
	(void)arg;
	return atomic_fetch_add(&driven.now_ns, driven.tick_ns) + driven.tick_ns;
}

static void change_tree(void)
{
	char name[16];
	snprintf(name, sizeof(name), "f%d", driven.changes++);
	assert_true(scratch_file(driven.tree_fd, name, 1000 + driven.changes));
}

int driven_prepare(struct cell *cell)
{
	const unsigned i = (unsigned)cell->params[0];
	driven.step = driven.script ? driven.script(i, driven.passes_of[i])
				    : (struct step){.takes_ns = driven.pass_ns};
	driven.passes++;
	driven.passes_of[i]++;
	driven.last_began_ns = driven.now_ns;
	driven.now_ns += driven.step.takes_ns;
	if (driven.step.changes_tree)
		change_tree();
	driven.stop |= driven.step.stops_run;
	return 0;
}

int driven_skip(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span))
		;
	return 0;
}

static void fetch(struct worker *w, const struct workload_span *span)
{
	const int fd = dir_enter(w, span->dir);
	for (uint32_t i = span->first; i < span->end; i++) {
		struct record *r = &w->records[i];
		struct stat st;
		if (fd < 0 || fstatat(fd, workload_name(w->load, i), &st, AT_SYMLINK_NOFOLLOW))
			record_fail(r, fd < 0 ? -fd : errno);
		else
			record_stat(r, &st);
		r->size += driven.step.is_wrong;
	}
}

static int play(struct worker *w)
{
	struct workload_span span;
	if (driven.n_played < PLAYED_MAX)
		driven.played[driven.n_played++] =
			(struct played){(unsigned)w->cell->params[0], w->cell->take != NULL};
	while (worker_take(w, &span))
		fetch(w, &span);
	dir_leave(w);
	w->cell->why = driven.step.why;
	return driven.step.error;
}

const struct strategy floor_strategy = {
	.name = "floor",
	.flags = STRATEGY_FLOOR,
	.answer = {.addressing = ADDRESS_NONE},
	.prepare = driven_prepare,
	.run = driven_skip,
};

const struct strategy scripted_strategy = {
	.name = "scripted",
	.answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_DIR},
	.prepare = driven_prepare,
	.run = play,
};

void driven_use(struct fixture *f, const struct strategy *strategy)
{
	for (int i = 0; i < CELLS; i++)
		f->cells[i].strategy = strategy;
}

static void set_cells(struct fixture *f)
{
	static const char *const ids[CELLS] = {"a/j1", "b/j1", "c/j1"};
	for (int i = 0; i < CELLS; i++)
		f->cells[i] = (struct cell_spec){.params = {i},
						 .jobs = 1,
						 .is_baseline = i == 0,
						 .label = ids[i],
						 .id = ids[i]};
	driven_use(f, &floor_strategy);
	f->selection = (struct selection){f->cells, CELLS, 1};
}

static void make_tree(struct fixture *f)
{
	assert_true(scratch_make(&f->scratch));
	for (int i = 0; i < ENTRIES; i++) {
		char name[16];
		snprintf(name, sizeof(name), "f%d", i);
		assert_true(scratch_file(f->scratch.fd, name, i));
	}
	assert_int_equal(workload_load(&f->load, f->scratch.path, NULL, NULL, NULL), 0);
}

int driven_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	make_tree(f);
	assert_int_equal(topology_open(&f->topology, NULL, NULL), 0);
	set_cells(f);
	f->result = result_new();
	assert_non_null(f->result);
	f->target = (struct target){
		.load = f->load,
		.where = &on_tmpfs,
		.tree = "tree0",
		.fs = "fs0",
		.control = &f->control,
	};
	f->progress.stop = &driven.stop;
	f->request = (struct run_request){
		.targets = &f->target,
		.n_targets = 1,
		.topology = f->topology,
		.selection = &f->selection,
		.pin = pin_of(PIN_NONE),
		.states = 1U << CACHE_WARM,
		.rounds = 1000,
		.seed = 1,
		.clock = driven_clock,
		.progress = &f->progress,
	};
	memset(&driven, 0, sizeof(driven));
	driven.now_ns = SECOND;
	driven.tree_fd = f->scratch.fd;
	*state = f;
	return 0;
}

int driven_tear_down(void **state)
{
	struct fixture *f = *state;
	result_free(f->result);
	topology_close(f->topology);
	workload_free(f->load);
	scratch_remove(&f->scratch);
	if (f->second_load) {
		workload_free(f->second_load);
		scratch_remove(&f->second);
	}
	free(f);
	return 0;
}

void driven_forget(struct fixture *f)
{
	result_free(f->result);
	f->result = result_new();
	assert_non_null(f->result);
	memset(driven.passes_of, 0, sizeof(driven.passes_of));
	driven.passes = 0;
	driven.n_played = 0;
}

void driven_play(struct fixture *f, script_fn *script, enum cache_state cache, uint32_t rounds)
{
	driven_use(f, &scripted_strategy);
	driven.script = script;
	f->request.states = 1U << cache;
	f->request.rounds = rounds;
	assert_int_equal(run_cells(&f->request, f->result, NULL), 0);
}

void driven_second(struct fixture *f, struct target targets[2])
{
	targets[0] = targets[1] = f->target;
	targets[0].label = "one";
	targets[1].label = "two";
	targets[1].tree = "tree1";
	assert_true(scratch_make(&f->second));
	for (int i = 1; i < ENTRIES; i++) {
		char name[16];
		snprintf(name, sizeof(name), "g%d", i);
		assert_true(scratch_file(f->second.fd, name, i));
	}
	assert_int_equal(workload_load(&f->second_load, f->second.path, NULL, NULL, NULL), 0);
	targets[1].load = f->second_load;
	f->request.targets = targets;
	f->request.n_targets = 2;
}
