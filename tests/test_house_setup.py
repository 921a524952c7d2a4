"""``tools/venv.sh``: which Python it takes, and what it says when it finds none that will do.

The interpreters here are small scripts, so that each kind of machine can be had on one.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

#: What the script may expect of any POSIX machine.
TOOLS = ("cat", "cksum", "dirname", "grep", "mkdir", "rm", "sed", "sh")

OLD = "exit 1"  # every question about the version is answered with no
NO_ENSUREPIP = """\
case "$2" in
    *ensurepip*) exit 1 ;;
    *print*) echo 3.12 ;;
esac
"""
# Makes a .venv whose python notes what it is asked to do.
GOOD = """\
case "$1" in
    -m) mkdir -p .venv/bin
        {
            echo '#!/bin/sh'
            echo 'if [ "$1" = -m ]; then echo "$*" >>pip.log; exit "${FAIL:-0}"; fi'
            echo 'case "$2" in *base_prefix*) echo here ;; esac'
        } >.venv/bin/python
        chmod +x .venv/bin/python
        echo made >>made.log ;;
    -c) case "$2" in *base_prefix*) echo here ;; *print*) echo Python 3.12.1 ;; esac ;;
esac
"""


class Machine:
    """A checkout in a folder with a space, and a PATH with nothing but what a test puts there."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.bin = folder / "bin"
        self.checkout = folder / "a checkout"
        self.bin.mkdir()
        (self.checkout / "tools").mkdir(parents=True)
        for name in ("tools/venv.sh", "requirements.txt", "requirements-dev.txt", "pyproject.toml"):
            shutil.copy(root / name, self.checkout / name)
        for name in (*TOOLS, "chmod"):
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)

    def python(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\nexit 0\n")
        path.chmod(0o755)

    def setup(self, what: str = "dev", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(self.checkout / "tools/venv.sh"), what],
            cwd=self.bin,
            env={"PATH": str(self.bin), **env},
            capture_output=True,
            text=True,
            check=False,
        )

    def log(self, name: str) -> list[str]:
        path = self.checkout / name
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path, root: Path) -> Machine:
    return Machine(tmp_path, root)


def test_no_python(machine: Machine) -> None:
    done = machine.setup()
    assert done.returncode == 1
    assert done.stderr.startswith("tracemap needs Python 3.11 or later and found none")


def test_an_old_python(machine: Machine) -> None:
    machine.python("python3", OLD)
    done = machine.setup()
    assert done.returncode == 1
    assert "found none" in done.stderr


def test_a_python_without_ensurepip(machine: Machine) -> None:
    machine.python("python3", NO_ENSUREPIP)
    done = machine.setup()
    assert done.returncode == 1
    assert "python3 (Python 3.12) cannot make a virtual environment" in done.stderr
    assert "apt install python3.12-venv" in done.stderr


def test_a_named_python_that_is_none(machine: Machine) -> None:
    machine.python("python3", GOOD)
    done = machine.setup(PYTHON="/absent/python")
    assert done.returncode == 1
    assert done.stderr == (
        "PYTHON=/absent/python is not a Python 3.11 or later. Give the path of one that is.\n"
    )


def test_a_named_python_makes_the_environment_anew(machine: Machine) -> None:
    machine.python("python3", GOOD)
    machine.python("other", GOOD.replace("echo here", "echo elsewhere"))
    assert machine.setup().returncode == 0
    assert machine.setup(PYTHON=str(machine.bin / "python3")).stderr == ""
    assert machine.setup(PYTHON=str(machine.bin / "other")).returncode == 0
    assert machine.log("made.log") == ["made", "made"]


def test_a_later_python_is_found_behind_an_old_one(machine: Machine) -> None:
    machine.python("python3", OLD)
    machine.python("python3.13", GOOD)
    assert machine.setup().returncode == 0
    assert machine.log("made.log") == ["made"]


def test_the_install_is_locked_and_done_once(machine: Machine) -> None:
    machine.python("python3", GOOD)
    assert machine.setup().returncode == 0
    locked, package = machine.log("pip.log")
    assert "--require-hashes -r requirements-dev.txt" in locked
    assert "--no-deps --no-build-isolation --editable ." in package

    again = machine.setup()
    assert (again.returncode, again.stderr) == (0, "")
    assert machine.setup("run").returncode == 0  # covered by what the tests need
    assert len(machine.log("pip.log")) == 2


def test_the_demo_installs_no_tools_of_the_tests(machine: Machine) -> None:
    machine.python("python3", GOOD)
    assert machine.setup("run").returncode == 0
    assert "-r requirements.txt" in machine.log("pip.log")[0]
    assert machine.setup("dev").returncode == 0
    assert "-r requirements-dev.txt" in machine.log("pip.log")[2]
    assert machine.log("made.log") == ["made"]


@pytest.mark.parametrize("name", ["requirements-dev.txt", "pyproject.toml"])
def test_a_changed_file_installs_again(machine: Machine, name: str) -> None:
    machine.python("python3", GOOD)
    machine.setup()
    with (machine.checkout / name).open("a") as file:
        file.write("# changed\n")
    assert machine.setup().returncode == 0
    assert len(machine.log("pip.log")) == 4
    assert machine.log("made.log") == ["made"]


def test_a_failed_install_says_so_and_is_taken_up_again(machine: Machine) -> None:
    machine.python("python3", GOOD)
    machine.setup()
    with (machine.checkout / "requirements-dev.txt").open("a") as file:
        file.write("# changed\n")
    broken = machine.setup(FAIL="1")
    assert broken.returncode == 1
    assert "The locked dependencies could not be installed" in broken.stderr
    resumed = machine.setup()
    assert (resumed.returncode, "Installing" in resumed.stderr) == (0, True)
    assert machine.setup().stderr == ""
    assert machine.log("made.log") == ["made"]


def test_a_moved_checkout_gets_a_new_environment(machine: Machine) -> None:
    machine.python("python3", GOOD)
    machine.setup()
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("moved"))
    assert machine.setup().returncode == 0
    assert machine.log("made.log") == ["made", "made"]


def test_a_wrong_word(machine: Machine) -> None:
    done = machine.setup("everything")
    assert done.returncode == 2
    assert "usage:" in done.stderr
