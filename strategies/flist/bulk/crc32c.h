/*
 * The checksum of ext4 and btrfs: CRC-32C, by the processor's instruction where it has one. That
 * takes three cycles, but can begin in each of them, so what is long is summed as three pieces at
 * once, and the sums are joined: a sum over what has n zeros after it is a linear function of the
 * sum without them.
 */
#ifndef FLIST_BULK_CRC32C_H
#define FLIST_BULK_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flist_crc32c {
	bool by_processor;
	size_t piece; /* bytes, a third of what is summed most often */
	/* With the instruction: a sum with a piece of zeros after it, by its bytes. Else: what
	   eight bytes do to a sum. */
	uint32_t tables[8][256];
};

/* long_size: of what is long, bytes. The instruction is used if it may be and there is one. */
void flist_crc32c_init(struct flist_crc32c *crc, size_t long_size, bool may_use_processor);

/* As the kernel's crc32c(): from a seed, and not inverted at the end. */
uint32_t flist_crc32c(const struct flist_crc32c *crc, uint32_t seed, const void *data, size_t size);

#endif
