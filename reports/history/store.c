#include "reports/history/store.h"

#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/util.h"

enum {
	APPLICATION_ID = 0x73746d6b, /* "stmk": for file(1) */
	BUSY_MS = 20000,
	RETRY_MS = 20,
	SERIES_FIELDS = 10,
	SERIES_KEYS = 9, /* the first of them */
};

struct store {
	sqlite3 *db;
	const char *path;
};

static const char schema[] =
	"CREATE TABLE run (id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, started TEXT NOT NULL,"
	" commit_id TEXT, kernel TEXT, document TEXT NOT NULL) STRICT;"
	"CREATE TABLE series (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, tree TEXT NOT "
	"NULL,"
	" digest TEXT NOT NULL, place TEXT NOT NULL, fs TEXT NOT NULL, cache TEXT NOT NULL,"
	" pin TEXT NOT NULL, baseline TEXT NOT NULL, cell TEXT NOT NULL, hostname TEXT NOT NULL,"
	" UNIQUE (fingerprint, tree, digest, place, fs, cache, pin, baseline, cell)) STRICT;"
	"CREATE TABLE point (series INTEGER NOT NULL REFERENCES series, run INTEGER NOT NULL"
	" REFERENCES run, ratio REAL NOT NULL, lo REAL NOT NULL, hi REAL NOT NULL,"
	" ns REAL NOT NULL, PRIMARY KEY (series, run)) STRICT, WITHOUT ROWID;";

/*
 * Since version 2: values that are needed of every document, so that the documents need not be read
 * for them. They are in a separate table, because SQLite reads a column behind the document through
 * all pages of the document, and a column before it cannot be added without copying all documents.
 */
static const char origin_table[] =
	"CREATE TABLE origin (run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,"
	" seed TEXT, version TEXT) STRICT;";

#define ADD_ORIGINS                                                                                \
	"INSERT INTO origin (run, seed, version) SELECT id, json_extract(document, '$.run.seed')," \
	" json_extract(document, '$.tool.version') FROM run WHERE json_valid(document)"

/* --- Errors ---------------------------------------------------------------------------------- */

static int errno_of(sqlite3 *db)
{
	int known = db ? sqlite3_system_errno(db) : 0;
	switch (db ? sqlite3_errcode(db) : SQLITE_NOMEM) {
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return -EINVAL;
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_READONLY:
		return known ? -known : -EROFS;
	case SQLITE_CANTOPEN:
		return known ? -known : -ENOENT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EAGAIN;
	default:
		return known ? -known : -EIO;
	}
}

/* SQLite tries several ways to open a file, and does not keep why the first one failed. */
static int reach(const char *path)
{
	char folder[4096] = ".";
	const char *slash = strrchr(path, '/');
	if (access(path, R_OK | W_OK) == 0 || errno != ENOENT)
		return access(path, R_OK | W_OK) ? -errno : 0;
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path) + 1, path);
	return access(folder, W_OK | X_OK) ? -errno : 0;
}

/* The message of SQLite, and that of the kernel if a system call failed. */
static int fail(const struct store *s, struct err *err)
{
	int known = s->db ? -sqlite3_system_errno(s->db) : 0;
	int error = errno_of(s->db);
	if (s->db && sqlite3_errcode(s->db) == SQLITE_CANTOPEN && reach(s->path))
		error = known = reach(s->path);
	bool both = known && known == error;
	/* -EFBIG means a limit or a full disk here, elsewhere a file too large to be read. */
	return err_set(err, error == -EFBIG ? -ENOSPC : error, "%s: %s%s%s", s->path,
		       s->db ? sqlite3_errmsg(s->db) : "no memory", both ? ": " : "",
		       both ? strerror(-known) : "");
}

/* --- Statements ------------------------------------------------------------------------------ */

static int run_sql(struct store *s, const char *sql, struct err *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(s, err);
}

static int prepare(struct store *s, const char *sql, sqlite3_stmt **statement, struct err *err)
{
	return sqlite3_prepare_v2(s->db, sql, -1, statement, NULL) == SQLITE_OK ? 0 : fail(s, err);
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

/* Runs a statement that returns one integer. */
static int ask(struct store *s, const char *sql, int64_t *number, struct err *err)
{
	sqlite3_stmt *statement;
	int error = prepare(s, sql, &statement, err);
	if (error)
		return error;
	if (sqlite3_step(statement) == SQLITE_ROW)
		*number = sqlite3_column_int64(statement, 0);
	else
		error = fail(s, err);
	sqlite3_finalize(statement);
	return error;
}

/* Runs a statement that returns no rows. */
static int finish(struct store *s, sqlite3_stmt *statement, struct err *err)
{
	int error = sqlite3_step(statement) == SQLITE_DONE ? 0 : fail(s, err);
	sqlite3_finalize(statement);
	return error;
}

/* --- Opening --------------------------------------------------------------------------------- */

/* The change to a write-ahead log needs the file alone for a moment, but does not wait for it. */
static int use_log(struct store *s, struct err *err)
{
	for (int ms = 0; ms < BUSY_MS; ms += RETRY_MS) {
		int code = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		if (code == SQLITE_OK)
			return 0;
		if ((code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED)
			break;
		usleep(RETRY_MS * 1000);
	}
	return fail(s, err);
}

/* Reads what the file is in one transaction, because another process may be creating it. */
static int read_pragmas(struct store *s, int64_t *application, int64_t *version, int64_t *tables,
			struct err *err)
{
	int error = run_sql(s, "SAVEPOINT look", err);
	if (error)
		return error;
	error = ask(s, "PRAGMA application_id", application, err);
	if (!error)
		error = ask(s, "PRAGMA user_version", version, err);
	if (!error)
		error = ask(s, "SELECT count(*) FROM sqlite_schema", tables, err);
	sqlite3_exec(s->db, "RELEASE look", NULL, NULL, NULL);
	return error;
}

/* *version is 0 if the file is new. */
static int check_version(struct store *s, int64_t *version, struct err *err)
{
	int64_t application = 0, tables = 0;
	int error = read_pragmas(s, &application, version, &tables, err);
	if (error)
		return error;
	if (application == 0 && *version == 0 && tables == 0)
		return 0;
	if (application != APPLICATION_ID)
		return err_set(err, -EINVAL, "%s is a database, but not a history of statmark",
			       s->path);
	if (*version > STORE_VERSION)
		return err_set(err, -EINVAL,
			       "%s was made by a later statmark (version %" PRId64
			       "; this build reads versions up to %d)",
			       s->path, *version, STORE_VERSION);
	*version = MAX(*version, 1);
	return 0;
}

/* Another process may be doing the same, so the file is checked again under the lock. */
static int update_tables(struct store *s, struct err *err)
{
	char stamp[128];
	int64_t version = 0;
	snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, STORE_VERSION);
	int error = run_sql(s, "BEGIN IMMEDIATE", err);
	if (error)
		return error;
	error = check_version(s, &version, err);
	if (!error && version < 1)
		error = run_sql(s, schema, err);
	if (!error && version < 2)
		error = run_sql(s, origin_table, err);
	if (!error && version < 2)
		error = run_sql(s, ADD_ORIGINS, err);
	if (!error)
		error = run_sql(s, stamp, err);
	if (!error)
		error = run_sql(s, "COMMIT", err);
	if (error)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

static int convert(struct store *s, int64_t version, struct err *err)
{
	struct err why = {0};
	int error = update_tables(s, &why);
	return error ? err_set(err, error, "%s (converting it from version %" PRId64 " to %d)",
			       why.text, version, STORE_VERSION)
		     : 0;
}

static int set_up(struct store *s, bool create, struct err *err)
{
	int64_t version = 0;
	sqlite3_busy_timeout(s->db, BUSY_MS);
	int error = check_version(s, &version, err);
	if (!error && !version && !create)
		error = err_set(err, -EINVAL, "%s is empty; statmark history add stores runs in it",
				s->path);
	if (!error && create)
		error = use_log(s, err);
	if (!error && !version)
		error = update_tables(s, err);
	else if (!error && version < STORE_VERSION)
		error = convert(s, version, err);
	if (!error)
		error = run_sql(s, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", err);
	return error;
}

static int make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];
	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(folder))
		return err_errno(err, -ENAMETOOLONG, "cannot make the directory of %s", path);
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	int error = make_dirs(folder);
	return error ? err_errno(err, error, "cannot make the directory %s", folder) : 0;
}

int store_open(struct store **store, const char *path, bool create, struct err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	int error = create ? make_folder(path, err) : 0;
	if (error)
		return error;
	if (!create && access(path, F_OK))
		return err_errno(err, -errno, "cannot open %s", path);
	struct store *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(err, -ENOMEM, "%s", path);
	s->path = path;
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		error = fail(s, err);
	if (!error)
		error = set_up(s, create, err);
	if (error)
		store_close(s);
	else
		*store = s;
	return error;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	free(store);
}

/* --- Adding ---------------------------------------------------------------------------------- */

/* In the order of the table's columns. */
static void series_fields(const struct store_series *series, const char *fields[SERIES_FIELDS])
{
	const char *const all[SERIES_FIELDS] = {
		series->fingerprint, series->tree,     series->digest, series->place,
		series->fs,          series->cache,    series->pin,    series->baseline,
		series->cell,        series->hostname,
	};
	for (int i = 0; i < SERIES_FIELDS; i++)
		fields[i] = all[i] ? all[i] : "";
}

static int add_run(struct store *s, const struct store_run *run, bool *added, struct err *err)
{
	sqlite3_stmt *statement;
	int error = prepare(s,
			    "INSERT INTO run (run, started, commit_id, kernel, document)"
			    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (run) DO NOTHING",
			    &statement, err);
	if (error)
		return error;
	bind_text(statement, 1, run->id);
	bind_text(statement, 2, run->started);
	bind_text(statement, 3, run->commit);
	bind_text(statement, 4, run->kernel);
	sqlite3_bind_text64(statement, 5, run->document, run->size, SQLITE_STATIC, SQLITE_UTF8);
	error = finish(s, statement, err);
	*added = sqlite3_changes(s->db) > 0;
	return error;
}

static int add_origin(struct store *s, const char *run, struct err *err)
{
	sqlite3_stmt *statement;
	int error = prepare(s, ADD_ORIGINS " AND run = ?1", &statement, err);
	if (error)
		return error;
	bind_text(statement, 1, run);
	return finish(s, statement, err);
}

static int add_series(struct store *s, const struct store_series *series, struct err *err)
{
	const char *fields[SERIES_FIELDS];
	sqlite3_stmt *statement;
	int error = prepare(s,
			    "INSERT INTO series (fingerprint, tree, digest, place, fs, cache, pin,"
			    " baseline, cell, hostname) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
			    " ?10) ON CONFLICT DO NOTHING",
			    &statement, err);
	if (error)
		return error;
	series_fields(series, fields);
	for (int i = 0; i < SERIES_FIELDS; i++)
		bind_text(statement, i + 1, fields[i]);
	return finish(s, statement, err);
}

static int add_point(struct store *s, const char *run, const struct store_series *series,
		     const struct store_point *point, struct err *err)
{
	const char *fields[SERIES_FIELDS];
	sqlite3_stmt *statement;
	int error = prepare(s,
			    "INSERT INTO point (series, run, ratio, lo, hi, ns) SELECT series.id,"
			    " run.id, ?10, ?11, ?12, ?13 FROM series, run WHERE fingerprint = ?1"
			    " AND tree = ?2 AND digest = ?3 AND place = ?4 AND fs = ?5 AND"
			    " cache = ?6 AND pin = ?7 AND baseline = ?8 AND cell = ?9 AND"
			    " run.run = ?14",
			    &statement, err);
	if (error)
		return error;
	series_fields(series, fields);
	for (int i = 0; i < SERIES_KEYS; i++)
		bind_text(statement, i + 1, fields[i]);
	sqlite3_bind_double(statement, 10, point->ratio);
	sqlite3_bind_double(statement, 11, point->lo);
	sqlite3_bind_double(statement, 12, point->hi);
	sqlite3_bind_double(statement, 13, point->ns);
	bind_text(statement, 14, run);
	return finish(s, statement, err);
}

int store_add(struct store *store, const struct store_run *run, const struct store_series *series,
	      const struct store_point *points, size_t n, bool *added, struct err *err)
{
	*added = false;
	int error = run_sql(store, "BEGIN IMMEDIATE", err);
	if (error)
		return error;
	error = add_run(store, run, added, err);
	if (!error && *added)
		error = add_origin(store, run->id, err);
	for (size_t i = 0; i < n && *added && !error; i++) {
		error = add_series(store, &series[i], err);
		if (!error)
			error = add_point(store, run->id, &series[i], &points[i], err);
	}
	if (!error)
		error = run_sql(store, "COMMIT", err);
	if (error)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

/* --- Reading --------------------------------------------------------------------------------- */

static const char *column(sqlite3_stmt *statement, int at, struct arena *arena)
{
	return arena_copy(arena, (const char *)sqlite3_column_text(statement, at));
}

/* A query whose rows are read into an array of items in an arena. */
struct query {
	const char *counted; /* query for the maximum number of rows; NULL: the caller passes it */
	const char *sql;
	size_t size; /* of an item */
	/* false: out of memory */
	bool (*read)(sqlite3_stmt *statement, struct arena *arena, void *item);
};

/* Runs a prepared statement and finalizes it. array: receives the address of the array. */
static int read_rows(struct store *s, const struct query *q, sqlite3_stmt *statement, size_t most,
		     struct arena *arena, void *array, size_t *n, struct err *err)
{
	char *items = arena_alloc(arena, (most + 1) * q->size);
	int code = SQLITE_ROW, error = items ? 0 : err_errno(err, -ENOMEM, "%s", s->path);
	for (*n = 0; *n < most && !error; ++*n) {
		code = sqlite3_step(statement);
		if (code != SQLITE_ROW)
			break;
		if (!q->read(statement, arena, items + *n * q->size))
			error = err_errno(err, -ENOMEM, "%s", s->path);
	}
	if (!error && code != SQLITE_ROW && code != SQLITE_DONE)
		error = fail(s, err);
	sqlite3_finalize(statement);
	*(void **)array = items;
	return error;
}

static int read_all(struct store *s, const struct query *q, struct arena *arena, void *array,
		    size_t *n, struct err *err)
{
	sqlite3_stmt *statement;
	int64_t most = 0;
	int error = ask(s, q->counted, &most, err);
	if (!error)
		error = prepare(s, q->sql, &statement, err);
	return error ? error : read_rows(s, q, statement, (size_t)most, arena, array, n, err);
}

static bool read_series(sqlite3_stmt *statement, struct arena *arena, void *item)
{
	struct store_series *s = item;
	const char **const fields[] = {
		&s->fingerprint, &s->hostname, &s->tree, &s->digest,   &s->place,
		&s->fs,          &s->cache,    &s->pin,  &s->baseline, &s->cell,
	};
	s->id = sqlite3_column_int64(statement, 0);
	for (int i = 0; i < (int)ARRAY_LEN(fields); i++) {
		*fields[i] = column(statement, i + 1, arena);
		if (!*fields[i])
			return false;
	}
	return true;
}

int store_list(struct store *store, struct arena *arena, struct store_series **series, size_t *n,
	       uint64_t *runs, struct err *err)
{
	static const struct query query = {
		.counted = "SELECT count(*) FROM series",
		.sql = "SELECT id, fingerprint, hostname, tree, digest, place, fs, cache, pin,"
		       " baseline, cell FROM series ORDER BY fingerprint, tree, digest, place, fs,"
		       " cache, pin, baseline, cell",
		.size = sizeof(**series),
		.read = read_series,
	};
	int64_t count = 0;
	int error = ask(store, "SELECT count(*) FROM run", &count, err);
	*runs = (uint64_t)count;
	return error ? error : read_all(store, &query, arena, series, n, err);
}

static bool read_point(sqlite3_stmt *statement, struct arena *arena, void *item)
{
	struct store_point *point = item;
	*point = (struct store_point){
		.ratio = sqlite3_column_double(statement, 0),
		.lo = sqlite3_column_double(statement, 1),
		.hi = sqlite3_column_double(statement, 2),
		.ns = sqlite3_column_double(statement, 3),
		.run = column(statement, 4, arena),
		.started = column(statement, 5, arena),
		.commit = column(statement, 6, arena),
		.kernel = column(statement, 7, arena),
		.seed = column(statement, 8, arena),
	};
	return point->run && point->started;
}

static void reverse(struct store_point *points, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct store_point point = points[i];
		points[i] = points[n - 1 - i];
		points[n - 1 - i] = point;
	}
}

int store_points(struct store *store, int64_t series, size_t most, struct arena *arena,
		 struct store_point **points, size_t *n, struct err *err)
{
	static const struct query query = {
		.sql = "SELECT ratio, lo, hi, ns, run.run, started, commit_id, kernel, seed"
		       " FROM point JOIN run ON run.id = point.run"
		       " LEFT JOIN origin ON origin.run = run.id WHERE series = ?1"
		       " ORDER BY started DESC, run.id DESC LIMIT ?2",
		.size = sizeof(**points),
		.read = read_point,
	};
	sqlite3_stmt *statement;
	int error = prepare(store, query.sql, &statement, err);
	if (error)
		return error;
	sqlite3_bind_int64(statement, 1, series);
	sqlite3_bind_int64(statement, 2, (int64_t)most);
	error = read_rows(store, &query, statement, most, arena, points, n, err);
	if (!error)
		reverse(*points, *n);
	return error;
}

static bool read_run(sqlite3_stmt *statement, struct arena *arena, void *item)
{
	struct store_stored *run = item;
	*run = (struct store_stored){
		.row = sqlite3_column_int64(statement, 0),
		.id = column(statement, 1, arena),
		.started = column(statement, 2, arena),
		.commit = column(statement, 3, arena),
		.kernel = column(statement, 4, arena),
		.cells = (uint64_t)sqlite3_column_int64(statement, 5),
		.trees = column(statement, 6, arena),
		.names = column(statement, 7, arena),
	};
	return run->id && run->started;
}

int store_runs(struct store *store, struct arena *arena, struct store_stored **runs, size_t *n,
	       struct err *err)
{
	static const struct query query = {
		.counted = "SELECT count(*) FROM run",
		.sql = "SELECT run.id, run.run, started, commit_id, kernel, count(point.series),"
		       " group_concat(DISTINCT tree), group_concat(DISTINCT cell)"
		       " FROM run LEFT JOIN point ON point.run = run.id"
		       " LEFT JOIN series ON series.id = point.series"
		       " GROUP BY run.id ORDER BY started, run.id",
		.size = sizeof(**runs),
		.read = read_run,
	};
	return read_all(store, &query, arena, runs, n, err);
}

static bool read_origin(sqlite3_stmt *statement, struct arena *arena, void *item)
{
	struct store_origin *origin = item;
	*origin = (struct store_origin){
		.run = column(statement, 0, arena),
		.seed = column(statement, 1, arena),
		.version = column(statement, 2, arena),
	};
	return origin->run;
}

int store_origins(struct store *store, struct arena *arena, struct store_origin **origins,
		  size_t *n, struct err *err)
{
	static const struct query query = {
		.counted = "SELECT count(*) FROM run",
		.sql = "SELECT run.run, seed, version FROM run"
		       " LEFT JOIN origin ON origin.run = run.id ORDER BY started, id",
		.size = sizeof(**origins),
		.read = read_origin,
	};
	return read_all(store, &query, arena, origins, n, err);
}

/* --- Removing -------------------------------------------------------------------------------- */

static int remove_from(struct store *s, const char *sql, int64_t row, struct err *err)
{
	sqlite3_stmt *statement;
	int error = prepare(s, sql, &statement, err);
	if (error)
		return error;
	sqlite3_bind_int64(statement, 1, row);
	return finish(s, statement, err);
}

int store_remove(struct store *store, const struct store_stored *runs, size_t n, struct err *err)
{
	int error = run_sql(store, "BEGIN IMMEDIATE", err);
	if (error)
		return error;
	for (size_t i = 0; i < n && !error; i++) {
		const int64_t row = runs[i].row;
		error = remove_from(store, "DELETE FROM point WHERE run = ?1", row, err);
		if (!error)
			error = remove_from(store, "DELETE FROM run WHERE id = ?1", row, err);
	}
	if (!error)
		error = run_sql(store,
				"DELETE FROM series WHERE id NOT IN (SELECT series FROM point)",
				err);
	if (!error)
		error = run_sql(store, "COMMIT", err);
	if (error)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return error;
}
