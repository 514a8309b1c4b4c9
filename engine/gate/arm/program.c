/*
 * The program's output goes to pipes, not to /dev/null, because some programs skip their work if
 * they detect /dev/null. But a reader that wakes up for each piece of output takes the CPU from the
 * program and slows it down. So once output comes, it is read every millisecond from a large pipe;
 * only the end of the program wakes the reader.
 */
#include "engine/gate/arm/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/base/child.h"
#include "engine/base/clock.h"
#include "engine/base/count.h"
#include "engine/base/util.h"
#include "engine/result.h"

enum {
	PIPE_SIZE = 1 << 20,
	TICK_MS = 1,   /* between two reads while output comes */
	IDLE_MS = 100, /* and while none does; a deadline can be detected so much later */
	SAID_MAX = 160,
	WHY_MAX = 320,
};

/* The command for one tree. */
struct program_command {
	const char *root;
	uint64_t entries; /* below the root */
	char **words;
	struct program_command *next;
};

struct program {
	struct strategy strategy; /* first member: hooks cast it to struct program */
	struct program_request request;
	struct arena *arena;
	struct program_command *commands; /* newest first */
	int null_fd;
	const char *dir;   /* where statmark was started; NULL: not known, or not to be entered */
	cpu_set_t allowed; /* of this process: for programs with several jobs */
};

struct state {
	const struct program_command *command; /* for the cell's tree */
	/* Why the last pass failed. */
	char why[WHY_MAX];
};

/* One execution of the program. */
struct execution {
	const struct program *program;
	const struct program_command *command;
	bool everywhere; /* it may use every CPU of this process */
	struct child child;
	int out, err; /* the read ends of its output */
	uint64_t deadline_ns, lines;
	char said[SAID_MAX]; /* the beginning of its stderr */
	size_t n_said;
};

static const struct program *program_of(const struct cell *cell)
{
	return (const struct program *)cell->strategy;
}

static int open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE); /* if refused, the pipe is smaller and slower */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int start(struct execution *execution, int out, int err)
{
	const struct program *p = execution->program;
	const struct child_request request = {
		.argv = (const char *const *)execution->command->words,
		.dir = p->dir, /* a worker may have a working directory of its own */
		.cpus = execution->everywhere ? &p->allowed : NULL,
		.in = p->null_fd, /* already open, so that it is not opened in timed code */
		.out = out,
		.err = err,
	};
	return child_start(&execution->child, &request);
}

static int begin(struct execution *execution)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1};
	int error = open_pipe(out);
	if (!error)
		error = open_pipe(err);
	if (!error)
		error = start(execution, out[1], err[1]);
	close_fd(&out[1]);
	close_fd(&err[1]);
	execution->out = out[0];
	execution->err = err[0];
	return error;
}

static void count_lines(struct execution *execution, const char *text, size_t size)
{
	const char *end = text + size;
	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		execution->lines++;
		if (++text == end)
			break;
	}
}

static void keep_said(struct execution *execution, const char *text, size_t size)
{
	size_t n = MIN(size, sizeof(execution->said) - 1 - execution->n_said);
	memcpy(execution->said + execution->n_said, text, n);
	execution->n_said += n;
}

/* Reads the output available now, at most two pipes' worth; true if there was any. */
static bool drain(struct execution *execution, int *fd)
{
	char buf[65536];
	ssize_t got = 0;
	bool any = false;
	for (int i = 0; *fd >= 0 && i < 2 * PIPE_SIZE / (int)sizeof(buf); i++) {
		got = read(*fd, buf, sizeof(buf));
		if (got <= 0)
			break;
		any = true;
		if (fd == &execution->err)
			keep_said(execution, buf, (size_t)got);
		else if (execution->program->request.verify_lines)
			count_lines(execution, buf, (size_t)got);
	}
	if (*fd >= 0 && (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)))
		close_fd(fd);
	return any;
}

enum end { END_ITSELF, END_LATE, END_HANGUP };

/* Waits until the program ends, is late, the pass is stopped, or the gate closes hangup_fd. */
static enum end follow(struct execution *execution, const volatile int *stop)
{
	/* If there is no pidfd (an old kernel, or a filter), the program is polled. */
	const bool sees_end = execution->child.pidfd >= 0;
	bool flowing = false;
	for (;;) {
		struct pollfd fds[] = {
			{execution->child.pidfd, POLLIN, 0},
			{execution->program->request.hangup_fd, 0,
			 0}, /* POLLHUP is always reported */
			{flowing ? -1 : execution->out, POLLIN, 0},
			{flowing ? -1 : execution->err, POLLIN, 0},
		};
		int ready = poll(fds, ARRAY_LEN(fds), flowing || !sees_end ? TICK_MS : IDLE_MS);
		bool out = drain(execution, &execution->out),
		     err = drain(execution, &execution->err);
		flowing = out || err;
		if (sees_end ? ready > 0 && fds[0].revents : child_ended(&execution->child, 0))
			return END_ITSELF;
		if ((ready > 0 && fds[1].revents) || (stop && *stop))
			return END_HANGUP;
		if (execution->deadline_ns && clock_ns() >= execution->deadline_ns)
			return END_LATE;
	}
}

/* Kills and reaps the program and what it has started; returns the status of waitpid(2). */
static int finish(struct execution *execution)
{
	int status = child_kill(&execution->child);
	drain(execution, &execution->out);
	drain(execution, &execution->err);
	return status;
}

/* Appends the first line of its stderr. */
static void add_said(struct execution *execution, char *why)
{
	execution->said[execution->n_said] = '\0';
	execution->said[strcspn(execution->said, "\n")] = '\0';
	size_t used = strlen(why);
	if (*execution->said)
		snprintf(why + used, WHY_MAX - used, ": %s", execution->said);
}

static int check_end(struct execution *execution, enum end end, int status, char *why)
{
	const struct program_request *r = &execution->program->request;
	const uint64_t entries = execution->command->entries;
	const bool right = execution->lines == entries || execution->lines == entries + 1;
	if (end == END_ITSELF && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		if (!r->verify_lines || right)
			return 0;
		snprintf(why, WHY_MAX, "printed %s for %s", COUNTED(execution->lines, "line"),
			 COUNTED(entries, "entry"));
	} else if (end == END_LATE) {
		snprintf(why, WHY_MAX, "still ran after %llu s and was killed",
			 (unsigned long long)(r->timeout_ns / NS_PER_SECOND));
	} else if (end == END_HANGUP) {
		snprintf(why, WHY_MAX, "was killed, because the run was stopped");
	} else {
		char end_text[CHILD_END_MAX];
		snprintf(why, WHY_MAX, "%s", child_end_text(status, end_text));
		add_said(execution, why);
	}
	return -EBADMSG;
}

/* Whether this machine was out of a resource; otherwise the command is at fault. */
static bool is_shortage(int error)
{
	return error == -EAGAIN || error == -ENOMEM || error == -EMFILE || error == -ENFILE;
}

/* The first worker starts the program; with several jobs it may use all CPUs. */
static int run(struct worker *w)
{
	struct cell *cell = w->cell;
	const struct program *p = program_of(cell);
	struct state *state = cell->state;
	struct workload_span span;
	while (worker_take(w, &span))
		; /* takes all spans, as the verification of the floor expects */
	if (w->index != 0)
		return 0;
	struct execution execution = {
		.program = p, .command = state->command, .everywhere = cell->jobs > 1};
	uint64_t timeout = p->request.timeout_ns;
	execution.deadline_ns = timeout ? clock_ns() + timeout : 0;
	int error = begin(&execution);
	if (!error) {
		enum end end = follow(&execution, cell->stop);
		error = check_end(&execution, end, finish(&execution), state->why);
	} else {
		snprintf(state->why, sizeof(state->why), "cannot be started: %s", strerror(-error));
		error = is_shortage(error) ? error : -EINVAL;
	}
	close_fd(&execution.out);
	close_fd(&execution.err);
	cell->why = error ? state->why : NULL;
	return error;
}

static int set_up(struct cell *cell, struct err *err)
{
	const struct program *p = program_of(cell);
	struct state *state = cell->state;
	const char *root = cell->load->root_len ? cell->load->root : "/";
	const struct program_command *command = p->commands;
	while (command && strcmp(command->root, root) != 0)
		command = command->next;
	state->command = command;
	return command ? 0
		       : err_set(err, -EINVAL, "%s: no command was prepared for %s",
				 p->request.command, root);
}

static const char *find_dir(struct arena *arena)
{
	char *path = getcwd(NULL, 0);
	const bool is_open = path && *path == '/' && access(path, X_OK) == 0;
	const char *dir = is_open ? arena_copy(arena, path) : NULL;
	free(path);
	return dir;
}

int program_new(struct program **out, const struct program_request *request, struct err *err)
{
	struct program *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(err, -ENOMEM, "%s", request->command);
	p->request = *request;
	p->strategy = (struct strategy){
		.name = request->label,
		.summary = "an outside program, from spawn to exit",
		.stage = request->stage,
		.flags = STRATEGY_SHARES_STATE | STRATEGY_OUTSIDE,
		.answer = {.fields = FIELDS_NONE, .addressing = ADDRESS_NONE},
		.cell_size = sizeof(struct state),
		.uncounted = UNCOUNTED_OUTSIDE,
		.setup = set_up,
		.run = run,
	};
	p->arena = arena_new();
	p->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int error = !p->arena ? -ENOMEM : p->null_fd < 0 ? -errno : 0;
	if (!error && sched_getaffinity(0, sizeof(p->allowed), &p->allowed))
		error = -errno;
	char **words;
	if (!error)
		p->dir = find_dir(p->arena);
	if (!error)
		error = words_split(request->command, "", p->arena, &words, err);
	if (error) {
		program_free(p);
		return err_errno(err, error, "cannot prepare %s", request->command);
	}
	*out = p;
	return 0;
}

void program_free(struct program *p)
{
	if (!p)
		return;
	if (p->null_fd >= 0)
		close(p->null_fd);
	arena_free(p->arena);
	free(p);
}

int program_add_tree(struct program *p, const char *root, uint64_t entries, struct err *err)
{
	struct program_command *command = arena_alloc(p->arena, sizeof(*command));
	if (!command)
		return err_errno(err, -ENOMEM, "%s", p->request.command);
	*command = (struct program_command){arena_copy(p->arena, root), entries, NULL, p->commands};
	int error = command->root
			    ? words_split(p->request.command, root, p->arena, &command->words, err)
			    : err_errno(err, -ENOMEM, "%s", p->request.command);
	if (!error)
		p->commands = command;
	return error;
}

const struct strategy *program_strategy(const struct program *p)
{
	return &p->strategy;
}

static const char blanks[] = " \t\n";
static const char mark[] = "{root}";

/* The longest word that text can become with root for each mark; quotes only shorten it. */
static size_t room_for(const char *text, const char *root)
{
	size_t room = strlen(text) + 1;
	for (const char *at = text; (at = strstr(at, mark)); at += strlen(mark))
		room += strlen(root);
	return room;
}

/*
 * Copies one word from *from to `to`, with quotes removed; returns its end there, or NULL for an
 * open quote. {root} is replaced in quotes, too; a root with blanks stays one word in any case.
 */
static char *copy_word(const char **from, char *to, const char *root)
{
	const char *at = *from;
	char quote = '\0';
	for (; *at && (quote || !strchr(blanks, *at)); at++) {
		bool escaped = *at == '\\' && quote != '\'' && at[1] &&
			       (!quote || strchr("\"\\$`", at[1]));
		if (escaped) {
			*to++ = *++at;
		} else if (quote ? *at == quote : *at == '\'' || *at == '"') {
			quote = quote ? '\0' : *at;
		} else if (strncmp(at, mark, strlen(mark)) == 0) {
			memcpy(to, root, strlen(root));
			to += strlen(root);
			at += strlen(mark) - 1;
		} else {
			*to++ = *at;
		}
	}
	*from = at;
	return quote ? NULL : to;
}

int words_split(const char *text, const char *root, struct arena *arena, char ***out,
		struct err *err)
{
	char **words = arena_alloc(arena, (WORDS_MAX + 1) * sizeof(*words));
	char *to = arena_alloc(arena, room_for(text, root) + strlen(text));
	size_t n = 0;
	if (!words || !to)
		return err_errno(err, -ENOMEM, "%s", text);
	for (const char *at = text + strspn(text, blanks); *at; at += strspn(at, blanks)) {
		if (n == WORDS_MAX)
			return err_set(err, -EINVAL, "'%s': more than %d words, the limit", text,
				       WORDS_MAX);
		words[n++] = to;
		to = copy_word(&at, to, root);
		if (!to)
			return err_set(err, -EINVAL, "'%s': expected a closing quote", text);
		*to++ = '\0';
	}
	if (!n)
		return err_set(err, -EINVAL, "the command is empty");
	*out = words;
	return 0;
}
