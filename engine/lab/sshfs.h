/*
 * sshfs: a directory served by OpenSSH's sftp-server and mounted by the sshfs program, with a pipe
 * between both instead of a network and its keys. All of their processes die with this one.
 */
#ifndef ENGINE_LAB_SSHFS_H
#define ENGINE_LAB_SSHFS_H

#include <stdint.h>
#include <sys/types.h>

#include "engine/base/child.h"
#include "engine/base/err.h"
#include "engine/lab/spec.h"

/* A pipe whose bytes arrive late: a process of its own between its two ends. */

/*
 * Puts a relay behind the end *fd that is read from: *fd becomes the end from which bytes come
 * late_ns after they were written. As many as are written can be on their way, up to some
 * megabytes. It ends with the writer, and with the thread that started it.
 */
int relay_start(pid_t *relay, int *fd, uint64_t late_ns, struct err *err);
void relay_end(pid_t *relay); /* 0: there is none */

/* Zeroed: none. */
struct sshfs {
	struct child client, server;
	pid_t relay; /* brings answers late; 0: none */
	bool is_mounted;
	const char *from; /* what the server shows */
	const char *dir;  /* where it is mounted */
};

/*
 * Mounts the directory `from` on dir, with the options of the spec, and waits until it can be used.
 * Both paths, and the calling thread, have to outlive it. -ENOTSUP: a program is missing, err names
 * its package; or there is no FUSE here, or not for this user.
 */
int sshfs_open(struct sshfs *sshfs, const struct lab_spec *spec, const char *from, const char *dir,
	       struct err *err);

/* In words, how long a request that always goes to the server takes. */
int sshfs_facts(const struct sshfs *sshfs, const struct lab_spec *spec, char *text, size_t size,
		struct err *err);

/* Only when nothing of it is open: -EBUSY. The client's caches are gone with it. */
int sshfs_unmount(struct sshfs *sshfs);

void sshfs_close(struct sshfs *sshfs); /* also while it is in use */

#endif
