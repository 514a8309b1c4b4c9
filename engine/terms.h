/*
 * The closed sets of words that the command line, results and documents share: each an enum with
 * one name table (terms.c). Two more are elsewhere: verdicts in base/verdict.h, policies of placing
 * workers in host/topology.h.
 */
#ifndef ENGINE_TERMS_H
#define ENGINE_TERMS_H

enum stage {
	STAGE_FETCH, /* the paths are known, only metadata is asked for */
	STAGE_WALK,  /* only the root is known */
};
enum { STAGES = STAGE_WALK + 1 };

enum status {
	STATUS_OK,
	STATUS_SKIPPED, /* this machine or user cannot do it */
	STATUS_INVALID, /* it ran, but what it measured is not what was asked for */
	STATUS_FAILED,  /* it ran and its answers are wrong, or it could not go on */
};
enum { STATUSES = STATUS_FAILED + 1 };

/* In which the entries of a tree are asked for. */
enum order {
	ORDER_READDIR,  /* as the directories list them */
	ORDER_INODE,    /* by inode number, directories too */
	ORDER_CREATION, /* by time of birth, then inode number */
	ORDER_SORTED,   /* by the bytes of names, directories by those of their paths */
	ORDER_RANDOM,   /* all entries shuffled from the seed */
	ORDERS
};

/* All return NULL beyond the last, and are a word_name (base/word.h). */
const char *stage_name(unsigned stage);
const char *status_name(unsigned status);
const char *order_name(unsigned order);

#endif
