"""A damaged write-ahead log: said, set aside, counted, and opened all the same."""

from __future__ import annotations

import errno
import os
import random
import shutil
from pathlib import Path
from typing import Any

import front
import otlp_requests as otlp
import pytest
from typer.testing import CliRunner

from tracemap.cli.app import app
from tracemap.collectors.otlp.decode import decode
from tracemap.errors import StoreError
from tracemap.ledger import Count, Ledger
from tracemap.recovery import Loss
from tracemap.store import Store

#: By hand, for longer: TRACEMAP_TEST_DAMAGES=1000
ROUNDS = int(os.environ.get("TRACEMAP_TEST_DAMAGES", "16"))
SEED = int(os.environ.get("TRACEMAP_TEST_SEED", "1"))

BATCHES = 30
COUNT = "SELECT count(*), count(DISTINCT (trace_id, span_id)), max(batch_id) FROM store.span"


def write(store: Store, number: int) -> None:
    """One batch of ``number % 7 + 1`` spans, new in the store."""
    spans = (
        otlp.span(
            span_id=(1000 * number + n + 1).to_bytes(8),
            attributes=[otlp.attribute("order.id", string_value=f"{number}-{n}")],
        )
        for n in range(number % 7 + 1)
    )
    store.write([decode([otlp.body(*spans)])])


def acknowledged(batches: int) -> int:
    return sum(number % 7 + 1 for number in range(batches))


def killed(db: Path, batches: int = BATCHES) -> Path:
    """A database as kill -9 leaves it: some batches in the file, the others in the log."""
    live = db.with_name("live")
    with Store.open(live) as store:
        for number in range(batches):
            if number == 5:
                store.checkpoint()
            write(store, number)
        for end in ("", ".wal", ".acknowledged"):
            shutil.copy(f"{live}{end}", f"{db}{end}")
    return db


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return killed(tmp_path_factory.mktemp("crashed") / "db")


@pytest.fixture
def db(crashed: Path, tmp_path: Path) -> Path:
    for end in ("", ".wal", ".acknowledged"):
        shutil.copy(f"{crashed}{end}", f"{tmp_path / 'db'}{end}")
    return tmp_path / "db"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name.startswith("tracemap")]


def wal(db: Path) -> Path:
    return db.with_name("db.wal")


def kept(db: Path) -> list[Path]:
    return sorted(db.parent.glob("*.damaged-*"))


def stored(store: Store) -> tuple[int, int]:
    """Spans, and the batch up to which all of them are there."""
    row = store.cursor().execute(COUNT).fetchone()
    assert row is not None
    spans, distinct, batches = row
    assert spans == distinct == acknowledged(batches)
    return spans, batches


def check_opens(db: Path, damaged: bytes, caplog: pytest.LogCaptureFixture) -> int:
    """Open it, for good: what is missing is told once, and new spans are taken. Spans missing."""
    with Store.open(db) as store:
        spans, batches = stored(store)
        lost = acknowledged(BATCHES) - spans
        losses = store.losses()
        if not lost and not losses:
            assert not warnings(caplog)
            return 0
        (loss,) = losses
        assert (loss.records, loss.batches) == (lost, BATCHES - batches)
        (copy,) = kept(db)
        assert loss.set_aside == str(copy)
        assert copy.read_bytes() == damaged
        (told,) = warnings(caplog)
        assert str(loss) in told
        # Numbers go on where the lost ones ended.
        store.write([decode([otlp.body(otlp.span(span_id=b"\xff" * 8))])])
        assert store.last_batch() == BATCHES + 1
    with Store.open(db) as again:
        assert again.losses() == losses
        assert again.missing_rows() == []
        row = again.cursor().execute(COUNT).fetchone()
        assert row is not None
        assert row[0] == spans + 1
    assert len(warnings(caplog)) == 1
    assert kept(db) == [copy]
    return lost


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_flipped_bits(db: Path, round_: int, caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(1000 * SEED + round_)
    content = bytearray(wal(db).read_bytes())
    # Beside any bit: the first bytes, of which DuckDB says nothing, and lengths of entries.
    at = rng.randrange(40) if round_ % 4 == 0 else rng.randrange(len(content))
    if round_ % 4 == 1:
        starts = [n for n in range(33, len(content) - 8) if content[n + 1 : n + 8] == bytes(7)]
        at = rng.choice(starts) + rng.randrange(3)
    content[at] ^= 1 << rng.randrange(8)
    print(f"bit of byte {at} of {len(content)}")
    wal(db).write_bytes(content)
    check_opens(db, bytes(content), caplog)


@pytest.mark.parametrize("round_", range(ROUNDS // 2))
def test_torn_tails(db: Path, round_: int, caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(2000 * SEED + round_)
    content = wal(db).read_bytes()
    content = content[: rng.randrange(len(content) - 1)]
    print(f"cut at {len(content)}")
    wal(db).write_bytes(content)
    assert check_opens(db, content, caplog) > 0


def test_a_log_that_is_gone_is_told(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    wal(db).write_bytes(b"")
    with Store.open(db) as store:
        (loss,) = store.losses()
    assert loss.records == acknowledged(BATCHES) - acknowledged(5)
    assert "acknowledged records of 25 batches are missing" in warnings(caplog)[0]


def test_what_was_never_acknowledged_is_no_loss(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    # The process was killed while it wrote: the beginning of an entry, and no commit.
    content = wal(db).read_bytes()
    wal(db).write_bytes(content + content[33:200])
    with Store.open(db) as store:
        assert stored(store) == (acknowledged(BATCHES), BATCHES)
        assert store.losses() == []
    assert not warnings(caplog)
    assert kept(db) == []


def test_without_our_counts_the_damage_is_told_all_the_same(
    db: Path, caplog: pytest.LogCaptureFixture
) -> None:
    db.with_name("db.acknowledged").unlink()
    content = bytearray(wal(db).read_bytes())
    content[len(content) // 2] ^= 1
    wal(db).write_bytes(content)
    with Store.open(db) as store:
        (loss,) = store.losses()
        assert 0 < stored(store)[0] < acknowledged(BATCHES)
    assert loss.records is None
    assert "is not known" in warnings(caplog)[0]


def test_an_older_copy_of_the_database_is_told(
    db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = (db.read_bytes(), wal(db).read_bytes())
    with Store.open(db) as store:
        for number in range(BATCHES, BATCHES + 3):
            write(store, number)
        shutil.copy(tmp_path / "db.acknowledged", tmp_path / "counts")
    db.write_bytes(old[0])
    wal(db).write_bytes(old[1])
    shutil.copy(tmp_path / "counts", tmp_path / "db.acknowledged")
    with Store.open(db) as store:
        (loss,) = store.losses()
    assert loss.batches == 3


def test_another_database_at_its_place_has_lost_nothing(
    db: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (db, wal(db)):
        path.unlink()
    other = killed(tmp_path / "other", batches=6)
    shutil.copy(other, db)
    shutil.copy(tmp_path / "other.wal", wal(db))
    with Store.open(db) as store:
        assert store.losses() == []
        assert stored(store)[1] == 6
    assert not warnings(caplog)


def test_a_log_that_was_deleted_is_told(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    wal(db).unlink()
    with Store.open(db) as store:
        (loss,) = store.losses()
    assert (loss.batches, loss.set_aside) == (BATCHES - 5, None)
    assert len(warnings(caplog)) == 1
    with Store.open(db) as store:
        assert store.losses() == [loss]
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("emptied", [True, False])
def test_a_log_whose_database_is_gone_is_kept(
    db: Path, emptied: bool, caplog: pytest.LogCaptureFixture
) -> None:
    log = wal(db).read_bytes()
    db.unlink()
    if emptied:
        db.touch()
    with Store.open(db) as store:
        (loss,) = store.losses()
        write(store, 0)
    assert loss.records == acknowledged(BATCHES)
    assert kept(db)[0].read_bytes() == log
    assert "the database that it belongs to is gone" in warnings(caplog)[0]


def test_a_database_that_was_emptied_is_told(db: Path) -> None:
    wal(db).unlink()
    db.write_bytes(b"")
    with Store.open(db) as store:
        (loss,) = store.losses()
    assert loss.records == acknowledged(BATCHES)


@pytest.mark.parametrize("size", [0, 100, 5000])
def test_a_database_whose_maker_was_killed_is_made_anew(
    db: Path, tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    begun = tmp_path / "begun"
    begun.write_bytes(db.read_bytes()[:size])
    with pytest.raises(StoreError, match="there is no database"):
        Store.open(begun, create=False)
    with Store.open(begun) as store:
        write(store, 0)
        assert store.losses() == []
    assert not warnings(caplog)


def test_a_file_of_someone_else_is_not_taken_for_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="not a tracemap database"):
        Store.open(tmp_path / "notes")
    assert (tmp_path / "notes").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("round_", range(4))
def test_a_damaged_database_file_is_told_each_time(db: Path, round_: int) -> None:
    rng = random.Random(3000 * SEED + round_)
    content = bytearray(db.read_bytes())
    at = (20, 4096 + 20, rng.randrange(len(content)), rng.randrange(len(content)))[round_]
    content[at] ^= 1 << rng.randrange(8)
    db.write_bytes(content)
    print(f"bit of byte {at} of {len(content)}")
    for _ in range(2):
        try:
            Store.open(db).close()  # the damage may be where nothing is read
        except StoreError as error:
            told = str(error)
            assert "the database file is damaged" in told
            assert "restore a backup" in told


@pytest.mark.parametrize("counts", [b"", b"x" * 9000])
def test_counts_that_cannot_be_read_are_told(
    db: Path, counts: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    db.with_name("db.acknowledged").write_bytes(counts)
    with Store.open(db) as store:
        assert stored(store)[1] == BATCHES
    (told,) = warnings(caplog)
    assert "cannot be told" in told


def test_a_good_end_leaves_the_database_alone_in_its_folder(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        write(store, 1)
        assert (tmp_path / "db.acknowledged").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["db"]


def test_no_room_for_the_copy_is_told_and_passes(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(wal(db).read_bytes())
    content[len(content) // 2] ^= 1
    wal(db).write_bytes(content)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        with pytest.raises(StoreError, match="cannot be set aside: No space left"):
            Store.open(db)
        assert wal(db).read_bytes() == content
    with Store.open(db) as store:
        assert len(store.losses()) == 1


def test_a_ledger_outlives_a_torn_record(tmp_path: Path) -> None:
    db = tmp_path / "db"
    ledger = Ledger(db, 7)
    assert ledger.read() is None
    for number in range(1, 5):
        ledger.note(Count(number, 10 * number))
        assert ledger.read() == Count(number, 10 * number)
    ledger.close(remove=False)
    content = bytearray(ledger.path.read_bytes())
    content[20] ^= 1  # the slot of even numbers, where the newest is
    ledger.path.write_bytes(content)
    assert ledger.read() == Count(3, 30)
    assert Ledger(db, 8).read() is None
    ledger.path.write_bytes(b"short")
    assert ledger.read() is None


def test_a_ledger_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "db.acknowledged").mkdir()
    with Store.open(tmp_path / "db") as store:
        write(store, 1)
        write(store, 2)
        assert store.last_batch() == 2
        assert len(warnings(caplog)) == 1
        (tmp_path / "db.acknowledged").rmdir()


def test_a_loss_in_words() -> None:
    loss = Loss(0, 2, 11, "/x/db.wal.damaged-1", "a wrong checksum at byte 9")
    assert str(loss) == (
        "the write-ahead log is damaged (a wrong checksum at byte 9): 11 acknowledged records of 2 "
        "batches are missing; it is kept as /x/db.wal.damaged-1"
    )


def test_commands_say_it_on_stderr_and_a_server_in_its_health(db: Path) -> None:
    content = bytearray(wal(db).read_bytes())
    content[len(content) // 2] ^= 1
    wal(db).write_bytes(content)
    with front.serving(db) as server:
        _, details = server.health()
    (told,) = details["losses"]
    assert "acknowledged records of" in told
    assert CliRunner().invoke(app, ["findings", "--db", str(db)]).exit_code == 0
