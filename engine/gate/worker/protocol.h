/*
 * The protocol between the gate and its workers. A worker is `statmark worker` of this or another
 * build, so messages are plain text with a version, and everything received is checked like
 * untrusted input.
 *
 * The worker's arguments describe what to measure. After that both sides exchange packets on one
 * socket (SOCK_SEQPACKET, so that a packet is received whole or not at all):
 *
 *     worker: loaded                                  the tree; from here on there is a time limit
 *     worker: ready 1 ENTRIES DIGEST STAGE ADDRESSING JOBS    or: refused ERRNO WORDS
 *     gate:   pass
 *     worker: pass WALL_NS CPU_NS DELAY_NS VERIFIED CLEAN WORDS    or: failed WORDS
 *                                  WORDS: why it is not clean, or how it worked, if in another way
 *     gate:   counts
 *     worker: counts NAME=NUMBER ...    of the last pass; none if the tree has changed
 *
 * The worker ends when the gate closes its end.
 */
#ifndef ENGINE_GATE_WORKER_PROTOCOL_H
#define ENGINE_GATE_WORKER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/err.h"
#include "engine/strategy.h"

enum {
	PROTOCOL = 1,
	PROTOCOL_FD = 3, /* the worker's end of the socket */
	PACKET_MAX = 4096,
	DIGEST_WORD_MAX = 64,
	WHY_WORDS_MAX = 512,
};

/* What a worker has to measure. */
struct worker_request {
	const char *arm;     /* an arm of its own build, so not bin: */
	const char *root;    /* absolute path of the tree */
	const char *cpus;    /* as parsed by topology_place: "1", "0,2-3", "none" */
	uint32_t first, end; /* spans of the tree [first, end); end 0: all of it */
	uint64_t timeout_ns; /* for one execution of an outside program */
};

/* Writes the argv of a worker, NULL-terminated; numbers are written into buf. */
enum { WORKER_REQUEST_WORDS = 9, WORKER_REQUEST_ROOM = 128 };
void worker_request_to_words(const struct worker_request *order, char *buf,
			     const char *words[WORKER_REQUEST_WORDS]);

/* Parses the words after "worker". -EPROTO: another version, -EINVAL: not an order. */
int worker_request_from_words(struct worker_request *order, char **words, struct err *err);

struct worker_ready {
	uint64_t entries;
	char digest[DIGEST_WORD_MAX]; /* of names and types; both sides must have the same */
	enum stage stage;
	enum addressing addressing; /* none: its results are unknown */
	uint32_t jobs;
};

struct worker_pass {
	uint64_t wall_ns, cpu_ns, delay_ns;
	bool verified, clean;
	/*
	 * If not clean, the reason; if clean, how the strategy worked, with the reason, or "" if it
	 * worked in its own way (result_other_way).
	 */
	char why[WHY_WORDS_MAX];
};

struct worker_count {
	char name[32];
	uint64_t count;
};

enum { COUNTS_MAX = 64 };
struct worker_counts {
	size_t n;
	struct worker_count rows[COUNTS_MAX];
};

/* Sent by a worker when it has read the tree. */
#define PACKET_LOADED "loaded"

/* Write a packet of at most PACKET_MAX bytes; return its length. */
size_t ready_to_packet(const struct worker_ready *ready, char *packet);
size_t pass_to_packet(const struct worker_pass *pass, char *packet);
size_t counts_to_packet(const struct worker_counts *counts, char *packet);
size_t refused_to_packet(int code, const char *words, char *packet);
size_t failed_to_packet(const char *words, char *packet);

/*
 * Parse a NUL-terminated packet. -EPROTO: not the expected packet; for a refusal the worker's errno
 * and words, for a failure -EBADMSG.
 */
int ready_from_packet(struct worker_ready *ready, const char *packet, struct err *err);
int pass_from_packet(struct worker_pass *pass, const char *packet, struct err *err);
int counts_from_packet(struct worker_counts *counts, const char *packet, struct err *err);

#endif
