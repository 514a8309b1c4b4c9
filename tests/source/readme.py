#!/usr/bin/env python3
"""The READMEs are correct: links, tables, pictures, lists of files and the glossary."""
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
    """every relative link in a README is to a file that exists"""
    for readme in readmes():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", readme.read_text()):
            if "://" not in target and not (readme.parent / target).exists():
                yield f"{readme.relative_to(ROOT)}: there is no {target}"


def the_example_is_valid():
    """the document of the example is valid by the schema"""
    try:
        from jsonschema import Draft202012Validator
    except ImportError as why:
        raise Skip("python3-jsonschema is not installed") from why
    check = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for error in check.iter_errors(json.loads(EXAMPLE.read_text())):
        yield f"{EXAMPLE.relative_to(ROOT)}: {error.json_path}: {error.message[:200]}"


def the_readme_shows_the_example():
    """the table in the README is the one that statmark report prints for the example"""
    program = (ROOT / os.environ.get("STATMARK_BUILD", "build/release") / "statmark").resolve()
    if not program.exists():
        raise Skip(f"{program} is not built")
    done = subprocess.run([program, "report", "--no-plots", EXAMPLE], capture_output=True,
                          text=True, env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
                          check=False)
    if done.returncode or f"```\n{done.stdout}```\n" not in (ROOT / "README.md").read_text():
        yield f"README.md: not what statmark report says ({done.returncode}: {done.stderr})"


def words_of(picture):
    """The texts of a picture without its numbers, which depend on the version of gnuplot."""
    texts = (re.sub(r"<[^>]*>", "", text).strip() for text in
             re.findall(r"<text[^>]*>(.*?)</text>", picture.read_text(), re.DOTALL))
    return {text for text in texts if len(text) > 12 and re.search("[a-z] [a-z]", text)}


def the_pictures_are_of_the_example():
    """each picture in the README has the texts that statmark report draws for the example"""
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
    """The README of the folder of a file, or of the nearest folder above that has one."""
    folder = path.parent
    while not (folder / "README.md").exists():
        folder = folder.parent
    return folder / "README.md"


CODE = (".c", ".h", ".gp", ".py", ".js", ".sh", ".css")


def first_cells(text):
    """For each table in a README, the first cells of its rows, including the head."""
    table = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            table.append(line.strip("|").split("|")[0].strip())
        elif table:
            yield table
            table = []


def names_of_files(readme):
    """The names in the tables of files, as paths from the folder of the README.

    The head of such a table is "file" or the folder of its files, as in | `base/` |. The name of a
    strategy may have a dash where its file has an underscore.
    """
    for head, _, *rows in first_cells(readme.read_text()):
        folder = re.match(r"`([^`]*/)`", head)
        if folder or head == "file":
            for name in re.findall(r"`([^`]+)`", " ".join(rows)):
                yield (folder[1] if folder else "") + name


def names_file(name, path):
    """Whether a name means this file: base/err, base/err.[ch] and base/err.c mean base/err.c."""
    whole = str(path)
    stem = whole[:-len(path.suffix)]
    names = {name, name.replace("-", "_")}
    return bool(names & {whole, stem}) or f"{stem}.[ch]" in names


def every_file_has_its_line():
    """every file has a row in a table of the README of its folder, or of one above"""
    named = {}
    for source in files(*ROOMS, kinds=CODE):
        readme = room_readme(source.path)
        if readme not in named:
            named[readme] = set(names_of_files(readme))
        path = source.path.relative_to(readme.parent)
        if not any(names_file(name, path) for name in named[readme]):
            yield f"{readme.relative_to(ROOT)}: no row of a table of files names {path}"


def every_line_has_its_file():
    """all files in these tables exist"""
    for readme in readmes():
        for name in names_of_files(readme):
            folder, stem = (readme.parent / name).parent, Path(name).name
            stems = {re.escape(s) for s in (stem, stem.replace("-", "_"))}
            like = re.compile(rf"(?:{'|'.join(stems)})(?:\.\w+)*/?|{stem}")
            if not folder.is_dir() or not any(like.fullmatch(p.name) for p in folder.iterdir()):
                yield f"{readme.relative_to(ROOT)}: there is no {name}"


def the_map_names_every_folder():
    """the list at the top of engine/main.c has every folder with code"""
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
    """a struct named like a word of the glossary is declared once, in the file given there"""
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


run(every_file_has_its_line, every_line_has_its_file, words_are_declared_once,
    the_map_names_every_folder, links_lead_somewhere, the_example_is_valid,
    the_readme_shows_the_example, the_pictures_are_of_the_example)
