#include "engine/lab/guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/base/child.h"
#include "engine/base/clock.h"
#include "engine/base/embed.h"
#include "engine/base/unnamed.h"
#include "engine/base/util.h"

enum {
	CHECK_MS = 50, /* between two checks of stop and clock */
	SECTOR = 512,  /* a block device consists of whole sectors */
	CONSOLE_LINE = 400,
	LAST_LINES = 4, /* lines of the console that a message quotes */
	KILLER_MS = 5000,
};

#define MARK "@lab "

/* This process's ends of the guest's terminals; the second one is bidirectional. */
struct console_lines {
	int console, second;
};

struct guest {
	const struct guest_request *request;
	struct child child, session_killer;
	int killer_pipe; /* to session_killer; -1: none */
	struct console_lines lines;
	char line[CONSOLE_LINE]; /* the current line of the console, so far */
	size_t length;
	char last[LAST_LINES][CONSOLE_LINE]; /* complete lines, a ring */
	size_t n_lines;
	char step[96];
	char failure[CONSOLE_LINE];   /* why the script failed */
	bool is_up, is_done, is_lost; /* it measures; it has ended well; its kernel has crashed */
	uint64_t began_ns, asked_ns;
};

/* --- The console ----------------------------------------------------------------------------- */

static const char *after(const char *line, const char *word)
{
	const size_t length = strlen(word);
	return strncmp(line, word, length) == 0 ? line + length : NULL;
}

/* Parses a line by which the script reports its state. */
static void take_mark(struct guest *g, const char *words)
{
	const struct guest_request *r = g->request;
	const char *rest;
	int code, length = 0;
	if ((rest = after(words, "step "))) {
		snprintf(g->step, sizeof(g->step), "%s", rest);
		r->step(r->arg, rest);
	} else if (strcmp(words, "run") == 0) {
		snprintf(g->step, sizeof(g->step), "measuring");
		g->is_up = true;
		r->began(r->arg);
	} else if ((rest = after(words, "failed "))) {
		snprintf(g->failure, sizeof(g->failure), "%s", rest);
	} else if (sscanf(words, "code %d %n", &code, &length) == 1 && length) {
		r->ended(r->arg, code, words + length);
	} else if (strcmp(words, "done") == 0) {
		g->is_done = true;
	}
}

/* Whether a line is one that this kernel always prints at start. */
static bool is_usual(const char *line)
{
	static const char *const usual[] = {"make_umid",    "Failed to initialize umid",
					    "mmapper_init", "Dev ubda",
					    "SELinux:",     "remove_umid_dir"};
	for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
		if (after(line, usual[i]))
			return true;
	}
	return false;
}

static void take_line(struct guest *g)
{
	g->line[g->length] = '\0';
	const char *mark = strstr(g->line, MARK);
	if (mark)
		take_mark(g, mark + strlen(MARK));
	else if (g->length && !g->is_lost && !is_usual(g->line))
		snprintf(g->last[g->n_lines++ % LAST_LINES], CONSOLE_LINE, "%s", g->line);
	/* after this, a call trace follows */
	g->is_lost |= after(g->line, "Kernel panic") != NULL;
	g->length = 0;
}

static void take_console(struct guest *g, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			take_line(g);
		else if (text[i] != '\r' && g->length < CONSOLE_LINE - 1)
			g->line[g->length++] = text[i];
	}
}

/* Reads what is available; false: end of file. */
static bool drain(int fd, char *buf, size_t size, ssize_t *got)
{
	*got = TEMP_FAILURE_RETRY(read(fd, buf, size));
	return *got > 0 || (*got < 0 && errno == EAGAIN);
}

/* "; its console ends with: ..", for a message. */
static const char *last_words(struct guest *g, char *words, size_t size)
{
	size_t used = 0;
	if (g->length)
		take_line(g);
	words[0] = '\0';
	for (size_t i = g->n_lines > LAST_LINES ? g->n_lines - LAST_LINES : 0; i < g->n_lines; i++)
		used += (size_t)snprintf(
			words + used, size - MIN(used, size), "%s%s",
			used ? " / " : "; its console ends with: ", g->last[i % LAST_LINES]);
	return words;
}

/* --- Start ----------------------------------------------------------------------------------- */

int guest_find(const char *program, char *path, size_t size)
{
	const char *set = getenv("PATH");
	char dirs[4096], *rest = dirs, *dir;
	snprintf(dirs, sizeof(dirs), "%s:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
		 set ? set : "");
	while ((dir = strsep(&rest, ":"))) {
		if (*dir == '/' && snprintf(path, size, "%s/%s", dir, program) < (int)size &&
		    access(path, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

const struct guest_need *guest_lacks(const struct guest_need *needs)
{
	char path[4096];
	for (; needs->program; needs++) {
		if (guest_find(needs->program, path, sizeof(path)))
			return needs;
	}
	return NULL;
}

const char *guest_text(const char *name)
{
	const struct embedded *e = embedded_guest;
	while (strcmp(e->name, name) != 0)
		e++;
	return e->text;
}

static int put(int fd, const char *text, size_t size)
{
	while (size) {
		const ssize_t done = TEMP_FAILURE_RETRY(write(fd, text, size));
		if (done < 0)
			return -errno;
		text += done;
		size -= (size_t)done;
	}
	return 0;
}

/* Makes the script a disk of whole sectors: the last one is filled up with empty lines. */
static int script_open(const char *script)
{
	static const char empty[SECTOR + 1] = {[0 ... SECTOR - 1] = '\n'};
	const size_t length = strlen(script), over = length % SECTOR;
	int fd = unnamed_file("statmark-guest");
	if (fd < 0)
		return fd;
	int error = put(fd, script, length);
	error = error ? error : put(fd, empty, over ? SECTOR - over : 0);
	if (!error)
		return fd;
	close(fd);
	return error;
}

/*
 * The kernel's memory is a file in /dev/shm, whatever $TMPDIR is. The kernel also makes a directory
 * for sockets, which are not used; it is placed below /proc, where this fails, which the kernel
 * accepts.
 */
static int start_kernel(struct guest *g, int script, const struct console_lines *theirs,
			struct err *err)
{
	char memory[32];
	const char *const argv[] = {"env",
				    "-u",
				    "TMPDIR",
				    "-u",
				    "TMP",
				    "-u",
				    "TEMP",
				    g->request->program,
				    memory,
				    "root=/dev/root",
				    "rootfstype=hostfs",
				    "rootflags=/",
				    "ro",
				    "init=/bin/sh",
				    "quiet",

				    "con=null",
				    "con0=null,fd:1",
				    "con1=fd:3",
				    "ubd0r=/proc/self/fd/0",
				    "uml_dir=/proc/",
				    "umid=statmark",
				    "--",
				    "/dev/ubda",
				    NULL};
	const struct child_request child = {
		.argv = argv,
		.in = script,
		.out = theirs->console,
		.err = theirs->console,
		.third = theirs->second,
	};
	snprintf(memory, sizeof(memory), "mem=%" PRIu64 "M", g->request->memory_bytes >> 20);
	int error = child_start(&g->child, &child);
	return error ? err_errno(err, error, "cannot start %s", g->request->program) : 0;
}

/*
 * The kernel starts a session of its own, in which its helpers would survive if it is killed. A
 * second process kills that session when the pipe that it reads from is closed: at the latest when
 * this process ends.
 */
static int start_session_killer(struct guest *g, struct err *err)
{
	char session[16];
	const char *const argv[] = {"sh", "-c", guest_text("kill_session"), session, NULL};
	struct child_request request = {.program = "/bin/sh", .argv = argv, .lives_on = true};
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return err_errno(err, -errno, "guest");
	snprintf(session, sizeof(session), "%d", (int)g->child.pid);
	request.in = ends[0];
	g->killer_pipe = ends[1];
	int error = child_start(&g->session_killer, &request);
	close(ends[0]);
	return error ? err_errno(err, error, "cannot start /bin/sh") : 0;
}

static int start(struct guest *g, int script, const struct console_lines *theirs, struct err *err)
{
	int error = start_kernel(g, script, theirs, err);
	return error ? error : start_session_killer(g, err);
}

/* Returns the status of the kernel. Until it is reaped, its number cannot be reused. */
static int end(struct guest *g)
{
	if (g->killer_pipe >= 0)
		close(g->killer_pipe);
	child_ended(&g->session_killer, KILLER_MS);
	child_kill(&g->session_killer);
	return child_kill(&g->child);
}

static void close_lines(struct console_lines *l)
{
	int *const fds[] = {&l->console, &l->second};
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static int open_lines(struct console_lines *ours, struct console_lines *theirs)
{
	int pipe[2], pair[2];
	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	ours->console = pipe[0];
	theirs->console = pipe[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -errno;
	ours->second = pair[0];
	theirs->second = pair[1];
	return 0;
}

/* --- While it runs --------------------------------------------------------------------------- */

/* Writes a line to the second terminal; then the script interrupts the measurement. */
static void ask_to_end(struct guest *g, uint64_t now)
{
	g->asked_ns = now;
	if (write(g->lines.second, "\n", 1) < 0)
		g->asked_ns = 1; /* it cannot be notified, so its time is up at once */
}

static int check_time(struct guest *g, struct err *err)
{
	const struct guest_request *r = g->request;
	const uint64_t now = clock_ns(), spent = now - g->began_ns;
	char words[LAST_LINES * CONSOLE_LINE / 2];
	if (!g->asked_ns && r->stop && *r->stop) {
		if (!g->is_up)
			return err_set(err, -EINTR, "interrupted");
		ask_to_end(g, now);
	}
	if (g->asked_ns && now - g->asked_ns > r->farewell_ns)
		return err_set(err, -EINTR, "interrupted; the guest did not end by itself");
	if (!g->is_up && spent > r->boot_ns)
		return err_set(
			err, -ETIMEDOUT, "the guest did not boot within %" PRIu64 " s; it was %s%s",
			r->boot_ns / NS_PER_SECOND, g->step, last_words(g, words, sizeof(words)));
	if (!g->asked_ns && r->run_ns && spent > r->run_ns)
		return err_set(
			err, -ETIMEDOUT, "the guest did not end within %" PRIu64 " s; it was %s%s",
			r->run_ns / NS_PER_SECOND, g->step, last_words(g, words, sizeof(words)));
	return 0;
}

/* Reads the output of the guest; false: both of its terminals are closed. */
static bool hear(struct guest *g)
{
	const struct guest_request *r = g->request;
	char buf[4096];
	ssize_t got;
	bool is_open = drain(g->lines.console, buf, sizeof(buf), &got);
	if (got > 0)
		take_console(g, buf, (size_t)got);
	is_open |= drain(g->lines.second, buf, sizeof(buf), &got);
	if (got > 0)
		r->said(r->arg, buf, (size_t)got);
	return is_open;
}

static int attend(struct guest *g, struct err *err)
{
	int error = 0;
	while (!error && !child_ended(&g->child, 0)) {
		struct pollfd fds[] = {{g->lines.console, POLLIN, 0},
				       {g->lines.second, POLLIN, 0},
				       {g->child.pidfd, POLLIN, 0}};
		poll(fds, ARRAY_LEN(fds), CHECK_MS);
		hear(g);
		error = check_time(g, err);
	}
	return error;
}

/* Its last output is still in the pipes. */
static int conclude(struct guest *g, int status, struct err *err)
{
	char end_text[CHILD_END_MAX], words[LAST_LINES * CONSOLE_LINE / 2];
	for (int i = 0; i < 64; i++)
		hear(g);
	if (g->is_done)
		return g->asked_ns ? err_set(err, -EINTR, "interrupted") : 0;
	if (*g->failure)
		return err_set(err, -EIO, "the guest failed: %s%s", g->failure,
			       last_words(g, words, sizeof(words)));
	return err_set(err, -EIO, "the guest %s while it was %s%s",
		       child_end_text(status, end_text), g->step,
		       last_words(g, words, sizeof(words)));
}

int guest_run(const struct guest_request *request, struct err *err)
{
	struct console_lines theirs = {-1, -1};
	struct guest *g = calloc(1, sizeof(*g));
	int script = -1, error = g ? 0 : -ENOMEM;
	if (!g)
		return err_errno(err, error, "cannot start the guest");
	*g = (struct guest){.request = request,
			    .lines = {-1, -1},
			    .killer_pipe = -1,
			    .child = {.pidfd = -1, .guard_pipe = -1},
			    .session_killer = {.pidfd = -1, .guard_pipe = -1},
			    .step = "starting",
			    .began_ns = clock_ns()};
	script = script_open(request->script);
	error = script < 0 ? script : open_lines(&g->lines, &theirs);
	error = error ? err_errno(err, error, "cannot start the guest")
		      : start(g, script, &theirs, err);
	close_lines(&theirs);
	if (script >= 0)
		close(script);
	const bool is_started = !error;
	error = error ? error : attend(g, err);
	const int status = end(g);
	if (is_started && !error)
		error = conclude(g, status, err);
	close_lines(&g->lines);
	free(g);
	return error;
}
