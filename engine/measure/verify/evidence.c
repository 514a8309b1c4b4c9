#include "engine/measure/verify/evidence.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "engine/base/util.h"

enum { STATS_MAX = 16 << 20 };

static const struct source {
	const char *type;
	enum cold_evidence evidence;
} sources[] = {
	{"nfs", EVIDENCE_NFS},      {"nfs4", EVIDENCE_NFS},    {"cifs", EVIDENCE_CIFS},
	{"smb3", EVIDENCE_CIFS},    {"btrfs", EVIDENCE_READS}, {"bcachefs", EVIDENCE_READS},
	{"fuseblk", EVIDENCE_TIME},
};

/* What has a disk of its own reads it itself; but a server of fuseblk does so for the kernel. */
static enum cold_evidence by_type(const char *type, uint64_t dev)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (strcmp(sources[i].type, type) == 0)
			return sources[i].evidence;
	}
	return major(dev) ? EVIDENCE_READS : EVIDENCE_TIME;
}

enum cold_evidence evidence_find(const struct fs_facts *fs, uint64_t dev, bool trusts)
{
	enum cold_evidence evidence = fs && fs->type ? by_type(fs->type, dev) : EVIDENCE_READS;
	const bool counts = evidence == EVIDENCE_NFS || evidence == EVIDENCE_CIFS;
	if (counts && evidence_requests(evidence, fs) == COUNT_UNKNOWN)
		evidence = EVIDENCE_TIME;
	return evidence == EVIDENCE_TIME && trusts ? EVIDENCE_WORD : evidence;
}

uint64_t evidence_requests(enum cold_evidence evidence, const struct fs_facts *fs)
{
	const bool nfs = evidence == EVIDENCE_NFS;
	const char *path = nfs ? "/proc/self/mountstats" : "/proc/fs/cifs/Stats";
	uint64_t requests = COUNT_UNKNOWN;
	char *text;
	size_t size;
	if ((!nfs && evidence != EVIDENCE_CIFS) || read_file(path, STATS_MAX, &text, &size))
		return COUNT_UNKNOWN;
	if (nfs && fs->mount_point)
		requests = evidence_parse_nfs(text, fs->mount_point);
	else if (fs->source)
		requests = evidence_parse_cifs(text, fs->source);
	free(text);
	return requests;
}

/* Whether a field begins with text; the kernel writes blanks and backslashes of it in octal. */
static bool begins_with(const char *field, const char *text)
{
	for (; *text; text++) {
		char octal[5];
		snprintf(octal, sizeof(octal), "\\%03o", (unsigned char)*text);
		if (strchr(" \t\n\\", *text) && strncmp(field, octal, 4) == 0)
			field += 4;
		else if (*field++ != *text)
			return false;
	}
	return *field == ' ';
}

/* "device SOURCE mounted on MOUNT with fstype nfs4 statvers=1.1" */
static bool is_mount(const char *line, const char *mount_point)
{
	const char *on = strstr(line, " mounted on ");
	const char *type = strstr(line, " with fstype nfs");
	return on && type && begins_with(on + strlen(" mounted on "), mount_point);
}

/*
 * "LOOKUP: 12 12 0 ...": how often. Attributes alone are asked for again when they are old, even
 * where names are in memory, so what counts is names and listings.
 */
static bool is_counted(const char *line, uint64_t *count)
{
	static const char *const ops[] = {"LOOKUP:", "READDIR:", "READDIRPLUS:"};
	line += strspn(line, " \t");
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strncmp(line, ops[i], strlen(ops[i])) == 0)
			return sscanf(line + strlen(ops[i]), "%" SCNu64, count) == 1;
	}
	return false;
}

/* Of mounts one upon the other the last is the one that is seen. */
uint64_t evidence_parse_nfs(char *text, const char *mount_point)
{
	uint64_t requests = COUNT_UNKNOWN, count;
	bool inside = false;
	for (char *line; (line = strsep(&text, "\n"));) {
		if (strncmp(line, "device ", 7) == 0) {
			inside = is_mount(line, mount_point);
			requests = inside ? COUNT_UNKNOWN : requests;
		} else if (inside && is_counted(line, &count)) {
			requests = (requests == COUNT_UNKNOWN ? 0 : requests) + count;
		}
	}
	return requests;
}

/* "1) \\SERVER\SHARE" of "//server/share/below": slashes either way, letters of either case. */
static bool is_share(const char *line, const char *source)
{
	char *share;
	size_t len = 0;
	if (!isdigit((unsigned char)*line))
		return false;
	strtoul(line, &share, 10);
	if (strncmp(share, ") ", 2) != 0)
		return false;
	for (share += 2; share[len] && !isspace((unsigned char)share[len]); len++) {
		char c = share[len] == '\\' ? '/' : share[len];
		if (tolower((unsigned char)c) != tolower((unsigned char)source[len]))
			return false;
	}
	return len && (!source[len] || source[len] == '/');
}

/* A share may be there several times, once for each user. */
uint64_t evidence_parse_cifs(char *text, const char *source)
{
	uint64_t requests = COUNT_UNKNOWN, count;
	bool inside = false;
	for (char *line; (line = strsep(&text, "\n"));) {
		if (isdigit((unsigned char)*line) && strchr(line, ')'))
			inside = is_share(line, source);
		else if (inside && sscanf(line, "SMBs: %" SCNu64, &count) == 1)
			requests = (requests == COUNT_UNKNOWN ? 0 : requests) + count;
	}
	return requests;
}
