#include "engine/host/mount_line.h"

#include <stdio.h>
#include <string.h>

/* mountinfo writes blanks and backslashes as three octal digits; undone in place. */
static char *unescape(char *text)
{
	char *out = text;
	for (char *in = text; *in; in++) {
		unsigned code;
		if (in[0] == '\\' && sscanf(in + 1, "%3o", &code) == 1) {
			*out++ = (char)code;
			in += 3;
		} else {
			*out++ = *in;
		}
	}
	*out = '\0';
	return text;
}

/* proc_pid_mountinfo(5): ID parent major:minor ROOT MOUNT OPTIONS [tags...] - TYPE SOURCE SUPER. */
bool mount_line_cut(char *line, struct mount_line *mount)
{
	char *words[6], *save, *rest = strstr(line, " - ");
	if (!rest)
		return false;
	*rest = '\0';
	words[0] = strtok_r(line, " ", &save);
	for (int i = 1; i < 6; i++)
		words[i] = words[i - 1] ? strtok_r(NULL, " ", &save) : NULL;
	char *type = strtok_r(rest + 3, " \n", &save);
	char *source = type ? strtok_r(NULL, " \n", &save) : NULL;
	char *super_options = source ? strtok_r(NULL, " \n", &save) : NULL;
	if (!words[5] || !source)
		return false;
	*mount = (struct mount_line){.root = unescape(words[3]),
				     .mount_point = unescape(words[4]),
				     .options = words[5],
				     .type = type,
				     .source = unescape(source),
				     .super_options = super_options};
	return true;
}
