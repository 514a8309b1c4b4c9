#!/usr/bin/env python3
"""embed.py NAME OUT FILE...: writes a C file with FILEs as the table embedded_NAME (embed.h)."""
import sys
from pathlib import Path

name, out, *files = sys.argv[1:]
rows = []
for path in map(Path, files):
    data = path.read_bytes()
    text = "".join(f"\\{b:03o}" if b < 32 or b > 126 or b in b'"\\?' else chr(b) for b in data)
    # Cut behind newlines only: never inside an escape.
    lines = [part + "\\012" for part in text.split("\\012")]
    lines[-1] = lines[-1].removesuffix("\\012")
    body = "\n\t ".join(f'"{line}"' for line in lines)
    rows.append(f'\t{{"{path.stem}", {len(data)},\n\t {body}}},\n')
Path(out).write_text(f'/* Written by embed.py. */\n#include "engine/base/embed.h"\n\n'
                     f"const struct embedded embedded_{name}[] = {{\n{''.join(rows)}"
                     "\t{0},\n};\n")
