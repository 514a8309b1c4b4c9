#include "strategies/flist/bulk/crc32c.h"

#include <endian.h>
#include <string.h>

enum { STEP = 8 /* bytes */ };

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

/* Computes the sums of three adjacent pieces, from three seeds. */
__attribute__((target("sse4.2"))) static void three_pieces(uint32_t *sums, const char *at,
							   size_t piece)
{
	uint64_t a = sums[0], b = sums[1], c = sums[2];
	for (const char *end = at + piece; at < end; at += STEP) {
		uint64_t x, y, z;
		memcpy(&x, at, sizeof(x));
		memcpy(&y, at + piece, sizeof(y));
		memcpy(&z, at + 2 * piece, sizeof(z));
		a = __builtin_ia32_crc32di(a, x);
		b = __builtin_ia32_crc32di(b, y);
		c = __builtin_ia32_crc32di(c, z);
	}
	sums[0] = (uint32_t)a;
	sums[1] = (uint32_t)b;
	sums[2] = (uint32_t)c;
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

static void three_pieces(uint32_t *sums, const char *at, size_t piece)
{
	(void)sums;
	(void)at;
	(void)piece;
}

#endif

/* Computes the effect of a piece of zeros on each bit of a sum, and from that on each byte. */
static void make_zeros(struct flist_crc32c *crc)
{
	static const char zeros[STEP];
	for (int byte = 0; byte < 4; byte++) {
		uint32_t *table = crc->tables[byte];
		for (int bit = 0; bit < 8; bit++) {
			uint32_t sum = 1U << (8 * byte + bit);
			for (size_t at = 0; at < crc->piece; at += STEP)
				sum = by_processor(sum, zeros, STEP);
			for (uint32_t i = 0; i < 1U << bit; i++)
				table[i | 1U << bit] = table[i] ^ sum;
		}
	}
}

void flist_crc32c_init(struct flist_crc32c *crc, size_t long_size, bool may_use_processor)
{
	enum { POLYNOMIAL = 0x82f63b78U };
	memset(crc, 0, sizeof(*crc));
	crc->by_processor = may_use_processor && has_instruction();
	crc->piece = long_size / (3 * STEP) * STEP;
	if (crc->by_processor) {
		make_zeros(crc);
		return;
	}
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

/* Returns the sum after a piece of zeros is appended. */
static uint32_t pass_zeros(const struct flist_crc32c *crc, uint32_t sum)
{
	return crc->tables[0][sum & 0xff] ^ crc->tables[1][sum >> 8 & 0xff] ^
	       crc->tables[2][sum >> 16 & 0xff] ^ crc->tables[3][sum >> 24];
}

uint32_t flist_crc32c(const struct flist_crc32c *crc, uint32_t seed, const void *data, size_t size)
{
	const size_t pieces = 3 * crc->piece;
	if (crc->by_processor && pieces > 0 && size >= pieces) {
		uint32_t sums[3] = {seed, 0, 0};
		three_pieces(sums, data, crc->piece);
		seed = pass_zeros(crc, pass_zeros(crc, sums[0]) ^ sums[1]) ^ sums[2];
		data = (const char *)data + pieces;
		size -= pieces;
	}
	return crc->by_processor ? by_processor(seed, data, size)
				 : by_tables(crc, seed, data, size);
}
