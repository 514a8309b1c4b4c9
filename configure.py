#!/usr/bin/env python3
"""Writes build.ninja from the names of the source files.

usage:
  ./configure.py                      write build.ninja if its content would change
  ./configure.py --check              exit with 1 if build.ninja is out of date
  ./configure.py --deps [TARGET...]   install the Debian packages that the targets need, then run
                                      `ninja TARGET...`
  ./configure.py --help               print this text

build.ninja is committed. Its content depends only on which source files exist: there are no
options, and it has no absolute path and no fact about this machine. Facts about the machine
(flags of pkg-config, the commit) are read by rules of build.ninja while ninja runs. Ninja runs this
script again when a file is added to a source folder or removed from it.

build.ninja has the release build, its tests and its benchmarks. The other variants (asan, tsan and
so on) are in build/variants.ninja, which a rule of build.ninja writes when it is needed. `ninja
asan` runs a second ninja with that file.

CPPFLAGS, CFLAGS and LDFLAGS of the environment are added after the flags of the build.
"""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOMS = ("engine", "strategies", "datasets", "reports")
FLIST = "strategies/flist"
EXAMPLES = f"{FLIST}/examples"
SYMBOLS = f"{FLIST}/flist.map"
RELEASED = Path("engine/package/released.json")  # only in a release, see engine/package/
SONAME = "libflist.so.1"  # the number rises when programs have to be compiled again

# Debian package: its pkg-config module; None: it has none, because it is a tool.
BUILD_DEPS = {"build-essential": None, "ninja-build": None, "pkg-config": None,
              "libhwloc-dev": "hwloc", "libjansson-dev": "jansson", "libxxhash-dev": "libxxhash",
              "libsqlite3-dev": "sqlite3"}
# Used if installed (HAVE_...). Without one, the program reports what is not available.
OPTIONAL_DEPS = {"liburing-dev": "liburing"}
RUN_DEPS = {"gnuplot-nox": None}
# Programs that make or serve filesystems, for engine/lab. Any of them may be missing.
LAB_DEPS = {"btrfs-progs": None, "e2fsprogs": None, "erofs-utils": None, "squashfs-tools": None,
            "openssh-sftp-server": None, "sshfs": None, "xfsprogs": None}
# A separate kernel, and servers that run in it, for statmark lab. Any of them may be missing.
GUEST_DEPS = {"user-mode-linux": None, "nfs-kernel-server": None, "iproute2": None, "kmod": None,
              "samba": None, "fd-find": None, "bfs": None}
# A browser and its driver, for tests of the page. Without them these tests are skipped.
BROWSER_DEPS = {"chromium": None, "chromium-driver": None}
# Rules of accessibility for the page. Debian has no package of them, so npm installs them.
AXE, AXE_AT = "axe-core@4.14.1", "build/axe"
TEST_DEPS = {"libcmocka-dev": "cmocka", "python3-jsonschema": None, "python3-yaml": None,
             "strace": None, "valgrind": None}
CHECK_DEPS = {"clang": None, "clang-format": None, "libclang-rt-dev": None,
              "musl-tools": None, "zsh": None, "fish": None}
# Tools that make packages, for engine/package. Without one, its tests are skipped.
PACKAGE_DEPS = {"debhelper": None, "dh-python": None, "lintian": None, "cmake": None}
# Programs that read the output of `report --format`, for tests.
READER_DEPS = {"libbenchmark-tools": None, "python3-scipy": None, "hyperfine": None, "fio": None,
               "python3-prometheus-client": None}

WARNINGS = ("-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion "
            "-Wvla -Wundef")
BASE = f"-std=gnu11 -D_GNU_SOURCE -pthread -fno-strict-aliasing -I. -Ibuild/gen {WARNINGS}"

LIBRARY = "-fPIC -fvisibility=hidden -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64"
MUSL_CC = "build/pkg/musl-cc"

# Variant: compiler, and flags for compiling and linking. Only variants for checks have -Werror.
# Most of them have -g1, line numbers without types: compiling takes an eighth less time.
VARIANTS = {
    "release": ("gcc", "-O2 -g"),
    "debug": ("gcc", "-O0 -g3 -Werror"),
    "clang": ("clang", "-O2 -g1 -Werror -Wmissing-variable-declarations"),
    "asan": ("gcc", "-O1 -g1 -Werror -fno-omit-frame-pointer -fsanitize=address,undefined "
                    "-fno-sanitize-recover=all"),
    "tsan": ("gcc", "-O1 -g1 -Werror -fsanitize=thread"),
    "guard": ("gcc", "-O2 -g1 -Werror -DSTATMARK_GUARD"),
    "portable": ("gcc", "-O2 -g1 -Werror -DFLIST_PORTABLE"),
    "cover": ("gcc", "-O0 -g --coverage"),
    "musl": (MUSL_CC, "-O2 -g -static -Werror"),
    "musl-portable": (MUSL_CC, "-O2 -g -static -Werror -DFLIST_PORTABLE"),
    "fuzz": ("clang", "-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all "
                      "-fsanitize=address,undefined,fuzzer-no-link"),
}
BENCH_VARIANTS = "statx[addressing=dirfd],statx[addressing=dirfd,mask=size]"
CHECKED = ("release", "debug", "clang", "asan", "tsan", "guard", "portable", "musl",
           "musl-portable", "fuzz")
OTHERS = tuple(v for v in VARIANTS if v != "release")
VARIANTS_FILE = "build/variants.ninja"
EMBEDDED = {"shapes": ("datasets/shapes", "*.json"), "plots": ("reports/plots", "*.gp"),
            "styles": ("reports/page", "*.css"), "scripts": ("reports/page", "*.js"),
            "guest": ("engine/lab/guest", "*.sh")}
# READMEs of which the program and its manual show sections; engine/cmd/line/topics.py lists them.
TOPICS = ("document", "method", "shape")
TOPIC_SOURCES = ["datasets/README.md", "engine/README.md", "reports/README.md",
                 "reports/schema/run.schema.json"]
TOPIC_PROGRAMS = ["engine/cmd/line/markdown.py", "engine/cmd/line/topics.py"]
# Variants that link 160 test programs each. The linker gold takes half the time.
FAST_LINKED = ("debug", "clang", "asan", "tsan", "guard", "portable")
AR = "rm -f $out && ar rcs $out $in"


def linker(variant):
    """The flag for the linker gold if it is installed: " -fuse-ld=gold", otherwise ""."""
    return " -fuse-ld=gold" if variant in FAST_LINKED and shutil.which("ld.gold") else ""


class Writer:
    """Writes ninja's syntax, with a method for each construct. build() returns its first output."""

    def __init__(self):
        self.lines = ["# Written by configure.py; do not edit.", ""]

    def text(self):
        return "\n".join(self.lines) + "\n"

    def comment(self, words):
        self.lines += ["", f"# {words}"]

    def variable(self, name, value, indent=""):
        self.lines.append(f"{indent}{name} = {value}")

    def rule(self, name, command, **more):
        self.lines.append(f"rule {name}")
        for key, value in {"command": command, **more}.items():
            self.variable(key, value, "  ")

    def build(self, outs, rule, ins=(), needs=(), after=(), **more):
        outs = [outs] if isinstance(outs, str) else list(outs)
        parts = [f"build {' '.join(outs)}: {rule}", *ins]
        parts += ["|", *needs] if needs else []
        parts += ["||", *after] if after else []
        self.lines.append(" ".join(parts))
        for key, value in more.items():
            self.variable(key, value, "  ")
        return outs[0]


def sources(where, pattern="*.c"):
    return sorted(str(p) for p in Path(where).rglob(pattern))


def folders():
    """All folders whose lists of files determine the content of build.ninja."""
    rooms = [d for room in (*ROOMS, "tests") for d in (Path(room), *Path(room).rglob("*/"))]
    return sorted({str(d) for d in rooms if d.is_dir() and "__pycache__" not in d.parts})


def write_shared(n):
    n.variable("ninja_required_version", "1.10")
    n.variable("builddir", "build")
    n.variable("pkg", "build")  # the flags to compile with, unless a build statement has others
    n.comment("Writes this file again when a file is added to a source folder or removed from it.")
    n.rule("configure", "./configure.py", description="configure", generator=1, restat=1)
    n.build("build.ninja", "configure", needs=["configure.py", *folders()])

    n.comment("Facts of this machine: read in every build, written only when they change.")
    n.build("build/always", "phony")
    n.rule("probe", "./configure.py --probe $out", description="probe $what", restat=1)
    for what in ("build", "test"):
        n.build([f"build/pkg/{what}.{kind}" for kind in ("cflags", "libs", "ldflags")], "probe",
                needs=["configure.py", "build/always"], what=what)
    n.rule("musl", "./configure.py --musl build/pkg", description="musl", restat=1)
    n.build(["build/pkg/musl.cflags", MUSL_CC, "build/pkg/musl/xxhash.h"], "musl",
            needs=["configure.py", "build/pkg/build.cflags", "build/always"])
    n.rule("facts", "./configure.py --facts $out", description="facts", restat=1)
    n.build("build/gen/build_facts.h", "facts",
            needs=["configure.py", "build/pkg/build.cflags", "build/always"])

    n.comment("The other variants. A second ninja reads that file, see Targets.")
    n.rule("variants", "./configure.py --variants $out", description="variants", restat=1)
    n.build(VARIANTS_FILE, "variants", needs=["configure.py", *folders()])

    n.comment("Shapes, plot scripts and files of the page are embedded in the program.")
    n.rule("embed", "python3 engine/base/embed.py $name $out $in", description="embed $name")
    for name, files in EMBEDDED.items():
        n.build(embedded_source(name), "embed", sources(*files), needs=["engine/base/embed.py"],
                name=name)
    n.comment("Texts of statmark help TOPIC and of the man pages in sections 5 and 7.")
    n.rule("topics", "python3 engine/cmd/line/topics.py build/gen/topics", description="topics")
    topics = [f"build/gen/topics/{name}.txt" for name in TOPICS]
    n.build(topics, "topics", TOPIC_SOURCES, needs=TOPIC_PROGRAMS)
    n.build(embedded_source("topics"), "embed", topics, needs=["engine/base/embed.py"],
            name="topics")
    n.rule("ar", AR, description="ar $out")


def embedded_source(name):
    return f"build/gen/embedded_{name}.c"


class Variant:
    """The rules of one variant, and the files that they build in build/NAME."""

    def __init__(self, n, name, pkg="build"):
        compiler, self.flags = VARIANTS[name]
        self.n, self.name, self.pkg, self.out = n, name, pkg, f"build/{name}"
        n.comment(f"Variant {name}")
        n.variable(f"cflags_{name}", f"{BASE} {self.flags}")
        n.rule(f"cc-{name}", f"{compiler} -MMD -MF $out.d $cflags_{name} $extra "
               "@build/pkg/$pkg.cflags -c $in -o $out",
               depfile="$out.d", deps="gcc", description=f"{name} $in")
        n.rule(f"link-{name}", f"{compiler} $cflags_{name} $extra{linker(name)} -o $out $in $libs",
               description=f"{name} $out")

    def compile(self, src, pkg=None, extra=""):
        obj = f"{self.out}/obj/{src.removeprefix('build/').removesuffix('.c')}.o"
        pkg = pkg or self.pkg
        return self.n.build(obj, f"cc-{self.name}", [src], needs=[f"build/pkg/{pkg}.cflags"],
                            after=["build/gen/build_facts.h"],
                            **({"pkg": pkg} if pkg != "build" else {}),
                            **({"extra": extra} if extra else {}))

    def link(self, name, objs, **more):
        return self.n.build(f"{self.out}/{name}", f"link-{self.name}", objs, **more)

    def library(self):
        """The objects of libflist, and libflist.a, which contains them."""
        objs = [self.compile(s, extra=LIBRARY)
                for s in sources(FLIST) if not s.startswith(EXAMPLES)]
        return objs, self.n.build(f"{self.out}/libflist.a", "ar", objs)

    def examples(self, libflist):
        return [self.link(f"examples/{Path(src).stem}",
                          [self.compile(src, extra=f"-I{FLIST}"), libflist])
                for src in sources(EXAMPLES)]

    def tests(self, folder, archives, pkg, extra="", flags="", **more):
        """A program for each file, linked with flags; with_*.c are linked into all of them."""
        shared, alone = [], []
        for src in sources(folder):
            obj = self.compile(src, pkg, extra)
            (shared if Path(src).stem.startswith("with_") else alone).append((src, obj))
        more |= {"extra": flags} if flags else {}
        return [self.link(src.removesuffix(".c"), [obj, *(o for _, o in shared), *archives],
                          **more)
                for src, obj in alone]


def write_variant(n, variant):
    v = Variant(n, variant)
    objs, libflist = v.library()
    shared = v.link("libflist.so", objs, needs=[SYMBOLS, "build/pkg/build.ldflags"],
                    libs="@build/pkg/build.ldflags",
                    extra=f"-shared -Wl,-soname,{SONAME} -Wl,--version-script={SYMBOLS}")

    core, main = [], None
    for src in (s for room in ROOMS for s in sources(room) if not s.startswith(FLIST)):
        if src == "engine/main.c":
            main = v.compile(src)
        elif src == "engine/host/tool.c":
            core.append(v.compile(src, extra=f"-DTOOL_CFLAGS='\"{v.flags}\"'"))
        else:
            core.append(v.compile(src))
    core += [v.compile(embedded_source(name)) for name in (*EMBEDDED, "topics")]
    libcore = n.build(f"{v.out}/libstatmark.a", "ar", core)
    libs = "@build/pkg/build.ldflags @build/pkg/build.libs -lm -ldl"
    program = v.link("statmark", [main, libcore, libflist],
                     needs=["build/pkg/build.libs", "build/pkg/build.ldflags"],
                     extra="-rdynamic", libs=libs)
    n.build(variant, "phony", [program, libflist, shared])

    if variant == "fuzz":
        fuzzers = v.tests("tests/fuzz", [libcore, libflist], "build",
                          needs=["build/pkg/build.libs"], libs=libs, flags="-fsanitize=fuzzer")
        n.build("tests-fuzz", "phony", fuzzers)
        return
    fs = f"{v.out}/obj/tests/fs/with_fs.o"  # compiled with the folder fs
    tests = [test for folder in ("unit", "flist", "conformance", "fs")
             for test in v.tests(f"tests/{folder}",
                                 [*([fs] if folder == "conformance" else []), libcore, libflist],
                                 "test", needs=["build/pkg/test.libs"],
                                 libs=f"@build/pkg/test.libs {libs}")]
    n.build(f"tests-{variant}", "phony", [*tests, program, shared, *v.examples(libflist)])
    benches = v.tests("tests/bench", [libcore, libflist], "build", needs=["build/pkg/build.libs"],
                      libs=libs)
    n.build(f"benches-{variant}", "phony", benches or [program])


def write_musl(n, variant):
    """The library and its tests: only they support other C libraries."""
    v = Variant(n, variant, pkg="musl")
    _, libflist = v.library()
    n.build(variant, "phony", [libflist, *v.examples(libflist)])
    shim = v.compile("tests/shim/cmocka.c")
    tests = v.tests("tests/flist", [shim, libflist], "musl", extra="-Itests/shim")
    n.build(f"tests-{variant}", "phony", [variant, *tests])


def write_others(n):
    """Targets of the variants in the other file: a second ninja builds them."""
    needs = [VARIANTS_FILE, "build/pkg/build.cflags", "build/pkg/test.cflags", MUSL_CC,
             "build/gen/build_facts.h", *map(embedded_source, (*EMBEDDED, "topics"))]
    n.comment("Other variants. Below build/NAME: ninja -f build/variants.ninja build/NAME/...")
    for variant in OTHERS:
        has_benches = variant != "fuzz" and VARIANTS[variant][0] != MUSL_CC
        for kind in ("", "tests-", *(["benches-"] if has_benches else [])):
            write_target(n, f"{kind}{variant}", f"ninja -f {VARIANTS_FILE} {kind}{variant}",
                         *needs)
    write_target(n, "everything", f"ninja -f {VARIANTS_FILE}", "release", *needs)
    tests = " ".join(f"tests-{v}" for v in CHECKED if v != "release")
    write_target(n, "tests-others", f"ninja -f {VARIANTS_FILE} {tests}", *needs)


def write_target(n, name, command, *needs):
    n.build(f"build/{name}.never", "say", needs=needs, what=name, command=command)
    n.build(name, "phony", [f"build/{name}.never"])


def write_targets(n):
    n.comment("Targets")
    n.rule("say", "$command", description="$what", pool="console")
    n.rule("compdb", "ninja -t compdb cc-release > $out", description="compile_commands.json")
    n.build("compile_commands.json", "compdb", needs=["build.ninja"])
    tests = " ".join(f"build/{v}" for v in CHECKED)

    run = "build/release/statmark"
    n.comment("Man pages and completions, made from the --help of the program.")
    n.rule("manual", "python3 engine/cmd/line/manual.py $in build/release/manual",
           description="manual")
    manual = [n.build("build/release/manual/stamp", "manual", [run], needs=[
        "engine/cmd/line/manual.py", "README.md", *TOPIC_PROGRAMS, *TOPIC_SOURCES])]
    n.comment("A man page of section 3 for each function of the header.")
    n.rule("manual3", f"python3 {FLIST}/manual.py $in $out", description="manual of libflist")
    manual.append(n.build("build/release/man3/stamp", "manual3", [f"{FLIST}/flist.h"],
                          needs=[f"{FLIST}/manual.py"]))

    write_target(n, "test", "tests/run build/release", "tests-release")
    write_target(n, "check", f"tests/run --source {tests}", "tests-release", "benches-release",
                 "tests-others", *manual)
    write_target(n, "smoke", f"{run} run --quick --entries 2000 --dir build/trees -o build/smoke",
                 "release")
    write_target(n, "bench", f"{run} run -s '*,{BENCH_VARIANTS}' -j 1,2 --max-time 90 "
                 "--dir build/trees -o build/bench", "release")
    write_target(n, "plots", f"{run} report build/bench/run.json -o build/bench", "release")
    write_target(n, "example", f"{run} report reports/example/run.json -o build/example > "
                 "build/example.txt && for plot in latency ns-per-entry ratio scaling; do "
                 "cp build/example/$$plot.svg reports/example; done && "
                 f"{run} report reports/example/filesystems.json -o build/example-fs > "
                 "build/example-fs.txt && "
                 "cp build/example-fs/heat-map.svg reports/example/filesystems.svg && "
                 "tests/bench/draw_speeds reports/example/claim.tsv reports/example/bulk.tsv",
                 "release")
    for src in sorted(map(str, Path("tests/bench").glob("*.c"))):
        name = Path(src).stem
        if not name.startswith("with_"):
            write_target(n, f"bench-{name}", f"build/release/tests/bench/{name}",
                         "benches-release")
    write_target(n, "bench-selftest", f"tests/bench/selftest {run}", "release")
    write_target(n, "bench-adaptive", f"tests/bench/adaptive {run}", "release")
    write_target(n, "bench-bulk", f"tests/bench/bulk {run}", "release")
    write_target(n, "bench-bulk-table", f"tests/bench/bulk_table {run}", "release")
    write_target(n, "bench-report", f"tests/bench/report {run}", "release")
    write_target(n, "claim", f"tests/bench/claim {run}", "release")
    write_target(n, "gallery", f"tests/bench/gallery {run}", "release")
    write_target(n, "install", "python3 engine/package/install.py", "release", *manual)
    write_target(n, "tarball", "python3 engine/package/package.py tarball")
    write_target(n, "deb", "python3 engine/package/package.py deb")
    write_others(n)
    n.lines.append("default release compile_commands.json")


def manifest():
    n = Writer()
    write_shared(n)
    write_variant(n, "release")
    write_targets(n)
    return n.text()


def variants():
    """The other variants. They use build/pkg and build/gen, which build.ninja makes first."""
    n = Writer()
    n.variable("builddir", "build/variants")
    n.variable("pkg", "build")
    n.rule("ar", AR, description="ar $out")
    for variant in OTHERS:
        (write_musl if VARIANTS[variant][0] == MUSL_CC else write_variant)(n, variant)
    n.lines.append("default " + " ".join(OTHERS))
    return n.text()


def replace(path, text):
    """Writes the file atomically, and only if its content would change."""
    path = Path(path)
    if path.exists() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temp.write_text(text)
    os.replace(temp, path)
    return True


def pkg_config(what, modules):
    return subprocess.run(["pkg-config", what, *modules], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip() + "\n"


def found(packages):
    """Those modules of the packages that are installed."""
    return [module for module in packages.values()
            if not subprocess.run(["pkg-config", "--exists", module], check=False).returncode]


def given(*names):
    """Flags from the environment, which makers of packages set."""
    return " ".join(filter(None, (os.environ.get(name, "").strip() for name in names)))


def probe(outs):
    packages = TEST_DEPS if "test" in Path(outs[0]).name else BUILD_DEPS
    modules = {module: package for package, module in packages.items() if module}
    if not shutil.which("pkg-config"):
        sys.exit("statmark: package pkg-config is missing; ./configure.py --deps installs it")
    for module, package in modules.items():
        if subprocess.run(["pkg-config", "--exists", module], check=False).returncode:
            sys.exit(f"statmark: package {package} is missing; ./configure.py --deps installs it")
    optional = [] if packages is TEST_DEPS else found(OPTIONAL_DEPS)
    have = "".join(f"-DHAVE_{module.upper()} " for module in found(OPTIONAL_DEPS))
    cflags, libs = (pkg_config(what, [*modules, *optional]) for what in ("--cflags", "--libs"))
    for out, flags in zip(outs, (f"{have}{cflags}{given('CPPFLAGS', 'CFLAGS')}", libs,
                                 given("LDFLAGS"))):
        replace(out, flags.strip() + "\n")


NO_MUSL = """\
#!/bin/sh
# Used if musl-gcc is not installed. The programs that it makes are skipped tests.
while [ $# -gt 1 ]; do [ "$1" = -o ] && out=$2; shift; done
printf '#!/bin/sh\\necho musl-gcc is not installed\\nexit 77\\n' > "$out" && chmod +x "$out"
"""


def musl(folder):
    """Writes the command of the compiler for musl. It does not use the headers of the system."""
    found = shutil.which("musl-gcc")
    include = pkg_config("--variable=includedir", ["libxxhash"]).strip()
    (Path(folder) / "musl").mkdir(parents=True, exist_ok=True)
    replace(f"{folder}/musl/xxhash.h", Path(include, "xxhash.h").read_text())
    replace(f"{folder}/musl-cc", '#!/bin/sh\nexec musl-gcc "$@"\n' if found else NO_MUSL)
    Path(folder, "musl-cc").chmod(0o755)
    replace(f"{folder}/musl.cflags", f"-I{folder}/musl\n" if found else "\n")


def commit():
    """The commit, from git; a release has no repository, but a file with the commit."""
    if RELEASED.exists():
        return json.loads(RELEASED.read_text())["commit"]
    git = subprocess.run(["git", "-c", "safe.directory=*", "describe", "--always", "--dirty",
                          "--abbrev=12"], check=False, text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    return git.stdout.strip() or "unknown"


def facts(out):
    """Writes the facts about its build that the program shows: commit, versions of libraries."""
    modules = [*filter(None, BUILD_DEPS.values()), *found(OPTIONAL_DEPS)]
    libs = [(m, pkg_config("--modversion", [m]).strip()) for m in modules]
    rows = ", ".join(f'{{"{name}", "{version}"}}' for name, version in libs)
    # The path that it was built in does not matter.
    flags = [f" {flag}" for flag in given("CPPFLAGS", "CFLAGS").split()
             if "-prefix-map=" not in flag]
    replace(out, f'#define TOOL_COMMIT "{commit()}"\n'
                 f"#define TOOL_MORE_CFLAGS {json.dumps(''.join(flags))}\n"
                 f"#define TOOL_LIBS {rows}\n")


def packages_of(targets):
    """Packages that only some targets need."""
    packages = {}
    if "check" in targets:
        packages |= {**CHECK_DEPS, **BROWSER_DEPS, **READER_DEPS, **PACKAGE_DEPS}
    if "deb" in targets:
        packages |= PACKAGE_DEPS
    return packages


def install_axe():
    """Installs axe. If that fails, the tests that need it are skipped."""
    if Path(AXE_AT, "node_modules/axe-core/axe.min.js").exists() or not shutil.which("npm"):
        return
    Path(AXE_AT).mkdir(parents=True, exist_ok=True)
    if subprocess.run(["npm", "install", "--prefix", AXE_AT, "--no-save", "--no-audit", "--no-fund",
                       "--ignore-scripts", "--silent", AXE], check=False).returncode:
        print(f"statmark: npm cannot install {AXE}; the tests that need it are skipped",
              file=sys.stderr)


def deps(targets):
    packages = {**BUILD_DEPS, **OPTIONAL_DEPS, **RUN_DEPS, **LAB_DEPS, **GUEST_DEPS, **TEST_DEPS}
    packages |= packages_of(targets)
    if not shutil.which("apt-get"):
        sys.exit("statmark: not a Debian system; install: " + " ".join(packages))
    have = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Status}\n"], check=True,
                          text=True, stdout=subprocess.PIPE).stdout
    missing = [p for p in packages if f"{p} install ok installed\n" not in have]
    if missing:
        root = [] if os.geteuid() == 0 else ["sudo"]
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*root, "apt-get", "update", "-qq"], check=True, env=env)
        subprocess.run([*root, "apt-get", "install", "-y", "-qq", "--no-install-recommends",
                        *missing], check=True, env=env, stdout=sys.stderr)
    if "check" in targets:
        install_axe()
    if targets:
        os.execvp("ninja", ["ninja", *targets])


def main(argv):
    os.chdir(Path(__file__).resolve().parent)
    match argv:
        case []:
            replace("build.ninja", manifest())
        case ["--check"]:
            if Path("build.ninja").read_text() != manifest():
                sys.exit("statmark: build.ninja is out of date; run ./configure.py and commit it")
        case ["--variants", out]:
            replace(out, variants())
        case ["--deps", *targets]:
            deps(targets)
        case ["--probe", *outs]:
            probe(outs)
        case ["--musl", folder]:
            musl(folder)
        case ["--facts", out]:
            facts(out)
        case ["-h" | "--help"]:
            print(__doc__.strip())
        case _:
            print(f"statmark: configure.py: unknown arguments '{' '.join(argv)}'; see --help",
                  file=sys.stderr)
            sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
