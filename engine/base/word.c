#include "engine/base/word.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/util.h"

const char *word_of(const char *const *names, size_t n, unsigned value)
{
	return value < n ? names[value] : NULL;
}

int word_find(word_name *name, const char *word)
{
	const char *known;
	for (unsigned i = 0; word && (known = name(i)); i++) {
		if (strcmp(word, known) == 0)
			return (int)i;
	}
	return -1;
}

struct word_list {
	word_name *name;
};

static const char *name_at(size_t i, const void *names)
{
	return ((const struct word_list *)names)->name((unsigned)i);
}

static unsigned count(word_name *name)
{
	unsigned n = 0;
	while (name(n))
		n++;
	return n;
}

/* The name nearest to a word; NULL: none is near. */
const char *word_nearest(word_name *name, const char *word)
{
	return nearest(word, count(name), name_at, &(struct word_list){name});
}

const char *word_list(word_name *name, unsigned first, char *buf, size_t size)
{
	const unsigned n = count(name);
	size_t used = 0;
	*buf = '\0';
	for (unsigned i = first; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i == first  ? ""
					 : i + 1 < n ? ", "
						     : " or ",
					 name(i));
	return buf;
}

/* Parses a word of `length` bytes, which may be followed by more text. */
static int parse_part(word_name *name, const char *what, const char *text, size_t length,
		      struct err *err)
{
	char all[256], *word = strndup(text, length);
	if (!word)
		return err_errno(err, -ENOMEM, "%s", text);
	int value = word_find(name, word);
	if (value < 0) {
		value = err_set(err, -EINVAL, "%s%sexpected %s, got '%s'%s", what ? what : "",
				what ? ": " : "", word_list(name, 0, all, sizeof(all)), word,
				DID_YOU_MEAN(word_nearest(name, word)));
	}
	free(word);
	return value;
}

int word_parse(word_name *name, const char *what, const char *word, struct err *err)
{
	char all[256];
	if (!word)
		return err_set(err, -EINVAL, "%s: expected %s, got nothing", what,
			       word_list(name, 0, all, sizeof(all)));
	return parse_part(name, what, word, strlen(word), err);
}

int word_parse_set(word_name *name, const char *what, const char *list, unsigned *set,
		   struct err *err)
{
	*set = 0;
	for (const char *item = list;; item++) {
		const size_t length = strcspn(item, ",");
		const int value = parse_part(name, what, item, length, err);
		if (value < 0)
			return value;
		*set |= 1U << value;
		item += length;
		if (!*item)
			return 0;
	}
}

const char *word_set_text(word_name *name, unsigned set, char *buf, size_t size)
{
	size_t used = 0;
	*buf = '\0';
	for (unsigned i = 0; name(i) && used < size; i++) {
		if (set & 1U << i)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? "," : "",
						 name(i));
	}
	return buf;
}
