#!/usr/bin/env python3
"""manual.py PROGRAM MAN COMPLETION: writes the man page and the bash completion of a statmark.

Both are made of what the program itself says with --help, so the lists of commands and options are
kept in one place; the exit codes are those of README.md.
"""
import re
import subprocess
import sys
from pathlib import Path

# "  -s, --strategy LIST     help", or the help on the next lines, further in.
OPTION = re.compile(r"^ {2}(?:-(\w), |  {3})--([\w-]+)(?: ?(\S+))?(?: {2,}(.*))?$")

MAN = """\
.\\" Written by manual.py.
.TH STATMARK 1 "" "{version}" "User Commands"
.SH NAME
statmark \\- measure ways of fetching file metadata
.SH SYNOPSIS
.B statmark
.I COMMAND
[\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]
.br
.B statmark
[\\fICOMMAND\\fR] \\fB\\-\\-help\\fR
.br
.B statmark \\-\\-version
.SH DESCRIPTION
Which way of fetching file metadata is fastest on this machine and filesystem, and by how much?
statmark makes synthetic directory trees, or reads one of yours. It runs different strategies for
fetching metadata over them on pinned cores, verifies every answer, and reports medians with exact
confidence intervals as a table, a JSON document and plots.
.SH COMMANDS
{commands}.SH NOTES
{rules}.SH "EXIT STATUS"
{codes}.SH ENVIRONMENT
.TP
.B NO_COLOR
Switches colours off unless \\fB\\-\\-color\\fR asks for them.
"""

COMPLETION = """\
# Written by manual.py. Completion of statmark for bash.
_statmark() {{
	local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} words=
	case $COMP_CWORD,${{COMP_WORDS[1]}} in
	1,*) words="{commands} --help --version" ;;
{cases}	esac
	case $prev in
	-s | --strategy)
		words=$(statmark list strategies | sed -n 's/^  \\([a-z][^ ]*\\).*/\\1/p')
		;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _statmark statmark
"""


class Command:
    """What `statmark NAME --help` says."""

    def __init__(self, program, name):
        text = ask(program, name, "--help")
        head, _, options = text.partition("\nOptions:\n")
        usage, _, words = head.partition("\n\n")
        self.name = name
        self.operands = usage.partition("[OPTION...] ")[2]
        self.words = words.strip("\n")
        options, _, self.rules = options.partition("\n\n")
        self.options = []  # letter or None, name, metavar or None, help
        for line in options.splitlines():
            option = OPTION.match(line)
            if option:
                self.options.append([*option.groups()[:3], option[4] or ""])
            else:
                self.options[-1][3] = f"{self.options[-1][3]} {line.strip()}".strip()

    def choices(self):
        """Operands that are to be written as they stand: those in small letters."""
        first = (part.strip(" []").split(" ")[0] for part in self.operands.split("|"))
        return [word for word in first if re.fullmatch(r"[a-z-]+", word)]


def ask(program, *words):
    return subprocess.run([program, *words], check=True, text=True, stdout=subprocess.PIPE).stdout


def roff(text):
    """Text as roff takes it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def man_option(letter, name, metavar, words):
    head = f"\\fB\\-{letter}\\fR, " if letter else ""
    blank = "" if metavar and metavar.startswith("[") else " "
    value = f"{blank}\\fI{roff(metavar)}\\fR" if metavar else ""
    return f".TP\n{head}\\fB\\-\\-{roff(name)}\\fR{value}\n{roff(words)}\n"


def man_paragraph(words):
    """What is set in columns stays as it stands."""
    columns = re.search(r"^ |\S {2,}", words, re.MULTILINE)
    text = roff(words.strip("\n"))
    return f".PP\n.nf\n{text}\n.fi\n" if columns else f".PP\n{text}\n"


def man_command(command):
    paragraphs = "".join(map(man_paragraph, command.words.split("\n\n")))
    options = "".join(man_option(*option) for option in command.options)
    return (f'.SS "statmark {command.name}"\n\\fBstatmark {command.name}\\fR '
            f"[\\fIOPTION\\fR...] {roff(command.operands)}\n{paragraphs}{options}")


def exit_codes():
    readme = Path(__file__).resolve().parents[3] / "README.md"
    words = re.search(r"^Exit codes: (.*?)\.$", readme.read_text(), re.MULTILINE | re.DOTALL)[1]
    rows = (row.strip().partition(" ") for row in " ".join(words.split()).split("·"))
    return "".join(f".TP\n.B {code}\n{roff(meaning)}\n" for code, _, meaning in rows)


def completion_case(command):
    words = [word for letter, name, *_ in command.options
             for word in ([f"-{letter}"] if letter else []) + [f"--{name}"]]
    return f'\t*,{command.name}) words="{" ".join(command.choices() + words)}" ;;\n'


def main(program, man, completion):
    names = re.findall(r"^ {2}([a-z]+) ", ask(program, "--help"), re.MULTILINE)
    commands = [Command(program, name) for name in names]
    version = ask(program, "--version").split(" (")[0]
    Path(man).write_text(MAN.format(version=version, codes=exit_codes(),
                                    rules=man_paragraph(max((c.rules for c in commands), key=len)),
                                    commands="".join(map(man_command, commands))))
    Path(completion).write_text(COMPLETION.format(
        commands=" ".join(names), cases="".join(map(completion_case, commands))))


main(*sys.argv[1:])
