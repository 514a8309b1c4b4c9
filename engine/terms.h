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

/* In the order in which a run goes through them: each leaves the caches as the next can use them.
 */
enum cache_state {
	CACHE_AS_IS,     /* not touched */
	CACHE_WARM,      /* primed until a pass reads nothing */
	CACHE_SLAB_COLD, /* names and inodes dropped, disk blocks kept */
	CACHE_COLD,      /* nothing of the tree in memory */
	CACHE_STATES
};

/* Why a pass does not count. */
enum cause {
	CAUSE_NONE,
	CAUSE_MISPLACED,       /* of a worker */
	CAUSE_MAJOR_FAULTS,    /* page faults read from disk */
	CAUSE_DELAYED,         /* it waited for a CPU */
	CAUSE_STOLEN,          /* by the hypervisor */
	CAUSE_TREE_CHANGED,    /* while the run went on */
	CAUSE_WRONG,           /* answers */
	CAUSE_CUT_SHORT,       /* it was stopped, or could not go on */
	CAUSE_NOT_WARM,        /* it read from disk */
	CAUSE_NO_READS,        /* though cold */
	CAUSE_NO_LONGER,       /* than with full caches, though cold */
	CAUSE_FEW_REQUESTS,    /* to the tree's server, though cold */
	CAUSE_BLOCKS_DROPPED,  /* though slab-cold */
	CAUSE_NOTHING_DROPPED, /* though slab-cold */
	CAUSE_OTHER,           /* of a document: one that this program does not know */
};
enum { CAUSES = CAUSE_OTHER + 1 };

/* What shows that a pass was cold. */
enum cold_evidence {
	EVIDENCE_NONE,  /* it was not meant to be */
	EVIDENCE_READS, /* blocks that the pass read */
	EVIDENCE_NFS,   /* names and listings that it asked the server for */
	EVIDENCE_CIFS,  /* requests that were sent to the server */
	EVIDENCE_TIME,  /* that it took longer than passes with full caches */
	EVIDENCE_WORD,  /* --trust-cold */
	EVIDENCES
};

#define TREE_CHANGED_WORDS "the tree changed during the run"

/* Why a run ended before its rounds were done. */
enum stop { STOP_NONE, STOP_TIME, STOP_INTERRUPTED, STOP_PRECISION };
enum { STOPS = STOP_PRECISION + 1 };

/* All return NULL beyond the last, and are a word_name (base/word.h). */
const char *stage_name(unsigned stage);
const char *status_name(unsigned status);
const char *order_name(unsigned order);
const char *cache_state_name(unsigned state);
const char *cause_words(unsigned cause);      /* "read from disk though warm" */
const char *evidence_name(unsigned evidence); /* "block reads" */
const char *stop_name(unsigned stop);

#endif
