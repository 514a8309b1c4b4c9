#!/usr/bin/env python3
"""Nothing is kept that nobody needs: every function that a header declares has a caller."""
import re
from collections import Counter

from tree import ROOMS, files, run

# What programs outside call.
PUBLIC = ("strategies/flist/flist.h", "engine/plugin.h")

# What only tests call, and why it is there.
FOR_TESTS = {"sink_bytes": "how much memory a sink has is not to be seen from outside",
             **dict.fromkeys(("lab_parse", "lab_spec_label", "lab_spec_is_here", "lab_enter",
                              "lab_open", "lab_root", "lab_facts", "lab_remount"),
                             "the axis of filesystems comes next")}

DECLARATION = re.compile(r"^(?:[a-z_]\w*\s+(?:\*\s*)*)+\**(\w+)\([^;{}]*\)[^;{}]*;", re.MULTILINE)
WORD = re.compile(r"[a-z_]\w*")


def every_function_has_a_caller():
    """every function that a header declares is called by more than tests"""
    sources = files(*ROOMS, kinds=(".c", ".h", ".def"))
    seen = Counter(word for source in sources for word in WORD.findall(source.code))
    for source in sources:
        if source.path.suffix != ".h" or source.name in PUBLIC:
            continue
        for match in DECLARATION.finditer(source.code):
            name = match[1]
            if match[0].startswith("typedef") or name in FOR_TESTS:
                continue
            if seen[name] <= 2:  # the declaration and the definition
                line = source.code.count("\n", 0, match.start()) + 1
                yield f"{source.name}:{line}: nothing calls {name}; remove it, or use it"


run(every_function_has_a_caller)
