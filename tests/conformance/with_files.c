#include "tests/conformance/with_files.h"

#include <errno.h>

int files_set_up(void **state)
{
	struct files *f = calloc(1, sizeof(*f));
	char name[32];
	*state = f;
	if (!f || !scratch_make(&f->scratch))
		return -1;
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file-%d", i);
		if (!scratch_file(f->scratch.fd, name, i + 1))
			return -1;
	}
	if (symlinkat("file-1", f->scratch.fd, "link") || mkdirat(f->scratch.fd, "dir", 0755) ||
	    !scratch_file(f->scratch.fd, "dir/below", 1))
		return -1;
	return bench_open(&f->bench, f->scratch.path, NULL);
}

int files_tear_down(void **state)
{
	struct files *f = *state;
	bench_close(&f->bench);
	scratch_remove(&f->scratch);
	free(f);
	return 0;
}

int files_meter(struct bench *b, const struct strategy *strategy, struct meter **meter,
		struct err *err)
{
	static const int64_t params[PARAMS_MAX];
	int error = bench_meter(b, strategy, params, 1, meter, err);
	return error ? error : bench_refer(b, *meter, err);
}

void files_ask_into(const struct workload *load, uint32_t i, int flags, struct record *r)
{
	char path[PATH_MAX];
	struct stat st;
	if (fstatat(AT_FDCWD, workload_path(load, i, path), &st, flags))
		record_fail(r, errno);
	else
		record_stat(r, &st);
}

void files_ask(struct worker *w, uint32_t i)
{
	files_ask_into(w->load, i, AT_SYMLINK_NOFOLLOW, &w->records[i]);
}

int files_run(struct worker *w)
{
	struct workload_span span;
	while (worker_take(w, &span)) {
		for (uint32_t i = span.first; i < span.end; i++)
			files_ask(w, i);
		worker_count(w, SYSCALL_newfstatat, span.end - span.first);
	}
	return 0;
}
