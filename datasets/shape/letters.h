/*
 * What names are made of: fills bytes with characters of an alphabet, never with a digit (except
 * hexadecimal ones), a slash or a NUL, so that the number in a name can be found again.
 */
#ifndef DATASETS_SHAPE_LETTERS_H
#define DATASETS_SHAPE_LETTERS_H

#include <stddef.h>

#include "datasets/shape/shape.h"
#include "engine/base/rng.h"

/* Exactly n bytes, without a NUL behind them. characters: for LETTERS_CHARACTERS. */
void letters_fill(enum letters letters, const char *characters, struct rng *rng, char *text,
		  size_t n);

#endif
