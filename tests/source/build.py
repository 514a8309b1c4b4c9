#!/usr/bin/env python3
"""What the build knows: its file is current, its objects hold no mutable globals."""
import os
import subprocess

from tree import ROOMS, ROOT, Skip, run

# A variable that may be written, as "object:name": why it has to be one.
MUTABLE = {
    "engine/cmd/line/terminal.c:cmd_stop": "a signal handler gets no argument",
    "engine/lab/mount.c:place": "mounts of its own are a fact of the process",
    "strategies/flist/ask/ask.c:missing": "what the kernel refuses this process is a fact of it",
    "strategies/flist/extra/inode.c:missing": "the same",
    "strategies/flist/extra/xattr.c:missing": "the same",
    "strategies/walk/nftw.c:walking": "nftw's callback gets no argument",
}

BUILD_LINES_MAX = 1500


def build_file_is_current():
    """build.ninja is what configure.py would write"""
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
    """Names of an object's writable variables, thread-local ones too; constants are not."""
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
    """no object holds mutable globals"""
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


run(build_file_is_current, build_file_can_be_read, no_mutable_globals)
