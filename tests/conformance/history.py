#!/usr/bin/env python3
"""Does the history keep what it has acknowledged, whoever else writes and whoever is killed?

The program is $STATMARK. Many writers add documents to one database at once; half of them are
killed at a random moment (the seed is printed). Then: the database is whole, every document that
was acknowledged is in it, with all its points, and none is in it by halves.
"""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATMARK = os.environ["STATMARK"]
WRITERS, DOCUMENTS, ROUNDS = 6, 12, 4
CELLS = 2  # of each document: those of tests/cli/bin/runs but the floor and the baseline


def make_documents(folder):
    """WRITERS lists of files for each round, no document in two of them."""
    for r in range(ROUNDS):
        for w in range(WRITERS):
            subprocess.run([ROOT / "tests/cli/bin/runs", f"r{r}w{w}n", str(DOCUMENTS)], cwd=folder,
                           check=True)
    return [[[f"r{r}w{w}n{n}.json" for n in range(1, DOCUMENTS + 1)] for w in range(WRITERS)]
            for r in range(ROUNDS)]


def start(folder, files):
    return subprocess.Popen([STATMARK, "history", "add", "--db", "h.db", *files], cwd=folder,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def play_round(folder, lists, rng):
    """Starts all writers, kills half of them; the files that were acknowledged, and complaints."""
    writers = [start(folder, files) for files in lists]
    victims = rng.sample(writers, WRITERS // 2)
    said = {writer: "" for writer in writers}
    for victim in victims:  # in the middle of its work, wherever that is
        for _ in range(rng.randrange(DOCUMENTS - 2)):
            said[victim] += victim.stdout.readline()
        time.sleep(rng.uniform(0, 0.002))
        victim.send_signal(signal.SIGKILL)
    complaints = []
    for writer in writers:
        said[writer] += writer.stdout.read()
        if writer.wait() not in (0, -signal.SIGKILL if writer in victims else 0):
            complaints.append(f"exit code {writer.returncode}: {writer.stderr.read().strip()}")
    lines = "".join(said.values()).splitlines()
    killed = sum(writer.returncode == -signal.SIGKILL for writer in writers)
    return [line.split(":")[0] for line in lines if ": added" in line], complaints, killed


def look(folder):
    """(what is wrong with the database, points of each run in it)"""
    db = sqlite3.connect(folder / "h.db")
    problems = [row[0] for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
    problems += [f"foreign key: {row}" for row in db.execute("PRAGMA foreign_key_check")]
    points = dict(db.execute("SELECT run.run, count(point.run) FROM run LEFT JOIN point"
                             " ON point.run = run.id GROUP BY run.id"))
    whole = {row[0]: row[1] for row in db.execute("SELECT run, document FROM run")}
    problems += [f"document of {run} is not the one that was added" for run, text in whole.items()
                 if json.loads(text)["run"]["id"] != run]
    return problems, points


def check_killed_writers(folder, seed):
    rng, acknowledged, killed = random.Random(seed), [], 0
    for lists in make_documents(folder):
        kept, problems, hit = play_round(folder, lists, rng)
        acknowledged += kept
        killed += hit
        yield from problems
        problems, points = look(folder)
        yield from problems
        ids = {name: json.loads((folder / name).read_text())["run"]["id"] for name in acknowledged}
        yield from (f"{name} was acknowledged and is lost" for name, run in ids.items()
                    if run not in points)
        yield from (f"{run} has {n} points, not {CELLS}" for run, n in points.items() if n != CELLS)
    if len(acknowledged) < ROUNDS * DOCUMENTS * WRITERS // 2:  # half are not killed
        yield f"only {len(acknowledged)} documents were acknowledged"
    if not killed:
        yield "no writer was killed while it wrote"
    print(f"# {len(acknowledged)} acknowledged, {len(points)} there, {killed} writers killed")


def check_two_creators(folder, _):
    """Many create the database at the same moment."""
    for attempt in range(10):
        runs = [subprocess.Popen([STATMARK, "history", "add", "--db", f"new{attempt}.db",
                                  f"r0w0n{n}.json"], cwd=folder, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True) for n in range(1, 6)]
        for run in runs:
            _, err = run.communicate(timeout=300)
            if run.returncode:
                yield f"exit code {run.returncode}: {err.strip()}"
        db = sqlite3.connect(folder / f"new{attempt}.db")
        count = db.execute("SELECT count(*) FROM run").fetchone()[0]
        if count != 5:
            yield f"{count} runs of 5"


def main():
    seed = int(os.environ.get("STATMARK_SEED", random.randrange(1 << 32)))
    print(f"1..2\n# STATMARK_SEED={seed}")
    failed = False
    with tempfile.TemporaryDirectory() as name:
        for number, check in enumerate((check_killed_writers, check_two_creators), 1):
            problems = list(check(Path(name), seed))
            failed |= bool(problems)
            print("not ok" if problems else "ok", number, "-", check.__name__.replace("_", " "))
            for problem in problems[:20]:
                print("#", problem)
    sys.exit(failed)


main()
