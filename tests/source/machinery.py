#!/usr/bin/env python3
"""tests/run and tests/cli/play report failures: they run programs that fail in every way."""
import importlib.machinery
import importlib.util
import os
import pwd
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tree import ROOT, run

# A script in place of a test program; the end of its line from tests/run; how many tests passed,
# failed and were skipped.
PROGRAMS = {
    "good": ("echo 1..2; echo ok 1 - a; echo ok 2 - b", "2 passed", (2, 0, 0)),
    "bad": ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1", "1 passed, 1 FAILED", (1, 1, 0)),
    "crash": ("echo 1..3; echo ok 1 - a; kill -SEGV $$", "1 passed, 2 FAILED", (1, 2, 0)),
    "late_crash": ("echo 1..1; echo ok 1 - a; kill -ABRT $$", "1 passed, 1 FAILED", (1, 1, 0)),
    "exit_code": ("echo 1..1; echo ok 1 - a; exit 3", "1 passed, 1 FAILED", (1, 1, 0)),
    "silent": ("exit 0", "0 passed, 1 FAILED", (0, 1, 0)),
    "hang": ("echo 1..1; sleep 60", "0 passed, 1 FAILED", (0, 1, 0)),
    "noise": ("echo ok 9 >&2; echo 1..1; echo ok 1 - a", "1 passed", (1, 0, 0)),
    "skip": ("echo 1..1; echo '# skip: no disk'; echo 'not ok 1 # SKIP a'", "0 passed, 1 skipped",
             (0, 0, 1)),
    "skip_mute": ("echo 1..1; echo 'not ok 1 # SKIP a'", "0 passed, 1 FAILED", (0, 1, 0)),
    "skip_all": ("echo no perf events; exit 77", "0 passed, 1 skipped", (0, 0, 1)),
    "skip_root": ("echo 1..1; echo 'ok 1 - a # SKIP needs root'", "0 passed, 1 FAILED", (0, 1, 0)),
}


# Lower end, median and upper end of a speed-up; the answer to the claim that it is 2 to 4.
CLAIMS = [((5, 6, 7), "more than claimed"), ((2.1, 3, 5), "yes"), ((3, 5, 9), "yes, or more"),
          ((0.5, 0.6, 0.9), "no, slower"), ((1.1, 1.5, 1.9), "no, faster by less"),
          ((0.9, 1.2, 1.9), "no"), ((1.5, 2, 2.6), "about 2"), ((1.05, 6, 30), "not decided"),
          ((0.9, 2, 3), "not decided")]


def write_program(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o700)


def run_tests(*words):
    """Runs tests/run as in CI, with time for a slow machine; returns its exit code and lines."""
    env = {**os.environ, "STATMARK_CI": "1", "STATMARK_TEST_TIMEOUT": "10"}
    done = subprocess.run(["tests/run", *words], cwd=ROOT, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def run_fake_build(folder, *names):
    for name in names:
        write_program(Path(folder) / "tests/unit" / name, PROGRAMS[name][0])
    return run_tests(folder)


def every_failure_is_seen():
    """every kind of failure is reported, and nothing else is"""
    with tempfile.TemporaryDirectory() as folder:
        code, lines = run_fake_build(folder, *PROGRAMS)
    for name, (_, words, _) in PROGRAMS.items():
        told = re.compile(rf"/unit/{name} .*\. {words}(, \d+ s)?$")
        if not any(told.search(line) for line in lines):
            yield f"tests/run: '{name}' is not told as '{words}'"
    passed, failed, skipped = map(sum, zip(*(counts for _, _, counts in PROGRAMS.values())))
    if lines[-1] != f"{passed} passed, {failed} failed, {skipped} skipped":
        yield f"tests/run: ends in '{lines[-1]}'"
    if code != 1:
        yield f"tests/run: exit code {code} although tests failed"


def success_is_possible():
    """a good build passes, one without tests does not"""
    for names, expected in ((("good", "skip"), (0, "2 passed, 0 failed, 1 skipped")),
                            ((), (1, "0 passed, 0 failed, 0 skipped"))):
        with tempfile.TemporaryDirectory() as folder:
            code, lines = run_fake_build(folder, *names)
        if (code, lines[-1]) != expected:
            yield f"tests/run: {names}: exit code {code} and '{lines[-1]}'"


def conformance_runs_as_nobody_too():
    """conformance tests run again as nobody, wherever the build is; in CI this is never skipped"""
    with tempfile.TemporaryDirectory() as folder:  # which only its owner may enter
        programs = Path(folder) / "tests/conformance"
        write_program(programs / "who", 'echo 1..1; touch "$TMPDIR/file" && echo ok 1 - user $UID')
        write_program(programs / "statmark_fake", "exit 1")
        code, lines = run_tests("-v", folder)
    root = os.geteuid() == 0
    users = {int(line.rsplit(" ", 1)[1]) for line in lines if "ok 1 - user" in line}
    if users != ({0, pwd.getpwnam("nobody").pw_uid} if root else {os.geteuid()}):
        yield f"tests/run: conformance was tested by the users {users}"
    words = "2 passed, 0 failed, 0 skipped" if root else "1 passed, 1 failed, 0 skipped"
    if (code, lines[-1]) != (0 if root else 1, words):
        yield f"tests/run: exit code {code} and '{lines[-1]}'"


TRANSCRIPT = r"""# A comment stays.
$ statmark; exit 3
| one \x20
! two
? 3

$ cat <<END
> text
>
> END
| text
|
"""


def play(folder, transcript, **env):
    program, path = Path(folder) / "program", Path(folder) / "test.cli"
    program.write_text("#!/bin/sh\necho 'one  '; echo two >&2\n")
    program.chmod(0o755)
    path.write_text(transcript)
    done = subprocess.run(["tests/cli/play", path], cwd=ROOT, capture_output=True, check=False,
                          env={**os.environ, "STATMARK": str(program),
                               "STATMARK_UPDATE": "", **env})
    return done.returncode, path.read_text()


def transcripts_can_fail():
    """a transcript passes as it is, fails when a line differs, and can be rewritten"""
    broken = (TRANSCRIPT.replace("one", "won"), TRANSCRIPT.replace("two", "too"),
              TRANSCRIPT.replace("? 3\n", ""), TRANSCRIPT.replace("|\n", ""))
    with tempfile.TemporaryDirectory() as folder:
        if play(folder, TRANSCRIPT) != (0, TRANSCRIPT):
            yield "tests/cli/play: fails a good transcript"
        for number, text in enumerate(broken):
            if play(folder, text) != (1, text):
                yield f"tests/cli/play: passes broken transcript {number}"
            if play(folder, text, STATMARK_UPDATE="1") != (0, TRANSCRIPT):
                yield f"tests/cli/play: does not mend broken transcript {number}"


def the_claim_is_judged_by_the_whole_interval():
    """tests/bench/claim prints "about 2" only if more than 4 is excluded"""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("claim", str(ROOT / "tests/bench/claim"))
    claim = importlib.util.module_from_spec(importlib.util.spec_from_loader("claim", loader))
    loader.exec_module(claim)
    for (lo, median, hi), wanted in CLAIMS:
        speed = claim.Speed({"reason": None, "ratio": {
            "lo": 1 / hi, "hi": 1 / lo, "median": 1 / median, "range": None, "reason": None}})
        got = claim.Row(None, "", 0, 0, {"x": speed}).verdict("x")
        if got != wanted:
            yield f"{lo} to {hi}, median {median}: '{got}', expected '{wanted}'"


run(every_failure_is_seen, success_is_possible, conformance_runs_as_nobody_too,
    transcripts_can_fail, the_claim_is_judged_by_the_whole_interval)
