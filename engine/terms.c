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
