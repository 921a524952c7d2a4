"""What stands in deploy/ is what tracemap takes: flags, ports, metrics, paths and times exist."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import front
import pytest
import yaml
from load.serving import serving
from typer.testing import CliRunner

from tracemap.cli.app import app
from tracemap.collectors.otlp.signals import SIGNALS
from tracemap.recovery import _CONFIG
from tracemap.web.api_thread import GRACE
from tracemap.web.server import Options, Server

DEPLOY = front.ROOT / "deploy"
UNIT = DEPLOY / "tracemap.service"
DOCKERFILE = DEPLOY / "Dockerfile"
#: Seconds within which a server ends, its checkpoint aside: receivers, then the API.
STOPS = 12 + GRACE + 5


def read(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def options() -> set[str]:
    """What ``tracemap serve`` takes."""
    told = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).stdout
    return set(re.findall(r"--[a-z][a-z-]+", told))


def check_options(arguments: list[str]) -> None:
    used = {one.partition("=")[0] for one in arguments if one.startswith("--")}
    assert used <= options(), f"serve does not take {sorted(used - options())}"


def starts(db: Path, arguments: list[str]) -> None:
    """A server starts with these arguments, but for its ports, and the probe sees it."""
    given = [a for a in arguments if a not in {"--grpc", "--http"} and ":43" not in a]
    with serving(db, *given, "--web", "off") as served:
        probe = _probe().replace("/var/lib/tracemap/tracemap.duckdb.sock", str(served.socket))
        subprocess.run([sys.executable, "-c", probe], check=True, timeout=60)
        served.stop()
        unwell = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False)
        assert unwell.returncode != 0


# --- systemd --------------------------------------------------------------------------------------


def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read_string(UNIT.read_text(encoding="utf-8"))
    return found


def test_the_unit_starts_what_there_is() -> None:
    service = unit()["Service"]
    program, command, *rest = shlex.split(service["ExecStart"])
    assert program.endswith("/tracemap")
    assert command == "serve"
    check_options(rest)
    assert service["Type"] == "notify"  # see test_serve.py
    assert service["Environment"].startswith("TRACEMAP_DB=/var/lib/tracemap/")
    assert service["StateDirectory"] == "tracemap"
    assert float(service["TimeoutStopSec"].removesuffix("s")) > 2 * STOPS


def test_the_unit_confines_what_it_starts() -> None:
    service = unit()["Service"]
    assert service["User"] != "root"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    # polars asks for memory that can be executed to find out about its processor (tried).
    assert "MemoryDenyWriteExecute" not in service


def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    # It looks for the program, which is installed elsewhere here.
    text = UNIT.read_text(encoding="utf-8").replace("/opt/tracemap/bin/tracemap", sys.executable)
    copy = tmp_path / "tracemap.service"
    copy.write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "tracemap.service" in line]
    assert not said, said


@pytest.mark.slow
def test_a_server_starts_with_its_configuration(tmp_path: Path) -> None:
    file = DEPLOY / "tracemap.toml"
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    assert told["grpc"].startswith("127.0.0.1:")
    assert told["http"].startswith("127.0.0.1:")
    starts(tmp_path / "a.duckdb", ["--config", str(file)])


# --- Docker ---------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"))
    lines = re.sub(r"\\\n", " ", text).splitlines()
    return [(word, rest.strip()) for word, _, rest in (x.partition(" ") for x in lines) if rest]


def last(word: str) -> str:
    return [rest for found, rest in instructions() if found == word][-1]


def _probe() -> str:
    command = last("HEALTHCHECK").partition("CMD ")[2]
    python, minus_c, code = json.loads(command)
    assert (python, minus_c) == ("python", "-c")
    return str(code)


def test_every_base_has_a_name_and_a_version() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    for base in bases:
        name, _, tag = base.partition(":")
        assert "/" not in name, "the default name, so that every mirror can serve it"
        assert tag
        assert tag != "latest"
        minor = tuple(map(int, tag.partition("-")[0].split(".")))
        assert minor >= (3, 11)


def test_the_image_runs_as_nobody_special_from_what_the_lock_says() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", last("USER"))
    assert "--require-hashes" in text
    assert "--no-deps" in text
    assert "://" not in text, "an address of a registry or a mirror"
    assert "hatchling==" in (front.ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (front.ROOT / source).exists(), source
                assert f"!{source}" in ignored, source


@pytest.mark.slow
def test_the_images_command_starts_and_its_probe_sees_it(tmp_path: Path) -> None:
    command, *arguments = json.loads(last("CMD"))
    assert json.loads(last("ENTRYPOINT")) == ["tracemap"]
    assert command == "serve"
    check_options(arguments)
    starts(tmp_path / "a.duckdb", arguments)


# --- Kubernetes, the Collector, Prometheus --------------------------------------------------------


def documents(name: str) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(read(name)) if found]


def test_kubernetes_runs_one_writer_and_gives_it_time() -> None:
    service, stateful = documents("kubernetes.yaml")
    assert stateful["kind"] == "StatefulSet"
    assert stateful["spec"]["replicas"] == 1
    pod = stateful["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > 2 * STOPS
    assert pod["securityContext"]["runAsUser"] == int(last("USER").partition(":")[0])
    (container,) = pod["containers"]
    command, *arguments = container["args"]
    assert command == "serve"
    check_options(arguments)
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    ports = {one["name"] for one in container["ports"]}
    assert {one["targetPort"] for one in service["spec"]["ports"]} == ports
    probes = [container[f"{name}Probe"] for name in ("startup", "readiness", "liveness")]
    codes = [probe["exec"]["command"][-1] for probe in probes]
    assert codes == [_probe()] * 2 + [_probe().replace("/readyz", "/healthz")]
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    assert mounted == {"/var/lib/tracemap", "/tmp"}  # all that it writes to
    assert service["spec"]["selector"] == stateful["spec"]["selector"]["matchLabels"]


#: Of the Collector's otlp exporter (its configgrpc, configretry and exporterhelper), what we set.
_EXPORTER = {"endpoint", "tls", "compression", "sending_queue", "retry_on_failure"}
_QUEUE = {"enabled", "storage", "queue_size"}
_RETRY = {"enabled", "initial_interval", "max_interval", "max_elapsed_time"}


def test_the_collector_exports_to_where_tracemap_listens() -> None:
    (config,) = documents("collector.yaml")
    exporter = config["exporters"]["otlp/tracemap"]
    assert set(exporter) <= _EXPORTER
    assert set(exporter["sending_queue"]) <= _QUEUE
    assert set(exporter["retry_on_failure"]) <= _RETRY
    assert exporter["endpoint"] == Options(Path("a")).grpc
    assert exporter["compression"] == "gzip"
    pipelines = config["service"]["pipelines"]
    assert set(pipelines) <= {signal.name for signal in SIGNALS}
    for pipeline in pipelines.values():
        for part in ("receivers", "processors", "exporters"):
            assert set(pipeline[part]) <= set(config[part])
        assert pipeline["exporters"] == ["otlp/tracemap"]
    assert set(config["service"]["extensions"]) == set(config["extensions"])
    assert exporter["sending_queue"]["storage"] in config["extensions"]
    # It must not listen where tracemap does.
    taken = {Options(Path("a")).grpc, Options(Path("a")).http}
    assert not taken & {r["endpoint"] for r in config["receivers"]["otlp"]["protocols"].values()}


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import httpx

    db = tmp_path_factory.mktemp("metrics") / "a.duckdb"
    with Server(Options(db, grpc=None, http="127.0.0.1:0")) as server:
        assert server.listening is not None
        transport = httpx.HTTPTransport(uds=server.listening.socket)
        with httpx.Client(transport=transport, base_url="http://x", timeout=60) as client:
            yield client.get("/metrics").text


def test_alerts_speak_of_metrics_that_exist(metrics: str) -> None:
    (rules,) = documents("prometheus-alerts.yaml")
    known = set(re.findall(r"^# TYPE (\S+)", metrics, re.MULTILINE))
    alerts = rules["groups"][0]["rules"]
    for alert in alerts:
        named = {n.removesuffix("_bucket") for n in re.findall(r"tracemap_\w+", alert["expr"])}
        assert named <= known, alert["alert"]
        assert {"alert", "expr", "for", "labels", "annotations"} == set(alert)
    told = (front.ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    for alert in alerts:
        assert f"`{alert['alert']}`" in told


def test_promtool_has_nothing_to_say_against_them() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not here")
    alerts = str(DEPLOY / "prometheus-alerts.yaml")
    subprocess.run(["promtool", "check", "rules", alerts], check=True)


def test_the_log_that_may_grow_is_as_large_as_the_pages_say() -> None:
    assert _CONFIG["checkpoint_threshold"] == "256MB"
    told = (front.ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert "256 MB" in told
