#include "engine/gate/arm/identity.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/digest.h"
#include "engine/base/util.h"

static size_t round_up(size_t size, size_t to)
{
	return (size + to - 1) / to * to;
}

/* Searches the notes in [note, end) for the build id. */
static bool find_note(const char *note, const char *end, struct identity *identity)
{
	ElfW(Nhdr) head;
	while ((size_t)(end - note) >= sizeof(head)) {
		memcpy(&head, note, sizeof(head));
		const char *name = note + sizeof(head);
		size_t name_size = round_up(head.n_namesz, 4), size = round_up(head.n_descsz, 4);
		if (name_size > (size_t)(end - name) || size > (size_t)(end - name) - name_size)
			return false;
		const unsigned char *id = (const unsigned char *)name + name_size;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    memcmp(name, "GNU", 4) == 0 && head.n_descsz) {
			int used = snprintf(identity->text, IDENTITY_MAX, "build-id ");
			for (size_t i = 0; i < MIN(head.n_descsz, 32); i++)
				used += snprintf(identity->text + used, IDENTITY_MAX - (size_t)used,
						 "%02x", id[i]);
			return true;
		}
		note = name + name_size + size;
	}
	return false;
}

/* Only for ELF files of this machine's class and byte order; other files have no build id. */
static bool find_build_id(const char *file, size_t size, struct identity *identity)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;
	if (size < sizeof(head))
		return false;
	memcpy(&head, file, sizeof(head));
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    head.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    head.e_phentsize != sizeof(part) || head.e_phoff > size ||
	    (size_t)head.e_phnum * sizeof(part) > size - head.e_phoff)
		return false;
	for (size_t i = 0; i < head.e_phnum; i++) {
		memcpy(&part, file + head.e_phoff + i * sizeof(part), sizeof(part));
		if (part.p_type != PT_NOTE || part.p_offset > size ||
		    part.p_filesz > size - part.p_offset)
			continue;
		const char *note = file + part.p_offset;
		if (find_note(note, note + part.p_filesz, identity))
			return true;
	}
	return false;
}

static int identify(struct identity *identity, int fd, const char *path, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st))
		return err_errno(err, -errno, "cannot read %s", path);
	size_t size = (size_t)st.st_size;
	if (!S_ISREG(st.st_mode) || !size)
		return err_set(err, -EINVAL, "%s: is not a program", path);
	const char *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return err_errno(err, -errno, "cannot read %s", path);
	if (!find_build_id(file, size, identity))
		snprintf(identity->text, IDENTITY_MAX, "xxh3 %016" PRIx64 " of %zu bytes",
			 digest_hash(file, size, 0), size);
	munmap((void *)file, size);
	return 0;
}

int identity_of(struct identity *identity, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_errno(err, -errno, "cannot read %s", path);
	int error = identify(identity, fd, path, err);
	close(fd);
	return error;
}
