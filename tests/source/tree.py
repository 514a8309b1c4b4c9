"""For all tests of the source tree: the source files, and output as TAP.

A check is a function that yields a line for each violation: "file:line: what is wrong and what to
do". Its docstring is the name of the test.
"""
import re
import sys
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "strategies", "datasets", "reports")

# Comments, strings and character constants. The rest is code.
NOT_CODE = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


class Source:
    """A source file."""

    def __init__(self, path):
        self.name = str(path.relative_to(ROOT))
        self.path = path

    @cached_property
    def text(self):
        return self.path.read_text()

    @cached_property
    def code(self):
        """The text without comments and without the contents of literals, with the same lines."""
        def blank(match):
            piece = match.group()
            hollow = "\n" * piece.count("\n") or " "
            return piece[0] + piece[-1] if piece[0] in "\"'" else hollow
        return NOT_CODE.sub(blank, self.text)

    @cached_property
    def includes(self):
        """Of each include: line number, < or ", and the path."""
        found = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)', re.MULTILINE)
        return [(self.text.count("\n", 0, m.start(1)) + 1, *m.groups())
                for m in found.finditer(self.text)]

    def uses(self, pattern):
        """Of each match of a pattern in the code: line number, match."""
        for number, line in enumerate(self.code.splitlines(), 1):
            for match in re.finditer(pattern, line):
                yield number, match

    def within(self, *folders):
        return self.name.startswith(folders)


def files(*folders, kinds=(".c", ".h")):
    return [Source(p) for folder in folders for p in sorted((ROOT / folder).rglob("*"))
            if p.is_file() and p.suffix in kinds and "__pycache__" not in p.parts]


class Skip(Exception):
    """Raised by a check that cannot run on this machine; its text is the reason."""


def run(*checks):
    print(f"1..{len(checks)}")
    failed = 0
    for number, check in enumerate(checks, 1):
        name = check.__doc__.strip().rstrip(".")
        try:
            violations = list(check())
        except Skip as why:
            print(f"ok {number} - {name} # SKIP {why}")
            continue
        failed += bool(violations)
        print("not ok" if violations else "ok", number, "-", name)
        for violation in violations:
            print("#", violation)
        sys.stdout.flush()
    sys.exit(failed > 0)
