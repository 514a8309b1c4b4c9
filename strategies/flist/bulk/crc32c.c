#include "strategies/flist/bulk/crc32c.h"

#include <endian.h>
#include <string.h>

enum { STEP = 8 /* bytes at once */ };

#if defined(__x86_64__) && defined(__LP64__)

static bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2"))) static uint32_t by_processor(uint32_t seed, const char *at,
							       size_t size)
{
	uint64_t sum = seed;
	for (; size >= STEP; at += STEP, size -= STEP) {
		uint64_t bytes;
		memcpy(&bytes, at, sizeof(bytes));
		sum = __builtin_ia32_crc32di(sum, bytes);
	}
	for (; size > 0; at++, size--)
		sum = __builtin_ia32_crc32qi((uint32_t)sum, (unsigned char)*at);
	return (uint32_t)sum;
}

#else

static bool has_instruction(void)
{
	return false;
}

static uint32_t by_processor(uint32_t seed, const char *at, size_t size)
{
	(void)at;
	(void)size;
	return seed;
}

#endif

void flist_crc32c_init(struct flist_crc32c *crc)
{
	enum { POLYNOMIAL = 0x82f63b78U };
	crc->by_processor = has_instruction();
	if (crc->by_processor)
		return;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t sum = i;
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? (uint32_t)POLYNOMIAL : 0);
		crc->tables[0][i] = sum;
	}
	for (int t = 1; t < STEP; t++) {
		for (uint32_t i = 0; i < 256; i++) {
			const uint32_t sum = crc->tables[t - 1][i];
			crc->tables[t][i] = sum >> 8 ^ crc->tables[0][sum & 0xff];
		}
	}
}

static uint32_t by_tables(const struct flist_crc32c *crc, uint32_t sum, const char *at, size_t size)
{
	for (; size >= STEP; at += STEP, size -= STEP) {
		uint64_t bytes;
		memcpy(&bytes, at, sizeof(bytes));
		bytes = le64toh(bytes) ^ sum;
		sum = 0;
		for (int t = 0; t < STEP; t++)
			sum ^= crc->tables[STEP - 1 - t][bytes >> 8 * t & 0xff];
	}
	for (; size > 0; at++, size--)
		sum = sum >> 8 ^ crc->tables[0][(sum ^ (unsigned char)*at) & 0xff];
	return sum;
}

uint32_t flist_crc32c(const struct flist_crc32c *crc, uint32_t seed, const void *data, size_t size)
{
	return crc->by_processor ? by_processor(seed, data, size)
				 : by_tables(crc, seed, data, size);
}
