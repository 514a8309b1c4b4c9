/*
 * The parts of a shape that are neither counts nor quantities: how each is written, checked and
 * printed. field.c makes keys of them.
 */
#ifndef DATASETS_SHAPE_PART_H
#define DATASETS_SHAPE_PART_H

#include <stdio.h>

#include "datasets/shape/place.h"
#include "datasets/shape/shape.h"

int fill_read(const struct place *at, enum fill *fill);
int fill_check(const struct place *at, const enum fill *fill);
void fill_print(FILE *out, const enum fill *fill);

int alphabet_read(const struct place *at, struct alphabet *alphabet);
int alphabet_check(const struct place *at, const struct alphabet *alphabet);
void alphabet_print(FILE *out, const struct alphabet *alphabet);

int extensions_read(const struct place *at, struct extensions *extensions);
int extensions_check(const struct place *at, const struct extensions *extensions);
void extensions_print(FILE *out, const struct extensions *extensions);

int symlinks_read(const struct place *at, struct symlinks *links);
int symlinks_check(const struct place *at, const struct symlinks *links);
void symlinks_print(FILE *out, const struct symlinks *links);

int hard_links_read(const struct place *at, struct hard_links *links);
int hard_links_check(const struct place *at, const struct hard_links *links);
void hard_links_print(FILE *out, const struct hard_links *links);

int xattrs_read(const struct place *at, struct xattrs *xattrs);
int xattrs_check(const struct place *at, const struct xattrs *xattrs);
void xattrs_print(FILE *out, const struct xattrs *xattrs);

int specials_read(const struct place *at, uint32_t *specials);
int specials_check(const struct place *at, const uint32_t *specials);
void specials_print(FILE *out, const uint32_t *specials);

/* Permissions as "0644"; owners as "UID:GID". */
extern const struct unit unit_mode, unit_owner;

#endif
