"""Personal data is changed before it is stored, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import front
import httpx
import otlp_logs
import otlp_requests as otlp
import pytest
from hypothesis import given, settings
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_requests import attribute, span
from typer.testing import CliRunner

import tracemap
from tracemap.batch import SpanBatch
from tracemap.cli.app import app
from tracemap.collectors.otlp import decode, encode, logs
from tracemap.errors import InputError
from tracemap.redaction import Redaction
from tracemap.settings import Settings
from tracemap.store import Store
from tracemap.web.server import Options, Server

RUNNER = CliRunner()
KEY = bytes(32)
SECRET = "ada@example.org"


def redact(batch: SpanBatch, *rules: str) -> SpanBatch:
    return Redaction(rules, KEY).apply(batch)


def pairs(batch: SpanBatch, table: str = "spans", row: int = 0) -> dict[str, str]:
    found = getattr(batch, table).to_pylist()[row]
    shape = batch.shapes[found["shape_no"]]
    return dict(zip(shape.keys, found["vals"], strict=True))


def nested(**values: AnyValue) -> AnyValue:
    value = AnyValue()
    value.kvlist_value.SetInParent()
    for key, item in values.items():
        value.kvlist_value.values.add(key=key, value=item)
    return value


def text(value: str) -> AnyValue:
    return AnyValue(string_value=value)


def everywhere() -> SpanBatch:
    """The secret in every attribute list that there is, and an innocent attribute beside it."""
    both = [attribute("user.email", string_value=SECRET), attribute("n", int_value=5)]
    message = otlp.request(
        span(
            attributes=both,
            events=[Span.Event(name="e", attributes=both)],
            links=[Span.Link(trace_id=otlp.TRACE, span_id=otlp.SPAN, attributes=both)],
        ),
        span("innocent", attributes=both[1:]),
    )
    message.resource_spans[0].resource.attributes.extend(both)
    message.resource_spans[0].scope_spans[0].scope.attributes.extend(both)
    return decode.decode([message.SerializeToString()])


def said(batch: SpanBatch) -> str:
    """All that an export of it says."""
    return b"".join(encode.to_json(batch)).decode()


@pytest.mark.parametrize("action", ["drop", "hash", "mask"])
def test_nothing_is_left_of_it_anywhere(action: str) -> None:
    batch = everywhere()
    assert said(batch).count(SECRET) == 5
    found = redact(batch, f"user.*={action}")
    assert SECRET not in said(found)
    kept = {
        "drop": None,
        "hash": pairs(found)["user.email"] if action == "hash" else "",
        "mask": "***",
    }[action]
    for table in ("spans", "events", "links"):
        assert pairs(found, table).get("user.email") == kept
        assert pairs(found, table)["n"] == "5"
    assert pairs(found, row=1) == {"n": "5"}
    dropped = int(action == "drop")
    assert found.spans["dropped_attributes"].to_pylist() == [dropped, 0]
    (resource,), (scope,) = found.resources, found.scopes
    assert (resource.dropped_attributes, scope.dropped_attributes) == (dropped, dropped)
    assert (
        dict(zip(found.shapes[resource.shape].keys, resource.values, strict=True))["service.name"]
        == "shop"
    )
    with_store = decode.decode(list(encode.to_protobuf(found)))
    assert said(with_store) == said(found)


def test_a_count_that_is_full_stays_so() -> None:
    message = otlp.request(span(attributes=[attribute("a")], dropped_attributes_count=2**32 - 1))
    scope = message.resource_spans[0].scope_spans[0].scope
    scope.attributes.append(attribute("a"))
    scope.dropped_attributes_count = 2**32 - 1
    found = redact(decode.decode([message.SerializeToString()]), "a=drop")
    assert found.scopes[0].dropped_attributes == 2**32 - 1
    assert found.spans["dropped_attributes"].to_pylist() == [2**32 - 1]


def in_text() -> SpanBatch:
    """The secret in every text that there is, and beside it what looks like it and is none."""
    told = f"to {SECRET}, again {SECRET}"
    array = AnyValue()
    array.array_value.values.extend(
        [text(told), AnyValue(int_value=4711), AnyValue(bytes_value=b"x")]
    )
    some = [
        attribute("said", string_value=told),
        attribute("n", int_value=4711),
        KeyValue(key="map", value=nested(inner=text(told), n=AnyValue(int_value=4711))),
        KeyValue(key="list", value=array),
    ]
    message = otlp.request(
        span(
            f"mail {SECRET}",
            attributes=some,
            status={"message": told, "code": 2},
            events=[Span.Event(name=told, attributes=some)],
            links=[Span.Link(trace_id=otlp.TRACE, span_id=otlp.SPAN, attributes=some)],
        ),
        span("innocent"),
    )
    scope = message.resource_spans[0].scope_spans[0].scope
    scope.name = told
    scope.attributes.extend(some)
    message.resource_spans[0].resource.attributes.extend(some)
    return decode.decode([message.SerializeToString()])


def test_a_pattern_is_masked_in_every_text() -> None:
    batch = in_text()
    assert said(batch).count(SECRET) > 30
    found = redact(batch, r"/[^ ,\"]+@[^ ,\"]+|4711/=mask")
    assert SECRET not in said(found)
    expected = said(batch).replace(SECRET, "***")
    assert json.loads(said(found)) == json.loads(expected), "nothing else changed, numbers too"
    assert redact(batch, "/no such text/=mask").spans.equals(batch.spans)
    assert said(redact(batch, "said=drop", "/@/=mask")).count("said") == 0


def test_a_pattern_is_masked_in_log_records() -> None:
    record = otlp_logs.log(f"mail {SECRET}", event_name=SECRET, severity_text=SECRET)
    record.attributes.append(attribute("to", string_value=SECRET))
    other = otlp_logs.log("x")
    other.body.CopyFrom(nested(to=text(SECRET)))
    batch = logs.decode([otlp_logs.body(record, other)])
    found = redact(batch, "/[a-z]+@[a-z.]+/=mask")
    assert SECRET not in str(found.logs.to_pylist())
    assert found.logs["body"].to_pylist() == ["mail ***", '{"to":"***"}']


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("/(/=mask", "is no regular expression"),
        ("/(?=x)/=mask", "is no regular expression"),
        ("/x*/=mask", "is found in every text"),
        ("/x/=hash", "cannot be replaced by hash"),
    ],
)
def test_a_pattern_that_cannot_be(rule: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Redaction([rule], KEY)


def test_equal_values_have_equal_hashes_and_join() -> None:
    ids = AnyValue()
    ids.array_value.values.extend([text("4711"), AnyValue(int_value=4712)])
    batch = decode.decode(
        [
            otlp.body(
                span(attributes=[attribute("order.id", string_value="4711")]),
                span(attributes=[attribute("order.id", int_value=4711)]),
                span(attributes=[KeyValue(key="order.ids", value=ids)]),
            )
        ]
    )
    rules = Redaction(["order.*=hash"], KEY)
    found = rules.apply(batch)
    one, same, several = (next(iter(pairs(found, row=n).values())) for n in range(3))
    assert one == same
    assert several.startswith(f'["{one}","h-')
    assert rules.stored("order.id", "4711") == one
    assert rules.apply(found).spans.equals(found.spans), "what is hashed is not hashed again"
    assert pairs(Redaction(["order.*=hash"], b"other").apply(batch))["order.id"] != one


def test_keys_within_values_are_found() -> None:
    customer = nested(email=text(SECRET), id=text("7"), address=nested(street=text("Elm")))
    odd = nested(email=text(SECRET), raw=AnyValue(bytes_value=b"x"))  # kept as OTLP/JSON
    listed = AnyValue()
    listed.array_value.values.extend([nested(email=text(SECRET)), text("plain")])
    message = otlp.request(
        span(
            attributes=[
                KeyValue(key="customer", value=customer),
                KeyValue(key="odd", value=odd),
                KeyValue(key="listed", value=listed),
            ]
        )
    )
    batch = decode.decode([message.SerializeToString()])
    assert said(batch).count(SECRET) == 3
    found = redact(batch, "customer.id=drop", "email=mask", "customer.address.*=drop")
    assert SECRET not in said(found)
    assert pairs(found)["customer"] == '{"email":"***","address":{}}'
    assert pairs(found)["listed"] == '[{"email":"***"},"plain"]'
    assert '"raw"' in pairs(found)["odd"]
    assert SECRET not in said(redact(batch, "email=hash"))
    assert SECRET not in said(redact(batch, "email=drop"))


def test_the_first_rule_that_fits_decides() -> None:
    batch = everywhere()
    assert redact(batch, "user.email=keep", "*=drop").spans["vals"].to_pylist() == [[SECRET], []]


def test_bodies_are_named_apart() -> None:
    batch = logs.decode(
        [
            otlp_logs.body(
                otlp_logs.log(SECRET),
                otlp_logs.log(body=nested(email=text(SECRET), n=AnyValue(int_value=1))),
            )
        ]
    )
    assert redact(batch, "*=mask", "email=keep").logs["body"].to_pylist() == [
        SECRET,
        '{"email":"***","n":"***"}',
    ]
    assert redact(batch, "body=mask").logs["body"].to_pylist() == ["***", "***"]
    gone = redact(batch, "body=drop").logs
    assert (gone["body_type"].to_pylist(), gone["body"].to_pylist()) == ([0, 0], ["", ""])
    hashed = redact(batch, "body=hash").logs["body"].to_pylist()
    assert all(len(one) == 34 for one in hashed)


@settings(max_examples=40)
@given(otlp.requests())
def test_whatever_comes_is_redacted_or_untouched(sent: Any) -> None:
    batch = decode.decode([sent.SerializeToString()])
    assert redact(batch, "no such name=drop").spans.equals(batch.spans)
    for action in ("hash", "mask", "drop"):
        found = redact(batch, f"n={action}", f"*e={action}")
        again = decode.decode(list(encode.to_protobuf(found)))
        assert again.spans.num_rows == batch.spans.num_rows
        assert said(redact(found, f"n={action}", f"*e={action}")) == said(found)
        for row in found.spans.to_pylist():
            shape = found.shapes[row["shape_no"]]
            assert len(shape.keys) == len(row["vals"])
            if action == "drop":
                assert "n" not in shape.keys


def test_a_batch_without_a_match_is_passed_on_and_looked_at_once_a_shape() -> None:
    batch = decode.decode(
        [otlp.body(*(span(str(n), attributes=[attribute("n", int_value=n)]) for n in range(50)))]
    )
    rules = Redaction(["user.*=hash"], KEY)
    assert rules.apply(batch) is batch
    assert len(rules._plans) == len(batch.shapes) < 5
    rules._look = None  # type: ignore[assignment,method-assign]
    assert rules.apply(batch) is batch, "what was seen before is not looked at again"


def test_the_key_is_made_once_and_stays(tmp_path: Path) -> None:
    def email() -> Any:
        return store.cursor().execute("SELECT vals[1] FROM store.span ORDER BY batch_id").fetchall()

    with Store.open(tmp_path / "db") as store:
        store.configure(Settings(redact=("user.email=hash",)))
        store.write([everywhere()])
    with Store.open(tmp_path / "db") as store:
        store.configure(Settings(redact=()))
        store.configure(Settings(redact=("user.email=hash", "n=mask")))
        store.write([everywhere()])
        rows = [row[0] for row in email() if row[0].startswith("h-")]
        assert len(rows) == 2
        assert len(set(rows)) == 1
        with pytest.raises(InputError, match="is no rule for redaction"):
            store.configure(Settings(redact=("user.email=hsh",)))
    for path in tmp_path.iterdir():
        assert SECRET.encode() not in path.read_bytes()


def test_rules_hold_for_what_a_server_takes_in(tmp_path: Path) -> None:
    db, lines = tmp_path / "db", tmp_path / "in.jsonl"
    lines.write_bytes(b"\n".join(front.lines()))
    options = Options(db, grpc=None, http="127.0.0.1:0", redact=("order.id=hash",))
    with Server(options) as server:
        assert server.listening is not None
        content = otlp.body(span(attributes=[attribute("order.id", string_value="ord-1001")]))
        answer = httpx.post(
            f"http://{server.listening.http}/v1/traces",
            content=content,
            headers={"content-type": "application/x-protobuf"},
        )
        assert answer.status_code == 200
        assert RUNNER.invoke(app, ["import", "--db", str(db), str(lines)]).exit_code == 0
    with tracemap.open(db) as opened:
        found = opened.sql(
            "SELECT attributes->>'order.id' AS id, count(*) AS n FROM spans GROUP BY 1"
        )
        keys = opened.sql(
            "SELECT correlation.value AS v FROM executions WHERE correlation IS NOT NULL"
        )
    ids = [row for row in found.iter_rows() if row[0] is not None]
    assert len(ids) > 30
    assert all(value.startswith("h-") for value, _ in ids)
    assert keys.height > 30, "hashed values are still correlation keys"


def test_import_stores_the_rules_and_takes_them_off(tmp_path: Path) -> None:
    db, lines = str(tmp_path / "db"), tmp_path / "in.jsonl"
    lines.write_bytes(b"\n".join(front.lines()))

    def run(*rules: str) -> Any:
        options = [word for rule in rules for word in ("--redact", rule)]
        return RUNNER.invoke(app, ["import", "--db", db, *options, str(lines)])

    result = run("order.id=hsh")
    assert result.exit_code == 2
    assert "did you mean order.id=hash?" in result.output
    assert not Path(db).exists()
    assert run("order.id=mask", "messaging.*=drop").exit_code == 0
    with tracemap.open(db) as opened:
        assert opened.backend.settings().redact == ("order.id=mask", "messaging.*=drop")
        found = opened.sql("SELECT DISTINCT attributes->>'order.id' AS id FROM spans")
        assert set(found["id"].to_list()) == {None, "***"}
    assert run("off").exit_code == 0
    with tracemap.open(db) as opened:
        assert opened.backend.settings().redact == ()
