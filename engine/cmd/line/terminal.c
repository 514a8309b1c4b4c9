#include "engine/cmd/line/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/text.h"
#include "engine/base/util.h"
#include "engine/base/watchdog.h"
#include "reports/words/format.h"

volatile int cmd_stop;

/* Threads read cmd_stop without a barrier, so they may see it late, which is harmless. */
__attribute__((no_sanitize("thread"))) static void on_signal(int number)
{
	(void)number;
	cmd_stop = 1;
}

static void end_at_once(int number)
{
	static const char words[] = "statmark: interrupted\n";
	(void)number;
	if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		_exit(EXIT_INTERRUPTED); /* there is no terminal to read it */
	_exit(EXIT_INTERRUPTED);
}

/*
 * Makes writes to a closed pipe, or beyond the limit on file sizes, return an error instead of
 * raising a signal.
 */
static void let_writes_fail(int number)
{
	(void)number;
}

/* A handler, unlike SIG_IGN, is not inherited by programs that are run. */
static void catch_with(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND}, old;
	struct sigaction quiet = {.sa_handler = let_writes_fail, .sa_flags = SA_RESTART};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* nohup(1) ignores it, and it must stay ignored. */
	if (sigaction(SIGHUP, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	sigaction(SIGPIPE, &quiet, NULL);
	sigaction(SIGXFSZ, &quiet, NULL);
}

void cmd_catch_signals(void)
{
	catch_with(on_signal);
}

void cmd_end_at_signals(void)
{
	catch_with(end_at_once);
}

/*
 * The exit code of each errno. An errno that is not in this table is an error in the command line
 * or in a file that it names.
 */
static const struct {
	int error;
	enum exit_code code;
} meanings[] = {
	{EINTR, EXIT_INTERRUPTED},
	/* It did not verify. */
	{EBADMSG, EXIT_FAILED},
	/* A resource ran out. */
	{ENOMEM, EXIT_FAILED},
	{EAGAIN, EXIT_FAILED}, /* threads, processes */
	{EMFILE, EXIT_FAILED},
	{ENFILE, EXIT_FAILED},
	{ENOSPC, EXIT_FAILED},
	{EDQUOT, EXIT_FAILED},
	{ENOBUFS, EXIT_FAILED},
	{ENOLCK, EXIT_FAILED},
	/* A device, a pipe or a server failed, or is missing. */
	{EIO, EXIT_FAILED},
	{EBADF, EXIT_FAILED}, /* standard output is closed */
	{ENXIO, EXIT_FAILED},
	{EPIPE, EXIT_FAILED},
	{ESTALE, EXIT_FAILED},
	{ETIMEDOUT, EXIT_FAILED},
	{ENOTCONN, EXIT_FAILED},
	{ECONNABORTED, EXIT_FAILED},
	{ECONNREFUSED, EXIT_FAILED},
	{ECONNRESET, EXIT_FAILED},
	{EHOSTUNREACH, EXIT_FAILED},
	{EHOSTDOWN, EXIT_FAILED},
	{ENETUNREACH, EXIT_FAILED},
	{EUCLEAN, EXIT_FAILED}, /* a damaged filesystem */
	/* The machine or the user lacks something. */
	{ENOTSUP, EXIT_LACKING},
	{ENOSYS, EXIT_LACKING},
	{EACCES, EXIT_LACKING},
	{EPERM, EXIT_LACKING},
	{EROFS, EXIT_LACKING},
};

static enum exit_code meaning(int error)
{
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		if (meanings[i].error == -error)
			return meanings[i].code;
	}
	return EXIT_USAGE;
}

enum exit_code cmd_fail(const struct err *err)
{
	struct arena *arena = arena_new();
	/*
	 * Messages quote names of files and parts of documents, which must not contain control
	 * characters.
	 */
	const char *words = arena && err->code ? text_visible(arena, err->text) : NULL;
	fprintf(stderr, "statmark: %s\n", words ? words : "failed without a reason");
	arena_free(arena);
	return meaning(err->code);
}

bool cmd_color(const struct output_options *options, FILE *stream)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");
	if (options->color > COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return !(off && *off) && term && strcmp(term, "dumb") != 0 && isatty(fileno(stream));
}

bool cmd_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int cmd_width(FILE *stream)
{
	struct winsize size;
	uint64_t columns;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return MAX(size.ws_col, WIDTH_MIN);
	const char *text = getenv("COLUMNS");
	if (!text || parse_count(text, &columns) || !columns || columns >= 1000)
		return WIDTH_OF_FILE;
	return MAX((int)columns, WIDTH_MIN);
}

struct progress_line {
	/* Guards all below and the line itself, because the watchdog prints, too. */
	pthread_mutex_t lock;
	bool quiet, terminal, drawn;
	uint64_t began_ns, next_ns;
	struct pace pace;
	char what[96];
	struct progress progress; /* for the watchdog */
	struct watchdog *watchdog;
};

/* If no thread can be created, calls that hang are not reported. */
struct progress_line *progress_line_new(bool quiet)
{
	struct progress_line *line = calloc(1, sizeof(*line));
	const char *term = getenv("TERM");
	if (!line)
		return NULL;
	pthread_mutex_init(&line->lock, NULL);
	line->quiet = quiet;
	line->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	line->progress =
		(struct progress){.arg = line, .stop = &cmd_stop, .tell = progress_line_tell};
	watchdog_start(&line->watchdog, &line->progress, WATCHDOG_TICK_MS);
	return line;
}

static void begin(struct progress_line *line, const char *what, uint64_t now)
{
	snprintf(line->what, sizeof(line->what), "%s", what);
	line->began_ns = now;
	line->pace = (struct pace){0};
	/* A terminal is updated often, a log file rarely. */
	line->next_ns = now + (line->terminal ? NS_PER_SECOND / 5 : 5 * NS_PER_SECOND);
}

static void draw(struct progress_line *line, uint64_t done, uint64_t total, uint64_t now)
{
	char count[32], of[32], eta[48] = "";
	uint64_t left;
	if (pace_left(&line->pace, now - line->began_ns, done, total, &left))
		snprintf(eta, sizeof(eta), ", %llu s left",
			 (unsigned long long)((left + NS_PER_SECOND - 1) / NS_PER_SECOND));
	group_digits(done, count, sizeof(count));
	group_digits(total, of, sizeof(of));
	fprintf(stderr, "%s%s: %s%s%s%s%s", line->terminal ? "\r\033[K" : "", line->what, count,
		total ? " of " : "", total ? of : "", eta, line->terminal ? "" : "\n");
	fflush(stderr);
	line->drawn = line->terminal;
}

static void clear(struct progress_line *line)
{
	if (line->drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		line->drawn = false;
	}
}

void progress_line_report(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct progress_line *line = arg;
	uint64_t now = clock_ns();
	if (!line || line->quiet)
		return;
	pthread_mutex_lock(&line->lock);
	if (strcmp(line->what, what) != 0)
		begin(line, what, now);
	if (now >= line->next_ns) {
		draw(line, done, total, now);
		line->next_ns = now + (line->terminal ? NS_PER_SECOND / 5 : 10 * NS_PER_SECOND);
	}
	pthread_mutex_unlock(&line->lock);
}

void progress_line_clear(struct progress_line *line)
{
	if (!line)
		return;
	pthread_mutex_lock(&line->lock);
	clear(line);
	pthread_mutex_unlock(&line->lock);
}

void progress_line_tell(void *arg, const char *words)
{
	struct progress_line *line = arg;
	struct arena *arena = arena_new();
	const char *visible = arena ? text_visible(arena, words) : NULL;
	if (line)
		pthread_mutex_lock(&line->lock);
	if (line)
		clear(line);
	if (visible)
		fprintf(stderr, "statmark: %s\n", visible);
	if (line)
		pthread_mutex_unlock(&line->lock);
	arena_free(arena);
}

void progress_line_busy(void *arg, bool begins)
{
	struct progress_line *line = arg;
	if (line)
		watchdog_busy(line->watchdog, begins);
}

void progress_line_free(struct progress_line *line)
{
	if (!line)
		return;
	watchdog_stop(line->watchdog);
	clear(line);
	pthread_mutex_destroy(&line->lock);
	free(line);
}
