#include "datasets/tree/tree_path.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/util.h"

/* Appends as much as fits. */
static void append(struct tree_path *path, const char *text)
{
	size_t room = sizeof(path->text) - 1 - path->length, length = strlen(text);
	length = MIN(length, room);
	memcpy(path->text + path->length, text, length);
	path->length += length;
	path->text[path->length] = '\0';
}

void tree_path_start(struct tree_path *path, const char *start)
{
	path->length = 0;
	append(path, start);
	path->below = path->length + 1;
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

size_t tree_path_push(struct tree_path *path, const char *name)
{
	size_t before = path->length;
	append(path, "/");
	append(path, name);
	return before;
}

bool tree_path_fits(const struct tree_path *path, const char *name)
{
	return path->length + strlen(name) + 1 < sizeof(path->text);
}

void tree_path_pop(struct tree_path *path, size_t length)
{
	path->length = length;
	path->text[length] = '\0';
}

size_t tree_path_push_entry(struct tree_path *path, const struct gen_dir *dir, uint64_t entry,
			    const char **name)
{
	size_t before = path->length;
	path->text[before] = '/';
	path->length = before + 1 + gen_name(dir, entry, path->text + before + 1);
	*name = path->text + before + 1;
	return before;
}

void tree_path_digest(struct tree_path *path, const struct gen_dir *dir, struct digest *digest)
{
	size_t before = path->length;
	path->text[path->length++] = '/';
	gen_digest_below(dir, path->text + path->below, path->length - path->below, digest);
	tree_path_pop(path, before);
}
