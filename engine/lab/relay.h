/* A pipe whose bytes arrive late: a process of its own between its two ends. */
#ifndef ENGINE_LAB_RELAY_H
#define ENGINE_LAB_RELAY_H

#include <stdint.h>
#include <sys/types.h>

#include "engine/base/err.h"

/*
 * Puts a relay behind the end *fd that is read from: *fd becomes the end from which bytes come
 * late_ns after they were written. As many as are written can be on their way, up to some
 * megabytes. It ends with the writer, and with the thread that started it.
 */
int relay_start(pid_t *relay, int *fd, uint64_t late_ns, struct err *err);
void relay_end(pid_t *relay); /* 0: there is none */

#endif
