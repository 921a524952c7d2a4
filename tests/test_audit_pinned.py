"""The audit, the gaps and the map of the recordings, word for word as somebody reviewed them.

(The demo's are pinned by the test that runs it.)
"""

from __future__ import annotations

from pathlib import Path

import audit_world as world
import pytest
from pinned import pinned
from typer.testing import CliRunner

from tracemap.cli.app import app

RUNNER = CliRunner()
#: What is pinned of each: the words, and the ending of the file.
OUTPUTS = (
    (("audit",), "audit.txt"),
    (("owners", "gaps"), "gaps.txt"),
    (("owners", "gaps", "--steps"), "steps.txt"),
    (("map", "export"), "map.yaml"),
    (("map", "export", "--format", "md"), "map.md"),
)


@world.needs_recordings
@pytest.mark.parametrize("name", ["temporal-spans", "rabbitmq-pika", "kafka-confluent"])
def test_a_recording_is_audited_as_reviewed(tmp_path: Path, name: str) -> None:
    with world.recording(tmp_path, name) as opened:
        opened.executions()  # kept open, and analysed once for all five
        for words, ending in OUTPUTS:
            db = tmp_path / f"{name}.duckdb"
            done = RUNNER.invoke(app, [*words, "--db", str(db)], env={"COLUMNS": "120"})
            assert done.exit_code == 0, (done.output, done.exception)
            pinned(f"{name}.{ending}", done.stdout)
