#!/usr/bin/env python3
"""The build file is up to date and short, and objects have no mutable globals."""
import os
import subprocess

from tree import ROOMS, ROOT, Skip, run

# Variables that may be mutable, as "object:name", and the reason.
MUTABLE = {
    "engine/cmd/line/terminal.c:cmd_stop": "a signal handler gets no argument",
    "engine/lab/mount.c:place": "a process has one mount namespace",
    "strategies/flist/ask/ask.c:missing": "which calls the kernel refuses is a fact of the process",
    "strategies/flist/extra/inode.c:missing": "the same",
    "strategies/flist/extra/xattr.c:missing": "the same",
    "strategies/walk/nftw.c:walking": "nftw's callback gets no argument",
}

BUILD_LINES_MAX = 1500


def configure_tells_its_use():
    """configure.py prints its help, and exits with 2 if an argument is unknown"""
    for argument, code in (("--help", 0), ("-h", 0), ("--hlep", 2)):
        done = subprocess.run(["./configure.py", argument], cwd=ROOT, text=True,
                              capture_output=True, check=False)
        words = done.stderr if code else done.stdout
        if done.returncode != code or ("--help" if code else "--deps") not in words:
            yield f"configure.py {argument}: exit code {done.returncode}, {words!r}"


def build_file_is_current():
    """build.ninja has the content that configure.py writes"""
    done = subprocess.run(["./configure.py", "--check"], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        yield done.stderr.strip().splitlines()[-1]


def build_file_can_be_read():
    """build.ninja has at most 1,500 lines"""
    lines = (ROOT / "build.ninja").read_text().count("\n")
    if lines > BUILD_LINES_MAX:
        yield f"build.ninja: {lines} lines; what is not the release build goes to configure.py's " \
              "variants()"


def variables(obj):
    """Names of the mutable variables of an object, including thread-local ones."""
    listing = subprocess.run(["nm", "-f", "sysv", obj], capture_output=True, text=True,
                             check=True).stdout
    for line in listing.splitlines():
        columns = [column.strip() for column in line.split("|")]
        if len(columns) < 7 or columns[3] not in ("OBJECT", "TLS"):
            continue
        section = columns[6]
        constant = section.startswith((".rodata", ".data.rel.ro", "*UND*"))
        if not constant:
            yield columns[0]


def no_mutable_globals():
    """no object has mutable globals"""
    objects = ROOT / os.environ.get("STATMARK_BUILD", "build/release") / "obj"
    found = [o for room in ROOMS for o in sorted((objects / room).rglob("*.o"))
             if (ROOT / o.relative_to(objects).with_suffix(".c")).exists()]
    if not found:
        raise Skip(f"{objects} holds no objects")
    for obj in found:
        source = str(obj.relative_to(objects).with_suffix(".c"))
        for name in variables(obj):
            plain = name.split(".")[0]
            if f"{source}:{plain}" not in MUTABLE:
                yield f"{source}: {plain} can be written; pass it along instead"


run(configure_tells_its_use, build_file_is_current, build_file_can_be_read, no_mutable_globals)
