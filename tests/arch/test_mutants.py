"""The patches that the simulator has to notice still apply: one that does not shows nothing."""
import subprocess

import pytest

import tree


@pytest.mark.parametrize("patch", sorted(tree.ROOT.glob("tests/sim/mutants/*.patch")), ids=lambda path: path.stem)
def test_a_patch_of_the_simulators_applies(patch):
    # Outside of any repository: what it says is about the files, whatever git thinks of them.
    done = subprocess.run(["git", "apply", "--check", "--unsafe-paths", "--directory", tree.ROOT, patch],
                          cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
