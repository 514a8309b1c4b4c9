#include "datasets/tree/trail.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/util.h"

/* Appends what there is room for. */
static void append(struct trail *trail, const char *text)
{
	size_t room = sizeof(trail->text) - 1 - trail->length, length = strlen(text);
	length = MIN(length, room);
	memcpy(trail->text + trail->length, text, length);
	trail->length += length;
	trail->text[trail->length] = '\0';
}

void trail_start(struct trail *trail, const char *path)
{
	trail->length = 0;
	append(trail, path);
	trail->below = trail->length + 1;
}

const char *path_brief(const char *path, char *buf)
{
	enum { END = (BRIEF_SIZE - 4) / 2 };
	size_t length = strlen(path);
	if (length < BRIEF_SIZE)
		return path;
	snprintf(buf, BRIEF_SIZE, "%.*s...%s", END, path, path + length - END);
	return buf;
}

size_t trail_push(struct trail *trail, const char *name)
{
	size_t before = trail->length;
	append(trail, "/");
	append(trail, name);
	return before;
}

void trail_pop(struct trail *trail, size_t length)
{
	trail->length = length;
	trail->text[length] = '\0';
}

size_t trail_push_entry(struct trail *trail, const struct gen_dir *dir, uint64_t entry,
			const char **name)
{
	size_t before = trail->length;
	trail->text[before] = '/';
	trail->length = before + 1 + gen_name(dir, entry, trail->text + before + 1);
	*name = trail->text + before + 1;
	return before;
}

void trail_digest(struct trail *trail, const struct gen_dir *dir, struct digest *digest)
{
	size_t before = trail->length;
	trail->text[trail->length++] = '/';
	gen_digest_below(dir, trail->text + trail->below, trail->length - trail->below, digest);
	trail_pop(trail, before);
}
