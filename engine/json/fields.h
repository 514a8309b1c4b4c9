/*
 * Macros for tables of members (member.h), one line for each field. With them the compiler checks
 * the table: a field whose type is not that of its member does not compile.
 */
#ifndef ENGINE_JSON_FIELDS_H
#define ENGINE_JSON_FIELDS_H

#include <stddef.h>

#include "engine/json/member.h"

/*
 * One line of a table: the JSON name and the field of struct T, which the table defines. AT is the
 * offset of the field; it does not compile if the field does not have the type that this kind of
 * member reads and writes.
 */
#define AT(field, type)    (offsetof(T, field) + 0 * _Generic(((T *)0)->field, type : 1))
#define TEXT(key, field)   .name = key, .kind = MEMBER_TEXT, .offset = AT(field, const char *)
#define BOOL(key, field)   .name = key, .kind = MEMBER_BOOL, .offset = AT(field, bool)
#define U32(key, field)    .name = key, .kind = MEMBER_U32, .offset = AT(field, uint32_t)
#define COUNT(key, field)  .name = key, .kind = MEMBER_COUNT, .offset = AT(field, uint64_t)
#define MAYBE(key, field)  .name = key, .kind = MEMBER_MAYBE, .offset = AT(field, uint64_t)
#define ID(key, field)     .name = key, .kind = MEMBER_ID, .offset = AT(field, uint64_t)
#define BETTER(key, field) .name = key, .kind = MEMBER_BETTER, .offset = AT(field, bool)
#define JSON(key, field)   .name = key, .kind = MEMBER_JSON, .offset = AT(field, const char *)
#define CONST(key, text)   .name = key, .kind = MEMBER_CONST, .value = text
#define ENUM(key, field, type, words)                                                              \
	.name = key, .kind = MEMBER_ENUM, .offset = AT(field, type), .word = words
#define OR_NULL(key, field, type, words)                                                           \
	.name = key, .kind = MEMBER_OR_NULL, .offset = AT(field, type), .word = words
#define REQUIRED    .required = true
#define COST(words) .unit = words, .better = "lower"
#define GAIN(words) .unit = words, .better = "higher"

/* A real number that is written only if a flag is set, or if its estimate is known. */
#define REAL_IF(key, field, flag)                                                                  \
	.name = key, .kind = MEMBER_REAL, .offset = AT(field, double), .count = AT(flag, bool)
#define REAL(key, field, estimate) REAL_IF(key, field, estimate.known)

/*
 * Some of T's own fields under a name, only if a flag is set: the range of an estimate that is only
 * seen.
 */
#define OWN_IF(key, flag, table)                                                                   \
	.name = key, .kind = MEMBER_OWN_IF, .count = AT(flag, bool), .members = table

/* Whether an estimate is known, for a JSON object without a member for this. */
#define KNOWN(key, guess)    IS_NUMBER(key, guess.known)
#define IS_NUMBER(key, flag) .name = key, .kind = MEMBER_KNOWN, .offset = AT(flag, bool)

/* Structs inside T: one, some of T's own fields under a name, or an array. */
#define OBJECT(key, field, table)                                                                  \
	.name = key, .kind = MEMBER_OBJECT, .offset = offsetof(T, field), .members = table
#define OWN(key, table) .name = key, .kind = MEMBER_OBJECT, .members = table
#define ITEMS(key, field, table)                                                                   \
	.name = key, .offset = offsetof(T, field), .count = AT(n_##field, size_t),                 \
	.size = sizeof(*((T *)0)->field), .members = table
#define ARRAY(key, field, table) .kind = MEMBER_ARRAY, ITEMS(key, field, table)
#define MAP(key, field, table)   .kind = MEMBER_MAP, ITEMS(key, field, table)

/* The rows of one struct estimate, in any struct. */
/* clang-format off */
#define ESTIMATE(field)                                                                            \
	{KNOWN("median", field)},                                                                  \
	{REAL("median", field.median, field)},                                                     \
	{REAL("lo", field.lo, field)},                                                             \
	{REAL("hi", field.hi, field)},                                                             \
	{REAL("confidence", field.confidence, field)},                                             \
	{U32("n", field.n)},                                                                       \
	{TEXT("reason", field.reason)}
#define SEEN(field) {OWN_IF("range", field.seen, field##_range_members)}

/*
 * The median and range of an estimate without an interval; comes before the table with the
 * estimate.
 */
#define RANGE(field)                                                                               \
	static const struct member field##_range_members[] = {                                     \
		{REAL_IF("median", field.median, field.seen)},                                     \
		{REAL_IF("least", field.lo, field.seen)},                                          \
		{REAL_IF("most", field.hi, field.seen)},                                           \
		{0},                                                                               \
	}
/* clang-format on */

#endif
