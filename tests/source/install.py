#!/usr/bin/env python3
"""`ninja install` installs everything: library, man pages, completions; programs build with it."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT, Skip, run

PREFIX = "/opt/statmark"
BUILD = ROOT / "build/release"
BUILT = ("statmark", "libflist.a", "libflist.so", "manual/stamp", "man3/stamp")
HEADER = (ROOT / "strategies/flist/flist.h").read_text()
FUNCTIONS = set(re.findall(r"^FLIST_API [^(;]*?\b(\w+)\(", HEADER, re.MULTILINE))
COMMANDS = ("collect", "compare", "crossover", "doctor", "gate", "history", "lab", "list",
            "profile", "report", "run", "selftest", "tree")

# Installed path: mode, or the target of a link.
PLACES = {
    "bin/statmark": 0o755,
    "include/flist.h": 0o644,
    "lib/libflist.a": 0o644,
    "lib/libflist.so": "libflist.so.1",
    "lib/libflist.so.1": "libflist.so.0.3.0",
    "lib/libflist.so.0.3.0": 0o755,
    "lib/cmake/Flist/FlistConfig.cmake": 0o644,
    "lib/cmake/Flist/FlistConfigVersion.cmake": 0o644,
    "lib/pkgconfig/flist.pc": 0o644,
    "share/bash-completion/completions/statmark": 0o644,
    "share/fish/vendor_completions.d/statmark.fish": 0o644,
    "share/zsh/site-functions/_statmark": 0o644,
    "share/man/man1/statmark.1": 0o644,
    **{f"share/man/man1/statmark-{name}.1": 0o644 for name in COMMANDS},
    "share/man/man5/statmark-document.5": 0o644,
    "share/man/man5/statmark-shape.5": 0o644,
    "share/man/man7/statmark-method.7": 0o644,
    **{f"share/man/man3/{name}.3": 0o644 for name in ("flist", *FUNCTIONS)},
}

# Both C and C++.
PROGRAM = r"""
#include <flist.h>
#include <stdio.h>

static void report(void *arg, unsigned worker, const struct flist_failure *failure)
{
	(void)arg;
	(void)worker;
	if (failure->step == FLIST_STEP_OPEN)
		puts(failure->path);
}

int main(void)
{
	const struct flist_failure failure = {"/none", 2, FLIST_STEP_READ};
	flist_failed *const failed = report;
	struct flist_cache *cache;
	const struct flist_meta *shared;
	struct flist_dir *dir;
	struct flist_meta meta;
	if (flist_cache_new(&cache, NULL) || flist_dir_open(&dir, "/"))
		return 1;
	if (flist_cache_get(cache, "/dev/null", 0, &shared) || shared->rdev == 0)
		return 2;
	if (flist_dir_stat(dir, "dev", FLIST_FOLLOW, FLIST_TYPE, &meta))
		return 3;
	flist_meta_unref(shared);
	flist_dir_close(dir);
	flist_cache_free(cache);
	failed(NULL, 0, &failure);
	printf("%s\n", FLIST_VERSION);
	return 0;
}
"""
STRICT = "-Wall -Wextra -Wshadow -pedantic -Werror".split()
COMPILERS = {"C": (["cc", "-std=c99"], ".c"), "C++": (["c++", "-std=c++11"], ".cc")}


class Copy:
    """An installed copy, which is removed at the end."""

    def __init__(self):
        for name in BUILT:
            if not (BUILD / name).exists():
                raise Skip(f"build/release/{name} is not built")
        self.folder = tempfile.TemporaryDirectory(prefix="statmark-install-")
        self.dest = Path(self.folder.name) / "dest"
        self.root = Path(f"{self.dest}{PREFIX}")

    def __enter__(self):
        subprocess.run(["engine/package/install.py"], cwd=ROOT, check=True, capture_output=True,
                       env={**os.environ, "DESTDIR": str(self.dest), "PREFIX": PREFIX})
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def pkg_config(self, *words):
        env = {**os.environ, "PKG_CONFIG_PATH": str(self.root / "lib/pkgconfig"),
               "PKG_CONFIG_SYSROOT_DIR": str(self.dest)}
        return subprocess.run(["pkg-config", *words, "flist"], env=env, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.split()

    def build(self, compiler, source, static):
        """Compiles a program with the copy; returns its path and the messages of the compiler."""
        program = Path(self.folder.name) / "program"
        flags = self.pkg_config("--cflags", "--libs", *(["--static"] if static else []))
        command = [*compiler, *STRICT, *(["-static"] if static else []), source, *flags]
        done = subprocess.run([*command, "-o", program], capture_output=True, text=True,
                              check=False)
        return program, done.stderr.strip().splitlines()[:3]

    def execute(self, program, *words):
        env = {**os.environ, "LD_LIBRARY_PATH": str(self.root / "lib")}
        return subprocess.run([program, *words], env=env, capture_output=True, text=True,
                              check=False)


def everything_is_in_place():
    """all files are installed, with their modes, and no others"""
    with Copy() as copy:
        found = {str(p.relative_to(copy.root)): p for p in copy.root.rglob("*")
                 if p.is_symlink() or not p.is_dir()}
        for name in sorted(found.keys() ^ PLACES.keys()):
            yield f"{name}: {'not expected' if name in found else 'missing'}"
        for name in sorted(found.keys() & PLACES.keys()):
            path, wanted = found[name], PLACES[name]
            got = os.readlink(path) if path.is_symlink() else path.stat().st_mode & 0o7777
            if got != wanted or not path.exists():
                yield f"{name}: {got}, not {wanted}"
        for path in copy.dest.rglob("*"):
            if path.is_file() and path.name != "statmark" and str(copy.dest).encode() in \
                    path.read_bytes():
                yield f"{path.name}: knows the folder that it was put together in"
        if not copy.execute(copy.root / "bin/statmark", "--version").stdout.startswith("statmark"):
            yield "bin/statmark: does not run"


def library_calls_itself_what_links_say():
    """soname, version and links of the library agree"""
    with Copy() as copy:
        dynamic = subprocess.run(["readelf", "-d", copy.root / "lib/libflist.so"], check=True,
                                 text=True, stdout=subprocess.PIPE).stdout
        soname = re.search(r"soname: \[(.*?)\]", dynamic)[1]
        if soname != PLACES["lib/libflist.so"]:
            yield f"soname is {soname}; programs will look for that"
        version = copy.pkg_config("--modversion")[0]
        if f"libflist.so.{version}" != PLACES.get(f"lib/{soname}"):
            yield f"flist.pc says {version}"


def programs_build_against_it():
    """programs in C and C++ build with the copy, shared and static, and run"""
    with Copy() as copy:
        for language, (compiler, suffix) in COMPILERS.items():
            source = Path(copy.folder.name) / f"source{suffix}"
            source.write_text(PROGRAM)
            for static in (False, True):
                what = f"{language}, {'static' if static else 'shared'}"
                program, words = copy.build(compiler, source, static)
                yield from (f"{what}: {line}" for line in words)
                done = copy.execute(program)
                if done.returncode or done.stdout.strip() != copy.pkg_config("--modversion")[0]:
                    yield f"{what}: exit code {done.returncode}, {done.stdout + done.stderr!r}"


CMAKE = """\
cmake_minimum_required(VERSION 3.13)
project(user C)
find_package(Flist {asked} REQUIRED)
add_executable(user source.c)
target_link_libraries(user PRIVATE Flist::{target})
"""


def cmake_projects_find_it():
    """CMake finds the copy if the version matches, and builds with it, shared and static"""
    if not shutil.which("cmake"):
        raise Skip("cmake is not installed")
    with Copy() as copy:
        version = copy.pkg_config("--modversion")[0]
        series, last = version.rsplit(".", 1)
        source, build = Path(copy.folder.name) / "cmake", Path(copy.folder.name) / "cmake/build"
        source.mkdir()
        (source / "source.c").write_text(PROGRAM)

        def configure(target, asked):
            (source / "CMakeLists.txt").write_text(CMAKE.format(target=target, asked=asked))
            return subprocess.run(["cmake", f"-DCMAKE_PREFIX_PATH={copy.root}", "-S", source, "-B",
                                   build], capture_output=True, text=True, check=False)

        for target, asked in (("flist", version), ("flist_static", "")):
            done = configure(target, asked)
            if not done.returncode:
                done = subprocess.run(["cmake", "--build", build], capture_output=True, text=True,
                                      check=False)
            if done.returncode:
                yield from (f"{target}: {line}" for line in done.stderr.splitlines()[:5])
                return
            used = copy.execute(build / "user")
            if used.returncode or used.stdout.strip() != version:
                yield f"{target}: exit code {used.returncode}, {used.stdout + used.stderr!r}"
        for asked in (f"{series}.{int(last) + 1}", "0.1", "1.0"):
            if not configure("flist", asked).returncode:
                yield f"CMake takes {version} where {asked} is asked for"


def examples_build_as_they_say():
    """every example builds with the copy, by the command in its comment"""
    with Copy() as copy:
        for source in sorted((ROOT / "strategies/flist/examples").glob("*.c")):
            command = (f"cc {source.name} $(pkg-config --cflags --libs flist) -o {source.stem}")
            if command not in source.read_text():
                yield f"{source.name}: does not say '{command}'"
            yield from (f"{source.name}: {line}" for line in copy.build(["cc"], source, False)[1])


def only_the_interface_is_exported():
    """libflist.so exports the functions of flist.h, each with a version, and nothing else"""
    with Copy() as copy:
        listing = subprocess.run(["nm", "-D", "--defined-only", copy.root / "lib/libflist.so"],
                                 check=True, text=True, stdout=subprocess.PIPE).stdout
    symbols = [line.split()[-1] for line in listing.splitlines() if line.split()[-2] != "A"]
    exported = {symbol.partition("@")[0] for symbol in symbols}
    for name in sorted(exported - FUNCTIONS):
        yield f"{name}: exported, but not in flist.h"
    for name in sorted(FUNCTIONS - exported):
        yield f"{name}: in flist.h, but not exported; add it to flist.map"
    for symbol in symbols:
        if not re.search(r"@@FLIST_\d+\.\d+$", symbol):
            yield f"{symbol}: has no version; add it to flist.map"


def library_manual_is_whole():
    """every function has a man page of section 3 that is valid roff and shows its prototype"""
    with Copy() as copy:
        folder = copy.root / "share/man"
        for name in sorted(FUNCTIONS):
            page = (folder / f"man3/{name}.3").read_text()
            if page.startswith(".so "):
                page = (folder / page.split()[1]).read_text()
            if f"{name}(" not in page or f" {name}" not in page.replace("NAME\n", " "):
                yield f"{name}.3: does not show {name}"
        if not shutil.which("groff"):
            raise Skip("groff is not installed")
        for page in sorted(folder.glob("man3/*.3")):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], capture_output=True,
                                  text=True, check=False, cwd=folder)
            yield from done.stderr.splitlines()


def options_of(program):
    """For each command, its options, read from --help."""
    names = re.findall(r"^ {2}([a-z]+) ", subprocess.run(
        [program, "--help"], check=True, text=True, stdout=subprocess.PIPE).stdout, re.MULTILINE)
    for name in names:
        words = subprocess.run([program, name, "--help"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        yield name, re.findall(r"^ .{5}(--[\w-]+)", words.partition("\nOptions:\n")[2],
                               re.MULTILINE)


def manual_is_whole():
    """man pages are valid roff; every command has one, which has all of its options"""
    with Copy() as copy:
        folder = copy.root / "share/man"
        overview = (folder / "man1/statmark.1").read_text().replace("\\-", "-")
        for name, options in options_of(copy.root / "bin/statmark"):
            page = (folder / f"man1/statmark-{name}.1").read_text().replace("\\-", "-")
            if f"statmark-{name}\\fR(1)" not in overview:
                yield f"statmark.1: nothing about statmark {name}"
            for option in options:
                if f"\\fB{option}\\fR" not in page:
                    yield f"statmark-{name}.1: nothing about {option}"
        if not shutil.which("groff"):
            raise Skip("groff is not installed")
        for page in sorted(folder.glob("man[157]/*")):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", page], capture_output=True,
                                  text=True, check=False)
            yield from (f"{page.name}: {line}" for line in done.stderr.splitlines())


def help_topics_are_read_on_a_terminal():
    """topics fit into 80 columns; descriptions of members are complete; code is not hyphenated"""
    with Copy() as copy:
        for topic in ("method", "document", "shape"):
            text = subprocess.run([copy.root / "bin/statmark", "help", topic], check=True,
                                  text=True, stdout=subprocess.PIPE).stdout
            yield from (f"help {topic}: wider than 80: {line}" for line in text.splitlines()
                        if len(line) > 80)
            if topic != "document":
                continue
            if "a number, or digits" in text:
                yield "help document: what a count may be is no description of a member"
            words = " ".join(text.split()).partition("cells[].latency.p50 ")[2]
            if not words.startswith("median; null: fewer than ten samples"):
                yield f"help document: cells[].latency.p50 is '{words[:40]}'"
        for page in sorted((copy.root / "share/man").glob("man[157]/*")):
            if ".TH" in page.read_text() and "\n.nh\n" not in page.read_text():
                yield f"{page.name}: words that are to be copied would be hyphenated"


def complete(copy, line):
    """The completions that bash offers for the last word of a line."""
    *words, last = line.split(" ")
    quoted = " ".join(f"'{w}'" for w in [*words, last])
    script = (f"PATH={copy.root}/bin:$PATH\n"
              f". {copy.root}/share/bash-completion/completions/statmark\n"
              f"COMP_WORDS=({quoted}) COMP_CWORD={len(words)}\n"
              "_statmark; echo ${COMPREPLY[@]}")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return set(done.stdout.split()), done.stderr


def completion_knows_everything():
    """bash completes every command, option and strategy, and offers nothing else"""
    with Copy() as copy:
        known = dict(options_of(copy.root / "bin/statmark"))
        cases = [("statmark ", {*known, "--help", "--version"}), ("statmark re", {"report"}),
                 ("statmark list s", {"shapes", "strategies"}),
                 ("statmark run -s lst", {"lstat"}),
                 ("statmark run --strategy open", {"open-fstat"})]
        cases += [(f"statmark {name} --", set(options)) for name, options in known.items()]
        for line, wanted in cases:
            got, errors = complete(copy, line)
            if got != wanted or errors:
                yield f"'{line}': {' '.join(sorted(got))} {errors.strip()}"


def fish_knows_everything():
    """fish completes every command, option and strategy"""
    if not shutil.which("fish"):
        raise Skip("fish is not installed")
    with Copy() as copy:
        script = copy.root / "share/fish/vendor_completions.d/statmark.fish"

        def offered(line):
            done = subprocess.run(
                ["fish", "-c", f"source {script}; complete -C '{line}'"], capture_output=True,
                text=True, check=False,
                env={**os.environ, "PATH": f"{copy.root}/bin:{os.environ['PATH']}"})
            return {row.split("\t")[0] for row in done.stdout.splitlines()}, done.stderr

        known = dict(options_of(copy.root / "bin/statmark"))
        cases = [("statmark ", set(known)), ("statmark run -s lst", {"lstat"}),
                 ("statmark list s", {"shapes", "strategies"})]
        cases += [(f"statmark {name} --", set(options)) for name, options in known.items()]
        for line, wanted in cases:
            got, errors = offered(line)
            if not wanted <= got or errors:
                yield f"'{line}': lacks {' '.join(sorted(wanted - got))} {errors.strip()}"


def zsh_knows_everything():
    """the completion for zsh is valid and has every command and option"""
    with Copy() as copy:
        script = copy.root / "share/zsh/site-functions/_statmark"
        text = script.read_text()
        for name, options in options_of(copy.root / "bin/statmark"):
            case = text.partition(f"\t{name})\n")[2].partition("\n\t\t;;")[0]
            for option in options:
                if not re.search(rf"'{option}=?\[", case):
                    yield f"statmark {name}: nothing about {option}"
        if not shutil.which("zsh"):
            raise Skip("zsh is not installed")
        done = subprocess.run(["zsh", "-n", script], capture_output=True, text=True, check=False)
        yield from done.stderr.splitlines()


run(everything_is_in_place, library_calls_itself_what_links_say, programs_build_against_it,
    cmake_projects_find_it, examples_build_as_they_say, only_the_interface_is_exported,
    manual_is_whole, help_topics_are_read_on_a_terminal, library_manual_is_whole,
    completion_knows_everything, fish_knows_everything, zsh_knows_everything)
