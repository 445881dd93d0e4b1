#!/usr/bin/python3
"""Checks that debian-packages.txt supplies what the tree uses: pkg-config modules, Python modules, tools.

Needs the packages installed: it asks dpkg which one each file comes from. A dependency of a listed package
counts as listed, and so does what every Debian system has."""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("ar bash cc clang clang-format clang-tidy cmake ctest ctags curl expect gcc gcov gdb git ip "
         "iptables ld llvm-cov nc ncat ninja nm objcopy objdump perf pkg-config pytest python3 readelf script socat ss strace systemd-analyze telnet tmux "
         "valgrind").split()
PYTHON_FOLDERS = ("tests", "bench", "examples", "packaging")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout


def listed():
    lines = (ROOT / "packaging/debian-packages.txt").read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def installed():
    """Package -> (its first-choice dependencies, is it on every system)."""
    rows = run("dpkg-query", "-W", "-f", "${Package}\t${Pre-Depends}, ${Depends}\t${Essential} ${Priority}\n")
    found = {}
    for row in rows.splitlines():
        package, depends, always = row.split("\t")
        names = {re.split(r"[ (:|]", part.strip())[0] for part in depends.split(",")}
        found[package] = (names - {""}, "yes" in always or "required" in always)
    return found


def supplied(packages):
    """The packages with all they depend on."""
    known, result = installed(), set()
    waiting = set(packages) | {name for name, (_, always) in known.items() if always}
    while waiting:
        package = waiting.pop()
        result.add(package)
        waiting |= known.get(package, (set(), False))[0] - result
    return result


def owners(path):
    """Packages that the file may come from; /bin and /usr/bin are one place."""
    names = {str(path), os.path.realpath(path)}
    names |= {name[4:] for name in names if name.startswith("/usr/")}
    return {line.split(":")[0] for name in names for line in run("dpkg-query", "-S", name).splitlines()}


def python_files():
    return [path for folder in PYTHON_FOLDERS for path in (ROOT / folder).rglob("*.py")]


def used_modules():
    for call in re.findall(r"pkg_check_modules\(([^)]*)\)", "".join(
            path.read_text() for path in ROOT.rglob("CMakeLists.txt") if "build" not in path.parts)):
        for module in call.split("IMPORTED_TARGET")[-1].split():
            name = re.split(r"[<>=]", module)[0]
            folder = run("pkg-config", "--variable=pcfiledir", name).strip()
            yield f"pkg-config {name}", f"{folder}/{name}.pc"


def used_imports():
    names = set(re.search(r"set\(needs ([\w ]+)\)", (ROOT / "cmake/HubPython.cmake").read_text()).group(1).split())
    for path in python_files():
        names |= set(re.findall(r"^\s*(?:import|from)\s+(\w+)", path.read_text(), re.M))
    own = {path.stem for path in python_files()} | {path.parent.name for path in python_files()}
    for name in sorted(names - own - set(sys.stdlib_module_names)):
        spec = importlib.util.find_spec(name)
        yield f"import {name}", spec.origin if spec else f"(no module {name})"


def used_tools():
    shell = "\n".join(re.sub(r"#.*", "", (ROOT / name).read_text()) for name in ("dev", ".ci/run"))
    python = "\n".join(path.read_text() for path in python_files() if path.resolve() != Path(__file__).resolve())
    build = (ROOT / "CMakePresets.json").read_text().lower()
    for tool in TOOLS:
        word = re.escape(tool)
        if (re.search(rf"(^|[\s(;|&]){word}\s", shell) or re.search(rf"""["']{word}["']""", python)
                or f'"{tool}"' in build):
            yield f"tool {tool}", shutil.which(tool, path="/usr/bin:/bin:/usr/sbin:/sbin") or f"(no program {tool})"


def main():
    names = listed()
    have = supplied(names)
    bad = [f"{package}: listed, not installed" for package in sorted(names - set(installed()))]
    for what, path in [*used_modules(), *used_imports(), *used_tools()]:
        if not owners(path) & have:
            bad.append(f"{what}: {path} comes from {sorted(owners(path)) or 'no package'}, which is not listed")
    print("\n".join(bad) or "packages: all that is used is listed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
