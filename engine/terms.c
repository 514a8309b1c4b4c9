#include "engine/terms.h"

#include "engine/base/util.h"
#include "engine/base/word.h"

const char *stage_name(unsigned stage)
{
	static const char *const names[] = {[STAGE_FETCH] = "fetch", [STAGE_WALK] = "walk"};
	return word_of(names, ARRAY_LEN(names), stage);
}

const char *order_name(unsigned order)
{
	static const char *const names[ORDERS] = {
		[ORDER_READDIR] = "readdir",   [ORDER_INODE] = "inode",
		[ORDER_CREATION] = "creation", [ORDER_SORTED] = "sorted",
		[ORDER_RANDOM] = "random",
	};
	return word_of(names, ORDERS, order);
}

const char *cache_state_name(unsigned state)
{
	static const char *const names[CACHE_STATES] = {
		[CACHE_AS_IS] = "as-is",
		[CACHE_WARM] = "warm",
		[CACHE_SLAB_COLD] = "slab-cold",
		[CACHE_COLD] = "cold",
	};
	return word_of(names, CACHE_STATES, state);
}

const char *cause_words(unsigned cause)
{
	static const char *const words[] = {
		[CAUSE_NONE] = "no reason given",
		[CAUSE_MISPLACED] = "a worker was not on its CPU",
		[CAUSE_MAJOR_FAULTS] = "page faults read from disk",
		[CAUSE_DELAYED] = "waited for a CPU for more than 5% of the pass",
		[CAUSE_STOLEN] = "the hypervisor took the CPU for more than 5% of a second",
		[CAUSE_TREE_CHANGED] = TREE_CHANGED_WORDS,
		[CAUSE_WRONG] = "wrong answers",
		[CAUSE_CUT_SHORT] = "cut short",
		[CAUSE_NOT_WARM] = "read from disk though warm",
		[CAUSE_NO_READS] = "read nothing from disk, so its caches were not cold",
		[CAUSE_NO_LONGER] = "took no longer than with full caches, so its caches were "
				    "not cold (--trust-cold accepts it without proof)",
		[CAUSE_FEW_REQUESTS] = "sent its server fewer requests than the tree has "
				       "directories, so its caches were not cold",
		[CAUSE_BLOCKS_DROPPED] = "read from disk, so blocks were dropped as well: this is "
					 "cold, not slab-cold",
		[CAUSE_NOTHING_DROPPED] =
			"took no longer than with full caches, so nothing was dropped",
		[CAUSE_OTHER] = "a cause that this version of statmark does not know",
	};
	return word_of(words, ARRAY_LEN(words), cause);
}

const char *cause_shown(unsigned cause)
{
	switch (cause) {
	case CAUSE_DELAYED:
		return "waited for a CPU for more than 5 % of the pass";
	case CAUSE_STOLEN:
		return "the hypervisor took the CPU for more than 5 % of a second";
	default:
		return cause_words(cause);
	}
}

const char *evidence_name(unsigned evidence)
{
	static const char *const names[] = {
		[EVIDENCE_NONE] = "none",        [EVIDENCE_READS] = "block reads",
		[EVIDENCE_NFS] = "NFS requests", [EVIDENCE_CIFS] = "CIFS requests",
		[EVIDENCE_TIME] = "time",        [EVIDENCE_WORD] = "the user's word",
	};
	return word_of(names, ARRAY_LEN(names), evidence);
}

const char *stop_name(unsigned stop)
{
	static const char *const names[] = {
		[STOP_NONE] = "no",
		[STOP_TIME] = "time",
		[STOP_INTERRUPTED] = "interrupted",
		[STOP_PRECISION] = "precision",
	};
	return word_of(names, ARRAY_LEN(names), stop);
}

const char *status_name(unsigned status)
{
	static const char *const names[] = {
		[STATUS_OK] = "ok",
		[STATUS_SKIPPED] = "skipped",
		[STATUS_INVALID] = "invalid",
		[STATUS_FAILED] = "failed",
	};
	return word_of(names, ARRAY_LEN(names), status);
}

const char *axis_kind_name(unsigned kind)
{
	static const char *const names[AXES] = {
		[AXIS_ENTRIES] = "entries",         [AXIS_JOBS] = "jobs",   [AXIS_DEPTH] = "depth",
		[AXIS_NAME_LENGTH] = "name-length", [AXIS_BATCH] = "batch", [AXIS_RTT] = "rtt",
	};
	return word_of(names, AXES, kind);
}
