"""Writes ``sample_traces/`` anew: ``PYTHONPATH=tests python -m scenarios.build``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from textwrap import dedent
from typing import Any

import yaml

from scenarios import (
    catalog_attack,
    catalog_attack_messages,
    catalog_attack_time,
    catalog_behaviours,
    catalog_brokers,
    catalog_data,
    catalog_duplicated,
    catalog_endings,
    catalog_instrumentations,
    catalog_keys,
    catalog_libraries,
    catalog_logs,
    catalog_messages,
    catalog_orphaned,
    catalog_ownership,
    catalog_ownership_files,
    catalog_ownership_gaps,
    catalog_parents,
    catalog_receptions,
    catalog_redelivery,
    catalog_repeated,
    catalog_set_aside,
    catalog_stalled,
    catalog_telemetry,
    registry,
)
from scenarios.builder import Scenario

#: Importing a catalog registers its scenarios.
CATALOGS = (
    catalog_attack,
    catalog_attack_messages,
    catalog_attack_time,
    catalog_behaviours,
    catalog_brokers,
    catalog_data,
    catalog_duplicated,
    catalog_endings,
    catalog_instrumentations,
    catalog_keys,
    catalog_libraries,
    catalog_messages,
    catalog_logs,
    catalog_orphaned,
    catalog_ownership,
    catalog_ownership_files,
    catalog_ownership_gaps,
    catalog_parents,
    catalog_receptions,
    catalog_redelivery,
    catalog_repeated,
    catalog_set_aside,
    catalog_stalled,
    catalog_telemetry,
)

ROOT = Path(__file__).resolve().parents[2] / "sample_traces"
#: At the top of ``sample_traces/``, written by hand.
KEPT = {"README.md"}


def files(scenario: Scenario) -> dict[str, str]:
    """Return the files of a scenario's folder: name -> text."""
    expected = json.dumps(scenario.expectations(), indent=2, ensure_ascii=False)
    out = {
        "input.otlp.jsonl": "".join(f"{line}\n" for line in scenario.lines()),
        "expected.json": f"{expected}\n",
        "README.md": _readme(scenario),
    }
    if scenario.ownership is not None:
        out["ownership.yaml"] = yaml.safe_dump(scenario.ownership, sort_keys=False)
    return out | {path: dedent(text).lstrip("\n") for path, text in scenario.catalogs.items()}


def _readme(scenario: Scenario) -> str:
    title, _, body = scenario.text.partition("\n")
    parts = [f"# {title.rstrip('.')}", body.strip(), _verdict(scenario)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdict(scenario: Scenario) -> str:
    lines = [f"- {_finding(finding)}" for finding in scenario.findings]
    out = "Findings:\n\n" + "\n".join(lines) if lines else "Findings: none."
    if scenario.lookalike_of:
        rules = ", ".join(scenario.lookalike_of)
        out += f"\n\nIt looks like {rules}, and must not be reported as such."
    return out


def _finding(finding: dict[str, Any]) -> str:
    words = [f"{finding['rule']}"]
    if finding["correlation"]:
        words.append(f"for `{finding['correlation']}`")
    if finding.get("service"):
        words.append(f"at {finding['service']}")
    if finding.get("team"):
        words.append(f"(team {finding['team']})")
    return " ".join(words)


def write(root: Path = ROOT) -> None:
    """Write the folders of all scenarios below ``root`` and remove those of none."""
    root.mkdir(exist_ok=True)
    known = set(registry.names())
    for entry in root.iterdir():
        if entry.name not in known | KEPT:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for name in sorted(known):
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file, text in files(registry.build(name)).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()
