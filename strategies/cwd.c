#include "strategies/cwd.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

int cwd_open(struct worker *w)
{
	(void)w;
	return unshare(CLONE_FS) ? -errno : 0;
}

/* Tries it in a thread that ends, so it has no lasting effect. */
static void *try_unshare(void *error)
{
	*(int *)error = unshare(CLONE_FS) ? errno : 0;
	return NULL;
}

int cwd_probe(struct err *err)
{
	pthread_t thread;
	int refused = 0, error = pthread_create(&thread, NULL, try_unshare, &refused);
	if (error)
		return err_errno(err, -error, "a thread to try unshare(CLONE_FS)");
	pthread_join(thread, NULL);
	return refused ? err_errno(err, -refused,
				   "a working directory of its own (unshare(CLONE_FS))")
		       : 0;
}
