/*
 * Result documents of anyone: whatever the bytes are, reading them ends in a result or in words,
 * and a result that was read can be shown, compared, presented and remembered. How strange its
 * figures may be is not asked here, only that nothing falls over them.
 */
#include "reports/document/document.h"

#include <stdlib.h>

#include "reports/history/store.h"
#include "reports/present/present.h"
#include "reports/table/table.h"
#include "reports/verdict/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct compare_terms terms = {.tolerance = 0.01, .limit = 0.05, .family_error = 0.01};

static void present(FILE *sink, struct judgement *j)
{
	for (const struct present_format *f = present_formats; f->name; f++)
		f->write(sink, j, &(struct present_style){.width = 80});
	judgement_free(j);
}

static void use(FILE *sink, const struct result *result)
{
	const struct compare_document documents[] = {{"a", result}, {"b", result}};
	struct judgement *j;
	struct points points;
	table_print(sink, result, &(struct table_style){.width = 120, .utf8 = true, .bars = true});
	if (!compare_documents(documents, 1, documents + 1, 1, &terms, &j, NULL))
		present(sink, j);
	if (!compare_cells(documents, 1, "jobs=1", "jobs=2", &terms, &j, NULL))
		present(sink, j);
	points_make(&points, result, NULL, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result *result;
	struct err err = {0};
	if (document_parse("input", (const char *)data, size, &result, &err)) {
		if (!err.code || !*err.text)
			abort();
		return 0;
	}
	FILE *sink = fopen("/dev/null", "w");
	if (sink) {
		use(sink, result);
		fclose(sink);
	}
	result_free(result);
	return 0;
}
