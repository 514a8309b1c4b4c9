#!/usr/bin/env python3
"""Headers compile alone and if included twice, and begin with a comment on their purpose."""
import re
import subprocess

from tree import ROOMS, ROOT, files, run

FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-pthread", "-I.", "-Wall", "-Wextra", "-Wundef", "-Werror"]


def headers():
    return files(*ROOMS, "tests", kinds=(".h",))


def pkg_config_flags():
    path = ROOT / "build/pkg/test.cflags"
    return path.read_text().split() if path.exists() else []


def headers_stand_alone():
    """every header compiles alone, and if included twice"""
    for header in headers():
        twice = f'#include "{header.name}"\n' * 2
        done = subprocess.run(["gcc", *FLAGS, *pkg_config_flags(), "-fsyntax-only", "-x", "c", "-"],
                              input=twice, cwd=ROOT, text=True, capture_output=True, check=False)
        if done.returncode:
            first = next((line for line in done.stderr.splitlines() if "error" in line), "?")
            yield f"{header.name}: include what it needs: {first}"


def guard_of(name):
    """The path in capitals. Guards of the library begin with its name: its header is installed."""
    name = name.replace("strategies/flist/", "flist/").replace("flist/flist.h", "flist.h")
    return re.sub(r"\W", "_", name).upper()


def headers_have_guards():
    """every header has a guard named after its path"""
    for header in headers():
        guard = guard_of(header.name)
        if not re.search(rf"^#ifndef {guard}\n#define {guard}\n", header.text, re.MULTILINE):
            yield f"{header.name}: its guard is called {guard}"


def headers_open_with_words():
    """every header begins with a comment on its purpose"""
    for header in headers():
        if not header.text.startswith("/*"):
            yield f"{header.name}: begin with a comment on its purpose"


run(headers_stand_alone, headers_have_guards, headers_open_with_words)
