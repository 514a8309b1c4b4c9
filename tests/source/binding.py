#!/usr/bin/env python3
"""The Python binding declares all of flist.h correctly, and its results are those of os.stat."""
import ast
import ctypes
import errno
import os
import re
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from tree import ROOT, Skip, run

HOME = ROOT / "strategies/flist/python"
BUILD = ROOT / os.environ.get("STATMARK_BUILD", "build/release")
HEADER = (ROOT / "strategies/flist/flist.h").read_text()
TREE = ROOT / "strategies"
SCALARS = {"int": "c_int", "unsigned": "c_uint", "uint32_t": "c_uint32", "size_t": "c_size_t",
           "uint64_t": "c_uint64", "double": "c_double", "void": None}


def binding():
    """The package, with the library of this build."""
    library = BUILD / "libflist.so"
    if not library.exists():
        raise Skip(f"{library} is not built")
    os.environ["FLIST_LIBRARY"] = str(library)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HOME))
    import flist
    return flist


def ask_the_compiler(expressions):
    """The values of these C expressions, compiled with flist.h."""
    lines = "".join(f'\tprintf("%lld\\n", (long long)({e}));\n' for e in expressions)
    source = ("#include <fcntl.h>\n#include <stdio.h>\n#include <flist.h>\n"
              f"int main(void)\n{{\n{lines}\treturn 0;\n}}\n")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "ask"
        done = subprocess.run(["cc", "-x", "c", "-", "-o", program, f"-I{ROOT}/strategies/flist"],
                              input=source, text=True, capture_output=True, check=False)
        if done.returncode:
            return done.stderr.splitlines()[:3]
        run_it = subprocess.run([program], check=True, text=True, stdout=subprocess.PIPE)
    return [int(line) for line in run_it.stdout.split()]


def compare(wanted):
    """Compares the values of C expressions with those in Python."""
    got = ask_the_compiler(wanted)
    if len(got) != len(wanted):
        yield from got
        return
    for (expression, ours), theirs in zip(wanted.items(), got):
        if ours != theirs:
            yield f"{expression}: {theirs} in flist.h, {ours} in library.py"


def layouts_are_those_of_the_header():
    """every struct has the size that it has in the header, every field its offset and size"""
    wanted = {}
    for struct in binding().library.STRUCTS:
        name = f"struct {struct.__name__}"
        wanted[f"sizeof({name})"] = ctypes.sizeof(struct)
        for field, *_ in struct._fields_:
            wanted[f"offsetof({name}, {field})"] = getattr(struct, field).offset
            wanted[f"sizeof((({name} *)0)->{field})"] = getattr(struct, field).size
    yield from compare(wanted)


def constants_are_those_of_the_header():
    """every constant has the value that it has in the header"""
    library = binding().library
    yield from compare({name if name.startswith("AT_") else f"FLIST_{name}": value
                        for name, value in vars(library).items()
                        if name.isupper() and isinstance(value, int)})


def kind(words):
    """The type in ctypes for a type in C."""
    words = " ".join(words.replace("const ", "").split())
    return "pointer" if "*" in words else SCALARS[words.split()[0]]


def kind_in_python(declared):
    pointers = (ctypes.c_void_p, ctypes.c_char_p)
    if declared is None:
        return None
    if declared in pointers or issubclass(declared, ctypes._Pointer):
        return "pointer"
    names = [n for n in SCALARS.values() if n and getattr(ctypes, n) is declared]
    return names[0] if names else declared.__name__


def functions_are_those_of_the_header():
    """every function has the parameters and the result that it has in the header"""
    for name, (returns, takes) in binding().library.FUNCTIONS.items():
        found = re.search(rf"^FLIST_API ([^(;]*?\*?){name}\(([^;]*?)\);", HEADER, re.MULTILINE)
        if not found:
            yield f"{name}: not in flist.h"
            continue
        wanted = [kind(found[1]), *map(kind, found[2].split(","))]
        ours = [kind_in_python(t) for t in (returns, *takes)]
        # On some machines c_size_t and c_uint64 are the same type.
        same = [a == b or a and b and "pointer" not in (a, b) and
                getattr(ctypes, a) is getattr(ctypes, b) for a, b in zip(wanted, ours)]
        if len(wanted) != len(ours) or not all(same):
            yield f"{name}: {wanted} in flist.h, {ours} in library.py"


def differs(meta, other):
    """The names of the fields that differ from os.stat."""
    fields = [name for name in meta._fields if name not in ("mnt_id", "btime_ns", "valid")]
    return [f"{name} {getattr(meta, name)}, not {getattr(other, f'st_{name}')}" for name in fields
            if getattr(meta, name) != getattr(other, f"st_{name}")]


@contextmanager
def odd_tree():
    """A tree: types of entries that need no privilege, names that are not UTF-8, a link loop."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a/b/c").mkdir(parents=True)
        (root / "a/file").write_bytes(b"x" * 5000)
        os.truncate(root / "a/file", 3 << 32)
        os.link(root / "a/file", root / "hard")
        os.mkfifo(root / "a/fifo")
        (root / "dangling").symlink_to("nowhere")
        (root / "a-").touch()
        (root / "a/b/up").symlink_to("..")
        os.utime(root / "a-", ns=(-1, 1234567890123456789))
        Path(os.fsdecode(bytes(root) + b"/\xff\n")).touch()
        yield root


def collect_answers_as_lstat_does():
    """collect returns every entry of a tree, in order, with the values of os.lstat"""
    flist = binding()
    with odd_tree() as odd:
        for root in (odd, TREE, bytes(odd)):
            walked = [os.path.join(top, name) for top, dirs, files in os.walk(root)
                      for name in (*dirs, *files)]
            tree = flist.collect(root)
            entries = list(tree)
            paths = [entry.path for entry in entries]
            wanted = sorted((os.path.relpath(path, root) for path in walked), key=os.fsencode)
            if paths != wanted or len(tree) != len(wanted) or tree.failures:
                yield f"{root}: {paths}, {tree.failures}, not {wanted}"
            for entry in entries:
                other = os.lstat(os.path.join(root, entry.path))
                wrong = differs(entry.meta, other)
                if entry.type != stat.S_IFMT(other.st_mode) or \
                        entry.name != os.path.basename(entry.path) or \
                        entry.depth != len(Path(os.fsdecode(entry.path)).parts):
                    wrong.append(repr(entry))
                yield from (f"{entry.path!r}: {words}" for words in wrong)
        times = flist.stat(odd / "a-", fields=flist.BASIC | flist.BTIME)
        if times.valid & flist.BTIME and times.btime_ns < 10 ** 18:
            yield f"btime_ns is {times.btime_ns}"


def failures_are_apart():
    """a failure is an OSError with path and step, and the rest of the result is complete"""
    flist = binding()
    with odd_tree() as root:
        tree = flist.collect(root, follow=True)
        said = [(e.errno, e.filename, e.step) for e in tree.failures]
        if said != [(errno.ELOOP, str(root / "a/b/up"), "open")]:
            yield f"failures are {said}"
        if "a/b/c" not in [entry.path for entry in tree]:
            yield "a/b/c is missing"
        for call, wrong, number in ((flist.collect, root / "none", errno.ENOENT),
                                    (flist.collect, root / "hard", errno.ENOTDIR),
                                    (flist.stat, root / "hard/x", errno.ENOTDIR),
                                    (flist.Cache().get, root / "dangling", errno.ENOENT)):
            try:
                yield f"{call}: {call(wrong)}"
            except OSError as error:
                if (error.errno, error.filename) != (number, wrong):
                    yield f"{call}: {error!r} of {error.filename}"
        refused = [lambda: flist.stat("a\0b"), lambda: flist.collect("/", jobs=-1),
                   lambda: flist.Cache(capacity=-1), lambda: flist.stat("/", fields=1 << 40)]
        for number, call in enumerate(refused):
            try:
                yield f"refused[{number}]: {call()}"
            except ValueError:
                pass


def stat_many_answers_each_path():
    """stat_many returns what os.stat returns for each path; a failure is in its place"""
    flist = binding()
    with odd_tree() as root:
        paths = [root / "a/file", str(root / "dangling"), bytes(root) + b"/\xff\n", root / "none"]
        for jobs, cache in ((0, None), (1, None), (3, None), (0, flist.Cache())):
            for follow in (True, False):
                answers = flist.stat_many(paths * 50, follow=follow, jobs=jobs, cache=cache)
                for path, got in zip(paths * 50, answers, strict=True):
                    try:
                        wrong = differs(got, os.stat(path, follow_symlinks=follow))
                    except OSError as error:
                        wrong = [] if (type(got), got.errno, got.filename) == \
                            (type(error), error.errno, path) else [repr(got)]
                    yield from (f"{path!r}, follow {follow}: {words}" for words in wrong)
        if flist.stat_many([]) != []:
            yield "of no paths there is an answer"


def cache_asks_once():
    """the cache fetches each path once, in any thread, and again after it was removed"""
    flist = binding()
    with odd_tree() as root:
        cache = flist.Cache(capacity=100, keep_errors=True)
        threads = [threading.Thread(target=lambda: [cache.get(root) for _ in range(100)])
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = [(cache.hits, cache.misses, len(cache), cache.hit_rate)]
        seen.append(cache.peek(root / "a") is None)
        cache.insert(root / "a", cache.get(root)._replace(size=77))
        seen.append((cache.get(root / "a").size, cache.peek(root / "a").size))
        (root / "late").touch()
        cache.remove(root / "a")
        seen.append(cache.get(root / "a") == flist.stat(root / "a"))
        cache.clear()
        seen.append((len(cache), cache.hits, cache.misses))
    wanted = [(399, 1, 1, 399 / 400), True, (77, 77), True, (0, 0, 0)]
    yield from (f"{got}, not {want}" for got, want in zip(seen, wanted) if got != want)


def the_readme_shows_a_program():
    """the example of the README has five lines and runs; versions agree; Python 3.9 can parse it"""
    flist = binding()
    example = re.search(r"```python\n(.*?)```", (HOME.parent / "README.md").read_text(), re.S)[1]
    if example.count("\n") != 5:
        yield f"README.md: {example.count(chr(10))} lines"
    done = subprocess.run([sys.executable, "-c", example.replace("/usr/share", str(TREE))],
                          capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(HOME), "PYTHONWARNINGS": "error"})
    if done.returncode or not re.fullmatch(r"\d+ entries, \d+ bytes\n", done.stdout):
        yield f"README.md: {done.returncode}, {done.stdout}{done.stderr}"
    project = re.search(r'^version = "(.*?)"', (HOME / "pyproject.toml").read_text(), re.M)[1]
    header = re.search(r'FLIST_VERSION "(.*?)"', HEADER)[1]
    if not header == project == flist.__version__:
        yield f"flist.h is {header}, pyproject.toml {project}, the package {flist.__version__}"
    for path in HOME.rglob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 9))
    if not all(getattr(getattr(flist, name), "__doc__", "") for name in flist.__all__):
        yield "something public has no docstring"


run(layouts_are_those_of_the_header, constants_are_those_of_the_header,
    functions_are_those_of_the_header, collect_answers_as_lstat_does, failures_are_apart,
    stat_many_answers_each_path, cache_asks_once, the_readme_shows_a_program)
