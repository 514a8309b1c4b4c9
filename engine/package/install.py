#!/usr/bin/env python3
"""What `ninja install` puts in place: the program, the library, and what is made of them.

  PREFIX   where it will be; an absolute path (default: /usr/local)
  LIBDIR   where libraries will be; an absolute path (default: PREFIX/lib)
  DESTDIR  where this tree is put together (default: nowhere else)
"""
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build/release"
HEADER = ROOT / "strategies/flist/flist.h"


def absolute(name, default):
    path = Path(os.environ.get(name) or default)
    if not path.is_absolute():
        sys.exit(f"statmark: {name} has to be an absolute path, not '{path}'")
    return path


def soname():
    """The one that the linker was told."""
    return re.search(r'^SONAME = "(.*?)"', (ROOT / "configure.py").read_text(), re.MULTILINE)[1]


def fill(template, **words):
    text = (HERE / template).read_text()
    for name, value in words.items():
        text = text.replace(f"@{name}@", str(value))
    return text.encode()


class Place:
    """A directory that files are put into, by their paths once installed."""

    def __init__(self):
        self.dest = os.environ.get("DESTDIR", "")
        self.prefix = absolute("PREFIX", "/usr/local")
        self.lib = absolute("LIBDIR", self.prefix / "lib")

    def _ready(self, path):
        to = Path(self.dest + str(path))
        to.parent.mkdir(parents=True, exist_ok=True)
        to.unlink(missing_ok=True)  # a program or library in use is replaced, not written to
        print(to)
        return to

    def file(self, path, content, mode=0o644):
        to = self._ready(path)
        to.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
        to.chmod(mode)

    def link(self, path, target):
        self._ready(path).symlink_to(target)


def install_library(place):
    version = re.search(r'FLIST_VERSION "(.*?)"', HEADER.read_text())[1]
    major, minor, _ = version.split(".")
    cmake = place.lib / "cmake/Flist"
    words = {"VERSION": version, "SONAME": soname(), "MAJOR": major,
             "SERIES": f"{major}.{minor}", "POINTER": struct.calcsize("P"),
             "PREFIX": place.prefix,
             "LIBDIR": f"${{prefix}}/{os.path.relpath(place.lib, place.prefix)}",
             "LIB": os.path.relpath(place.lib, cmake),
             "INCLUDE": os.path.relpath(place.prefix / "include", cmake)}
    place.file(place.prefix / "include/flist.h", HEADER)
    place.file(place.lib / "libflist.a", BUILD / "libflist.a")
    place.file(place.lib / f"libflist.so.{version}", BUILD / "libflist.so", 0o755)
    place.link(place.lib / soname(), f"libflist.so.{version}")
    place.link(place.lib / "libflist.so", soname())
    place.file(place.lib / "pkgconfig/flist.pc", fill("flist.pc.in", **words))
    for name in ("FlistConfig.cmake", "FlistConfigVersion.cmake"):
        place.file(cmake / name, fill(f"cmake/{name}.in", **words))


def install_program(place):
    share = place.prefix / "share"
    place.file(place.prefix / "bin/statmark", BUILD / "statmark", 0o755)
    for page in sorted([*(BUILD / "manual").glob("man?/*"), *(BUILD / "man3").glob("*.3")]):
        place.file(share / f"man/man{page.suffix[1]}" / page.name, page)
    for to, name in (("bash-completion/completions/statmark", "statmark.bash"),
                     ("zsh/site-functions/_statmark", "_statmark"),
                     ("fish/vendor_completions.d/statmark.fish", "statmark.fish")):
        place.file(share / to, BUILD / "manual/completion" / name)


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    os.umask(0o022)
    place = Place()
    install_library(place)
    install_program(place)
    if not place.dest and os.geteuid() == 0 and shutil.which("ldconfig"):
        subprocess.run(["ldconfig"], check=False)


if __name__ == "__main__":
    main()
