#include "engine/gate/worker/serve.h"

#include <stdio.h>
#include <sys/socket.h>

#include "engine/base/util.h"
#include "engine/measure/figures/cell_row.h"
#include "engine/measure/pass/crew.h"
#include "engine/measure/pass/meter.h"
#include "engine/measure/verify/verify.h"
#include "engine/measure/watch/syscall_tally.h"

enum { PRIMING_LEAST = 2, PRIMING_MAX = 6 };

struct pass_server {
	const struct serve_request *request;
	struct crew *crew;
	struct pass_memory memory;
	struct meter *meter;
	struct reference reference;
	struct arena *arena;
	struct cell_result counted; /* only its counts and extras are used */
};

static int send_packet(const struct pass_server *s, const char *packet, size_t size)
{
	return send(s->request->fd, packet, size, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void serve_loaded(int fd)
{
	if (send(fd, PACKET_LOADED, strlen(PACKET_LOADED), MSG_NOSIGNAL) < 0)
		return; /* the next packet will fail, too */
}

void serve_refuse(int fd, const struct err *err)
{
	char packet[PACKET_MAX];
	size_t size = refused_to_packet(err->code ? err->code : -EIO, err->text, packet);
	if (send(fd, packet, size, MSG_NOSIGNAL) < 0)
		return; /* the gate has ended */
}

static int open_server(struct pass_server *s, struct err *err)
{
	const struct serve_request *r = s->request;
	const struct strategy *strategy = r->spec->strategy;
	if (!r->load->n_entries)
		return err_set(err, -EINVAL, "the tree has no entries");
	if (strategy->probe && strategy->probe(err))
		return err_set(err, -ENOTSUP, "%s cannot run here", strategy->name);
	s->counted.syscalls_reason = strategy->uncounted;
	s->reference.load = r->load;
	s->reference.stage = strategy->stage;
	struct pass_memory_size size = {0};
	pass_memory_measure(&size, r->load, strategy->stage);
	s->arena = arena_new();
	if (!s->arena || !cell_row_alloc(&s->counted, s->arena) ||
	    pass_memory_make(&s->memory, &size, strategy->stage, r->topology))
		return err_errno(err, -ENOMEM, "%s", strategy->name);
	int error = crew_new(&s->crew, r->spec->jobs, r->topology, err);
	if (error)
		return error;
	const struct meter_request meter = {
		.strategy = strategy,
		.params = r->spec->params,
		.jobs = r->spec->jobs,
		.cpus = r->cpus,
		.load = r->load,
		.records = s->memory.records,
		.sink = s->memory.sink,
		.crew = s->crew,
		.topology = r->topology,
	};
	error = meter_open(&s->meter, &meter, err);
	if (!error)
		error = reference_want(&s->reference, &meter_cell(s->meter)->answer);
	if (error)
		return error;
	s->reference.halt = r->halt;
	crew_bound(s->crew, r->halt);
	return reference_take(&s->reference);
}

static void close_server(struct pass_server *s)
{
	meter_close(s->meter);
	crew_free(s->crew);
	reference_release(&s->reference);
	pass_memory_release(&s->memory);
	arena_free(s->arena);
}

/* How the strategy has worked, if not in its own way. */
static void tell_way(const struct cell_result *cell, char *words, size_t size)
{
	const struct extra_fact *fact = result_other_way(cell);
	if (fact)
		snprintf(words, size, "%s%s%s", fact->other_way, fact->reason ? ": " : "",
			 fact->reason ? fact->reason : "");
}

/*
 * Makes one pass and verifies it. If the tree changes meanwhile, only the pass is unusable, not the
 * cell.
 */
static int pass_once(struct pass_server *s, struct worker_pass *out, uint64_t *reads,
		     struct err *err)
{
	struct digest digest;
	struct pass pass;
	char why[WHY_WORDS_MAX] = "";
	int error = meter_pass(s->meter, &pass, err);
	if (error)
		return error;
	enum verified verified =
		verify_pass(&s->reference, meter_cell(s->meter), &digest, why, sizeof(why));
	if (verified == VERIFIED_WRONG)
		return err_set(err, -EBADMSG, "wrong answer: %s", why);
	if (verified == VERIFIED_NO_MEMORY)
		return err_set(err, -ENOMEM, "%s", why);
	if (verified == VERIFIED_RIGHT) {
		cell_row_pass(&s->counted, s->meter, &digest, s->arena);
		cell_row_extras(&s->counted, s->meter, s->arena);
	}
	*reads = pass.block_reads;
	*out = (struct worker_pass){
		.wall_ns = MAX(pass.wall_ns, 1),
		.cpu_ns = pass.user_ns + pass.sys_ns,
		.delay_ns = pass.run_delay_ns,
		.verified = verified == VERIFIED_RIGHT,
		.clean = verified == VERIFIED_RIGHT && pass.clean && !pass.block_reads,
	};
	if (verified == VERIFIED_CHANGED)
		snprintf(out->why, sizeof(out->why), "the tree changed during the pass");
	else if (!out->clean)
		snprintf(out->why, sizeof(out->why), "%s",
			 cause_shown(pass.why ? pass.why : CAUSE_NOT_WARM));
	else
		tell_way(&s->counted, out->why, sizeof(out->why));
	return 0;
}

/* A strategy that cannot go on has failed; an earlier error is a mistake in the request. */
static int prime(struct pass_server *s, struct err *err)
{
	struct worker_pass pass;
	uint64_t reads = 1;
	int error = 0;
	for (int i = 0; !error && (i < PRIMING_LEAST || (reads && i < PRIMING_MAX)); i++)
		error = pass_once(s, &pass, &reads, err);
	return !error || error == -EINVAL || error == -ENOMEM ? error : -EBADMSG;
}

static int say_ready(const struct pass_server *s)
{
	const struct cell *cell = meter_cell(s->meter);
	char packet[PACKET_MAX];
	struct worker_ready ready = {
		.entries = s->request->load->n_entries,
		.stage = cell->strategy->stage,
		.addressing = cell->answer.addressing,
		.jobs = cell->jobs,
	};
	snprintf(ready.digest, sizeof(ready.digest), "%s", s->request->digest);
	return send_packet(s, packet, ready_to_packet(&ready, packet));
}

static int say_pass(struct pass_server *s)
{
	char packet[PACKET_MAX];
	struct worker_pass pass;
	struct err err = {0};
	uint64_t reads;
	if (pass_once(s, &pass, &reads, &err)) {
		send_packet(s, packet, failed_to_packet(err.text, packet));
		return -EBADMSG;
	}
	return send_packet(s, packet, pass_to_packet(&pass, packet));
}

/*
 * Counts system calls by the kernel. With several jobs the number of calls of a library's walk is
 * random.
 */
static void ask_kernel(struct pass_server *s)
{
	const struct strategy *strategy = meter_cell(s->meter)->strategy;
	struct worker_pass pass;
	uint64_t reads;
	if (!strategy->uncounted || strategy->flags & (STRATEGY_OUTSIDE | STRATEGY_MAKES_THREADS) ||
	    meter_cell(s->meter)->jobs > 1)
		return;
	const uint64_t tracepoint = syscall_tally_find();
	if (!tracepoint)
		return;
	meter_tally(s->meter, tracepoint);
	if (!pass_once(s, &pass, &reads, NULL) && pass.verified && !meter_tally_error(s->meter))
		cell_row_syscalls(&s->counted, s->meter);
	meter_tally(s->meter, 0);
}

static int say_counts(struct pass_server *s)
{
	ask_kernel(s);
	const struct cell_result *cell = &s->counted;
	struct worker_counts counts = {
		.n = 2,
		.rows = {{"entries", s->request->load->n_entries}, {"errors", cell->errors}},
	};
	char packet[PACKET_MAX];
	/* The other side may have counted before the change. */
	if (!still_is_all(&s->reference.still))
		counts.n = 0;
	for (size_t i = 0; counts.n && i < cell->n_syscalls && counts.n < COUNTS_MAX; i++) {
		struct worker_count *row = &counts.rows[counts.n++];
		snprintf(row->name, sizeof(row->name), "%s", cell->syscalls[i].name);
		row->count = cell->syscalls[i].count;
	}
	return send_packet(s, packet, counts_to_packet(&counts, packet));
}

static int answer(struct pass_server *s, const char *question)
{
	char packet[PACKET_MAX];
	if (strcmp(question, "pass") == 0)
		return say_pass(s);
	if (strcmp(question, "counts") == 0)
		return say_counts(s);
	send_packet(s, packet, failed_to_packet("got an unknown request", packet));
	return -EPROTO;
}

int serve(const struct serve_request *request, struct err *err)
{
	struct pass_server s = {.request = request};
	char packet[PACKET_MAX];
	int error = open_server(&s, err);
	if (!error)
		error = prime(&s, err);
	int told = error ? error : say_ready(&s);
	while (!told) {
		ssize_t got = recv(request->fd, packet, sizeof(packet) - 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		packet[got] = '\0';
		told = answer(&s, packet);
	}
	close_server(&s);
	if (error && err)
		err->code = error;
	return error ? err_errno(err, error, "cannot run %s", request->spec->label) : 0;
}
