/*
 * Defines malloc and its relatives, so that calls from inside libc (opendir, qsort) are checked,
 * too, and forwards them to glibc's own functions by their other names.
 */
#include "engine/base/guard.h"

#ifdef STATMARK_GUARD

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *mem, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static __thread const char *volatile armed;

void guard_arm(const char *what)
{
	armed = what;
}

void guard_disarm(void)
{
	armed = NULL;
}

static void write_all(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(134);
}

static void check(const char *function)
{
	const char *what = armed;
	if (!what)
		return;
	armed = NULL;
	write_all("guard: ");
	write_all(function);
	write_all(" inside the timed region of ");
	write_all(what);
	write_all("\n");
	abort();
}

void *malloc(size_t size)
{
	check("malloc");
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	check("calloc");
	return __libc_calloc(n, size);
}

void *realloc(void *mem, size_t size)
{
	check("realloc");
	return __libc_realloc(mem, size);
}

void *memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size)
{
	check("memalign");
	return __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	check("aligned_alloc");
	return __libc_memalign(align, size);
}

int posix_memalign(void **mem, size_t align, size_t size)
{
	check("posix_memalign");
	*mem = __libc_memalign(align, size);
	return *mem ? 0 : 12; /* ENOMEM */
}

#endif
