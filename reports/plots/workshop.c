#include "reports/plots/workshop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"
#include "reports/plots/picture.h"

#define PICTURE_MAX ((size_t)64 << 20)

static int make_below(struct workshop *w, const char *parent, struct err *err)
{
	char path[4096];
	if ((size_t)snprintf(path, sizeof(path), "%s/statmark-XXXXXX", parent) >= sizeof(path))
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	int error = outdir_open(&w->dir, path, false, err);
	if (!error)
		error = outdir_open_below(&w->plots, &w->dir, "plots", err);
	if (error)
		workshop_close(w);
	return error;
}

int workshop_open(struct workshop *w, const char *other, struct err *err)
{
	const char *const parents[] = {getenv("TMPDIR"), "/tmp", other};
	int error = -ENOENT;
	*w = (struct workshop){OUTDIR_NONE, OUTDIR_NONE};
	for (size_t i = 0; error && i < ARRAY_LEN(parents); i++) {
		if (parents[i] && *parents[i])
			error = make_below(w, parents[i], NULL);
	}
	return error ? err_errno(err, error, "no private directory can be made in /tmp or %s",
				 other)
		     : 0;
}

static int write_picture(const struct outdir *out, const char *name, const char *text, size_t size,
			 struct err *err)
{
	char *finished;
	if (strcmp(name + strlen(name) - 4, ".svg") != 0)
		return outdir_write(out, name, text, size, err);
	int error = picture_finish(text, size, &finished, &size);
	if (error)
		return err_errno(err, error, "%s", name);
	error = outdir_write(out, name, finished, size, err);
	free(finished);
	return error;
}

static bool ends_in(const char *text, size_t size, const char *end, size_t length)
{
	return size >= length && memcmp(text + size - length, end, length) == 0;
}

/* Of an SVG the last tag, of a PNG the last chunk is there. */
static bool is_whole(const char *name, const char *text, size_t size)
{
	static const char svg_end[] = "</svg>", png_end[] = "\0\0\0\0IEND\256B`\202";
	if (ends_in(name, strlen(name), ".png", 4))
		return ends_in(text, size, png_end, sizeof(png_end) - 1);
	while (size > 0 && strchr("\r\n \t", text[size - 1]))
		size--;
	return ends_in(text, size, svg_end, sizeof(svg_end) - 1);
}

int workshop_deliver(const struct workshop *w, const char *name, const struct outdir *out,
		     struct arena *arena, struct err *err)
{
	const char *path = arena_print(arena, "%s/%s", w->dir.path, name);
	char *text;
	size_t size;
	int error = path ? read_file(path, PICTURE_MAX, &text, &size) : -ENOMEM;
	if (error == -ENOENT)
		return err_set(err, -EIO, "gnuplot reported no error but did not write %s", name);
	if (error)
		return err_errno(err, error, "%s", name);
	if (is_whole(name, text, size))
		error = write_picture(out, name, text, size, err);
	else
		error = err_set(err, -EIO,
				"gnuplot reported no error but wrote only the first %zu bytes "
				"of %s; is the filesystem of %s full?",
				size, name, w->dir.path);
	free(text);
	return error;
}

static void empty(int fd)
{
	int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	struct dirent *d;
	while (stream && (d = readdir(stream)))
		unlinkat(fd, d->d_name, 0); /* what is a directory stays */
	if (stream)
		closedir(stream);
	else if (again >= 0)
		close(again);
}

void workshop_close(struct workshop *w)
{
	if (w->plots.fd >= 0)
		empty(w->plots.fd);
	if (w->dir.fd >= 0) {
		empty(w->dir.fd);
		unlinkat(w->dir.fd, "plots", AT_REMOVEDIR);
		rmdir(w->dir.path);
	}
	outdir_close(&w->plots);
	outdir_close(&w->dir);
}
