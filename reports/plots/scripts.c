#include "reports/plots/scripts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/embed.h"
#include "engine/base/util.h"

enum { SCRIPT_MAX = 1 << 20 };

/*
 * A script is a program, because gnuplot can run any command. So no other user may be able to
 * change it.
 */
static int check_rights(int fd, const char *what, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st))
		return err_errno(err, -errno, "cannot stat %s", what);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, -EINVAL,
			       "%s belongs to another user (uid %u), and a script can run any "
			       "command; copy it",
			       what, (unsigned)st.st_uid);
	if (st.st_mode & 0022 && !(st.st_gid == st.st_uid && !(st.st_mode & 0002)))
		return err_set(err, -EINVAL,
			       "other users may write to %s (mode %04o), and a script can run any "
			       "command; chmod go-w it",
			       what, (unsigned)st.st_mode & 07777);
	return 0;
}

static int open_dir(const char *dir, struct err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, -errno, "--gp-dir: cannot open %s", dir);
	int error = check_rights(fd, dir, err);
	if (!error)
		return fd;
	close(fd);
	return error;
}

int scripts_check(const char *dir, struct err *err)
{
	bool any = false;
	int fd = open_dir(dir, err);
	for (const struct embedded *e = embedded_plots; fd >= 0 && e->name && !any; e++) {
		char file[128];
		any = snprintf(file, sizeof(file), "%s.gp", e->name) < (int)sizeof(file) &&
		      faccessat(fd, file, F_OK, 0) == 0;
	}
	if (fd < 0)
		return fd;
	close(fd);
	return any ? 0
		   : err_set(err, -EINVAL,
			     "--gp-dir %s has no script of a plot, such as common.gp or ratio.gp; "
			     "copy them from the directory plots of a run",
			     dir);
}

/* 1: the file does not exist. */
static int read_own(int dir, const char *path, const char *file, char **text, size_t *size,
		    struct err *err)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 1
				       : err_errno(err, -errno, "cannot open %s/%s", path, file);
	FILE *from = fdopen(fd, "r");
	int error = from ? check_rights(fd, file, err) : -ENOMEM;
	*text = error ? NULL : malloc(SCRIPT_MAX + 1);
	if (*text)
		*size = fread(*text, 1, SCRIPT_MAX + 1, from);
	if (!error && !*text)
		error = -ENOMEM;
	if (!error && ferror(from))
		error = err_set(err, -EIO, "cannot read %s/%s", path, file);
	if (!error && *size > SCRIPT_MAX)
		error = err_set(err, -EFBIG, "%s/%s: larger than 1 MiB, the limit of a script",
				path, file);
	if (error)
		free(*text);
	if (from)
		fclose(from);
	else
		close(fd);
	return error;
}

static int read_built_in(const char *name, char **text, size_t *size, struct err *err)
{
	for (const struct embedded *e = embedded_plots; e->name; e++) {
		if (strcmp(e->name, name) != 0)
			continue;
		*size = e->size;
		*text = malloc(e->size + 1);
		if (*text)
			memcpy(*text, e->text, e->size);
		return *text ? 0 : -ENOMEM;
	}
	return err_set(err, -ENOENT, "this build has no plot script %s", name);
}

int scripts_read(const char *dir, const char *name, char **text, size_t *size, struct err *err)
{
	char file[128];
	if (snprintf(file, sizeof(file), "%s.gp", name) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	int fd = dir ? open_dir(dir, err) : -1, found = 1;
	if (dir && fd < 0)
		return fd;
	if (fd >= 0) {
		found = read_own(fd, dir, file, text, size, err);
		close(fd);
	}
	return found == 1 ? read_built_in(name, text, size, err) : found;
}
