#include "engine/base/err.h"

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

int err_errno(struct err *e, int code, const char *format, ...)
{
	if (e && !e->code) {
		va_list args;
		va_start(args, format);
		write_first(e, code, format, args);
		va_end(args);
		size_t used = strlen(e->text);
		snprintf(e->text + used, sizeof(e->text) - used, ": %s", strerror(-code));
	}
	return code;
}
