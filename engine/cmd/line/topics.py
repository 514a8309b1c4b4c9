#!/usr/bin/env python3
"""topics.py OUT_DIR: what `statmark help TOPIC` prints, made of the READMEs' own sections, so that
each thing is told in one place. manual.py makes man pages of the same.
"""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import markdown  # beside this file, found as such

ROOT = Path(__file__).resolve().parents[3]

# Topic: section of the manual, one line, and the parts: README and heading.
TOPICS = {
    "method": (7, "how statmark measures, and how to read what it says",
               [("engine/README.md", "What happens in a pass"),
                ("engine/README.md", "Why the numbers can be trusted"),
                ("engine/README.md", "Budgets"),
                ("reports/README.md", "Reading the table"),
                ("reports/README.md", "Verdicts")]),
    "document": (5, "the JSON document of a run",
                 [("reports/README.md", "The document")]),
    "shape": (5, "descriptions of synthetic trees",
              [("datasets/README.md", "A shape"), ("datasets/README.md", "Fitted shapes")]),
}


def members(schema, at, depth=2):
    """Rows of the schema's own descriptions: "cells[].jobs", what it is."""
    for name, what in schema.get("properties", {}).items():
        path, what = f"{at}{name}", what if isinstance(what, dict) else {}
        inner = what.get("items", what)
        inner = inner if isinstance(inner, dict) else {}
        is_of_target = False
        while "$ref" in inner:
            node = SCHEMA
            for part in inner["$ref"][2:].split("/"):
                node = node[part]
            is_of_target |= "description" not in inner
            inner = {**node, **{k: v for k, v in inner.items() if k != "$ref"}}
        # Of a type that many members have, such as a count, its words say nothing of this one.
        is_general = is_of_target and inner.get("type") != "object"
        if words := what.get("description") or (not is_general and inner.get("description")):
            yield [f"`{path}`", words]
        if depth and inner.get("properties"):
            yield from members(inner, f"{path}[]." if "items" in what else f"{path}.", depth - 1)


SCHEMA = json.loads((ROOT / "reports/schema/run.schema.json").read_text())


def blocks_of(topic):
    content = []
    for readme, heading in TOPICS[topic][2]:
        text = (ROOT / readme).read_text()
        content += [("heading", heading), *markdown.blocks(markdown.section(text, heading))]
    if topic == "document":
        content += [("heading", "Members"), ("table", [["member", "what"], *members(SCHEMA, "")])]
    return content


def main(folder):
    for topic, (_, words, _) in TOPICS.items():
        text = f"{topic}: {words}\n\n{markdown.to_text(blocks_of(topic))}"
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{topic}.txt").write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
