#!/usr/bin/env python3
"""Makes what others get: the tarball of a release, and Debian packages of it.

  package.py tarball   build/tarball/statmark-VERSION.tar.xz: the same bytes for the same files
  package.py deb       build/deb/*.deb, by dpkg-buildpackage, of that tarball and debian/

Both also work in an unpacked tarball, which has no repository: released.json in it says what git
says elsewhere. Nothing here needs a network or root.
"""
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from email.utils import formatdate
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))
import configure  # noqa: E402  (its lists of packages; found by the line above)

TEMPLATES = HERE / "debian"
REVISION = "1"
# libflist.so.1 came with this version of the library, and with the symbols of the ones before.
FIRST_OF_SONAME = "0.2.0"


def version_in(header, macro):
    return re.search(rf'{macro} "(.*?)"', (ROOT / header).read_text())[1]


VERSION = version_in("engine/host/tool.h", "TOOL_VERSION")
FLIST_VERSION = version_in("strategies/flist/flist.h", "FLIST_VERSION")


def git(*words):
    done = subprocess.run(["git", "-c", "safe.directory=*", *words], cwd=ROOT, check=False,
                          text=True, capture_output=True)
    if done.returncode:
        sys.exit(f"statmark: git {words[0]}: {done.stderr.strip()}; a release is made in a clone, "
                 "or in an unpacked tarball")
    return done.stdout


def released():
    """The commit, its time in seconds since the epoch, and the names of all files."""
    path = ROOT / configure.RELEASED
    if path.exists():
        return json.loads(path.read_text())
    names = sorted(n for n in git("ls-files", "-z").split("\0") if n and (ROOT / n).exists())
    return {"commit": configure.commit(), "epoch": int(git("log", "-1", "--format=%ct")),
            "files": names}


def tarball():
    """Its path. Order, owners, modes and times are those of the release, not of the disk."""
    release = released()
    top = f"statmark-{VERSION}"
    out = ROOT / f"build/tarball/{top}.tar.xz"
    out.parent.mkdir(parents=True, exist_ok=True)
    temp = out.with_name(f"{out.name}.{os.getpid()}.tmp")

    def add(archive, name, content, mode):
        member = tarfile.TarInfo(f"{top}/{name}")
        member.size, member.mtime, member.mode = len(content), release["epoch"], mode
        archive.addfile(member, io.BytesIO(content))

    with tarfile.open(temp, "w:xz", format=tarfile.GNU_FORMAT) as archive:
        for name in release["files"]:
            path = ROOT / name
            add(archive, name, path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
        words = json.dumps(release, indent=0, ensure_ascii=True) + "\n"
        add(archive, str(configure.RELEASED), words.encode(), 0o644)
    os.replace(temp, out)
    return out


def depends(packages):
    """A list of a control file; what every build of a package has is not in it."""
    return ",\n ".join(sorted(set(packages) - {"build-essential"}))


def symbols():
    """The symbols file, of the library's version map: a name and the first version to have it."""
    rows = [f"{configure.SONAME} libflist1 #MINVER#", "* Build-Depends-Package: libflist-dev"]
    text = (ROOT / configure.SYMBOLS).read_text()
    for node, version, body in re.findall(r"^(FLIST_([\d.]+)) \{(.*?)\}", text,
                                          re.MULTILINE | re.DOTALL):
        since = max(f"{version}.0", FIRST_OF_SONAME, key=lambda v: [*map(int, v.split("."))])
        names = re.findall(r"(\w+);", body)
        rows += [f" {name}@{node} {since}" for name in (node, *names)]
    return "\n".join(rows)


def words(release):
    licence = "\n".join(f" {line or '.'}" for line in
                        (ROOT / "LICENSE").read_text().strip().splitlines()[4:])
    return {
        "VERSION": VERSION, "FLIST_VERSION": FLIST_VERSION, "REVISION": REVISION,
        "COMMIT": release["commit"], "DATE": formatdate(release["epoch"]),
        "MAINTAINER": os.environ.get("DEBFULLNAME", "statmark maintainers"),
        "EMAIL": os.environ.get("DEBEMAIL", "statmark@users.noreply.github.com"),
        "LICENSE": licence, "SYMBOLS": symbols(),
        "BUILD_DEPENDS": depends({**configure.BUILD_DEPS, **configure.OPTIONAL_DEPS}),
        "RECOMMENDS": depends(configure.RUN_DEPS),
        "SUGGESTS": depends({**configure.LAB_DEPS, **configure.GUEST_DEPS}),
    }


def compose(folder, release):
    """debian/ of the templates."""
    known = words(release)
    for template in sorted(p for p in TEMPLATES.rglob("*") if p.is_file()):
        to = folder / "debian" / template.relative_to(TEMPLATES)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(re.sub(r"@([A-Z_]+)@", lambda m: known[m[1]], template.read_text()))
        to.chmod(0o755 if template.name == "rules" else 0o644)


def deb():
    for tool, package in (("dpkg-buildpackage", "dpkg-dev"), ("dh", "debhelper"),
                          ("dh_python3", "dh-python")):
        if not shutil.which(tool):
            sys.exit(f"statmark: {tool} is missing; ./configure.py --deps deb installs {package}")
    source, out = tarball(), ROOT / "build/deb"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shutil.copy(source, out / f"statmark_{VERSION}.orig.tar.xz")
    with tarfile.open(source) as archive:
        archive.extractall(out)
    tree = out / f"statmark-{VERSION}"
    compose(tree, released())
    done = subprocess.run(["dpkg-buildpackage", "-us", "-uc"], cwd=tree, check=False)
    if done.returncode:
        sys.exit(f"statmark: dpkg-buildpackage failed in {tree}; what it said stands above")
    shutil.rmtree(tree)
    return sorted(out.glob("*.deb"))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["tarball"]:
            print(tarball().relative_to(ROOT))
        case ["deb"]:
            print(*(path.relative_to(ROOT) for path in deb()), sep="\n")
        case _:
            sys.exit(__doc__)
