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

bool refuse_calls(const char *what)
{
	const uint32_t no = ERRNO | (strstr(what, "EPERM") ? EPERM : ENOSYS), other = UINT32_MAX;
	const struct instruction code[] = {
		{LOAD, 0, 0, 0},
		{EQUAL, 2, 0, strstr(what, "statx") ? SYS_statx : other},
		{EQUAL, 1, 0, strstr(what, "fstatat") ? FSTATAT : other},
		{EQUAL, 0, 1, strstr(what, "openat2") ? SYS_openat2 : other},
		{RETURN, 0, 0, no},
		{RETURN, 0, 0, ALLOW},
	};
	const struct program program = {sizeof(code) / sizeof(*code), code};
	return prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(SECCOMP, FILTER, &program) == 0;
}
