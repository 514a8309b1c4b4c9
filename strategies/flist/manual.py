#!/usr/bin/env python3
"""manual.py FLIST_H STAMP: writes the manual of section 3, made of the header's comments.

A page for each declaration with a comment of its own; functions that follow without one share it
and get a page that refers to it. flist.3 lists them all, by the parts of the header. Pages lie in
the folder of STAMP.
"""
import re
import sys
from pathlib import Path

PART = re.compile(r"/\* -{4} (.*?) -+ \*/\n")
COMMENT = re.compile(r"/\*\s?(.*?)\s*\*/\n", re.DOTALL)
NAME = re.compile(r"\b(flist_\w+)\(")

PAGE = """\
.\\" Written by manual.py from flist.h.
.TH {title} 3 "" "libflist {version}" "Library Functions Manual"
.SH NAME
{names} \\- {brief}
.SH SYNOPSIS
.nf
.B #include <flist.h>
{synopsis}.fi
.PP
Link with \\fI\\-lflist\\fR.
.SH DESCRIPTION
{description}{types}.SH "SEE ALSO"
{see}
"""


class Entry:
    """What one comment speaks about: functions, and their types."""

    def __init__(self, part, words):
        self.part, self.words, self.functions, self.names = part, words, [], []

    def add(self, function, aside):
        name = NAME.search(function)[1]
        self.functions.append(function)
        self.names.append(name)
        if aside:
            self.words += f"\n\n{name}: {aside}."


def plain(comment):
    """A comment without its stars; an empty line between paragraphs."""
    lines = [re.sub(r"^\s*\* ?", "", line).strip() for line in comment.splitlines()]
    return "\n".join(lines).strip()


def statements(text):
    """(comment above it or None, the one behind it or None, declaration), outer level only."""
    comment, at = None, 0
    while at < len(text):
        found = COMMENT.match(text, at)
        if found:
            comment, at = plain(found[1]), found.end()
            continue
        if text[at] == "\n":
            comment, at = None, at + 1
            continue
        end, depth = at, 0
        while text[end] != ";" or depth:
            depth += (text[end] == "{") - (text[end] == "}")
            end += 1
        line_end = text.find("\n", end)
        rest = text[end + 1:line_end].strip()
        aside = plain(rest[2:-2]) if rest.startswith("/*") else None
        declaration = text[at:end + 1]
        at = line_end + 1
        if re.fullmatch(r"struct \w+;", declaration):
            continue  # the comment above it is about what follows
        yield comment, aside, declaration
        comment = None


def parse(header):
    """Entries in order, and the definitions of types by name."""
    body = header[header.index("/* ----"):header.index("\n#ifdef __cplusplus", 600)]
    pieces = PART.split(body)[1:]
    entries, types = [], {}
    for part, text in zip(pieces[::2], pieces[1::2]):
        for words, aside, declaration in statements(text):
            if not declaration.startswith("FLIST_API"):
                types[re.search(r"\b(flist_\w+)", declaration)[1]] = (words, declaration)
                continue
            if words or not entries or entries[-1].part != part:
                entries.append(Entry(part, words or ""))
            entries[-1].add(declaration.removeprefix("FLIST_API "), aside)
    return entries, types


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def prototype(function):
    """Its lines, with those that go on set in by four columns."""
    first, *others = function.splitlines()
    return roff("\n".join([first, *("    " + line.strip() for line in others)]))


def used_types(entry, types):
    """Types that the functions' arguments name, and those that these name in turn."""
    seen, queue = [], list(entry.functions)
    while queue:
        text = queue.pop(0)
        for name in re.findall(r"\bflist_\w+", text):
            if name in types and name not in seen and name not in ("flist_meta", "flist_field"):
                seen.append(name)
                queue.append(types[name][1])
    return seen


def type_text(name, types):
    words, declaration = types[name]
    intro = f"{roff(words)}\n" if words else ""
    code = roff(declaration.expandtabs(8))
    return f".SS {roff(name)}\n{intro}.PP\n.nf\n{code}\n.fi\n"


def brief(entry):
    words = entry.words or entry.part.lower()
    first = re.split(r"(?<=[.;:])\s", " ".join(words.split()), maxsplit=1)[0].rstrip(".;:")
    return roff(first[0].lower() + first[1:])


def page(entry, types, version, see):
    name = entry.names[0]
    paragraphs = (entry.words or entry.part).split("\n\n")
    types_of = used_types(entry, types)
    return PAGE.format(
        title=name.upper(), version=version, names=", ".join(map(roff, entry.names)),
        brief=brief(entry),
        synopsis="".join(f".PP\n\\fB{prototype(f)}\\fR\n" for f in entry.functions),
        description="".join(f".PP\n{roff(p)}\n" for p in paragraphs),
        types=".SH TYPES\n" + "".join(type_text(t, types) for t in types_of) if types_of else "",
        see=f".BR {see} (3)")


def overview(header, entries, types, version):
    intro = plain(COMMENT.match(header)[1])
    title, _, rest = intro.partition("\n\n")
    out = [f'.\\" Written by manual.py from flist.h.\n.TH FLIST 3 "" "libflist {version}" '
           '"Library Functions Manual"\n.SH NAME\nflist \\- '
           f'{roff(" ".join(title.split()).removeprefix("libflist: ").rstrip("."))}\n'
           ".SH SYNOPSIS\n.B #include <flist.h>\n.PP\nLink with \\fI\\-lflist\\fR.\n"
           f".SH DESCRIPTION\n{roff(rest)}\n"]
    for part in dict.fromkeys(e.part for e in entries):
        out.append(f'.SS "{roff(part)}"\n')
        for entry in (e for e in entries if e.part == part):
            out.append(f".TP\n{', '.join(rf'.BR {roff(n)} (3)'[4:] for n in entry.names)}\n"
                       f"{brief(entry)}\n")
    out.append(".SH TYPES\n" + "".join(type_text(t, types) for t in ("flist_field", "flist_meta")))
    return "".join(out)


def main(header_path, stamp):
    header = Path(header_path).read_text()
    folder = Path(stamp).parent
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.3"):
        old.unlink()
    version = re.search(r'FLIST_VERSION "(.*?)"', header)[1]
    entries, types = parse(header)
    (folder / "flist.3").write_text(overview(header, entries, types, version))
    for entry in entries:
        first, *others = entry.names
        (folder / f"{first}.3").write_text(page(entry, types, version, "flist"))
        for other in others:
            (folder / f"{other}.3").write_text(f".so man3/{first}.3\n")
    Path(stamp).write_text("")


main(*sys.argv[1:])
