/*
 * The result document, "statmark-run/1": a struct result as JSON and back. The fields are listed
 * once, in the tables of document.c; schema/run.schema.json describes them for other programs.
 */
#ifndef REPORTS_DOCUMENT_DOCUMENT_H
#define REPORTS_DOCUMENT_DOCUMENT_H

#include "engine/base/err.h"
#include "engine/base/outdir.h"
#include "engine/result.h"

struct json_t;

/* A new reference; NULL: out of memory. */
struct json_t *document_json(const struct result *result);

/*
 * Writes it as outdir_write does: a full disk or a kill leaves the old document intact. Where dir
 * is NULL, name is any path.
 */
int document_write(const struct outdir *dir, const char *name, const struct result *result,
		   struct err *err);

/*
 * Reads a document; the caller frees *result. -EINVAL when it is not JSON, of another schema, or a
 * value has the wrong type (the message names the file and the place); -EFBIG; those of open(2).
 */
int document_read(const char *path, struct result **result, struct err *err);

/* The same from a text; name: its name in messages. */
int document_parse(const char *name, const char *text, size_t size, struct result **result,
		   struct err *err);

#endif
