#include "engine/lab/sshfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/unnamed.h"
#include "engine/base/util.h"
#include "engine/lab/fuse.h"
#include "engine/lab/mount.h"

enum {
	BYTES_MAX = 4 << 20, /* in flight */
	READS_MAX = 1 << 16,
	READ_MAX = 1 << 16,
};

/* Bytes that were read at once, and when they are due. */
struct late {
	uint64_t due;
	size_t size;
};

struct delay_ring {
	int in, out; /* in -1: the writer has ended */
	uint64_t late_ns;
	char bytes[BYTES_MAX];
	struct late reads[READS_MAX];
	size_t first, n;   /* of the late reads */
	size_t from, used; /* of the bytes */
};

/* How much can be read into one contiguous piece. */
static size_t room(const struct delay_ring *r)
{
	const size_t end = (r->from + r->used) % BYTES_MAX;
	const size_t piece =
		end < r->from || r->used == BYTES_MAX ? r->from - end : BYTES_MAX - end;
	return r->n == READS_MAX || r->used == BYTES_MAX ? 0 : MIN(piece, READ_MAX);
}

static void take(struct delay_ring *r)
{
	char *to = r->bytes + (r->from + r->used) % BYTES_MAX;
	const ssize_t n = TEMP_FAILURE_RETRY(read(r->in, to, room(r)));
	if (n <= 0) {
		r->in = -1;
		return;
	}
	r->reads[(r->first + r->n++) % READS_MAX] =
		(struct late){clock_ns() + r->late_ns, (size_t)n};
	r->used += (size_t)n;
}

/* Writes what is due. The reader is always ready, so a blocking write is acceptable. */
static void give(struct delay_ring *r)
{
	struct late *late = &r->reads[r->first];
	while (late->size) {
		const ssize_t n = TEMP_FAILURE_RETRY(
			write(r->out, r->bytes + r->from, MIN(late->size, BYTES_MAX - r->from)));
		if (n <= 0)
			_exit(0);
		r->from = (r->from + (size_t)n) % BYTES_MAX;
		r->used -= (size_t)n;
		late->size -= (size_t)n;
	}
	r->first = (r->first + 1) % READS_MAX;
	r->n--;
}

static _Noreturn void run(struct delay_ring *r)
{
	while (r->in >= 0 || r->n) {
		struct pollfd fd = {r->in, POLLIN, 0};
		const uint64_t now = clock_ns(), due = r->n ? r->reads[r->first].due : 0;
		const uint64_t left = due > now ? due - now : 0;
		const struct timespec wait = {.tv_sec = (time_t)(left / NS_PER_SECOND),
					      .tv_nsec = (long)(left % NS_PER_SECOND)};
		const int ready =
			ppoll(&fd, r->in >= 0 && room(r) ? 1 : 0, r->n ? &wait : NULL, NULL);
		while (r->n && r->reads[r->first].due <= clock_ns())
			give(r);
		if (ready > 0 && room(r))
			take(r);
	}
	_exit(0);
}

/* Signals from the terminal are for the parent. Other ends of pipes are closed in this process. */
static void init_process(struct delay_ring *r, pid_t parent)
{
	enum { FIRST = 3, HIGH = 64 };
	char name[16];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	snprintf(name, sizeof(name), "relay-%d", (int)parent);
	prctl(PR_SET_NAME, name);
	prctl(PR_SET_TIMERSLACK, 1);
	for (int sig = SIGHUP; sig <= SIGQUIT; sig++)
		signal(sig, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	const int in = fcntl(r->in, F_DUPFD, HIGH), out = fcntl(r->out, F_DUPFD, HIGH);
	r->in = dup2(in, FIRST);
	r->out = dup2(out, FIRST + 1);
	if (r->in < 0 || r->out < 0 || chdir("/"))
		_exit(1);
	close_range(FIRST + 2, ~0U, 0);
}

int relay_start(pid_t *relay, int *fd, uint64_t late_ns, struct err *err)
{
	struct delay_ring *ring = calloc(1, sizeof(*ring));
	const pid_t parent = getpid();
	int ends[2];
	if (!ring || pipe2(ends, O_CLOEXEC)) {
		const int error = ring ? -errno : -ENOMEM;
		free(ring);
		return err_errno(err, error, "cannot start a relay");
	}
	ring->in = *fd;
	ring->out = ends[1];
	ring->late_ns = late_ns;
	const pid_t pid = fork();
	if (pid == 0) {
		init_process(ring, parent);
		run(ring);
	}
	const int error = pid < 0 ? err_errno(err, -errno, "cannot start a relay") : 0;
	free(ring);
	close(ends[1]);
	close(*fd);
	*fd = ends[0];
	*relay = MAX(pid, 0);
	return error;
}

void relay_end(pid_t *relay)
{
	if (!*relay)
		return;
	kill(*relay, SIGKILL);
	waitpid(*relay, NULL, 0);
	*relay = 0;
}

enum {
	START_MS = 10000,
	CHECK_MS = 5,
	ASKED = 32, /* requests that are timed */
};

/* The paths in distributions: it is not a program for users, so it is not in PATH. */
static const char *const servers[] = {
	"/usr/lib/openssh/sftp-server",
	"/usr/libexec/openssh/sftp-server",
	"/usr/lib/ssh/sftp-server",
	"/usr/libexec/sftp-server",
};

static int find_server(const char **path, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		*path = servers[i];
		if (access(*path, X_OK) == 0)
			return 0;
	}
	return err_set(err, -ENOTSUP,
		       "sshfs is served by OpenSSH's sftp-server, which is missing: install "
		       "openssh-sftp-server");
}

/* --- Processes ------------------------------------------------------------------------------- */

static int start_server(struct sshfs *s, int in, int out, struct err *err)
{
	const char *path;
	int error = find_server(&path, err);
	if (error)
		return error;
	const char *const argv[] = {path, NULL};
	const struct child_request request = {.argv = argv, .in = in, .out = out};
	error = child_start(&s->server, &request);
	return error ? err_errno(err, error, "cannot start %s", path) : 0;
}

/* "passive,cache=no"; the user's options come last. NULL: out of memory. */
static char *join_options(const struct lab_spec *spec)
{
	char *all = strdup("passive");
	for (size_t i = 0; all && i < spec->n_options; i++) {
		char *longer;
		if (asprintf(&longer, "%s,%s", all, spec->options[i]) < 0)
			longer = NULL;
		free(all);
		all = longer;
	}
	return all;
}

static int start_client(struct sshfs *s, const struct lab_spec *spec, int in, int out, int said,
			struct err *err)
{
	char source[100], *options = join_options(spec);
	snprintf(source, sizeof(source), "statmark:%s", s->from);
	const char *const argv[] = {"sshfs", "-f", "-o", options, source, s->dir, NULL};
	const struct child_request request = {
		.argv = argv, .in = in, .out = out, .err = said, .mounts = true};
	int error = options ? child_start(&s->client, &request) : -ENOMEM;
	free(options);
	if (error == -ENOENT)
		return err_set(err, -ENOTSUP, "sshfs is missing: install sshfs");
	return error ? err_errno(err, error, "cannot start sshfs") : 0;
}

static void close_both(int ends[2])
{
	for (int i = 0; i < 2; i++) {
		if (ends[i] >= 0)
			close(ends[i]);
	}
}

/* Requests go directly to the server; answers are delayed. */
static int start_all(struct sshfs *s, const struct lab_spec *spec, int said, struct err *err)
{
	int ask[2] = {-1, -1}, answer[2] = {-1, -1};
	int error = pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC)
			    ? err_errno(err, -errno, "cannot make pipes for sshfs")
			    : 0;
	if (!error)
		error = start_server(s, ask[0], answer[1], err);
	if (!error && spec->rtt_ns)
		error = relay_start(&s->relay, &answer[0], spec->rtt_ns, err);
	if (!error)
		error = start_client(s, spec, answer[0], ask[1], said, err);
	close_both(ask);
	close_both(answer);
	return error;
}

/* --- Mount ----------------------------------------------------------------------------------- */

/* Quotes sshfs's own message, which often is about one of many options. */
static int complain(struct sshfs *s, int said, struct err *err)
{
	char words[CHILD_WORDS_MAX], end_text[CHILD_END_MAX];
	const int status = child_kill(&s->client);
	child_words(said, words);
	return err_set(err, -EINVAL, "sshfs %s%s%s", child_end_text(status, end_text),
		       *words ? ": " : "", words);
}

/* The client mounts after its handshake with the server. */
static int wait_for_mount(struct sshfs *s, int said, struct err *err)
{
	struct stat before, now;
	const uint64_t until = clock_ns() + START_MS * UINT64_C(1000000);
	if (stat(lab_place(), &before))
		return err_errno(err, -errno, "cannot stat %s", lab_place());
	for (;;) {
		if (child_ended(&s->client, CHECK_MS))
			return complain(s, said, err);
		if (stat(s->dir, &now) == 0 && now.st_dev != before.st_dev)
			break;
		if (clock_ns() >= until)
			return err_set(err, -ETIMEDOUT, "sshfs did not mount within %d s",
				       START_MS / 1000);
	}
	s->is_mounted = true;
	return 0;
}

int sshfs_open(struct sshfs *s, const struct lab_spec *spec, const char *from, const char *dir,
	       struct err *err)
{
	*s = (struct sshfs){.from = from, .dir = dir};
	int error = fuse_probe("sshfs", err);
	if (error)
		return error;
	int said = unnamed_file("statmark-sshfs");
	if (said < 0)
		return err_errno(err, said, "cannot make a file for the output of sshfs");
	error = start_all(s, spec, said, err);
	error = error ? error : wait_for_mount(s, said, err);
	close(said);
	if (error)
		sshfs_close(s);
	return error;
}

int sshfs_facts(const struct sshfs *s, const struct lab_spec *spec, char *text, size_t size,
		struct err *err)
{
	struct statfs about;
	uint64_t least = UINT64_MAX;
	for (int i = 0; i < ASKED; i++) {
		const uint64_t began = clock_ns();
		if (statfs(s->dir, &about))
			return err_errno(err, -errno, "cannot time statfs on %s", s->dir);
		least = MIN(least, clock_ns() - began);
	}
	char late[48] = "";
	if (spec->rtt_ns)
		snprintf(late, sizeof(late), ", answers %.2f ms late", (double)spec->rtt_ns / 1e6);
	snprintf(
		text, size,
		"of a tree in memory; sshfs and sftp-server on a pipe%s; a request took %.2f ms at "
		"least",
		late, (double)least / 1e6);
	return 0;
}

/* A child that was never started is zeroed, and so are its descriptors, but 0 is a valid one. */
static void end(struct child *child)
{
	if (child->pid)
		child_kill(child);
}

static void end_processes(struct sshfs *s)
{
	end(&s->client);
	end(&s->server);
	relay_end(&s->relay);
}

int sshfs_unmount(struct sshfs *s)
{
	int error = s->is_mounted ? lab_unmount(s->dir) : 0;
	if (error)
		return error;
	s->is_mounted = false;
	end_processes(s);
	return 0;
}

void sshfs_close(struct sshfs *s)
{
	end_processes(s);
	/* processes in it get ENOTCONN */
	if (s->is_mounted)
		umount2(s->dir, MNT_DETACH | UMOUNT_NOFOLLOW);
	s->is_mounted = false;
}
