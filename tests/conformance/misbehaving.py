#!/usr/bin/env python3
"""Every strategy, every walk and collect meet every mode of the misbehaving filesystem (tests/fs).

Each must end by itself, with the right answer or with a reason: no crash, no hang, no list that is
shorter without a word. The program is $STATMARK. What never ends by itself is told to stop, once,
must do so, and say it.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 120  # s, of one command, on a slow machine and with a sanitizer
EXIT_DONE, EXIT_FAILED = 0, 4
STOP_AFTER = 3  # s, until what never ends is told to; in it a run must have begun to walk
EXIT_TIMEOUT = 124  # of timeout(1)
ENTRIES = 39  # of the tree in every mode: f0 .. f11 three times, d0, d1 and l0

# What the lists of collect hold: mode -> (entries, failures). A name that cannot be asked for is an
# entry, or no entry and a failure.
LISTED = {
    "long-names": (ENTRIES + 4, 0),
    "vanishing": (ENTRIES, 4),
    "all-vanishing": (0, 15),
    "readdir-einval": (ENTRIES - 9, 1),
    "readdir-eio": (ENTRIES - 9, 1),
    "opendir-eacces": (ENTRIES - 12, 1),
    "opendir-estale": (ENTRIES - 12, 1),
    "duplicates": (ENTRIES + 1, 0),
    "crowded": (ENTRIES + 2 * (300 - 12), 0),
    "slash": (ENTRIES, 1),  # the kernel ends the listing of the root with EIO
    "empty-name": (ENTRIES, 1),
    "nul-name": (ENTRIES, 1),
    "too-large-size": (ENTRIES - 1, 1),
}
# A lazy list believes the types of the listing, and keeps the names that it cannot ask for
# afterwards.
LISTED_LAZY = {**LISTED, "wrong-types": (15, 13), "vanishing": (ENTRIES + 4, 4),
               "all-vanishing": (15, 17), "too-large-size": (ENTRIES, 1)}

# The portable library reads by readdir, and glibc's readdir leaves out an entry of inode number 0.
LISTED_PORTABLE = {"odd-inodes": (ENTRIES - 1, 0)}
WRONG_PORTABLE = {"odd-inodes": {"walk-fused", "walk-adaptive", "walk-prefetch"}}

# Modes in which no figure can be had, because nothing can be read or every answer is an error.
WITHOUT_FIGURES = {"slash", "empty-name", "all-vanishing"}

# Walks that cannot give the right list in a mode; they must fail, with a reason. Of those that are
# not walk-fused it is the C library that gives up, loses a name or lists it with another inode
# number.
ALL_WALKS = {"walk-lstat", "walk-classic", "walk-fused", "walk-adaptive", "walk-prefetch",
             "walk-uring", "readdir", "nftw", "fts"}
WRONG_WALKS = {
    "all-vanishing": ALL_WALKS,
    "duplicates": ALL_WALKS,
    "wrong-types": ALL_WALKS,
    "odd-inodes": {"walk-lstat", "walk-classic", "readdir", "nftw", "fts"},
    "unstable-inodes": {"fts"},
    "readdir-einval": {"nftw", "fts"},
    "readdir-eio": {"nftw", "fts"},
    "opendir-estale": {"nftw"},
    "too-large-size": {"nftw"},
}

# What the document says is not compared, because it differs at every look; of other modes nothing.
UNSTABLE = {
    "unstable-inodes": "inode numbers",
    "unstable-sizes": "sizes, blocks",
    "unstable-links": "links",
    "unstable-times": "times",
}


class Bench:
    """Runs the program over a mode, in a directory of its own."""

    def __init__(self, program, scratch):
        self.program = program
        self.fs = Path(program).parent / "tests/fs/statmark_fs"
        self.lazy = Path(program).parent / "tests/conformance/statmark_lazy"
        self.scratch = Path(scratch)
        (self.scratch / "mnt").mkdir()
        built = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE).stdout
        self.portable = b"-DFLIST_PORTABLE" in built

    def listed(self, mode, table):
        of_libc = LISTED_PORTABLE if self.portable else {}
        return of_libc.get(mode) or table.get(mode, (ENTRIES, 0))

    def wrong_walks(self, mode):
        of_libc = WRONG_PORTABLE if self.portable else {}
        return WRONG_WALKS.get(mode, set()) | of_libc.get(mode, set())

    def modes(self):
        return subprocess.run([self.fs], check=True, text=True,
                              stdout=subprocess.PIPE).stdout.split()

    def run(self, mode, *words):
        return self.start(mode, self.program, *words)

    def start(self, mode, *command):
        return subprocess.run([self.fs, mode, "mnt", *command], cwd=self.scratch,
                              capture_output=True, timeout=LIMIT, check=False)

    def may_mount(self):
        try:
            done = subprocess.run([self.fs, "good", "mnt", "true"], cwd=self.scratch,
                                  capture_output=True, check=False)
        except OSError:  # an ordinary user's copy of the program has no filesystem beside it
            return False
        return done.returncode == 0


def ended(done):
    """Whatever is not an end with an answer."""
    words = done.stderr.decode(errors="replace")
    if done.returncode not in (EXIT_DONE, EXIT_FAILED):
        yield f"exit code {done.returncode}: {words[-300:]}"
    elif done.returncode == EXIT_FAILED and not words.strip() and not done.stdout:
        yield "failed without a word"


def check_collect(bench, mode):
    entries, failures = bench.listed(mode, LISTED)
    done = bench.run(mode, "collect", "mnt", "--json")
    yield from ended(done)
    try:
        listing = json.loads(done.stdout)
    except ValueError as why:
        yield f"no list: {why}"
        return
    found = len(listing["entries"]), len(listing["failures"])
    if found != (entries, failures):
        yield f"{found[0]} entries and {found[1]} failures, not {entries} and {failures}"
    if (done.returncode == EXIT_FAILED) != (failures > 0):
        yield f"exit code {done.returncode} with {failures} failures"


def check_lazy(bench, mode):
    done = bench.start(mode, bench.lazy, "mnt", "2")
    yield from ended(done)
    wanted = bench.listed(mode, LISTED_LAZY)
    if done.stdout.split() != [str(number).encode() for number in wanted]:
        yield f"entries and failures: {done.stdout!r}, not {wanted}"


def check_run(bench, mode, stage):
    out = bench.scratch / f"{mode}-{stage}"
    done = bench.run(mode, "run", "mnt", "--stage", stage, "-j", "1,2", "--rounds", "2",
                     "--no-plots", "--sample", "0", "-o", out)
    yield from ended(done)
    if not (out / "run.json").exists():
        if mode not in WITHOUT_FIGURES:
            yield "no document"
        return
    document = json.loads((out / "run.json").read_text())
    unstable = [tree["unstable"] for tree in document["trees"]]
    if unstable != [UNSTABLE.get(mode)]:
        yield f"unstable: {unstable}, not {UNSTABLE.get(mode)}"
    wrong = bench.wrong_walks(mode) if stage == "walk" else set()
    for cell in document["cells"]:
        name = cell["strategy"]
        if cell["status"] != "ok" and not cell["reason"]:
            yield f"{cell['id']}: {cell['status']} without a reason"
        if cell["status"] in ("failed", "invalid") and name not in wrong and \
                mode not in WITHOUT_FIGURES:
            yield f"{cell['id']}: {cell['status']}: {cell['reason']}"


def stopped(bench, *command):
    """Problems of what is told to stop, once, over a directory without end."""
    done = bench.start("endless", "timeout", "--foreground", "-s", "INT", str(STOP_AFTER),
                       *command)
    said = done.stderr.decode(errors="replace")
    if done.returncode != EXIT_TIMEOUT:  # ended before it was told to
        yield f"exit code {done.returncode}: {said[-200:]}"
    if "interrupted" not in said.lower():
        yield f"does not say that it was interrupted: {said[-200:]}"


def check_endless_collect(bench, jobs):
    """It goes on until it is told to stop, and says so; a lazy one, too."""
    yield from stopped(bench, bench.program, "collect", "mnt", "-j", jobs)
    yield from stopped(bench, bench.lazy, "mnt", jobs)


def check_endless_walk(bench, strategy):
    """With a time limit it ends by itself, with a figure or a reason; without one, when told to."""
    walk = ["run", "mnt", "--stage", "walk", "-s", strategy, "--rounds", "2", "--no-plots",
            "--sample", "0", "-q", "-o", bench.scratch / f"endless-{strategy}"]
    yield from ended(bench.run("endless", *walk, "--max-time", "2"))
    yield from stopped(bench, bench.program, *walk, "--max-time", "0")


def check_endless_fetch(bench):
    """The time that the list of paths may take is bounded, so every strategy ends by itself."""
    out = bench.scratch / "endless-fetch"
    done = bench.run("endless", "run", "mnt", "--stage", "fetch", "-j", "1,2", "--max-time", "10",
                     "--rounds", "2", "--no-plots", "--sample", "0", "-q", "-o", out)
    yield from ended(done)
    for cell in json.loads((out / "run.json").read_text())["cells"]:
        if cell["status"] not in ("ok", "skipped"):
            yield f"{cell['id']}: {cell['status']}: {cell['reason']}"


def check_modes(bench):
    """Each way of not holding still has a mode, and what the document says of it."""
    modes = {mode for mode in bench.modes() if mode.startswith("unstable-")}
    for mode in modes ^ UNSTABLE.keys():
        yield f"{mode}: only in UNSTABLE or in fs.h"


def tests_of(bench):
    yield "what every mode leaves out is known", check_modes(bench)
    for mode in bench.modes():
        if mode in ("hanging", "hanging-dir", "endless"):
            continue
        yield f"collect meets {mode}", check_collect(bench, mode)
        yield f"lazy collect meets {mode}", check_lazy(bench, mode)
        for stage in ("fetch", "walk"):
            yield f"every {stage} meets {mode}", check_run(bench, mode, stage)
    for jobs in ("1", "3"):
        yield (f"collect of {jobs} meets a directory without end",
               check_endless_collect(bench, jobs))
    for strategy in sorted(ALL_WALKS - ({"walk-uring"} if bench.portable else set())):
        yield f"{strategy} meets a directory without end", check_endless_walk(bench, strategy)
    yield "every fetch meets a directory without end", check_endless_fetch(bench)


def main(program):
    with tempfile.TemporaryDirectory(prefix="statmark-misbehaving-") as scratch:
        bench = Bench(program, scratch)
        if not bench.may_mount():
            print("this user may not mount a filesystem of /dev/fuse")
            return 77
        failed = 0
        tests = list(tests_of(bench))
        print(f"1..{len(tests)}", flush=True)
        for number, (name, check) in enumerate(tests, 1):
            try:
                problems = list(check)
            except subprocess.TimeoutExpired:
                problems = [f"no end after {LIMIT} s"]
            failed += bool(problems)
            print("not ok" if problems else "ok", number, "-", name)
            for problem in problems[:8]:
                print("#", problem)
            sys.stdout.flush()
    return failed > 0


if __name__ == "__main__":
    if len(sys.argv) != 1 or "STATMARK" not in os.environ:
        sys.exit(__doc__)
    sys.exit(main(os.environ["STATMARK"]))
