/*
 * statmark worker: an internal command. Measures one cell for a gate, by packets on a socket.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "datasets/tree/tree.h"
#include "engine/base/util.h"
#include "engine/cmd/cmd.h"
#include "engine/cmd/parts/registry.h"
#include "engine/gate/arm/arm.h"
#include "engine/gate/worker/serve.h"
#include "engine/order.h"

/* What the worker holds while it serves one request. */
struct session {
	struct worker_request order;
	struct arena *arena;
	struct topology *topology;
	struct workload *whole, *slice;
	struct arm_spec spec;
	int *cpus;
	char digest[DIGEST_TEXT_SIZE];
};

/*
 * A worker is killed when its gate ends. One that runs outside programs must end them first, so it
 * detects that the gate's end of the socket is closed.
 */
static void die_with_parent(const struct arm *arm)
{
	if (arm->kind != ARM_EXEC)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int open_tree(struct session *session, struct err *err)
{
	struct digest digest;
	const struct worker_request *order = &session->order;
	int error = workload_load(&session->whole, order->root, NULL, &cmd_stop, err);
	if (!error && order->end)
		error = workload_slice(&session->slice, session->whole, order->first, order->end);
	if (!error)
		error = tree_digest(session->slice ? session->slice : session->whole, &digest);
	if (!error)
		digest_text(&digest, session->digest);
	return error ? err_errno(err, error, "cannot read %s", order->root) : 0;
}

/* The digest was computed before; it depends on the order of the spans, not on their ends. */
static int cut_for_jobs(struct workload *load, unsigned jobs, struct err *err)
{
	int error = order_cut(load, jobs);
	return error ? err_errno(err, error, "cannot cut the tree into spans") : 0;
}

static int open_arm(struct session *session, const struct arm *arm, struct err *err)
{
	struct workload *load = session->slice ? session->slice : session->whole;
	const struct arm_request request = {
		.strategies = strategies,
		.cpus = topology_allowed(session->topology),
		.root = session->order.root,
		.entries = load->n_entries,
		.stage = STAGE_WALK,
		.timeout_ns = session->order.timeout_ns,
		.hangup_fd = PROTOCOL_FD,
	};
	int error = arm_open(&session->spec, arm, &request, session->arena, err);
	if (error)
		return error;
	unsigned jobs = session->spec.cell.jobs;
	error = cut_for_jobs(load, jobs, err);
	if (error)
		return error;
	struct pin pin;
	session->cpus = arena_alloc(session->arena, jobs * sizeof(*session->cpus));
	if (!session->cpus)
		return err_errno(err, -ENOMEM, "%s", arm->text);
	error = pin_parse(session->order.cpus, &pin, err);
	return error ? error : topology_place(session->topology, &pin, jobs, session->cpus, err);
}

static bool is_stopped(void *arg)
{
	(void)arg;
	return cmd_stop;
}

static int work(struct session *session, struct err *err)
{
	const struct halt halt = {.is_due = is_stopped};
	struct arm arm;
	int error = arm_parse(&arm, session->order.arm, session->arena, err);
	if (error)
		return error;
	die_with_parent(&arm);
	error = topology_open(&session->topology, NULL, err);
	if (!error)
		error = open_tree(session, err);
	if (!error) {
		serve_loaded(PROTOCOL_FD);
		error = open_arm(session, &arm, err);
	}
	if (error)
		return error;
	const struct serve_request request = {
		.fd = PROTOCOL_FD,
		.spec = &session->spec.cell,
		.cpus = session->cpus,
		.load = session->slice ? session->slice : session->whole,
		.digest = session->digest,
		.topology = session->topology,
		.halt = &halt,
	};
	return serve(&request, err);
}

static enum exit_code worker(const union options *all, char **operands)
{
	const struct worker_command *options = &all->worker;
	struct err err = {0};
	struct session session = {.arena = arena_new()};
	(void)options;
	int error =
		session.arena ? worker_request_from_words(&session.order, operands, &err) : -ENOMEM;
	/* There is no gate: a user has run the command. */
	if (error == -EINVAL || fcntl(PROTOCOL_FD, F_SETFD, FD_CLOEXEC)) {
		err_set(&err, -EINVAL, "worker is an internal command, which statmark gate starts");
		arena_free(session.arena);
		return cmd_fail(&err);
	}
	if (!error)
		error = work(&session, &err);
	if (error) {
		err_errno(&err, error, "the worker failed");
		serve_refuse(PROTOCOL_FD, &err);
	}
	arm_close(&session.spec);
	workload_free(session.slice);
	workload_free(session.whole);
	topology_close(session.topology);
	arena_free(session.arena);
	return error ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_worker = {
	.name = "worker",
	.operands = "",
	.bit = CMD_WORKER,
	.run = worker,
};
