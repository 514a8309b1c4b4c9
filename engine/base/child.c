#include "engine/base/child.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"

enum {
	CHECK_MS = 50,     /* between two checks of stop and clock */
	FALLBACK_MS = 1,   /* between two checks of a child without a pidfd */
	FAREWELL_MS = 100, /* between SIGTERM and SIGKILL */
	SIGNALS = 31,      /* the standard signals, reset to their defaults in a child */
	FIRST = 4,         /* most descriptors that a child gets: 0 to 3 */
};

#define NS_PER_MS UINT64_C(1000000)

/* The data of the child between vfork and exec. */
struct spawn {
	const struct child_request *request;
	const char *const *argv;
	pid_t parent, group; /* group 0: a new one */
	int null_fd;
	int report; /* pipe to which the child writes the errno if the program cannot be started */
};

/*
 * Duplicates a descriptor to a number above those of the child; a number that is high enough is
 * returned unchanged.
 */
static int move_away(int fd)
{
	return fd < 0 || fd >= FIRST ? fd : fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
}

static int place_fds(const struct child_request *r, int null_fd)
{
	const int wanted[FIRST] = {r->in, r->out, r->err, r->third};
	int from[FIRST];
	for (int i = 0; i < FIRST; i++) {
		if (i == 3 && !wanted[i])
			continue;
		from[i] = move_away(wanted[i] ? wanted[i] : null_fd);
		if (from[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < FIRST; i++) {
		if ((i < 3 || wanted[i]) && dup2(from[i], (int)i) < 0)
			return -1;
	}
	return 0;
}

/* Ignored signals stay ignored across an exec. */
static void reset_signals(void)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;
	for (int sig = 1; sig <= SIGNALS; sig++)
		sigaction(sig, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Keeps the right to mount across an exec. In a user namespace this process has it whatever its
 * uid, but a program has it after exec only as an ambient capability. Without the right, the
 * program's own mount fails.
 */
static void keep_mounting(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &head, sets))
		return;
	sets[0].inheritable |= sets[0].permitted & 1U << CAP_SYS_ADMIN;
	if (syscall(SYS_capset, &head, sets) == 0)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0);
}

/* The child shares the memory of this process, so that no page tables are copied. */
static __attribute__((noreturn)) void exec_program(struct spawn *s)
{
	const struct child_request *r = s->request;
	setpgid(0, s->group);
	if (!r->lives_on)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != s->parent)
		_exit(127);
	reset_signals();
	if (r->mounts)
		keep_mounting();
	if (r->cpus)
		sched_setaffinity(0, sizeof(*r->cpus), r->cpus);
	if (place_fds(r, s->null_fd) == 0 && (!r->dir || chdir(r->dir) == 0)) {
		if (r->program)
			execv(r->program, (char *const *)s->argv);
		else
			execvp(s->argv[0], (char *const *)s->argv);
	}
	int error = errno;
	if (write(s->report, &error, sizeof(error)) < 0)
		_exit(127);
	_exit(127);
}

static __attribute__((noinline)) pid_t fork_child(struct spawn *s)
{
	pid_t pid = vfork();
	if (pid == 0)
		exec_program(s);
	return pid;
}

/*
 * Opens the pipe for the errno. Its numbers are above those of the child. It is closed by a
 * successful exec.
 */
static int open_report(struct spawn *s, int *reader)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	s->report = move_away(ends[1]);
	int error = s->report < 0 ? -errno : 0;
	if (s->report != ends[1])
		close(ends[1]);
	if (error)
		close(ends[0]);
	*reader = ends[0];
	return error;
}

/*
 * Returns the errno that the child wrote. A pipe is used, because vfork under the thread sanitizer
 * shares no memory.
 */
static int read_report(struct spawn *s, int reader)
{
	int error = 0;
	close(s->report);
	if (TEMP_FAILURE_RETRY(read(reader, &error, sizeof(error))) != sizeof(error))
		error = 0;
	close(reader);
	return -error;
}

/*
 * Signals are blocked, so that no handler runs in the child while it shares the memory of this
 * process.
 */
static int spawn(struct spawn *s, pid_t *pid)
{
	sigset_t all, before;
	int reader = -1, error = open_report(s, &reader);
	*pid = 0;
	if (error)
		return error;
	sigfillset(&all);
	s->parent = getpid();
	s->null_fd = -1;
	if (!s->request->in || !s->request->out || !s->request->err)
		s->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = fork_child(s);
	int failed = *pid < 0 ? -errno : 0;
	error = read_report(s, reader);
	error = failed ? failed : error;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (s->null_fd >= 0)
		close(s->null_fd);
	if (*pid > 0 && error)
		waitpid(*pid, NULL, 0);
	if (error)
		*pid = 0;
	return error;
}

/*
 * When this process ends, the kernel kills a child (PR_SET_PDEATHSIG), but not the programs that a
 * shell has started. The guard is the leader of their process group. It reads from a pipe that is
 * closed only when this process ends, and then kills the group.
 */
static int start_guard(struct child *child)
{
	static const char *const argv[] = {"sh", "-c", "read -r line; kill -KILL 0", NULL};
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	const struct child_request request = {
		.program = "/bin/sh", .in = ends[0], .lives_on = true};
	struct spawn s = {.request = &request, .argv = argv};
	int error = spawn(&s, &child->guard);
	close(ends[0]);
	child->guard_pipe = ends[1];
	return error;
}

int child_start(struct child *child, const struct child_request *request)
{
	const char *const shell[] = {"/bin/sh", "-c", request->shell, NULL};
	struct spawn s = {.request = request, .argv = request->shell ? shell : request->argv};
	*child = (struct child){.pidfd = -1, .guard_pipe = -1};
	int error = request->shell ? start_guard(child) : 0;
	s.group = child->guard;
	if (!error)
		error = spawn(&s, &child->pid);
	if (error)
		child_kill(child);
	else
		child->pidfd = pidfd_open(child->pid, 0);
	return error;
}

static void reap(pid_t *pid, int *status)
{
	while (*pid && waitpid(*pid, status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}

/* The group exists at least until its leader is reaped; before, its number cannot be reused. */
static void signal_group(const struct child *child, int sig)
{
	const pid_t group = child->guard ? child->guard : child->pid;
	if (group)
		kill(-group, sig);
	if (child->pid)
		kill(child->pid, sig); /* in case it has left its group */
}

static void close_fds(struct child *child)
{
	if (child->pidfd >= 0)
		close(child->pidfd);
	if (child->guard_pipe >= 0)
		close(child->guard_pipe);
	child->pidfd = child->guard_pipe = -1;
}

int child_kill(struct child *child)
{
	int status = 0;
	signal_group(child, SIGKILL);
	reap(&child->pid, &status);
	reap(&child->guard, &(int){0});
	close_fds(child);
	return status;
}

/* Reaps the child. Programs that it left running in the background are not killed. */
static int let_go(struct child *child)
{
	int status = 0;
	reap(&child->pid, &status);
	if (child->guard)
		kill(child->guard, SIGKILL);
	reap(&child->guard, &(int){0});
	close_fds(child);
	return status;
}

static bool has_ended(const struct child *child)
{
	siginfo_t info = {.si_pid = 0};
	if (!child->pid)
		return true;
	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == child->pid;
}

bool child_ended(const struct child *child, int timeout_ms)
{
	const uint64_t until = clock_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	struct pollfd fd = {child->pidfd, POLLIN, 0};
	for (;;) {
		uint64_t now = clock_ns();
		if (has_ended(child) || now >= until)
			return has_ended(child);
		int left = (int)((until - now) / NS_PER_MS) + 1;
		poll(&fd, 1, child->pidfd < 0 ? MIN(left, FALLBACK_MS) : left);
	}
}

enum child_end child_wait(struct child *child, uint64_t timeout_ns, const volatile int *stop,
			  int *status)
{
	const uint64_t began = clock_ns();
	enum child_end end = CHILD_ENDED;
	while (end == CHILD_ENDED && !child_ended(child, CHECK_MS)) {
		if (stop && *stop)
			end = CHILD_STOPPED;
		else if (timeout_ns && clock_ns() - began >= timeout_ns)
			end = CHILD_LATE;
	}
	if (end == CHILD_ENDED) {
		*status = let_go(child);
		return end;
	}
	signal_group(child, SIGTERM);
	child_ended(child, FAREWELL_MS);
	*status = child_kill(child);
	return end;
}

const char *child_end_text(int status, char end_text[CHILD_END_MAX])
{
	if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));
		snprintf(end_text, CHILD_END_MAX, "was killed by signal %d%s%s%s", WTERMSIG(status),
			 name ? " (SIG" : "", name ? name : "", name ? ")" : "");
	} else {
		snprintf(end_text, CHILD_END_MAX, "ended with exit code %d", WEXITSTATUS(status));
	}
	return end_text;
}

void child_words(int fd, char words[CHILD_WORDS_MAX])
{
	ssize_t n = pread(fd, words, CHILD_WORDS_MAX - 1, 0);
	size_t out = 0;
	for (ssize_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)words[i];
		if (isprint(c) && !(c == ' ' && (!out || words[out - 1] == ' ')))
			words[out++] = (char)c;
		else if (c == '\n' && out && words[out - 1] != ' ')
			words[out++] = ' ';
	}
	while (out && words[out - 1] == ' ')
		out--;
	words[out] = '\0';
}
