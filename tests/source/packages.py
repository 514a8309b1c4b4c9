#!/usr/bin/env python3
"""The release is complete: the tarball builds without a network, its Debian packages install.

The test makes the tarball, unpacks it and builds its packages, which compiles everything once. If
the test runs as root, the build runs as nobody. The packages are installed in a mount namespace on
an overlay of this system, so that this system does not change.
"""
import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from tree import ROOT, Skip, run

sys.path.insert(0, str(ROOT / "engine/package"))
import package  # noqa: E402  (the line above sets its path)

IS_ROOT = os.geteuid() == 0
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
       "DEB_BUILD_OPTIONS": "noautodbgsym",  # compressing their debug symbols takes long
       **{name: os.environ[name] for name in ("STATMARK_CI",) if name in os.environ}}
TOOLS = {"dpkg-buildpackage": "dpkg-dev", "dh": "debhelper", "dh_python3": "dh-python"}
LIBRARY, PROGRAM = f"{package.FLIST_VERSION}-{package.REVISION}", \
                   f"{package.VERSION}-{package.REVISION}"
PACKAGES = {"libflist1": LIBRARY, "libflist-dev": LIBRARY, "python3-flist": LIBRARY,
            "statmark": PROGRAM, "statmark-doc": PROGRAM}

# Runs in a separate root directory, with the packages in /tmp/debs.
USE = r"""
set -eu
rm -f /var/lib/man-db/auto-update  # takes long, and no man page is looked up here
dpkg -i /tmp/debs/*.deb > /tmp/log 2>&1 || { tail -n 20 /tmp/log; exit 1; }
mkdir /tmp/use; cd /tmp/use
statmark --version
statmark run flat --entries 200 -s lstat,fstatat --rounds 9 --quick -q --no-plots -o out > \
    table
grep -q fstatat table
printf '%s\n' '#include <flist.h>' '#include <stdio.h>' 'int main(void)' '{' \
    '	struct flist_meta meta;' '	puts(FLIST_VERSION);' \
    '	return flist_stat("/", 0, &meta);' '}' > user.c
cc user.c $(pkg-config --cflags --libs flist) -o user
ldd ./user | grep -q '=> .*/libflist.so.1 '
./user
/usr/bin/python3 -B -c 'import flist; print(len(flist.collect("/tmp/use")) > 0)'
if command -v cmake > /dev/null; then # which looks below /lib before /usr/lib
    printf '%s\n' 'cmake_minimum_required(VERSION 3.13)' 'project(user C)' \
        'find_package(Flist REQUIRED)' 'add_executable(user user.c)' \
        'target_link_libraries(user Flist::flist)' > CMakeLists.txt
    (PATH=/bin:/usr/bin cmake . && cmake --build .) > /tmp/log 2>&1 || { cat /tmp/log; exit 1; }
    ./user > /dev/null
fi
zcat -f /usr/share/doc/statmark-doc/README.md | head -n 1
dpkg --purge python3-flist libflist-dev statmark-doc statmark libflist1 > /tmp/log 2>&1 ||
    { cat /tmp/log; exit 1; }
"""
NAMESPACE = r"""
set -eu
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
mkdir up work root
mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay root ||
    { echo no overlay; exit 77; }
for dir in dev proc sys; do mount --rbind "/$dir" "root/$dir"; done
mount -t tmpfs -o mode=1777 tmpfs root/tmp
mkdir root/tmp/debs
cp "$2"/*.deb root/tmp/debs
rm -f root/tmp/debs/*-dbgsym_*
chroot root /bin/sh -c "$3"
find up -mindepth 1 ! -type d ! -path 'up/var/lib/dpkg/*' ! -path 'up/var/cache/*' \
    ! -path 'up/var/log/*' ! -path up/etc/ld.so.cache ! -path 'up/var/lib/man-db/*' \
    -printf 'left: %P\n'
"""


@cache
def scratch():
    """A directory that all users can enter, on a filesystem from which programs may be run."""
    for place in (os.environ.get("TMPDIR"), "/tmp", "/var/tmp"):
        if place and not os.statvfs(place).f_flag & os.ST_NOEXEC and all(
                step.stat().st_mode & 0o001 for step in (Path(place), *Path(place).parents)):
            break
    folder = Path(tempfile.mkdtemp(prefix="statmark-packages-", dir=place))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o1777)
    return folder


def apart(*command, cwd):
    """Runs a command without a network if possible; if this process is root, as nobody."""
    prefix = []
    if IS_ROOT:
        prefix = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
        if not subprocess.run(["unshare", "--net", "true"], capture_output=True,
                              check=False).returncode:
            prefix = ["unshare", "--net", "--", *prefix]
    return subprocess.run([*prefix, *command], cwd=cwd, env={**ENV, "TMPDIR": str(scratch())},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False)


@cache
def tarball():
    return package.tarball()


@cache
def unpacked():
    copy = shutil.copy(tarball(), scratch())
    done = apart("tar", "-xf", copy, cwd=scratch())
    assert done.returncode == 0, done.stdout
    return scratch() / f"statmark-{package.VERSION}"


@cache
def built():
    """The result of `ninja deb` in the unpacked tarball, and the folder of its packages."""
    for tool, where in TOOLS.items():
        if not shutil.which(tool):
            raise Skip(f"{where} is not installed")
    return apart("ninja", "deb", cwd=unpacked()), unpacked() / "build/deb"


def packages():
    done, folder = built()
    if done.returncode:
        raise Skip("the packages were not built")
    return folder


def tarball_is_what_is_committed():
    """the tarball has all files of the commit, unchanged, and the name of the commit"""
    names = set(package.released()["files"]) | {str(package.configure.RELEASED)}
    with tarfile.open(tarball()) as archive:
        found = {member.name.split("/", 1)[1]: member for member in archive.getmembers()}
        for name in sorted(names ^ found.keys()):
            yield f"{name}: {'not expected' if name in found else 'missing'}"
        for name in sorted(names & found.keys()):
            path, member = ROOT / name, found[name]
            if path.exists() and archive.extractfile(member).read() != path.read_bytes():
                yield f"{name}: has other bytes"
            if path.exists() and bool(member.mode & 0o100) != os.access(path, os.X_OK):
                yield f"{name}: has mode {member.mode:o}"
    done = apart("./configure.py", "--check", cwd=unpacked())
    if done.returncode:
        yield done.stdout.strip()


def packages_are_built():
    """ninja deb builds the packages from an unpacked tarball, without network or privileges"""
    done, folder = built()
    if done.returncode:
        yield from done.stdout.splitlines()[-15:]
        return
    found = {path.name.rsplit("_", 1)[0] for path in folder.glob("*.deb")}
    found = {name for name in found if "-dbgsym" not in name}
    for name in sorted(found ^ {f"{name}_{version}" for name, version in PACKAGES.items()}):
        yield f"{name}: {'not expected' if name in found else 'missing'}"


def tarball_is_reproducible():
    """a tarball made in the unpacked tarball has the same bytes"""
    packages()
    again = unpacked() / "build/tarball" / tarball().name
    if again.read_bytes() != tarball().read_bytes():
        yield f"{tarball().name}: {again.stat().st_size} bytes, not those of the first"


def lintian_is_content():
    """lintian reports nothing that is not overridden, and each override has a reason"""
    if not shutil.which("lintian"):
        raise Skip("lintian is not installed")
    folder = packages()
    done = apart("lintian", "--info", "--display-info", "--fail-on", "error,warning,info",
                 *(path.name for path in folder.glob("*.changes")), cwd=folder)
    if done.returncode:
        yield from (line for line in done.stdout.splitlines() if re.match("[EWI]: ", line))
        yield f"exit code {done.returncode}"
    for path in sorted(package.TEMPLATES.rglob("*lintian-overrides")):
        before = ""
        for line in path.read_text().splitlines():
            if not line.startswith("#") and not before.startswith("#"):
                yield f"{path.name}: {line}: say why in a comment above"
            before = line


def library_names_its_symbols():
    """libflist1 has the version since which each symbol of the version map exists"""
    deb = packages() / f"libflist1_{LIBRARY}_{architecture()}.deb"
    rows = subprocess.run(["dpkg-deb", "-I", deb, "symbols"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()
    for row in sorted({*package.symbols().splitlines()} ^ {*rows}):
        yield f"'{row}': {'not expected' if row in rows else 'missing'}"


def architecture():
    return subprocess.run(["dpkg", "--print-architecture"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def packages_are_installed_used_and_removed():
    """the packages can be installed, used and removed, and then no file of them is left"""
    if not IS_ROOT:
        raise Skip("needs root, to install packages in a mount namespace")
    folder, place = packages(), scratch() / "namespace"
    place.mkdir()
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", NAMESPACE,
                           "sh", place, folder, USE], env=ENV, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 77 or "unshare failed" in done.stdout:
        raise Skip(f"no mount namespace here: {done.stdout.strip().splitlines()[-1]}")
    lines = done.stdout.splitlines()
    commit = json.loads((unpacked() / package.configure.RELEASED).read_text())["commit"]
    wanted = [f"statmark {package.VERSION} ({commit})", package.FLIST_VERSION, "True", "# statmark"]
    if done.returncode or [line for line in wanted if line not in lines] or "left: " in done.stdout:
        yield from (f"exit code {done.returncode}", *lines[-20:])


run(tarball_is_what_is_committed, packages_are_built, tarball_is_reproducible, lintian_is_content,
    library_names_its_symbols, packages_are_installed_used_and_removed)
