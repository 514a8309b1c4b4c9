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
	STATUS_SKIPPED, /* impossible on this machine or for this user */
	STATUS_INVALID, /* it ran, but did not measure what was requested */
	STATUS_FAILED,  /* its results are wrong, or it could not go on */
};
enum { STATUSES = STATUS_FAILED + 1 };

/* The order in which the entries of a tree are fetched. */
enum order {
	ORDER_READDIR,  /* as the directories list them */
	ORDER_INODE,    /* by inode number, directories too */
	ORDER_CREATION, /* by time of birth, then inode number */
	ORDER_SORTED,   /* by the bytes of names; directories by those of their paths */
	ORDER_RANDOM,   /* all entries shuffled from the seed */
	ORDERS
};

/*
 * In the order in which a run measures them: each state leaves the caches as the next one needs
 * them.
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
	CAUSE_MISPLACED,       /* a worker ran on a wrong CPU */
	CAUSE_MAJOR_FAULTS,    /* page faults that read from disk */
	CAUSE_DELAYED,         /* a worker waited for a CPU */
	CAUSE_STOLEN,          /* the hypervisor took CPU time */
	CAUSE_TREE_CHANGED,    /* while the run went on */
	CAUSE_WRONG,           /* a result is wrong */
	CAUSE_CUT_SHORT,       /* it was stopped, or could not go on */
	CAUSE_NOT_WARM,        /* it read from disk */
	CAUSE_NO_READS,        /* cold, but nothing was read */
	CAUSE_NO_LONGER,       /* cold, but no slower than with full caches */
	CAUSE_FEW_REQUESTS,    /* cold, but too few requests to the tree's server */
	CAUSE_BLOCKS_DROPPED,  /* slab-cold, but disk blocks were dropped */
	CAUSE_NOTHING_DROPPED, /* slab-cold, but names and inodes were not dropped */
	CAUSE_OTHER,           /* in a document: a cause that this program does not know */
};
enum { CAUSES = CAUSE_OTHER + 1 };

/* The evidence that a pass was cold. */
enum cold_evidence {
	EVIDENCE_NONE,  /* no cold pass was requested */
	EVIDENCE_READS, /* blocks that the pass read */
	EVIDENCE_NFS,   /* lookups and listings sent to the server */
	EVIDENCE_CIFS,  /* requests sent to the server */
	EVIDENCE_TIME,  /* longer than passes with full caches */
	EVIDENCE_WORD,  /* --trust-cold */
	EVIDENCES
};

#define TREE_CHANGED_WORDS "the tree changed during the run"

/* What --over of crossover varies. */
enum axis_kind {
	AXIS_ENTRIES,
	AXIS_JOBS,
	AXIS_DEPTH,
	AXIS_NAME_LENGTH,
	AXIS_BATCH,
	AXIS_RTT,
	AXES,
};

/* Why a run ended before its rounds were done. */
enum stop { STOP_NONE, STOP_TIME, STOP_INTERRUPTED, STOP_PRECISION };
enum { STOPS = STOP_PRECISION + 1 };

/* NULL for values outside the enum. Each can be passed as a word_name (base/word.h). */
const char *stage_name(unsigned stage);
const char *status_name(unsigned status);
const char *order_name(unsigned order);
const char *cache_state_name(unsigned state);
const char *cause_words(unsigned cause);      /* in a document: "read from disk though warm" */
const char *cause_shown(unsigned cause);      /* the same for people: documents have "5%" */
const char *evidence_name(unsigned evidence); /* "block reads" */
const char *stop_name(unsigned stop);
const char *axis_kind_name(unsigned kind);

#endif
