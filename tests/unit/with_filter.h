/* A kernel that lacks a call, as an old one or one behind a filter of a container does. */
#ifndef TESTS_UNIT_WITH_FILTER_H
#define TESTS_UNIT_WITH_FILTER_H

#include <stdbool.h>

/*
 * From now on this thread, and what it starts, gets ENOSYS for the call (SYS_...). It cannot be
 * undone. False where filters are refused.
 */
bool filter_refuse(long call);

#endif
