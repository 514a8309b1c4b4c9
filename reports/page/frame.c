#include "reports/page/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/embed.h"
#include "reports/page/html.h"
#include "reports/page/page.h"

static void put_embedded(FILE *to, const struct embedded *files)
{
	for (const struct embedded *e = files; e->name; e++)
		fwrite(e->text, 1, e->size, to);
}

/* The policy allows the page to run its own script, and to fetch nothing. */
void frame_open(FILE *to, const char *title)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
	      "base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"generator\" content=\"statmark\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n",
	      to);
	html_put(to, "<title>%s \342\200\223 statmark</title>\n<style>\n", title);
	put_embedded(to, embedded_styles);
	fputs("</style>\n</head>\n"
	      "<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n"
	      "<header class=\"top\"><p>statmark</p><div class=\"tools\"></div></header>\n"
	      "<main id=\"main\" tabindex=\"-1\">\n",
	      to);
}

void frame_close(FILE *to, const char *version)
{
	html_put(to,
		 "</main>\n<footer><p>Written by statmark%s%s. This file needs no other "
		 "files.</p></footer>\n",
		 version ? " " : "", version ? version : "");
	fputs("<div id=\"tip\" role=\"status\" hidden></div>\n<script>\n", to);
	put_embedded(to, embedded_scripts);
	fputs("</script>\n</body>\n</html>\n", to);
}

const char *frame_name(const struct outdir *out, const char *own)
{
	return faccessat(out->fd, "run.json", F_OK, AT_SYMLINK_NOFOLLOW) ? PAGE_FILE : own;
}

int frame_write(const struct outdir *out, const char *name, int (*print)(FILE *to, const void *arg),
		const void *arg, FILE *log, struct err *err)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int error = to ? print(to, arg) : -ENOMEM;
	if (to && (ferror(to) | fclose(to)))
		error = -ENOMEM;
	error = error ? err_errno(err, error, "cannot write %s", name)
		      : outdir_write(out, name, text, size, err);
	if (error)
		outdir_remove(out,
			      name); /* else a page of an earlier run would pass for this one */
	else if (log)
		fprintf(log, "%s/%s\n", out->path, name);
	free(text);
	return error;
}
