#include "engine/cmd/parts/results.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "reports/document/document.h"

enum { TREE_MAX = 64 }; /* bytes of a tree's name in the name of a directory */

static bool is_directory(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The name of a directory without the path before it; of a file also without ".json". */
static void name_tree(const char *word, char name[TREE_MAX + 1])
{
	char *real = is_directory(word) ? realpath(word, NULL) : NULL;
	const char *last = last_name(real ? real : word);
	size_t length = strlen(last);
	if (!real && length > 5 && strcmp(last + length - 5, ".json") == 0)
		length -= 5;
	snprintf(name, TREE_MAX + 1, "%.*s", (int)MIN(length, TREE_MAX), length ? last : "root");
	for (char *c = name; *c; c++) {
		bool plain = isascii(*c) && (isalnum((unsigned char)*c) || strchr("_-.", *c));
		if (!plain || (c == name && !isalnum((unsigned char)*c)))
			*c = '_';
	}
	free(real);
}

static int open_own(struct results *r, const struct output_options *o, const char *word,
		    struct err *err)
{
	char stem[TREE_MAX + 32], tree[TREE_MAX + 1], when[24];
	time_t now = time(NULL);
	struct tm tm;
	name_tree(word, tree);
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	snprintf(stem, sizeof(stem), "%s-%s", tree, when);
	r->made_all = access(RESULTS_ALL, F_OK) != 0;
	int error = outdir_open(&r->all, RESULTS_ALL, o->force_output, err);
	return error ? error : outdir_make(&r->dir, &r->all, stem, err);
}

int results_open(struct results *results, const struct output_options *options, const char *word,
		 const char *usual, struct arena *arena, struct err *err)
{
	*results = RESULTS_NONE;
	results->skip = options->out ? options->out : RESULTS_ALL;
	int error = options->out
			    ? outdir_open(&results->dir, options->out, options->force_output, err)
			    : open_own(results, options, word ? word : usual, err);
	if (!error)
		error = outdir_lock(&results->dir, err);
	if (error)
		return error;
	results->document = arena_print(arena, "%s/" RESULTS_DOCUMENT, results->dir.path);
	return results->document ? 0 : err_errno(err, -ENOMEM, "%s", results->dir.path);
}

int results_saved(struct results *results, struct err *err)
{
	if (results->all.fd < 0)
		return 0;
	return outdir_link(&results->all, RESULTS_LATEST, last_name(results->dir.path), err);
}

void results_close(struct results *results)
{
	if (results->all.fd >= 0 && results->dir.fd >= 0)
		unlinkat(results->all.fd, last_name(results->dir.path), AT_REMOVEDIR);
	outdir_close(&results->dir);
	outdir_close(&results->all);
	if (results->made_all)
		rmdir(RESULTS_ALL); /* fails if a run is in it */
}

const char *results_find(const char *word, struct arena *arena)
{
	if (strcmp(word, RESULTS_LATEST) == 0)
		return arena_copy(arena, RESULTS_ALL "/" RESULTS_LATEST "/" RESULTS_DOCUMENT);
	if (!is_directory(word))
		return arena_copy(arena, word);
	bool slash = word[strlen(word) - 1] == '/';
	return arena_print(arena, "%s%s" RESULTS_DOCUMENT, word, slash ? "" : "/");
}

int results_read(const char *word, struct result **result, const char **path, struct err *err)
{
	struct arena *arena = arena_new();
	const char *found = arena ? results_find(word, arena) : NULL;
	int error = found ? 0 : err_errno(err, -ENOMEM, "%s", word);
	if (!error && strcmp(word, RESULTS_LATEST) == 0 && access(found, F_OK))
		error = err_set(err, -ENOENT, "%s: there is no run yet; make one with statmark run",
				found);
	error = error ? error : document_read(found, result, err);
	if (!error) {
		*path = arena_copy((*result)->arena, found);
		error = *path ? 0 : err_errno(err, -ENOMEM, "%s", word);
	}
	arena_free(arena);
	return error;
}

int results_open_beside(struct outdir *dir, const struct output_options *options,
			const char *document, struct arena *arena, struct err *err)
{
	size_t length = (size_t)(last_name(document) - document);
	const char *beside =
		length ? arena_print(arena, "%.*s", (int)MAX(length - 1, 1), document) : ".";
	*dir = OUTDIR_NONE;
	if (!beside)
		return err_errno(err, -ENOMEM, "%s", document);
	int error =
		outdir_open(dir, options->out ? options->out : beside, options->force_output, err);
	return error ? error : outdir_lock(dir, err);
}
