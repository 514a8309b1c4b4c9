#!/usr/bin/env python3
"""Whatever is done with a tree takes time and memory by its depth, not by the square of it.

The program is $STATMARK_DEPTH (statmark_depth.c). It does one thing with chains of directories far
below PATH_MAX. Instructions are counted by valgrind, so that no clock matters, and memory by the
peak of what is resident. Of both the amount for a short chain, which is what everything else takes,
is subtracted; then twice the depth may take little more than twice as much. $STATMARK_DEPTH_OF
names what is tried, if not everything.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deep import make_chain, remove_chain
from judging import EXIT_SKIP, Skipped, judge, skip

NAME = "a-directory-with-a-name-of-44-bytes-in-a-row"
SHORT, DEPTH = 100, 1000  # levels; the first beyond PATH_MAX, too
MOST = 2.3  # times as much for twice the depth
SLACK = 4096  # KiB: memory comes in blocks; the square would be tens of MiB

# Other people's code, which these chains are too deep for.
LEFT_OUT = {"nftw": "glibc's takes a descriptor for every level beyond PATH_MAX",
            "fts": "glibc's knows no path beyond 64 KiB"}
STEPS = ("load", "digest", "sort")
FETCHES = ("lstat", "fstatat", "dir-batch", "adaptive")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == EXIT_SKIP:
        raise Skipped(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()[-400:]}")
    return done


def instructions(program, root, what):
    tool = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    done = run(*tool, program, root, what)
    return int(re.search(r"Collected\s*:\s*(\d+)", done.stderr)[1])


def kibibytes(program, root, what):
    return int(run(program, root, what).stdout)


def complaints(program, roots, what):
    """Lines about what grows faster than the depth."""
    if what in LEFT_OUT:
        raise Skipped(LEFT_OUT[what])
    for unit, count, slack in (("KiB", kibibytes, SLACK), ("instructions", instructions, 0)):
        none, once, twice = (count(program, root, what) for root in roots)
        line = f"{unit}: {once - none} for {DEPTH} levels more, {twice - none} for twice that"
        if twice - none > MOST * max(once - none, 0) + slack:
            yield line


def main(program):
    if not shutil.which("valgrind"):
        skip("valgrind is not installed")
    whats = [*STEPS, *FETCHES, *run(program, "list").stdout.split()]
    whats = os.environ.get("STATMARK_DEPTH_OF", "").split() or whats
    with tempfile.TemporaryDirectory(prefix="statmark-depth-") as scratch:
        roots = [Path(scratch) / str(depth) for depth in (SHORT, SHORT + DEPTH, SHORT + 2 * DEPTH)]
        try:
            for root in roots:
                make_chain(root, int(root.name), NAME)
            print(f"1..{len(whats)}", flush=True)
            good = [judge(number, what, complaints(program, roots, what))
                    for number, what in enumerate(whats, 1)]
        finally:
            for root in roots:
                remove_chain(root)
    return not all(good)


if __name__ == "__main__":
    if len(sys.argv) != 1 or "STATMARK_DEPTH" not in os.environ:
        sys.exit(__doc__)
    sys.exit(main(os.environ["STATMARK_DEPTH"]))
