/* JSON files, for the tests that look into a document. */
#ifndef TESTS_UNIT_WITH_JSON_H
#define TESTS_UNIT_WITH_JSON_H

#include "engine/json/json.h"

/* Reads and parses a file, as documents are read. */
int json_read_file(const char *path, json_t **json, struct err *err);

#endif
