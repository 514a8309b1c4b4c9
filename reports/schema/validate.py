#!/usr/bin/python3
"""validate.py DOCUMENT.json...: checks documents against the schemas that lie beside it.

Which one is said by the document: run.schema.json is for "statmark-run/1". Prints a line per
document, or place and reason of each thing that is wrong. Exit code 0: all are valid, 1: one is
not, 2: one cannot be read, 77: python3-jsonschema is missing.
"""
import json
import sys
from pathlib import Path

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("validate.py: needs the Debian package python3-jsonschema", file=sys.stderr)
    sys.exit(77)


def reject_nan(word):
    raise ValueError(f"{word} is not JSON")


def place(error):
    steps = (f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    return "$" + "".join(steps)


def validators():
    """One for each schema, by the title that documents call it."""
    schemas = [json.loads(p.read_bytes()) for p in Path(__file__).parent.glob("*.schema.json")]
    for schema in schemas:
        Draft202012Validator.check_schema(schema)
    return {schema["title"]: Draft202012Validator(schema) for schema in schemas}


def check(known, name):
    """The exit code for one document."""
    try:
        document = json.loads(Path(name).read_bytes(), parse_constant=reject_nan)
    except (OSError, ValueError, RecursionError) as error:
        print(f"{name}: {error}")
        return 2
    title = document.get("schema") if isinstance(document, dict) else None
    validator = known.get(title if isinstance(title, str) else "")
    if not validator:
        print(f"{name}: $.schema: {title!r} is none of {', '.join(sorted(known))}")
        return 1
    errors = sorted(validator.iter_errors(document), key=place)
    for error in errors:
        print(f"{name}: {place(error)}: {error.message[:300]}")
    if not errors:
        print(f"{name}: valid {document['schema']}")
    return 1 if errors else 0


def main(names):
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    known = validators()
    return max(check(known, name) for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
