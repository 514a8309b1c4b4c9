/* For what cannot be undone or must not be root: a process of its own. */
#ifndef TESTS_UNIT_WITH_CHILD_H
#define TESTS_UNIT_WITH_CHILD_H

#include <stdbool.h>

/* Runs fn there; its result, 0 .. 255. It must not assert: the test is not in that process. */
int in_child(int (*fn)(const void *arg), const void *arg);

/* Makes root an ordinary user, and leaves others who they are. */
bool become_nobody(void);

#endif
