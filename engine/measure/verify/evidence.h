/*
 * By what a cold pass is believed. Where the kernel reads a disk for a process it counts the
 * blocks; for a server it may count the requests; of the rest only the time can be seen, or nothing
 * but the user's word.
 */
#ifndef ENGINE_MEASURE_VERIFY_EVIDENCE_H
#define ENGINE_MEASURE_VERIFY_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/result.h"

/*
 * What there is on a filesystem (NULL: not known, so blocks), where the tree's root is on device
 * dev. The user's word counts only where there would be nothing but the time.
 */
enum cold_evidence evidence_find(const struct fs_facts *fs, uint64_t dev, bool trusts);

/* Requests of that filesystem so far; COUNT_UNKNOWN where evidence is no count of requests. */
uint64_t evidence_requests(enum cold_evidence evidence, const struct fs_facts *fs);

/*
 * The same from the text of /proc/self/mountstats and of /proc/fs/cifs/Stats, which is cut up.
 * COUNT_UNKNOWN: the mount, or the share, is not in it, or has no counts.
 */
uint64_t evidence_parse_nfs(char *text, const char *mount_point);
uint64_t evidence_parse_cifs(char *text, const char *source);

#endif
