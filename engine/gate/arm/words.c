#include "engine/gate/arm/words.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "engine/base/util.h"

static const char blanks[] = " \t\n";
static const char mark[] = "{root}";

/* How long a word with that many marks may become; quotes only shorten it. */
static size_t room_for(const char *text, const char *root)
{
	size_t room = strlen(text) + 1;
	for (const char *at = text; (at = strstr(at, mark)); at += strlen(mark))
		room += strlen(root);
	return room;
}

/*
 * Copies one word from *from to `to`, quotes resolved; returns its end there, NULL for an open
 * quote. The mark counts in quotes, too: a root with blanks stays one word either way.
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
			return err_set(err, -EINVAL, "a command has at most %d words", WORDS_MAX);
		words[n++] = to;
		to = copy_word(&at, to, root);
		if (!to)
			return err_set(err, -EINVAL, "'%s' lacks its closing quote", text);
		*to++ = '\0';
	}
	if (!n)
		return err_set(err, -EINVAL, "the command is empty");
	*out = words;
	return 0;
}
