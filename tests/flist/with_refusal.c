#include "tests/flist/with_refusal.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of the kernel's interface, spelt out for C libraries that bring no kernel headers. */
struct instruction {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t value;
};

struct program {
	unsigned short length;
	const struct instruction *code;
};

enum {
	LOAD = 0x20, /* of the word at an offset: the number of the call is at 0 */
	EQUAL = 0x15,
	RETURN = 0x06,
	ALLOW = 0x7fff0000,
	ERRNO = 0x00050000,
	SECCOMP = 22,
	FILTER = 2,
	NO_NEW_PRIVS = 38,
};

#ifdef SYS_newfstatat
enum { FSTATAT = SYS_newfstatat };
#else
enum { FSTATAT = SYS_fstatat64 };
#endif

/* Words, and the calls that they stand for. */
static const struct {
	const char *word;
	uint32_t call;
} calls[] = {
	{"statx", SYS_statx},
	{"fstatat", FSTATAT},
	{"openat2", SYS_openat2},
	{"xattrat", 464}, /* getxattrat, the same on all but alpha; then listxattrat */
	{"xattrat", 465},
	{"xattr-by-path", SYS_listxattr},
	{"xattr-by-path", SYS_llistxattr},
	{"xattr-by-path", SYS_getxattr},
	{"xattr-by-path", SYS_lgetxattr},
	{"xattr-by-fd", SYS_flistxattr},
	{"xattr-by-fd", SYS_fgetxattr},
	{"file_getattr", 468},
	{"handle", SYS_name_to_handle_at},
};

enum { CALLS = sizeof(calls) / sizeof(*calls) };

bool refuse_calls(const char *what)
{
	const uint32_t no = ERRNO | (strstr(what, "EPERM") ? EPERM : ENOSYS);
	struct instruction code[CALLS + 3] = {{LOAD, 0, 0, 0}};
	unsigned short n = 1;
	for (size_t i = 0; i < CALLS; i++) { /* each goes to the last one, or to the next */
		const uint32_t call = strstr(what, calls[i].word) ? calls[i].call : UINT32_MAX;
		code[n++] = (struct instruction){EQUAL, (uint8_t)(CALLS - i), 0, call};
	}
	code[n++] = (struct instruction){RETURN, 0, 0, ALLOW};
	code[n++] = (struct instruction){RETURN, 0, 0, no};
	const struct program program = {n, code};
	return prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(SECCOMP, FILTER, &program) == 0;
}
