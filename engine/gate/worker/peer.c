#include "engine/gate/worker/peer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "engine/base/child.h"
#include "engine/base/clock.h"
#include "engine/base/unnamed.h"
#include "engine/base/util.h"

enum {
	CHECK_MS = 50,      /* between two checks of stop */
	FAREWELL_MS = 2000, /* for a worker to end by itself */
};

/*
 * A worker that does not answer is given up; one whose program is late reports that itself before.
 */
#define GRACE_NS (5 * NS_PER_SECOND)
#define LOAD_NS  (1000 * NS_PER_SECOND)

struct peer {
	const char *name, *program;
	const volatile int *stop;
	uint64_t timeout_ns;
	bool runs_programs; /* the worker starts programs, and must end them itself */
	struct child child;
	int socket, said; /* said: its stderr */
};

/* argv[0] comes before the words of the order. */
static int start(struct peer *p, const struct worker_request *order)
{
	char numbers[WORKER_REQUEST_ROOM];
	const char *words[WORKER_REQUEST_WORDS + 1] = {"statmark"};
	int ends[2];
	worker_request_to_words(order, numbers, words + 1);
	p->said = unnamed_file("stderr");
	if (p->said < 0)
		return p->said;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	p->socket = ends[0];
	const struct child_request request = {
		.argv = words,
		.program = p->program,
		.err = p->said,
		.third = ends[1],
		.lives_on = p->runs_programs,
	};
	int error = child_start(&p->child, &request);
	close(ends[1]);
	return error;
}

int peer_start(struct peer **out, const struct peer_request *request, struct err *err)
{
	struct peer *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(err, -ENOMEM, "%s", request->name);
	*p = (struct peer){
		.name = request->name,
		.program = request->program,
		.stop = request->stop,
		.timeout_ns = request->order.timeout_ns + GRACE_NS,
		.runs_programs = strncmp(request->order.arm, "exec", 4) == 0,
		.socket = -1,
		.said = -1,
	};
	int error = start(p, &request->order);
	if (error) {
		peer_stop(p);
		if (error == -ENOMEM || error == -EMFILE || error == -EAGAIN)
			return err_errno(err, error, "%s: cannot start %s", request->name,
					 request->program);
		return err_set(err, -EBADMSG, "%s: %s cannot be executed: %s", request->name,
			       request->program, strerror(-error));
	}
	*out = p;
	return 0;
}

/* Its results are no longer needed: it ends when its current system call returns. */
static void end_at_once(struct peer *p)
{
	if (!p->runs_programs)
		child_kill(&p->child);
	else if (p->child.pid)
		kill(p->child.pid, SIGTERM);
}

void peer_stop(struct peer *p)
{
	if (!p)
		return;
	if (p->stop && *p->stop)
		end_at_once(p);
	if (p->socket >= 0)
		close(p->socket);
	if (p->child.pid) {
		child_ended(&p->child, FAREWELL_MS);
		child_kill(&p->child);
	}
	if (p->said >= 0)
		close(p->said);
	free(p);
}

/* Reads the first line of the worker's stderr; "" if there is none. */
static void read_said(const struct peer *p, char *line, size_t size)
{
	ssize_t got = pread(p->said, line, size - 1, 0);
	line[MAX(got, 0)] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* Explains why the worker is gone, after it closed the socket. */
static int tell_death(struct peer *p, bool is_worker, struct err *err)
{
	char said[200];
	char end_text[CHILD_END_MAX];
	child_ended(&p->child, FAREWELL_MS);
	int status = child_kill(&p->child);
	read_said(p, said, sizeof(said));
	const char *colon = *said ? ": " : "";
	child_end_text(status, end_text);
	if (is_worker || WIFSIGNALED(status))
		return err_set(err, -EBADMSG, "%s: its worker %s%s%s", p->name, end_text, colon,
			       said);
	return err_set(err, -EBADMSG, "%s: %s cannot run as a worker of statmark: it %s%s%s",
		       p->name, p->program, end_text, colon, said);
}

static int tell_silence(struct peer *p, uint64_t waited_ns, struct err *err)
{
	return err_set(err, -EBADMSG,
		       "%s: its worker did not answer within %llu s; raise --timeout", p->name,
		       (unsigned long long)(waited_ns / NS_PER_SECOND));
}

/* Receives a packet and terminates it by NUL. */
static int receive(struct peer *p, char *packet, uint64_t timeout_ns, bool is_worker,
		   struct err *err)
{
	const uint64_t began = clock_ns();
	struct pollfd fd = {p->socket, POLLIN, 0};
	while (poll(&fd, 1, CHECK_MS) <= 0) {
		if (p->stop && *p->stop)
			return -EINTR;
		if (clock_ns() - began > timeout_ns)
			return tell_silence(p, timeout_ns, err);
	}
	ssize_t got = recv(p->socket, packet, PACKET_MAX - 1, 0);
	if (got <= 0)
		return tell_death(p, is_worker, err);
	packet[got] = '\0';
	for (ssize_t i = 0; i < got; i++) {
		if (!packet[i])
			packet[i] = '?'; /* no word of the protocol contains a NUL */
	}
	return 0;
}

/* Reports an error of the protocol: the peer is another program, or is broken. */
static int tell_strange(const struct peer *p, int error, const struct err *why, struct err *err)
{
	if (!error)
		return 0;
	bool strange = error == -EPROTO;
	return err_set(err, strange ? -EBADMSG : error, "%s: %s%s%s", p->name,
		       strange ? p->program : "", strange ? " " : "", why->text);
}

int peer_ready(struct peer *p, struct worker_ready *ready, struct err *err)
{
	char packet[PACKET_MAX];
	struct err why = {0};
	int error = receive(p, packet, LOAD_NS, false, err);
	/* So the peer is a worker. It makes some passes until it is ready. */
	if (!error && strcmp(packet, PACKET_LOADED) == 0)
		error = receive(p, packet, 3 * p->timeout_ns, true, err);
	if (error)
		return error;
	return tell_strange(p, ready_from_packet(ready, packet, &why), &why, err);
}

static int ask(struct peer *p, const char *question, char *packet, struct err *err)
{
	if (send(p->socket, question, strlen(question), MSG_NOSIGNAL) < 0)
		return tell_death(p, true, err);
	return receive(p, packet, p->timeout_ns, true, err);
}

int peer_pass(struct peer *p, struct worker_pass *pass, struct err *err)
{
	char packet[PACKET_MAX];
	struct err why = {0};
	int error = ask(p, "pass", packet, err);
	if (error)
		return error;
	return tell_strange(p, pass_from_packet(pass, packet, &why), &why, err);
}

int peer_counts(struct peer *p, struct worker_counts *counts, struct err *err)
{
	char packet[PACKET_MAX];
	struct err why = {0};
	int error = ask(p, "counts", packet, err);
	if (error)
		return error;
	return tell_strange(p, counts_from_packet(counts, packet, &why), &why, err);
}
