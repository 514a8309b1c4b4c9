#include "datasets/shape/shape.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "datasets/shape/shape_keys.h"
#include "engine/base/digest.h"
#include "engine/base/embed.h"
#include "engine/base/util.h"
#include "engine/json/json_node.h"

/* What a shape that says nothing is like: a source tree. */
static const struct shape defaults = {
	.name = "unnamed",
	.entries = 20000,
	.files_per_dir = LEVELS_RANGE(12, 25),
	.dirs_per_dir = LEVELS_RANGE(0, 6),
	.depth = 16,
	.fill = FILL_EVEN,
	.name_length = QUANTITY_RANGE(4, 24),
	.seed = 1,
};

/* Where directories end, if the document leaves it open. */
static uint32_t natural_depth(const struct shape *shape)
{
	for (uint32_t depth = 0; depth < defaults.depth; depth++) {
		if (quantity_max(levels_at(&shape->dirs_per_dir, depth)) == 0)
			return depth;
	}
	return defaults.depth;
}

static int read_values(struct shape *shape, const struct json_node *at)
{
	struct json_node depth;
	int error = shape_members_read(shape, at);
	if (!error && !json_node_member(at, "depth", &depth))
		shape->depth = natural_depth(shape);
	return error;
}

static int read_checked(struct shape *shape, const struct json_node *at)
{
	int error = read_values(shape, at);
	return error ? error : shape_check_at(shape, at);
}

int shape_read(struct shape *shape, const struct json_node *at)
{
	struct shape read = defaults;
	int error = read_checked(&read, at);
	if (!error)
		*shape = read;
	return error;
}

/* A shape's name when its document gives none: the file's, with what a name cannot hold as '-'. */
static void name_after(struct shape *shape, const char *source)
{
	const char *slash = strrchr(source, '/'), *base = slash ? slash + 1 : source;
	const char *dot = strrchr(base, '.');
	size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	length = MIN(length, sizeof(shape->name) - 1);
	if (length == 0 || *base == '.' || *base == '-')
		return;
	memcpy(shape->name, base, length);
	shape->name[length] = '\0';
	for (char *c = shape->name; *(c += strspn(c, NAME_ALPHABET)); c++)
		*c = '-';
}

int shape_parse(struct shape *shape, const char *source, const char *text, size_t size,
		struct err *err)
{
	struct json_node document = {0};
	struct shape read = defaults;
	name_after(&read, source);
	int error = json_node_open(&document, source, text, size, err);
	error = error ? error : read_checked(&read, &document);
	if (!error)
		*shape = read;
	json_node_close(&document);
	return error;
}

static int load_file(struct shape *shape, const char *path, struct err *err)
{
	struct stat st;
	char *text = NULL;
	size_t size = 0;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > JSON_NODE_TEXT_MAX)
		return err_set(err, -EFBIG, "%s: is %lld bytes; a shape is at most 1 MiB", path,
			       (long long)st.st_size);
	int error = read_file(path, JSON_NODE_TEXT_MAX, &text, &size);
	if (error == -EFBIG)
		return err_set(err, error, "%s: is longer than 1 MiB, which no shape is", path);
	if (error)
		return err_errno(err, error, "%s", path);
	error = shape_parse(shape, path, text, size, err);
	free(text);
	return error;
}

const char *shape_preset(size_t i)
{
	return embedded_shapes[i].name;
}

static const char *preset_name(size_t i, const void *arg)
{
	(void)arg;
	return shape_preset(i);
}

static bool is_path(const char *word)
{
	size_t length = strlen(word);
	return strchr(word, '/') || (length > 5 && strcmp(word + length - 5, ".json") == 0);
}

int shape_load(struct shape *shape, const char *name_or_path, struct err *err)
{
	size_t n = 0;
	if (is_path(name_or_path))
		return load_file(shape, name_or_path, err);
	for (; shape_preset(n); n++) {
		const struct embedded *preset = &embedded_shapes[n];
		if (strcmp(preset->name, name_or_path) == 0)
			return shape_parse(shape, name_or_path, preset->text, preset->size, err);
	}
	const char *near = nearest(name_or_path, n, preset_name, NULL);
	if (near)
		return err_set(err, -ENOENT, "no shape is called '%s'; did you mean '%s'?",
			       name_or_path, near);
	return err_set(err, -ENOENT,
		       "no shape is called '%s'; a shape file's name has a slash or ends in .json",
		       name_or_path);
}

char *shape_to_json(const struct shape *shape)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fputs("{\n", out);
	shape_members_print(shape, out);
	fputs("}\n", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int shape_hash(const struct shape *shape, uint64_t *hash)
{
	struct shape tree = *shape;
	tree.name[0] = tree.summary[0] = '\0';
	char *text = shape_to_json(&tree);
	if (!text)
		return -ENOMEM;
	*hash = digest_hash(text, strlen(text), 0);
	free(text);
	return 0;
}
