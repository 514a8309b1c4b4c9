/*
 * A shape describes a tree without any of its names: how many entries, how many per directory, how
 * deep, the form of names, what other types than files there are, and the seed for everything else.
 * Users write it as JSON (README.md lists the keys), and the generator computes a tree from it.
 *
 * A shape is a plain value: it can be copied, changed (entries, seed) and checked again.
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
	/* Longest path below the root, bytes; PATH_MAX less space for the root. */
	SHAPE_PATH_MAX = 3072,
	SHAPE_LONG_PATH_MAX = (SHAPE_DEPTH_MAX + 1) * 256, /* the same for shapes with long_paths */
	SHAPE_CHARACTERS_SIZE = 256,
	SHAPE_EXTENSION_SIZE = 24,
	SHAPE_EXTENSIONS = 24,
	SHAPE_GROUP_MAX = 64,
	SHAPE_XATTRS_MAX = 16,
};

enum fill {
	FILL_EVEN, /* a directory divides its entries evenly among its sub-directories */
	FILL_DEEP, /* a sub-directory is filled before the next one is begun */
};

/* The characters of names, besides the number that makes them unique. */
enum letters {
	LETTERS_LOWER,      /* syllables, so that paths can be read aloud */
	LETTERS_MIXED,      /* letters of both cases and '_' */
	LETTERS_HEX,        /* only hexadecimal digits, also for the number */
	LETTERS_UTF8,       /* characters of one to four bytes */
	LETTERS_ANY_BYTES,  /* all bytes that a filesystem must accept: all but '/' and NUL */
	LETTERS_CHARACTERS, /* those listed in the shape */
};

struct alphabet {
	enum letters letters;
	char characters[SHAPE_CHARACTERS_SIZE]; /* UTF-8, for LETTERS_CHARACTERS */
};

/* The targets of symbolic links. */
enum link_kind { LINK_FILE, LINK_DIRECTORY, LINK_DANGLING, LINK_CHAIN, LINK_KINDS };

/* The place of the first name of a hard-linked file. */
enum first_name { FIRST_IN_DIRECTORY, FIRST_IN_PARENT };

struct extensions {
	uint32_t n, total; /* total: sum of all weights */
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
	uint32_t group; /* most names of one file, if they are in one directory */
};

struct xattrs {
	uint32_t per_mille;
	struct quantity count, size; /* number of attributes; bytes of each value */
};

/* "Per mille" is a share of all names that are not directories, or, where noted, of files. */
struct shape {
	/* Letters, digits, '.', '_', '-', because it is used in paths. */
	char name[SHAPE_NAME_SIZE];
	char summary[SHAPE_SUMMARY_SIZE]; /* one line, UTF-8 */
	char origin[SHAPE_SUMMARY_SIZE];  /* what it was fitted to, and when; one line, or empty */
	uint64_t entries;                 /* all names below the root */
	struct levels files_per_dir;      /* fewer when the entries run out */
	struct levels dirs_per_dir;
	uint32_t depth; /* levels of directories below the root; 0: all entries are in the root */
	enum fill fill;
	struct profile profile;          /* used in place of fill */
	bool long_paths;                 /* paths can be longer than PATH_MAX */
	struct quantity name_length;     /* bytes, 1..255 */
	struct quantity dir_name_length; /* not given: like name_length */
	struct alphabet alphabet;
	struct extensions extensions; /* of the names of all but directories */
	struct quantity file_size;    /* bytes, all holes; not given: 0 */
	struct symlinks symlinks;
	struct hard_links hard_links; /* of files */
	uint32_t fifos, sockets, devices;
	struct xattrs xattrs;  /* of files */
	struct quantity modes; /* of files; not given: 0644 */
	/* Of files: uid << 32 | gid; not given: the user who makes the tree. */
	struct quantity owners;
	struct quantity mtime; /* of files: s since 1970; not given: the time of making */
	uint32_t holes;    /* share of entries that are followed by a file that is removed again */
	uint32_t specials; /* bits, 1 << enum special_kind */
	uint64_t seed;     /* below 2^53, so that every JSON reader keeps it exactly */
};

/*
 * Loads a preset by name, or a file if the word has a slash or ends in ".json". -ENOENT with the
 * nearest preset; -EINVAL for an error in the document, with the place; -EFBIG beyond 1 MiB; the
 * errors of open(2) and read(2).
 */
int shape_load(struct shape *shape, const char *name_or_path, struct err *err);

/* The same from text; source: its name in messages. */
int shape_parse(struct shape *shape, const char *source, const char *text, size_t size,
		struct err *err);

/* The same from a part of a document. */
int shape_read(struct shape *shape, const struct json_node *at);

/*
 * Whether a tree of this shape can exist: values are in range and do not contradict each other. To
 * be called after changing a loaded shape. 0, or -EINVAL with the place.
 */
int shape_check(const struct shape *shape, const char *source, struct err *err);

/*
 * The shape's canonical JSON text, which shape_parse reads as the same shape; freed by the caller.
 * NULL: out of memory.
 */
char *shape_to_json(const struct shape *shape);

/*
 * A hash of everything that determines the tree (not name, summary and origin): equal for shapes
 * that give the same tree. 0 or -ENOMEM.
 */
int shape_hash(const struct shape *shape, uint64_t *hash);

/*
 * Sets its name to that of a file; characters that a name cannot have become '-'. If no character
 * of the file's name is allowed, the name is unchanged.
 */
void shape_name_after(struct shape *shape, const char *path);

/* Name of the i-th preset; NULL after the last. */
const char *shape_preset(size_t i);

/* Puts all files into one directory, `depth` levels below the root, in a chain of directories. */
void shape_set_depth(struct shape *shape, uint32_t depth);

/* Gives all names this length. */
void shape_set_name_length(struct shape *shape, uint64_t bytes);

/*
 * The most entries that a tree of this shape can have below a directory at `depth`, specials not
 * counted; at most `enough`.
 */
uint64_t shape_capacity(const struct shape *shape, uint32_t depth, uint64_t enough);

/* The lengths of names of directories, or of other entries. */
const struct quantity *shape_lengths(const struct shape *shape, bool directories);

/* Bytes of the longest path below the root, without the final NUL. */
uint64_t shape_path_max(const struct shape *shape);

#endif
