/* What tells that caches were cold, by filesystem; and the kernel's counts of requests, read. */
#include "engine/measure/verify/cache_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "engine/base/util.h"
#include "tests/test.h"

static const char mountstats[] =
	"device rootfs mounted on / with fstype rootfs\n"
	"device /dev/sda1 mounted on /srv with fstype ext4\n"
	"device server:/export/home mounted on /mnt/home with fstype nfs4 statvers=1.1\n"
	"\topts:\trw,vers=4.2,rsize=1048576\n"
	"\tage:\t5312\n"
	"\tevents:\t24 310 0 0 9 6 340 0 0 0 0 0 0 0 3 0 0 2 0 0 0 0 0 0 0 0 0\n"
	"\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)\n"
	"\txprt:\ttcp 768 0 1 0 25 310 310 0 310 0 2 0 0\n"
	"\tper-op statistics\n"
	"\t        NULL: 1 1 0 44 24 0 0 0 0\n"
	"\t      LOOKUP: 120 120 0 30000 41000 1 90 93 5\n"
	"\t LOOKUP_ROOT: 1 1 0 100 200 0 1 1 0\n"
	"\t     GETATTR: 5000 5000 0 1 1 1 1 1 0\n"
	"\t     READDIR: 30 30 0 6000 90000 0 40 41 0\n"
	"\n"
	"device server:/export/my files mounted on /mnt/my\\040files with fstype nfs statvers=1.1\n"
	"\tper-op statistics\n"
	"\t     GETATTR: 9 9 0 1 1 1 1 1 0\n"
	"\t      LOOKUP: 7 8 0 1 1 1 1 1 0\n"
	"\t     READDIR: 2 2 0 1 1 1 1 1 0\n"
	"\t READDIRPLUS: 4 4 0 1 1 1 1 1 0\n"
	"\n"
	"device server:/over mounted on /mnt/over with fstype nfs statvers=1.1\n"
	"\tper-op statistics\n"
	"\t      LOOKUP: 50 50 0 1 1 1 1 1 0\n"
	"\n"
	"device server:/new mounted on /mnt/over with fstype nfs statvers=1.1\n"
	"\tper-op statistics\n"
	"\t      LOOKUP: 3 3 0 1 1 1 1 1 0\n"
	"\n"
	"device none mounted on /mnt/under with fstype tmpfs\n"
	"device server:/bare mounted on /mnt/bare with fstype nfs statvers=1.1\n";

static const char cifs_stats[] = "Resources in use\n"
				 "CIFS Session: 1\n"
				 "Share (unique mount targets): 3\n"
				 "SMB Request/Response Buffer: 1 Pool size: 5\n"
				 "Operations (MIDs): 0\n"
				 "\n"
				 "0 session 0 share reconnects\n"
				 "Total vfs operations: 90 maximum at one time: 2\n"
				 "\n"
				 "1) \\\\Server\\IPC$\n"
				 "SMBs: 8\n"
				 "Bytes read: 0  Bytes written: 0\n"
				 "\n"
				 "2) \\\\Server\\Share\n"
				 "SMBs: 45\n"
				 "Bytes read: 2  Bytes written: 0\n"
				 "Open files: 2 total (local), 3 open on server\n"
				 "TreeConnects: 1 total 0 failed\n"
				 "3) \\\\Server\\Share\t DISCONNECTED\n"
				 "SMBs: 5\n"
				 "4) \\\\Server\\Share2\n"
				 "SMBs: 1000\n"
				 "5) \\\\Server\\silent\n";

static uint64_t with_copy(uint64_t (*parse)(char *text, const char *word), const char *text,
			  const char *word)
{
	char *copy = strdup(text);
	assert_non_null(copy);
	uint64_t requests = parse(copy, word);
	free(copy);
	return requests;
}

static uint64_t nfs(const char *mount_point)
{
	return with_copy(evidence_parse_nfs, mountstats, mount_point);
}

static uint64_t cifs(const char *source)
{
	return with_copy(evidence_parse_cifs, cifs_stats, source);
}

static void names_and_listings_are_counted_on_nfs(void **state)
{
	(void)state;
	assert_int_equal(nfs("/mnt/home"), 150);
	assert_int_equal(nfs("/mnt/my files"), 13);
	assert_int_equal(nfs("/mnt/over"), 3);
}

static void requests_of_mounts_without_counts_are_unknown(void **state)
{
	static const char *const others[] = {"/",           "/srv",       "/mnt",      "/mnt/hom",
					     "/mnt/home/x", "/mnt/under", "/mnt/bare", ""};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_true(nfs(others[i]) == COUNT_UNKNOWN);
	assert_true(with_copy(evidence_parse_nfs, "", "/") == COUNT_UNKNOWN);
}

static void requests_of_a_share_are_counted_on_cifs(void **state)
{
	(void)state;
	assert_int_equal(cifs("//Server/Share"), 50);
	assert_int_equal(cifs("//server/share/below/it"), 50);
	assert_int_equal(cifs("//server/share2"), 1000);
}

static void requests_of_shares_without_counts_are_unknown(void **state)
{
	static const char *const others[] = {"//server", "//server/shar", "//server/silent",
					     "//other/share", ""};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_true(cifs(others[i]) == COUNT_UNKNOWN);
	assert_true(with_copy(evidence_parse_cifs, "", "//server/share") == COUNT_UNKNOWN);
}

/* No NFS and no CIFS of these names is mounted here, so their requests are not counted. */
static void each_filesystem_has_its_evidence(void **state)
{
	const uint64_t disk = makedev(8, 1), none = makedev(0, 40);
	static const struct {
		const char *type;
		bool has_disk;
		enum cold_evidence evidence;
	} rows[] = {
		{"ext4", true, EVIDENCE_READS},       {"xfs", true, EVIDENCE_READS},
		{"btrfs", false, EVIDENCE_READS},     {"bcachefs", false, EVIDENCE_READS},
		{"fuseblk", true, EVIDENCE_TIME},     {"fuse", false, EVIDENCE_TIME},
		{"fuse.sshfs", false, EVIDENCE_TIME}, {"9p", false, EVIDENCE_TIME},
		{"virtiofs", false, EVIDENCE_TIME},   {"ceph", false, EVIDENCE_TIME},
		{"zfs", false, EVIDENCE_TIME},        {"nfs4", false, EVIDENCE_TIME},
		{"cifs", false, EVIDENCE_TIME},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct fs_facts fs = {.type = rows[i].type,
					    .mount_point = "/no/such/mount",
					    .source = "//no.such/share"};
		const enum cold_evidence e = rows[i].evidence;
		const uint64_t dev = rows[i].has_disk ? disk : none;
		assert_int_equal(evidence_find(&fs, dev, false), e);
		assert_int_equal(evidence_find(&fs, dev, true),
				 e == EVIDENCE_TIME ? EVIDENCE_WORD : e);
	}
	assert_int_equal(evidence_find(NULL, none, true), EVIDENCE_READS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_listings_are_counted_on_nfs),
		cmocka_unit_test(requests_of_mounts_without_counts_are_unknown),
		cmocka_unit_test(requests_of_a_share_are_counted_on_cifs),
		cmocka_unit_test(requests_of_shares_without_counts_are_unknown),
		cmocka_unit_test(each_filesystem_has_its_evidence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
