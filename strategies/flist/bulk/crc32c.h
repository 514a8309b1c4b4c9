/* The checksum of ext4 and btrfs: CRC-32C, by the processor's instruction where it has one. */
#ifndef FLIST_BULK_CRC32C_H
#define FLIST_BULK_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flist_crc32c {
	bool by_processor;
	uint32_t tables[8][256]; /* else */
};

void flist_crc32c_init(struct flist_crc32c *crc);

/* As the kernel's crc32c(): from a seed, and not inverted at the end. */
uint32_t flist_crc32c(const struct flist_crc32c *crc, uint32_t seed, const void *data, size_t size);

#endif
