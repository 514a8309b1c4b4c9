#include "engine/gate/worker/protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/clock.h"
#include "engine/base/util.h"
#include "engine/base/word.h"

/*
 * Takes the next word of a packet, of at most size - 1 bytes; false: there is none, or it is
 * longer.
 */
static bool take_word(const char **at, char *word, size_t size)
{
	size_t len = strcspn(*at, " ");
	if (!len || len >= size)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len + ((*at)[len] == ' ');
	return true;
}

static bool take_number(const char **at, uint64_t *number)
{
	char word[24];
	return take_word(at, word, sizeof(word)) && !parse_integer(word, number);
}

static bool take_bool(const char **at, bool *value)
{
	uint64_t number;
	bool is_bool = take_number(at, &number) && number <= 1;
	*value = is_bool && number;
	return is_bool;
}

void worker_request_to_words(const struct worker_request *order, char *buf,
			     const char *words[WORKER_REQUEST_WORDS])
{
	char *first = buf, *end = buf + 32, *timeout = buf + 64, *version = buf + 96;
	snprintf(first, 32, "%" PRIu32, order->first);
	snprintf(end, 32, "%" PRIu32, order->end);
	snprintf(timeout, 32, "%" PRIu64, order->timeout_ns);
	snprintf(version, 32, "%d", PROTOCOL);
	words[0] = "worker";
	words[1] = version;
	words[2] = order->arm;
	words[3] = order->cpus;
	words[4] = first;
	words[5] = end;
	words[6] = timeout;
	words[7] = order->root;
	words[8] = NULL;
}

int worker_request_from_words(struct worker_request *order, char **words, struct err *err)
{
	uint64_t version = 0, first = 0, end = 0;
	size_t n = 0;
	while (words[n])
		n++;
	if (n && !parse_integer(words[0], &version) && version != PROTOCOL)
		return err_set(err, -EPROTO,
			       "supports worker protocol %d, not the requested %" PRIu64, PROTOCOL,
			       version);
	*order = (struct worker_request){0};
	if (n != WORKER_REQUEST_WORDS - 2 || version != PROTOCOL ||
	    parse_integer(words[3], &first) || parse_integer(words[4], &end) ||
	    parse_integer(words[5], &order->timeout_ns) || first > UINT32_MAX || end > UINT32_MAX ||
	    words[6][0] != '/')
		return err_set(err, -EINVAL,
			       "worker is an internal command, which statmark gate starts");
	order->arm = words[1];
	order->cpus = words[2];
	order->first = (uint32_t)first;
	order->end = (uint32_t)end;
	order->root = words[6];
	return 0;
}

static size_t length(int printed)
{
	return printed < 0 ? 0 : MIN((size_t)printed, PACKET_MAX - 1);
}

size_t ready_to_packet(const struct worker_ready *r, char *packet)
{
	return length(snprintf(packet, PACKET_MAX, "ready %d %" PRIu64 " %s %s %u %u", PROTOCOL,
			       r->entries, r->digest, stage_name(r->stage), (unsigned)r->addressing,
			       r->jobs));
}

size_t pass_to_packet(const struct worker_pass *p, char *packet)
{
	return length(snprintf(packet, PACKET_MAX,
			       "pass %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d %s", p->wall_ns,
			       p->cpu_ns, p->delay_ns, p->verified, p->clean, p->why));
}

size_t counts_to_packet(const struct worker_counts *counts, char *packet)
{
	size_t used = length(snprintf(packet, PACKET_MAX, "counts"));
	for (size_t i = 0; i < counts->n; i++)
		used += length(snprintf(packet + used, PACKET_MAX - used, " %s=%" PRIu64,
					counts->rows[i].name, counts->rows[i].count));
	return MIN(used, PACKET_MAX - 1);
}

size_t refused_to_packet(int code, const char *words, char *packet)
{
	return length(snprintf(packet, PACKET_MAX, "refused %d %s", -code, words));
}

size_t failed_to_packet(const char *words, char *packet)
{
	return length(snprintf(packet, PACKET_MAX, "failed %s", words));
}

/* The error for a packet of another kind: a refusal, a failure, or an invalid packet. */
static int not_expected(const char *packet, struct err *err)
{
	char word[16];
	const char *at = packet;
	uint64_t code;
	if (take_word(&at, word, sizeof(word)) && strcmp(word, "failed") == 0)
		return err_set(err, -EBADMSG, "%s", at);
	at = packet;
	if (take_word(&at, word, sizeof(word)) && strcmp(word, "refused") == 0 &&
	    take_number(&at, &code) && code > 0 && code < 4096)
		return err_set(err, -(int)code, "%s", at);
	return err_set(err, -EPROTO, "sent '%.60s', which is not in worker protocol %d", packet,
		       PROTOCOL);
}

static bool begins(const char **at, const char *with)
{
	char word[16];
	return take_word(at, word, sizeof(word)) && strcmp(word, with) == 0;
}

int ready_from_packet(struct worker_ready *r, const char *packet, struct err *err)
{
	const char *at = packet;
	char stage[16];
	uint64_t version, addressing, jobs;
	*r = (struct worker_ready){0};
	if (!begins(&at, "ready") || !take_number(&at, &version))
		return not_expected(packet, err);
	if (version != PROTOCOL)
		return err_set(err, -EPROTO, "uses worker protocol %" PRIu64 ", expected %d",
			       version, PROTOCOL);
	if (!take_number(&at, &r->entries) || !take_word(&at, r->digest, sizeof(r->digest)) ||
	    !take_word(&at, stage, sizeof(stage)) || !take_number(&at, &addressing) ||
	    addressing > ADDRESS_CWD || !take_number(&at, &jobs) || jobs > UINT32_MAX)
		return not_expected(packet, err);
	r->addressing = (enum addressing)addressing;
	r->jobs = (uint32_t)jobs;
	const int value = word_find(stage_name, stage);
	r->stage = (enum stage)value;
	return value < 0 ? not_expected(packet, err) : 0;
}

int pass_from_packet(struct worker_pass *p, const char *packet, struct err *err)
{
	const char *at = packet;
	*p = (struct worker_pass){0};
	if (!begins(&at, "pass") || !take_number(&at, &p->wall_ns) ||
	    !take_number(&at, &p->cpu_ns) || !take_number(&at, &p->delay_ns) ||
	    !take_bool(&at, &p->verified) || !take_bool(&at, &p->clean) || !p->wall_ns)
		return not_expected(packet, err);
	snprintf(p->why, sizeof(p->why), "%s", at);
	return 0;
}

int counts_from_packet(struct worker_counts *counts, const char *packet, struct err *err)
{
	const char *at = packet;
	counts->n = 0;
	if (!begins(&at, "counts"))
		return not_expected(packet, err);
	while (*at) {
		char word[64];
		if (counts->n == COUNTS_MAX || !take_word(&at, word, sizeof(word)))
			return not_expected(packet, err);
		struct worker_count *row = &counts->rows[counts->n++];
		char *equals = strchr(word, '=');
		if (!equals || equals == word || equals - word >= (long)sizeof(row->name) ||
		    parse_integer(equals + 1, &row->count))
			return not_expected(packet, err);
		*equals = '\0';
		memcpy(row->name, word, strlen(word) + 1); /* the length was checked above */
	}
	return 0;
}
