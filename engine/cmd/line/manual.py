#!/usr/bin/env python3
"""manual.py PROGRAM DIR: writes the manual of a statmark and its completions below DIR.

  man1/statmark.1, man1/statmark-COMMAND.1       man5, man7: the topics of topics.py
  completion/statmark.bash, _statmark (zsh), statmark.fish

Commands and options are what the program itself says with --help, so their lists are kept in one
place; the exit codes are those of README.md.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import topics  # beside this file, found as such
from markdown import roff, to_roff

# "  -s, --strategy LIST     help", or the help on the next lines, further in.
OPTION = re.compile(r"^ {2}(?:-(\w), |  {3})--([\w-]+)(?: ?(\S+))?(?: {2,}(.*))?$")

MAN = """\
.\\" Written by manual.py.
.TH STATMARK 1 "" "{version}" "User Commands"
.nh
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
{commands}.SH "EXIT STATUS"
{codes}.SH ENVIRONMENT
.TP
.B NO_COLOR
Switches colours off unless \\fB\\-\\-color\\fR asks for them.
.SH "SEE ALSO"
{others}
"""

MAN_COMMAND = """\
.\\" Written by manual.py.
.TH "{title}" 1 "" "{version}" "User Commands"
.nh
.SH NAME
statmark\\-{name} \\- {summary}
.SH SYNOPSIS
.B statmark {name}
[\\fIOPTION\\fR...] {operands}
.SH DESCRIPTION
{description}.SH OPTIONS
{options}{notes}.SH "EXIT STATUS"
{codes}.SH "SEE ALSO"
\\fBstatmark\\fR(1), \\fBstatmark\\-method\\fR(7)
"""

MAN_TOPIC = """\
.\\" Written by manual.py.
.TH "{title}" {section} "" "{version}" "{kind}"
.nh
.SH NAME
statmark\\-{name} \\- {summary}
{content}.SH "SEE ALSO"
\\fBstatmark\\fR(1)
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


ZSH = """\
#compdef statmark
# Written by manual.py. Completion of statmark for zsh.
_statmark_strategies() {{
	local -a found
	found=(${{(f)"$(statmark list strategies | sed -n 's/^  \\([a-z][^ ]*\\).*/\\1/p')"}})
	compadd -S '' -- $found
}}
_statmark() {{
	local -a commands
	commands=({commands})
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	local name=$words[2]
	words=("${{(@)words[2,-1]}}")
	(( CURRENT-- ))
	case $name in
{cases}	esac
}}
_statmark "$@"
"""

FISH = """\
# Written by manual.py. Completion of statmark for fish.
complete -c statmark -n __fish_use_subcommand -f
{lines}"""


class Command:
    """What `statmark NAME --help` says."""

    def __init__(self, program, name):
        text = ask(program, name, "--help")
        head, _, options = text.partition("\nOptions:\n")
        usage, _, words = head.partition("\n\n")
        self.name = name
        self.operands = usage.partition("[OPTION...] ")[2]
        self.summary, _, self.words = words.strip("\n").partition("\n\n")
        options, _, self.rules = options.partition("\n\n")
        self.options = []  # letter or None, name, metavar or None, help
        for line in options.splitlines():
            option = OPTION.match(line)
            if option:
                self.options.append([*option.groups()[:3], option[4] or ""])
            else:
                self.options[-1][3] = f"{self.options[-1][3]} {line.strip()}".strip()

    def brief(self, words):
        """The first clause of a help text, without the verbs or the option that it begins with."""
        verbs = "|".join(map(re.escape, self.choices()))
        words = re.sub(rf"^(?:(?:{verbs})(?:, (?:{verbs}))*|with --[^:]+): ", "", words)
        return re.split(r"[;:(]| \(default", words)[0].strip()

    def choices(self):
        """Operands that are to be written as they stand: those in small letters."""
        first = (part.strip(" []").split(" ")[0] for part in self.operands.split("|"))
        return [word for word in first if re.fullmatch(r"[a-z-]+", word)]


def ask(program, *words):
    return subprocess.run([program, *words], check=True, text=True, stdout=subprocess.PIPE).stdout


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


def man_command(command, version, codes):
    paragraphs = "".join(map(man_paragraph, filter(None, command.words.split("\n\n"))))
    notes = f".SH NOTES\n{man_paragraph(command.rules)}" if command.rules.strip() else ""
    return MAN_COMMAND.format(
        title=f"STATMARK\\-{command.name.upper()}", version=version, name=command.name,
        summary=roff(command.summary.rstrip(".")), operands=roff(command.operands),
        description=paragraphs or f".PP\n{roff(command.summary)}\n",
        options="".join(man_option(*option) for option in command.options), notes=notes,
        codes=codes)


def man_topic(topic, version):
    section, summary, _ = topics.TOPICS[topic]
    return MAN_TOPIC.format(
        title=f"STATMARK\\-{topic.upper()}", section=section, version=version, name=topic,
        kind="File Formats" if section == 5 else "Miscellaneous", summary=roff(summary),
        content=to_roff(topics.blocks_of(topic)))


def man_overview(commands, version, codes):
    listed = "".join(f".TP\n\\fBstatmark\\-{roff(c.name)}\\fR(1)\n{roff(c.summary)}\n"
                     for c in commands)
    others = ",\n".join(f"\\fBstatmark\\-{topic}\\fR({section})"
                       for topic, (section, *_) in topics.TOPICS.items())
    return MAN.format(version=version, codes=codes, commands=listed, others=others)


def exit_codes():
    readme = Path(__file__).resolve().parents[3] / "README.md"
    words = re.search(r"^Exit codes: (.*?)\.$", readme.read_text(), re.MULTILINE | re.DOTALL)[1]
    rows = (row.strip().partition(" ") for row in " ".join(words.split()).split("·"))
    return "".join(f".TP\n.B {code}\n{roff(meaning)}\n" for code, _, meaning in rows)


def completion_case(command):
    words = [word for letter, name, *_ in command.options
             for word in ([f"-{letter}"] if letter else []) + [f"--{name}"]]
    return f'\t*,{command.name}) words="{" ".join(command.choices() + words)}" ;;\n'


def quoted(words):
    return words.replace("\\", "\\\\").replace("'", r"\'")


def zsh_words(words):
    """Between single quotes, where colons part what _describe reads."""
    return words.replace("'", "’").replace(":", r"\:")


def zsh_option(command, letter, name, metavar, words):
    words = zsh_words(command.brief(words)).replace("[", "(").replace("]", ")")
    value = "" if not metavar or metavar.startswith("[") else ":value:" + (
        "_statmark_strategies" if name == "strategy" else "_files" if metavar in
        ("DIR", "FILE", "PATH") else "")
    long = f"--{name}{'=' if value else ''}[{words}]{value}"
    return "".join(f" \\\n\t\t\t'{option}'" for option in
                   ([f"-{letter}{'+' if value else ''}[{words}]{value}"] if letter else [])
                   + [long])


def zsh_case(command):
    first = command.choices()
    operands = f"'1:what:({' '.join(first)})'" if first else "'*:operand:_files'"
    return (f"\t{command.name})\n\t\t_arguments"
            f"{''.join(zsh_option(command, *option) for option in command.options)} \\\n\t\t\t"
            f"{operands}\n\t\t;;\n")


def zsh(commands):
    listed = " ".join(f"'{c.name}:{zsh_words(c.summary.rstrip('.'))}'" for c in commands)
    return ZSH.format(commands=listed, cases="".join(map(zsh_case, commands)))


def fish(commands):
    lines = []
    for command in commands:
        lines.append("complete -c statmark -n __fish_use_subcommand -a "
                     f"{command.name} -d '{quoted(command.summary.rstrip('.'))}'")
        inside = f"complete -c statmark -n '__fish_seen_subcommand_from {command.name}'"
        lines += [f"{inside} -a '{word}'" for word in command.choices()]
        for letter, name, metavar, words in command.options:
            value = " -r" if metavar and not metavar.startswith("[") else ""
            if name == "strategy":
                value = " -x -a '(statmark list strategies | string match -rg \"^  ([a-z]\\S*)\")'"
            lines.append(f"{inside}{f' -s {letter}' if letter else ''} -l {name}{value} "
                         f"-d '{quoted(command.brief(words))}'")
    return FISH.format(lines="".join(f"{line}\n" for line in lines))


def bash(commands):
    return COMPLETION.format(commands=" ".join(c.name for c in commands),
                             cases="".join(map(completion_case, commands)))


def main(program, folder):
    names = re.findall(r"^ {2}([a-z]+) ", ask(program, "--help"), re.MULTILINE)
    commands = [Command(program, name) for name in names]
    version, codes = ask(program, "--version").split(" (")[0], exit_codes()
    files = {"man1/statmark.1": man_overview(commands, version, codes),
             "completion/statmark.bash": bash(commands), "completion/_statmark": zsh(commands),
             "completion/statmark.fish": fish(commands)}
    files |= {f"man1/statmark-{c.name}.1": man_command(c, version, codes) for c in commands}
    files |= {f"man{topics.TOPICS[t][0]}/statmark-{t}.{topics.TOPICS[t][0]}": man_topic(t, version)
              for t in topics.TOPICS}
    for kind in ("man1", "man5", "man7", "completion"):
        shutil.rmtree(Path(folder, kind), ignore_errors=True)
    for name, text in files.items():
        Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
        Path(folder, name).write_text(text)
    Path(folder, "stamp").touch()


main(*sys.argv[1:])
