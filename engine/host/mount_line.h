/* A line of /proc/self/mountinfo, cut into its fields. */
#ifndef ENGINE_HOST_MOUNT_LINE_H
#define ENGINE_HOST_MOUNT_LINE_H

#include <stdbool.h>

struct mount_line {
	const char *root; /* what of the filesystem is mounted */
	const char *mount_point, *options, *type, *source;
	const char *super_options; /* NULL: none */
};

/* The fields point into line, which is changed. false: it is no such line. */
bool mount_line_cut(char *line, struct mount_line *mount);

#endif
