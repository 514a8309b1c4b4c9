#!/usr/bin/env python3
"""The JSON Schema of shapes: presets are valid by it, and the program accepts the same."""
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT, Skip, run

SCHEMA = ROOT / "datasets/schema/shape.schema.json"

# Parts of shapes, and whether they are valid.
SAMPLES = (
    ('{"entries": 0}', True),
    ('{"files_per_dir": [{"value": 3, "weight": 1}, {"value": 9, "weight": 5}]}', True),
    ('{"files_per_dir": {"histogram": [[0, 9, 70], [10, 99, 30]]}}', True),
    ('{"files_per_dir": {"by_depth": [5, {"min": 1, "max": 7}]}}', True),
    ('{"alphabet": {"characters": "abc"}}', True),
    ('{"extensions": [{"value": ".c", "weight": 3}, {"value": "", "weight": 1}]}', True),
    ('{"symlinks": {"per_mille": 9, "kinds": {"chain": 1}}}', True),
    ('{"hard_links": {"per_mille": 9, "of": "directory", "group": 4}}', True),
    ('{"modes": "0600"}', True),
    ('{"modes": [{"value": "0600", "weight": 1}]}', True),
    ('{"xattrs": {"per_mille": 5, "count": 2, "size": {"min": 1, "max": 99}}}', True),
    ('{"entires": 0}', False),
    ('{"entries": -1}', False),
    ('{"entries": 1.5}', False),
    ('{"depth": 513}', False),
    ('{"files_per_dir": [3]}', False),
    ('{"files_per_dir": []}', False),
    ('{"files_per_dir": {"min": 1}}', False),
    ('{"files_per_dir": {"histogram": [[1, 2]]}}', False),
    ('{"files_per_dir": {"histogram": [[1, 2, 0]]}}', False),
    ('{"files_per_dir": {"by_depth": []}}', False),
    ('{"name_length": 0}', False),
    ('{"name_length": {"by_depth": [5]}}', False),
    ('{"fill": "wide"}', False),
    ('{"alphabet": "upper"}', False),
    ('{"alphabet": {"characters": "a/b"}}', False),
    ('{"extensions": [{"value": "c", "weight": 1}]}', False),
    ('{"symlinks": {"kinds": {"file": 1}}}', False),
    ('{"hard_links": {"per_mille": 9, "group": 1}}', False),
    ('{"fifos": 1001}', False),
    ('{"modes": "rw-"}', False),
    ('{"modes": 420}', False),
    ('{"owners": "root"}', False),
    ('{"specials": ["loops", "loops"]}', False),
    ('{"specials": ["ghosts"]}', False),
    ('{"long_paths": 1}', False),
    ('{"name": "../up"}', False),
    ('{"origin": "a tree, 2026-11-28"}', True),
    ('{"origin": 5}', False),
    ('{"profile": [[4, 2], [30, 0]]}', True),
    ('{"profile": [[0, 16], [30, 0]], "fixed_depths": 1}', True),
    ('{"profile": []}', False),
    ('{"profile": [[4, 2, 1]]}', False),
    ('{"profile": [[-4, 0]]}', False),
    ('{"fixed_depths": 65}', False),
)

# Keys whose values are quantities, and an example of each kind of quantity: a constant, a range, a
# weighted list, a histogram.
QUANTITIES = ("files_per_dir", "dirs_per_dir", "name_length", "dir_name_length", "file_size",
              "mtime", "xattrs.count", "xattrs.size")
WAYS = (7, {"min": 6, "max": 9}, [{"value": 7, "weight": 9}, {"value": 12, "weight": 1}],
        {"histogram": [[6, 9, 70], [10, 16, 30]]})


def quantities():
    """A sample of each kind for each key, and a negative number, which is not valid."""
    for name in QUANTITIES:
        key, _, part = name.partition(".")
        for way in (*WAYS, -1):
            value = {"per_mille": 500, "count": 1, "size": 1, part: way} if part else way
            yield json.dumps({key: value}), way != -1


def validator():
    try:
        from jsonschema import Draft202012Validator
    except ImportError as why:
        raise Skip("python3-jsonschema is not installed") from why
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def presets_keep_to_the_schema():
    """every preset is valid by the schema"""
    check = validator()
    for path in sorted((ROOT / "datasets/shapes").glob("*.json")):
        for error in check.iter_errors(json.loads(path.read_text())):
            yield f"{path.relative_to(ROOT)}: {error.json_path}: {error.message}"


def every_key_is_in_both():
    """the program accepts exactly the keys of the schema"""
    table = (ROOT / "datasets/shape/shape_keys.c").read_text()
    keys = set(json.loads(SCHEMA.read_text())["properties"])
    known = set(re.findall(r'^\t(?:KEY\(|\{\.name = )"(\w+)"', table, re.MULTILINE))
    for key in sorted(keys ^ known):
        yield f"{key}: only in {'the schema' if key in keys else 'shape_keys.c'}"


def schema_and_program_agree():
    """the schema and the program accept the same samples"""
    check = validator()
    program = (ROOT / os.environ.get("STATMARK_BUILD", "build/release") / "statmark").resolve()
    if not program.exists():
        raise Skip(f"{program} is not built")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.json"
        for text, good in (*SAMPLES, *quantities()):
            path.write_text(json.dumps({"entries": 20, **json.loads(text)}))
            done = subprocess.run([program, "tree", "create", path, Path(folder) / "t"],
                                  capture_output=True, text=True, check=False)
            subprocess.run([program, "tree", "remove", Path(folder) / "t"], capture_output=True,
                           check=False)
            if (done.returncode == 0) != good:
                yield f"{text}: the program says {done.stderr.strip() or 'yes'}"
            if check.is_valid(json.loads(text)) != good:
                yield f"{text}: the schema says {'no' if good else 'yes'}"


run(presets_keep_to_the_schema, every_key_is_in_both, schema_and_program_agree)
