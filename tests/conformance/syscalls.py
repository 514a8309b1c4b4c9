#!/usr/bin/env python3
"""Are the system calls that strategies count the ones that they make? strace says.

The program is $STATMARK. It measures a tree twice, with more rounds the second time. What the logs
of its calls on files and descriptors differ by was done by the additional passes, because all else
happens once. That, per round, must be what the cells say in the result document, kind by kind: a
kind that nobody counts shows just like a wrong count. Left out is what the harness itself does
around a pass: it looks at its threads in /proc, saves the document now and then, and prints, in
blocks whose number depends on the length of the text.

$STATMARK_LYING is the same program with strategies that lie about their calls
(statmark_lying.c): each must be found out, by its name and for what it did.
"""
import collections
import json
import operator
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import typing
from pathlib import Path

from deep import make_chain, remove_chain
from judging import EXIT_SKIP, Skipped, judge, skip

ROUNDS = (1, 2)
EXIT_FAILED = 4

# What every strategy that has the parameter is tried with; no parameter may be missing here.
PARAMS = ("addressing=path,dirfd", "mask=type,basic", "sync=as-stat,dont,force", "store=no,yes",
          "repeat=1,3", "chunk=1,128", "depth=1,64", "batch=1,16", "workers=0,2",
          "how=at,path,fd", "values=no,yes")

# A matter of chance with several jobs, or in a walk; uring.c counts these calls one by one.
BY_CHANCE = {"uring": {"io_uring_enter"}, "walk-uring": {"io_uring_enter"}}

# Who lies, and how what it counts compares with what it makes, for each kind that must be named.
LIARS = {
    "counts-fewer": {"newfstatat": operator.lt},
    "counts-more": {"newfstatat": operator.gt},
    "counts-another": {"newfstatat": operator.lt, "statx": operator.gt},
    "calls-secretly": {"readlinkat": operator.lt},
    "asks-in-open": {"newfstatat": operator.gt},
    "asks-in-prepare": {"newfstatat": operator.lt, "statx": operator.gt},
}
HONEST = ("lstat", "noop", "honest")  # in the same program
IDLE = "returns-early"  # is found out by the program itself

CALL = re.compile(r"^\d+\s+(\w+)\(")
MEMORY = ("mmap",)  # takes a descriptor, too


def require_strace():
    if not shutil.which("strace"):
        skip("strace is not installed")
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        skip(f"strace may not trace here: {done.stderr.strip().splitlines()[-1]}")


def use_one_cpu():
    """Tracer and traced on one CPU take turns at a quarter of the cost."""
    os.sched_setaffinity(0, {random.choice(sorted(os.sched_getaffinity(0)))})


def without_tracefs():
    """What to put before a command so that it does not see tracefs."""
    hide = ("unshare", "--mount", "sh", "-c",
            'umount -a -l -t tracefs,debugfs 2> /dev/null; exec "$@"', "sh")
    done = subprocess.run([*hide, "true"], capture_output=True, check=False)
    return hide if done.returncode == 0 else ()


def shown_params():
    """PARAMS, but for the calls of how=at, which strace has a name for since 6.13."""
    done = subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=listxattrat", "true"],
                          capture_output=True, check=False)
    return PARAMS if done.returncode == 0 else [p.replace("how=at,", "how=") for p in PARAMS]


class Tree(typing.NamedTuple):
    """A tree, and the numbers of jobs at which the calls for it are not a matter of chance."""
    root: Path
    jobs: str = "1,2"


class Bench:
    """A scratch directory in which a program runs."""

    def __init__(self, program, scratch):
        self.program = program
        self.scratch = Path(scratch).resolve()
        self.out = self.scratch / "out"
        self.log = self.scratch / "strace.log"
        leaks = ":detect_leaks=0"  # that check needs ptrace for itself
        self.env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + leaks}
        self.tried = shown_params()
        self.params = {}  # of each strategy
        self.walks = set()  # those that are walks

    def run(self, *words, rounds, trace=()):
        """The document of a run."""
        command = [*trace, self.program, "run", *words, "--rounds", str(rounds), "--max-time", "0",
                   "--sample", "0",
                   "--cache", "as-is", "--no-plots", "--quiet",
                   "--dir", self.scratch / "trees", "--output", self.out]
        done = subprocess.run(command, cwd=self.scratch, env=self.env, capture_output=True,
                              text=True, check=False)
        if done.returncode not in (0, EXIT_SKIP, EXIT_FAILED):
            raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()}")
        return json.loads((self.out / "run.json").read_text())

    def learn(self, tree, *stages):
        """Which strategies there are that count themselves, and their parameters. The calls of
        others are counted by the kernel, where tracefs is mounted."""
        for stage in stages:
            document = self.run(tree.root, "--stage", stage, "-s", "*", rounds=1,
                                trace=without_tracefs())
            cells = [cell for cell in document["cells"] if not cell["syscalls_reason"]
                     and not (stage == "walk" and cell["is_floor"])]
            self.params |= {cell["strategy"]: cell["params"] for cell in cells}
            self.walks |= {cell["strategy"] for cell in cells if stage == "walk"}

    def asking_for(self, strategy):
        """A walk beside the usual baseline would be beside one that cannot count."""
        alone = strategy in self.walks
        return ["-s", strategy, *(["--baseline", strategy] if alone else [])]

    def make_tree(self, shape, entries):
        """A tree of that shape; returns its root."""
        document = self.run(shape, "-s", "noop", "--entries", str(entries), rounds=1)
        return Path(document["trees"][0]["root"])

    def is_harness(self, line):
        printed = " write(1<" in line or " write(2<" in line
        return printed or "/proc/" in line or str(self.out) in line

    def calls(self, tree, strategy, rounds):
        """What was called, and what the cells say that a round of them calls."""
        trace = ("strace", "-f", "-y", "-qq", "-e", "trace=%file,%desc", "-e", "signal=none",
                 "-o", self.log)
        document = self.run(tree.root, *self.asking_for(strategy), "-j", tree.jobs,
                            *params_of(strategy, self.tried, self), rounds=rounds, trace=trace)
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


def complaints(bench, tree, strategy):
    """Lines about kinds of calls whose count is not the truth; none if all are."""
    (few, counted), (many, _) = (bench.calls(tree, strategy, rounds) for rounds in ROUNDS)
    rounds = ROUNDS[1] - ROUNDS[0]
    for kind in sorted({*many, *counted} - BY_CHANCE.get(strategy, set())):
        made = (many[kind] - few[kind]) / rounds
        if made != counted[kind]:
            yield f"{strategy}: {kind}: {counted[kind]:g} counted in a round, {made:g} made"


def unseen_lies(bench, tree, liar):
    """Lines about what is not said of a liar, or is said where it is honest."""
    said = {}
    for line in complaints(bench, tree, liar):
        kind, counted, made = re.fullmatch(rf"{liar}: (\w+): (\d+) counted .*, (\d+) made",
                                           line).groups()
        said[kind] = int(counted), int(made)
    for kind, compare in LIARS[liar].items():
        if kind not in said or not compare(*said[kind]):
            yield f"{liar}: of {kind} is said: {said.get(kind)}"
    for kind in said.keys() - LIARS[liar].keys():
        yield f"{liar}: {kind} is no lie: {said[kind]}"


def unseen_idleness(bench, tree, idler):
    """Lines unless the program itself calls it a failure to answer nothing."""
    try:
        bench.calls(tree, idler, ROUNDS[0])
        yield f"{idler}: nobody minds"
    except RuntimeError as why:
        if not re.match(f"{idler}/.*: wrong answer: .* was not answered", str(why)):
            yield f"{idler}: found out for another reason: {why}"


def undecided(bench):
    """Lines about parameters whose effect on the calls nobody has looked at."""
    for strategy, params in bench.params.items():
        for name in params.keys() - {p.split("=")[0] for p in PARAMS}:
            yield f"{strategy}: add {name} to PARAMS, with values that make a difference"


def tests_of(bench, trees):
    """(name, lines) of every strategy on every tree."""
    yield "every parameter is tried", undecided(bench)
    for name, tree in trees.items():
        for strategy in bench.params:
            yield f"{strategy} on {name}", complaints(bench, tree, strategy)


def tests_of_liars(bench, tree):
    """(name, lines) of every strategy of the lying program."""
    judges = {IDLE: unseen_idleness, **dict.fromkeys(HONEST, complaints),
              **dict.fromkeys(LIARS, unseen_lies)}
    for strategy in sorted(judges.keys() & bench.params.keys()):
        name = f"{strategy} is believed" if strategy in HONEST else f"{strategy} is found out"
        yield name, judges[strategy](bench, tree, strategy)
    strangers = judges.keys() ^ bench.params.keys()
    yield "every liar is known", [f"{name}: only here or in the program" for name in strangers]


def main(program, lying):
    require_strace()
    use_one_cpu()
    with tempfile.TemporaryDirectory(prefix="statmark-syscalls-") as scratch:
        bench, liars = Bench(program, scratch), Bench(lying, scratch)
        # Two spans of one directory: it is opened by one worker or by two. With two jobs a span
        # has at most an eighth of the entries, so the tree is large enough for no directory (of at
        # most 31 entries) to be cut. Far below, a directory is opened from its parent by the worker
        # that has that open: with two jobs it is a matter of chance who does.
        trees = {"a source tree": Tree(bench.make_tree("source-tree", 280)),
                 "one directory": Tree(bench.make_tree("flat", 140), jobs="1"),
                 "long paths": Tree(bench.scratch / "long", jobs="1")}
        make_chain(trees["long paths"].root, 30, "d" * 200, "ab")
        try:
            bench.learn(trees["a source tree"], "fetch", "walk")
            liars.learn(trees["a source tree"], "fetch")
            tests = [*tests_of(bench, trees), *tests_of_liars(liars, trees["a source tree"])]
            print(f"1..{len(tests)}", flush=True)
            good = [judge(number, *test) for number, test in enumerate(tests, 1)]
        finally:
            remove_chain(trees["long paths"].root)
    return not all(good)


if __name__ == "__main__":
    if len(sys.argv) != 1 or not {"STATMARK", "STATMARK_LYING"} <= os.environ.keys():
        sys.exit(__doc__)
    sys.exit(main(os.environ["STATMARK"], os.environ["STATMARK_LYING"]))
