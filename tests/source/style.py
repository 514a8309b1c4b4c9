#!/usr/bin/env python3
"""Limits of length, opening comments, and formatting."""
import re
import shutil
import subprocess

from tree import ROOMS, ROOT, Skip, Source, files, run

FUNCTION_MAX, FILE_MAX, COLUMNS_MAX, TAB = 60, 800, 100, 8
CLANG_FORMAT = "14"  # of Debian 12; other versions format some details differently


def c_files():
    return files(*ROOMS, "tests")


def all_code():
    """C files, and all scripts."""
    scripts = [Source(p) for p in (ROOT / "configure.py", ROOT / ".ci/run") if p.exists()]
    others = files(*ROOMS, "tests", kinds=("", ".c", ".h", ".def", ".py", ".gp", ".sh"))
    return [*scripts, *others]


def functions_are_short():
    """no function is longer than 60 lines"""
    for source in c_files():
        start = None
        for number, line in enumerate(source.text.splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start + 1 > FUNCTION_MAX:
                    yield f"{source.name}:{start}: {number - start + 1} lines; split the function"
                start = None


def files_are_short():
    """no file is longer than 800 lines"""
    for source in all_code():
        lines = source.text.count("\n")
        if lines > FILE_MAX:
            yield f"{source.name}: {lines} lines; split the file by ideas"


def lines_are_short():
    """no line is wider than 100 columns or ends in a blank"""
    for source in all_code():
        for number, line in enumerate(source.text.splitlines(), 1):
            width = len(line.expandtabs(TAB))
            if width > COLUMNS_MAX:
                yield f"{source.name}:{number}: {width} columns"
            if line != line.rstrip():
                yield f"{source.name}:{number}: blanks at the end"


NAME_TABLES = {"engine/terms.c": ("stage_name", "status_name", "order_name", "cache_state_name",
                                  "cause_words", "evidence_name", "stop_name"),
               "engine/base/verdict.c": ("verdict_name",),
               "engine/host/topology.c": ("pin_policy_name",),
               "reports/verdict/judgement.c": ("judgement_kind_name",),
               "reports/words/grid.c": ("grid_format_name",)}

# Words that may be compared as text, because they also have another meaning.
OTHER_MEANINGS = {"none": "the name of no hypervisor",
                  "failed": "the first word of a packet in the gate's protocol",
                  "precision": "the name of an option"}


def files_say_what_they_are():
    """a file, or its header, begins with a comment on its purpose"""
    for source in files(*ROOMS, kinds=(".c", ".h")):
        header = source.name[:-1] + "h"
        if not source.text.startswith("/*") and not (
                source.name.endswith(".c") and (ROOT / header).exists()):
            yield f"{source.name}:1: say in an opening comment what the file is for"


def names_of(source, function):
    """The words in the name table of this function."""
    body = re.search(rf"{function}\(unsigned \w+\)\n{{\n(.*?)\n}}", source.text, re.S)
    return re.findall(r'= "([^"]+)"', body.group(1)) if body else []


def words_are_enums():
    """no word that has an enum is compared as text"""
    sources = files(*ROOMS)
    words = set()
    for name, functions in NAME_TABLES.items():
        for function in functions:
            found = [w for s in sources if s.name == name for w in names_of(s, function)]
            if not found:
                yield f"{name}: no words in {function}; where is its name table?"
            words.update(found)
    words -= OTHER_MEANINGS.keys()
    compared = re.compile(r'\b(?:str(?:n?case)?cmp|strncmp|same_text)\s*\([^;{]*?"(%s)"'
                          % "|".join(map(re.escape, sorted(words))))
    for source in sources:
        for found in compared.finditer(source.text):
            line = source.text.count("\n", 0, found.start(1)) + 1
            yield f"{source.name}:{line}: \"{found.group(1)}\" has an enum; see engine/base/word.h"


def form_is_clang_formats():
    """clang-format would change nothing"""
    if not shutil.which("clang-format"):
        raise Skip("clang-format is not installed")
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=True).stdout
    if not re.search(rf"\b{CLANG_FORMAT}\.", version):
        raise Skip(f"needs clang-format {CLANG_FORMAT}, found: {version.strip()}")
    names = [source.name for source in c_files()]
    done = subprocess.run(["xargs", "-P", "2", "-n", "40", "clang-format", "--dry-run", "-Werror"],
                          cwd=ROOT, input="\n".join(names), capture_output=True, text=True,
                          check=False)
    for name in sorted({line.split(":")[0] for line in done.stderr.splitlines()
                        if ": error: " in line}):
        yield f"{name}: run clang-format -i {name}"
    if done.returncode and not done.stderr:
        yield f"clang-format ended with {done.returncode}"


run(functions_are_short, files_are_short, lines_are_short, files_say_what_they_are, words_are_enums,
    form_is_clang_formats)
