#include "datasets/shape/special.h"

#include <stddef.h>

#define FILE_ROW(text)                                                                             \
	{                                                                                          \
		(text), S_IFREG | 0644, NULL, 0                                                    \
	}
#define LINK_ROW(text, to)                                                                         \
	{                                                                                          \
		(text), S_IFLNK | 0777, (to), 0                                                    \
	}
#define DIR_ROW(text, perms)                                                                       \
	{                                                                                          \
		(text), S_IFDIR | (perms), NULL, 0                                                 \
	}

/* Names that a program takes for options, unless it uses "--" or "./". */
static const struct literal options[] = {
	FILE_ROW("-"),     FILE_ROW("--"),        FILE_ROW("-rf"),       FILE_ROW("-print0"),
	FILE_ROW("-exec"), FILE_ROW("--version"), FILE_ROW("--help=me"), FILE_ROW("@file"),
};

/* Names that cause errors in a shell, in lines, tables, terminals or formats. */
static const struct literal quotes[] = {
	FILE_ROW(" "),          FILE_ROW("two words"),  FILE_ROW(" at both ends "),
	FILE_ROW("new\nline"),  FILE_ROW("\n"),         FILE_ROW("tab\tstop"),
	FILE_ROW("it's"),       FILE_ROW("\"quoted\""), FILE_ROW("back\\slash"),
	FILE_ROW("\\x41"),      FILE_ROW("$HOME"),      FILE_ROW("`id`"),
	FILE_ROW("*"),          FILE_ROW("%s%n"),       FILE_ROW("\033[31mred"),
	FILE_ROW("bell\a"),     FILE_ROW("..."),        FILE_ROW(".hidden"),
	FILE_ROW("a;b|c&d<e>"), FILE_ROW("~"),          FILE_ROW("#"),
};

static const struct literal loops[] = {
	LINK_ROW("self", "self"),        LINK_ROW("ping", "pong"), LINK_ROW("pong", "ping"),
	LINK_ROW("here", "."),           LINK_ROW("up", ".."),     LINK_ROW("round", "../loops"),
	LINK_ROW("into", "inner/again"), DIR_ROW("inner", 0755),
};

static const struct literal dangling[] = {
	LINK_ROW("nowhere", "nothing"),
	LINK_ROW("deep", "no/such/directory/at/all"),
	LINK_ROW("absolute", "/nonexistent/statmark"),
	LINK_ROW("through-a-file", "file/below"),
	LINK_ROW("to-dangling", "nowhere"),
	FILE_ROW("file"),
};

static const struct literal nodes[] = {
	{"fifo", S_IFIFO | 0644, NULL, 0},
	{"socket", S_IFSOCK | 0644, NULL, 0},
};

/*
 * Without root the first two cannot be listed. The last one can be listed, but its entries cannot
 * be accessed.
 */
static const struct literal unreadable[] = {
	DIR_ROW("closed", 0000), DIR_ROW("no-list", 0311), {"no-search", S_IFDIR | 0444, NULL, 2},
	FILE_ROW("seen"),        FILE_ROW("only"),
};

#define ROWS(list) .literals = (list), .entries = sizeof(list) / sizeof((list)[0])

const struct special specials[SPECIAL_KINDS] = {
	[SPECIAL_LONG_NAMES] = {.name = "long-names", .entries = 8, .name_length = 255},
	[SPECIAL_ANY_BYTES] = {.name = "any-bytes",
			       .entries = 16,
			       .name_length = 12,
			       .letters = LETTERS_ANY_BYTES},
	[SPECIAL_OPTIONS] = {.name = "options", ROWS(options)},
	[SPECIAL_QUOTES] = {.name = "quotes", ROWS(quotes)},
	[SPECIAL_LOOPS] = {.name = "loops", ROWS(loops)},
	[SPECIAL_DANGLING] = {.name = "dangling", ROWS(dangling)},
	[SPECIAL_HARD_LINKS] = {.name = "hard-links", .entries = 16, .name_length = 8, .group = 8},
	[SPECIAL_NODES] = {.name = "nodes", ROWS(nodes)},
	[SPECIAL_BEYOND_PATH_MAX] = {.name = "beyond-path-max",
				     .entries = 36,
				     .files = 1,
				     .dirs = 1,
				     .name_length = 255},
	[SPECIAL_UNREADABLE] = {.name = "unreadable", ROWS(unreadable)},
	[SPECIAL_EMPTY_DIRS] = {.name = "empty-dirs", .entries = 8, .dirs = 8, .name_length = 8},
	[SPECIAL_HUGE_DIR] = {.name = "huge-dir", .name_length = 16},
};

uint32_t special_count(const struct shape *shape)
{
	return (uint32_t)__builtin_popcount(shape->specials);
}

enum special_kind special_at(const struct shape *shape, uint32_t i)
{
	uint32_t left = shape->specials;
	for (; i > 0; i--)
		left &= left - 1;
	return (enum special_kind)__builtin_ctz(left);
}

/* All but the contents of huge-dir. */
static uint64_t fixed_total(const struct shape *shape)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < special_count(shape); i++)
		total += 1 + specials[special_at(shape, i)].entries;
	return total;
}

uint64_t special_entries(const struct shape *shape, enum special_kind kind)
{
	if (kind != SPECIAL_HUGE_DIR)
		return 1 + specials[kind].entries;
	uint64_t fixed = fixed_total(shape);
	uint64_t left = shape->entries > fixed ? shape->entries - fixed : 0;
	return 1 + left - left / 10;
}

uint64_t special_total(const struct shape *shape)
{
	uint64_t total = 0;
	for (uint32_t i = 0; i < special_count(shape); i++)
		total += special_entries(shape, special_at(shape, i));
	return total;
}
