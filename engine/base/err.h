/*
 * The message for an errno. Functions that can fail return 0 or -errno; those whose failure needs a
 * message also take an optional struct err. Only the first message is kept, because it was written
 * closest to the cause.
 */
#ifndef ENGINE_BASE_ERR_H
#define ENGINE_BASE_ERR_H

struct err {
	int code; /* -errno of the first failure, 0: none */
	char text[1024];
};

/*
 * Stores a message and returns code (a negative errno), so that a caller can `return err_set(err,
 * -ENOENT, "%s: no such shape", name)`. e may be NULL.
 */
int err_set(struct err *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same; ": " and strerror(-code) are appended. */
int err_errno(struct err *e, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
