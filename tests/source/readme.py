#!/usr/bin/env python3
"""The READMEs are correct: their links work, and their table is that of the example."""
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tree import ROOMS, ROOT, Skip, files, run

EXAMPLE = ROOT / "reports/example/run.json"
WORDS_MAX = 40
SCHEMA = ROOT / "reports/schema/run.schema.json"


def readmes():
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "*.md"], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split()] or sorted(ROOT.glob("*/README.md"))


def links_lead_somewhere():
    """every relative link of a README leads to a file"""
    for readme in readmes():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", readme.read_text()):
            if "://" not in target and not (readme.parent / target).exists():
                yield f"{readme.relative_to(ROOT)}: there is no {target}"


def the_example_is_valid():
    """the example's document keeps to the schema"""
    try:
        from jsonschema import Draft202012Validator
    except ImportError as why:
        raise Skip("python3-jsonschema is not installed") from why
    check = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for error in check.iter_errors(json.loads(EXAMPLE.read_text())):
        yield f"{EXAMPLE.relative_to(ROOT)}: {error.json_path}: {error.message[:200]}"


def the_readme_shows_the_example():
    """the table in the README equals what statmark report prints for the example"""
    program = (ROOT / os.environ.get("STATMARK_BUILD", "build/release") / "statmark").resolve()
    if not program.exists():
        raise Skip(f"{program} is not built")
    done = subprocess.run([program, "report", "--no-plots", EXAMPLE], capture_output=True,
                          text=True, env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
                          check=False)
    if done.returncode or f"```\n{done.stdout}```\n" not in (ROOT / "README.md").read_text():
        yield f"README.md: not what statmark report says ({done.returncode}: {done.stderr})"


def words_of(picture):
    """Titles and the like; numbers depend on the gnuplot that drew it."""
    texts = (re.sub(r"<[^>]*>", "", text).strip() for text in
             re.findall(r"<text[^>]*>(.*?)</text>", picture.read_text(), re.DOTALL))
    return {text for text in texts if len(text) > 12 and re.search("[a-z] [a-z]", text)}


def the_pictures_are_of_the_example():
    """each picture of the README has the text that statmark report draws of the example"""
    program = (ROOT / os.environ.get("STATMARK_BUILD", "build/release") / "statmark").resolve()
    if not program.exists():
        raise Skip(f"{program} is not built")
    if not shutil.which("gnuplot"):
        raise Skip("gnuplot is not installed")
    with tempfile.TemporaryDirectory() as drawn:
        subprocess.run([program, "report", EXAMPLE, "-o", drawn], capture_output=True, check=False)
        for picture in sorted(Path(drawn).glob("*.svg")):
            committed = EXAMPLE.parent / picture.name
            if committed.exists() and words_of(picture) != words_of(committed):
                yield (f"{committed.relative_to(ROOT)}: draw it again with ninja example: "
                       f"{sorted(words_of(picture) ^ words_of(committed))}")


def room_readme(path):
    """The README of the folder that a file is in, or of the nearest above that has one."""
    folder = path.parent
    while not (folder / "README.md").exists():
        folder = folder.parent
    return folder / "README.md"


def every_file_has_its_line():
    """the README of a room names every file in it"""
    for source in files(*ROOMS):
        readme = room_readme(source.path)
        quoted = " ".join(re.findall(r"`[^`]*`", readme.read_text()))
        if not set(re.findall(r"[\w.]+", quoted)) & {source.path.stem, source.path.name}:
            yield f"{readme.relative_to(ROOT)}: says nothing of {source.name}"


def the_map_names_every_folder():
    """the map at the head of engine/main.c has a line for every folder with code"""
    head = (ROOT / "engine/main.c").read_text().split("*/", 1)[0]
    for folder in sorted({str(source.path.parent.relative_to(ROOT)) for source in files(*ROOMS)}):
        if folder not in ("engine", "strategies") and f" {folder}/ " not in head:
            yield f"engine/main.c: its map lacks {folder}/"


def glossary():
    """(word, where it is declared or "") of each row of the glossary"""
    text = (ROOT / "engine/README.md").read_text()
    words = text.split("\n## Words\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")]
            for row in words.splitlines() if row.startswith("| ")]
    return [(row[0], row[2]) for row in rows[1:]]


def words_are_declared_once():
    """a struct named by a word of the glossary is declared once, where the glossary says"""
    declared = {}
    for source in files(*ROOMS):
        for name in re.findall(r"\b(?:struct|enum)\s+(\w+)\s*{", source.code):
            declared.setdefault(name, []).append(source.name)
    rows = glossary()
    if not rows or len(rows) > WORDS_MAX:
        yield f"engine/README.md: {len(rows)} words; a glossary has 1 to {WORDS_MAX}"
    for word, where in rows:
        found = declared.get(word.replace(" ", "_"), [])
        if found != [where] * bool(where):
            yield (f"engine/README.md: {word} is declared in "
                   f"{', '.join(found) or 'no file'}, and not in {where or 'none'} alone")


run(every_file_has_its_line, words_are_declared_once, the_map_names_every_folder,
    links_lead_somewhere, the_example_is_valid, the_readme_shows_the_example,
    the_pictures_are_of_the_example)
