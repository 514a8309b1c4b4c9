/*
 * A shape says what a tree is like without holding any of its names: how many entries, how many per
 * directory, how deep, how the names look, what else than files there is, and the seed that settles
 * the rest. It is what people write as JSON (README.md lists the keys) and what the generator turns
 * into a tree.
 *
 * A shape is a plain value: copy it, change entries or seed, and check it again.
 */
#ifndef DATASETS_SHAPE_SHAPE_H
#define DATASETS_SHAPE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datasets/shape/profile.h"
#include "datasets/shape/quantity.h"
#include "engine/base/err.h"

struct json_node;

#define SHAPE_SCHEMA "statmark-shape/1"

enum {
	SHAPE_NAME_SIZE = 64,
	SHAPE_SUMMARY_SIZE = 256,
	SHAPE_DEPTH_MAX = 512,
	SHAPE_PATH_MAX = 3072, /* bytes of a path below the root; PATH_MAX less room for the root */
	SHAPE_LONG_PATH_MAX = (SHAPE_DEPTH_MAX + 1) * 256, /* for those that say long_paths */
	SHAPE_CHARACTERS_SIZE = 256,
	SHAPE_EXTENSION_SIZE = 24,
	SHAPE_EXTENSIONS = 24,
	SHAPE_GROUP_MAX = 64,
	SHAPE_XATTRS_MAX = 16,
};

enum fill {
	FILL_EVEN, /* a directory shares its entries out evenly among its sub-directories */
	FILL_DEEP, /* no sub-directory is begun before the one before it is full */
};

/* What names are made of, besides the number that makes them unique. */
enum letters {
	LETTERS_LOWER,      /* syllables, so that people can read a path aloud */
	LETTERS_MIXED,      /* letters of both cases and '_' */
	LETTERS_HEX,        /* nothing but hexadecimal digits, the number too */
	LETTERS_UTF8,       /* characters of one to four bytes */
	LETTERS_ANY_BYTES,  /* whatever a filesystem must take: all but '/' and NUL */
	LETTERS_CHARACTERS, /* those that the shape lists */
};

struct alphabet {
	enum letters letters;
	char characters[SHAPE_CHARACTERS_SIZE]; /* UTF-8, with LETTERS_CHARACTERS */
};

/* What symbolic links lead to. */
enum link_kind { LINK_FILE, LINK_DIRECTORY, LINK_DANGLING, LINK_CHAIN, LINK_KINDS };

/* Where the first name of a hard-linked file is. */
enum first_name { FIRST_IN_DIRECTORY, FIRST_IN_PARENT };

struct extensions {
	uint32_t n, total; /* total of all weights */
	struct extension {
		char text[SHAPE_EXTENSION_SIZE];
		uint32_t weight;
	} at[SHAPE_EXTENSIONS];
};

struct symlinks {
	uint32_t per_mille;
	uint32_t weights[LINK_KINDS];
};

struct hard_links {
	uint32_t per_mille;
	enum first_name of;
	uint32_t group; /* names of one file at most, if they lie in one directory */
};

struct xattrs {
	uint32_t per_mille;
	struct quantity count, size; /* attributes; bytes of each value */
};

/* A share "per mille" is of all names that are not directories; of the files where it says so. */
struct shape {
	char name[SHAPE_NAME_SIZE];       /* letters, digits, '.', '_', '-': goes into paths */
	char summary[SHAPE_SUMMARY_SIZE]; /* one line, UTF-8 */
	char origin[SHAPE_SUMMARY_SIZE];  /* what it was fitted to, and when; one line, or empty */
	uint64_t entries;                 /* all names below the root */
	struct levels files_per_dir;      /* fewer where the entries run out */
	struct levels dirs_per_dir;
	uint32_t depth; /* levels of directories below the root; 0: all entries are in the root */
	enum fill fill;
	struct profile profile;          /* of the depths; takes the place of fill */
	bool long_paths;                 /* paths may be longer than PATH_MAX */
	struct quantity name_length;     /* bytes, 1..255 */
	struct quantity dir_name_length; /* not given: as name_length */
	struct alphabet alphabet;
	struct extensions extensions; /* ends of the names of all but directories */
	struct quantity file_size;    /* bytes, nothing but holes; not given: 0 */
	struct symlinks symlinks;
	struct hard_links hard_links; /* of files */
	uint32_t fifos, sockets, devices;
	struct xattrs xattrs;   /* of files */
	struct quantity modes;  /* of files: permissions; not given: 0644 */
	struct quantity owners; /* of files: uid << 32 | gid; not given: the user who makes them */
	struct quantity mtime;  /* of files: s since 1970; not given: when they are made */
	uint32_t holes;    /* share of entries that are followed by one that is removed again */
	uint32_t specials; /* bits, 1 << enum special_kind */
	uint64_t seed;     /* below 2^53, so that every JSON reader keeps it */
};

/*
 * Loads a preset by name, or a file if the word has a slash or ends in ".json". -ENOENT with the
 * nearest preset; -EINVAL for what is wrong in the document, with the place; -EFBIG beyond 1 MiB;
 * the errors of open(2) and read(2).
 */
int shape_load(struct shape *shape, const char *name_or_path, struct err *err);

/* The same from text; source stands in messages. */
int shape_parse(struct shape *shape, const char *source, const char *text, size_t size,
		struct err *err);

/* The same from a part of a document. */
int shape_read(struct shape *shape, const struct json_node *at);

/*
 * Whether a tree of this shape can exist: values in range and not contradicting each other. Call it
 * after changing a loaded shape. 0, or -EINVAL with the place.
 */
int shape_check(const struct shape *shape, const char *source, struct err *err);

/*
 * The shape's canonical JSON text, which shape_parse turns into the same shape; the caller frees.
 * NULL: out of memory.
 */
char *shape_to_json(const struct shape *shape);

/*
 * A hash over everything that decides the tree (name, summary and origin do not): equal for shapes
 * that give the same tree. 0 or -ENOMEM.
 */
int shape_hash(const struct shape *shape, uint64_t *hash);

/*
 * Names it after a file, with what a name cannot hold as '-'. What the shape was called stays where
 * nothing of the file's name can be a name.
 */
void shape_name_after(struct shape *shape, const char *path);

/* Name of the i-th preset, or NULL behind the last. */
const char *shape_preset(size_t i);

/* All files lie in one directory, `depth` directories below the root, each in the one before. */
void shape_set_depth(struct shape *shape, uint32_t depth);

/* All names have so many bytes. */
void shape_set_name_length(struct shape *shape, uint64_t bytes);

/*
 * The most entries a tree of this shape below a directory at `depth` can hold, specials not
 * counted; `enough` if not less.
 */
uint64_t shape_capacity(const struct shape *shape, uint32_t depth, uint64_t enough);

/* Lengths of names, those of directories or of the others. */
const struct quantity *shape_lengths(const struct shape *shape, bool directories);

/* Bytes of the longest path below the root, the final NUL not counted. */
uint64_t shape_path_max(const struct shape *shape);

#endif
