/*
 * CRC-32C, the checksum of ext4. Uses the processor's instruction if there is one. Its result takes
 * three cycles, but a new one can begin in each cycle. So long data is divided into three pieces
 * whose checksums are computed at the same time and then combined: the checksum of data with n
 * zeros appended is a linear function of that without them.
 */
#ifndef FLIST_BULK_CRC32C_H
#define FLIST_BULK_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flist_crc32c {
	bool by_processor;
	size_t piece; /* bytes: a third of the size that is most frequent */
	/*
	 * With the instruction: the effect of a piece of zeros on each byte of a sum. Without: the
	 * effect of eight bytes of data on a sum.
	 */
	uint32_t tables[8][256];
};

/*
 * long_size: the most frequent size of long data, bytes. may_use_processor: use the instruction if
 * there is one.
 */
void flist_crc32c_init(struct flist_crc32c *crc, size_t long_size, bool may_use_processor);

/* Like the kernel's crc32c(): starts from a seed, and does not invert the result. */
uint32_t flist_crc32c(const struct flist_crc32c *crc, uint32_t seed, const void *data, size_t size);

#endif
