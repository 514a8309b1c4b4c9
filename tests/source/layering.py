#!/usr/bin/env python3
"""Which files may include, call and print what. The tables are the rules; functions apply them."""
import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from tree import ROOMS, ROOT, files, run

# Files, and those of our own headers that they may include. The first row that matches a file is
# used. A slash at the end stands for the folder and everything below it.
EVERYTHING = ("engine/", "strategies/", "datasets/", "reports/")
MAY_INCLUDE = (
    ("engine/base/", ("engine/base/",)),
    ("engine/json/", ("engine/base/", "engine/json/")),
    ("engine/host/", ("engine/base/", "engine/host/", "engine/result.h")),
    ("engine/lab/", ("engine/base/", "engine/lab/")),
    ("engine/measure/", ("engine/base/", "engine/host/", "engine/measure/", "engine/*.h")),
    ("engine/gate/", ("engine/base/", "engine/host/", "engine/measure/", "engine/gate/",
                      "engine/*.h")),
    ("engine/profile/", ("engine/base/", "engine/measure/", "engine/profile/", "engine/*.h")),
    ("engine/crossover/", ("engine/base/", "engine/crossover/", "engine/*.h")),
    ("engine/cmd/", EVERYTHING),
    ("engine/main.c", EVERYTHING),
    ("engine/", ("engine/base/", "engine/*.h")),
    ("strategies/flist/", ("strategies/flist/",)),
    # Chooses the system calls that the library makes, which flist.h does not offer.
    ("strategies/fetch/xattr.c", ("engine/strategy.h", "strategies/xattrs.h",
                                  "strategies/flist/extra/extra.h")),
    ("strategies/", ("engine/strategy.h", "strategies/flist/flist.h", "strategies/meta.h",
                     "strategies/xattrs.h", "strategies/adaptive.h", "strategies/cwd.h",
                     "strategies/ring.h", "strategies/walk/collect.h",
                     "strategies/walk/listing.h")),
    ("datasets/", ("datasets/", "engine/base/", "engine/json/", "engine/lab/",
                   "engine/workload.h")),
    ("reports/", ("reports/", "engine/base/", "engine/json/", "engine/result.h",
                  "engine/pairs.h", "engine/terms.h")),
    ("tests/", (*EVERYTHING, "tests/")),
)

# Headers that the build writes, and the file that may include each.
GENERATED = {"build_facts.h": "engine/host/tool.c"}

# Headers of other libraries, and the files that may include them: one place for each library.
DOORS = (
    ("hwloc*", ("engine/host/topology.c",)),
    ("jansson*", ("engine/json/json.h",)),
    ("xxh*", ("engine/base/digest.c", "strategies/flist/")),
    ("sqlite3*", ("reports/history/store.c",)),
    ("liburing*", ("strategies/ring.c", "tests/conformance/")),
    ("cmocka*", ("tests/",)),
)
ONE_FILE = {"xxh*": "strategies/flist/"}

PRINTERS = ("engine/cmd/", "engine/main.c", "tests/", "strategies/flist/examples/")
PRINTING = (r"\b(?:stdout|stderr)\b|"
            r"(?<![.>\w])(?:v?printf|puts|putchar|perror|psignal|v?warnx?|v?errx?)\s*\(")

# Forbidden functions, and what to use instead.
FORBIDDEN = {
    "strcpy": "snprintf or memcpy", "strcat": "snprintf", "strncpy": "snprintf or memcpy",
    "strncat": "snprintf", "stpcpy": "memcpy", "sprintf": "snprintf", "vsprintf": "vsnprintf",
    "gets": "fgets or getline", "strtok": "strcspn", "atoi": "parse_count or strtol",
    "atol": "strtol", "atoll": "strtoll", "atof": "strtod", "scanf": "strtoull",
    "system": "posix_spawn", "popen": "posix_spawn", "alloca": "an array of a fixed size",
    "tmpnam": "mkstemp", "mktemp": "mkstemp", "tempnam": "mkstemp", "rand": "rng_next",
    "srand": "a seeded struct rng", "random": "rng_next", "readdir_r": "readdir",
}

# Files that open files for writing, and what they write. Only engine/base/output.c writes files of
# the user.
WRITERS = {
    "engine/base/unnamed.c": "files without a name",
    "engine/base/output.c": "every output of every command",
    "engine/base/outdir.c": "a lock, for directories that cannot be locked",
    "datasets/tree/": "entries of made trees, and their sentinel",
    "engine/measure/verify/cache_state.c": "/proc/sys/vm/drop_caches",
    "engine/base/child.c": "/dev/null",
    "engine/lab/fuse.c": "/dev/fuse",
    "engine/lab/disk.c": "the disk that it serves itself",
    "engine/lab/loop.c": "loop devices of images without a name",
    "engine/lab/mount.c": "the user and group ids of this process in its user namespace",
    "reports/plots/gnuplot.c": "/dev/null",
}
WRITING = r"\b(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE|creat|mko?stemps?)\b"
WRITING_STREAM = r'\bf(?:d|re)?open\s*\([^;]*,\s*"(?:[wa]|r[be]*\+)'

# Names and paths of a measured tree have any length: names on FUSE have up to 4,095 bytes, and
# paths can be longer than PATH_MAX. The arrays of these sizes in these files hold something else.
FIXED_SIZE = r"\bchar\b[^;=]*\[[^\]\n]*\b(?:NAME|PATH)_MAX\b"
FIXED = {
    "engine/workload.c": "the piece of a path that one call takes",
    "engine/measure/verify/right_answer.c": "a directory that one call takes, and a name",
    "engine/base/util.c": "a directory that mkdir takes",
    "engine/base/unnamed.c": "a temporary file",
    "engine/base/output.c": "the target of a link at the path of an output",
    "engine/base/watchdog.c": "the message about a call, shortened to this size",
    "engine/gate/arm/plugin.c": "a path that dlopen takes",
    "engine/cmd/lab/script.c": "this program's own path",
    "engine/cmd/parts/subject.h": "the directory in which trees are made",
    "engine/cmd/parts/subject.c": "a tree that was made",
    "engine/cmd/parts/axes.c": "a tree that was made",
    "datasets/tree/": "a tree that is made, as its shape says",
    "datasets/sim/sim.c": "the mount point of a server",
}

READS_DEVICES = ("strategies/flist/bulk/", "strategies/flist/collect/bulk.c")
ASKS = ("strategies/flist/bulk/btrfs.c",  # they read by an ioctl
        "strategies/flist/bulk/xfs.c")
MIGHT_WRITE = (r"\b(?:O_WRONLY|O_RDWR|O_TRUNC|O_CREAT)\b|"
               r"(?<![.>\w])(?:p?writev?2?|pwrite64|ioctl|fallocate|ftruncate|truncate|mmap|"
               r"sendfile|splice|copy_file_range|syscall|mount|umount2?|fd?open|creat)\s*\(")


# Files that make threads: one of the library and one of the program, and for special purposes
# others.
MAKES_THREADS = {
    "engine/base/threads.c": "the harness and the trees",
    "strategies/flist/threads.c": "the library, which stands alone",
    "strategies/fetch/preload.c": "measures what git does: it starts threads for each scan",
    "strategies/cwd.c": "tries unshare() in a thread of its own, which then ends",
}


def fits(name, pattern):
    if pattern.endswith("/"):
        return name.startswith(pattern)
    return PurePosixPath(name).match(pattern) and name.count("/") == pattern.count("/")


def fits_any(name, patterns):
    return any(fits(name, pattern) for pattern in patterns)


def sources():
    return files(*ROOMS, "tests", kinds=(".c", ".h", ".def"))


def includes_point_the_right_way():
    """files include only the headers that they may include"""
    for source in sources():
        allowed = next(may for where, may in MAY_INCLUDE if fits(source.name, where))
        for line, how, header in source.includes:
            if how == "<" or GENERATED.get(header) == source.name:
                continue
            if not (ROOT / header).is_file():
                yield f'{source.name}:{line}: write "{header}" from the root of the tree'
            elif not fits_any(header, allowed):
                yield (f"{source.name}:{line}: may not include {header}; "
                       f"it sees {' '.join(allowed)}")


def way_back(includes, start, end):
    """Folders from start to end, each including the next; None: there is no such sequence."""
    ways, seen = [[start]], {start}
    for way in ways:
        if way[-1] == end:
            return way
        for folder in sorted(includes.get(way[-1], set()) - seen):
            seen.add(folder)
            ways.append([*way, folder])
    return None


def folders_include_one_way():
    """no two folders include each other, directly or through others"""
    includes, places = {}, {}
    for source in files(*ROOMS, kinds=(".c", ".h", ".def")):
        folder = str(PurePosixPath(source.name).parent)
        for line, how, header in source.includes:
            other = str(PurePosixPath(header).parent)
            # main.c may include everything.
            if how == "<" or other in (folder, ".") or source.name == "engine/main.c":
                continue
            includes.setdefault(folder, set()).add(other)
            places.setdefault((folder, other), f"{source.name}:{line}: includes {header}")
    for (folder, other), place in sorted(places.items()):
        if way := way_back(includes, other, folder):
            yield f"{place}, and {' <- '.join(reversed(way))}; move what both need below them"


def libraries_have_one_door():
    """each third-party library is included in one place"""
    users = {}
    for source in sources():
        for line, _, header in source.includes:
            for library, doors in DOORS:
                if not fnmatchcase(header, library):
                    continue
                users.setdefault(library, set()).add(source.name)
                if not fits_any(source.name, doors):
                    yield f"{source.name}:{line}: {header} is for {' and '.join(doors)} only"
    for library, folder in ONE_FILE.items():
        inside = sorted(u for u in users.get(library, ()) if u.startswith(folder))
        if len(inside) > 1:
            yield f"{folder}: {library} in {', '.join(inside)}; keep it in one of them"


def only_commands_print():
    """only main.c, engine/cmd and the library's examples print"""
    for source in sources():
        if source.within(*PRINTERS):
            continue
        for line, match in source.uses(PRINTING):
            yield (f"{source.name}:{line}: {match.group().rstrip('( ')} here; return an error, or "
                   "write to a FILE that the caller gives")


def no_dangerous_calls():
    """the program and the library make no dangerous calls"""
    pattern = rf"(?<![.>\w])({'|'.join(FORBIDDEN)})\s*\("
    for source in sources():
        if source.within("tests/"):
            continue
        for line, match in source.uses(pattern):
            yield f"{source.name}:{line}: {match[1]}; use {FORBIDDEN[match[1]]}"


def outputs_have_one_door():
    """files are opened for writing in one place"""
    for source in sources():
        if source.within("tests/", "strategies/flist/examples/", *WRITERS):
            continue
        lines = [line for line, _ in source.uses(WRITING)]
        lines += [source.text.count("\n", 0, match.start()) + 1
                  for match in re.finditer(WRITING_STREAM, source.text)]
        for line in lines:
            yield f"{source.name}:{line}: opens for writing; use output_write or outdir_write"


def names_have_any_length():
    """no array for a name or a path of a tree has a fixed size"""
    used = set()
    for source in files(*ROOMS, kinds=(".c", ".h")):
        lines = [line for line, _ in source.uses(FIXED_SIZE)]
        allowed = [row for row in FIXED if source.within(row)]
        used.update(allowed if lines else [])
        for line in lines if not allowed else []:
            yield f"{source.name}:{line}: an array for a name or a path; names have any length"
    for row in sorted(set(FIXED) - used):
        yield f"{row}: has no such array any more; take it off the list"


def threads_have_one_door():
    """the program makes threads in one place, the library in another"""
    makers = set()
    for source in files(*ROOMS, kinds=(".c", ".h")):
        for line, _ in source.uses(r"\bpthread_create\b|\bthrd_create\b|\bclone3?\s*\("):
            makers.add(source.name)
            if source.name not in MAKES_THREADS:
                yield f"{source.name}:{line}: makes a thread; use engine/base/threads.h"
    for name in sorted(set(MAKES_THREADS) - makers):
        yield f"{name}: makes no thread any more; take it off the list"


def devices_are_only_read():
    """code that reads devices of mounted filesystems makes no call that can write to them"""
    for source in files("strategies/flist", kinds=(".c", ".h")):
        if not source.within(*READS_DEVICES):
            continue
        for line, _ in source.uses(rf"\bopen(?:at2?)?\s*\((?![^;]*\bO_RDONLY\b)"):
            yield f"{source.name}:{line}: opens without saying O_RDONLY"
        for line, match in source.uses(MIGHT_WRITE):
            if source.name not in ASKS or match.group() != "ioctl(":
                yield f"{source.name}:{line}: {match.group().rstrip('( ')}; only read here"


def strategies_are_registered():
    """every strategy is in strategies.def once, under its own name"""
    rows = re.findall(r"^X\((\w+),\s*(\w+)\)", (ROOT / "strategies/strategies.def").read_text(),
                      re.MULTILINE)
    stages = sorted({p.parent for p in (ROOT / "strategies").glob("*/*.c")} -
                    {ROOT / "strategies/flist"})
    found = {(stage.name, p.stem) for stage in stages for p in stage.glob("*.c")}
    for stage, name in sorted(found - set(rows)):
        yield f"strategies/{stage}/{name}.c: add X({stage}, {name}) to strategies/strategies.def"
    for stage, name in sorted(set(rows) - found):
        yield f"strategies/strategies.def: there is no strategies/{stage}/{name}.c"
    for stage, name in sorted({row for row in rows if rows.count(row) > 1}):
        yield f"strategies/strategies.def: {stage}, {name} twice"
    for stage, name in sorted(found):
        text = (ROOT / f"strategies/{stage}/{name}.c").read_text()
        if not re.search(rf"^STRATEGY\({name}\)", text, re.MULTILINE):
            yield f"strategies/{stage}/{name}.c: defines no STRATEGY({name})"


def rooms_explain_themselves():
    """every top folder has a README.md that names its folders"""
    for room in (*ROOMS, "tests", "strategies/flist"):
        readme = ROOT / room / "README.md"
        if not readme.is_file():
            yield f"{room}: write {room}/README.md"
            continue
        text = readme.read_text()
        for folder in sorted({s.path.parent for s in files(room)} - {ROOT / room}):
            name = folder.relative_to(ROOT / room).parts[0]
            if not re.search(rf"\b{re.escape(name)}\b", text):
                yield f"{room}/README.md: say what {room}/{name} is for"


run(includes_point_the_right_way, folders_include_one_way, libraries_have_one_door,
    only_commands_print, no_dangerous_calls, outputs_have_one_door, names_have_any_length,
    threads_have_one_door, devices_are_only_read, strategies_are_registered,
    rooms_explain_themselves)
