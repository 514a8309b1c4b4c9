#include "engine/host/tool.h"

#include <errno.h>
#include <gnu/libc-version.h>

/*
 * Written at build time: TOOL_COMMIT; TOOL_MORE_CFLAGS, those of the environment; and TOOL_LIBS,
 * rows of library name and version.
 */
#include "build_facts.h"
#include "engine/base/util.h"

/* TOOL_CFLAGS comes from the build edge of this file, because it differs between variants. */

#ifdef __clang__
#define TOOL_COMPILER __VERSION__
#else
#define TOOL_COMPILER "gcc " __VERSION__
#endif

static const struct named_text built_with[] = {TOOL_LIBS};

int tool_look(struct tool_facts *tool, struct arena *arena)
{
	struct named_text *libs = arena_alloc(arena, (ARRAY_LEN(built_with) + 1) * sizeof(*libs));
	if (!libs)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(built_with); i++)
		libs[i] = built_with[i];
	libs[ARRAY_LEN(built_with)] = (struct named_text){"glibc", gnu_get_libc_version()};
	*tool = (struct tool_facts){
		.version = TOOL_VERSION,
		.commit = TOOL_COMMIT,
		.compiler = TOOL_COMPILER,
		.cflags = TOOL_CFLAGS TOOL_MORE_CFLAGS,
		.libs = libs,
		.n_libs = ARRAY_LEN(built_with) + 1,
	};
	return 0;
}

void tool_print(FILE *to)
{
	fprintf(to, "statmark %s (%s)\n%s, %s\n", TOOL_VERSION, TOOL_COMMIT, TOOL_COMPILER,
		TOOL_CFLAGS TOOL_MORE_CFLAGS);
	for (size_t i = 0; i < ARRAY_LEN(built_with); i++)
		fprintf(to, "%s %s, ", built_with[i].name, built_with[i].value);
	fprintf(to, "glibc %s\n", gnu_get_libc_version());
}
