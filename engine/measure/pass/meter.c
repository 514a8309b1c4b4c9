#include "engine/measure/pass/meter.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/guard.h"
#include "engine/base/util.h"
#include "engine/measure/pass/pool.h"
#include "engine/measure/pass/sampler.h"
#include "engine/measure/watch/syscall_tally.h"
#include "engine/measure/watch/usage.h"
#include "engine/order.h"

struct meter_worker {
	struct worker worker;
	struct usage before, after;
	struct counters *counters; /* NULL: none */
	struct syscall_tally syscall_tally;
	uint64_t ended_ns;
	int error;
	bool is_open, misplaced;
} __attribute__((aligned(CACHE_LINE)));

struct meter {
	struct cell cell;
	struct workload root; /* the fields of the tree that a walk may use */
	struct cursor cursor;
	struct start_gate gate;
	struct sampler *sampler; /* NULL: a throughput pass */
	uint64_t tallied; /* the tracepoint by which the kernel counts; 0: strategies count */
	struct crew *crew;
	struct crew *own;          /* the same crew if it belongs to this cell alone, else NULL */
	struct pool *pool;         /* for STRATEGY_OWN_THREADS, else NULL */
	struct counters *counters; /* for workers other than the run's, else NULL */
	const struct topology *topology;
	const int *cpus;
	struct meter_worker *workers; /* one per job */
	pid_t *threads;               /* their thread ids */
	char *memory;                 /* state of the cell, then paths and states of all workers */
	/* Bytes: in total, of the cell, of one worker. */
	size_t memory_size, cell_size, worker_size;
	bool is_set_up;
	unsigned n_open;
};

/* Records are page-aligned and touched, so that no pass has the page faults of a first access. */
static int make_records(struct pass_memory *memory, size_t entries, const struct topology *topology)
{
	size_t size = MAX(entries, 1) * sizeof(struct record);
	memory->records = aligned_alloc(4096, (size + 4095) / 4096 * 4096);
	if (!memory->records)
		return -ENOMEM;
	topology_spread(topology, memory->records, size);
	memset(memory->records, 0, size);
	return 0;
}

/* The sink is touched, too. */
static int make_sink(struct pass_memory *memory, const struct pass_memory_size *size)
{
	memory->sink = sink_new();
	return memory->sink ? sink_reserve(memory->sink, size->entries, size->path_bytes) : -ENOMEM;
}

void pass_memory_measure(struct pass_memory_size *size, const struct workload *load,
			 enum stage stage)
{
	size_t bytes = 0;
	for (uint32_t i = 0; stage == STAGE_WALK && i < load->n_entries; i++) {
		const struct workload_entry *e = &load->entries[i];
		const size_t dir_len = load->dirs[e->dir].path_len;
		/* As sink.h stores paths. */
		bytes += e->name_len + (dir_len < PATH_MAX ? dir_len + 1 : 0);
	}
	size->entries = MAX(size->entries, load->n_entries);
	size->path_bytes = MAX(size->path_bytes, bytes);
}

int pass_memory_make(struct pass_memory *memory, const struct pass_memory_size *size,
		     enum stage stage, const struct topology *topology)
{
	*memory = (struct pass_memory){0};
	int error = stage == STAGE_WALK ? make_sink(memory, size)
					: make_records(memory, size->entries, topology);
	if (error)
		pass_memory_release(memory);
	return error;
}

void pass_memory_release(struct pass_memory *memory)
{
	free(memory->records);
	sink_free(memory->sink);
	*memory = (struct pass_memory){0};
}

/* Rounds up to a multiple of unit, a power of two. */
static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) & ~(unit - 1);
}

/* Such threads are not in the usage of any worker. */
static bool makes_threads(const struct meter *m)
{
	return m->cell.strategy->flags & STRATEGY_MAKES_THREADS;
}

/*
 * The data that one worker writes is in pages of its own, fresh from the kernel, so that they are
 * allocated on the memory node of its CPU: they are first touched there (open_worker), before any
 * pass.
 */
static int allocate(struct meter *m, const struct meter_request *r)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	bool walks = r->strategy->stage == STAGE_WALK;
	struct counters *counters = m->counters ? m->counters : r->counters;
	size_t path = round_up(walks ? WALK_PATH_SIZE : r->load->path_size, CACHE_LINE);
	m->cell_size = round_up(r->strategy->cell_size, page);
	m->worker_size = round_up(path + r->strategy->worker_size, page);
	m->memory_size = m->cell_size + r->jobs * m->worker_size;
	m->workers = aligned_alloc(CACHE_LINE, r->jobs * sizeof(*m->workers));
	m->memory = mmap(NULL, m->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (m->memory == MAP_FAILED)
		m->memory = NULL;
	m->threads = calloc(r->jobs, sizeof(*m->threads));
	if (!m->workers || !m->memory || !m->threads)
		return -ENOMEM;
	memset(m->workers, 0, r->jobs * sizeof(*m->workers));
	memset(m->memory, 0, m->cell_size);
	m->cell.state = m->memory;
	for (unsigned i = 0; i < r->jobs; i++) {
		char *mine = m->memory + m->cell_size + i * m->worker_size;
		m->workers[i].worker = (struct worker){
			.cell = &m->cell,
			.load = m->cell.load,
			.records = m->cell.records,
			.path = mine,
			.state = mine + path,
			.index = i,
			.dir_fd = -1,
		};
		m->workers[i].counters = counters && !makes_threads(m) ? &counters[i] : NULL;
	}
	return 0;
}

static void open_worker(void *arg, unsigned i)
{
	struct meter *m = arg;
	struct meter_worker *s = &m->workers[i];
	memset(s->worker.path, 0, m->worker_size);
	m->threads[i] = gettid();
	s->error = m->cell.strategy->open ? m->cell.strategy->open(&s->worker) : 0;
	s->is_open = s->error == 0;
	if (m->counters)
		counters_open(&m->counters[i], counter_events);
}

static void close_worker(void *arg, unsigned i)
{
	struct meter *m = arg;
	if (m->workers[i].is_open && m->cell.strategy->close)
		m->cell.strategy->close(&m->workers[i].worker);
	if (m->counters)
		counters_close(&m->counters[i]);
}

static int first_error(const struct meter *m)
{
	for (unsigned i = 0; i < m->cell.jobs; i++) {
		if (m->workers[i].error)
			return m->workers[i].error;
	}
	return 0;
}

static int set_up(struct meter *m, struct err *err)
{
	const struct strategy *strategy = m->cell.strategy;
	int error = strategy->setup ? strategy->setup(&m->cell, err) : 0;
	if (error)
		return error;
	m->is_set_up = true;
	m->cell.spans_per_take = order_take(m->cell.load, m->cell.jobs, m->cell.chunk);
	error = crew_run(m->crew, m->cell.jobs, m->cpus, open_worker, m);
	m->n_open = m->cell.jobs;
	if (error)
		return err_errno(err, error, "cannot bind workers to their CPUs");
	error = first_error(m);
	return error && m->cell.why ? err_set(err, error, "%s: %s", strategy->name, m->cell.why)
				    : error;
}

/* A walk gets a root without entries, so it cannot use the list that was loaded. */
static void set_work(struct meter *m, const struct meter_request *r)
{
	m->cell.load = r->load;
	m->cell.records = r->records;
	if (r->strategy->stage != STAGE_WALK)
		return;
	m->root = (struct workload){
		.root_fd = r->load->root_fd,
		.root = r->load->root,
		.root_len = r->load->root_len,
		.root_depth = r->load->root_depth,
		.dev = r->load->dev,
		.crosses_mounts = r->load->crosses_mounts,
		.skipped = r->load->skipped,
	};
	m->cell.load = &m->root;
	m->cell.records = NULL;
	m->cell.sink = r->sink;
}

static bool is_crowded(const struct meter *m)
{
	return m->cell.jobs > topology_allowed(m->topology);
}

/* Allocates counters; each worker opens its own. */
static int make_counters(struct meter *m, const struct meter_request *r)
{
	if (r->counters)
		m->counters = calloc(r->jobs, sizeof(*m->counters));
	return r->counters && !m->counters ? -ENOMEM : 0;
}

static int set_own_crew(struct meter *m, const struct meter_request *r, struct err *err)
{
	int error = crew_apart(r->crew, r->jobs, &m->own, err);
	if (error)
		return error;
	m->crew = m->own;
	return make_counters(m, r);
}

/*
 * Workers that use each other's descriptors are in another crew, because the run's workers have
 * separate tables.
 */
static int set_workers(struct meter *m, const struct meter_request *r, struct err *err)
{
	m->crew = r->crew;
	if (r->strategy->flags & STRATEGY_OWN_CREW)
		return set_own_crew(m, r, err);
	if (!(r->strategy->flags & STRATEGY_OWN_THREADS))
		return 0;
	m->pool = pool_new(r->jobs, is_crowded(m));
	m->cell.pool = m->pool;
	m->cell.run_pool = pool_run;
	if (!m->pool || r->jobs == 1)
		return m->pool ? 0 : -ENOMEM;
	int error = make_counters(m, r);
	return error ? error : crew_sharing(r->crew, &m->crew, err);
}

int meter_open(struct meter **out, const struct meter_request *r, struct err *err)
{
	struct meter *m = aligned_alloc(CACHE_LINE, round_up(sizeof(*m), CACHE_LINE));
	if (!m)
		return err_errno(err, -ENOMEM, "cannot set up %s", r->strategy->name);
	*m = (struct meter){
		.cell = {.strategy = r->strategy,
			 .answer = r->strategy->answer,
			 .jobs = r->jobs,
			 .chunk = SPAN_MAX},
		.topology = r->topology,
		.cpus = r->cpus,
	};
	m->cell.cursor = &m->cursor;
	memcpy(m->cell.params, r->params, sizeof(m->cell.params));
	set_work(m, r);
	int error = set_workers(m, r, err);
	m->cell.stop = crew_stop(m->crew);
	if (!error)
		error = allocate(m, r);
	if (!error)
		error = set_up(m, err);
	if (error) {
		meter_close(m);
		return err_errno(err, error, "cannot set up %s", r->strategy->name);
	}
	*out = m;
	return 0;
}

void meter_close(struct meter *m)
{
	if (!m)
		return;
	if (m->n_open)
		crew_run(m->crew, m->n_open, m->cpus, close_worker, m);
	if (m->is_set_up && m->cell.strategy->finish)
		m->cell.strategy->finish(&m->cell);
	pool_free(m->pool);
	crew_free(m->own);
	free(m->counters);
	free(m->workers);
	free(m->threads);
	if (m->memory)
		munmap(m->memory, m->memory_size);
	free(m);
}

/* A fetch must not allocate; a walk has to grow its list. */
static bool is_guarded(const struct strategy *strategy)
{
	return strategy->stage == STAGE_FETCH && !(strategy->flags & STRATEGY_SHARES_STATE);
}

/* Runs the strategy; on the other workers of a pool, the jobs that it passes to them. */
static void work(struct meter *m, struct meter_worker *s)
{
	s->ended_ns = 0;
	if (m->pool && s->worker.index) {
		pool_help(m->pool, s->worker.index);
		return;
	}
	s->error = m->cell.strategy->run(&s->worker);
	s->ended_ns = clock_ns();
	if (m->pool)
		pool_dismiss(m->pool);
}

static void end_tally(struct meter_worker *s)
{
	memset(s->worker.syscalls, 0, sizeof(s->worker.syscalls));
	s->syscall_tally.error = syscall_tally_close(&s->syscall_tally, s->worker.syscalls);
}

/* Threads that a strategy starts and ends within a pass are counted only in the process's usage. */
static void read_usage(const struct meter *m, const struct meter_worker *s, struct usage *usage)
{
	if (makes_threads(m))
		usage_read_process(usage);
	else
		usage_read(usage, s->counters);
}

static void run_worker(void *arg, unsigned i)
{
	struct meter *m = arg;
	struct meter_worker *s = &m->workers[i];
	const struct strategy *strategy = m->cell.strategy;

	s->worker.span = s->worker.span_end = 0;
	memset(s->worker.syscalls, 0, sizeof(s->worker.syscalls));
	if (m->tallied)
		syscall_tally_open(&s->syscall_tally, m->tallied);
	read_usage(m, s, &s->before);
	if (is_guarded(strategy))
		guard_arm(strategy->name);
	if (m->tallied)
		syscall_tally_start(&s->syscall_tally);
	start_gate_pass(&m->gate, m->cell.jobs, is_crowded(m));
	work(m, s);
	guard_disarm();
	if (m->tallied)
		end_tally(s);
	read_usage(m, s, &s->after);
	s->misplaced = m->cpus[i] >= 0 && !topology_is_bound(m->topology, m->cpus[i]);
}

/* Whether a strategy with STRATEGY_MAKES_THREADS had more threads than there are CPUs. */
static bool has_crowded(const struct meter *m)
{
	const struct decision *all;
	const struct strategy *strategy = m->cell.strategy;
	const size_t n = strategy->decisions ? strategy->decisions(&m->cell, &all) : 0;
	for (size_t i = 0; i < n; i++) {
		if (all[i].threads > topology_allowed(m->topology))
			return true;
	}
	return false;
}

/*
 * A pass is judged by how it was disturbed, never by its duration. With more workers than CPUs,
 * waiting for a CPU is part of the cell, not a disturbance; so it is if threads of the kernel use
 * the workers' CPUs.
 */
static enum cause disturbance(const struct meter *m, const struct pass *pass)
{
	for (unsigned i = 0; i < m->cell.jobs; i++) {
		if (m->workers[i].misplaced)
			return CAUSE_MISPLACED;
	}
	if (pass->major_faults)
		return CAUSE_MAJOR_FAULTS;
	if (!is_crowded(m) && !has_crowded(m) && !pass->io_workers &&
	    pass->run_delay_ns != COUNT_UNKNOWN && pass->run_delay_ns > pass->wall_ns / 20)
		return CAUSE_DELAYED;
	return CAUSE_NONE;
}

/* Sums up the results of the workers. Helpers of a pool have no end of their own. */
static void sum_up(const struct meter *m, struct pass *pass)
{
	uint64_t opened = atomic_load(&m->gate.opened_ns), first = UINT64_MAX, last = 0;
	for (unsigned i = 0; i < m->cell.jobs; i++) {
		const struct meter_worker *s = &m->workers[i];
		usage_add(pass, &s->before, &s->after, s->counters);
		if (!s->ended_ns)
			continue;
		first = MIN(first, s->ended_ns);
		last = MAX(last, s->ended_ns);
	}
	pass->first_done_ns = first - opened;
	pass->wall_ns = last - opened;
}

static int prepare(struct meter *m, struct err *err)
{
	const struct strategy *strategy = m->cell.strategy;
	int error = strategy->prepare ? strategy->prepare(&m->cell) : 0;
	if (error)
		return err_errno(err, error, "%s: cannot prepare a pass", strategy->name);
	if (m->cell.sink)
		sink_reset(m->cell.sink);
	else
		record_poison(m->cell.records, m->cell.load->n_entries);
	if (m->pool)
		pool_open(m->pool);
	if (m->sampler)
		sampler_begin(m->sampler, &m->cell);
	atomic_store(&m->cursor.next, 0);
	start_gate_close(&m->gate);
	return 0;
}

static int deliver(struct meter *m, struct err *err)
{
	const struct strategy *strategy = m->cell.strategy;
	int error = strategy->deliver ? strategy->deliver(&m->cell, m->cell.sink) : 0;
	return error ? err_errno(err, error, "%s: cannot take over its list", strategy->name) : 0;
}

int meter_pass(struct meter *m, struct pass *pass, struct err *err)
{
	struct usage_all before, after;
	int error = prepare(m, err);
	if (error)
		return error;
	usage_read_all(&before);
	crew_run(m->crew, m->cell.jobs, m->cpus, run_worker, m);
	usage_read_all(&after);

	*pass = (struct pass){.requests = COUNT_UNKNOWN};
	sum_up(m, pass);
	usage_add_all(pass, &before, &after, m->threads, m->cell.jobs);
	usage_release_all(&before);
	usage_release_all(&after);
	pass->why = disturbance(m, pass);
	pass->clean = !pass->why;
	error = first_error(m);
	if (*crew_stop(m->crew))
		return err_set(err, -ECANCELED, "%s: the pass was stopped", m->cell.strategy->name);
	if (error && m->cell.why)
		return err_set(err, error, "%s: %s", m->cell.strategy->name, m->cell.why);
	if (error)
		return err_errno(err, error, "%s failed", m->cell.strategy->name);
	return deliver(m, err);
}

void meter_sample(struct meter *m, struct sampler *sampler)
{
	if (m->sampler)
		sampler_end(&m->cell);
	m->sampler = sampler;
}

void meter_tally(struct meter *m, uint64_t tracepoint)
{
	m->tallied = tracepoint;
}

int meter_tally_error(const struct meter *m)
{
	int error = 0;
	for (unsigned i = 0; i < m->cell.jobs && !error; i++)
		error = m->workers[i].syscall_tally.error;
	return error;
}

void meter_move(struct meter *m, uint64_t dev)
{
	m->root.dev = dev;
}

const struct cell *meter_cell(const struct meter *m)
{
	return &m->cell;
}

void meter_syscalls(const struct meter *m, uint64_t counts[SYSCALL_KINDS])
{
	memset(counts, 0, SYSCALL_KINDS * sizeof(*counts));
	for (unsigned i = 0; i < m->cell.jobs; i++) {
		for (int kind = 0; kind < SYSCALL_KINDS; kind++)
			counts[kind] += m->workers[i].worker.syscalls[kind];
	}
}
