#include "engine/base/watchdog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "engine/base/count.h"
#include "engine/base/threads.h"
#include "engine/base/util.h"

/*
 * The system calls that are reported, with the indexes of a directory descriptor and a path among
 * their arguments; -1: none.
 */
static const struct call {
	long number;
	const char *name;
	int dir, path;
} calls[] = {
	{SYS_newfstatat, "newfstatat", 0, 1},
	{SYS_statx, "statx", 0, 1},
	{SYS_openat, "openat", 0, 1},
	{SYS_openat2, "openat2", 0, 1},
	{SYS_faccessat, "faccessat", 0, 1},
	{SYS_readlinkat, "readlinkat", 0, 1},
	{SYS_getdents64, "getdents64", 0, -1},
	{SYS_fstat, "fstat", 0, -1},
	{SYS_fchdir, "fchdir", 0, -1},
	{SYS_fstatfs, "fstatfs", 0, -1},
	{SYS_read, "read", 0, -1},
	{SYS_write, "write", 0, -1},
	{SYS_ftruncate, "ftruncate", 0, -1},
	{SYS_fsync, "fsync", 0, -1},
	{SYS_syncfs, "syncfs", 0, -1},
	{SYS_mkdirat, "mkdirat", 0, 1},
	{SYS_mknodat, "mknodat", 0, 1},
	{SYS_unlinkat, "unlinkat", 0, 1},
	{SYS_symlinkat, "symlinkat", 1, 2},
	{SYS_linkat, "linkat", 2, 3},
	{SYS_renameat2, "renameat2", 0, 1},
	{SYS_fchmodat, "fchmodat", 0, 1},
	{SYS_fchownat, "fchownat", 0, 1},
	{SYS_utimensat, "utimensat", 0, 1},
	{SYS_statfs, "statfs", -1, 0},
	{SYS_close, "close", 0, -1},
	{SYS_chdir, "chdir", -1, 0},
	{SYS_io_uring_enter, "io_uring_enter", -1, -1},
#ifdef SYS_lstat
	{SYS_lstat, "lstat", -1, 0},
	{SYS_stat, "stat", -1, 0},
	{SYS_open, "open", -1, 0},
	{SYS_access, "access", -1, 0},
	{SYS_readlink, "readlink", -1, 0},
	{SYS_rename, "rename", -1, 0},
	{SYS_unlink, "unlink", -1, 0},
	{SYS_rmdir, "rmdir", -1, 0},
	{SYS_mkdir, "mkdir", -1, 0},
#endif
};

static bool read_task(pid_t tid, const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[MAX(got, 0)] = '\0';
	return got > 0;
}

/* CPU time of a thread of this process, ns; 0: not known. */
static uint64_t stuck_ran_ns(pid_t tid)
{
	char text[128];
	return read_task(tid, "schedstat", text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

/*
 * Reads a path from the memory of this process, which may have been unmapped meanwhile. It is read
 * by a system call, so that it cannot fault.
 */
static void read_path(pid_t tid, unsigned long address, char *path, size_t size)
{
	const size_t page = 4096;
	size_t n = 0;
	while (n + 1 < size) {
		size_t step = MIN(page - (address + n) % page, size - 1 - n);
		struct iovec here = {path + n, step}, there = {(char *)address + n, step};
		ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
		if (got <= 0 || memchr(path + n, 0, (size_t)got))
			n = got <= 0 ? n : size - 1;
		if (got <= 0)
			break;
		n = MIN(n + (size_t)got, size - 1);
	}
	path[n] = '\0';
}

/* Reads the link in the thread's own descriptor table, without a call on the file itself. */
static void read_dir(pid_t tid, long fd, char *path, size_t size)
{
	char link[96];
	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", (int)tid);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%ld", (int)tid, fd);
	ssize_t len = readlink(link, path, size - 1);
	path[MAX(len, 0)] = '\0';
}

/* A call on a pipe, a socket or a terminal may wait normally. */
static bool is_file(const char *path)
{
	return path[0] == '/' && strncmp(path, "/dev/", 5) != 0;
}

static bool describe(pid_t tid, const struct call *call, const unsigned long args[6],
		     char words[STUCK_WORDS_MAX])
{
	char dir[PATH_MAX / 2] = "", path[PATH_MAX / 2] = "";
	if (call->path >= 0)
		read_path(tid, args[call->path], path, sizeof(path));
	if (call->dir >= 0 && path[0] != '/')
		read_dir(tid, (int)args[call->dir], dir, sizeof(dir));
	else if (call->path >= 0 && path[0] != '/')
		read_dir(tid, AT_FDCWD, dir, sizeof(dir));
	if (call->dir < 0 && call->path < 0)
		snprintf(words, STUCK_WORDS_MAX, "%s", call->name);
	else
		snprintf(words, STUCK_WORDS_MAX, "%s of '%s%s%s'", call->name, dir,
			 *dir && *path ? "/" : "", path);
	return call->path >= 0 || call->dir < 0 || is_file(dir);
}

static enum stuck in_call(pid_t tid, unsigned long *child, char words[STUCK_WORDS_MAX])
{
	char text[256];
	unsigned long a[6], stack, code;
	long number;
	if (!read_task(tid, "syscall", text, sizeof(text)))
		return STUCK_UNSEEN;
	if (sscanf(text, "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &number, &a[0], &a[1], &a[2], &a[3],
		   &a[4], &a[5], &stack, &code) != 9)
		return STUCK_NOT;
	if (!stack && !code)
		return STUCK_NOT; /* a kernel worker of io_uring; its owner is in that call */
	*child = number == SYS_wait4 ? a[0] : 0;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].number == number)
			return describe(tid, &calls[i], a, words) ? STUCK_IN : STUCK_NOT;
	}
	return STUCK_NOT;
}

/*
 * A killed process ends only when its call returns, so a thread that waits for the process waits
 * for that call.
 */
static enum stuck in_call_of(pid_t pid, char words[STUCK_WORDS_MAX])
{
	char path[64];
	enum stuck stuck = STUCK_NOT;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *tasks = opendir(path);
	for (struct dirent *e; tasks && stuck != STUCK_IN && (e = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		stuck = tid ? in_call(tid, &(unsigned long){0}, words) : STUCK_NOT;
	}
	if (tasks)
		closedir(tasks);
	if (stuck == STUCK_IN) {
		size_t used = strlen(words);
		snprintf(words + used, STUCK_WORDS_MAX - used, " in process %d", (int)pid);
	}
	return stuck == STUCK_IN ? STUCK_IN : STUCK_NOT;
}

enum stuck stuck_call(pid_t tid, char words[STUCK_WORDS_MAX])
{
	unsigned long child = 0;
	enum stuck stuck = in_call(tid, &child, words);
	return (pid_t)child > 0 ? in_call_of((pid_t)child, words) : stuck;
}

enum {
	/* A thread that has not run since the previous check is reported after so many checks. */
	STILL = 5,
	NAMED_MOST = 3, /* calls reported in one check; a walk may have hundreds of threads */
	COMM_SIZE = 16,
};

/* This signal only interrupts a call of the main thread; it has no other use. */
#define WAKE SIGURG

struct thread {
	pid_t tid;
	uint64_t ran_ns;
	unsigned still; /* consecutive checks at which it had not run since the previous one */
	bool told_of_stop, alive;
};

struct watchdog {
	const struct progress *progress;
	unsigned tick_ms;
	struct threads *own;
	pthread_mutex_t lock;
	pthread_cond_t wake, started;
	bool quit; /* guarded by lock */
	pid_t tid; /* guarded by lock; 0: the thread has not started yet */
	struct thread *threads;
	size_t n, room;
	_Atomic uint64_t begun, ended; /* passes */
	uint64_t last;                 /* passes begun before the last check */
	unsigned named, unnamed;
};

void watchdog_busy(struct watchdog *w, bool begins)
{
	if (w)
		atomic_fetch_add(begins ? &w->begun : &w->ended, 1);
}

/* Whether a pass is running that began after the last check: it may be a short one. */
static bool is_spared(struct watchdog *w)
{
	uint64_t last = w->last;
	w->last = atomic_load(&w->begun);
	return w->last != last && w->last != atomic_load(&w->ended);
}

static struct thread *thread_of(struct watchdog *w, pid_t tid)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->threads[i].tid == tid)
			return &w->threads[i];
	}
	if (array_grow(&w->threads, &w->room, w->n + 1, sizeof(*w->threads)))
		return NULL;
	w->threads[w->n] = (struct thread){.tid = tid};
	return &w->threads[w->n++];
}

static void read_comm(pid_t tid, char comm[COMM_SIZE])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", (int)tid);
	if (!read_line(path, comm, COMM_SIZE))
		comm[0] = '\0';
}

static void report_stuck(const struct watchdog *w, const struct thread *t, bool stopping,
			 const char *call)
{
	char comm[COMM_SIZE], words[STUCK_WORDS_MAX + 128];
	read_comm(t->tid, comm);
	const bool is_worker = strncmp(comm, "worker ", 7) == 0;
	snprintf(words, sizeof(words), "%s%s%s%s has not returned for %u s",
		 stopping ? "cannot stop yet: " : "", is_worker ? comm : "", is_worker ? ": " : "",
		 call, t->still);
	progress_tell(w->progress, words);
}

static void tell_of_more(struct watchdog *w)
{
	char words[128];
	snprintf(words, sizeof(words), "%s %s not returned", COUNTED(w->unnamed, "more call"),
		 w->unnamed == 1 ? "has" : "have");
	if (w->unnamed)
		progress_tell(w->progress, words);
}

static bool is_due(const struct thread *t, bool stopping)
{
	return t->still == STILL || (t->still && stopping && !t->told_of_stop);
}

static void check_thread(struct watchdog *w, struct thread *t)
{
	const uint64_t ran_ns = stuck_ran_ns(t->tid);
	const bool stopping = progress_stopped(w->progress);
	char call[STUCK_WORDS_MAX];
	t->still = ran_ns && ran_ns == t->ran_ns ? t->still + 1 : 0;
	t->ran_ns = ran_ns;
	if (!is_due(t, stopping) || stuck_call(t->tid, call) != STUCK_IN)
		return;
	if (w->named++ < NAMED_MOST)
		report_stuck(w, t, stopping, call);
	else
		w->unnamed++;
	t->told_of_stop |= stopping;
}

/* Removes threads that have ended since the last check. */
static void forget(struct watchdog *w)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n; i++) {
		if (w->threads[i].alive)
			w->threads[n++] = w->threads[i];
	}
	w->n = n;
}

/*
 * If calls cannot be read, a thread that waits for another one cannot be distinguished from one
 * that hangs. But if no thread runs at all, one of them hangs.
 */
static void check_all_threads(struct watchdog *w)
{
	const bool stopping = progress_stopped(w->progress);
	struct thread *least = NULL;
	char call[STUCK_WORDS_MAX];
	for (size_t i = 0; i < w->n; i++) {
		if (!least || w->threads[i].still < least->still)
			least = &w->threads[i];
	}
	if (!least || !is_due(least, stopping) || stuck_call(least->tid, call) != STUCK_UNSEEN)
		return;
	report_stuck(w, least, stopping, "a system call that cannot be identified");
	least->told_of_stop |= stopping;
}

/*
 * The main thread blocks signals on purpose, for example while it replaces a file:
 * proc_pid_status(5).
 */
static bool main_blocks_signals(void)
{
	char text[4096] = "";
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	const char *mask = got > 0 ? strstr(text, "\nSigBlk:") : NULL;
	return mask && strtoull(mask + strlen("\nSigBlk:"), NULL, 16) >> (SIGINT - 1) & 1;
}

/*
 * Signals to stop are handled by the main thread. If that thread hangs, its handler does not run,
 * and the signal has no effect. So a signal that is still pending is handled in this thread. If it
 * arrived just now, the main thread is woken, finds no signal and continues to wait (for example
 * for a fifo to be opened for writing). So another signal, WAKE, interrupts its call.
 */
static void take_signals(const struct watchdog *w)
{
	const bool stopped = progress_stopped(w->progress);
	sigset_t stops;
	if (main_blocks_signals())
		return;
	sigemptyset(&stops);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGHUP);
	pthread_sigmask(SIG_UNBLOCK, &stops, NULL);
	pthread_sigmask(SIG_BLOCK, &stops, NULL);
	if (!stopped && progress_stopped(w->progress))
		tgkill(getpid(), getpid(), WAKE);
}

static void scan_threads(struct watchdog *w)
{
	DIR *tasks = opendir("/proc/self/task");
	take_signals(w);
	w->named = w->unnamed = 0;
	for (size_t i = 0; i < w->n; i++)
		w->threads[i].alive = false;
	for (struct dirent *e; tasks && (e = readdir(tasks));) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		struct thread *t = tid && tid != w->tid ? thread_of(w, tid) : NULL;
		if (!t)
			continue;
		t->alive = true;
		check_thread(w, t);
	}
	if (tasks)
		closedir(tasks);
	forget(w);
	tell_of_more(w);
	check_all_threads(w);
}

/*
 * The watchdog has a descriptor table of its own, with only the standard streams: so it does not
 * make calls of other threads slower, and keeps no file open that they have closed.
 */
static void own_descriptors(void)
{
#ifndef __SANITIZE_THREAD__ /* it takes equal descriptor numbers for the same descriptor */
	(void)close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE);
#endif
}

/* False: the watchdog has to end. */
static bool sleep_a_tick(struct watchdog *w)
{
	struct timespec until;
	int error = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(w->tick_ms / 1000);
	until.tv_nsec += (long)(w->tick_ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	while (!w->quit && error != ETIMEDOUT)
		error = pthread_cond_clockwait(&w->wake, &w->lock, CLOCK_MONOTONIC, &until);
	bool goes_on = !w->quit;
	pthread_mutex_unlock(&w->lock);
	return goes_on;
}

static void watch(void *arg, unsigned index)
{
	struct watchdog *w = arg;
	(void)index;
	pthread_setname_np(pthread_self(), "watchdog");
	own_descriptors();
	pthread_mutex_lock(&w->lock);
	w->tid = gettid();
	pthread_cond_signal(&w->started);
	pthread_mutex_unlock(&w->lock);
	while (sleep_a_tick(w)) {
		if (!is_spared(w))
			scan_threads(w);
	}
}

static void end_call(int number)
{
	(void)number;
}

/*
 * If the caller forked while the new thread allocates, a sanitizer's lock would stay locked in the
 * child for ever.
 */
static void wait_for_start(struct watchdog *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->tid)
		pthread_cond_wait(&w->started, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

int watchdog_start(struct watchdog **out, const struct progress *progress, unsigned tick_ms)
{
	struct watchdog *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->progress = progress;
	w->tick_ms = tick_ms;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	sigaction(WAKE, &(struct sigaction){.sa_handler = end_call}, NULL);
	pthread_cond_init(&w->started, NULL);
	int error = threads_start(&w->own, 1, watch, w);
	if (error) {
		threads_join(w->own);
		free(w);
		return error;
	}
	wait_for_start(w);
	*out = w;
	return 0;
}

void watchdog_stop(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->quit = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	threads_join(w->own);
	pthread_cond_destroy(&w->started);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w->threads);
	free(w);
}
