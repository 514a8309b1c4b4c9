#include "tests/unit/with_root.h"

#include "engine/base/util.h"
#include "tests/test.h"

bool fake_root_make(struct fake_root *root)
{
	return scratch_make(&root->scratch);
}

void fake_root_remove(struct fake_root *root)
{
	scratch_remove(&root->scratch);
}

/* Where a file is to be: the directories are made, and what was there is gone. */
static void make_way(struct fake_root *root, const char *path, char *full, size_t size)
{
	snprintf(full, size, "%s%s", root->scratch.path, path);
	char *slash = strrchr(full, '/');
	*slash = '\0';
	assert_int_equal(make_dirs(full), 0);
	*slash = '/';
	if (unlink(full))
		rmdir(full);
}

void fake_root_write(struct fake_root *root, const char *path, const char *text)
{
	char full[PATH_MAX + 256];
	make_way(root, path, full, sizeof(full));
	FILE *file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Modes do not stop root; a link to itself does. */
void fake_root_block(struct fake_root *root, const char *path)
{
	char full[PATH_MAX + 256];
	make_way(root, path, full, sizeof(full));
	assert_int_equal(symlink(strrchr(full, '/') + 1, full), 0);
}
