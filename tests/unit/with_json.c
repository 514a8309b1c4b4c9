#include "tests/unit/with_json.h"

#include <stdlib.h>

int json_read_file(const char *path, json_t **json, struct err *err)
{
	char *text;
	size_t size;
	int error = json_read_text(path, &text, &size, err);
	if (error)
		return error;
	error = json_parse(path, text, size, json, err);
	free(text);
	return error;
}
