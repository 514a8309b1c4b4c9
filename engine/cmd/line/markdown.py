"""The little of Markdown that the READMEs use, as plain text and as roff.

  blocks(text)       [(kind, content)]: heading, paragraph, item, code, table
  section(text, h)   what stands below the heading "## h", up to the next one
  to_text(blocks)    for a terminal, 78 columns
  to_roff(blocks)    for a man page
"""
import re
import textwrap

WIDTH = 78


def section(text, heading):
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        raise ValueError(f"there is no section '{heading}'")
    return found[1]


def rows_of(lines):
    """Cells of a table, without the line below its head."""
    rows = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in lines]
    return [row for i, row in enumerate(rows) if i != 1]


def blocks(text):
    found, lines = [], text.split("\n")
    while lines:
        line = lines.pop(0)
        if line.startswith("```"):
            code = []
            while lines and not lines[0].startswith("```"):
                code.append(lines.pop(0))
            lines[:1] = []
            found.append(("code", code))
        elif line.startswith("    ") and line.strip():
            code = [line[4:]]
            while lines and (lines[0].startswith("    ") or not lines[0].strip()):
                code.append(lines.pop(0)[4:])
            found.append(("code", "\n".join(code).rstrip("\n").split("\n")))
        elif line.startswith("|"):
            table = [line]
            while lines and lines[0].startswith("|"):
                table.append(lines.pop(0))
            found.append(("table", rows_of(table)))
        elif line.startswith("#"):
            found.append(("heading", line.lstrip("# ")))
        elif line.strip():
            item = re.match(r"(- |\d+\. )", line)
            words = [line[item.end():] if item else line]
            while lines and lines[0].strip() and not re.match(r"- |\d+\. |#|\||```", lines[0]):
                words.append(lines.pop(0))
            content = " ".join(word.strip() for word in words)
            found.append(("item", (item[1].strip(), content)) if item else ("paragraph", content))
    return found


def plain(words):
    """Without the marks of emphasis, code and links."""
    words = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", words)
    return re.sub(r"\*\*(.+?)\*\*", r"\1", words).replace("`", "")


def wrapped(words, first="", other=""):
    return textwrap.fill(plain(words), WIDTH, initial_indent=first, subsequent_indent=other,
                         break_long_words=False, break_on_hyphens=False)


def pairs(rows):
    """Of a table the first column and what the others say: "all names (left out: 20000)"."""
    heads, *rows = rows
    for row in rows:
        more = [f"{head}: {cell}" for head, cell in zip(heads[2:], row[2:]) if cell]
        yield row[0], f"{row[1]} ({'; '.join(more)})" if more else row[1]


def text_of_table(rows):
    """The first column on its own where it is long."""
    rows = list(pairs(rows))
    wide = min(max(len(plain(head)) for head, _ in rows), 28) + 2
    out = []
    for head, rest in rows:
        head = plain(head)
        if len(head) + 2 > wide:
            out += [f"  {head}", wrapped(rest, " " * (wide + 2), " " * (wide + 2))]
        else:
            out.append(wrapped(rest, f"  {head.ljust(wide)}", " " * (wide + 2)))
    return "\n".join(out)


def code_line(line):
    """What stands in columns beside a line that is too wide goes below it."""
    columns = re.fullmatch(r"( *\S.*?) {2,}(\S.*)", line)
    if len(line) + 4 <= WIDTH or not columns:
        return f"    {line}".rstrip()
    return f"    {columns[1]}\n{wrapped(columns[2], ' ' * 10, ' ' * 10)}"


def to_text(content):
    out = []
    for kind, what in content:
        if kind == "heading":
            out.append(plain(what).upper())
        elif kind == "code":
            out.append("\n".join(map(code_line, what)))
        elif kind == "table":
            out.append(text_of_table(what))
        elif kind == "item":
            mark, words = what
            mark = "-" if mark == "-" else mark
            out.append(wrapped(words, f"{mark} ", " " * (len(mark) + 1)))
        else:
            out.append(wrapped(what))
    return "\n\n".join(out).rstrip() + "\n"


def roff(text):
    """Text as roff takes it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def roff_inline(words):
    words = roff(re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", words))
    words = re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fR", words)
    return re.sub(r"`([^`]+)`", r"\\fB\1\\fR", words)


def to_roff(content):
    out = []
    for kind, what in content:
        if kind == "heading":
            out.append(f'.SH "{plain(what).upper()}"')
        elif kind == "code":
            out += [".PP", ".RS 4", ".nf", *map(roff, what), ".fi", ".RE"]
        elif kind == "table":
            for head, rest in pairs(what):
                out += [".TP", roff_inline(head) or "\\&", roff_inline(rest) or "\\&"]
        elif kind == "item":
            out += [".IP \\(bu 2" if what[0] == "-" else f".IP {roff(what[0])} 4",
                    roff_inline(what[1])]
        else:
            out += [".PP", roff_inline(what)]
    return "\n".join(out) + "\n"
