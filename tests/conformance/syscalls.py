#!/usr/bin/env python3
"""Are the system calls that strategies count the ones that they make? strace says.

The program is $STATMARK. It measures a tree twice, with more rounds the second time. What the logs
of its calls on files and descriptors differ by was done by the additional passes, because all else
happens once. That, per round, must be what the cells say in the result document, kind by kind: a
kind that nobody counts shows just like a wrong count. Left out is what the harness itself does
around a pass: it looks at its threads in /proc, and saves the document now and then.
"""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = (2, 5)
ENTRIES = 300
EXIT_SKIP = 77

# Values tried besides the initial ones; every strategy that has the parameter is tried with them.
PARAMS = ("addressing=path,dirfd", "repeat=1,3", "chunk=1,128")

CALL = re.compile(r"^\d+\s+(\w+)\(")
MEMORY = ("mmap",)  # takes a descriptor, too


def skip(reason):
    print(reason, file=sys.stderr)
    sys.exit(EXIT_SKIP)


def require_strace():
    if not shutil.which("strace"):
        skip("strace is not installed")
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        skip(f"strace may not trace here: {done.stderr.strip().splitlines()[-1]}")


class Skipped(Exception):
    """Why this machine cannot run a cell."""


class Bench:
    """A scratch directory in which the program runs."""

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = Path(scratch).resolve()
        self.out = self.scratch / "out"
        self.log = self.scratch / "strace.log"
        self.params = {}  # of each strategy
        leaks = ":detect_leaks=0"  # that check needs ptrace for itself
        self.env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + leaks}

    def run(self, *words, rounds, trace=()):
        """The cells of a run."""
        command = [*trace, self.program, "run", *words, "--rounds", str(rounds), "--max-time", "0",
                   "--cache", "as-is", "--no-plots", "--quiet",
                   "--dir", self.scratch / "trees", "--output", self.out]
        done = subprocess.run(command, cwd=self.scratch, env=self.env, capture_output=True,
                              text=True, check=False)
        if done.returncode not in (0, EXIT_SKIP):
            raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()}")
        return json.loads((self.out / "run.json").read_text())

    def is_harness(self, line):
        return "/proc/" in line or str(self.out) in line

    def calls(self, tree, strategy, rounds):
        """What was called, and what the cells say that a round of them calls."""
        trace = ("strace", "-f", "-y", "-qq", "-e", "trace=%file,%desc", "-e", "signal=none",
                 "-o", self.log)
        document = self.run(tree, "-s", strategy, "-j", "1,2", *params_of(strategy, PARAMS, self),
                            rounds=rounds, trace=trace)
        made = collections.Counter()
        with open(self.log, errors="replace") as log:
            for line in log:
                call = CALL.match(line)
                if call and call[1] not in MEMORY and not self.is_harness(line):
                    made[call[1]] += 1
        counted = collections.Counter()
        for cell in document["cells"]:
            if cell["status"] != "ok":
                kind = Skipped if cell["status"] == "skipped" else RuntimeError
                raise kind(f"{cell['id']}: {cell['reason']}")
            repeats = len(cell["passes"]) / rounds  # the baseline's are several in a round
            counted.update({name: n * repeats for name, n in cell["syscalls"].items()})
        return made, counted


def params_of(strategy, params, bench):
    """-p for those parameters that the strategy has."""
    return [word for p in params if p.split("=")[0] in bench.params[strategy] for word in ("-p", p)]


def difference(bench, tree, strategy):
    """Lines about kinds of calls whose count is not the truth; none if all are."""
    (few, counted), (many, _) = (bench.calls(tree, strategy, rounds) for rounds in ROUNDS)
    rounds = ROUNDS[1] - ROUNDS[0]
    for kind in sorted({*many, *counted}):
        made = (many[kind] - few[kind]) / rounds
        if made != counted[kind]:
            yield f"{kind}: {counted[kind]} counted in a round, {made:g} made"


def judge(number, name, bench, tree, strategy):
    """Prints the TAP of one strategy on one tree; false if it counts wrong."""
    try:
        lines = list(difference(bench, tree, strategy))
    except Skipped as why:
        print(f"ok {number} - {name} # SKIP {why}", flush=True)
        return True
    except RuntimeError as why:
        lines = str(why).splitlines()
    print("not ok" if lines else "ok", number, "-", name)
    for line in lines:
        print("#", line)
    sys.stdout.flush()
    return not lines


def make_long(path):
    """A chain of directories that goes far beyond PATH_MAX, with files in each."""
    path.mkdir()
    fd = os.open(path, os.O_RDONLY)
    for _ in range(30):
        for name in "ab":
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=fd))
        os.mkdir("d" * 200, dir_fd=fd)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)


def remove_long(path):
    """From the end of the chain back: shutil.rmtree gives up beyond PATH_MAX."""
    subprocess.run(["rm", "-rf", path], check=True)


def main(program):
    require_strace()
    with tempfile.TemporaryDirectory(prefix="statmark-syscalls-") as scratch:
        bench = Bench(program, scratch)
        document = bench.run("source-tree", "--entries", str(ENTRIES), rounds=1)
        bench.params = {cell["strategy"]: cell["params"] for cell in document["cells"]}
        long = bench.scratch / "long"
        make_long(long)
        trees = {"a source tree": Path(document["trees"][0]["root"]), "long paths": long}
        cases = [(name, strategy) for name in trees for strategy in bench.params]
        print(f"1..{len(cases)}", flush=True)
        good = [judge(number, f"{strategy} on {name}", bench, trees[name], strategy)
                for number, (name, strategy) in enumerate(cases, 1)]
        remove_long(long)
    return not all(good)


if __name__ == "__main__":
    if len(sys.argv) != 1 or "STATMARK" not in os.environ:
        sys.exit(__doc__)
    sys.exit(main(os.environ["STATMARK"]))
