/*
 * The whole program, but its strategies are liars about system calls: what syscalls.py finds of
 * each is the proof that it would find it of a real one. It takes the place of the program's list
 * of strategies; the baseline and the floor stay honest.
 */
#include <stdlib.h>

#include "engine/cmd/parts/registry.h"
#include "engine/main.c"
#include "tests/conformance/with_files.h"

extern const struct strategy strategy_lstat, strategy_noop;

/* Wrong by one in each span, either way, and under another name. */
static int run_miscount(struct worker *w, int64_t wrong, enum syscall_kind kind)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			files_ask(w, i);
		worker_count(w, kind, span.end - span.first + (uint64_t)wrong);
	}
	return 0;
}

static int run_fewer(struct worker *w)
{
	return run_miscount(w, -1, SYSCALL_newfstatat);
}

static int run_more(struct worker *w)
{
	return run_miscount(w, 1, SYSCALL_newfstatat);
}

static int run_another(struct worker *w)
{
	return run_miscount(w, 0, SYSCALL_statx);
}

/* Calls that nobody counts, of a kind that no strategy has. */
static int run_secretly(struct worker *w)
{
	char text[8];
	for (uint32_t i = 0; w->index == 0 && i < w->load->n_entries; i++) {
		if (readlinkat(w->load->root_fd, workload_name(w->load, i), text, 1) > 0)
			continue;
	}
	return files_run(w);
}

/* Asks before the clock starts, and says that it asked after. */
struct memory {
	struct record *records;
};

static int ask_all(const struct workload *load, struct memory *memory)
{
	if (!memory->records)
		memory->records =
			aligned_alloc(CACHE_LINE, load->n_entries * sizeof(*memory->records));
	if (!memory->records)
		return -ENOMEM;
	for (uint32_t i = 0; i < load->n_entries; i++)
		files_ask_into(load, i, AT_SYMLINK_NOFOLLOW, &memory->records[i]);
	return 0;
}

static int copy_all(struct worker *w, const struct memory *memory, enum syscall_kind kind)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			w->records[i] = memory->records[i];
		worker_count(w, kind, span.end - span.first);
	}
	return 0;
}

static int open_ahead(struct worker *w)
{
	return ask_all(w->load, w->state);
}

static int run_opened(struct worker *w)
{
	return copy_all(w, w->state, SYSCALL_newfstatat);
}

static void close_ahead(struct worker *w)
{
	const struct memory *memory = w->state;
	free(memory->records);
}

static int prepare_ahead(struct cell *cell)
{
	return ask_all(cell->load, cell->state);
}

static int run_prepared(struct worker *w)
{
	return copy_all(w, w->cell->state, SYSCALL_statx);
}

static void finish_ahead(struct cell *cell)
{
	const struct memory *memory = cell->state;
	free(memory->records);
}

static int run_nothing(struct worker *w)
{
	(void)w;
	return 0;
}

#define LIAR .summary = "lies", .answer = {.fields = FIELDS_ALL, .addressing = ADDRESS_PATH}

static const struct strategy honest = {.name = "honest", LIAR, .run = files_run};
static const struct strategy fewer = {.name = "counts-fewer", LIAR, .run = run_fewer};
static const struct strategy more = {.name = "counts-more", LIAR, .run = run_more};
static const struct strategy another = {.name = "counts-another", LIAR, .run = run_another};
static const struct strategy secret = {.name = "calls-secretly", LIAR, .run = run_secretly};
static const struct strategy early = {.name = "returns-early", LIAR, .run = run_nothing};
static const struct strategy opener = {
	.name = "asks-in-open",
	LIAR,
	.worker_size = sizeof(struct memory),
	.open = open_ahead,
	.close = close_ahead,
	.run = run_opened,
};
static const struct strategy preparer = {
	.name = "asks-in-prepare",
	LIAR,
	.cell_size = sizeof(struct memory),
	.prepare = prepare_ahead,
	.finish = finish_ahead,
	.run = run_prepared,
};

const struct strategy *const strategies[] = {
	&strategy_lstat, &strategy_noop, &honest, &fewer,    &more, &another,
	&secret,         &early,         &opener, &preparer, NULL,
};
