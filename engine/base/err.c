#include "engine/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void write_first(struct err *e, int code, const char *format, va_list args)
{
	e->code = code;
	vsnprintf(e->text, sizeof(e->text), format, args);
}

int err_set(struct err *e, int code, const char *format, ...)
{
	if (e && !e->code) {
		va_list args;
		va_start(args, format);
		write_first(e, code, format, args);
		va_end(args);
	}
	return code;
}

/* Appends ": WORDS". If the message fills the buffer, as with a long path, they replace its end. */
static void add_words(struct err *e, const char *words)
{
	static const char cut[] = "...";
	size_t used = strlen(e->text);
	const size_t most = sizeof(e->text) - 1 - strlen(": ") - strlen(words);
	if (used > most) {
		used = most;
		memcpy(e->text + used - strlen(cut), cut, strlen(cut));
	}
	snprintf(e->text + used, sizeof(e->text) - used, ": %s", words);
}

int err_errno(struct err *e, int code, const char *format, ...)
{
	if (e && !e->code) {
		va_list args;
		va_start(args, format);
		write_first(e, code, format, args);
		va_end(args);
		/*
		 * -EINTR means that the user stopped the run; strerror's "Interrupted system call"
		 * would mislead.
		 */
		add_words(e, code == -EINTR ? "interrupted" : strerror(-code));
	}
	return code;
}
