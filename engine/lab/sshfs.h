/*
 * sshfs: a directory served by OpenSSH's sftp-server and mounted by the sshfs program, connected by
 * a pipe instead of a network with keys. All of these processes are killed with this one.
 */
#ifndef ENGINE_LAB_SSHFS_H
#define ENGINE_LAB_SSHFS_H

#include <stdint.h>
#include <sys/types.h>

#include "engine/base/child.h"
#include "engine/base/err.h"
#include "engine/lab/spec.h"

/* A relay: a process between the two ends of a pipe that delays the bytes. */

/*
 * Inserts a relay before the reading end *fd of a pipe: *fd becomes the end from which bytes can be
 * read late_ns after they were written. Up to some megabytes can be in flight. The relay ends with
 * the writer, and with the thread that started it.
 */
int relay_start(pid_t *relay, int *fd, uint64_t late_ns, struct err *err);
void relay_end(pid_t *relay); /* 0: none */

/* Zeroed: none. */
struct sshfs {
	struct child client, server;
	pid_t relay; /* delays answers; 0: none */
	bool is_mounted;
	const char *from; /* the directory that is served */
	const char *dir;  /* its mount point */
};

/*
 * Mounts the directory `from` on dir, with the options of the spec, and waits until it can be used.
 * Both paths, and the calling thread, must outlive it. -ENOTSUP: a program is missing, err names
 * its package; or FUSE is not available, or not for this user.
 */
int sshfs_open(struct sshfs *sshfs, const struct lab_spec *spec, const char *from, const char *dir,
	       struct err *err);

/* Describes how long a request takes that is never answered from caches. */
int sshfs_facts(const struct sshfs *sshfs, const struct lab_spec *spec, char *text, size_t size,
		struct err *err);

/* -EBUSY: a file in it is open. The client's caches are lost. */
int sshfs_unmount(struct sshfs *sshfs);

void sshfs_close(struct sshfs *sshfs); /* also if it is in use */

#endif
