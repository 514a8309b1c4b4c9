"""libflist for Python: fetches the metadata of many files, as fast as Linux allows.

    collect     a whole tree as one sorted list, by several threads
    stat_many   many paths, by several threads
    Cache       each path is fetched once, the result is shared
    stat        one path

Paths are str, bytes or os.PathLike; results have str, or bytes if bytes were given. Errors are
OSError (FileNotFoundError, ...) with errno and filename. Sizes are in bytes, times in ns since the
epoch. Calls release the GIL; Ctrl-C takes effect when the call returns.
"""
from __future__ import annotations

import ctypes
import errno
import os
from typing import NamedTuple

from . import library as c
from .library import (ATIME, BASIC, BLOCKS, BTIME, CTIME, GID, INO, MNT_ID, MODE, MTIME, NLINK,
                      SIZE, TYPE, UID)

__all__ = ["ATIME", "BASIC", "BLOCKS", "BTIME", "CTIME", "GID", "INO", "MNT_ID", "MODE", "MTIME",
           "NLINK", "SIZE", "TYPE", "UID", "Cache", "Entry", "Meta", "Tree", "collect", "stat",
           "stat_many"]
__version__ = "0.3.0"

_STEPS = {c.STEP_OPEN: "open", c.STEP_READ: "read", c.STEP_STAT: "stat", c.STEP_EXTRA: "extra"}
_lib = c.load()


class Meta(NamedTuple):
    """Metadata of an entry.

    A field that was not requested, or is not available, is 0 and has no bit in `valid` (SIZE,
    MTIME, ...; BASIC: the fields of stat(2)). dev, rdev and blksize are always valid.
    """

    ino: int
    dev: int  # as os.stat_result.st_dev
    rdev: int
    size: int  # bytes
    blocks: int  # of 512 bytes
    mnt_id: int
    atime_ns: int  # ns since the epoch, like the next three
    mtime_ns: int
    ctime_ns: int
    btime_ns: int
    mode: int  # type and permissions, for the functions of module stat
    nlink: int
    uid: int
    gid: int
    blksize: int  # bytes
    valid: int


class Entry(NamedTuple):
    """One entry below the root of a tree."""

    path: str | bytes  # relative to the root
    name: str | bytes  # its last component
    depth: int  # 1 in the root
    type: int  # as stat.S_IFMT(mode); 0: not known
    meta: Meta | None  # None if fetching failed; the reason is in Tree.failures


def _meta(struct):
    return Meta(*(getattr(struct, name) for name in c.META_FIELDS))


def _path(path):
    """As bytes for C, and how bytes become what the caller wants."""
    given = os.fspath(path)
    raw = os.fsencode(given)
    if b"\0" in raw:
        raise ValueError("embedded null byte")
    return raw, (bytes if isinstance(given, bytes) else os.fsdecode)


def _error(error, filename):
    return OSError(error, os.strerror(error), filename)


def _check(status, filename):
    if status:
        raise _error(-status, filename)


def _count(name, value):
    """What C takes for unsigned; ctypes would cut it off."""
    if not 0 <= value < 1 << 32:
        raise ValueError(f"{name} has to be between 0 and 4294967295, not {value}")
    return value


def _flags(follow=False, one_filesystem=False, bulk=False):
    return (c.FOLLOW * bool(follow) | c.ONE_FILESYSTEM * bool(one_filesystem) |
            c.BULK * bool(bulk))


def stat(path, *, follow=True, fields=BASIC):
    """Metadata of one path, as Meta.

    follow: of a symbolic link, return the target's metadata, not its own. fields: those wanted,
    e.g. BASIC | BTIME. Raises OSError as os.stat does.
    """
    raw, _ = _path(path)
    meta = c.flist_meta()
    _check(_lib.flist_stat_at(c.AT_FDCWD, raw, _flags(follow), _count("fields", fields),
                              meta), path)
    return _meta(meta)


def stat_many(paths, *, follow=True, fields=BASIC, jobs=0, cache=None):
    """Metadata of many paths, as a list as long as `paths`: Meta, or the OSError for that path.

    jobs: number of threads; 0: chosen by the library. cache: a Cache to read from and to store in.
    Keep neighbouring paths of one directory together. Raises OSError only if the call as a whole
    fails.
    """
    paths = list(paths)
    n = len(paths)
    wheres = (c.flist_where * n)(*((None, _path(path)[0]) for path in paths))
    metas, statuses = (c.flist_meta * n)(), (ctypes.c_int * n)()
    options = c.flist_many_options(flags=_flags(follow), fields=_count("fields", fields),
                                   cache=cache._cache if cache is not None else None)
    options.threads.jobs = _count("jobs", jobs)
    _check(_lib.flist_stat_many(wheres, n, options, metas, statuses), None)
    return [_error(-status, path) if status else _meta(meta)
            for path, meta, status in zip(paths, metas, statuses)]


class Tree:
    """The result of collect: entries, sorted by the bytes of their paths, and failures.

    len(tree) is the number of entries. Each `for entry in tree` makes Entry objects from the
    library's compact list, so a tree of millions takes little memory unless they are kept.
    """

    def __init__(self, handle, root, decode):
        self._list, self._decode = handle, decode
        self.root = root
        self.failures = tuple(self._failures())
        how = _lib.flist_list_how(handle).contents
        self.bulk = bool(how.bulk)  # the filesystem's tables were read
        self.why_not_bulk = how.why_not.decode() if how.why_not else None

    def _failures(self):
        """OSError each, with `step`: what failed, "open", "read" or "stat"."""
        n = ctypes.c_size_t()
        first = _lib.flist_list_failures(self._list, n)
        raw_root = os.fsencode(self.root)
        for i in range(n.value):
            below = first[i].path
            error = _error(first[i].error,
                           self._decode(os.path.join(raw_root, below) if below else raw_root))
            error.step = _STEPS[first[i].step]
            yield error

    def __len__(self):
        return _lib.flist_list_length(self._list)

    def __iter__(self):
        cursor = ctypes.c_void_p()
        _check(_lib.flist_cursor_open(cursor, self._list), self.root)
        try:
            while item := _lib.flist_cursor_next(cursor):
                it = item.contents
                path = self._decode(it.path)
                yield Entry(path, self._decode(it.name), it.depth, it.type,
                            _meta(it.meta.contents) if it.meta else None)
        finally:
            _lib.flist_cursor_close(cursor)

    def __del__(self):
        if getattr(self, "_list", None):
            _lib.flist_list_free(self._list)
            self._list = None


def collect(root, *, follow=False, one_filesystem=False, bulk=False, fields=BASIC, jobs=0):
    """Walks the tree below `root` and returns a Tree: entries with metadata, and failures.

    follow: follow symbolic links. one_filesystem: list mount points, but do not enter them.
    bulk: read the tables of ext4, btrfs or xfs if possible (as root), which is many times as fast
    on ext4 and btrfs. jobs: number of threads; 0: chosen by the library. An unreadable directory or
    an entry that vanished is a failure in Tree.failures; the walk goes on. Raises OSError if the
    root cannot be opened or is not a directory, or if memory runs out.
    """
    raw, decode = _path(root)
    options = c.flist_collect_options(flags=_flags(follow, one_filesystem, bulk),
                                      fields=_count("fields", fields))
    options.threads.jobs = _count("jobs", jobs)
    handle = ctypes.c_void_p()
    _check(_lib.flist_collect(handle, raw, options), root)
    return Tree(handle, os.fspath(root), decode)


class Cache:
    """Metadata by path, fetched once, for any number of threads.

    capacity: maximum number of entries, 0: no limit. keep_errors: cache errors, too. Results with
    and without following a link are separate entries. Changes on disk are not detected: use
    remove, insert or clear.
    """

    def __init__(self, capacity=0, keep_errors=False):
        handle = ctypes.c_void_p()
        options = c.flist_cache_options(capacity=_count("capacity", capacity),
                                        keep_errors=bool(keep_errors))
        _check(_lib.flist_cache_new(handle, options), None)
        self._cache = handle

    def _answer(self, function, path, follow):
        raw, _ = _path(path)
        meta = ctypes.POINTER(c.flist_meta)()
        status = function(self._cache, raw, _flags(follow), meta)
        if status:
            return status, None
        try:
            return 0, _meta(meta.contents)
        finally:
            _lib.flist_meta_unref(meta)

    def get(self, path, *, follow=True):
        """Returns the Meta of a path, from the cache or by a fetch. Raises OSError as os.stat."""
        status, meta = self._answer(_lib.flist_cache_get, path, follow)
        _check(status, path)
        return meta

    def peek(self, path, *, follow=True):
        """The same without a fetch: None if the path is not cached. Neither a hit nor a miss."""
        status, meta = self._answer(_lib.flist_cache_peek, path, follow)
        if status == -errno.ENODATA:
            return None
        _check(status, path)
        return meta

    def insert(self, path, meta, *, follow=True):
        """Stores meta for path and replaces the old entry."""
        raw, _ = _path(path)
        _check(_lib.flist_cache_insert(self._cache, raw, _flags(follow), c.flist_meta(*meta)), path)

    def remove(self, path, *, follow=True):
        """Removes one entry; a later get never returns metadata that was fetched before."""
        _lib.flist_cache_remove(self._cache, _path(path)[0], _flags(follow))

    def clear(self):
        """Removes all entries, and sets hits and misses to 0."""
        _lib.flist_cache_clear(self._cache)

    def __len__(self):
        """Number of entries, including cached errors."""
        return _lib.flist_cache_length(self._cache)

    @property
    def hits(self):
        """Exact number of gets without a fetch of their own."""
        return _lib.flist_cache_hits(self._cache)

    @property
    def misses(self):
        """Exact number of gets with a fetch."""
        return _lib.flist_cache_misses(self._cache)

    @property
    def hit_rate(self):
        """hits / (hits + misses), 0 to 1; 0 if there were none."""
        return _lib.flist_cache_hit_rate(self._cache)

    def __del__(self):
        if getattr(self, "_cache", None):
            _lib.flist_cache_free(self._cache)
            self._cache = None
