"""The C library, found and declared: structs and functions as flist.h has them.

A test compares every struct, constant and function with the header; so whoever changes one changes
the other.
"""
import ctypes
import os
from ctypes import (POINTER, Structure, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint,
                    c_uint32, c_uint64, c_void_p)

SONAME = "libflist.so.1"
RESERVED = 4
AT_FDCWD = -100  # of fcntl.h

# enum flist_field
TYPE, MODE, NLINK, UID, GID = 0x0001, 0x0002, 0x0004, 0x0008, 0x0010
ATIME, MTIME, CTIME, INO, SIZE, BLOCKS = 0x0020, 0x0040, 0x0080, 0x0100, 0x0200, 0x0400
BASIC, BTIME, MNT_ID = 0x07ff, 0x0800, 0x1000
# enum flist_flag
FOLLOW, ONE_FILESYSTEM, LAZY, ITSELF, BULK, NO_SYNC = (1 << i for i in range(6))
# enum flist_step
STEP_OPEN, STEP_READ, STEP_STAT, STEP_EXTRA = range(4)

META_FIELDS = ("ino", "dev", "rdev", "size", "blocks", "mnt_id", "atime_ns", "mtime_ns", "ctime_ns",
               "btime_ns", "mode", "nlink", "uid", "gid", "blksize", "valid")


class flist_meta(Structure):
    _fields_ = [*((name, c_uint64) for name in META_FIELDS[:6]),
                *((name, c_int64) for name in META_FIELDS[6:10]),
                *((name, c_uint32) for name in META_FIELDS[10:])]


class flist_threads(Structure):
    _fields_ = [("jobs", c_uint), ("started", c_void_p), ("run", c_void_p), ("arg", c_void_p),
                ("most", c_uint32), ("cpus", c_uint32), ("decided", c_void_p),
                *([("unused", c_uint32)] if ctypes.sizeof(c_void_p) == 4 else []),
                ("reserved", c_uint64 * (RESERVED - 2))]


class flist_where(Structure):
    _fields_ = [("dir", c_void_p), ("name", c_char_p)]


class flist_many_options(Structure):
    _fields_ = [("flags", c_uint), ("fields", c_uint32), ("cache", c_void_p),
                ("threads", flist_threads), ("cancel", c_void_p),
                ("reserved", c_uint64 * RESERVED)]


class flist_cache_options(Structure):
    _fields_ = [("capacity", c_size_t), ("keep_errors", c_int), ("fetch", c_void_p),
                ("arg", c_void_p), ("reserved", c_uint64 * RESERVED)]


class flist_item(Structure):
    _fields_ = [("path", c_char_p), ("name", c_char_p), ("path_len", c_size_t),
                ("depth", c_uint32), ("type", c_uint32), ("status", c_int),
                ("meta", POINTER(flist_meta)), ("extra", c_void_p)]


class flist_failure(Structure):
    _fields_ = [("path", c_char_p), ("error", c_int), ("step", c_int)]


class flist_collect_options(Structure):
    _fields_ = [("flags", c_uint), ("fields", c_uint32), ("threads", flist_threads),
                ("filter", c_void_p), ("each", c_void_p), ("failed", c_void_p), ("arg", c_void_p),
                ("cancel", c_void_p), ("extra", c_uint64), ("order", c_uint64),
                ("reserved", c_uint64 * (RESERVED - 2))]


class flist_how(Structure):
    _fields_ = [("bulk", c_int), ("why_not", c_char_p), ("by_tables", c_uint64)]


STRUCTS = (flist_meta, flist_threads, flist_where, flist_many_options, flist_cache_options,
           flist_item, flist_failure, flist_collect_options, flist_how)

_META, _CACHE, _LIST, _CURSOR = POINTER(flist_meta), c_void_p, c_void_p, c_void_p

# Function: what it returns, what it takes.
FUNCTIONS = {
    "flist_stat": (c_int, [c_char_p, c_uint, _META]),
    "flist_stat_at": (c_int, [c_int, c_char_p, c_uint, c_uint32, _META]),
    "flist_stat_many": (c_int, [POINTER(flist_where), c_size_t, POINTER(flist_many_options), _META,
                                POINTER(c_int)]),
    "flist_cache_new": (c_int, [POINTER(_CACHE), POINTER(flist_cache_options)]),
    "flist_cache_free": (None, [_CACHE]),
    "flist_cache_get": (c_int, [_CACHE, c_char_p, c_uint, POINTER(_META)]),
    "flist_cache_peek": (c_int, [_CACHE, c_char_p, c_uint, POINTER(_META)]),
    "flist_cache_insert": (c_int, [_CACHE, c_char_p, c_uint, _META]),
    "flist_cache_remove": (None, [_CACHE, c_char_p, c_uint]),
    "flist_cache_clear": (None, [_CACHE]),
    "flist_cache_length": (c_size_t, [_CACHE]),
    "flist_cache_hits": (c_uint64, [_CACHE]),
    "flist_cache_misses": (c_uint64, [_CACHE]),
    "flist_cache_hit_rate": (c_double, [_CACHE]),
    "flist_meta_unref": (None, [_META]),
    "flist_collect": (c_int, [POINTER(_LIST), c_char_p, POINTER(flist_collect_options)]),
    "flist_list_free": (None, [_LIST]),
    "flist_list_length": (c_size_t, [_LIST]),
    "flist_list_failures": (POINTER(flist_failure), [_LIST, POINTER(c_size_t)]),
    "flist_list_how": (POINTER(flist_how), [_LIST]),
    "flist_cursor_open": (c_int, [POINTER(_CURSOR), _LIST]),
    "flist_cursor_next": (POINTER(flist_item), [_CURSOR]),
    "flist_cursor_close": (None, [_CURSOR]),
}


def load():
    """The library that FLIST_LIBRARY names, or the installed one. Calls let other threads run."""
    where = os.environ.get("FLIST_LIBRARY") or SONAME
    try:
        lib = ctypes.CDLL(where)
        for name, (returns, takes) in FUNCTIONS.items():
            function = getattr(lib, name)
            function.restype, function.argtypes = returns, takes
    except (OSError, AttributeError) as why:
        raise ImportError(f"flist: {why}; install {SONAME} (0.3 or later) where ld.so finds it, or "
                          "set FLIST_LIBRARY to its path") from why
    return lib
