"""Rules of the user's own: a folder of ``.sql`` files as those of ``queries/detect``.

Their text is kept in the settings of the database, so that the collector, the command line and
notebooks judge by the same rules, whichever of them sees the folder. They are run with every
analysis (``tracemap.detection``), behind the fences of a person's SQL. One that fails is set aside,
with the reason, until it is loaded again: no rule may keep the others from telling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tracemap import queries
from tracemap.errors import InputError
from tracemap.queries import RULE_PARAMS, Rule, header
from tracemap.settings import RuleText, Settings

#: Rules, and bytes of one.
MOST: Final = 100
MAX_TEXT: Final = 50_000


class RuleFailedError(Exception):
    """A rule of the user's own could not be run: ``name`` of the file, and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name
        self.why = why


def read(folder: Path) -> tuple[RuleText, ...]:
    """The rules in the ``.sql`` files of ``folder``.

    Raises InputError that names file and line: for a folder without any, a file that cannot be
    read, a header that does not say what it must, a code that is used twice.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), do="name a folder of rules")
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise InputError(
            "there is no .sql file in it", where=str(folder), do="one rule a file: docs/rules.md"
        )
    texts = tuple(RuleText(file.stem, _text(file)) for file in files)
    parse(texts, [str(file) for file in files])
    return texts


def parse(texts: Sequence[RuleText], where: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules of those texts. Raises InputError as ``read`` does."""
    if len(texts) > MOST:
        raise InputError(f"there are {len(texts)} rules, at most {MOST} are run", do="join some")
    places = where or [f"{text.name}.sql" for text in texts]
    found = [
        header.rule(text.name, text.text, place, RULE_PARAMS)
        for text, place in zip(texts, places, strict=True)
    ]
    codes = {rule.code: rule.where for rule in queries.rules()}
    for rule in found:
        if (other := codes.setdefault(rule.code, rule.where)) != rule.where:
            raise InputError(
                f"{rule.code} is also the code of {other}",
                where=rule.where,
                do="give it a code of your own, such as ACME001",
            )
    return tuple(found)


def running(settings: Settings) -> tuple[Rule, ...]:
    """The user's own rules that are run. Raises RuleFailedError for one that is no rule here."""
    found: list[Rule] = []
    for text in settings.rules:
        if not text.aside:
            try:
                found += parse([text])
            except InputError as error:
                raise RuleFailedError(text.name, str(error)) from error
    return tuple(found)


def known(settings: Settings) -> tuple[Rule, ...]:
    """The user's own rules that can be read, those that are set aside included."""
    found: list[Rule] = []
    for text in settings.rules:
        try:
            found += parse([text])
        except InputError:
            continue
    return tuple(found)


def without(settings: Settings, failed: RuleFailedError) -> Settings:
    """The settings with the rule that failed set aside."""
    rules = (
        replace(rule, aside=failed.why) if rule.name == failed.name else rule
        for rule in settings.rules
    )
    return replace(settings, rules=tuple(rules))


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_TEXT:
            raise InputError(f"a rule has at most {MAX_TEXT:,} bytes", where=str(file))
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError("the rule is not UTF-8", where=str(file)) from error
    except OSError as error:
        raise InputError(f"the rule cannot be read: {error.strerror}", where=str(file)) from error
