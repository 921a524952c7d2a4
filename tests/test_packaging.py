"""sdist -> wheel -> a fresh environment, without a network.

The build backend is the one installed beside the tests (``build --no-isolation``). The fresh
environment has its own site-packages with nothing but the wheel; the dependencies come from the
environment of the tests through a ``.pth`` line. Such a line adds that folder to the path but does
not run the ``.pth`` files in it, so the editable install of the checkout stays out of sight.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--sdist", "--no-isolation", "-o", folder, root, cwd=folder)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the unpacked sdist, in a folder with a space in its path."""
    folder = tmp_path_factory.mktemp("from sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    out = folder / "wheel"
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, source, cwd=folder)
    (made,) = out.iterdir()
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` folder of a fresh environment with the wheel."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    options = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "--python", python, "install", *options, wheel, cwd=folder)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = sysconfig.get_path("purelib")
    (folder / "lib" / version / "site-packages/of_the_tests.pth").write_text(packages + "\n")
    return python.parent


def test_the_sdist_holds_each_file_once_and_no_links(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    names = [member.name.split("/", 1)[-1] for member in members]
    assert [member.name for member in members if member.issym() or member.islnk()] == []
    assert {"pyproject.toml", "LICENSE", "README.md", "queries/__init__.py"} <= set(names)
    assert not [name for name in names if name.startswith(("tracemap/queries", ".venv"))]


def test_the_wheel_installs_one_import_package(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert wheel.name.startswith("tracemap_otel-")
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"tracemap"}
    assert "tracemap/py.typed" in names

    links = {"collectors": "tracemap/collectors", "queries": "tracemap/queries"}
    for room, place in links.items():
        files = [p for p in (root / room).rglob("*") if p.suffix in (".py", ".sql")]
        assert files
        assert {f"{place}/{p.relative_to(root / room).as_posix()}" for p in files} <= names


def test_the_command_runs(installed: Path, tmp_path: Path) -> None:
    version = run(installed / "tracemap", "--version", cwd=tmp_path)
    listed = run(
        installed / "python",
        "-c",
        "import importlib.metadata as m; print(m.version('tracemap-otel'))",
        cwd=tmp_path,
    )
    assert listed.strip() in version


def test_the_installed_package_finds_its_queries(installed: Path, tmp_path: Path) -> None:
    script = """
import importlib.util, json
import tracemap
from tracemap import queries

queries.check()
print(json.dumps({
    "file": tracemap.__file__,
    "statements": sum(len(queries.room(r)) for r in (*queries.ROOMS, *queries.OPEN)),
    "bare": [r for r in ("collectors", "queries", "tests") if importlib.util.find_spec(r)],
}))
"""
    told = json.loads(run(installed / "python", "-c", script, cwd=tmp_path))
    assert Path(told["file"]).is_relative_to(installed.parent)
    assert told["statements"] > 0
    assert told["bare"] == []


def test_every_module_of_the_wheel_can_be_imported(
    wheel: Path, installed: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if name.endswith(".py")]
    modules = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files
    ]
    imported = [name for name in modules if not name.endswith("__main__")]
    assert "tracemap.queries" in imported
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    run(installed / "python", "-W", "error", "-c", script, *imported, cwd=tmp_path)
