#!/usr/bin/env python3
"""Shows that the simulator sees: breaks the cores by one patch at a time, and some seed must fail.

  mutants.py                      every patch of tests/sim/mutants
  mutants.py epoch_not_raised     only these

Works on a copy of the tree in build/mutants; only the cores and the simulator are built there. The clean copy must
stand the same seeds.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "sim" / "mutants"
PLACE = ROOT / "build" / "mutants"
SOURCE, BUILD = PLACE / "source", PLACE / "build"
COUNT = 1000
PATIENCE_S = 600


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}")


def prepare():
    """A copy whose files keep their times, so that only what a patch changes is built again."""
    SOURCE.mkdir(parents=True, exist_ok=True)
    listed = run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).stdout.splitlines()
    for name in listed:
        old, new = ROOT / name, SOURCE / name
        if old.is_file() and (not new.exists() or new.read_bytes() != old.read_bytes()):
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(old, new)
    must("cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DHUB_TESTS=ON")


def build():
    return run("cmake", "--build", BUILD, "--target", "sim").returncode == 0


def simulate():
    """(what broke, the seed) or (None, None)."""
    try:
        done = run(BUILD / "bin" / "tests" / "sim", str(COUNT), cwd=SOURCE, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return "it does not come to an end", "?"
    if done.returncode == 0:
        return None, None
    broken = re.search(r"^BROKEN: (.*)$|^.*Assertion .*$", done.stdout, re.M)
    seed = re.search(r"^SEED=(\S+)", done.stdout, re.M)
    return (broken.group(0) if broken else done.stdout[-200:].strip()), (seed.group(1) if seed else "?")


def try_patch(patch):
    must("patch", "-p1", "-s", "-i", patch, cwd=SOURCE)
    try:
        return simulate() if build() else ("it does not compile", "-")
    finally:
        must("patch", "-p1", "-s", "-R", "-i", patch, cwd=SOURCE)


def main(names):
    prepare()
    if not build():
        sys.exit("the clean tree does not build")
    broken, seed = simulate()
    if broken:
        sys.exit(f"the clean tree fails: seed {seed}: {broken}")
    unseen = []
    patches = [PATCHES / f"{name}.patch" for name in names] or sorted(PATCHES.glob("*.patch"))
    for patch in patches:
        began = time.monotonic()
        broken, seed = try_patch(patch)
        number = int(seed, 16) if seed and seed.startswith("0x") else seed
        print(f"{patch.stem}: " + (f"seen at seed {number}: {broken}" if broken else f"NOT SEEN in {COUNT} seeds")
              + f" ({time.monotonic() - began:.0f} s)", flush=True)
        if not broken or broken == "it does not compile":
            unseen.append(patch.stem)
    print(f"{len(patches) - len(unseen)} of {len(patches)} seen")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
