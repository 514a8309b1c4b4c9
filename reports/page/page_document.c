/*
 * Packs the document for the page. A document consists mostly of passes, each an object with the
 * same two dozen names. Here each name becomes a column, and a column whose values are all equal
 * becomes that value, which makes the document ten times smaller. Only lists at fixed places are
 * packed, which page.js knows, so no text of a document can be mistaken for a packed list.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/base/util.h"
#include "engine/json/json.h"
#include "reports/document/document.h"
#include "reports/page/parts.h"

/* The values of one name, in all rows; a new reference. */
static json_t *column_of(const json_t *rows, const char *name)
{
	json_t *column = json_array();
	bool same = true;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *value = json_object_get(json_array_get(rows, i), name);
		same &= json_equal(value, json_object_get(json_array_get(rows, 0), name));
		if (json_array_append(column, value)) {
			json_decref(column);
			return NULL;
		}
	}
	if (!same)
		return column;
	json_t *value = json_incref(json_array_get(column, 0));
	json_decref(column);
	return value;
}

/* {"n": 80, "columns": {"round": [0, 1, ..], "verified": true, ..}}; a new reference. */
static json_t *columns_of(const json_t *rows)
{
	json_t *columns = json_object();
	const char *name;
	json_t *value;
	json_object_foreach(json_array_get(rows, 0), name, value)
	{
		if (json_object_set_new(columns, name, column_of(rows, name))) {
			json_decref(columns);
			return NULL;
		}
	}
	return json_pack("{s:I, s:o}", "n", (json_int_t)json_array_size(rows), "columns", columns);
}

static int pack(json_t *owner, const char *name)
{
	json_t *rows = json_object_get(owner, name);
	if (!json_array_size(rows))
		return 0;
	return json_object_set_new(owner, name, columns_of(rows)) ? -ENOMEM : 0;
}

static int pack_all(json_t *document)
{
	json_t *cells = json_object_get(document, "cells");
	int error = pack(json_object_get(document, "run"), "units");
	for (size_t i = 0; i < json_array_size(cells) && !error; i++) {
		json_t *cell = json_array_get(cells, i);
		json_t *latency = json_object_get(cell, "latency");
		error = pack(cell, "passes");
		error = error ? error : pack(latency, "passes");
		error = error ? error : pack(latency, "histogram");
	}
	return error;
}

/*
 * Escapes "<", because only "<" can end a script element or begin a comment in it. In JSON it
 * occurs in strings only.
 */
static int put_in_script(const char *text, size_t size, void *to)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '<')
			fputs("\\u003c", to);
		else
			fputc(text[i], to);
	}
	return 0;
}

static void begin(const struct page *p)
{
	fprintf(p->to, "<script type=\"application/json\" class=\"document\" id=\"r%zu-json\">",
		p->number);
}

int page_put_json(const struct page *p, int (*print)(FILE *to, const void *arg), const void *arg)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int error = to ? print(to, arg) : -ENOMEM;
	if (to && (ferror(to) | fclose(to)))
		error = -ENOMEM;
	begin(p);
	if (!error)
		put_in_script(text, size, p->to);
	fputs("</script>\n", p->to);
	free(text);
	return error;
}

int page_put_document(const struct page *p)
{
	json_t *document = document_json(p->result);
	int error = document ? pack_all(document) : -ENOMEM;
	begin(p);
	if (!error && json_dump_callback(document, put_in_script, p->to,
					 JSON_COMPACT | JSON_REAL_PRECISION(10)))
		error = -ENOMEM;
	fputs("</script>\n", p->to);
	json_decref(document);
	return error;
}
