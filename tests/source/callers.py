#!/usr/bin/env python3
"""No code is unused, nothing is exported that only one file uses, and a name means one type."""
import re
from collections import Counter
from functools import cache

from tree import ROOMS, files, run

# Headers for other programs.
PUBLIC = ("strategies/flist/flist.h", "engine/plugin.h")

# Functions that only tests call, and the reason.
FOR_TESTS = {"sink_bytes": "the memory of a sink cannot be measured otherwise"}

# Functions that are exported although only their own file uses them, and the reason.
EXPORTED = {
    "main": "the C library calls it",
    "memalign": "replaces the C library's in the variant guard",
    "posix_memalign": "replaces the C library's in the variant guard",
}

# Types that several files define, and the reason.
REPEATED = {"state": "what a strategy keeps between its functions; strategies are separate"}

# Macros and enum constants whose names are not used, and the reason.
UNNAMED = {
    "HOW_PATH": "a word of a parameter; the list of words has it at this index",
    "P90 P99 P999 MAX_NS": "columns of a table, between others that are used",
    "SYS_getxattrat": "the macro SYS_##name makes its name",
}

DECLARATION = re.compile(r"^(?:[a-z_]\w*\s+(?:\*\s*)*)+\**(\w+)\([^;{}]*\)[^;{}]*;", re.MULTILINE)
DEFINITION = re.compile(r"^(?!static|typedef|else|return)(?:[a-z_]\w*[ \n*]+)+\**(\w+)"
                        r"\([^;{}]*\)\s*\n\{", re.MULTILINE)
INLINE = re.compile(r"^static inline [^;{}=]*?(\w+)\([^;{}]*\)\s*\{", re.MULTILINE)
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
NO_USE = re.compile(r"^[ \t]*#[ \t]*undef[ \t]+(\w+)|"  # is no use; nor is this #ifndef
                    r"^[ \t]*#[ \t]*ifndef[ \t]+(\w+)\n(?=[ \t]*#[ \t]*define[ \t]+\2\b)",
                    re.MULTILINE)
ENUM = re.compile(r"\benum\b(?:\s+\w+)?\s*\{([^{}]*)\}")
TYPE = re.compile(r"^(?:static )?(struct|enum|union) (\w+) \{", re.MULTILINE)
WORD = re.compile(r"[A-Za-z_]\w*")


def product():
    return files(*ROOMS, kinds=(".c", ".h", ".def"))


@cache
def words(room):
    """How often each word occurs in each file of the product, or of the tests."""
    sources = files("tests") if room == "tests" else product()
    return {source.name: Counter(WORD.findall(source.code)) for source in sources}


@cache
def all_words(room):
    return sum(words(room).values(), Counter())


@cache
def public_names():
    return {word for name in PUBLIC for word in words("product")[name]}


def line_of(source, at):
    return source.code.count("\n", 0, at) + 1


def every_function_has_a_caller():
    """every function that a header declares or defines is called, not by tests only"""
    seen = all_words("product")
    for source in product():
        if source.path.suffix != ".h" or source.name in PUBLIC:
            continue
        declared = [(match, 2) for match in DECLARATION.finditer(source.code)]
        for match, own in declared + [(match, 1) for match in INLINE.finditer(source.code)]:
            name = match[1]
            if match[0].startswith("typedef") or name in FOR_TESTS:
                continue
            if seen[name] <= own:  # the declaration and the definition
                yield (f"{source.name}:{line_of(source, match.start(1))}: nothing calls {name}; "
                       "remove it, or use it")


def only_what_others_use_is_exported():
    """every function that is not static is used by another file, or by a test"""
    for source in product():
        if source.path.suffix != ".c":
            continue
        for match in DEFINITION.finditer(source.code):
            name = match[1]
            elsewhere = sum(counts[name] for file, counts in words("product").items()
                            if file != source.name)
            if name in public_names() or name in EXPORTED or all_words("tests")[name]:
                continue
            if elsewhere <= 1:  # its declaration
                yield (f"{source.name}:{line_of(source, match.start(1))}: only this file uses "
                       f"{name}; make it static")


def names_in(source):
    """Macros and enum constants that a file defines, with the place of each."""
    for match in MACRO.finditer(source.code):
        if not match[1].endswith("_H"):
            yield match.start(1), match[1]
    for match in ENUM.finditer(source.code):
        rows = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m[0]), match[1], flags=re.MULTILINE)
        for row in re.finditer(r"(?:^|,)\s*([A-Za-z_]\w*)\s*(?==|,|$)", rows):
            yield match.start(1) + row.start(1), row[1]


def every_name_is_used():
    """every macro and enum constant is used by the product or by a test"""
    seen, tested = all_words("product"), all_words("tests")
    unnamed = {name for names in UNNAMED for name in names.split()}
    found = set()
    for source in product():
        names = list(names_in(source))
        idle = Counter(name for _, name in names)
        idle.update(match[1] or match[2] for match in NO_USE.finditer(source.code))
        for at, name in names:
            if name in public_names() or tested[name] or seen[name] > idle[name]:
                continue
            found.add(name)
            if name not in unnamed:
                yield f"{source.name}:{line_of(source, at)}: nothing uses {name}; remove it"
    for name in sorted(unnamed - found):
        yield f"{name}: is used, or gone; take it off the list"


def a_name_means_one_type():
    """no two files define a struct, enum or union of the same name"""
    places = {}
    for source in product():
        for match in TYPE.finditer(source.code):
            places.setdefault(match[2], []).append(f"{source.name}:"
                                                   f"{line_of(source, match.start())}")
    for name, found in sorted(places.items()):
        if len(found) > 1 and name not in REPEATED:
            yield f"{found[1]}: {name} is defined in {found[0]}, too; rename one of them"


run(every_function_has_a_caller, only_what_others_use_is_exported, every_name_is_used,
    a_name_means_one_type)
